"""Rules in a runner's words: what is so, with its unit; never a promise, never an alarm."""

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.load import ladder
from strideload.load.cadence import OwnCadence
from strideload.load.cadence import target as target_of
from strideload.load.evidence import RULES
from strideload.load.longest import MEASURES, Conditions, DayKnown, compare
from strideload.load.plan import DEFAULTS, PastRun, PlanSettings, next_run
from strideload.load.shoes import ShoeAssigned, mileage
from strideload.load.strength import GROUPS, Exercise, StrengthSession, coverage
from strideload.load.symptoms import FELT, SIGNS, SITES, Answers, ReasonKind, status
from strideload.load.trend import DayAmount, ewma, week_over_week
from strideload.words import plan, rules, symptoms, training
from strideload.words.numbers import THIN_SPACE
from support.runs import AMBER, COLOURED, GREEN, RED, known, on, ran

NEVER = ("risk", "safe", "score", "prevent", "treat", "diagnos", "streak", "!", "nan", "None")
ALL_KNOWN = known(-40, 40)


def plain(text: str) -> str:
    assert not [word for word in NEVER if word in text], text
    return text.replace(THIN_SPACE, " ")


def said(minutes, *before, days=ALL_KNOWN, measure="duration", **fields):
    runs = [ran(day, length, distance_m=length * 200) for day, length in enumerate(before)]
    return compare(ran(20, minutes, distance_m=minutes * 200, **fields), runs, days)[measure]


@pytest.mark.parametrize(
    ("minutes", "sentence"),
    [
        (112, "12 % longer than your longest run in 30 days."),
        (110, "10 % longer than your longest run in 30 days."),
        (110.01, "Just over 10 % longer than your longest run in 30 days."),
        (109.99, "Just under 10 % longer than your longest run in 30 days."),
        (130.2, "Just over 30 % longer than your longest run in 30 days."),
        (200, "100 % longer than your longest run in 30 days."),
        (200.3, "Just over 100 % longer than your longest run in 30 days."),
        (320, "3.2 times as long as your longest run in 30 days."),
        (100, "As long as your longest run in 30 days."),
        (100.4, "As long as your longest run in 30 days."),
        (60, "40 % shorter than your longest run in 30 days."),
        (0.1, "99 % shorter than your longest run in 30 days."),
    ],
)
def test_a_run_beside_the_longest(minutes, sentence):
    assert plain(rules.comparison(said(minutes, 100))) == sentence


@pytest.mark.parametrize(
    ("measure", "more", "less"),
    [
        ("steps", "12 % more steps than in your run with the most", "12 % fewer steps than"),
        ("impact", "12 % more impact load than in your run with the most", "12 % less impact load than"),
        ("distance", "12 % farther than your farthest run", "12 % less far than your farthest run"),
    ],
)
def test_other_measures_have_their_own_words(measure, more, less):
    assert plain(rules.comparison(said(112, 100, measure=measure))) == f"{more} in 30 days."
    assert plain(rules.comparison(said(88, 100, measure=measure))).startswith(less)


def test_without_a_baseline_no_number_is_said():
    assert (
        rules.comparison(said(30)) == "No baseline: no run with a known running time in the 30 days before."
    )
    assert rules.band(said(30)) is None
    steps = rules.comparison(said(30, measure="steps"))
    assert steps == "No baseline: no run with a known number of steps in the 30 days before."
    nothing = said(30, 30, measure="impact", impact_sum_g=None)
    assert rules.comparison(nothing) == "The impact load of this run is not known."


def test_days_that_are_not_known_are_said():
    days = [*known(-10, 12), DayKnown(on(13), "ran_without"), *known(14, 16)]
    compared = said(112, 100, days=days)
    assert plain(rules.comparison(compared)) == "12 % longer than your longest known run in 30 days."
    assert rules.remarks(compared) == [
        "3 of the 30 days are not known.",
        "1 day with a run without the pod, of unknown length.",
        "Not noted in both: pods or their settings, mount, surface and shoe.",
    ]


