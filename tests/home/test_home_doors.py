"""What homes are handed: from a real store, its pods and the opt-ins of its folder."""

import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from store.making import LOG, POD, RATE_MHZ, STRIDE_SAMPLES, T0_MS, Pod, messages
from strideload.collect.address import Address
from strideload.collect.collector import Collector
from strideload.home.facts import AnotherRun, PainRefused, PodNow
from strideload.home.ids import HomeIds
from strideload.home_doors import StoreHome, runner_day
from strideload.load.day import summarise
from strideload.runner import planning
from strideload.store import Store, open_store
from strideload.store.diary import Saying
from strideload.store.ids import new_id
from support.sessions import session
from support.zones import noon_zone

SEEN_US = 1_764_158_400_000_000
MIDNIGHT_US = 1_764_111_600_000_000  # 2025-11-26 in Berlin
DAY_US = 86_400_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store.sqlite") as opened:
        opened.ensure_runner("ada", "Ada", noon_zone())  # an hour ago was today
        opened.ensure_runner("ben", "Ben", "UTC")
        yield opened


@pytest.fixture
def collector(store: Store) -> Collector:
    """Not started: what it heard is put into it by hand."""
    return Collector(store, Address("127.0.0.1", 1))


@pytest.fixture
def home(store: Store, collector: Collector, tmp_path: Path) -> StoreHome:
    return StoreHome(store, collector, HomeIds(tmp_path / "home"))


def a_run(store: Store, strides: int = 600, *, hours_ago: int = 1, pod: str = POD) -> None:
    """Ada's pod brings a run that ended an hour ago, or more."""
    length_s = strides * STRIDE_SAMPLES / (RATE_MHZ / 1000)
    start_ms = time.time_ns() // 1_000_000 - round(1000 * length_s) - hours_ago * 3_600_000
    made = Pod(pod, boot=hours_ago, log=LOG + hours_ago)
    made.start(0, 1)
    made.anchor(0, start_ms - T0_MS)
    made.steps(0, strides)
    made.anchor(length_s, start_ms - T0_MS)
    made.end(length_s)
    store.assign(pod, "ada", "left", 0)
    store.add(messages(made.pages, pod=pod))
    store.derive()


def enter(home: StoreHome, site: str, moment: str, level: int) -> None:
    """Chosen and stored at once."""
    home.enter_pain("ada", site, moment, level, home.asked("ada"))


def test_only_who_opted_in_and_is_there_is_told_of(store: Store, home: StoreHome) -> None:
    assert home.runners_opted_in() == []
    store.accounts.set_publishes("ben", day=True, symptoms=True)
    store.accounts.set_publishes("ada", day=True, symptoms=False)
    assert [(one.runner, one.name, one.symptoms) for one in home.runners_opted_in()] == [
        ("ada", "Ada", False),
        ("ben", "Ben", True),
    ]
    store.erase_runner("ben")
    assert [one.runner for one in home.runners_opted_in()] == ["ada"]


def test_symptoms_alone_are_no_opt_in(store: Store, home: StoreHome) -> None:
    store.accounts.set_publishes("ada", day=False, symptoms=True)
    assert home.runners_opted_in() == []


