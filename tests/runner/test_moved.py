"""What is said and noted of a run goes along when its session is placed anew, and to no other run."""

from dataclasses import replace
from datetime import date

import pytest

from runner.test_diary import colours, course, pains
from runner.world import RUNNER, World
from strideload.runner import one_run
from strideload.runner.runs import RunRecord
from strideload.store.conditions import Worn
from strideload.store.diary import Entry

TRAIL = Worn(mount="insole", surface="trail")
FIRST = "2026-01-20 18:00"
OTHER_POD = "bb" * 8


def place(world: World, local: str, which: int = 0) -> None:
    world.store.place(world.store.undated()[which].session_id, world.us(local))


def only_run(world: World, day: str) -> RunRecord:
    (run,) = world.runs(day)
    return run


def note(world: World, run: RunRecord, worn: Worn) -> None:
    world.store.conditions.set_run(RUNNER, run.start_utc_us, worn)


def entries(world: World) -> list[Entry]:
    return world.store.diary.entries(RUNNER, 0, 2**62)


@pytest.fixture
def placed(world: World) -> World:
    """A run that was placed by hand, answered for, and said to be on a trail."""
    world.run(FIRST, 10, anchored=False)
    place(world, FIRST)
    run = only_run(world, FIRST[:10])
    world.answers(run, 1, 2, 1, 1)
    note(world, run, TRAIL)
    return world


@pytest.mark.parametrize(
    "corrected", ["2026-01-20 12:00", "2026-01-18 07:00", "2025-01-20 18:00", "2026-01-20 18:09"]
)
def test_a_placement_that_is_corrected_takes_all_along(placed: World, corrected: str) -> None:
    place(placed, corrected)
    run = only_run(placed, corrected[:10])
    found = placed.diary("2026-01-22 12:00", corrected[:10])
    assert (colours(found), pains(course(found)), found.apart) == (["green"], [1, 2, 1, 1], [])
    assert (run.worn, only_run(placed, corrected[:10]).start_utc_us) == (TRAIL, placed.us(corrected))
    before, during, after, morning = course(found).entries
    assert before.saying.about_utc_us == run.start_utc_us
    assert during.saying.about_utc_us == run.end_utc_us
    assert after.saying.about_utc_us == run.end_utc_us + 3_600_000_000
    assert morning.saying.about_utc_us == placed.us("2026-01-21 05:00")  # the morning's own time


def test_the_pods_own_word_takes_all_along(world: World) -> None:
    """It learned after all that the run was at 18:00, where the runner had said 9 o'clock."""
    world.run(FIRST, 10, anchored=False)
    place(world, "2026-01-20 09:00")
    run = only_run(world, FIRST[:10])
    world.answers(run, 1, 2, 1, 1)
    note(world, run, TRAIL)
    world.learns_the_time("2026-01-21 09:00")
    found = world.diary("2026-01-22 12:00")
    assert (colours(found), found.apart, only_run(world, FIRST[:10]).worn) == (["green"], [], TRAIL)


def test_what_was_said_goes_to_no_run_that_takes_its_place(placed: World) -> None:
    """Another pod's run of the same hour, which came after the first one was moved."""
    place(placed, "2026-01-20 12:00")
    placed.run(FIRST, 10, OTHER_POD)
    found = placed.diary("2026-01-22 12:00")
    assert colours(found) == ["green", None]
    assert [run.worn for run in placed.runs("2026-01-20")] == [TRAIL, Worn()]


def test_taken_back_it_waits_and_comes_along_again(placed: World) -> None:
    placed.store.take_back_place(placed.store.undated()[0].session_id)
    placed.run("2026-01-20 18:00", 10, OTHER_POD)
    found = placed.diary("2026-01-22 12:00")
    assert (colours(found), len(found.apart)) == ([None], 4)
    assert only_run(placed, FIRST[:10]).worn == Worn()
    assert placed.store.conditions.of_all_runs(RUNNER) == [(None, TRAIL)]
    place(placed, "2026-01-20 07:00")
    found = placed.diary("2026-01-22 12:00")
    assert (colours(found), found.apart) == (["green", None], [])
    assert [run.worn for run in placed.runs("2026-01-20")] == [TRAIL, Worn()]


def test_what_is_changed_meanwhile_comes_along_too(placed: World) -> None:
    placed.store.take_back_place(placed.store.undated()[0].session_id)
    first, second, *_ = entries(placed)
    placed.store.diary.write(RUNNER, first.id, 1, replace(first.saying, pain=2), keeps_run=True)
    placed.store.diary.retract(RUNNER, second.id)
    placed.store.diary.undo(RUNNER, second.id, 2)
    place(placed, "2026-01-19 18:00")
    found = placed.diary("2026-01-22 12:00")
    assert (pains(course(found)), found.apart) == ([2, 2, 1, 1], [])


def test_two_runs_may_have_had_the_same_start(world: World) -> None:
    """One was placed there, noted, moved; then the other."""
    for pod in ("aa" * 8, OTHER_POD):
        world.run(FIRST, 10, pod, anchored=False)
    for which, corrected, worn in (
        (0, "2026-01-20 12:00", TRAIL),
        (1, "2026-01-20 08:00", Worn(surface="road")),
    ):
        place(world, FIRST, which)
        (at_first,) = [run for run in world.runs("2026-01-20") if run.start_utc_us == world.us(FIRST)]
        note(world, at_first, worn)
        place(world, corrected, which)
    assert [run.worn for run in world.runs("2026-01-20")] == [Worn(surface="road"), TRAIL]


def test_what_is_noted_anew_takes_the_place_of_what_came_along(placed: World) -> None:
    place(placed, "2026-01-20 12:00")
    found = one_run.find(placed.store, RUNNER, placed.us("2026-01-20 12:00"))
    assert found
    of_it = one_run.read(placed.store, *found)
    placed.store.conditions.set_run(RUNNER, of_it.noted_utc_us, Worn(surface="grass"))
    place(placed, "2026-01-20 14:00")
    assert placed.store.conditions.of_all_runs(RUNNER) == [
        (placed.us("2026-01-20 14:00"), Worn(surface="grass"))
    ]


def test_a_run_that_a_pod_dates_keeps_what_was_said_when_the_other_foots_is_placed_elsewhere(
    world: World,
) -> None:
    world.run("2026-01-20 18:02", 10, OTHER_POD)
    world.run(FIRST, 10, anchored=False)
    place(world, FIRST)
    world.answers(only_run(world, "2026-01-20"), 1, 2, 1, 1)
    place(world, "2026-01-19 18:00")
    found = world.diary("2026-01-22 12:00")
    assert [(one.run.date, one.status and one.status.colour) for one in found.of_runs] == [
        (date(2026, 1, 19), None),
        (date(2026, 1, 20), "green"),
    ]
