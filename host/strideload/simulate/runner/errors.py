"""Between truth and chip: bias, scale error, noise, drift with temperature, and a clock that is off.

Typical sizes of the LSM6DSO (DS12140), assumed of its relatives: zero-g offset +-20 mg, sensitivity +-1 %, 0.1 mg/K,
0.01 %/K; rotation +-1 deg/s, +-1 %, 0.01 deg/s a K; noise as in `simulate/chip.py`. The clock after trimming is taken
to be within 0.15 %, a step of FREQ_FINE.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_WARMING_S = 600.0  # a shoe takes so long to 63 % of its change of temperature
_ACC_NOISE_G, _GYRO_NOISE_DPS = 0.003, 0.055
_ACC_DRIFT_G_K, _GYRO_DRIFT_DPS_K, _SCALE_DRIFT_K = 0.0001, 0.01, 0.0001


@dataclass(frozen=True)
class Errors:
    """Of one chip on one day; six numbers each stand for acceleration (g) and rotation (deg/s)."""

    bias: Array
    scale: Array
    bias_per_k: Array
    scale_per_k: Array
    warming_k: float
    noise: Array
    rate: float  # true over nominal


NONE = Errors(np.zeros(6), np.ones(6), np.zeros(6), np.zeros(6), 0.0, np.zeros(6), 1.0)


def draw_errors(rng: np.random.Generator) -> Errors:
    """A chip out of the reel, and a day on which the shoe warms or cools by up to 15 K."""
    both = np.repeat([1.0, 1.0], 3)
    drift = np.repeat([_ACC_DRIFT_G_K, _GYRO_DRIFT_DPS_K], 3)
    return Errors(
        bias=rng.normal(0, np.repeat([0.02, 1.0], 3)),
        scale=both + rng.normal(0, 0.01, 6),
        bias_per_k=rng.normal(0, drift),
        scale_per_k=rng.normal(0, _SCALE_DRIFT_K, 6),
        warming_k=float(rng.uniform(-15, 15)),
        noise=np.repeat([_ACC_NOISE_G, _GYRO_NOISE_DPS], 3),
        rate=1 + float(rng.uniform(-0.0015, 0.0015)),
    )


def measured(
    source: Callable[[Array], Array], seconds: float, rate_hz: float, errors: Errors, seed: int = 0
) -> Array:
    """What a chip of this nominal rate gives, in g and deg/s, neither clipped nor rounded, shape (n, 6).

    Sample i is taken at i / (rate_hz * errors.rate).
    """
    t_s = np.arange(int(seconds * rate_hz * errors.rate)) / (rate_hz * errors.rate)
    warmer_k = (errors.warming_k * (1 - np.exp(-t_s / _WARMING_S)))[:, None]
    values = source(t_s) * (errors.scale + errors.scale_per_k * warmer_k)
    values += errors.bias + errors.bias_per_k * warmer_k
    return values + np.random.default_rng(seed).normal(0, 1, values.shape) * errors.noise
