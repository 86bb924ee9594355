"""Runs are whole, belong to the date on which they began, and carry what they may be compared by."""

from datetime import date

import pytest

from runner.world import RUNNER, Make, World
from strideload.load.activity import track
from strideload.runner import comparing
from strideload.store.activities import Activity, NoSuchActivity
from strideload.store.conditions import Worn
from strideload.store.kept import activities


def test_a_run_over_midnight_is_one_run_of_the_date_on_which_it_began(world: World) -> None:
    world.run("2026-11-20 23:50", 20)
    (run,) = world.runs("2026-11-20")
    assert world.runs("2026-11-21") == []
    assert (run.start_utc_us, run.date) == (world.us("2026-11-20 23:50"), date(2026, 11, 20))
    assert run.run.running_s == pytest.approx(20 * 60, abs=2)
    assert (run.run.began_before, run.run.goes_on) == (False, False)
    assert len(run.sessions) == 1
    # The same in the middle of the day, a stride for a stride.
    world.run("2026-11-22 12:00", 20)
    (noon,) = world.runs("2026-11-22")
    assert (run.run.steps, run.run.impact_sum_g, run.run.cadence_spm) == (
        noon.run.steps,
        noon.run.impact_sum_g,
        noon.run.cadence_spm,
    )


def test_sessions_less_than_15_minutes_apart_are_one_run_over_midnight_as_well(world: World) -> None:
    world.run("2026-11-20 23:40", 15)
    world.run("2026-11-21 00:05", 10)
    world.run("2026-11-21 00:35", 10)
    first, second = world.runs("2026-11-20", "2026-11-21")
    assert (first.date, second.date) == (date(2026, 11, 20), date(2026, 11, 21))
    assert first.run.running_s == pytest.approx(25 * 60, abs=4)
    assert len(first.sessions) == 2


def test_a_day_asked_for_alone_gives_the_same_runs(world: World) -> None:
    for day in (19, 20, 21):
        world.run(f"2026-11-{day} 23:55", 10)
    together = world.runs("2026-11-19", "2026-11-21")
    assert together == [run for day in (19, 20, 21) for run in world.runs(f"2026-11-{day}")]
    assert len(together) == 3


@pytest.mark.parametrize(
    ("zone", "local", "expected"),
    [
        ("Europe/Berlin", "2026-03-28 23:50", "2026-03-28"),  # the clock goes forward in that night
        ("Europe/Berlin", "2026-03-29 03:10", "2026-03-29"),
        ("Europe/Berlin", "2026-10-24 23:50", "2026-10-24"),  # and back
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25"),
        ("Africa/Cairo", "2026-04-23 23:50", "2026-04-23"),  # midnight itself is skipped
        ("Africa/Cairo", "2026-04-24 01:05", "2026-04-24"),
    ],
)
def test_at_summer_time_a_run_has_the_date_of_its_start(
    make: Make, zone: str, local: str, expected: str
) -> None:
    world = make(zone)
    world.run(local, 20)
    (run,) = world.runs(expected)
    assert run.run.running_s == pytest.approx(20 * 60, abs=2)


def test_a_journey_moves_no_run_to_another_date(world: World) -> None:
    """In Berlin until the 20th, in Tokyo from the 22nd: each run has the date of the runner's own clock."""
    world.store.set_zone(RUNNER, date(2026, 11, 22), "Asia/Tokyo")
    world.run("2026-11-20 07:00", 5)
    world.run("2026-11-21 23:30", 5)  # 07:30 of the 22nd in Tokyo
    world.run("2026-11-22 14:00", 5)  # 22:00 there
    world.run("2026-11-22 16:30", 5)  # 00:30 of the 23rd there
    assert [run.date.day for run in world.runs("2026-11-20", "2026-11-24")] == [20, 22, 22, 23]


def test_a_pod_that_learned_the_time_late_puts_its_run_on_the_day_when_it_was(world: World) -> None:
    world.run("2026-11-20 18:00", 10, anchored=False)
    assert world.runs("2026-11-01", "2026-11-30") == []
    world.learns_the_time("2026-11-22 09:00")
    (run,) = world.runs("2026-11-01", "2026-11-30")
    assert run.date == date(2026, 11, 20)
    assert run.start_utc_us == pytest.approx(world.us("2026-11-20 18:00"), abs=1_000_000)


def test_none_backwards(world: World) -> None:
    assert world.runs("2026-11-20", "2026-11-19") == []


def test_what_is_usual_holds_from_its_moment_on_and_what_is_noted_of_a_run_goes_before_it(
    world: World,
) -> None:
    for day in (18, 19, 20):
        world.run(f"2026-11-{day} 18:00", 3)
    conditions = world.store.conditions
    shoe = conditions.add_shoe(RUNNER, "Blue", date(2026, 11, 1))
    conditions.set_usual(RUNNER, world.us("2026-11-19 00:00"), Worn(shoe.id, "laces", "road"))
    # Noted by a start that has moved by some minutes since.
    conditions.set_run(RUNNER, world.us("2026-11-20 18:04"), Worn(surface="trail"))
    worn = [run.worn for run in world.runs("2026-11-18", "2026-11-20")]
    assert worn == [Worn(), Worn(shoe.id, "laces", "road"), Worn(shoe.id, "laces", "trail")]
    assert world.runs("2026-11-20")[0].figures.conditions.surface == "trail"


