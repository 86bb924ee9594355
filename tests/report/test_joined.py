"""What a runner said, did and planned stands in their report beside what was measured."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from runner.world import RUNNER, World
from strideload import activity_file
from strideload.load.strength import Exercise
from strideload.report import pdf
from strideload.report.content import Change, Report, StrengthEntry
from strideload.report.joined import report_of
from strideload.runner import activities, planning
from strideload.store.conditions import Worn
from strideload.store.ids import new_id
from strideload.words.numbers import THIN_SPACE
from support.reports import Read
from test_activity_file import gpx

NOW = "2026-11-23 12:00"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "store.db")
    with made.store as store:
        for day in ("2026-11-10", "2026-11-18", "2026-11-22"):
            made.run(f"{day} 18:02", 10)
        store.ensure_runner("friend", "A friend", "UTC")
        yield made


def report(world: World, first: str = "2026-11-16", runner: str = RUNNER) -> Report:
    return report_of(world.store, runner, date.fromisoformat(first), None, world.now(NOW))


def test_symptoms_have_their_course_and_status(world: World) -> None:
    _, second, third = world.runs("2026-11-10", "2026-11-22")
    world.answers(second, 0, 4, 0, 0)
    world.answers(third, 1, 2)
    world.says("other", 3, at="2026-11-20 09:00", felt=("dull",), note="on the stairs", signs=("swelling",))
    found = report(world).symptoms
    assert found is not None
    assert [(one.date.day, one.status) for one in found] == [(18, "amber"), (20, "open"), (22, "open")]
    amber, apart, still_open = found
    assert (amber.before, amber.during, amber.after_60_min, amber.next_morning) == (0, 4, 0, 0)
    assert amber.site == "front of the left knee"
    assert amber.reason == "Pain 4 during the run, more than 2."
    assert amber.run_s == pytest.approx(600, abs=3)
    assert apart.reason == "Said of no run, so no rule applies."
    assert [(f"{at:%H:%M}", pain) for at, pain in apart.others] == [("09:00", 3)]
    assert (apart.felt, apart.signs, apart.run_s) == ("dull; on the stairs", ("swelling",), None)
    assert "60 minutes after" in still_open.reason


def test_pain_at_another_time_is_told_with_its_run(world: World) -> None:
    (*_, run) = world.runs("2026-11-22")
    world.answers(run, 0, 1)
    world.says("other", 9, at="2026-11-22 22:13")
    (one,) = report(world).symptoms or ()
    assert (one.status, one.reason) == (
        "red", "Pain 9 at another time, 6 or more.",
    )  # fmt: skip


def test_what_was_said_of_a_run_at_another_time_is_there_with_its_pain(world: World) -> None:
    (*_, run) = world.runs("2026-11-22")
    world.answers(run, 0, 1, 0, 0)
    for pain in (4, None, 2):
        world.says("other", pain, run=run, felt=("dull",))
    (found,) = report(world).symptoms or ()
    assert [(f"{at:%d %H:%M}", pain) for at, pain in found.others] == [("22 18:11", 2), ("22 18:11", 4)]


def test_an_empty_diary_is_empty_and_another_runners_is_not_in_it(world: World) -> None:
    (*_, run) = world.runs("2026-11-22")
    world.answers(run, 0, 3)
    found = report(world, runner="friend")
    assert (found.symptoms, found.strength, found.changes) == ((), (), ())
    assert all(day.known == "unknown" for day in found.days)
    assert found.runner == "A friend"


def test_the_plan_is_there_and_whose(world: World) -> None:
    made = report(world).plan
    assert made is not None
    assert made.set_by == "the rules"
    assert made.lines[0].startswith(f"Up to 10{THIN_SPACE}min of running")
    ladder = planning.ladder.LadderSettings(start_level=4, set_by="physiotherapist")
    settings = planning.Settings(ladder=planning.LadderPlan(date(2026, 11, 23), ladder))
    planning.set_plan(world.store, RUNNER, settings, "physiotherapist", None)
    again = report(world).plan
    assert again is not None
    assert again.set_by == "the rules (figures) and the physiotherapist (ladder)"
    assert again.lines[0] == (
        f"Level 4 of 10: (4{THIN_SPACE}min running + 6{THIN_SPACE}min walking) \N{MULTIPLICATION SIGN} 3; "
        f"0 of 3 sessions. At most 10{THIN_SPACE}min of running in it: "
        "no longer than your longest run in 30 days, until 2 in a row are green."
    )
    assert not any("Up to" in line for line in again.lines)


def test_distance_strength_and_changes_are_joined(world: World) -> None:
    store = world.store
    activities.take(store, RUNNER, activity_file.read(gpx(), "x.gpx"))
    store.strength.add(RUNNER, new_id(), date(2026, 11, 19), Exercise("calves", 3, 12, 7))
    store.strength.add(RUNNER, new_id(), date(2026, 11, 9), Exercise("calves", 3))
    blue, red = (store.conditions.add_shoe(RUNNER, name, date(2026, 11, 1)) for name in ("Blue", "Red"))
    store.conditions.set_usual(RUNNER, world.us("2026-11-01 00:00"), Worn(blue.id, "laces", "road"))
    (*_, last) = world.runs("2026-11-22")
    store.conditions.set_run(RUNNER, last.start_utc_us, Worn(red.id, surface="trail"))
    made = report(world)
    assert made.days[-2].distance_m == pytest.approx(1800, rel=0.01)
    assert made.days[2].distance_m is None
    assert made.strength == (StrengthEntry(date(2026, 11, 19), "calves", 3, 12, 7),)
    on = date(2026, 11, 22)
    assert made.changes == (Change(on, "shoe", "Blue", "Red"), Change(on, "surface", "road", "trail"))


def test_runs_are_compared_by_the_rule(world: World) -> None:
    world.run("2026-11-23 08:00", 11)
    ones = report(world).comparisons
    assert [one.date.day for one in ones] == [18, 22, 23]
    assert float(ones[-1].by_rule.ratio or 0) == pytest.approx(1.1, abs=0.01)
    assert [one.before_on and one.before_on.day for one in ones] == [10, 18, 22]
    assert all(one.by_rule.is_upper_bound for one in ones)


def test_all_of_it_is_printed(world: World) -> None:
    (*_, run) = world.runs("2026-11-22")
    world.answers(run, 0, 4, 0, 0)
    text = Read(pdf.make(report(world)).data).text
    for said in ("Pain 4 during the run, more than 2.", "Opinion, set by the rules", "amber"):
        assert said in text