def test_other_conditions_and_estimates_are_said():
    here = Conditions(mount="laces", surface="road", shoe="blue")
    before = [ran(0, 30, conditions=replace(here, shoe="red", surface="trail"))]
    compared = compare(ran(9, 30, conditions=here, steps_estimated=5100), before, ALL_KNOWN)["steps"]
    assert rules.remarks(compared) == [
        "Estimated: one pod stood for both feet.",
        "Not alike in surface and shoe.",
        "Not noted in both: pods or their settings.",
    ]


def test_the_band_has_its_interval_and_says_where_it_is_unvalidated():
    found = plain(rules.band(said(112, 100, measure="distance")))
    assert found == (
        "Runs 10 to 30 % longer than the longest of 30 days: hazard rate ratio of self-reported overuse injury 1.64 "
        "against the reference (95 % interval 1.31 to 2.05)."
    )
    assert plain(rules.band(said(112, 100, measure="impact"))) == (
        f"{found} The study was on distance; on impact load this is unvalidated."
    )
    reference = plain(rules.band(said(100, 100, measure="distance")))
    assert reference == "Runs up to 10 % longer than the longest of 30 days: the study's reference."
    assert "more than 100 % longer" in plain(rules.band(said(201, 100)))


def weeks(before, this):
    values = [*[before] * 7, *this]
    return [DayAmount(on(n), "unknown" if v is None else "recorded", v) for n, v in enumerate(values)]


@pytest.mark.parametrize(
    ("before", "this", "sentence"),
    [
        (100, [112] * 7, "12 % more running time in these 7 days than in the 7 before."),
        (100, [88] * 7, "12 % less running time in these 7 days than in the 7 before."),
        (100, [100] * 7, "As much running time in these 7 days as in the 7 before."),
        (
            100,
            [200] * 6 + [None],
            "71 % more running time in these 7 days than in the 7 before. Or more: 1 day of them not known.",
        ),
        (0, [100] * 7, "No running time in the 7 days before, so nothing to compare with."),
        (None, [100] * 7, "How the running time of these 7 days compares is not known."),
    ],
)
def test_weeks(before, this, sentence):
    assert plain(rules.week_over_week(week_over_week(on(13), weeks(before, this)), "duration")) == sentence


def test_a_week_after_one_with_gaps_may_be_less():
    found = week_over_week(on(13), weeks(100, [100] * 7)[1:])
    assert plain(rules.week_over_week(found, "steps")) == (
        "17 % more steps in these 7 days than in the 7 before. Or less: 1 day of those before not known."
    )


def test_an_average_says_how_much_of_it_is_known():
    first, *_, last = ewma(weeks(100, [100] * 7), 7)
    assert plain(rules.average(first, "duration")) == (
        "The 7-day average of running time is not shown: 25 % of its weight is known."
    )
    assert (
        plain(rules.average(last, "duration"))
        == "The 7-day average of running time: 98 % of its weight is known."
    )


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_its_evidence_in_words(rule):
    assert plain(rules.evidence(rule)).endswith(".")


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            GREEN,
            "Green: pain 2 during the run, no more than 2; pain 1 at 60 minutes, no higher than the 1 before the run; "
            "pain 1 next morning, no higher than the 1 before the run.",
        ),
        (
            AMBER,
            "Amber: pain 4 during the run, more than 2; pain 2 at 60 minutes, higher than the 1 before the run.",
        ),
        (RED, "Red: pain 3 next morning, higher than the 1 before the run."),
        (
            status(Answers("other", during=6, felt=frozenset({"limp"}))),
            "Red: pain 6 during the run, 6 or more; it made you limp.",
        ),
        (
            status(Answers("other", 1, 4)),
            "Open: pain 4 during the run, more than 2; not answered yet: 60 minutes after, next morning.",
        ),
    ],
)
def test_a_status(found, sentence):
    assert plain(symptoms.status(found)) == sentence


def test_signs_give_the_advice():
    assert symptoms.signs(["swelling", "locking"]) == "Swelling, it locks. See a physiotherapist or doctor."
    assert symptoms.signs([]) is None


