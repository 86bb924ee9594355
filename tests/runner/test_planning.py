"""What comes next, from runs and answers together; and how it is set."""

from datetime import date, timedelta

import pytest

from runner.world import KNEE, RUNNER, World
from strideload.load.ladder import LadderSettings, Level
from strideload.load.plan import SORE, PlanSettings
from strideload.runner import comparing, planning, records
from strideload.runner.planning import LadderPlan, Settings
from strideload.store.plans import PlanChanged
from strideload.words import plan as words


def plan_at(world: World, local: str) -> planning.Plan:
    return planning.read(world.store, RUNNER, world.now(local))[2]


def green(world: World, day: str, minutes: float) -> None:
    world.run(f"{day} 18:00", minutes)
    world.answers(world.runs(day)[-1], 0, 1, 0, 0)


def walk(world: World, day: str) -> None:
    """A quarter of an hour, half a minute of it running, and green."""
    world.walk(f"{day} 12:00", 15, running_s=30)
    world.answers(world.runs(day)[-1], 0, 1, 0, 0)


def test_after_two_green_runs_a_tenth_more(world: World) -> None:
    green(world, "2026-11-16", 20)
    green(world, "2026-11-18", 18)
    found = plan_at(world, "2026-11-20 08:00").next_run
    assert (found.outcome, found.minutes, found.greens_in_row) == ("longer", 22, 2)


def test_a_run_that_nobody_answered_for_is_open(world: World) -> None:
    green(world, "2026-11-16", 20)
    world.run("2026-11-18 18:00", 18)
    found = plan_at(world, "2026-11-20 08:00").next_run
    assert (found.outcome, found.colours) == ("same", ("green", "open"))


def test_a_red_run_steps_down_and_offers_a_physiotherapist(world: World) -> None:
    green(world, "2026-11-16", 20)
    world.run("2026-11-18 18:00", 20)
    world.answers(world.runs("2026-11-18")[0], 0, 4, 2, 3)
    found = plan_at(world, "2026-11-20 08:00").next_run
    assert (found.outcome, found.minutes, found.offer_physiotherapist) == ("less", 14, True)


def test_a_run_that_nobody_answered_for_takes_back_no_offer(world: World) -> None:
    world.run("2026-11-16 18:00", 20)
    world.answers(world.runs("2026-11-16")[0], 0, 4, 2, 3)
    world.run("2026-11-18 18:00", 10)
    found = plan_at(world, "2026-11-20 08:00").next_run
    assert (found.outcome, found.minutes, found.colours) == ("less", 14, ("red", "open"))
    assert (found.offer_physiotherapist, found.suggestions) == (True, SORE)
    green(world, "2026-11-20", 10)
    found = plan_at(world, "2026-11-21 08:00").next_run
    assert (found.offer_physiotherapist, found.suggestions) == (False, ())


def test_walks_allow_no_longer_run(world: World) -> None:
    """With half a minute of hurry in them, and answered for as runs are."""
    walk(world, "2026-11-14")
    walk(world, "2026-11-15")
    found = plan_at(world, "2026-11-16 08:00").next_run
    assert (found.outcome, found.minutes, found.greens_in_row) == ("no_baseline", None, 0)
    green(world, "2026-11-16", 20)
    walk(world, "2026-11-18")
    found = plan_at(world, "2026-11-20 08:00").next_run
    assert (found.outcome, found.minutes, found.greens_in_row) == ("same", 20, 1)


def test_with_a_sign_there_is_no_figure(world: World) -> None:
    green(world, "2026-11-16", 20)
    world.says("other", None, at="2026-11-17 12:00", signs=("giving_way",))
    found = plan_at(world, "2026-11-20 08:00").next_run
    assert (found.outcome, found.minutes, found.signs) == ("see_professional", None, ("giving_way",))


def test_no_figure_from_nothing(world: World) -> None:
    found = plan_at(world, "2026-11-20 08:00")
    assert (found.next_run.outcome, found.next_run.minutes, found.ladder) == ("no_baseline", None, None)


