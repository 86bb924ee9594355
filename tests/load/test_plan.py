"""Rule next_run against cases worked by hand, and what may never happen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.load.longest import DayKnown, Gaps
from strideload.load.plan import (
    BOUNDS,
    DEFAULTS,
    SORE,
    Noted,
    PastRun,
    PlanSettingOutOfRange,
    PlanSettings,
    next_run,
)
from strideload.load.symptoms import Answers, status
from support.runs import COLOURED, GREEN, known, on, ran

ALL_KNOWN = known(-40, 60)


def past(*runs, every: int = 2):
    """(minutes, colour) each, two days apart, the first on day 0; colour None: nobody answered."""
    return [
        PastRun(ran(every * place, minutes), COLOURED[colour] if colour else None)
        for place, (minutes, colour) in enumerate(runs)
    ]


def plan(*runs, settings=DEFAULTS, days=ALL_KNOWN, day=20, **fields):
    return next_run(on(day), past(*runs), days, settings, **fields)


CASES = [
    ("green twice", [(30, None), (20, "green"), (20, "green")], "longer", 33),
    ("rounded down", [(35, "green"), (35, "green")], "longer", 38),  # 38.5
    ("green once", [(30, None), (20, "green")], "same", 30),
    ("nobody answered", [(30, None), (20, None)], "same", 30),
    ("an answer is open", [(30, "green"), (30, "green"), (20, "open")], "same", 30),
    ("amber", [(40, "green"), (30, "amber")], "repeat", 30),
    ("red", [(40, "green"), (30, "red")], "less", 21),
    ("red, and red again", [(40, "red"), (28, "red")], "less", 19),  # 19.6
    ("amber, then green once", [(30, "amber"), (30, "green")], "repeat", 30),
    ("amber, then nobody answered", [(30, "amber"), (10, None)], "repeat", 30),
    ("amber, then green twice", [(30, "amber"), (30, "green"), (30, "green")], "longer", 33),
    ("amber, then green twice and short", [(30, "amber"), (10, "green"), (10, "green")], "repeat", 30),
    ("red, then green once", [(60, "red"), (42, "green")], "less", 42),
    ("red, then green twice", [(60, "red"), (42, "green"), (42, "green")], "longer", 46),
    ("red, then green twice and short", [(60, "red"), (20, "green"), (20, "green")], "less", 42),
    (
        "amber, grown, and amber again",
        [(30, "amber"), (30, "green"), (30, "green"), (33, "amber")],
        "repeat",
        33,
    ),
    ("amber, grown, and a leap", [(30, "amber"), (30, "green"), (30, "green"), (90, "amber")], "hold", 33),
    (
        "amber, grown, and a leap that was red",
        [(30, "amber"), (30, "green"), (30, "green"), (90, "red")],
        "less",
        23,
    ),
    ("amber, grown, and open", [(30, "amber"), (30, "green"), (30, "green"), (20, "open")], "hold", 33),
    ("red, and a leap that was amber", [(40, "red"), (60, "amber")], "less", 28),
    (
        "red, a leap nobody answered for, green twice",
        [(60, "red"), (55, None), (42, "green"), (42, "green")],
        "longer",
        46,
    ),
    (
        "red, green once, grown from the longest green",
        [(60, "red"), (42, "green"), (30, "green")],
        "longer",
        46,
    ),
    (
        "red again, and only the green ones since it count",
        [(60, "red"), (42, "green"), (42, "green"), (20, "red"), (10, "green"), (12, "green")],
        "less",
        14,
    ),
    ("green, open, green", [(30, "green"), (30, "open"), (30, "green")], "same", 30),
    ("red at once", [(30, "green"), (1, "red")], "less", 0),
    ("a leap that was red", [(45, "green"), (45, "green"), (78, "red")], "less", 34),  # 70 % of 49.5
    ("a leap that was red, and nothing green", [(45, None), (78, "red")], "less", 31),  # 31.5
    ("a leap that was amber", [(30, "green"), (90, "amber")], "hold", 30),
    ("a leap that was amber, after green twice", [(30, "green"), (30, "green"), (90, "amber")], "hold", 33),
    ("nothing known before a red run", [(78, "red")], "less", 54),
    ("a first run", [(12, "green")], "same", 12),
]


@pytest.mark.parametrize(("runs", "outcome", "minutes"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_the_next_run(runs, outcome, minutes):
    found = plan(*runs)
    assert (found.outcome, found.minutes) == (outcome, minutes)
    assert found.evidence == "next_run"


def test_without_a_run_in_thirty_days_there_is_no_figure():
    for found in (plan(), plan((30, "green"), (30, "green"), day=33)):
        assert (found.outcome, found.minutes, found.basis) == ("no_baseline", None, None)
    twice = (30, "green"), (30, "green")  # on 0 and 2
    assert [plan(*twice, day=day).outcome for day in (30, 31, 32, 33)] == [
        "longer",
        "same",
        "same",
        "no_baseline",
    ]


def test_red_offers_a_physiotherapist_and_what_to_do_while_sore():
    red, amber, green = (plan((30, colour)) for colour in ("red", "amber", "green"))
    assert (red.offer_physiotherapist, red.suggestions) == (True, SORE)
    assert (amber.offer_physiotherapist, amber.suggestions) == (False, SORE)
    assert (green.offer_physiotherapist, green.suggestions) == (False, ())


def test_a_sign_takes_the_place_of_what_to_do_while_sore():
    hurt = status(Answers("knee_front_left", 0, 4, 0, 0, signs=frozenset({"locking"})))
    found = next_run(on(4), [PastRun(ran(2, 30), hurt)], ALL_KNOWN)
    assert (found.colours, found.outcome, found.suggestions) == (("amber",), "see_professional", ())


def test_while_the_latest_word_is_strong_pain_no_length_is_given():
    at = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    noted = Noted("0" * 32, "knee_front_left", at, 6, (), at + timedelta(days=1))
    found = plan((30, "green"), (30, "green"), strong=[noted])
    assert (found.outcome, found.minutes, found.basis, found.noted) == ("strong_pain", None, None, (noted,))
    assert plan((30, "green"), strong=[noted], signs=["night_pain"]).outcome == "see_professional"


LOCKING = status(Answers("knee_front_left", 0, 0, 0, 0, signs=frozenset({"locking"})))


def test_with_a_sign_no_length_is_given():
    runs = [PastRun(ran(0, 30), GREEN), PastRun(ran(2, 30), LOCKING)]
    found = next_run(on(4), runs, ALL_KNOWN)
    assert (found.outcome, found.minutes, found.signs) == ("see_professional", None, ("locking",))
    not_answered = [*runs, PastRun(ran(4, 30))]
    assert next_run(on(6), not_answered, ALL_KNOWN).outcome == "see_professional"
    answered = [*runs, PastRun(ran(4, 30), GREEN)]
    assert next_run(on(6), answered, ALL_KNOWN).minutes == 33
    assert next_run(on(6), answered, ALL_KNOWN, signs=["night_pain"]).signs == ("night_pain",)


def test_a_run_without_a_pod_ends_a_row_of_green_ones():
    days = [*ALL_KNOWN, DayKnown(on(3), "ran_without")]
    found = plan((30, "green"), (30, "green"), days=days)  # on 0 and 2
    assert (found.outcome, found.minutes, found.greens_in_row) == ("same", 30, 0)
    assert found.gaps == Gaps(0, 1)
    assert plan((30, "green"), (30, "green"), (30, "green"), (30, "green"), days=days).greens_in_row == 2
    same_day = [*ALL_KNOWN, DayKnown(on(2), "recorded", "ran_without")]
    assert plan((30, "green"), (30, "green"), days=same_day).greens_in_row == 0
    later = [*ALL_KNOWN, DayKnown(on(30), "ran_without")]
    assert plan((30, "green"), (30, "green"), days=later).greens_in_row == 2


def test_days_that_are_not_known_are_counted():
    assert plan((30, "green"), days=known(0, 12)).gaps == Gaps(unknown_days=17, ran_without_days=0)


def test_the_same_again_is_no_minute_less_each_time():
    """The pod lacks a second of each run; after the third, too, it is 15 minutes again."""
    assert plan((14.98, "amber")).minutes == 15
    assert plan((14.98, "amber"), (14.98, "amber"), (14.98, "amber")).minutes == 15
    assert plan((14.98, None)).minutes == 15
    assert plan((14.9, None)).minutes == 14  # six seconds
    assert plan((19.98, "red")).minutes == 14


def test_growth_is_of_what_was_measured_and_never_beyond_the_reference_band():
    assert plan((29.98, "green"), (29.98, "green")).minutes == 32
    assert plan((29.98, "green"), (29.98, "green"), settings=PlanSettings(growth_percent=0)).minutes == 30


def test_a_walk_that_hurt_counts_though_it_has_no_length():
    found = plan((30, "green"), (0, "red"))
    assert (found.outcome, found.minutes, found.offer_physiotherapist) == ("less", 0, True)
    assert plan((0, "green"), (0, "green")).outcome == "no_baseline"


@pytest.mark.parametrize(
    ("runs", "minutes"),
    [
        ([(20, "green"), (0, "amber")], 0),
        ([(20, "green"), (0, "amber"), (0, "green")], 20),
        ([(20, "green"), (0, "amber"), (0, None)], 0),
        ([(20, "green"), (0, "red"), (0, "green")], 14),
        ([(20, "green"), (0, "amber"), (0, "red"), (0, "amber"), (0, "green")], 14),
        ([(20, "green"), (0, "amber"), (10, "amber")], 0),
        ([(20, "green"), (0, "amber"), (10, "amber"), (0, "green")], 10),
        ([(20, "green"), (0, "amber"), (10, "green")], 20),
        ([(20, "green"), (0, "amber"), (60, "amber"), (0, "green")], 20),
    ],
)
def test_after_a_walk_that_hurt_there_is_no_running_until_one_did_not(runs, minutes):
    assert plan(*runs).minutes == minutes


def test_the_figures_can_be_set():
    own = PlanSettings(growth_percent=5, step_down_percent=50, greens_needed=3, set_by="physiotherapist")
    assert plan((40, "green"), (40, "green"), settings=own).minutes == 40
    assert plan((40, "green"), (40, "green"), (40, "green"), settings=own).minutes == 42
    assert plan((40, "red"), settings=own).minutes == 20
    assert plan((40, "red"), settings=own).settings.set_by == "physiotherapist"


@pytest.mark.parametrize("name", BOUNDS)
def test_a_figure_has_bounds(name):
    least, most = BOUNDS[name]
    for value in (least, most):
        assert getattr(PlanSettings(**{name: value}), name) == value
    for value in (least - 1, most + 1, 1.5, True, None):
        with pytest.raises(PlanSettingOutOfRange) as refused:
            PlanSettings(**{name: value})
        assert (refused.value.name, refused.value.least, refused.value.most) == (name, least, most)


runs_of_any_colour = st.lists(
    st.tuples(st.integers(0, 180), st.sampled_from(["green", "amber", "red", "open", None])), max_size=8
)


@settings(max_examples=60, deadline=None)
@given(runs_of_any_colour)
def test_no_more_than_the_growth_over_the_longest_and_never_from_nothing(runs):
    found = plan(*runs)
    longest = max((minutes for minutes, _ in runs), default=0)
    if not longest:
        assert found.minutes is None
    else:
        assert 0 <= found.minutes <= longest * 11 // 10
        assert found.basis in [one.figures for one in past(*runs)]
    if found.outcome == "longer":
        assert [colour for _, colour in runs[-2:]] == ["green", "green"]


@settings(max_examples=60, deadline=None)
@given(runs_of_any_colour, st.integers(1, 180))
def test_a_better_last_run_never_allows_less(runs, minutes):
    allowed = [plan(*runs, (minutes, colour)).minutes for colour in ("red", "amber", "open", "green")]
    assert allowed == sorted(allowed)


@settings(max_examples=60, deadline=None)
@given(runs_of_any_colour, st.sampled_from(["amber", "red"]), st.integers(1, 180), st.integers(1, 120))
def test_a_longer_run_that_hurt_never_allows_more_than_was_allowed_before_it(runs, colour, minutes, leap):
    before = plan(*runs)
    hurt = plan(*runs, (minutes, colour))
    assert hurt.minutes <= (minutes if before.minutes is None else before.minutes)
    if before.minutes is not None and minutes > before.minutes:
        assert plan(*runs, (minutes + leap, colour)).minutes == hurt.minutes


def test_what_was_allowed_before_a_leap_is_known_though_its_runs_are_older_than_thirty_days():
    runs = [(30, "green"), (30, "green"), (78, "red")]
    assert plan(*runs, day=30).minutes == 23
    assert plan(*runs, day=33).minutes == 23  # only the leap lies within


def test_what_is_older_than_sixty_days_changes_nothing_however_far_back_is_read():
    """Whoever is on a ladder has more days read than others. The red run of day 72 left 42 of its own 60 minutes."""
    runs = [
        PastRun(ran(day, minutes), COLOURED[colour])
        for day, minutes, colour in [(42, 30, "red"), (72, 60, "red"), (93, 90, "amber")]
    ]
    for read in (runs, runs[1:]):
        found = next_run(on(120), read, known(-40, 121))
        assert (found.outcome, found.minutes) == ("less", 42)


@settings(max_examples=60, deadline=None)
@given(runs_of_any_colour, st.integers(0, 29), st.integers(1, 30))
def test_more_growth_never_allows_less(runs, growth, more):
    low = plan(*runs, settings=PlanSettings(growth_percent=growth))
    high = plan(*runs, settings=PlanSettings(growth_percent=min(30, growth + more)))
    assert (low.minutes or 0) <= (high.minutes or 0)


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(4)))
def test_the_order_that_runs_come_in_changes_nothing(order):
    runs = past((30, "green"), (40, "red"), (20, "green"), (20, "open"))
    assert next_run(on(9), [runs[i] for i in order], ALL_KNOWN) == next_run(on(9), runs, ALL_KNOWN)


def test_a_run_of_this_morning_counts():
    runs = past((30, "green"))
    today = PastRun(ran(20, 50, hour=7), GREEN)
    assert next_run(on(20), [*runs, today], ALL_KNOWN).minutes == 55
    assert next_run(on(20), [*runs, replace(today, status=None)], ALL_KNOWN).minutes == 50
