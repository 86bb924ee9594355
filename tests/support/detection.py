"""The detector over whole recordings, on CPython and on MicroPython."""

import json
from array import array
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from accuracy.detection import compiled
from strideload_pod import detector
from support import micropython, tools

Samples = NDArray[np.int16]
Steps = NDArray[np.int64]


@dataclass(frozen=True)
class Case:
    """How a recording is fed: set-up, samples a block, and gaps as (samples before it, samples lost)."""

    rate_mhz: int
    acc_ug_lsb: int = 976
    gyro_udps_lsb: int = 0
    block: int = 100
    gaps: Sequence[tuple[int, int]] = field(default_factory=tuple)


def quantized(acc_g: NDArray[np.float64], acc_ug_lsb: int = 976) -> Samples:
    """As a chip of this scale would give it, clipped at its full scale; shape as given."""
    return np.clip(np.round(acc_g * 1e6 / acc_ug_lsb), -32768, 32767).astype(np.int16)


def blocks(case: Case, total: int) -> list[tuple[int, int, int]]:
    """(first sample, samples, lost before it) of every block."""
    edges = sorted({0, total, *range(0, total, case.block), *(at for at, _ in case.gaps)})
    lost = dict(case.gaps)
    return [(a, b - a, lost.get(a, 0)) for a, b in pairwise(edges)]


def detect(samples: Samples, case: Case, module: ModuleType = detector) -> Steps:
    """Steps on CPython, shape (m, 8), columns as `detector.IC_SAMPLE` and so on. `module`: the detector, or a copy."""
    return detect_blocks(samples, case, blocks(case, len(samples)), module)


def detect_blocks(
    samples: Samples, case: Case, cuts: Sequence[tuple[int, int, int]], module: ModuleType = detector
) -> Steps:
    """The same, cut as given."""
    state = array("i", bytes(4 * module.state_size(case.rate_mhz, case.gyro_udps_lsb)))
    steps = array("i", bytes(4 * module.STEP_SIZE * module.STEPS_LIMIT))
    module.setup(state, case.rate_mhz, case.acc_ug_lsb, case.gyro_udps_lsb)
    found: list[int] = []
    for first, n, lost in cuts:
        if lost:
            module.gap(state, lost)
        block = array("h", samples[first : first + n].tobytes())
        found += steps[: module.STEP_SIZE * module.process(state, block, n, steps)]
    found += steps[: module.STEP_SIZE * module.finish(state, steps)]
    return np.array(found, np.int64).reshape(-1, module.STEP_SIZE)


def detect_compiled(samples: Samples, case: Case) -> Steps:
    """The same by the detector that numba compiled."""
    module = compiled()
    state = np.zeros(module.state_size(case.rate_mhz, case.gyro_udps_lsb), np.int32)
    steps = np.zeros(module.STEP_SIZE * module.STEPS_LIMIT, np.int32)
    module.setup(state, case.rate_mhz, case.acc_ug_lsb, case.gyro_udps_lsb)
    found: list[int] = []
    for first, n, lost in blocks(case, len(samples)):
        if lost:
            module.gap(state, lost)
        block = samples[first : first + n].ravel()
        found += steps[: module.STEP_SIZE * module.process(state, block, n, steps)].tolist()
    found += steps[: module.STEP_SIZE * module.finish(state, steps)].tolist()
    return np.array(found, np.int64).reshape(-1, module.STEP_SIZE)


def detect_on_micropython(given: Sequence[tuple[Samples, Case]]) -> list[Steps]:
    """Steps of each case on MicroPython, with the heap locked. MicroPythonError if anything was allocated."""
    files = {f"case{i}": samples.tobytes() for i, (samples, _) in enumerate(given)}
    files["cases.json"] = json.dumps([asdict(case) for _, case in given]).encode()
    ran = micropython.run((tools.MICROPYTHON_DIR / "detect.py").read_text(), files)
    found = [np.frombuffer(ran.files[str(i)], np.int32) for i in range(len(given))]
    return [steps.astype(np.int64).reshape(-1, detector.STEP_SIZE) for steps in found]


def times_s(steps: Steps, rate_hz: float) -> NDArray[np.float64]:
    """Initial contacts in seconds from the first sample."""
    return (steps[:, detector.IC_SAMPLE] + steps[:, detector.IC_FRAC] / 256) / rate_hz


def differences_s(
    found: NDArray[np.float64], truth: NDArray[np.float64], within_s: float
) -> NDArray[np.float64]:
    """Found minus true time of each true contact that has one within reach, each found one used once."""
    left = list(found)
    out: list[float] = []
    for true in truth:
        near = min(left, key=lambda t: abs(t - true), default=np.inf)
        if abs(near - true) <= within_s:
            left.remove(near)
            out.append(near - true)
    return np.array(out)
