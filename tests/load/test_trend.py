"""Weeks and averages by hand, and what gaps may never do to them."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.load.trend import (
    KNOWN_LEAST,
    SPANS,
    DayAmount,
    ewma,
    week_ending,
    week_over_week,
)
from support.runs import on


def amounts(*values, first=0):
    """A date each: a number is recorded, None unknown, "rest", "alive" and "ran_without" as they say."""
    return [_day(first + place, value) for place, value in enumerate(values)]


def _day(day, value):
    if value is None:
        return DayAmount(on(day), "unknown")
    return DayAmount(on(day), value) if isinstance(value, str) else DayAmount(on(day), "recorded", value)


BOTH = [DayAmount(on(3), "recorded", 50.0, "ran_without")]


def test_a_week_of_a_sunday_is_the_calendars():
    week = week_ending(on(6), amounts(10, "rest", 20, "alive", 30, "rest", 40))
    assert (week.first, week.last) == (date(2026, 3, 2), date(2026, 3, 8))
    assert (week.at_least, week.known_days, week.exact) == (100, 7, True)


@pytest.mark.parametrize("missing", [None, "ran_without"])
def test_a_week_with_a_day_that_is_not_known_is_a_lower_bound(missing):
    week = week_ending(on(6), amounts(10, "rest", 20, missing, 30, "rest", 40))
    assert (week.at_least, week.known_days, week.unknown_days, week.exact) == (100, 6, 1, False)


def test_a_recorded_day_with_a_run_without_a_pod_counts_for_what_was_recorded():
    week = week_ending(on(6), [*amounts(10, 0, 0), *BOTH, *amounts(0, 0, 0, first=4)])
    assert (week.at_least, week.unknown_days) == (60, 1)


def test_a_week_of_which_nothing_is_known_has_no_sum():
    assert week_ending(on(6), []).at_least is None
    assert week_ending(on(6), amounts(*[None] * 7)).at_least is None


FULL, LESS, NOTHING = (10, 10, 10, 10, 10, 10, 10), (10, 10, 10, 10, 10, None, 10), ("rest",) * 7
WEEKS = [
    ("both known", FULL, (20,) * 7, 1.0, "exact"),
    ("a rest week after it", FULL, NOTHING, -1.0, "exact"),
    ("this one has gaps", FULL, LESS, pytest.approx(-1 / 7), "at_least"),
    ("the one before has gaps", LESS, FULL, pytest.approx(1 / 6), "at_most"),
    ("both have gaps", LESS, LESS, None, "not_known"),
    ("nothing before", NOTHING, FULL, None, "nothing_before"),
    ("nothing known before", (None,) * 7, FULL, None, "not_known"),
]


@pytest.mark.parametrize(
    ("before", "this", "change", "bound"), [w[1:] for w in WEEKS], ids=[w[0] for w in WEEKS]
)
def test_week_over_week(before, this, change, bound):
    found = week_over_week(on(13), amounts(*before, *this))
    assert (found.change, found.bound) == (change, bound)


def test_an_average_by_hand():
    """lambda = 2 / 8: a quarter of each new day."""
    found = ewma(amounts(8, 0, 4, "rest", 8), 7)
    assert [one.known_share for one in found] == pytest.approx([1 - 0.75**n for n in range(1, 6)])
    assert [one.value for one in found[:2]] == [None, None]  # 25 and 44 % of the weight are known
    assert found[2].value == pytest.approx((8 * 0.5625 + 0 * 0.75 + 4) / (0.5625 + 0.75 + 1))
    assert found[4].date == on(4)


def test_how_long_it_takes_to_know_enough_and_how_long_it_lasts():
    for span, needed, lasts in ((7, 3, 2), (28, 10, 9)):
        found = ewma(amounts(*[10] * 200, *[None] * 20), span)
        assert [one.value is None for one in found].index(False) == needed - 1
        assert sum(one.value is not None for one in found[200:]) == lasts


def test_dates_that_are_not_listed_are_not_known():
    listed = amounts(10, 10, 10, 10, None, None, 10)
    assert ewma([day for day in listed if day.known != "unknown"], 7) == ewma(listed, 7)
    assert ewma([], 7) == []


def test_a_day_with_a_run_without_a_pod_is_no_lower_amount():
    days = [*amounts(*[90] * 6, first=-3), *BOTH]
    assert ewma(days, 7)[-1].value == pytest.approx(90)


value = st.floats(0, 1e6)
day = st.none() | st.just("rest") | st.just("ran_without") | value
series = st.lists(day, min_size=1, max_size=60)
span = st.sampled_from(SPANS)


@settings(max_examples=60, deadline=None)
@given(series, span)
def test_an_average_lies_within_what_is_known(values, span):
    known = [0.0 if one == "rest" else one for one in values if one not in (None, "ran_without")]
    for one in ewma(amounts(*values), span):
        assert (one.value is not None) == (one.known_share >= KNOWN_LEAST)
        assert 0 <= one.known_share <= 1
        if one.value is not None:
            assert min(known) - 1e-6 <= one.value <= max(known) * (1 + 1e-9) + 1e-6
    if not known:
        assert all(one.value is None for one in ewma(amounts(*values), span))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60), value, span)
def test_a_constant_load_has_that_average_whatever_is_missing(known, constant, span):
    for one in ewma(amounts(*(constant if here else None for here in known)), span):
        assert one.value is None or one.value == pytest.approx(constant)


@settings(max_examples=60, deadline=None)
@given(series, span, st.sampled_from([None, "ran_without"]))
def test_a_day_that_is_not_known_never_changes_an_average(values, span, missing):
    *_, last = ewma(amounts(*values), span)
    *_, after = ewma(amounts(*values, missing), span)
    assert after.known_share < last.known_share or last.known_share == 0
    assert after.value is None or after.value == pytest.approx(last.value)


@settings(max_examples=60, deadline=None)
@given(series, span, st.data())
def test_not_known_never_lowers_an_average_below_that_with_a_rest(values, span, data):
    place = data.draw(st.integers(0, len(values) - 1))
    at = [[*values[:place], what, *values[place + 1 :]] for what in ("rest", None)]
    *_, with_rest = ewma(amounts(*at[0]), span)
    *_, without = ewma(amounts(*at[1]), span)
    if without.value is not None:
        assert with_rest.value <= without.value * (1 + 1e-9) + 1e-9


@settings(max_examples=60, deadline=None)
@given(series, span, st.data())
def test_a_greater_day_never_lowers_an_average(values, span, data):
    place = data.draw(st.integers(0, len(values) - 1))
    low, high = sorted((data.draw(value), data.draw(value)))
    both = [ewma(amounts(*values[:place], one, *values[place + 1 :]), span)[-1].value for one in (low, high)]
    assert both[0] is None or both[0] <= both[1] * (1 + 1e-9) + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.lists(day, min_size=14, max_size=14), st.data())
def test_what_becomes_known_stays_within_the_bound(values, data):
    found = week_over_week(on(13), amounts(*values))
    learned = [data.draw(value) if one in (None, "ran_without") else one for one in values]
    then = week_over_week(on(13), amounts(*learned))
    assert (found.this.at_least or 0) <= then.this.at_least + 1e-6
    if found.change is None or then.change is None:
        return
    if found.bound == "at_least":
        assert then.change >= found.change - 1e-9
    if found.bound == "at_most":
        assert then.change <= found.change + 1e-9
