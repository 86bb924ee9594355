"""How much each date holds of a measure, and which run is the longest of 30 days."""

from datetime import date, timedelta

import pytest

from runner.world import RUNNER, World
from strideload.load.longest import MEASURES
from strideload.report.gather import gather
from strideload.runner import records
from strideload.runner.amounts import amounts, longest, of_run
from strideload.runner.records import Records
from strideload.store.kept import activities

LAST = date(2026, 11, 22)
NOW = "2026-11-22 22:00"


def read(world: World, first: date = LAST - timedelta(days=6)) -> Records:
    return records.read(world.store, RUNNER, first, LAST, world.now(NOW), diary=False)


def watch(world: World, local: str, minutes: float, distance_m: float | None) -> None:
    start = world.us(local)
    row = {
        "runner": RUNNER, "content": local, "name": "a.fit", "start_utc_us": start,
        "end_utc_us": start + round(minutes * 60e6), "distance_m": distance_m, "ascent_m": None,
        "descent_m": None, "track": b"", "imported_utc_us": start,
    }  # fmt: skip
    with world.store.engine.begin() as connection:
        connection.execute(activities.insert(), [row])


def test_a_day_of_rest_is_none_and_one_that_is_not_known_is_not(world: World) -> None:
    world.run("2026-11-20 18:00", 10)
    world.store.note_day(RUNNER, date(2026, 11, 21), "rest")
    world.store.note_day(RUNNER, date(2026, 11, 19), "ran_without")
    for measure in MEASURES[:3]:
        by_date = {one.date.day: one.amount for one in amounts(read(world), measure)[-4:]}
        assert (by_date[19], by_date[21], by_date[22]) == (None, 0.0, None)
        assert (by_date[20] or 0) > 0


def test_a_date_whose_distance_is_not_known_wholly_has_none(world: World) -> None:
    for local in ("2026-11-20 07:00", "2026-11-20 18:00", "2026-11-21 18:00"):
        world.run(local, 10)
    watch(world, "2026-11-20 07:00", 10, 1600.0)
    watch(world, "2026-11-21 18:00", 10, 1700.0)
    by_date = {one.date.day: one.recorded for one in amounts(read(world), "distance")}
    assert (by_date[20], by_date[21]) == (None, 1700.0)
    watch(world, "2026-11-20 18:00", 10, 1800.0)
    by_date = {one.date.day: one.recorded for one in amounts(read(world), "distance")}
    assert by_date[20] == 3400.0


def test_the_distance_of_a_date_is_the_same_in_a_report(world: World) -> None:
    """A walk that a watch told of is in it; one without a distance, and no run at all, make it no less known."""
    world.run("2026-11-19 18:00", 10)
    world.walk("2026-11-20 07:00", 10)
    world.run("2026-11-20 18:00", 10)
    world.walk("2026-11-21 07:00", 10)
    world.walk("2026-11-22 07:00", 10)
    for local, distance_m in (
        ("2026-11-20 07:00", 800.0),
        ("2026-11-20 18:00", 1600.0),
        ("2026-11-22 07:00", 700.0),
    ):
        watch(world, local, 10, distance_m)
    found = read(world, date(2026, 11, 19))
    in_trend = [one.recorded for one in amounts(found, "distance")[-4:]]
    in_report = [day.distance_m for day in gather(found, name="Me", made_on=LAST).days]
    assert in_trend == [None, 2400.0, 0.0, 700.0]
    assert in_report == [None, 2400.0, None, 700.0]  # a column that stands where a watch told of something


@pytest.mark.parametrize(("back", "counts"), [(0, True), (29, True), (30, False)])
def test_the_longest_is_of_the_30_dates_up_to_the_last(world: World, back: int, counts: bool) -> None:
    world.run("2026-11-15 18:00", 5)
    world.run(f"{LAST - timedelta(days=back)} 18:00", 10)
    found = longest(read(world), LAST, "duration")
    assert found is not None
    assert (found.run.running_s > 500) == counts


def test_without_a_run_that_has_the_measure_there_is_no_longest(world: World) -> None:
    world.run("2026-11-20 18:00", 10)
    found = read(world)
    assert longest(found, LAST, "distance") is None
    assert of_run(found.runs[0], "distance") is None


def test_clipped_records_hold_nothing_of_other_days(world: World) -> None:
    for day in (18, 20, 22):
        world.run(f"2026-11-{day} 18:00", 10)
    seen = read(world).clipped(date(2026, 11, 19), date(2026, 11, 21))
    assert [run.date.day for run in seen.runs] == [20]
    assert [day.date.day for day in seen.days] == [19, 20, 21]
    assert [one.date.day for one in amounts(seen, "duration")] == [19, 20, 21]
    assert (seen.entries, seen.plan) == ([], None)