def test_the_plan_is_set_by_runner_or_physiotherapist_and_once(world: World) -> None:
    green(world, "2026-11-16", 20)
    green(world, "2026-11-18", 20)
    wanted = Settings(PlanSettings(growth_percent=5, set_by="physiotherapist"))
    first = planning.set_plan(world.store, RUNNER, wanted, "physiotherapist", None)
    found = plan_at(world, "2026-11-20 08:00")
    assert (found.next_run.minutes, found.settings) == (21, wanted)
    assert planning.set_plan(world.store, RUNNER, wanted, "physiotherapist", None) == first
    with pytest.raises(PlanChanged):
        planning.set_plan(world.store, RUNNER, Settings(), "runner", None)
    planning.set_plan(world.store, RUNNER, Settings(), "runner", first.set_utc_us)
    assert [one.set_by for one in world.store.plans.history(RUNNER)] == ["physiotherapist", "runner"]


LADDER = LadderSettings(levels=(Level(0, 10), Level(2, 3, 2), Level(6, 4), Level(10, 0)))


def on_ladder(world: World, from_date: str, start_level: int = 1) -> None:
    settings = LadderSettings(levels=LADDER.levels, start_level=start_level)
    plan = Settings(ladder=LadderPlan(date.fromisoformat(from_date), settings))
    planning.set_plan(world.store, RUNNER, plan, "runner", None)


def test_three_green_sessions_with_rest_between_lead_one_level_up(world: World) -> None:
    on_ladder(world, "2026-11-10")
    green(world, "2026-11-08", 4)  # before the ladder
    for day in (10, 12, 14):
        green(world, f"2026-11-{day}", 4)
    found = plan_at(world, "2026-11-16 08:00").ladder
    assert found
    assert (found.level, found.counted, found.last_move) == (2, 0, "up")
    assert found.next
    assert found.next.not_before == date(2026, 11, 16)


def test_a_session_that_was_done_is_recommended_whole(world: World) -> None:
    """Fifteen minutes, of which a tenth of a second was not measured."""
    plan = Settings(ladder=LadderPlan(date(2026, 11, 10), LadderSettings(start_level=5)))
    planning.set_plan(world.store, RUNNER, plan, "runner", None)
    green(world, "2026-11-10", 15)
    assert world.runs("2026-11-10")[0].run.running_s == pytest.approx(899.93, abs=0.01)
    found = plan_at(world, "2026-11-11 12:00")
    assert (found.minutes, found.ladder and found.ladder.counted) == (15, 1)
    assert "At most" not in words.recommendation(found.next_run, found.ladder)


def test_a_run_without_a_pod_is_no_rest(world: World) -> None:
    on_ladder(world, "2026-11-10")
    for day in (10, 12, 14):
        green(world, f"2026-11-{day}", 4)
    for day in (9, 13, 15):
        world.store.note_day(RUNNER, date(2026, 11, day), "ran_without")
    found = plan_at(world, "2026-11-16 08:00").ladder
    assert found
    assert (found.level, found.counted, found.last_verdict) == (1, 2, "no_rest_before")
    assert found.next
    assert found.next.not_before == date(2026, 11, 17)


def test_a_walk_on_a_day_off_is_rest_unless_it_hurt(world: World) -> None:
    on_ladder(world, "2026-11-10")
    green(world, "2026-11-10", 4)
    walk(world, "2026-11-11")
    green(world, "2026-11-12", 4)
    found = plan_at(world, "2026-11-14 08:00").ladder
    assert found
    assert (found.level, found.counted, found.last_verdict) == (1, 2, "counted")
    world.walk("2026-11-13 12:00", 15)
    world.answers(world.runs("2026-11-13")[0], 0, 4, 2, 3)
    found = plan_at(world, "2026-11-15 08:00").ladder
    assert found
    assert (found.level, found.counted, found.last_verdict) == (0, 0, "red")


def test_a_run_beyond_the_level_does_not_count_for_it(world: World) -> None:
    on_ladder(world, "2026-11-10")
    green(world, "2026-11-10", 10)
    found = plan_at(world, "2026-11-12 08:00").ladder
    assert found
    assert (found.level, found.counted, found.last_verdict) == (1, 0, "other_level")


