"""A cue is due after ten seconds off the target, never twice in twenty, and fades over the programme."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload_pod.cue import BAND_PERMILLE, CYCLE_MS, EVERY_MS, SHARE_PERCENT, WINDOW_MS, Cue, share_percent

TARGET_CSPM = 17_000


def stride_us(cadence_cspm):
    """Of one foot: half of the steps."""
    return round(12_000_000_000 / cadence_cspm)


def ticks_of_cues(cue, cadences_cspm):
    """When cues were due, for one stride after the other."""
    tick_us = 0
    due = []
    for cadence_cspm in cadences_cspm:
        tick_us += stride_us(cadence_cspm)
        if cue.hear(stride_us(cadence_cspm), tick_us // 1000):
            due.append(tick_us // 1000)
    return due


@pytest.mark.parametrize("cadence_cspm", [15_000, 16_500, 17_500, 19_000])
def test_ten_seconds_off_the_target_are_a_cue_and_then_every_twenty(cadence_cspm):
    due = ticks_of_cues(Cue(TARGET_CSPM, 1, 0), [cadence_cspm] * 150)
    stride_ms = stride_us(cadence_cspm) / 1000
    assert WINDOW_MS <= due[0] <= WINDOW_MS + stride_ms
    assert len(due) > 3
    for before, after in pairwise(due):
        assert EVERY_MS <= after - before <= EVERY_MS + stride_ms


@pytest.mark.parametrize("cadence_cspm", [16_580, 17_000, 17_420])
def test_within_the_band_there_is_none(cadence_cspm):
    assert ticks_of_cues(Cue(TARGET_CSPM, 1, 0), [cadence_cspm] * 500) == []


def test_the_band_is_two_and_a_half_percent_either_way():
    cue = Cue(20_000, 1, 0)
    assert ticks_of_cues(cue, [19_510] * 100) == []
    assert ticks_of_cues(cue, [19_480] * 100) != []


def test_single_strides_off_do_not_matter_and_the_mean_of_ten_seconds_does():
    assert ticks_of_cues(Cue(TARGET_CSPM, 1, 0), [16_000, 18_000] * 200) == []
    cue = Cue(TARGET_CSPM, 1, 0)
    due = ticks_of_cues(cue, [17_000] * 30 + [15_500] * 30)
    assert due
    assert due[0] > 30 * stride_us(17_000) / 1000 + 2_000
    assert abs(cue.cadence_cspm - TARGET_CSPM) * 1000 > TARGET_CSPM * BAND_PERMILLE


def test_what_was_forgotten_takes_ten_seconds_again():
    cue = Cue(TARGET_CSPM, 1, 0)
    strides_in_nine_s = 9_000_000 // stride_us(15_000)
    for _ in range(5):
        assert ticks_of_cues(cue, [15_000] * strides_in_nine_s) == []
        cue.forget()


def test_the_cadence_is_said_in_hundredths_of_a_step():
    cue = Cue(TARGET_CSPM, 1, 0)
    ticks_of_cues(cue, [15_000] * 40)
    assert cue.cadence_cspm == pytest.approx(15_000, abs=1)


def test_the_programme_fades_from_four_full_runs_to_none_at_the_eighth():
    assert [share_percent(run) for run in range(1, 11)] == [100] * 4 + [75, 50, 25] + [0] * 3
    assert list(SHARE_PERCENT) == sorted(SHARE_PERCENT, reverse=True)


@pytest.mark.parametrize("run", range(1, 9))
def test_the_share_is_of_every_four_minutes(run):
    began_ms = 12_345
    cue = Cue(TARGET_CSPM, run, began_ms)
    given_ms = [t for t in range(0, 3 * CYCLE_MS, 1000) if cue.is_given(began_ms + t)]
    assert len(given_ms) == 3 * CYCLE_MS // 1000 * share_percent(run) // 100
    assert len([t for t in given_ms if t < CYCLE_MS]) * 3 == len(given_ms)


@given(st.lists(st.integers(12_000, 24_000), max_size=200), st.integers(12_000, 24_000))
def test_whatever_is_run_cues_keep_their_distance(cadences_cspm, target_cspm):
    cue = Cue(target_cspm, 1, 0)
    due = ticks_of_cues(cue, cadences_cspm)
    assert all(after - before >= EVERY_MS for before, after in pairwise(due))
    assert all(tick >= WINDOW_MS for tick in due)
    assert cue.running_ms <= sum(map(stride_us, cadences_cspm)) / 1000
