"""The wake-up function of the LSM6DSO family: INT1 rises when the acceleration changes fast enough.

From ST's application notes (AN5040 and its successors) and the LSM6DSO32's data sheet: the slope filter gives half the
difference of two samples that follow on each other, and an event is a number of them in a row beyond the threshold on
an axis. The first slope is taken against a sample of zeros, so that the function has to settle before INT1 is believed.
"""

from typing import Any

import numpy as np

from .samples import Samples

_CHUNK = 4096
X, Y, Z = 4, 2, 1  # as in WAKE_UP_SRC


class WakeUp:
    """Watches the accelerometer's `samples` from number `first` on.

    `threshold_lsb`: what half a difference has to exceed. `duration`: how many samples more than one it has to do so
    (assumed: ST gives it as a time, 1 LSB = 1 sample).
    """

    def __init__(self, samples: Samples, first: int, threshold_lsb: int, duration: int) -> None:
        self._samples = samples
        self._next = first
        self._threshold_lsb = threshold_lsb
        self._duration = duration
        self._previous = np.zeros((1, 3), np.int32)
        self._run = np.zeros(3, np.int64)
        self.now = 0  # axes over the threshold at the newest sample: X, Y, Z
        self.latched = 0  # axes that were so at any sample since the last `clear`

    def update(self, newest: int) -> None:
        """Look at all samples up to number `newest`."""
        while self._next <= newest:
            count = min(newest + 1 - self._next, _CHUNK)
            acc = self._samples.rows(self._next, count)[:, :3].astype(np.int32)
            self._next += count
            over = np.abs(np.diff(acc, axis=0, prepend=self._previous)) > 2 * self._threshold_lsb
            self._previous = acc[-1:]
            at = np.arange(count)[:, None]
            last_below = np.maximum.accumulate(np.where(over, -1 - self._run, at), axis=0)
            run = at - last_below
            self._run = run[-1]
            event = run > self._duration
            self.now = _axes(event[-1])
            self.latched |= _axes(event.any(axis=0))

    def clear(self) -> None:
        """What happened until now is forgotten."""
        self.latched = 0


def _axes(xyz: Any) -> int:
    return int(xyz[0]) * X | int(xyz[1]) * Y | int(xyz[2]) * Z
