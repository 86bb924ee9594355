"""What pods are to have: a history that only grows, and one answer to what holds."""

import threading

import pytest
import sqlalchemy as sa

from store.conftest import RUNNER
from store.making import LOG, POD, Pod, messages
from strideload.protocol.errors import MessageError
from strideload.protocol.pod_settings import CueTarget, PodSettings
from strideload.store import Store, StoreError, migrate, open_store, schema

OTHER = "bb" * 8
NOW_US = 1_770_000_000_000_000


@pytest.fixture
def known(store: Store) -> Store:
    """A store that knows POD by an assignment."""
    store.assign(POD, RUNNER, "left", 0)
    return store


def test_a_change_keeps_what_it_does_not_name(known: Store) -> None:
    known.change_settings(POD, odr_hz=416, raw=True)
    wanted = known.change_settings(POD, odr_hz=833, cue=CueTarget(17_250))
    assert (wanted.version, wanted.settings) == (2, PodSettings(odr_hz=833, raw=True, cue=CueTarget(17_250)))
    assert known.wanted_settings() == [wanted]
    assert known.change_settings(POD, cue=None).settings == PodSettings(odr_hz=833, raw=True)


def test_every_change_is_kept_with_its_version_and_time(known: Store) -> None:
    known.change_settings(POD, odr_hz=416)
    known.ask_for_mark(POD, 7)
    known.change_settings(POD, recording="off")
    history = known.settings_history(POD)
    assert [(one.version, one.mark_code, one.settings.recording) for one in history] == [
        (1, None, None),
        (2, 7, None),
        (3, None, "off"),
    ]
    times = [one.set_utc_us for one in history]
    assert times == sorted(times)
    assert times[0] > NOW_US
    assert known.settings_history(OTHER) == []


def test_what_changes_nothing_is_no_version_and_a_mark_always_is_one(known: Store) -> None:
    first = known.change_settings(POD, odr_hz=416)
    assert known.change_settings(POD, odr_hz=416) == first
    assert [known.ask_for_mark(POD, 1).version for _ in range(2)] == [2, 3]


def test_a_pod_that_has_reported_is_known_as_well(store: Store) -> None:
    pod = Pod()
    pod.alive(1)
    store.add(messages(pod.pages))
    assert store.change_settings(POD, raw=False).version == 1


@pytest.mark.parametrize("pod", [OTHER, "", "left shoe"])
def test_a_pod_that_nobody_knows_has_no_settings(known: Store, pod: str) -> None:
    for ask in (lambda: known.change_settings(pod, raw=True), lambda: known.ask_for_mark(pod, 1)):
        with pytest.raises(StoreError, match="no pod"):
            ask()
    assert known.wanted_settings() == []


def test_what_no_pod_has_is_kept_nowhere(known: Store) -> None:
    known.change_settings(POD, odr_hz=416)
    with pytest.raises(MessageError, match="odr_hz"):
        known.change_settings(POD, odr_hz=500)
    with pytest.raises(MessageError, match="mark"):
        known.ask_for_mark(POD, 2**32)
    assert [one.version for one in known.settings_history(POD)] == [1]


@pytest.mark.parametrize(("has", "next_"), [(None, 2), (1, 2), (9, 10), (2**31 - 1, 2), ("9", 2)])
def test_a_store_from_an_older_copy_says_no_version_twice(known: Store, has: object, next_: int) -> None:
    """The pod has version 9 from before; a later 9 with other contents would pass for it."""
    known.change_settings(POD, odr_hz=416)
    known.save_state(POD, {"v": 1, "log": f"{LOG:08x}", "settings": has}, NOW_US)
    assert known.change_settings(POD, odr_hz=833).version == next_


def test_two_who_change_at_once_both_have_their_say(known: Store, url: str) -> None:
    """As two commands would, each with a store of its own: no change is lost, and no version is said twice."""

    def change(name: str, values: list[object]) -> None:
        with open_store(url) as own:
            for value in values:
                own.change_settings(POD, **{name: value})

    sides = [("odr_hz", [104, 208, 416, 833]), ("recording", ["on", "off", "auto", "on"])]
    threads = [threading.Thread(target=change, args=side) for side in sides]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (wanted,) = known.wanted_settings()
    assert (wanted.version, wanted.settings) == (8, PodSettings(odr_hz=833, recording="on"))


def test_a_store_of_the_first_tables_is_brought_up_to_date(url: str) -> None:
    """Pages and what the user said stay; marks and cues are derived from pages that were there before."""
    pod = Pod()
    pod.start(100, 1)
    pod.anchor(100)
    pod.mark(110, code=3)
    pod.cue(120)
    pod.steps(101, 64)
    pod.end(180)
    with open_store(url) as store:
        store.ensure_runner(RUNNER, "Me", "Europe/London")
        store.add(messages(pod.pages))
        store.derive()
        digest = store.derived_digest()
        downgrade(store)
    with open_store(url) as store:
        store.derive()
        assert store.derived_digest() == digest
        assert [mark.code for mark in store.marks(RUNNER, 0, 2**62)] == [3]
        (session,) = store.sessions(RUNNER, 0, 2**62)
        assert len(session.cues) == 1
        assert store.page_count() == len(pod.pages)
        with store.engine.connect() as connection:
            assert "pages_timed" in [one["name"] for one in sa.inspect(connection).get_indexes("pages")]
            if connection.dialect.name == "sqlite":
                plan = f"EXPLAIN QUERY PLAN SELECT bytes FROM pages WHERE boot = 1 AND {schema.TIMED}"
                assert "pages_timed" in str(connection.exec_driver_sql(plan).all())


def downgrade(store: Store) -> None:
    """Back to the first tables, as if this version had never been: what it derived is of the former one."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrate.FOLDER))
    with store.engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
        connection.execute(schema.meta.update().where(schema.meta.c.name == "derived_by").values(value="1/1"))
        assert "marks" not in sa.inspect(connection).get_table_names()
