"""Who wore which pod and where: dated facts, in force from their date on, and no page is rewritten for them."""

from datetime import date

import pytest

from store.conftest import RUNNER
from store.making import POD, T0_MS, Pod, messages
from strideload.store import Store, StoreError
from strideload.store.database import Replay

EVER = (0, 2**62)
SECOND_US = 1_000_000


@pytest.fixture
def three_runs(store: Store) -> Store:
    """Sessions at 100, 1000 and 2000 s."""
    pod = Pod()
    for session, second in enumerate((100, 1000, 2000), 1):
        pod.run(second, session)
    pod.alive(2500)
    store.add(messages(pod.pages))
    store.derive()
    return store


def feet(store: Store, runner: str) -> list[str]:
    return [session.foot for session in store.sessions(runner, *EVER)]


def test_a_pod_that_no_one_was_given_is_the_first_runners(three_runs: Store) -> None:
    three_runs.ensure_runner("you", "You", "Europe/Paris")
    assert feet(three_runs, RUNNER) == ["unknown"] * 3
    assert feet(three_runs, "you") == []
    assert feet(three_runs, "nobody") == []


def test_a_lent_pod(three_runs: Store) -> None:
    """On the left foot from 500 s, lent from 1500 s: each session belongs to who wore the pod when it began."""
    three_runs.ensure_runner("you", "You", "Europe/Paris")
    t0_us = T0_MS * 1000
    three_runs.assign(POD, "you", "right", t0_us + 1500 * SECOND_US)
    three_runs.assign(POD, RUNNER, "left", t0_us + 500 * SECOND_US)
    assert feet(three_runs, RUNNER) == ["unknown", "left"]
    assert feet(three_runs, "you") == ["right"]
    assert len(three_runs.alive("you", *EVER)) == 1
    assert three_runs.alive(RUNNER, *EVER) == []
    three_runs.assign(POD, RUNNER, "right", t0_us + 1500 * SECOND_US)
    assert feet(three_runs, RUNNER) == ["unknown", "left", "right"]


def test_a_runner_says_the_foot_of_their_own_time_only(three_runs: Store) -> None:
    """Nobody takes another's runs by an assignment in the past, nor by one in place of another's."""
    three_runs.ensure_runner("you", "You", "Europe/Paris")
    t0_us = T0_MS * 1000
    lent_us = t0_us + 1500 * SECOND_US
    three_runs.assign(POD, RUNNER, "left", t0_us)
    three_runs.assign(POD, "you", "right", lent_us)
    for from_utc_us in (0, t0_us, t0_us + 900 * SECOND_US):
        with pytest.raises(StoreError, match="was not yours then"):
            three_runs.set_foot(POD, "you", "left", from_utc_us)
    with pytest.raises(StoreError, match="was not yours then"):
        three_runs.set_foot(POD, RUNNER, "left", lent_us)
    assert feet(three_runs, RUNNER) == ["left", "left"]
    three_runs.set_foot(POD, "you", "left", lent_us)
    three_runs.set_foot(POD, RUNNER, "right", t0_us + 500 * SECOND_US)
    assert (feet(three_runs, RUNNER), feet(three_runs, "you")) == (["left", "right"], ["left"])


def test_zones_hold_from_their_date(store: Store) -> None:
    store.set_zone(RUNNER, date(2026, 3, 1), "Asia/Tokyo")
    store.set_zone(RUNNER, date(2026, 3, 15), "Europe/London")
    store.set_zone(RUNNER, date(2026, 3, 15), "Europe/Lisbon")
    found = {
        day: store.zone_of(RUNNER, date(2026, *day)) for day in [(2, 28), (3, 1), (3, 14), (3, 15), (12, 31)]
    }
    assert found == {
        (2, 28): "Europe/London",
        (3, 1): "Asia/Tokyo",
        (3, 14): "Asia/Tokyo",
        (3, 15): "Europe/Lisbon",
        (12, 31): "Europe/Lisbon",
    }
    assert store.zone_of("nobody", date(2026, 1, 1)) == "UTC"


def test_a_runner_is_made_once(store: Store) -> None:
    """Said again with another zone nothing moves; the name follows."""
    store.ensure_runner(RUNNER, "Myself", "Asia/Tokyo")
    store.ensure_runner(RUNNER, "Myself", "Asia/Tokyo")
    assert store.zone_of(RUNNER, date(2026, 1, 1)) == "Europe/London"


def test_notes(store: Store) -> None:
    store.note_day(RUNNER, date(2026, 2, 1), "rest")
    store.note_day(RUNNER, date(2026, 2, 2), "rest")
    store.note_day(RUNNER, date(2026, 2, 2), "ran_without")
    store.note_day(RUNNER, date(2026, 2, 3), "rest")
    store.note_day(RUNNER, date(2026, 2, 3), None)
    assert store.notes(RUNNER, date(2026, 2, 1), date(2026, 2, 3)) == {
        date(2026, 2, 1): "rest",
        date(2026, 2, 2): "ran_without",
    }
    assert store.notes(RUNNER, date(2026, 2, 2), date(2026, 2, 2)) == {date(2026, 2, 2): "ran_without"}
    assert store.notes("nobody", date(2026, 2, 1), date(2026, 2, 3)) == {}


REFUSED = [
    ("no such runner", lambda s: s.assign(POD, "nobody", "left", 0), "nobody"),
    ("no such foot", lambda s: s.assign(POD, RUNNER, "both", 0), "both"),
    ("no such zone", lambda s: s.set_zone(RUNNER, date(2026, 1, 1), "Mars/Olympus"), "Mars/Olympus"),
    ("a path for a zone", lambda s: s.set_zone(RUNNER, date(2026, 1, 1), "../../etc/passwd"), "passwd"),
    ("a runner without a zone", lambda s: s.ensure_runner("you", "You", ""), "''"),
    (
        "a zone of this computer alone",
        lambda s: s.set_zone(RUNNER, date(2026, 1, 1), "localtime"),
        "'localtime'",
    ),
    (
        "a zone before all days",
        lambda s: s.set_zone(RUNNER, date(1800, 1, 1), "Asia/Tokyo"),
        "the year 2000 on",
    ),
    ("no such note", lambda s: s.note_day(RUNNER, date(2026, 1, 1), "swam"), "swam"),
]


@pytest.mark.parametrize(("ask", "named"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_refused_is_named(store: Store, ask, named: str) -> None:
    with pytest.raises(StoreError, match=named):
        ask(store)
    assert store.zone_of("you", date(2026, 1, 1)) == "UTC"


def test_replays(store: Store) -> None:
    """Found by content and start, or, where no start is asked for, the one that begins last."""
    assert store.find_replay("abc") is None
    store.remember_replay("abc", 5, POD, 1)
    store.remember_replay("abc", 9, POD, 0xFFFFFFFF)
    store.remember_replay("abc", 9, POD, 0xFFFFFFFF)
    assert store.find_replay("abc") == Replay("abc", 9, POD, 0xFFFFFFFF)
    assert store.find_replay("abc", 5) == Replay("abc", 5, POD, 1)
    assert store.find_replay("abc", 6) is None


def test_all_zones_of_a_runner_with_the_dates_from_which_they_hold(store: Store) -> None:
    store.set_zone(RUNNER, date(2026, 3, 1), "Asia/Tokyo")
    assert store.zones(RUNNER) == [(date(1, 1, 1), "Europe/London"), (date(2026, 3, 1), "Asia/Tokyo")]
    assert store.zones("nobody") == []
