"""The tagged FIFO holds the newest 512 words, and says what each of them is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.simulate.fifo import (
    CAPACITY,
    TAG_ACC,
    TAG_GYRO,
    TAG_TIMESTAMP,
    Batching,
    TaggedFifo,
    tag_byte,
)
from strideload.simulate.samples import Samples, slot_time_s

LSB = np.full(6, 1.0)
FIRST, FIRST_TICK = 7, 1000
BOTH = Batching(1, 1, 0, False)


def numbered(t_s):
    """Each sample carries its own number in the first axis of acceleration and rotation."""
    number = np.rint(t_s / float(slot_time_s(np.array(1), 16, 0))) % 30_000
    return np.outer(number, [1.0, 0, 0, 1, 0, 0])


def make(batching=BOTH):
    return TaggedFifo(Samples(numbered, 16, 0, LSB), batching, FIRST, FIRST_TICK)


def words(data):
    """[(sensor, counter, first value)]"""
    rows = np.frombuffer(data, np.uint8).reshape(-1, 7)
    values = rows[:, 1:3].copy().view("<i2")[:, 0]
    return [(int(tag) >> 3, int(tag) >> 1 & 3, int(v)) for tag, v in zip(rows[:, 0], values, strict=True)]


@pytest.mark.parametrize("sensor", [TAG_GYRO, TAG_ACC, TAG_TIMESTAMP, 0x12])
@pytest.mark.parametrize("counter", range(4))
def test_a_tag_has_an_even_number_of_ones(sensor, counter):
    tag = tag_byte(sensor, counter)
    assert tag.bit_count() % 2 == 0
    assert (tag >> 3, tag >> 1 & 3) == (sensor, counter)


@pytest.mark.parametrize(
    ("batching", "expected"),
    [
        (Batching(1, 1, 0, False), [(1, 0, 7), (2, 0, 7), (1, 1, 8), (2, 1, 8), (1, 2, 9), (2, 2, 9)]),
        (Batching(1, 0, 0, False), [(2, 0, 7), (2, 1, 8), (2, 2, 9)]),
        (Batching(2, 1, 0, False), [(1, 0, 7), (2, 0, 7), (1, 1, 8), (1, 2, 9), (2, 2, 9)]),
        (
            Batching(1, 0, 1, False),
            [(4, 0, 1000), (2, 0, 7), (4, 1, 1096), (2, 1, 8), (4, 2, 1192), (2, 2, 9)],
        ),
        (Batching(0, 1, 8, False), [(4, 0, 1000), (1, 0, 7), (1, 1, 8), (1, 2, 9)]),
    ],
)
def test_words_of_three_slots(batching, expected):
    fifo = make(batching)
    fifo.fill(FIRST + 2)
    assert fifo.level == len(expected)
    assert words(fifo.take(len(expected))) == expected


def test_a_timestamp_is_32_bits_and_wraps():
    fifo = TaggedFifo(Samples(numbered, 16, 0, LSB), Batching(1, 0, 1, False), FIRST, 2**32 - 96)
    fifo.fill(FIRST + 1)
    data = fifo.take(3)
    assert data[1:5] == (2**32 - 96).to_bytes(4, "little")
    assert data[15:19] == bytes(4)


@given(slots=st.lists(st.integers(0, 200), max_size=60), take=st.lists(st.integers(0, 512), min_size=1))
def test_reading_in_pieces_gives_one_stream(slots, take):
    fifo, newest, got = make(), FIRST - 1, []
    for i, more in enumerate(slots):
        newest += more
        fifo.fill(newest)
        assert not fifo.overrun_latched or fifo.level == CAPACITY
        got += words(fifo.take(min(fifo.level, take[i % len(take)])))
        if fifo.level > 100:
            got += words(fifo.take(fifo.level))
    numbers = [value for sensor, _, value in got if sensor == TAG_ACC]
    assert numbers == [n % 30_000 for n in range(FIRST, FIRST + len(numbers))]
    assert all(counter == (value - FIRST) & 3 for _, counter, value in got)


@pytest.mark.parametrize("late", [1, 2, 100, 1_000_000])
def test_an_overrun_drops_the_oldest_words(late):
    fifo = make()
    newest = FIRST - 1 + CAPACITY // 2 + late
    fifo.fill(newest)
    assert fifo.overrun_latched
    assert fifo.level == CAPACITY
    numbers = [value for sensor, _, value in words(fifo.take(CAPACITY)) if sensor == TAG_ACC]
    assert numbers == [n % 30_000 for n in range(newest - CAPACITY // 2 + 1, newest + 1)]


def test_fifo_mode_keeps_the_oldest_and_stops():
    fifo = make(Batching(1, 1, 0, True))
    fifo.fill(FIRST + 1000)
    assert fifo.is_full
    first = words(fifo.take(CAPACITY))
    assert first[0] == (1, 0, FIRST)
    assert first[-1] == (2, 3, FIRST + 255)
    fifo.fill(FIRST + 2000)
    assert fifo.level == 0


@pytest.mark.parametrize(
    ("slots", "nearly", "full"), [(254, False, False), (255, True, False), (256, True, True)]
)
def test_full_and_nearly_full(slots, nearly, full):
    fifo = make()
    fifo.fill(FIRST - 1 + slots)
    assert (fifo.is_nearly_full, fifo.is_full, fifo.overrun_latched) == (nearly, full, full)


def test_an_empty_fifo_reads_zeros():
    fifo = make()
    fifo.fill(FIRST)
    assert fifo.take(3)[14:] == bytes(7)
    assert fifo.peek() == bytes(7)