def test_every_word_of_the_diary_has_a_name():
    assert set(symptoms.FELT) == set(FELT)
    assert set(symptoms.SIGNS) == set(SIGNS)
    assert list(symptoms.SITE_NAMES) == list(SITES)
    assert len(set(symptoms.SITE_NAMES.values())) == len(SITES)
    assert symptoms.site("knee_front_left") == "front of the left knee"
    assert set(training.GROUPS) == set(GROUPS)


pain = st.none() | st.integers(0, 10)


@settings(max_examples=50, deadline=None)
@given(pain, pain, pain, pain, st.frozensets(st.sampled_from(FELT), max_size=3))
def test_every_reason_has_words(before, during, at_60_min, morning, felt):
    found = status(Answers("other", before, during, at_60_min, morning, felt))
    plain(symptoms.status(found))
    for one in found.reasons:
        assert plain(symptoms.reason(one))
        assert one.kind in get_args(ReasonKind)


def plan_of(*runs, settings=DEFAULTS, days=ALL_KNOWN, **fields):
    past = [PastRun(ran(2 * n, minutes), COLOURED[colour]) for n, (minutes, colour) in enumerate(runs)]
    return next_run(on(20), past, days, settings, **fields)


@pytest.mark.parametrize(
    ("runs", "sentence"),
    [
        (
            [(30, "green"), (20, "green")],
            "Up to 33 min of running, easy: 10 % over your run of Mon 2 Mar, after 2 green runs in a row.",
        ),
        (
            [(30, "green")],
            "Up to 30 min of running, easy: no longer than your longest run in 30 days, until 2 in a row are green.",
        ),
        ([(30, "amber")], "Up to 30 min of running, easy: the same as on Mon 2 Mar, which was amber."),
        ([(30, "red")], "Up to 21 min of running, easy: 30 % less, after the red run of Mon 2 Mar."),
        ([(1, "red")], "No running, a walk: 30 % less, after the red run of Mon 2 Mar."),
        (
            [],
            "No baseline, so no figure: no run is known in the last 30 days. The walk-run ladder is a start.",
        ),
    ],
)
def test_a_plan(runs, sentence):
    assert plain(plan.next_run(plan_of(*runs))) == sentence


def test_what_belongs_to_a_plan():
    own = PlanSettings(step_down_percent=50, set_by="physiotherapist")
    found = plan.remarks(plan_of((30, "red"), settings=own, days=known(-10, 17)))
    assert [plain(one) for one in found] == [
        "A physiotherapist can look at it with you.",
        "2 of the 30 days are not known.",
        "Figures set by the physiotherapist: 10 % more after 2 green, 50 % less after red.",
    ]
    assert plain(plan.next_run(plan_of((30, "green"), signs=["night_pain"]))) == (
        "No figure while there is: pain at night. See a physiotherapist or doctor."
    )
    assert set(plan.SUGGESTIONS) == set(plan_of((30, "red")).suggestions)
    assert all(plain(sentence) for sentence in plan.SUGGESTIONS.values())


def test_the_ladder():
    assert plain(plan.level(0, ladder.LEVELS[0])) == "Level 0: 30 min walking"
    assert (
        plain(plan.level(9, ladder.LEVELS[9]))
        == "Level 9: (9 min running + 1 min walking) \N{MULTIPLICATION SIGN} 3"
    )
    assert plain(plan.level(10, ladder.LEVELS[10])) == "Level 10: 30 min running"
    settings = ladder.LadderSettings(start_level=10)
    stands = ladder.standing([ladder.LadderSession(on(2 * n), 10, "green") for n in range(2)], settings)
    assert plain(plan.standing(stands)) == "Level 10 of 10: 30 min running; 2 of 3 sessions."
    assert [plain(one) for one in plan.what_next(stands)] == [
        "The last session counts.",
        "Next: 30 min running, from Fri 6 Mar on.",
    ]
    done = ladder.standing([ladder.LadderSession(on(2 * n), 10, "green") for n in range(3)], settings)
    assert plain(plan.standing(done)) == "Level 10 of 10: 30 min running. The ladder is done."


