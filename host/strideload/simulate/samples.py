"""What the chip measures: a physical source sampled at the trimmed rate and quantized to int16."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Source = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Seconds since power-on, shape (n,) -> acceleration in g and rotation in deg/s, sensor axes, shape (n,
6)."""

FASTEST_HZ = 6667  # every output rate is this over a power of two (ST AN5192)
TICK_HZ = 40_000  # timestamp counter
TRIM_UNIT = 15  # one step of FREQ_FINE is 0.15 %: 15 in 10 000
_TRIM_ONE = 10_000

BOOT_SAMPLES = 2  # a sensor's first samples after power-down are no measurement
BOOT_VALUE = 0x7FFE

_CHUNK = 4096  # samples computed at once


def slot_at(time_us: int, divider: int, trim: int) -> int:
    """Number of the newest sample, `time_us` after power-on, at 6667 Hz / `divider`."""
    return time_us * FASTEST_HZ * (_TRIM_ONE + TRIM_UNIT * trim) // (_TRIM_ONE * 1_000_000 * divider)


def slot_time_s(slots: NDArray[np.int64], divider: int, trim: int) -> NDArray[np.float64]:
    """Seconds from power-on to these samples."""
    return np.multiply(
        slots, divider * _TRIM_ONE / (FASTEST_HZ * (_TRIM_ONE + TRIM_UNIT * trim)), dtype=np.float64
    )


def ticks_at(time_us: int, trim: int) -> int:
    """Timestamp ticks (nominally 25 us) in `time_us`; the counter runs on the same trimmed clock as the
    samples."""
    return time_us * TICK_HZ * (_TRIM_ONE + TRIM_UNIT * trim) // (_TRIM_ONE * 1_000_000)


class Samples:
    """int16 samples by their number since power-on, computed in chunks when they are asked for.

    `lsb`: g and deg/s a LSB, shape (6,). `noise`: standard deviation in the same units, shape (6,).
    `valid_from`: first valid sample number of accelerometer and gyroscope. The source is asked up to a chunk
    ahead of time.
    """

    def __init__(
        self,
        source: Source,
        divider: int,
        trim: int,
        lsb: NDArray[np.float64],
        noise: NDArray[np.float64] | None = None,
        valid_from: tuple[int, int] = (0, 0),
        seed: int = 0,
    ) -> None:
        self.divider = divider
        self.trim = trim
        self._source = source
        self._lsb = lsb
        self._noise = noise
        self._valid_from = valid_from
        self._seed = seed
        self._chunks: dict[int, NDArray[np.int16]] = {}

    def rows(self, first: int, count: int) -> NDArray[np.int16]:
        """Samples first .. first + count, shape (count, 6), acceleration first."""
        last = first + count
        parts = [
            self._chunk(i)[max(first - i * _CHUNK, 0) : last - i * _CHUNK]
            for i in range(first // _CHUNK, (last - 1) // _CHUNK + 1)
        ]
        return np.concatenate(parts) if parts else np.empty((0, 6), np.int16)

    def _chunk(self, index: int) -> NDArray[np.int16]:
        chunk = self._chunks.get(index)
        if chunk is None:
            if len(self._chunks) == 2:  # the reader only moves forward: the older one is done with
                del self._chunks[min(self._chunks)]
            chunk = self._chunks[index] = self._measure(index)
        return chunk

    def _measure(self, index: int) -> NDArray[np.int16]:
        slots = np.arange(index * _CHUNK, (index + 1) * _CHUNK, dtype=np.int64)
        truth = np.array(self._source(slot_time_s(slots, self.divider, self.trim)), np.float64)
        if self._noise is not None:
            truth += self._noise * np.random.default_rng((self._seed, index)).standard_normal(truth.shape)
        raw = np.clip(np.rint(truth / self._lsb), -32768, 32767).astype(np.int16)
        acc_from, gyro_from = self._valid_from
        raw[slots < acc_from, :3] = BOOT_VALUE
        raw[slots < gyro_from, 3:] = BOOT_VALUE
        return raw
