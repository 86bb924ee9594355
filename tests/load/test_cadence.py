"""The runner's own cadence at matched pace, and the target over it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.load.cadence import (
    Fading,
    OwnCadence,
    PacedRun,
    TargetOutOfRange,
    fading,
    on_target_share,
    own_at_pace,
    own_cadence,
    target,
    usual_speed_m_s,
)
from strideload.load.cue import CueRefused, RunCadence
from support.sessions import SECOND_US, steps

EASY, FAST = 2.5, 4.0  # m/s
START = 1_800_000_000 * SECOND_US


def paced(number, *minutes):
    """(cadence, speed) of each minute."""
    return PacedRun(number, tuple(minutes))


THREE = [paced(n, *[(160 + n, EASY)] * 5, *[(180, FAST)] * 4) for n in range(3)]


def test_only_minutes_near_the_pace_are_taken():
    assert own_at_pace(THREE, EASY) == OwnCadence(161, "pace", EASY, runs=3, minutes=15)
    assert own_at_pace(THREE, FAST).cadence_spm == 180


@pytest.mark.parametrize(
    ("speed_m_s", "found"),
    [(2.0 * 1.05, True), (2.0 * 0.95, True), (2.0 * 1.051, False), (2.0 * 0.949, False)],
)
def test_near_is_five_percent_to_either_side(speed_m_s, found):
    runs = [paced(n, *[(160, speed_m_s)] * 5) for n in range(3)]
    assert (own_at_pace(runs, 2.0) is not None) == found


@pytest.mark.parametrize(
    "runs",
    [
        [],
        THREE[:2],
        [paced(n, *[(160, EASY)] * 3) for n in range(3)],
        [paced(0, *[(160, EASY)] * 20), paced(1), paced(2)],
    ],
    ids=["none", "two runs", "nine minutes", "only one run has a pace"],
)
def test_too_little_is_no_baseline(runs):
    assert own_at_pace(runs, EASY) is None


def test_without_pace_the_easy_half_by_duty_factor_is_taken():
    runs = [RunCadence(n, (160.0 + n,) * 10, 0.36) for n in range(3)]
    assert own_cadence([], runs) == OwnCadence(161, "duty_factor", None, runs=3, minutes=30)
    assert own_cadence(THREE, runs).matched == "pace"
    with pytest.raises(CueRefused, match="2 are known"):
        own_cadence([], runs[:2])
    assert usual_speed_m_s([]) is None


def test_the_usual_pace_is_the_median_minutes():
    assert usual_speed_m_s(THREE) == EASY
    assert own_cadence(THREE, []).cadence_spm == 161
    assert own_cadence(THREE, [], speed_m_s=FAST).cadence_spm == 180


OWN = OwnCadence(160, "pace", EASY, 3, 30)


def test_a_target_is_seven_to_ten_percent_over_it():
    usual = target(OWN)
    assert (usual.low_spm, usual.high_spm) == pytest.approx((171.2, 176))
    assert usual.evidence == "cadence_target"
    assert target(OWN, 5, 5).high_spm == 168


@pytest.mark.parametrize(("low", "high"), [(4.9, 10), (5, 10.1), (9, 8), (float("nan"), 10)])
def test_another_range_is_refused(low, high):
    with pytest.raises(TargetOutOfRange):
        target(OWN, low, high)


def rows(*spms, seconds=60):
    """A minute of even strides at each cadence."""
    times, lengths, at_us = [], [], START
    for spm in spms:
        for _ in range(round(seconds * spm / 120)):
            times.append(at_us)
            lengths.append(120 / spm)
            at_us += round(120 / spm * SECOND_US)
    return steps(times, stride_s=lengths)


@pytest.mark.parametrize(
    ("spm", "share"), [(170, 1), (174.2, 1), (165.8, 1), (174.3, 0), (165.7, 0), (160, 0)]
)
def test_on_target_is_within_two_and_a_half_percent(spm, share):
    assert on_target_share(rows(spm), 170) == share


def test_share_of_time_on_target():
    assert on_target_share(rows(170, 150), 170) == pytest.approx(0.5, abs=0.1)
    assert on_target_share(rows(170, seconds=9), 170) is None
    assert on_target_share(steps([]), 170) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(140, 200), min_size=1, max_size=4), st.floats(140, 200))
def test_a_share_is_a_share(spms, target_spm):
    share = on_target_share(rows(*spms, seconds=20), target_spm)
    assert share is None or 0 <= share <= 1


def test_the_programme_fades():
    assert fading(0) == Fading(0, 1, 100)
    assert fading(4).share_percent == 75
    assert fading(6) == Fading(6, 7, 25)
    assert fading(7) == Fading(7, None, 0)
    assert fading(40) == Fading(40, None, 0)
