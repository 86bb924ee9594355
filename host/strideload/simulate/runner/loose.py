"""A pod that is not tight, and blows that are no steps."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_WOBBLE_DPS, _WOBBLE_HZ, _WOBBLE_DECAY_S = 160.0, 11.0, 0.05  # about 2 deg there and back
_RATTLE_SHARE, _RATTLE_HZ, _RATTLE_DECAY_S = 0.3, 55.0, 0.02  # of the landing's peak
_BLOW_DECAY_S, _BLOW_HZ = 0.012, 45.0
_OVER = 10.0  # so many decay times after an event nothing is left


class Loose:
    """What is added to the foot's motion; `strides` as gait.STRIDE, `loose` 0 (nothing) to 1."""

    def __init__(
        self,
        strides: NDArray[np.void],
        seconds: float,
        loose: float,
        knocks_per_hour: float,
        rng: np.random.Generator,
    ) -> None:
        self._loose = loose
        going = ~strides["last"]
        at_s = np.concatenate([strides["ic_s"], (strides["ic_s"] + strides["contact_s"])[going]])
        size_g = _RATTLE_SHARE * loose * np.concatenate([strides["peak_g"], 0.3 * strides["peak_g"][going]])
        order = np.argsort(at_s)
        self._event_s, self._event_g = at_s[order], size_g[order] * rng.uniform(0.4, 1.6, len(at_s))
        self._along = _directions(len(at_s), rng)
        blows = rng.poisson(knocks_per_hour * seconds / 3600)
        self._blow_s = np.sort(rng.uniform(0, seconds, blows))
        self._blow_g = rng.uniform(2, 10, blows)
        self._blow_along = _directions(blows, rng)

    def add(self, t_s: Array, values: Array) -> Array:
        """`values` in g and deg/s along the foot's axes, shape (n, 6), with what comes on top of them."""
        if self._loose and len(self._event_s):
            rattle = (self._event_s, self._event_g, self._along)
            values[:, :3] += _ringing(t_s, *rattle, _RATTLE_HZ, _RATTLE_DECAY_S)
            wobble_dps = np.full(len(self._event_s), _WOBBLE_DPS * self._loose)
            values[:, 3:] += _ringing(
                t_s, self._event_s, wobble_dps, self._along, _WOBBLE_HZ, _WOBBLE_DECAY_S
            )
        if len(self._blow_s):
            values[:, :3] += _ringing(
                t_s, self._blow_s, self._blow_g, self._blow_along, _BLOW_HZ, _BLOW_DECAY_S
            )
        return values


def _directions(n: int, rng: np.random.Generator) -> Array:
    drawn = rng.standard_normal((n, 3))
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def _ringing(t_s: Array, at_s: Array, size: Array, along: Array, hz: float, decay_s: float) -> Array:
    """Each event rings until the next one, shape (n, 3)."""
    k = np.searchsorted(at_s, t_s, side="right") - 1
    since = t_s - at_s[np.maximum(k, 0)]
    here = (k >= 0) & (since < _OVER * decay_s)
    rung = np.where(here, np.sin(2 * np.pi * hz * since) * np.exp(-np.minimum(since, _OVER) / decay_s), 0.0)
    return (rung * size[np.maximum(k, 0)])[:, None] * along[np.maximum(k, 0)]
