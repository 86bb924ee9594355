"""Rule longest_30_days against cases worked by hand, at its edges."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.load.evidence import HAZARD_BANDS
from strideload.load.longest import (
    MEASURES,
    Conditions,
    DayKnown,
    Gaps,
    Sensor,
    compare,
    gaps_before,
)
from support.runs import known, on, ran

ALL_KNOWN = known(-40, 40)

# The run's minutes after a longest of 30, and the study's band.
BANDS = [
    (15, "reference"),
    (30, "reference"),
    (33, "reference"),
    (33 + 1e-6 / 60, "small"),  # a microsecond more
    (39, "small"),
    (39 + 1e-6 / 60, "moderate"),
    (60, "moderate"),
    (60 + 1e-6 / 60, "large"),
    (300, "large"),
]


@pytest.mark.parametrize(("minutes", "band"), BANDS)
def test_the_upper_edge_belongs_to_a_band(minutes, band):
    compared = compare(ran(10, minutes), [ran(0, 30), ran(3, 20)], ALL_KNOWN)["duration"]
    assert compared.outcome == "compared"
    assert compared.band.band == band
    assert compared.longest == ran(0, 30)


@pytest.mark.parametrize(
    ("metres", "band"), [(5500.0, "reference"), (5500.001, "small"), (10_000.0, "moderate")]
)
def test_distance_is_the_measure_of_the_study(metres, band):
    compared = compare(ran(9, 30, distance_m=metres), [ran(0, 30, distance_m=5000.0)], ALL_KNOWN)
    assert compared["distance"].band.band == band
    assert [measure for measure in MEASURES if compared[measure].validated] == ["distance"]


@pytest.mark.parametrize("tenths", range(1, 200))
def test_eleven_tenths_is_the_reference_for_any_length(tenths):
    """0.1 has no exact float, and 1.1 * x is often a little more or less than it should be."""
    base = tenths / 10
    compared = compare(
        ran(9, 11 * base / 10, impact_sum_g=1.1 * base, distance_m=1.1 * base),
        [ran(0, base, impact_sum_g=base, distance_m=base)],
        ALL_KNOWN,
    )
    for measure in ("duration", "impact", "distance"):
        assert compared[measure].exact_ratio == Fraction(11, 10)
        assert compared[measure].band is HAZARD_BANDS[0]


def test_the_bands_are_the_studys_and_leave_nothing_out():
    assert [band.above for band in HAZARD_BANDS[1:]] == [band.to for band in HAZARD_BANDS[:-1]]
    assert [(b.hazard_rate_ratio, b.interval_95) for b in HAZARD_BANDS] == [
        (None, None),
        (1.64, (1.31, 2.05)),
        (1.52, (1.16, 2.00)),
        (2.28, (1.50, 3.48)),
    ]


@pytest.mark.parametrize(("estimated", "marked"), [(51, False), (52, True)])
def test_steps_are_marked_as_estimated_beyond_one_percent(estimated, marked):
    one = ran(10, 30)
    assert one.steps == 5100
    compared = compare(replace(one, steps_estimated=estimated), [ran(0, 30)], ALL_KNOWN)
    assert [compared[measure].estimated for measure in MEASURES] == [False, marked, marked, False]


def test_a_first_run_has_no_baseline():
    compared = compare(ran(0, 30), [], ALL_KNOWN)
    assert {one.outcome for measure, one in compared.items() if measure != "distance"} == {"no_baseline"}
    assert compared["distance"].outcome == "not_measured"
    for one in compared.values():
        assert one.ratio is None
        assert one.band is None
        assert not one.is_upper_bound


def test_the_window_is_of_thirty_dates_and_the_day_itself():
    on_the_30th, on_the_31st = ran(0, 40), ran(-1, 80)
    compared = compare(ran(30, 44), [on_the_30th, on_the_31st], ALL_KNOWN)["duration"]
    assert compared.longest == on_the_30th
    assert compare(ran(30, 44), [on_the_31st], ALL_KNOWN)["duration"].outcome == "no_baseline"


def test_a_run_of_the_same_date_counts_where_it_began_before():
    morning, evening = ran(5, 40, hour=7), ran(5, 20, hour=18)
    assert compare(evening, [morning, evening], ALL_KNOWN)["duration"].ratio == 0.5
    assert compare(morning, [morning, evening], ALL_KNOWN)["duration"].outcome == "no_baseline"


def test_the_window_goes_by_the_runners_dates_not_by_hours():
    """A run at one in the morning after a journey west still lies on the date that the runner had."""
    first = ran(0, 40, hour=30)  # at 6:00 UTC of the date after, which is `on(0)` for the runner
    assert compare(ran(30, 44, hour=23), [first], ALL_KNOWN)["duration"].ratio == pytest.approx(1.1)
    later = replace(
        ran(31, 44, hour=-10), date=on(31)
    )  # less than 30 times 24 hours after it, but on the 31st date
    assert compare(later, [first], ALL_KNOWN)["duration"].outcome == "no_baseline"


def test_days_that_are_not_known_are_counted_and_make_the_ratio_an_upper_bound():
    days = [*known(0, 9, "recorded"), *known(10, 14, "unknown"), *known(15, 27)]  # 28 and 29 are nowhere
    compared = compare(ran(30, 44), [ran(0, 40)], days)["duration"]
    assert compared.gaps == Gaps(unknown_days=7, ran_without_days=0)
    assert compared.is_upper_bound
    assert compared.ratio == pytest.approx(1.1)


@pytest.mark.parametrize(
    "day",
    [
        DayKnown(on(20), "ran_without"),
        DayKnown(on(20), "recorded", "ran_without"),
        DayKnown(on(30), "ran_without"),
    ],
    ids=["noted", "noted beside a recorded run", "on the day itself"],
)
def test_a_run_without_a_pod_is_one_of_unknown_length(day):
    days = [one for one in known(0, 30) if one.date != day.date]
    assert gaps_before(on(30), [*days, day]) == Gaps(0, 1)
    assert compare(ran(30, 44), [ran(0, 40)], [*days, day])["duration"].is_upper_bound


def test_rest_and_alive_days_are_known():
    compared = compare(ran(30, 44), [ran(0, 40)], [*known(0, 14, "rest"), *known(15, 29)])["duration"]
    assert compared.gaps == Gaps(0, 0)
    assert not compared.is_upper_bound


def test_distance_is_compared_where_both_have_it_and_the_rest_is_counted():
    before = [ran(0, 60), ran(2, 30, distance_m=5000.0)]
    compared = compare(ran(9, 33, distance_m=5500.0), before, ALL_KNOWN)["distance"]
    assert (compared.runs_before, compared.runs_unmeasured) == (1, 1)
    assert compared.is_upper_bound
    assert compare(ran(9, 33), before, ALL_KNOWN)["distance"].outcome == "not_measured"


def test_impacts_that_are_not_known_are_not_compared():
    compared = compare(ran(9, 33, impact_sum_g=None), [ran(0, 30)], ALL_KNOWN)
    assert compared["impact"].outcome == "not_measured"
    assert compared["duration"].outcome == "compared"
    assert compare(ran(9, 33), [ran(0, 30, impact_sum_g=None)], ALL_KNOWN)["impact"].outcome == "no_baseline"


def test_a_walk_is_no_baseline_for_running_time():
    assert compare(ran(9, 20), [ran(0, 0, steps=3000)], ALL_KNOWN)["duration"].outcome == "no_baseline"


LEFT = Sensor("left", "LSM6DSO32", 32, 833)
USUAL = Conditions(frozenset({LEFT}), "laces", "road", "blue")
OTHERS = [
    ("sensors", {"sensors": frozenset({LEFT._replace(foot="right")})}),
    ("sensors", {"sensors": frozenset({LEFT._replace(chip="LSM6DSOX")})}),
    ("sensors", {"sensors": frozenset({LEFT._replace(acc_range_g=16)})}),
    ("mount", {"mount": "heel"}),
    ("surface", {"surface": "trail"}),
    ("shoe", {"shoe": "red"}),
]


@pytest.mark.parametrize(("name", "fields"), OTHERS)
def test_another_condition_is_marked_and_one_that_is_not_noted_too(name, fields):
    before = [ran(0, 30, conditions=USUAL)]
    other = compare(ran(9, 30, conditions=replace(USUAL, **fields)), before, ALL_KNOWN)
    nothing = compare(ran(9, 30, conditions=replace(USUAL, **{name: None})), before, ALL_KNOWN)
    for measure in ("duration", "steps", "impact"):
        assert (other[measure].differing, other[measure].not_noted) == ((name,), ())
        assert (nothing[measure].differing, nothing[measure].not_noted) == ((), (name,))


def test_estimated_steps_are_marked_on_steps_and_impact():
    compared = compare(ran(9, 30, steps_estimated=5100), [ran(0, 30, distance_m=1.0)], ALL_KNOWN)
    assert {measure for measure in MEASURES if compared[measure].estimated} == {"steps", "impact"}


amounts = st.floats(0.1, 600)


@settings(max_examples=60, deadline=None)
@given(st.lists(amounts, min_size=1, max_size=6), amounts, amounts)
def test_a_longer_run_is_never_in_a_lower_band(before, one, other):
    runs = [ran(day, minutes) for day, minutes in enumerate(before)]
    low, high = (compare(ran(20, minutes), runs, ALL_KNOWN)["duration"] for minutes in sorted((one, other)))
    assert low.exact_ratio <= high.exact_ratio
    assert HAZARD_BANDS.index(low.band) <= HAZARD_BANDS.index(high.band)


@settings(max_examples=60, deadline=None)
@given(st.lists(amounts, min_size=1, max_size=6), amounts, amounts)
def test_one_more_run_before_never_raises_the_ratio(before, more, minutes):
    runs = [ran(day, one) for day, one in enumerate(before)]
    fewer = compare(ran(20, minutes), runs, ALL_KNOWN)["duration"]
    with_more = compare(ran(20, minutes), [*runs, ran(10, more)], ALL_KNOWN)["duration"]
    assert with_more.exact_ratio <= fewer.exact_ratio


@settings(max_examples=60, deadline=None)
@given(st.permutations(range(5)))
def test_the_order_of_runs_changes_nothing(order):
    runs = [ran(day, 20 + 5 * (day % 2)) for day in range(5)]
    assert compare(ran(9, 30), [runs[i] for i in order], ALL_KNOWN) == compare(ran(9, 30), runs, ALL_KNOWN)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-80, 80), amounts), max_size=8), st.booleans())
def test_no_number_comes_from_nothing(before, measured):
    run = ran(0, 30, distance_m=5000.0 if measured else None)
    for one in compare(run, [ran(day, minutes) for day, minutes in before], []).values():
        has_baseline = one.outcome == "compared"
        assert (one.ratio is not None) == (one.band is not None) == (one.longest is not None) == has_baseline
        assert one.gaps.unknown_days == 30
        if has_baseline:
            assert one.is_upper_bound
            assert -30 <= (one.longest.date - run.date).days <= 0
