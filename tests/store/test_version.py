"""The store's version: by it whatever is remembered of a store is remembered, so it changes with every commit."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from store.conftest import RUNNER
from store.making import NOW_US, POD, Pod, messages
from strideload.store import Store, engine, open_store, schema
from strideload.store.conditions import Worn
from strideload.store.diary import Saying
from strideload.store.errors import StoreFailed
from strideload.store.ids import new_id

DAY = date(2026, 11, 22)
KNEE = Saying("knee_front_left", "other", 3, NOW_US)


def collects(store: Store) -> None:
    pod = Pod()
    pod.run(0, session=1)
    store.add(messages(pod.pages))


def derives(store: Store) -> None:
    store.derive()


def says(store: Store) -> None:
    store.diary.write(RUNNER, new_id(), 0, KNEE, NOW_US)


CHANGES: list[Callable[[Store], object]] = [
    collects,
    derives,
    says,
    lambda store: store.note_day(RUNNER, DAY, "rest"),
    lambda store: store.set_zone(RUNNER, DAY, "Asia/Tokyo"),
    lambda store: store.assign(POD, RUNNER, "left", 0),
    lambda store: store.plans.set(RUNNER, {}, "runner", None),
    lambda store: store.conditions.set_usual(RUNNER, 0, Worn(mount="laces")),
    lambda store: store.accounts.set_units(RUNNER, "miles"),
    lambda store: store.save_state(POD, {"v": 1}, NOW_US),
    lambda store: store.erase_runner(RUNNER),
]


def test_it_changes_with_every_commit_and_with_nothing_else(store: Store) -> None:
    seen = [store.version()]
    for change in CHANGES:
        store.sessions(RUNNER, 0, NOW_US)
        assert store.version() == seen[-1]
        change(store)
        assert store.version() not in seen
        seen.append(store.version())


def test_it_changes_with_what_another_process_commits(store: Store, url: str) -> None:
    """As a command does beside a host that runs."""
    with open_store(url) as other:
        before = store.version()
        assert store.version() == before
        says(other)
        assert store.version() != before


def test_what_is_not_committed_yet_does_not_count_before_it_is(store: Store, url: str) -> None:
    with open_store(url) as other:
        with other.engine.begin() as connection:
            connection.execute(sa.insert(schema.meta), [{"name": "a", "value": "b"}])
            during = store.version()
            assert store.version() == during
        assert store.version() != during


def test_no_two_stores_have_the_same(store: Store, url: str) -> None:
    """Each counts for itself, also one that is opened anew."""
    with open_store(url) as other:
        before = other.version()
        assert store.version() != before
    with open_store(url) as again:
        assert again.version() != before


def test_a_store_that_was_closed_opens_nothing_again(store: Store) -> None:
    store.version()
    store.close()
    with pytest.raises(StoreFailed, match="closed"):
        store.version()


def test_it_keeps_no_log_from_being_cut(store: Store) -> None:
    """What is deleted for good is gone from SQLite's log, however often the version was asked for."""
    says(store)
    store.version()
    (entry,) = store.diary.everything(RUNNER)
    store.diary.delete(RUNNER, entry.id)
    assert store._traces._due is None


def test_a_store_that_cannot_be_read_says_so(store: Store) -> None:
    if store.engine.dialect.name != "sqlite":
        pytest.skip("the connection that stays open is SQLite's")
    store.version()
    store._changes._apart.close()
    with pytest.raises(StoreFailed):
        store.version()


def test_a_store_that_cannot_be_opened_again_says_so(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where no file can be opened any more."""
    away = engine.make_engine(f"sqlite:///{tmp_path / 'no folder' / 'store.db'}")
    monkeypatch.setattr(store, "_changes", engine.Changes(away))
    with pytest.raises(StoreFailed, match="unable to open"):
        store.version()
