"""The report's content out of a store."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from strideload import days
from strideload.load.steps import Alive, Cue
from strideload.load.zones import midnight_utc_us
from strideload.report.content import Change, StrengthEntry
from strideload.report.gather import gather
from strideload.runner import records
from strideload.store import open_store
from support.reports import entry
from support.sessions import SECOND_US, session
from support.shelf import HOME, Shelf

SUNDAY = date(2026, 11, 22)
SATURDAY = SUNDAY - timedelta(1)
STRIDE_S = 0.72


def at(day, hour=18):
    return midnight_utc_us(day, HOME) + hour * 3600 * SECOND_US


def evening(day, strides=1000, **more):
    return session(at(day), strides, **more)


def gathered(shelf, first=SUNDAY, last=SUNDAY, **more):
    return gather(records.read(shelf, "me", first, last, diary=False), name="Ann", made_on=last, **more)


def test_each_day_of_the_period_stands_once():
    shelf = Shelf(evening(SUNDAY))
    shelf.noted = {SATURDAY: "rest"}
    shelf.living = [Alive(at(SUNDAY - timedelta(3)))]
    made = gathered(shelf, SUNDAY - timedelta(4))
    assert [(day.known, day.state) for day in made.days] == [
        ("unknown", "unknown"), ("alive", "none"), ("unknown", "unknown"), ("rest", "none"), ("recorded", "run"),
    ]  # fmt: skip
    assert (made.runner, made.zone, made.origin) == ("Ann", HOME, "sensor")


def test_figures_are_those_of_the_day():
    shelf = Shelf(evening(SUNDAY, foot="left"), evening(SUNDAY, foot="right", peak_g=11.0))
    (of_report,) = gathered(shelf).days
    day = days.day_of(shelf, "me", SUNDAY)
    assert of_report.running_s == day.running_s == pytest.approx(1000 * STRIDE_S)
    assert (of_report.steps, of_report.steps_estimated) == (2000, 0)
    assert of_report.impact_sum_g == day.together.impact_sum_g
    assert of_report.asymmetry == day.asymmetry
    assert set(of_report.asymmetry) == {"contact_s", "peak_g", "rise_g_s"}


@pytest.mark.parametrize(("days_before", "has_baseline"), [(1, True), (30, True), (31, False)])
def test_a_run_is_set_beside_the_longest_of_30_days(days_before, has_baseline):
    """The 30 days before it reach into the time before the report."""
    before = SUNDAY - timedelta(days_before)
    (one,) = gathered(Shelf(evening(before, 800), evening(SUNDAY, 1000))).comparisons
    assert one.before_on == (before if has_baseline else None)
    assert one.ratio == (1.25 if has_baseline else None)
    assert one.by_rule.gaps.unknown_days == (29 if has_baseline else 30)


def test_a_walk_with_some_hurry_in_it_is_no_baseline():
    """As on the page."""
    (one,) = gathered(Shelf(evening(SATURDAY, 50), evening(SUNDAY, 1000))).comparisons
    assert (one.before_on, one.ratio, one.by_rule.outcome) == (None, None, "no_baseline")


def test_what_is_simulated_is_never_mixed_with_what_was_measured():
    shelf = Shelf(evening(SATURDAY, 5000, origin="simulated"), evening(SUNDAY))
    made = gathered(shelf, SATURDAY)
    assert [day.state for day in made.days] == ["unknown", "run"]
    assert made.days[0].running_s is None
    assert made.quality.days_left_out == 1
    assert made.comparisons[0].before_s is None
    assert [sensor.sessions for sensor in made.sensors] == [1]


def test_a_simulated_season_by_itself_is_shown_and_called_so():
    made = gathered(Shelf(evening(SUNDAY, origin="simulated")))
    assert (made.origin, made.days[0].state, made.quality.days_left_out) == ("simulated", "run", 0)


def test_losses_are_summed():
    shelf = Shelf(
        evening(SATURDAY, pages_lost=2, faults={"bus_errors": 1}, gaps=((at(SATURDAY), 2 * SECOND_US),)),
        evening(SUNDAY, 3000, pages_lost=1, faults={"bus_errors": 2}, flags=1, resampled=True),
    )
    shelf.noted = {SUNDAY: "ran_without"}
    quality = gathered(shelf, SATURDAY).quality
    assert (quality.pages_lost, quality.gaps, quality.gap_s) == (3, 1, 2.0)
    assert quality.faults == {"bus_errors": 3}
    assert quality.clipped_share == pytest.approx(0.75)
    assert (quality.resampled, quality.days_with_more) == (True, 1)


def test_another_pod_or_set_up_is_a_change():
    friday = SUNDAY - timedelta(2)
    shelf = Shelf(
        evening(friday, foot="left"),
        evening(SATURDAY, foot="left", odr_hz=416),
        evening(SUNDAY, foot="left", odr_hz=416, pod="ee" * 8),
        evening(SUNDAY, foot="right"),
    )
    shoe = Change(SATURDAY, "shoe", "old", "new")
    made = gathered(shelf, friday, changes=[shoe, replace(shoe, date=friday - timedelta(1))])
    assert [(one.date, one.what, one.foot) for one in made.changes] == [
        (SATURDAY, "sensor", "left"), (SATURDAY, "shoe", "unknown"), (SUNDAY, "pod", "left"),
    ]  # fmt: skip
    assert len(made.sensors) == 4


def test_the_latest_cued_run_is_told():
    cue = Cue(at(SUNDAY) + 60 * SECOND_US, 17_250, 16_600, "given", 3, 100)
    cued = gathered(Shelf(evening(SATURDAY), evening(SUNDAY, cues=(cue,)))).cued
    assert (cued.runs, cued.date, cued.target_spm, cued.programme_run) == (1, SUNDAY, 172.5, 3)
    assert gathered(Shelf(evening(SUNDAY))).cued is None


def test_what_is_handed_in_is_kept_as_far_as_it_lies_in_the_period():
    entries = [entry(SUNDAY), entry(SATURDAY), entry(SUNDAY - timedelta(2))]
    strength = [StrengthEntry(SUNDAY + timedelta(1), "calves")]
    made = gathered(Shelf(), SATURDAY, symptoms=entries, strength=strength)
    assert [one.date for one in made.symptoms] == [SATURDAY, SUNDAY]
    assert made.strength == ()
    assert gathered(Shelf()).symptoms is None


def test_the_real_store_answers(tmp_path):
    with open_store(tmp_path / "store.sqlite") as store:
        store.ensure_runner("me", "Me", HOME)
        store.note_day("me", SUNDAY, "rest")
        made = gathered(store, SATURDAY)
        assert [day.known for day in made.days] == ["unknown", "rest"]
        assert made.origin is None
