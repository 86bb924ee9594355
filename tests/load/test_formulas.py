"""One number at a time: worked by hand, and nothing comes of nothing."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.load import formulas

NAN = math.nan
NOTHING = np.empty(0)
UNKNOWN = np.array([NAN, NAN])
peaks = st.lists(st.floats(0.1, 60), min_size=1, max_size=50).map(np.array)


def ones(values):
    return np.ones(len(values))


@pytest.mark.parametrize(
    ("stride_s", "spm"), [(0.7, 171.43), (1.2, 100.0), (NAN, NAN), (0.29, NAN), (2.51, NAN), (-1.0, NAN)]
)
def test_cadence(stride_s, spm):
    assert formulas.cadence_spm(np.array([stride_s]))[0] == pytest.approx(spm, abs=0.005, nan_ok=True)


def test_flight_and_duty_factor():
    stride_s, contact_s = np.array([0.7, 0.7, NAN, 1.1]), np.array([0.25, NAN, 0.25, 0.66])
    assert formulas.flight_s(stride_s, contact_s) == pytest.approx([0.1, NAN, NAN, -0.11], nan_ok=True)
    assert formulas.duty_factor(stride_s, contact_s) == pytest.approx(
        [0.357, NAN, NAN, 0.6], abs=1e-3, nan_ok=True
    )


def test_time_leaves_pauses_out():
    assert formulas.time_s(np.array([0.7, 30.0, NAN, 0.8]), np.array([1, 1, 1, 0.5])) == pytest.approx(1.1)


@pytest.mark.parametrize("values", [NOTHING, UNKNOWN], ids=["nothing", "not known"])
@pytest.mark.parametrize(
    "formula",
    [
        formulas.median,
        formulas.interquartile_range,
        lambda v: formulas.percentile(v, 95),
        lambda v: formulas.impact_sum_g(v, ones(v)),
        lambda v: formulas.impact_weighted(v, ones(v), 10, 4),
        lambda v: formulas.bone_stimulus(v, ones(v), 4),
    ],
)
def test_nothing_gives_nothing(formula, values):
    assert formula(values) is None


def test_median_percentile_and_spread_leave_the_unknown_out():
    values = np.array([1, 2, NAN, 3, 4, 5])
    assert formulas.median(values) == 3
    assert formulas.percentile(values, 95) == pytest.approx(4.8)
    assert formulas.interquartile_range(values) == 2
    assert formulas.interquartile_range(np.array([7.0])) is None


def test_sums_of_impacts():
    peak_g, weight = np.array([5.0, 10.0, NAN, 20.0]), np.array([2, 1, 1, 1])
    assert formulas.impact_sum_g(peak_g, weight) == 40
    assert formulas.impact_weighted(peak_g, weight, 10, 4) == pytest.approx(2 * 0.5**4 + 1 + 16)
    assert formulas.bone_stimulus(peak_g, weight, 4) == pytest.approx((2 * 625 + 10_000 + 160_000) ** 0.125)


@settings(deadline=None)
@given(peaks)
def test_the_sums_weigh_as_the_source_says(peak_g):
    """With m = 4, twice the steps raise the stimulus by 9 %, twice the g by 41 %; 10 % of g is 46 % of D."""
    one = ones(peak_g)
    stimulus = formulas.bone_stimulus(peak_g, one, 4)
    assert formulas.bone_stimulus(peak_g, 2 * one, 4) == pytest.approx(1.0905 * stimulus, rel=1e-4)
    assert formulas.bone_stimulus(2 * peak_g, one, 4) == pytest.approx(1.4142 * stimulus, rel=1e-4)
    weighted = formulas.impact_weighted(peak_g, one, 10, 4)
    assert formulas.impact_weighted(1.1 * peak_g, one, 10, 4) == pytest.approx(1.4641 * weighted)


def test_bins_hold_their_lower_edge():
    peak_g = np.array([0.0, 5.99, 6.0, 20.99, 21.0, 55.0, NAN])
    assert formulas.bin_counts(peak_g, ones(peak_g), (0, 6, 21)) == [2, 2, 2]
    assert formulas.bin_counts(NOTHING, NOTHING, (0, 6, 21)) == [0, 0, 0]


@settings(deadline=None)
@given(peaks)
def test_every_known_peak_is_in_one_bin(peak_g):
    assert sum(formulas.bin_counts(peak_g, 2 * ones(peak_g), (0, 6, 21))) == 2 * len(peak_g)


@pytest.mark.parametrize(
    ("left", "right", "percent", "balance"),
    [
        (0.25, 0.25, 0, 0.5),
        (9.0, 11.0, 20, 0.45),
        (11.0, 9.0, -20, 0.55),
        (None, 9.0, None, None),
        (9.0, None, None, None),
        (0.0, 9.0, None, None),
    ],
)
def test_asymmetry_and_balance(left, right, percent, balance):
    assert formulas.asymmetry_percent(left, right) == pytest.approx(percent)
    assert formulas.balance(left, right) == pytest.approx(balance)


def test_a_bout_ends_at_a_pause():
    start_us = np.array([0, 700_000, 1_400_000, 9_000_000, 9_700_000])
    stride_s = np.array([0.7, 0.7, NAN, 0.7, 0.7])
    assert formulas.longest_bout_s(start_us, stride_s, 3_000_000) == pytest.approx(1.4)
    assert formulas.longest_bout_s(np.empty(0, np.int64), NOTHING, 3_000_000) is None


def test_share():
    assert formulas.share(np.array([True, False, False, False])) == 0.25
    assert formulas.share(np.empty(0, bool)) is None


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60).map(np.array),
    st.one_of(st.sampled_from([0, 5, 25, 50, 75, 95, 100]), st.floats(0, 100)),
)
def test_percentiles_are_numpys_to_the_last_bit(values, percent):
    assert formulas.percentile(values, percent) == float(np.percentile(values, percent))
    if len(values) > 1:
        low, high = np.percentile(values, [25, 75])
        assert formulas.interquartile_range(values) == float(high - low)
