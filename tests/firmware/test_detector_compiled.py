"""The detector's source compiled by numba gives the same steps, bit for bit."""

import importlib.util
from types import ModuleType

import numpy as np
import pytest

from strideload.simulate.runner import Runner
from strideload_pod import detector
from support.detection import Case, Samples, Steps, blocks, detect, quantized

numba = pytest.importorskip("numba")


@pytest.fixture(scope="module")
def compiled() -> ModuleType:
    """A copy of the module; set-up and gap, which raise with a figure, stay as they are."""
    spec = importlib.util.find_spec(detector.__name__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, value in list(vars(module).items()):
        if callable(value) and name not in ("const", "setup", "gap") and not name.startswith("__"):
            setattr(module, name, numba.njit(value))
    return module


def detect_compiled(module: ModuleType, samples: Samples, case: Case) -> Steps:
    state = np.zeros(module.STATE_SIZE, np.int32)
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


def test_compiled_steps_are_the_same(compiled: ModuleType) -> None:
    run = Runner(2).session([("stand", 3, 0), ("walk", 10, 5), ("run", 15, 11)])
    gait = quantized(run.source(np.arange(28 * 416) / 416)[:, :3])
    noise = np.random.default_rng(1).integers(-32768, 32768, (40_000, 3), dtype=np.int16)
    for samples in (gait, noise):
        case = Case(416_000, gaps=((0, 2**29 - 900), (5000, 30), (8000, 400)))
        steps = detect(samples, case)
        assert len(steps) > 10
        assert detect_compiled(compiled, samples, case).tolist() == steps.tolist()
