"""Answers are joined to the run that they are about, and what is due is asked for, whatever the clock did."""

from datetime import date

import pytest

from runner.world import KNEE, RUNNER, Make, World
from strideload.runner import diary
from strideload.runner.runs import RunRecord
from strideload.store.diary import Saying, When
from strideload.store.ids import new_id
from strideload.words import symptoms

HIP = "hip_left"


def colours(found: diary.Diary) -> list[str | None]:
    return [one.status.colour if one.status else None for one in found.of_runs]


def course(found: diary.Diary, site: str = KNEE) -> diary.Course:
    (only,) = [one for run in found.of_runs for one in run.courses if one.site == site]
    return only


def pains(found: diary.Course) -> list[int | None]:
    return [answer.pain for answer in found.answers]


def asked(found: diary.Course) -> list[str]:
    return [answer.asked for answer in found.answers]


def test_the_next_mornings_answer_turns_a_run_green(world: World) -> None:
    world.run("2026-11-20 18:00")
    (run,) = world.runs("2026-11-20")
    world.answers(run, 1, 2, 1)
    evening = world.diary("2026-11-20 20:00")
    assert (colours(evening), pains(course(evening))) == (["open"], [1, 2, 1, None])
    world.answers(run, None, None, None, 1)
    assert colours(world.diary("2026-11-21 08:00")) == ["green"]


def test_each_answer_is_asked_for_once_it_can_be_known(world: World) -> None:
    world.says("other", 1, at="2026-11-15 12:00")
    world.run("2026-11-20 18:00", 10)

    def now(local: str) -> list[str]:
        return asked(course(world.diary(local)))

    assert now("2026-11-20 18:30") == ["due", "due", "later", "later"]
    assert now("2026-11-20 19:09") == ["due", "due", "later", "later"]
    assert now("2026-11-20 19:11") == ["due", "due", "due", "later"]
    assert now("2026-11-21 04:59") == ["due", "due", "due", "later"]
    assert now("2026-11-21 05:00") == ["due"] * 4
    (run,) = world.runs("2026-11-20")
    world.answers(run, None, 2)
    assert now("2026-11-21 05:00") == ["due", "answered", "due", "due"]
    # Two days on nobody is asked, and an answer still counts.
    assert now("2026-11-22 18:11") == ["missed", "answered", "missed", "missed"]
    world.answers(run, 0, None, 0, 0)
    assert colours(world.diary("2026-11-23 12:00")) == ["green"]


@pytest.mark.parametrize(
    ("begins", "minutes", "due"),
    [
        ("2026-11-20 06:00", 10, "2026-11-21 05:00"),
        ("2026-11-20 23:50", 20, "2026-11-21 05:00"),  # over midnight
        ("2026-11-21 02:30", 10, "2026-11-21 05:00"),  # a short night
        ("2026-11-21 03:30", 10, "2026-11-22 05:00"),  # an early bird
        ("2026-03-28 18:00", 10, "2026-03-29 05:00"),  # a night of 23 hours
        ("2026-10-24 18:00", 10, "2026-10-25 05:00"),  # and of 25
    ],
)
def test_the_next_morning_is_the_one_after_the_run(
    world: World, begins: str, minutes: float, due: str
) -> None:
    world.run(begins, minutes)
    (run,) = world.runs(begins[:10])
    found = world.diary(f"{due[:10]} 12:00")
    assert diary.moment_utc_us(run, "next_morning", found.records.zones) == world.us(due)


def test_on_a_journey_the_next_morning_is_where_the_runner_woke(make: Make) -> None:
    world = make("Asia/Tokyo")
    world.store.set_zone(RUNNER, date(2026, 11, 21), "Europe/Berlin")
    world.run("2026-11-20 18:00", 10)
    (run,) = world.runs("2026-11-20")
    found = world.diary("2026-11-21 12:00")
    # 05:00 in Berlin is 13:00 in Tokyo.
    assert diary.moment_utc_us(run, "next_morning", found.records.zones) == world.us("2026-11-21 13:00")


@pytest.mark.parametrize("asked_of", [0, 1])
def test_what_was_said_of_a_morning_holds_for_both_runs_of_the_day_before(
    world: World, asked_of: int
) -> None:
    world.run("2026-11-20 07:00")
    world.run("2026-11-20 18:00")
    runs = world.runs("2026-11-20")
    for run in runs:
        world.answers(run, 0, 1, 0)
    world.answers(runs[asked_of], None, None, None, 0)
    found = world.diary("2026-11-21 08:00")
    assert (colours(found), found.due) == (["green", "green"], [])


