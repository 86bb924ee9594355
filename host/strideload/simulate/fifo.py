"""The tagged FIFO of the LSM6DSO family: 512 words of seven bytes, tag first.

All words of one configuration are one endless stream, computed when they are asked for; what the FIFO holds
is the part of it between two counters. So an overrun costs nothing, however long it lasts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .samples import FASTEST_HZ, TICK_HZ, Samples

WORD_SIZE = 7
CAPACITY = 512

TAG_GYRO = 1
TAG_ACC = 2
TAG_TIMESTAMP = 4

_CHUNK = 4096  # slots; a multiple of every decimation, so that each chunk has the same number of words


def tag_byte(sensor: int, counter: int) -> int:
    """Sensor in [7:3], slot counter in [2:1], and in [0] what makes the number of ones even."""
    byte = sensor << 3 | (counter & 3) << 1
    return byte | (byte.bit_count() & 1)


@dataclass(frozen=True)
class Batching:
    """What goes into the FIFO: one in so many slots of each; 0: none of it."""

    acc_every: int
    gyro_every: int
    timestamp_every: int
    stop_when_full: bool


class TaggedFifo:
    """`first`: number of the first sample to come. `first_tick`: timestamp of that sample.

    Within a slot the timestamp comes first, then gyroscope, then accelerometer (assumed; a reader must go by
    tags).
    """

    def __init__(self, samples: Samples, batching: Batching, first: int, first_tick: int) -> None:
        self.divider = samples.divider
        self._samples = samples
        self._first = first
        self._first_tick = first_tick
        self._stop_when_full = batching.stop_when_full
        slots = np.arange(_CHUNK)
        every = (batching.timestamp_every, batching.gyro_every, batching.acc_every)
        self._mask = np.stack([slots % n == 0 if n else np.zeros(_CHUNK, bool) for n in every], axis=1)
        self._before = np.concatenate([[0], np.cumsum(self._mask.sum(axis=1))])
        self._per_chunk = int(self._before[-1])
        self._per_slot = sum(n > 0 for n in every)
        self._chunks: dict[int, bytes] = {}
        self._head = self._tail = 0
        self._stopped = False
        self.overrun_latched = False

    def fill(self, newest: int) -> None:
        """Take in all words up to sample number `newest`. Full: the oldest are dropped, or filling stops."""
        if self._stopped:
            return
        due = max(newest - self._first + 1, 0)
        head = due // _CHUNK * self._per_chunk + int(self._before[due % _CHUNK])
        if head - self._tail >= CAPACITY:
            self.overrun_latched = True
            if self._stop_when_full:
                self._stopped = True
                head = self._tail + CAPACITY
        self._head = head
        self._tail = max(self._tail, head - CAPACITY)

    def stop(self) -> None:
        """Take in nothing from here on, silently."""
        self._stopped = True

    @property
    def level(self) -> int:
        """Words to read."""
        return self._head - self._tail

    @property
    def is_full(self) -> bool:
        return self.level == CAPACITY

    @property
    def is_nearly_full(self) -> bool:
        """Full with the next slot."""
        return self.level + self._per_slot >= CAPACITY

    def take(self, count: int) -> bytes:
        """The oldest `count` words, removed; zeros behind the last one."""
        got = min(count, self.level)
        words = self._words(self._tail, got)
        self._tail += got
        return words + bytes(WORD_SIZE * (count - got))

    def peek(self) -> bytes:
        """The oldest word, which stays; zeros if there is none."""
        return self._words(self._tail, 1) if self.level else bytes(WORD_SIZE)

    def _words(self, first: int, count: int) -> bytes:
        out = b""
        while count:
            index, at = divmod(first, self._per_chunk)
            n = min(count, self._per_chunk - at)
            out += self._chunk(index)[WORD_SIZE * at : WORD_SIZE * (at + n)]
            first += n
            count -= n
        return out

    def _chunk(self, index: int) -> bytes:
        chunk = self._chunks.get(index)
        if chunk is None:
            if len(self._chunks) == 2:
                del self._chunks[min(self._chunks)]
            chunk = self._chunks[index] = self._build(index * _CHUNK).tobytes()
        return chunk

    def _build(self, slot: int) -> NDArray[np.uint8]:
        """The words of one chunk from `slot` on (slots since the FIFO's start), shape (words, 7)."""
        raw = self._samples.rows(self._first + slot, _CHUNK)
        slots = np.arange(slot, slot + _CHUNK)
        period = self._samples.divider * TICK_HZ / FASTEST_HZ  # ticks a slot; the trim cancels
        ticks = (self._first_tick + np.rint(slots * period).astype(np.int64)) & 0xFFFFFFFF
        words = np.zeros((_CHUNK, 3, WORD_SIZE), np.uint8)
        for column, sensor in enumerate((TAG_TIMESTAMP, TAG_GYRO, TAG_ACC)):
            words[:, column, 0] = np.array([tag_byte(sensor, c) for c in range(4)], np.uint8)[slots & 3]
        words[:, 0, 1:5] = ticks.astype("<u4")[:, None].view(np.uint8)
        words[:, 1, 1:] = np.ascontiguousarray(raw[:, 3:].astype("<i2")).view(np.uint8)
        words[:, 2, 1:] = np.ascontiguousarray(raw[:, :3].astype("<i2")).view(np.uint8)
        return words[self._mask]
