#!/bin/sh
# Tests of the store on a PostgreSQL server of their own, on 127.0.0.1 and in a scratch folder: [words of pytest].
# Needs Debian's package postgresql. PostgreSQL does not run as root: then it is the user postgres.
set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
for tools in /usr/lib/postgresql/*/bin; do :; done # the newest
if [ ! -x "$tools/initdb" ]; then
    echo "PostgreSQL is not installed (apt install postgresql)" >&2
    exit 1
fi

as_user() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

folder=$(as_user mktemp -d -t strideload-postgres.XXXXXX)
stop() {
    as_user "$tools/pg_ctl" -D "$folder/data" -m immediate -s stop || true
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' INT TERM

cd /
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
as_user "$tools/initdb" -D "$folder/data" -U strideload -A trust -N >/dev/null
# Nothing that it holds has to outlive a pulled plug.
options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c full_page_writes=off"
as_user "$tools/pg_ctl" -D "$folder/data" -l "$folder/log" -o "$options" -s -w start

cd "$here/../.."
STRIDELOAD_TEST_POSTGRES=postgresql+psycopg://strideload@127.0.0.1:$port/postgres ./run test "$@"