@pytest.mark.parametrize("verdict", get_args(ladder.Verdict))
def test_every_verdict_has_words(verdict):
    sessions = {
        "counted": [ladder.LadderSession(on(0), 4, "green")],
        "open": [ladder.LadderSession(on(0), 4, "open")],
        "amber": [ladder.LadderSession(on(0), 4, "amber")],
        "red": [ladder.LadderSession(on(0), 4, "red")],
        "not_done": [ladder.LadderSession(on(0), 4, "green", done=False)],
        "no_rest_before": [ladder.LadderSession(on(n), 4, "green") for n in range(2)],
        "other_level": [ladder.LadderSession(on(0), 5, "green")],
        "pain_at_entry": [ladder.LadderSession(on(0), 0, "green", pain_during=1)],
    }[verdict]
    start = 0 if verdict == "pain_at_entry" else 4
    found = ladder.standing(sessions, ladder.LadderSettings(start_level=start))
    assert found.last_verdict == verdict
    assert all(plain(one) for one in [plan.standing(found), *plan.what_next(found)])


def test_moves_on_the_ladder():
    lowest = ladder.standing([ladder.LadderSession(on(0), 0, "red")])
    assert (
        plan.what_next(lowest)[0] == "The last session was red: the same again, as this is the lowest level."
    )
    up = ladder.standing([ladder.LadderSession(on(0), 0, "green")])
    assert plan.what_next(up)[0] == "The last session counts: one level up."
    sign = ladder.standing([ladder.LadderSession(on(0), 0, "red", signs=("swelling",))])
    assert plan.what_next(sign)[-1] == "Swelling. See a physiotherapist or doctor."


def test_strength_shoes_and_cadence():
    done = StrengthSession(
        on(0), (Exercise("quadriceps", 3, 12), Exercise("gluteals", 1), Exercise("hamstrings", 2, 8))
    )
    (week,) = coverage([done], on(0), on(0))
    assert plain(training.strength_week(week)) == "1 session; not logged: calves."
    assert plain(training.group_work(week.groups["quadriceps"])) == "3 sets, 36 repetitions"
    assert plain(training.group_work(week.groups["gluteals"])) == "1 set (1 without a count)"
    assert plain(training.group_work(week.groups["calves"])) == "not logged"
    assert training.strength_week(coverage([], on(0), on(0))[0]) == "No strength session logged."
    (blue,) = mileage(
        [ran(0, 30, steps_estimated=2550)], [ShoeAssigned(on(0), "blue")], [DayKnown(on(1), "ran_without")]
    )
    assert (
        plain(training.mileage(blue)).replace("\N{NO-BREAK SPACE}", " ")
        == "1 outing, 30 min running, 5 100 steps (50 % estimated)"
    )
    assert training.mileage_gaps(blue) == [
        "1 outing without a known distance.",
        "1 day with a run without the pod.",
    ]
    own = OwnCadence(160, "pace", 2.5, 3, 30)
    assert (
        plain(training.own_cadence(own))
        == "160.0 steps/min, the median of 30 minutes of 3 runs near 6:40 a km."
    )
    assert training.own_cadence(own, "miles").endswith("near 10:44 a mile.")
    assert "foot stays longest" in plain(training.own_cadence(replace(own, speed_m_s=None)))
    assert plain(training.own_cadence(None)).startswith("There is no cadence of your own yet")
    assert plain(training.target(target_of(own))) == "171.2 to 176.0 steps/min, 7 to 10 % over your own."


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 600), st.lists(st.floats(0.01, 600), max_size=3), st.booleans())
def test_whatever_the_run_the_words_promise_nothing(minutes, before, all_known):
    for measure in MEASURES:
        compared = said(minutes, *before, days=ALL_KNOWN if all_known else [], measure=measure)
        for sentence in (rules.comparison(compared), rules.band(compared) or ".", *rules.remarks(compared)):
            assert plain(sentence).endswith(".")
