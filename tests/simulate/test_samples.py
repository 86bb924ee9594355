"""Samples come at the trimmed rate, as the full scale has them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.simulate.samples import BOOT_VALUE, Samples, slot_at, slot_time_s, ticks_at

LSB = np.array([0.000976] * 3 + [0.07] * 3)
DIVIDERS = st.sampled_from([1, 4, 8, 16, 32, 64])
TRIMS = st.integers(-128, 127)


def wave(t_s):
    return np.stack([(k + 1) * np.sin(2 * np.pi * (k + 1) * t_s) for k in range(6)], axis=1)


@given(slot=st.integers(0, 10_000_000), divider=DIVIDERS, trim=TRIMS)
def test_a_sample_is_there_from_its_time_on(slot, divider, trim):
    time_us = float(slot_time_s(np.array(slot), divider, trim)) * 1e6
    assert slot_at(int(np.ceil(time_us)) + 1, divider, trim) == slot
    assert slot_at(int(np.floor(time_us)) - 1, divider, trim) == slot - 1


@pytest.mark.parametrize(
    ("divider", "trim", "hz"),
    [
        (64, 0, 104.17),
        (32, 0, 208.34),
        (16, 0, 416.69),
        (8, 0, 833.38),
        (4, 0, 1666.75),
        (16, 27, 433.56),
        (16, -27, 399.81),
    ],
)
def test_rates(divider, trim, hz):
    """6667 Hz over a power of two; one step of trim is 0.15 %."""
    assert slot_at(1_000_000_000, divider, trim) / 1000 == pytest.approx(hz, abs=0.01)


@pytest.mark.parametrize(("trim", "ticks"), [(0, 40_000), (10, 40_600), (-10, 39_400)])
def test_the_counter_runs_on_the_samples_clock(trim, ticks):
    assert ticks_at(1_000_000, trim) == ticks


def test_samples_are_rounded_to_the_scale():
    rows = Samples(wave, 16, 0, LSB).rows(0, 5000)
    truth = wave(slot_time_s(np.arange(5000), 16, 0))
    assert np.abs(rows * LSB - truth).max() <= LSB.max() / 2 + 1e-9


def test_what_is_beyond_the_scale_is_clipped():
    rows = Samples(lambda t: np.tile([100.0, -100, 0, 5000, -5000, 0], (len(t), 1)), 16, 0, LSB).rows(0, 1)
    assert rows.tolist() == [[32767, -32768, 0, 32767, -32768, 0]]


@given(first=st.integers(0, 20_000), count=st.integers(0, 9000))
def test_samples_do_not_depend_on_how_they_are_asked_for(first, count):
    noise = np.array([0.003] * 3 + [0.055] * 3)
    some = Samples(wave, 16, 3, LSB, noise, seed=5).rows(first, count)
    singly = Samples(wave, 16, 3, LSB, noise, seed=5)
    assert some.shape == (count, 6)
    for i in {0, count // 2, count - 1} & set(range(count)):
        assert (singly.rows(first + i, 1)[0] == some[i]).all()


def test_noise_has_the_size_that_is_asked_for():
    noise = np.array([0.003] * 3 + [0.55] * 3)
    rows = Samples(lambda t: np.zeros((len(t), 6)), 16, 0, LSB, noise, seed=1).rows(0, 20_000)
    assert (rows * LSB).std(axis=0) == pytest.approx(noise, rel=0.05)


def test_the_first_samples_of_a_sensor_are_none():
    rows = Samples(wave, 16, 0, LSB, valid_from=(3, 5)).rows(0, 8)
    assert (rows[:, :3] == BOOT_VALUE).all(axis=1).tolist() == [True] * 3 + [False] * 5
    assert (rows[:, 3:] == BOOT_VALUE).all(axis=1).tolist() == [True] * 5 + [False] * 3