@pytest.mark.parametrize(
    ("minutes", "counts"),
    [(24.2, False), (24.4, True), (27.2, True), (28.4, True), (28.7, False), (31, False)],
)
def test_a_session_is_of_the_level_that_it_is_nearest_to(world: World, minutes: float, counts: bool) -> None:
    """Level 9 has 27 minutes of running, of which 24.3 are enough, and level 10 has 30."""
    on = LadderPlan(date(2026, 11, 10), LadderSettings(start_level=9))
    planning.set_plan(world.store, RUNNER, Settings(ladder=on), "runner", None)
    green(world, "2026-11-10", minutes)
    found = plan_at(world, "2026-11-12 08:00").ladder
    assert found
    assert found.counted == counts


def test_a_ladder_is_over_and_not_begun_anew_once_it_is_not_read_whole(world: World) -> None:
    on_ladder(world, "2025-11-10", start_level=1)
    for day in ("2025-11-10", "2025-11-12", "2025-11-14"):
        green(world, day, 4)
    last_day = date(2025, 11, 10) + planning.LADDER_LASTS
    found = plan_at(world, f"{last_day} 12:00").ladder
    assert found
    assert found.level == 2
    after = plan_at(world, f"{last_day + timedelta(days=1)} 12:00")
    assert (after.ladder, after.next_run.outcome) == (None, "no_baseline")


def test_a_red_session_leads_one_level_down(world: World) -> None:
    on_ladder(world, "2026-11-10", start_level=2)
    world.run("2026-11-10 18:00", 6)
    world.answers(world.runs("2026-11-10")[0], 0, 7)
    found = plan_at(world, "2026-11-12 08:00").ladder
    assert found
    assert (found.level, found.last_verdict, found.offer_physiotherapist) == (1, "red", True)


def test_a_run_on_the_eve_of_the_ladder_is_no_day_without_rest(world: World) -> None:
    """So the third session led one level up already."""
    on_ladder(world, "2026-11-10", start_level=1)
    green(world, "2026-11-09", 4)
    for day in (10, 12, 14, 16, 18):
        green(world, f"2026-11-{day}", 4)
    found = plan_at(world, "2026-11-20 08:00").ladder
    assert found
    assert (found.level, found.counted, found.last_verdict) == (2, 0, "not_done")


def test_a_ladder_that_is_longer_than_30_days_is_read_whole(world: World) -> None:
    on_ladder(world, "2026-08-01")
    first = date(2026, 8, 1)
    for n in range(3):
        green(world, f"{first + timedelta(days=2 * n)}", 4)
    found = plan_at(world, "2026-11-16 08:00").ladder
    assert found
    assert found.level == 2


def test_a_run_is_set_beside_the_longest_of_the_30_days_before_it(world: World) -> None:
    world.run("2026-10-20 18:00", 30)  # 31 days before
    world.run("2026-11-01 18:00", 10)
    world.run("2026-11-20 07:00", 6)
    world.run("2026-11-20 18:00", 11)
    found = comparing.of_day(world.read("2026-11-20"), date(2026, 11, 20))
    assert found
    assert (found.measure, found.run.start_utc_us) == ("duration", world.us("2026-11-20 18:00"))
    assert found.first.ratio == pytest.approx(1.1, abs=0.003)
    assert found.first.gaps.unknown_days == 29
    assert comparing.of_day(world.read("2026-11-19"), date(2026, 11, 19)) is None


def test_a_run_over_midnight_is_compared_whole(world: World) -> None:
    world.run("2026-11-01 18:00", 10)
    world.run("2026-11-20 23:55", 10)
    found = comparing.of_day(world.read("2026-11-20"), date(2026, 11, 20))
    assert found
    assert found.first.ratio == pytest.approx(1, abs=0.003)


def test_the_diary_is_left_out_where_it_was_not_asked_for(world: World) -> None:
    world.run("2026-11-20 18:00")
    world.says("during", 3, run=world.runs("2026-11-20")[0], site=KNEE)
    day = date(2026, 11, 20)
    found = records.read(world.store, RUNNER, day, day, world.now("2026-11-20 20:00"), diary=False)
    assert (found.entries, found.plan, len(found.runs)) == ([], None, 1)