def test_a_day_begins_with_its_own_midnight_and_has_its_origin() -> None:
    run = session(MIDNIGHT_US + DAY_US // 2, 600, origin="simulated")
    found = runner_day(
        summarise(date(2025, 11, 26), "Europe/Berlin", MIDNIGHT_US, MIDNIGHT_US + DAY_US, [run]), 1.1
    )
    assert found.start.isoformat() == "2025-11-26T00:00:00+01:00"
    assert (found.known, found.origin, found.steps, found.steps_estimated) == (
        "recorded",
        "simulated",
        1200,
        1200,
    )
    assert (found.spike_ratio, found.next_run_min) == (1.1, None)
    assert found.cadence_spm == pytest.approx(120 / 0.72)
    assert found.impact_sum_g is not None


def test_a_day_that_is_not_known_has_no_figure(home: StoreHome) -> None:
    found = home.day_of("ada")
    assert found.known == "unknown"
    figures = {name: value for name, value in vars(found).items() if name not in ("date", "start", "known")}
    assert set(figures.values()) == {None}


def test_today_is_set_beside_the_longest_run_and_has_its_budget(store: Store, home: StoreHome) -> None:
    a_run(store, hours_ago=73)
    a_run(store, strides=720)
    found = home.day_of("ada")
    assert found.spike_ratio == pytest.approx(1.2, abs=0.001)
    assert found.next_run_min is not None
    assert found.next_run_min > 0


def test_pain_is_entered_for_the_run_that_is_asked_about(store: Store, home: StoreHome) -> None:
    """As Home Assistant sends it, in the words that it was given to choose from."""
    a_run(store)
    choices = home.pain_choices("ada")
    assert choices is not None
    assert {"before the run", "during the run", "60 minutes after", "next morning"} < set(choices.moments)
    site = "front of the left knee"
    assert site in choices.sites
    enter(home, site, "during the run", 7)
    enter(home, site, "during the run", 6)
    found = home.symptoms_of("ada")
    assert (found.status, found.reason) == ("red", "Red: pain 6 during the run, 6 or more.")
    assert [(one.site, one.moment, one.level) for one in found.entries] == [(site, "during the run", 6)]
    assert home.pain_choices("ada").sites[0] == site  # type: ignore[union-attr]
    (entry,) = store.diary.everything("ada")[-1:]
    (session,) = store.sessions("ada", 0, 2**62)
    assert entry.saying.run_utc_us == session.start_utc_us


def test_pain_of_a_run_that_has_not_come_yet_changes_no_answer_of_the_run_before(
    store: Store, home: StoreHome
) -> None:
    """It joins its own run as soon as a pod brings that."""
    a_run(store, hours_ago=25)
    (before,) = store.sessions("ada", 0, 2**62)
    saying = Saying("knee_front_left", "during", 1, before.end_utc_us, before.start_utc_us)
    store.diary.write("ada", new_id(), 0, saying, before.end_utc_us)
    enter(home, "front of the left knee", "during the run", 5)
    assert sorted(pain_of_runs(store)) == [(1, before.start_utc_us)]
    a_run(store)
    after = store.sessions("ada", 0, 2**62)[-1]
    assert sorted(pain_of_runs(store)) == [(1, before.start_utc_us), (5, after.start_utc_us)]


def test_an_answer_is_changed_as_long_as_it_is_new_and_given_as_long_as_it_is_asked_for(
    store: Store, home: StoreHome
) -> None:
    a_run(store, hours_ago=25)
    (before,) = store.sessions("ada", 0, 2**62)
    enter(home, "left shin", "during the run", 2)
    assert pain_of_runs(store) == [(2, before.start_utc_us)]
    a_run(store)
    after = store.sessions("ada", 0, 2**62)[-1]
    enter(home, "left shin", "during the run", 4)
    enter(home, "left shin", "during the run", 3)
    assert sorted(pain_of_runs(store)) == [(2, before.start_utc_us), (3, after.start_utc_us)]


@pytest.mark.parametrize("moment", ["before the run", "during the run", "at another time"])
def test_what_was_chosen_before_a_pod_brought_another_run_is_of_neither(
    store: Store, home: StoreHome, moment: str
) -> None:
    a_run(store, hours_ago=25)
    asked = home.asked("ada")
    a_run(store)
    with pytest.raises(AnotherRun):
        home.enter_pain("ada", "left shin", moment, 4, asked)
    assert store.diary.everything("ada") == []
    enter(home, "left shin", moment, 4)
    assert len(store.diary.everything("ada")) == 1


def test_a_run_of_which_a_pod_brings_more_is_no_other(store: Store, home: StoreHome) -> None:
    """The other foot's pod synced later, and began earlier."""
    a_run(store)
    asked = home.asked("ada")
    a_run(store, strides=800, pod="cc" * 8)
    home.enter_pain("ada", "left shin", "during the run", 4, asked)
    assert [pain for pain, _ in pain_of_runs(store)] == [4]


@pytest.mark.parametrize(
    ("hours_ago", "chosen_hours_ago", "taken"), [(20, 2, True), (37, 2, False), (37, 0, True)]
)
def test_what_was_chosen_while_a_run_was_asked_about_is_of_none_to_come(
    store: Store, home: StoreHome, hours_ago: int, chosen_hours_ago: int, taken: bool
) -> None:
    """Its next morning may be over when the button is pressed."""
    a_run(store, hours_ago=hours_ago)
    asked = replace(home.asked("ada"), at=datetime.now(UTC) - timedelta(hours=chosen_hours_ago))
    with nullcontext() if taken else pytest.raises(AnotherRun):
        home.enter_pain("ada", "left shin", "during the run", 4, asked)
    assert len(store.diary.everything("ada")) == taken


def test_a_next_morning_is_that_of_the_run_before_while_the_last_runs_has_not_come(
    store: Store, home: StoreHome
) -> None:
    a_run(store, hours_ago=34)  # so that its morning has come, at any hour
    (before,) = store.sessions("ada", 0, 2**62)
    a_run(store)
    enter(home, "left shin", "next morning", 2)
    assert pain_of_runs(store) == [(2, before.start_utc_us)]


def test_a_late_answer_is_changed_as_long_as_it_is_new(store: Store, home: StoreHome) -> None:
    """It counts when it was given, and not how long the run is over."""
    a_run(store, hours_ago=25)
    (run,) = store.sessions("ada", 0, 2**62)
    enter(home, "left shin", "during the run", 3)
    enter(home, "left shin", "during the run", 2)
    assert pain_of_runs(store) == [(2, run.start_utc_us)]


def pain_of_runs(store: Store) -> list[tuple[int | None, int]]:
    """Each answer, with the start of the run that it is joined to."""
    _, kept, _ = planning.read(store, "ada")
    return [
        (answer.pain, course.run.start_utc_us)
        for one in kept.of_runs
        for course in one.courses
        for answer in course.answers
        if answer.entry is not None
    ]


def test_before_a_run_it_is_of_the_run_to_come(store: Store, home: StoreHome) -> None:
    a_run(store)
    enter(home, "left shin", "before the run", 1)
    (entry,) = store.diary.everything("ada")
    assert entry.saying.run_utc_us is None
    assert home.symptoms_of("ada").status is None


@pytest.mark.parametrize(
    ("site", "moment", "level"),
    [
        ("the soul", "during the run", 2),
        ("left shin", "tomorrow", 2),
        ("left shin", "during the run", 11),
        ("left shin", "next morning", 0),
    ],
)
def test_what_is_no_answer_is_refused(
    store: Store, home: StoreHome, site: str, moment: str, level: int
) -> None:
    a_run(store)
    with pytest.raises(PainRefused):
        enter(home, site, moment, level)
    assert store.diary.everything("ada") == []


def test_a_pod_is_told_of_as_it_last_spoke(store: Store, collector: Collector, home: StoreHome) -> None:
    store.save_state("00000000000000ee", {"v": 1, "log": "00000001", "origin": "recording"}, SEEN_US)
    state = {
        "v": 1,
        "log": f"{LOG:08x}",
        "origin": "sensor",
        "battery_mv": 3900,
        "firmware": "0.1.0",
        "chip": "LSM6DSO32",
        "faults": {"fifo_overrun": 2},
        "streams": {"0": {"oldest": 0, "next": 5, "wanted": 0}},
    }
    store.save_state(POD, state, SEEN_US)
    store.assign(POD, "ada", "left", 0)
    told = PodNow(
        POD,
        "left",
        None,
        3900,
        datetime(2025, 11, 26, 12, tzinfo=UTC),
        5,
        {"fifo_overrun": 2},
        "0.1.0",
        "LSM6DSO32",
    )
    assert home.pods() == [told]
    collector.online[POD] = True
    assert home.pods()[0].online is True