def watch(world: World, start: str, end: str, distance_m: float | None, name: str = "watch") -> None:
    row = {
        "runner": RUNNER,
        "content": f"{name} {start}",
        "name": name,
        "start_utc_us": world.us(start),
        "end_utc_us": world.us(end),
        "distance_m": distance_m,
        "track": b"",
        "imported_utc_us": 0,
    }
    with world.store.engine.begin() as connection:
        connection.execute(activities.insert(), [row])


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ([], None),
        ([("18:00", "18:20", 4000.0)], 4000.0),
        ([("17:58", "18:21", 4100.0)], 4100.0),
        ([("18:00", "18:10", 2000.0), ("18:10", "18:20", 2000.0)], 4000.0),
        ([("18:00", "18:20", 4000.0), ("18:01", "18:19", 3900.0)], 4000.0),  # a phone's as well
        ([("18:00", "18:20", None)], None),
        ([("18:00", "18:10", 2000.0), ("18:10", "18:20", None)], None),
        ([("18:00", "18:05", 1000.0)], None),  # a quarter of the run
        ([("17:00", "18:20", 16000.0)], None),  # a ride before it, mostly
        ([("12:00", "12:20", 4000.0)], None),
    ],
)
def test_distance_is_of_the_activities_that_are_the_run(
    world: World, recorded: list[tuple[str, str, float | None]], expected: float | None
) -> None:
    world.run("2026-11-20 18:00", 20)
    for start, end, distance_m in recorded:
        watch(world, f"2026-11-20 {start}", f"2026-11-20 {end}", distance_m)
    (run,) = world.runs("2026-11-20")
    assert run.distance_m == expected
    assert run.figures.distance_m == expected


def track_of(
    world: World,
    start: str,
    end: str,
    speed_m_s: float,
    ascent_m: float | None = None,
    day: str = "2026-11-20",
) -> None:
    """An activity with a point a second."""
    first, last = world.us(f"{day} {start}"), world.us(f"{day} {end}")
    seconds = range((last - first) // 1_000_000 + 1)
    points = track([first + s * 1_000_000 for s in seconds], [s * speed_m_s for s in seconds])
    whole_m = seconds[-1] * speed_m_s
    one = Activity(f"{day} {start}", "watch", first, last, whole_m, ascent_m, None, True)
    assert world.store.activities.add(RUNNER, one, points)


@pytest.mark.parametrize(
    ("recorded", "distance_m", "ascent_m"),
    [
        ([("18:00", "18:20")], 3600, 12.0),
        ([("17:30", "18:20")], 3600, None),  # of the way there nothing counts
        ([("18:00", "19:40")], 3600, None),
        ([("18:01", "18:20")], 3420, 12.0),  # started late
        ([("18:05", "18:20")], None, None),  # of what it did not see nobody knows
        ([("18:00", "18:09"), ("18:10", "18:20")], 3420, 24.0),
        ([("18:00", "18:09")], None, None),  # less than half of the run
        ([("18:00", "18:20"), ("17:00", "19:00")], 3600, 12.0),  # a watch's and a phone's
        ([("12:00", "13:00")], None, None),
    ],
)
def test_a_track_tells_what_of_it_lies_in_the_run(
    world: World, recorded: list[tuple[str, str]], distance_m: float | None, ascent_m: float | None
) -> None:
    world.run("2026-11-20 18:00", 20)
    for start, end in recorded:
        track_of(world, start, end, 3.0, 12.0)
    (run,) = world.runs("2026-11-20")
    assert run.distance_m == (None if distance_m is None else pytest.approx(distance_m, abs=6))
    assert run.ascent_m == ascent_m


def test_an_activity_of_the_same_content_is_no_change(world: World) -> None:
    track_of(world, "18:00", "18:10", 3.0)
    (one,) = world.store.activities.all(RUNNER)
    assert not world.store.activities.add(RUNNER, one, track([], []))
    assert len(world.store.activities.track_of(RUNNER, one.content)) == 601
    world.store.ensure_runner("other", "Other", "UTC")
    for asked in (
        world.store.activities.find,
        world.store.activities.track_of,
        world.store.activities.delete,
    ):
        with pytest.raises(NoSuchActivity):
            asked("other", one.content)
    world.store.activities.delete(RUNNER, one.content)
    assert world.store.activities.all(RUNNER) == []


def test_a_watch_that_saw_a_part_of_a_run_makes_it_no_shorter(world: World) -> None:
    """It is set beside the others by its duration; the file is told as one of the run all the same."""
    world.run("2026-11-18 18:00", 20)
    world.run("2026-11-20 18:00", 22)
    track_of(world, "18:00", "18:20", 3.0, day="2026-11-18")
    track_of(world, "18:07", "18:22", 3.0)
    found = comparing.of_day(world.read("2026-11-20"), date(2026, 11, 20))
    assert found
    assert (found.measure, found.first.ratio) == ("duration", pytest.approx(1.1, abs=0.003))
    assert found.by["distance"].outcome == "not_measured"
    assert found.run.activities == ("2026-11-20 18:07",)