def test_an_answer_of_its_own_goes_before_that_of_the_days_other_run(world: World) -> None:
    world.run("2026-11-20 07:00")
    world.run("2026-11-20 18:00")
    first, second = world.runs("2026-11-20")
    world.answers(second, 0, 1, 0, 1)
    world.answers(first, 0, 1, 0, 0)
    assert colours(world.diary("2026-11-21 08:00")) == ["green", "red"]


def test_an_answer_finds_its_run_wherever_the_start_of_that_has_moved(world: World) -> None:
    """The other foot's pod, which synced later, began some minutes sooner."""
    world.run("2026-11-20 18:05", 10)
    (run,) = world.runs("2026-11-20")
    world.answers(run, 1, 2, 1, 1)
    world.run("2026-11-20 18:00", 10, pod="bb" * 8)
    found = world.diary("2026-11-21 08:00")
    assert found.records.runs[-1].start_utc_us == world.us("2026-11-20 18:00")
    assert (colours(found), found.apart) == (["green"], [])


def test_what_was_said_before_the_pod_knew_the_time_is_of_its_run_once_that_comes(world: World) -> None:
    world.run("2026-11-20 18:00", 10, anchored=False)
    for moment, at, pain in (
        ("before", "2026-11-20 17:30", 1),
        ("during", "2026-11-20 18:20", 2),
        ("at_60_min", "2026-11-20 19:15", 1),
        ("next_morning", "2026-11-21 07:00", 1),
    ):
        world.says(moment, pain, at=at)
    assert len(world.diary("2026-11-21 08:00").apart) == 4
    world.learns_the_time("2026-11-21 09:00")
    found = world.diary("2026-11-21 10:00")
    assert (colours(found), pains(course(found)), found.apart) == (["green"], [1, 2, 1, 1], [])


@pytest.mark.parametrize(
    ("moment", "at", "is_of_it"),
    [
        ("before", "2026-11-20 11:59", False),
        ("before", "2026-11-20 12:00", True),
        ("other", "2026-11-21 06:10", True),
        ("other", "2026-11-21 06:11", False),
        ("next_morning", "2026-11-22 06:10", True),
        ("next_morning", "2026-11-22 06:11", False),
    ],
)
def test_what_names_no_run_is_of_one_that_is_near_enough(
    world: World, moment: When, at: str, is_of_it: bool
) -> None:
    world.run("2026-11-20 18:00", 10)
    (run,) = world.runs("2026-11-20")
    since_end_us = world.us(at) - world.us("2026-11-20 18:10")
    about = run.end_utc_us + since_end_us if moment != "before" else world.us(at)
    entry = world.store.diary.write(RUNNER, new_id(), 0, Saying(KNEE, moment, 1, about), about)
    found = world.diary("2026-11-22 12:00")
    assert found.apart == ([] if is_of_it else [entry])


@pytest.mark.parametrize(("felt_at", "site"), [("2026-11-06 18:00", HIP), ("2026-11-06 18:01", KNEE)])
def test_what_was_felt_within_two_weeks_is_asked_about(world: World, felt_at: str, site: str) -> None:
    world.says("other", 3, at=felt_at)
    world.says("other", 0, at="2026-11-07 12:00", site=HIP)
    world.run("2026-11-20 18:00")
    found = world.diary("2026-11-20 20:00")
    assert {course.site for course, _ in found.due} == {site}


def test_an_answer_of_a_run_that_is_gone_is_kept_apart_not_lost(world: World) -> None:
    world.run("2026-11-20 18:00")
    (run,) = world.runs("2026-11-20")
    world.answers(run, 1)
    world.store.assign("aa" * 8, RUNNER, "left", 0)
    world.store.ensure_runner("other", "Other", "UTC")
    world.store.assign("aa" * 8, "other", "left", 0)
    found = world.diary("2026-11-21 08:00")
    assert (found.of_runs, len(found.apart)) == ([], 1)


def test_of_two_answers_to_the_same_the_later_word_holds(world: World) -> None:
    world.run("2026-11-20 18:00")
    (run,) = world.runs("2026-11-20")
    for pain in (3, 2):
        saying = Saying(KNEE, "during", pain, run.end_utc_us, run.start_utc_us)
        world.store.diary.write(RUNNER, new_id(), 0, saying, run.end_utc_us + (10 - pain) * 1_000_000)
    assert pains(course(world.diary("2026-11-20 20:00"))) == [None, 2, None, None]


