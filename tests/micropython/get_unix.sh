#!/bin/sh
# Debian 13's MicroPython for i386, which has sockets, TLS and 31-bit small integers, into tests/micropython/unix/.
# Its libraries come along and run through their own loader, so it works on any x86-64 Debian; nothing is installed on the
# machine, and its sources, keys and package lists stay as they are.
set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
unix=$here/unix
installed=$unix/installed.sh # copy of this script; written last, so half a folder has none
suite=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

cmp -s "$0" "$installed" && exit

fail() {
    printf 'get_unix.sh: %s\n' "$*" >&2
    exit 1
}

[ "$(uname -m)" = x86_64 ] || fail "only x86-64 runs it"
for program in apt-get dpkg-deb; do
    command -v "$program" >/dev/null || fail "$program is needed"
done
[ -r "$keyring" ] || fail "Debian's keys are needed (package debian-archive-keyring)"

# The mirror that the machine itself uses for Debian.
# shellcheck disable=SC1091
mirror=$(
    . /etc/os-release
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' |
        awk -v release="${VERSION_CODENAME-}" '($2 == release || $2 == "stable") && $3 == "main" { print $1; exit }'
)
[ -n "$mirror" ] || fail "this machine has no Debian sources"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial"
: >"$work/status"
cat >"$work/debian.sources" <<END
Types: deb
URIs: $mirror
Suites: $suite
Components: main
Signed-By: $keyring
END

apt() {
    apt-get -qq \
        -o APT::Architecture=i386 -o APT::Architectures=i386 -o APT::Sandbox::User=root \
        -o Dir::Etc::SourceList="$work/debian.sources" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o Dir::State="$work" -o Dir::State::Lists="$work/lists" -o Dir::State::Status="$work/status" \
        -o Dir::Cache="$work" -o Dir::Log="$work" -o Acquire::Languages=none -o Debug::NoLocking=1 "$@"
}

apt update
apt install --yes --no-install-recommends --download-only micropython
rm -rf "$unix"
mkdir -p "$unix"
for package in "$work"/archives/*.deb; do
    dpkg-deb -x "$package" "$unix"
done
rm -rf "$unix/usr/share" "$unix/etc"
"$unix/usr/lib/ld-linux.so.2" --library-path "$unix/usr/lib/i386-linux-gnu" "$unix/usr/bin/micropython" -c pass ||
    fail "this system runs no i386 programs"
cp "$0" "$installed"
