"""The database itself: made and changed in one transaction, full, busy, wrong, killed."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from store.conftest import RUNNER, new_database, sqlite_url
from store.making import LOG, POD, Pod, messages
from strideload.store import Store, StoreBusy, StoreError, StoreFull, engine, migrate, open_store, schema
from strideload.store.errors import StoreOutdated, StoreRefused

KEY = (POD, LOG, 0)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Of a database without a table."""
    with new_database() as found:
        yield found or sqlite_url(tmp_path)


def test_migrated_tables_are_those_of_the_schema(store: Store) -> None:
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        assert migrate.revision(connection) == migrate.HEAD


def test_head_is_the_last_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.FOLDER))
    assert ScriptDirectory.from_config(config).get_current_head() == migrate.HEAD


def test_the_id_is_drawn_once(url: str) -> None:
    with open_store(url) as first, open_store(url) as second:
        assert first.store_id == second.store_id
        assert len(bytes.fromhex(first.store_id)) == 16


def test_two_stores_have_two_ids(sqlite_only: None, tmp_path: Path) -> None:
    with open_store(tmp_path / "new" / "a.db") as first, open_store(tmp_path / "b.db") as second:
        assert first.store_id != second.store_id


def test_a_migration_and_its_record_are_one(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted before its end, a migration leaves no table behind, and the next start makes all of them."""

    def fail(_: sa.Connection) -> str:
        raise RuntimeError("the plug was pulled")

    with monkeypatch.context() as patch:
        patch.setattr("strideload.store.database._store_id", fail)
        with pytest.raises(RuntimeError):
            open_store(url)
    database = sa.create_engine(url)
    assert sa.inspect(database).get_table_names() == []
    database.dispose()
    with open_store(url) as store:
        assert store.pods() == []


def test_a_newer_database_is_refused(url: str) -> None:
    with open_store(url) as store, store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="9999"):
        open_store(url)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: "nosuch://x", "URL"),
        (lambda path: path.write_bytes(b"no database at all" * 100) and path, "not a database"),
        (lambda path: path.mkdir() or path, "unable to open"),
    ],
    ids=["no such database", "another file", "a folder"],
)
def test_what_cannot_be_opened(sqlite_only: None, tmp_path: Path, make, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        open_store(make(tmp_path / "x"))


def test_sqlite_is_set_up_for_pulled_plugs(sqlite_only: None, store: Store) -> None:
    """journal_mode WAL, synchronous FULL (2), foreign keys on, and a wait for others."""
    with store.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def limit_pages(store: Store, more: int) -> None:
    """Let the database grow by so many pages of 4 KiB from now on; the pool gives the same connection again."""
    with store.engine.connect() as connection:
        count = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {count + more}")


def test_a_full_disk_stores_nothing_and_recovers(sqlite_only: None, store: Store) -> None:
    """SQLite's own refusal: the whole batch is taken back, what was known stays true, and room makes it go on."""
    pod = Pod()
    pod.run(0, 1, strides=3000)
    store.add(messages(pod.pages[:20]))
    limit_pages(store, 4)
    for _ in range(3):
        with pytest.raises(StoreFull):
            store.add(messages(pod.pages))
        assert store.wanted(*KEY) == 20
    limit_pages(store, 10_000)
    outcome = store.add(messages(pod.pages))
    assert (outcome.stored, outcome.repeated) == (len(pod.pages) - 20, 20)
    assert outcome.wanted == {KEY: len(pod.pages)}


def test_another_writer_is_waited_for_and_then_told(sqlite_only: None, store: Store) -> None:
    pod = Pod()
    pod.steps(0, 16)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    path = store.engine.url.database
    assert path is not None
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy):
        store.add(messages(pod.pages))
    blocker.execute("ROLLBACK")
    blocker.close()
    assert store.add(messages(pod.pages)).stored == 1


REFUSED = [
    ("a value that is missing", "INSERT INTO meta VALUES ('a', NULL)", StoreRefused),
    ("a reference to nothing", "INSERT INTO steps VALUES (1, 1, 'x')", StoreRefused),
    ("a key that is there", "INSERT INTO meta VALUES ('store_id', 'x')", StoreOutdated),
]


@pytest.mark.parametrize(("statement", "kind"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_values_that_will_never_do_are_told_from_a_store_that_fails(
    store: Store, statement: str, kind: type[StoreError]
) -> None:
    with pytest.raises(StoreError) as caught, engine.writing(store.engine) as connection:
        connection.exec_driver_sql(statement)
    assert type(caught.value) is kind


KILLED = """
import os, signal, sys
from store.making import Pod, messages
from strideload.store import open_store
pod = Pod()
pod.run(0, 1, strides=4000)
store = open_store(sys.argv[1])
for message in messages(pod.pages):
    for wanted in store.add([message]).wanted.values():
        os.write(1, b"%d\\n" % wanted)
"""


@pytest.mark.parametrize("after", [1, 5, 9])
def test_what_was_answered_survives_a_kill(url: str, after: int) -> None:
    """kill -9 while pages stream in: all that the pod was told of is there, and the rest fits on without a gap."""
    path = os.pathsep.join([str(Path(__file__).parents[1]), *sys.path])
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, url], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    )
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(after)]
    process.send_signal(signal.SIGKILL)
    told += [int(line) for line in process.stdout.read().split(b"\n")[:-1]]
    process.wait()
    process.stdout.close()
    pod = Pod()
    pod.run(0, 1, strides=4000)
    with open_store(url) as store:
        wanted = store.wanted(*KEY)
        assert wanted >= told[-1]
        assert store.add(messages(pod.pages)).stored == len(pod.pages) - wanted
        store.derive()
        with open_store(url) as again:
            assert again.rebuild() == 1
            assert again.derived_digest() == store.derived_digest()


def test_what_is_said_of_several_days_holds_for_all_or_for_none(store: Store) -> None:
    days = [date(2026, 1, 1), date(2026, 1, 3)]
    store.note_days(RUNNER, days, "rest")
    assert store.notes(RUNNER, date(2026, 1, 1), date(2026, 1, 9)) == dict.fromkeys(days, "rest")

    def cut_short() -> Iterator[date]:
        yield date(2026, 1, 5)
        raise StoreError("the disk is full")

    with pytest.raises(StoreError, match="the disk is full"):
        store.note_days(RUNNER, cut_short(), "rest")
    assert store.notes(RUNNER, date(2026, 1, 1), date(2026, 1, 9)) == dict.fromkeys(days, "rest")