def test_a_site_that_was_felt_is_asked_about_after_the_next_run_and_a_settled_one_no_more(
    world: World,
) -> None:
    for day in (1, 8, 20):
        world.run(f"2026-11-{day:02} 18:00")
    first, second, third = world.runs("2026-11-01", "2026-11-20")
    world.answers(first, 0, 3, 0, 0)
    world.answers(first, 0, 0, 0, 0, site=HIP)
    sites = {
        one.run.date.day: [c.site for c in one.courses]
        for one in world.diary("2026-11-21 08:00", "2026-11-01").of_runs
    }
    assert set(sites[1]) == {KNEE, HIP}
    assert sites[8] == [KNEE]  # felt a week before
    assert len(sites[20]) == 1  # nothing was felt in two weeks: the one last spoken of
    assert (second.date.day, third.date.day) == (8, 20)


def test_nothing_is_asked_of_a_runner_who_never_said_anything(world: World) -> None:
    world.run("2026-11-20 18:00")
    found = world.diary("2026-11-20 20:00")
    assert (found.due, colours(found)) == ([], [None])


def test_signs_apart_from_a_run_are_told_until_they_are_taken_back(world: World) -> None:
    noted = world.says("other", None, at="2026-11-18 12:00", signs=("swelling",))
    assert world.diary("2026-11-20 12:00").signs == ("swelling",)
    world.store.diary.retract(RUNNER, noted.id)
    assert world.diary("2026-11-20 12:00").signs == ()


def test_a_word_of_limping_said_in_the_afternoon_makes_the_run_red(world: World) -> None:
    world.run("2026-11-20 08:00")
    (run,) = world.runs("2026-11-20")
    world.answers(run, 0, 1, 0)
    world.says("other", None, run=run, felt=("limp",))
    assert colours(world.diary("2026-11-20 20:00")) == ["red"]


def test_the_last_tap_holds_and_the_first_stays_in_the_history(world: World) -> None:
    world.run("2026-11-20 18:00")
    found = world.diary("2026-11-20 18:10")
    (run,) = found.records.runs
    entry = new_id()
    for pain in (2, 3, 3):
        saying = diary.saying_of(found.records, run, KNEE, "during", pain, found.now_utc_us)
        diary.tap(world.store, found, entry, run, saying)
    assert [one.saying.pain for one in world.store.diary.history(RUNNER, entry)] == [2, 3]


def test_a_form_that_is_found_again_by_going_back_answers_another_question(world: World) -> None:
    """What it said before stays; and sent twice, or with another level, it is the same answer again."""
    for local in ("2026-11-20 08:00", "2026-11-20 18:00"):
        world.run(local)
    found = world.diary("2026-11-20 20:00")
    first, second = found.records.runs
    entry = new_id()
    for run, site, moment, pain in (
        (second, KNEE, "before", 1),
        (second, KNEE, "during", 3),
        (second, KNEE, "during", 3),
        (first, KNEE, "during", 5),
        (None, HIP, "other", 4),
        (None, HIP, "other", 6),
        (None, KNEE, "other", 2),
    ):
        saying = diary.saying_of(found.records, run, site, moment, pain, found.now_utc_us)  # type: ignore[arg-type]
        diary.tap(world.store, found, entry, run, saying)
    held = world.store.diary.entries(RUNNER, 0, 2**62)
    assert sorted((one.saying.site, one.saying.moment, one.saying.pain, one.version) for one in held) == [
        (HIP, "other", 6, 2), (KNEE, "before", 1, 1), (KNEE, "during", 3, 1), (KNEE, "during", 5, 1),
        (KNEE, "other", 2, 1),
    ]  # fmt: skip


def test_the_diary_of_nobody_else_is_read(world: World) -> None:
    world.store.ensure_runner("other", "Other", "UTC")
    world.run("2026-11-20 18:00")
    (run,) = world.runs("2026-11-20")
    saying = Saying(KNEE, "during", 7, run.end_utc_us, run.start_utc_us)
    world.store.diary.write("other", new_id(), 0, saying, run.end_utc_us)
    found = world.diary("2026-11-20 20:00")
    assert (found.records.entries, colours(found)) == ([], [None])


@pytest.mark.parametrize(("moment", "early", "on_time"), [
    ("at_60_min", "2026-11-20 19:00", "2026-11-20 19:10"),
    ("next_morning", "2026-11-20 20:00", "2026-11-21 05:00"),
])  # fmt: skip
def test_what_has_not_come_is_not_answered(world: World, moment: When, early: str, on_time: str) -> None:
    world.run("2026-11-20 18:00", 10)
    (run,) = world.runs("2026-11-20")
    for of in (run, None):
        found = world.diary(early)
        with pytest.raises(diary.NotYet, match="it can be answered from"):
            diary.saying_of(found.records, of, KNEE, moment, 0, found.now_utc_us)
        saying = Saying(KNEE, moment, 0, found.now_utc_us, of and of.start_utc_us)
        with pytest.raises(diary.NotYet):
            diary.tap(world.store, found, new_id(), of, saying)
    found = world.diary(on_time)
    assert diary.saying_of(found.records, run, KNEE, moment, 0, found.now_utc_us + 60_000_000).pain == 0


