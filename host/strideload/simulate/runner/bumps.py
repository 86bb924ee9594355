"""Sums of raised-cosine bumps in time, so that a rotation and its angle are exact to each other."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PITCH, ROLL, YAW, TURN, FORWARD, LEFT, UP = range(7)
"""Channels: rotations in deg/s (pitch: toes down positive; turn: of the foot together with its way), accelerations in g
along the way, without gravity."""

CHANNELS = 7
_ROTATIONS = 3  # those whose angle tells foot from way
_AT_ONCE = 20_000  # times worked on together: bounds memory


def bump(x: Array) -> Array:
    """1 at 0, falling to 0 at -1 and 1."""
    return 0.5 * (1 + np.cos(np.pi * np.clip(x, -1, 1)))


def bump_area(x: Array) -> Array:
    """Integral of `bump` up to x: 0 at -1, 1 at 1."""
    x = np.clip(x, -1, 1)
    return 0.5 * (x + 1 + np.sin(np.pi * x) / np.pi)


@dataclass(frozen=True)
class Bumps:
    """Of n strides, the same number for each: centre and half width in seconds, height in the channel's unit, (n,
    bumps).

    Every channel has at least one.
    """

    channel: NDArray[np.intp]  # (bumps,), rising
    centre_s: Array
    half_s: Array
    height: Array

    def at(self, t_s: Array, k: NDArray[np.intp]) -> tuple[Array, Array]:
        """All channels (n, 7), and the angles of the first three in deg (n, 3), of stride k at each time."""
        values = np.empty((len(t_s), CHANNELS))
        angles = np.empty((len(t_s), 3))
        for first in range(0, len(t_s), _AT_ONCE):
            part = slice(first, first + _AT_ONCE)
            values[part], angles[part] = self._at(t_s[part], k[part])
        return values, angles

    def _at(self, t_s: Array, k: NDArray[np.intp]) -> tuple[Array, Array]:
        half_s, height = self.half_s[k], self.height[k]
        x = (t_s[:, None] - self.centre_s[k]) / half_s
        first = np.searchsorted(self.channel, range(CHANNELS))
        of_rotation = first[_ROTATIONS]
        values = np.add.reduceat(bump(x) * height, first, axis=1)
        turned = bump_area(x[:, :of_rotation]) * (height * half_s)[:, :of_rotation]
        return values, np.add.reduceat(turned, first[:_ROTATIONS], axis=1)


class Collected:
    """Bumps in the making: one column a bump, each a number or one a stride."""

    def __init__(self, strides: int) -> None:
        self._strides = strides
        self._columns: list[tuple[int, Array, Array, Array]] = []

    def add(self, channel: int, centre_s: Array, half_s: Array | float, height: Array | float) -> None:
        def column(value: Array | float) -> Array:
            return np.broadcast_to(np.asarray(value, float), (self._strides,))

        self._columns.append((channel, column(centre_s), column(half_s), column(height)))

    def sums(self) -> Array:
        """Area of all bumps of each channel, shape (strides, 7)."""
        out = np.zeros((self._strides, CHANNELS))
        for channel, _, half_s, height in self._columns:
            out[:, channel] += half_s * height
        return out

    def made(self) -> Bumps:
        columns = sorted(self._columns, key=lambda column: column[0])
        return Bumps(
            np.array([column[0] for column in columns], np.intp),
            *(np.stack([column[i] for column in columns], axis=1) for i in (1, 2, 3)),
        )