def test_a_leap_earns_nothing_though_the_runs_before_it_are_older_than_30_days(world: World) -> None:
    green(world, "2026-10-17", 10)
    green(world, "2026-10-18", 10)
    world.run("2026-10-22 18:00", 17)
    world.answers(world.runs("2026-10-22")[0], 0, 7)
    found = plan_at(world, "2026-11-20 08:00").next_run
    assert (found.outcome, found.minutes, len(found.colours)) == ("less", 7, 1)


def test_while_the_latest_word_of_a_site_is_strong_pain_no_minutes_are_offered(world: World) -> None:
    green(world, "2026-11-16", 20)
    entry = world.says("other", 9, at="2026-11-19 19:13")
    for day in ("2026-11-19 19:20", "2026-11-20 08:00"):
        found = plan_at(world, day)
        assert (found.next_run.outcome, found.minutes, found.next_run.noted[0].entry) == (
            "strong_pain", None, entry.id,
        )  # fmt: skip
        assert words.recommendation(found.next_run, found.ladder).startswith(
            "Pain 9 at the front of the left knee, Thu 19 Nov, 19:13: no figure while that is the latest word of it, "
            "until Fri 20 Nov, 19:13 at the longest."
        )
    assert plan_at(world, "2026-11-20 20:00").minutes == 20
    world.says("other", 3, at="2026-11-20 07:00")
    assert plan_at(world, "2026-11-20 08:00").minutes == 20


def test_on_a_ladder_strong_pain_comes_before_its_session(world: World) -> None:
    on_ladder(world, "2026-11-10")
    world.says("other", 6, at="2026-11-19 19:13")
    found = plan_at(world, "2026-11-19 20:00")
    assert found.minutes is None
    assert words.recommendation(found.next_run, found.ladder).startswith("Pain 6 at")


def test_a_sign_says_its_entry_and_when_it_ends(world: World) -> None:
    green(world, "2026-11-16", 20)
    apart = world.says("other", None, at="2026-11-17 12:00", signs=("giving_way",))
    (run,) = world.runs("2026-11-16")
    of_run = world.says("other", None, run=run, signs=("swelling",))
    found = plan_at(world, "2026-11-20 08:00").next_run
    assert [(one.entry, one.ends and one.ends.date()) for one in found.noted] == [
        (apart.id, date(2026, 12, 17)),
        (of_run.id, None),
    ]
    assert words.told(found) == [
        "Noted of the front of the left knee, Tue 17 Nov, 12:00: it holds until Thu 17 Dec, or until the entry is "
        "changed or taken back.",
        "Noted of the front of the left knee, Mon 16 Nov, 18:20: it holds until the next run is answered for without "
        "it, or until the entry is changed or taken back.",
    ]
    assert plan_at(world, "2026-12-17 11:59").next_run.signs == ("giving_way",)
    assert plan_at(world, "2026-12-17 12:01").next_run.signs == ()


def test_a_run_of_the_day_before_the_ladder_was_begun_is_no_session_of_it(world: World) -> None:
    green(world, "2026-11-10", 10)
    settings = LadderSettings(levels=LADDER.levels, start_level=1)
    begun = LadderPlan(date(2026, 11, 10), settings, world.us("2026-11-10 20:00"))
    planning.set_plan(world.store, RUNNER, Settings(ladder=begun), "runner", None)
    found = plan_at(world, "2026-11-10 21:00")
    assert found.settings.ladder == begun
    assert found.ladder
    assert (found.ladder.last_verdict, found.ladder.counted) == (None, 0)
    green(world, "2026-11-11", 4)
    found = plan_at(world, "2026-11-12 08:00")
    assert found.ladder
    assert (found.ladder.last_verdict, found.ladder.counted) == ("counted", 1)


def test_on_a_ladder_its_session_is_what_is_recommended(world: World) -> None:
    green(world, "2026-11-08", 3)
    on_ladder(world, "2026-11-10", start_level=1)
    less = plan_at(world, "2026-11-12 08:00")
    assert (less.next_run.minutes, less.minutes) == (3, 3)
    said = words.recommendation(less.next_run, less.ladder)
    assert said.startswith("Level 1 of 3:")
    assert "At most 3" in said
    green(world, "2026-11-09", 20)
    enough = plan_at(world, "2026-11-12 08:00")
    assert (enough.next_run.minutes, enough.minutes) == (22, 4)
    assert "At most" not in words.recommendation(enough.next_run, enough.ladder)
