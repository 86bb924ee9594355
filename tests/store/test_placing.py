"""Sessions that their pods do not date: placed by hand, moved, taken back, and given up for the pod's own word."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from store.conftest import RUNNER
from store.making import NOW_US, POD, T0_MS, Pod, messages, one_by_one
from strideload.protocol.pages import headers
from strideload.store import Store, StoreError, migrate, open_store
from strideload.store.conditions import Worn
from strideload.store.derive import session_id
from strideload.store.diary import Saying
from strideload.store.ids import new_id

EVER = (0, 2**62)
SECOND_US = 1_000_000
T0_US = T0_MS * 1000
NEAR_US = 3000


@pytest.fixture
def pod() -> Pod:
    """Two sessions, ten minutes apart, of a boot that never learned the time."""
    pod = Pod()
    pod.run(100, 1, anchored=False)
    pod.alive(300)
    pod.run(700, 2, anchored=False)
    return pod


@pytest.fixture
def placeable(store: Store, pod: Pod) -> Store:
    store.add(messages(pod.pages))
    store.derive()
    return store


def starts_s(store: Store) -> list[float]:
    return [(session.start_utc_us - T0_US) / SECOND_US for session in store.sessions(RUNNER, *EVER)]


def test_one_placement_dates_its_boot(placeable: Store) -> None:
    """The pod's ticks tell when the other session was, and what else it wrote."""
    second = placeable.undated()[1]
    assert (second.received_utc_us, second.placed_utc_us) == (NOW_US, None)
    placeable.place(second.session_id, T0_US + 700 * SECOND_US)
    placeable.derive()
    assert starts_s(placeable) == pytest.approx([100, 700], abs=0.01)
    assert [one.utc_us for one in placeable.alive(RUNNER, *EVER)] == pytest.approx(
        [T0_US + 300 * SECOND_US], abs=NEAR_US
    )
    placed = placeable.undated()
    assert [one.placed_utc_us for one in placed] == pytest.approx(
        [T0_US + 100 * SECOND_US, T0_US + 700 * SECOND_US], abs=NEAR_US
    )


def test_it_can_be_moved_and_taken_back(placeable: Store) -> None:
    first, second = placeable.undated()
    placeable.place(first.session_id, T0_US)
    placeable.derive()
    placeable.place(second.session_id, T0_US)
    placeable.derive()
    assert starts_s(placeable) == pytest.approx([-600, 0], abs=0.01)
    placeable.take_back_place(first.session_id)
    placeable.derive()
    assert starts_s(placeable) == []
    assert [one.placed_utc_us for one in placeable.undated()] == [None, None]


def test_a_rebuild_keeps_it(placeable: Store) -> None:
    placeable.place(placeable.undated()[0].session_id, T0_US)
    placeable.derive()
    digest = placeable.derived_digest()
    placeable.rebuild()
    assert placeable.derived_digest() == digest
    assert starts_s(placeable) == pytest.approx([0, 600], abs=0.01)


def test_the_pods_own_word_goes_before(placeable: Store, pod: Pod) -> None:
    """The time that the boot learned after all holds, and nothing can be placed any more."""
    first = placeable.undated()[0]
    placeable.place(first.session_id, T0_US)
    placeable.derive()
    pod.anchor(900)
    placeable.add(messages(pod.pages))
    placeable.derive()
    assert starts_s(placeable) == pytest.approx([100, 700], abs=0.01)
    assert placeable.undated() == []
    with pytest.raises(StoreError, match="its pod knows when it was"):
        placeable.place(first.session_id, T0_US)