def test_a_run_is_not_green_before_its_morning_whatever_was_written(world: World) -> None:
    """As an answer that another device sent early, or one of before the rest of the run came in."""
    world.run("2026-11-20 18:00", 10)
    (run,) = world.runs("2026-11-20")
    world.answers(run, 0, 1, 0, 0)
    evening = world.diary("2026-11-20 20:00")
    assert (colours(evening), course(evening).status.missing) == (["open"], ("next_morning",))
    assert colours(world.diary("2026-11-21 08:00")) == ["green"]
    world.answers(run, None, None, None, 6, site=HIP)
    assert colours(world.diary("2026-11-20 20:00")) == ["red"]  # 6 or more counts at once


def test_a_run_that_is_still_being_recorded_is_not_green(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.run("2026-11-20 18:00", 10)
    (run,) = world.runs("2026-11-20")
    world.answers(run, 0, 1, 0, 0)
    monkeypatch.setattr(RunRecord, "is_open", True)
    found = world.diary("2026-11-21 08:00")
    assert (colours(found), symptoms.status(course(found).status)) == (
        ["open"],
        "Open: the run is still being recorded.",
    )
    # A pod that died tells no end, and its run ended all the same.
    assert colours(world.diary("2026-11-23 12:00")) == ["green"]


def test_strong_pain_at_another_time_makes_the_run_red_within_its_24_hours(world: World) -> None:
    world.run("2026-11-20 08:00", 10)
    (run,) = world.runs("2026-11-20")
    world.answers(run, 0, 1, 0, 0)
    world.says("other", 5, at="2026-11-20 12:00")
    assert colours(world.diary("2026-11-21 08:00")) == ["green"]
    world.says("other", 9, at="2026-11-20 07:00")  # before it
    assert colours(world.diary("2026-11-21 08:00")) == ["green"]
    late = Saying(KNEE, "other", 9, run.end_utc_us + diary.DAY_US + 1, run.start_utc_us)
    world.store.diary.write(RUNNER, new_id(), 0, late, late.about_utc_us)
    assert colours(world.diary("2026-11-21 20:00")) == ["green"]
    world.says("other", 6, at="2026-11-20 14:00")
    found = world.diary("2026-11-21 08:00")
    assert (colours(found), symptoms.status(course(found).status)) == (
        ["red"],
        "Red: pain 6 at another time, 6 or more.",
    )


def test_the_latest_word_of_a_site_within_24_hours_is_what_holds(world: World) -> None:
    world.says("other", 9, at="2026-11-20 19:13")
    world.says("other", 2, at="2026-11-20 19:14", site=HIP)
    (strong,) = world.diary("2026-11-20 20:00").strong
    assert (strong.saying.site, strong.saying.pain) == (KNEE, 9)
    assert len(world.diary("2026-11-21 19:12").strong) == 1
    assert world.diary("2026-11-21 19:13").strong == []
    world.says("other", 5, at="2026-11-20 21:00")
    assert world.diary("2026-11-20 22:00").strong == []


def test_a_diary_says_until_when_it_stands(world: World) -> None:
    """Whatever the moment: one that is made anew before then is the same."""
    world.run("2026-11-20 18:00")
    (run,) = world.runs("2026-11-20")
    world.answers(run, 1, 2)
    world.says("other", 7, at="2026-11-20 19:30", site="calf_left")
    world.says("other", None, at="2026-11-01 12:00", signs=("swelling",))
    found = world.read("2026-11-20")

    def stands(at_utc_us: int) -> tuple[object, int | None]:
        kept = diary.Diary(found, at_utc_us)
        return (kept.of_runs, kept.strong, kept.signs_apart), kept.until_utc_us

    at = run.start_utc_us
    seen = [stands(at)[0]]
    while (until := stands(at)[1]) is not None:
        assert stands((at + until) // 2) == stands(until - 1) == stands(at)
        at = until
        if stands(at)[0] != seen[-1]:
            seen.append(stands(at)[0])
    # The run's end, 60 minutes, the morning and 48 hours; the word and its day; the sign's 30 days.
    assert len(seen) == 1 + 7
    assert stands(at + 10**15)[0] == seen[-1]
