"""The detector's own source, interpreted, or compiled by numba: `tests/firmware/test_detector_compiled.py` has them
equal."""

import importlib.util
import inspect
from array import array
from collections.abc import Callable
from functools import cache
from itertools import product
from types import ModuleType
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from strideload_pod import detector

# Set-up and gap raise with a figure, which numba has no words for; both run once a recording.
_INTERPRETED = ("const", "setup", "gap")
_INT32, _INT16 = (numba.types.Array(of, 1, "C") for of in (numba.int32, numba.int16))
# What an argument of this name is; any other is a whole number.
_ARRAYS = {"state": (_INT32,), "steps": (_INT32,), "samples": (_INT16,), "source": (_INT16, _INT32)}


class Chip(NamedTuple):
    """Scale of the samples; a gyroscope of 0 micro-deg/s a LSB is none."""

    rate_hz: float
    acc_ug_lsb: int = 976
    gyro_udps_lsb: int = 70_000

    @property
    def range_g(self) -> int:
        return round(self.acc_ug_lsb * 32_768 / 1e6)


class Steps(NamedTuple):
    """Of one foot, shape (n,), seconds from the first sample; NaN: not known."""

    ic_s: NDArray[np.float64]
    contact_s: NDArray[np.float64]
    stride_s: NDArray[np.float64]
    peak_g: NDArray[np.float64]
    kind: NDArray[np.int64]


@cache
def compiled() -> ModuleType:
    """A private copy of the detector, compiled at its first use.

    Each function once, for whole numbers of 64 bits: by itself numba makes it anew for each constant that it is called
    with, which takes more than twice as long.
    """
    spec = importlib.util.find_spec(detector.__name__)
    if spec is None or spec.loader is None:
        raise ImportError(detector.__name__)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    functions = [
        numba.njit(value)
        for name, value in vars(made).items()
        if callable(value) and name not in _INTERPRETED and not name.startswith("__")
    ]
    for one in functions:
        setattr(made, one.__name__, one)
    for one in reversed(functions):  # what is called stands below its callers
        for types in product(
            *(_ARRAYS.get(name, (numba.int64,)) for name in inspect.signature(one).parameters)
        ):
            one.compile(types)
        one.disable_compile()
    return made


def quantized(values: NDArray[np.float64], chip: Chip) -> NDArray[np.int16]:
    """g and deg/s, shape (n, 3) or (n, 6), as the chip's numbers; clipped at its full scale."""
    lsb = np.array([chip.acc_ug_lsb] * 3 + [chip.gyro_udps_lsb] * 3)[: _axes(values, chip)] / 1e6
    return np.clip(np.round(values[:, : len(lsb)] / lsb), -32_768, 32_767).astype(np.int16)


def _axes(values: NDArray[np.float64], chip: Chip) -> int:
    return 6 if chip.gyro_udps_lsb and values.shape[1] == 6 else 3


Detect = Callable[[NDArray[np.float64], Chip], Steps]
"""From a signal in g and deg/s, shape (n, 3) or (n, 6), to its steps."""


def detect_compiled(values: NDArray[np.float64], chip: Chip) -> Steps:
    """By numba: for hours of signal."""
    made = compiled()
    samples = quantized(values, chip)
    rate_mhz, gyro_udps_lsb = round(chip.rate_hz * 1000), chip.gyro_udps_lsb if samples.shape[1] == 6 else 0
    state = np.zeros(made.state_size(rate_mhz, gyro_udps_lsb), np.int32)
    steps = np.zeros(made.STEP_SIZE * made.STEPS_LIMIT, np.int32)
    made.setup(state, rate_mhz, chip.acc_ug_lsb, gyro_udps_lsb)
    found: list[NDArray[np.int32]] = []
    for at in range(0, len(samples), made.BLOCK_LIMIT):
        block = samples[at : at + made.BLOCK_LIMIT]
        found.append(steps[: made.STEP_SIZE * made.process(state, block.ravel(), len(block), steps)].copy())
    found.append(steps[: made.STEP_SIZE * made.finish(state, steps)].copy())
    return _steps(np.concatenate(found).reshape(-1, made.STEP_SIZE).astype(np.int64), chip.rate_hz)


def detect_interpreted(values: NDArray[np.float64], chip: Chip) -> Steps:
    """By this Python: for minutes of it, and without waiting for a compiler."""
    samples = quantized(values, chip)
    rate_mhz, gyro_udps_lsb = round(chip.rate_hz * 1000), chip.gyro_udps_lsb if samples.shape[1] == 6 else 0
    state = array("i", bytes(4 * detector.state_size(rate_mhz, gyro_udps_lsb)))
    steps = array("i", bytes(4 * detector.STEP_SIZE * detector.STEPS_LIMIT))
    detector.setup(state, rate_mhz, chip.acc_ug_lsb, gyro_udps_lsb)
    found: list[int] = []
    for at in range(0, len(samples), detector.BLOCK_LIMIT):
        block = samples[at : at + detector.BLOCK_LIMIT]
        count = detector.process(state, array("h", block.tobytes()), len(block), steps)
        found += steps[: detector.STEP_SIZE * count]
    found += steps[: detector.STEP_SIZE * detector.finish(state, steps)]
    return _steps(np.array(found, np.int64).reshape(-1, detector.STEP_SIZE), chip.rate_hz)


def _steps(rows: NDArray[np.int64], rate_hz: float) -> Steps:
    def known(column: int, unit: float) -> NDArray[np.float64]:
        return np.where(rows[:, column] >= 0, rows[:, column] * unit, np.nan)

    return Steps(
        ic_s=(rows[:, detector.IC_SAMPLE] + rows[:, detector.IC_FRAC] / 256) / rate_hz,
        contact_s=known(detector.CONTACT, 1 / 256 / rate_hz),
        stride_s=known(detector.STRIDE, 1 / 256 / rate_hz),
        peak_g=known(detector.PEAK_MG, 1e-3),
        kind=rows[:, detector.KIND],
    )