@pytest.mark.parametrize(
    ("start_utc_us", "said"),
    [
        (NOW_US + 3600 * SECOND_US, "it was here before the time that you say"),
        (0, "the years 2000 to 2199"),
        (2**62, "the years 2000 to 2199"),
    ],
    ids=["after it came", "before pods", "beyond any plan"],
)
def test_where_it_cannot_have_been(placeable: Store, start_utc_us: int, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        placeable.place(placeable.undated()[0].session_id, start_utc_us)
    placeable.derive()
    assert starts_s(placeable) == []


def test_no_other_session_of_the_boot_is_dated_to_where_it_cannot_have_been(store: Store) -> None:
    """Its start is 70 hours before the other one's, which came here an hour after the first was said to be."""
    pod = Pod()
    pod.run(100, 1, anchored=False)
    pod.run(100 + 70 * 3600, 2, anchored=False)
    store.add(messages(pod.pages))
    store.derive()
    first = store.undated()[0]
    with pytest.raises(StoreError, match="another session of the same start of the pod: it was here before"):
        store.place(first.session_id, NOW_US - 3600 * SECOND_US)
    assert store.sessions(RUNNER, *EVER) == []
    store.place(first.session_id, NOW_US - 80 * 3600 * SECOND_US)
    assert len(store.sessions(RUNNER, *EVER)) == 2


def test_nobody_places_into_anothers_time(placeable: Store) -> None:
    placeable.ensure_runner("you", "You", "UTC")
    placeable.assign(POD, "you", "left", T0_US + 500 * SECOND_US)
    first = placeable.undated()[0]
    with pytest.raises(StoreError, match="was not yours then"):
        placeable.place(first.session_id, T0_US + 100 * SECOND_US, "you")
    placeable.place(first.session_id, T0_US + 600 * SECOND_US, "you")
    assert len(placeable.sessions("you", *EVER)) == 2


def test_a_session_that_is_not_there(placeable: Store) -> None:
    with pytest.raises(StoreError, match="no such session"):
        placeable.place(session_id("00" * 8, 1, 1, 1), T0_US)


def test_a_session_of_no_known_length(store: Store) -> None:
    pod = Pod()
    pod.page.fields.update(rate_mhz=0xFFFFFFFF, odr_hz=0xFFFF)
    pod.run(0, 1, anchored=False)
    store.add(messages(pod.pages))
    store.derive()
    with pytest.raises(StoreError, match="do not tell how long"):
        store.place(store.undated()[0].session_id, T0_US)


def test_an_undated_session_came_no_later_than_its_first_page(store: Store, pod: Pod) -> None:
    """Whatever else the log has of that boot, and in whatever order its pages came."""
    for late_us, message in reversed(list(enumerate(one_by_one(pod.pages)))):
        store.add([message._replace(received_utc_us=NOW_US + late_us)])
    store.derive()
    firsts = [int(headers(data)[0]["session"]) for data in pod.pages]
    assert [(one.session, one.received_utc_us) for one in store.undated()] == [
        (session, NOW_US + firsts.index(session)) for session in (1, 2)
    ]


def test_when_it_came_is_asked_by_the_key_of_one_page(sqlite_only: None, placeable: Store) -> None:
    """Not by a look through the log: many sessions of a large log would take seconds."""
    asked: list[tuple[str, Any]] = []
    sa.event.listen(placeable.engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
    assert len(placeable.undated()) == 2
    query, values = asked[-1]
    with placeable.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values).all()
    (step,) = [row[3] for row in plan if "pages" in row[3]]
    assert "number=?" in step


def test_what_a_former_version_kept_of_a_run_goes_along(placeable: Store, url: str) -> None:
    """Its tables knew no session of a run, and named it by its start alone."""
    first = placeable.undated()[0].session_id
    placeable.place(first, T0_US)
    (start,) = [one.start_utc_us for one in placeable.sessions(RUNNER, *EVER) if one.session_id == first]
    placeable.conditions.set_run(RUNNER, start, Worn(surface="trail"))
    placeable.diary.write(RUNNER, new_id(), 0, Saying("hip_left", "before", 2, start, start))
    placeable.diary.write(RUNNER, new_id(), 0, Saying("hip_left", "other", 1, start))
    downgrade(placeable, "0004")
    with open_store(url) as store:
        store.place(first, T0_US - 3600 * SECOND_US)
        assert store.conditions.of_all_runs(RUNNER) == [(start - 3600 * SECOND_US, Worn(surface="trail"))]
        assert [one.saying.run_utc_us for one in store.diary.everything(RUNNER)] == [
            start - 3600 * SECOND_US,
            None,
        ]


def test_what_keeps_its_run_keeps_it_whatever_run_it_names(placeable: Store) -> None:
    """An entry without one keeps none, and what names a run is of the one that is there."""
    first = placeable.undated()[0].session_id
    placeable.place(first, T0_US)
    (start, _) = placeable.starts_of(one.session_id for one in placeable.undated())
    said = Saying("hip_left", "before", 2, start, start)
    kept, moved, apart = (
        placeable.diary.write(RUNNER, new_id(), 0, replace(said, run_utc_us=run))
        for run in (start, start, None)
    )
    placeable.take_back_place(first)
    assert placeable.starts_of([first]) == []
    for one in (kept, apart):
        placeable.diary.write(RUNNER, one.id, 1, replace(said, pain=3), keeps_run=True)
    placeable.diary.write(RUNNER, moved.id, 1, replace(said, pain=3, run_utc_us=None))
    placeable.place(first, T0_US - 3600 * SECOND_US)
    now = start - 3600 * SECOND_US
    found = [placeable.diary.entry(RUNNER, one.id) for one in (kept, moved, apart)]
    assert [(one.saying.run_utc_us, one.version) for one in found] == [(now, 2), (None, 2), (None, 2)]
    assert (
        placeable.diary.write(RUNNER, kept.id, 2, replace(said, pain=4), keeps_run=True).saying.run_utc_us
        == now
    )


def test_what_was_so_in_a_run_without_a_time_waits_for_it(placeable: Store) -> None:
    """Of two words the later one holds; another run of that start is none of it."""
    first, second = (one.session_id for one in placeable.undated())
    for surface in ("trail", "sand"):
        placeable.conditions.set_undated(RUNNER, second, T0_US, Worn(surface=surface))
    assert placeable.conditions.of_all_runs(RUNNER) == [(None, Worn(surface="sand"))]
    placeable.place(first, T0_US)
    placeable.conditions.set_run(RUNNER, T0_US, Worn(surface="road"))
    begun = placeable.starts_of([second])[0]
    assert placeable.conditions.of_all_runs(RUNNER) == [
        (T0_US, Worn(surface="road")),
        (begun, Worn(surface="sand")),
    ]


def test_of_two_sessions_with_one_start_a_former_version_told_none(placeable: Store, url: str) -> None:
    """Another runner's may be the other one: what was said goes along with neither."""
    other = Pod("0b" * 8)
    other.run(100, 1, anchored=False)
    placeable.add(messages(other.pages, pod=other.pod))
    placeable.derive()
    placeable.ensure_runner("you", "You", "UTC")
    placeable.assign(other.pod, "you", "left", 0)
    mine, yours = (
        next(one.session_id for one in placeable.undated() if one.pod == pod) for pod in (POD, other.pod)
    )
    for session in (mine, yours):
        placeable.place(session, T0_US)
    (start,) = {one.start_utc_us for one in placeable.sessions("you", *EVER)}
    for runner in (RUNNER, "you"):
        placeable.conditions.set_run(runner, start, Worn(surface="trail"))
        placeable.diary.write(runner, new_id(), 0, Saying("hip_left", "before", 2, start, start))
    downgrade(placeable, "0004")
    with open_store(url) as store:
        for session in (mine, yours):
            store.place(session, T0_US - 3600 * SECOND_US)
        for runner in (RUNNER, "you"):
            assert store.conditions.of_all_runs(runner) == [(start, Worn(surface="trail"))]
            assert [one.saying.run_utc_us for one in store.diary.everything(runner)] == [start]


def downgrade(store: Store, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrate.FOLDER))
    with store.engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
