"""The detector's source compiled by numba gives the same steps, bit for bit."""

import numpy as np
import pytest

from strideload.simulate.runner import Runner
from support.detection import Case, Samples, detect, detect_compiled, quantized


def gait(axes: int) -> Samples:
    run = Runner(2).session([("stand", 3, 0), ("walk", 10, 5), ("run", 15, 11)])
    motion = run.source(np.arange(28 * 416) / 416)
    rotation = np.clip(np.round(motion[:, 3:] / 0.07), -32768, 32767).astype(np.int16)
    return np.hstack([quantized(motion[:, :3]), rotation])[:, :axes]


@pytest.mark.timeout(900)  # a minute and a half of compiling, on a core of its own
@pytest.mark.parametrize("axes", [3, 6])
def test_compiled_steps_are_the_same(axes: int) -> None:
    noise = np.random.default_rng(1).integers(-32768, 32768, (40_000, axes), dtype=np.int16)
    udps_lsb = 70_000 if axes == 6 else 0
    case = Case(416_000, gyro_udps_lsb=udps_lsb, gaps=((0, 2**29 - 900), (5000, 30), (8000, 400)))
    steps = detect(gait(axes), case)
    assert len(steps) > 10
    assert detect_compiled(gait(axes), case).tolist() == steps.tolist()
    assert detect_compiled(noise, case).tolist() == detect(noise, case).tolist()
