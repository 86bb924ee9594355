"""What was deleted for good leaves no bytes in the files, at the latest when nobody reads an older view any more."""

import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from store.conftest import RUNNER
from strideload.load.strength import Exercise
from strideload.store import Store, StoreError, engine, open_store
from strideload.store.ids import new_id
from support.waiting import PATIENCE_S

DAY = date(2026, 11, 20)
SECRET = "a word that is taken back for good"
FILE = "own.db"

pytestmark = pytest.mark.usefixtures("sqlite_only")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / FILE) as store:
        store.ensure_runner(RUNNER, "Me", "UTC")
        yield store


@contextmanager
def reader(folder: Path) -> Generator[None]:
    """Reads a view of this moment, as a backup does."""
    connection = sqlite3.connect(folder / FILE)
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM pages").fetchone()
    yield
    connection.close()


def is_left(folder: Path) -> bool:
    return any(SECRET.encode() in file.read_bytes() for file in folder.iterdir())


def log_and_delete_exercise(store: Store) -> None:
    made = store.strength.add(RUNNER, new_id(), DAY, Exercise("calves", 3), SECRET)
    store.strength.delete(RUNNER, made.id)


def add_and_delete_shoe(store: Store) -> None:
    store.conditions.delete_shoe(RUNNER, store.conditions.add_shoe(RUNNER, SECRET, DAY).id)


@pytest.mark.parametrize("say_and_delete", [log_and_delete_exercise, add_and_delete_shoe])
def test_what_is_deleted_leaves_no_bytes(
    own: Store, tmp_path: Path, say_and_delete: Callable[[Store], None]
) -> None:
    say_and_delete(own)
    assert not is_left(tmp_path)


def derive(store: Store) -> None:
    store.derive()


def write(store: Store) -> None:
    store.note_day(RUNNER, DAY, "rest")


@pytest.mark.parametrize("next_", [write, derive, Store.close])
def test_under_a_reader_it_is_done_when_there_is_none(
    own: Store, tmp_path: Path, next_: Callable[[Store], None]
) -> None:
    """Another connection stays open, so that it is no work of SQLite's own at the end."""
    with open_store(tmp_path / FILE):
        with reader(tmp_path):
            log_and_delete_exercise(own)
            write(own)
            assert is_left(tmp_path)
        next_(own)
        assert not is_left(tmp_path)


@pytest.mark.parametrize("next_", [derive, Store.close])
def test_another_process_does_what_the_one_that_deleted_could_not(
    own: Store, tmp_path: Path, next_: Callable[[Store], None]
) -> None:
    """As a command does beside `up`, whose store was opened before; or the next start."""
    with reader(tmp_path):
        with open_store(tmp_path / FILE) as command:
            log_and_delete_exercise(command)
        later = open_store(tmp_path / FILE)
    assert is_left(tmp_path)
    next_(own if next_ is derive else later)
    assert not is_left(tmp_path)
    later.close()


def test_it_is_due_no_more_once_it_is_done(
    own: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reader(tmp_path):
        log_and_delete_exercise(own)
    write(own)
    cuts: list[int] = []
    monkeypatch.setattr(engine, "cut_log", lambda _, wait_ms: cuts.append(wait_ms) or True)
    write(own)
    derive(own)
    open_store(tmp_path / FILE).close()
    assert cuts == []


def test_nobody_waits_long_for_a_reader(own: Store, tmp_path: Path) -> None:
    with reader(tmp_path):
        begun_s = time.monotonic()
        log_and_delete_exercise(own)
        assert time.monotonic() - begun_s < engine.BUSY_TIMEOUT_MS / 1000
    with own.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == engine.BUSY_TIMEOUT_MS


def test_others_write_meanwhile(own: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()

    def wait_for_another(*_: object) -> bool:
        threading.Thread(target=lambda: (write(own), done.set()), daemon=True).start()
        return done.wait(PATIENCE_S)

    monkeypatch.setattr(engine, "cut_log", wait_for_another)
    log_and_delete_exercise(own)
    assert done.is_set()


def test_a_log_that_cannot_be_cut_fails_no_call(own: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was deleted is deleted: to say that it failed would be wrong."""

    def fail(*_: object) -> bool:
        raise StoreError("the store: disk I/O error")

    monkeypatch.setattr(engine, "cut_log", fail)
    log_and_delete_exercise(own)
    write(own)
    assert own.strength.everything(RUNNER) == []
