"""The detector on a real MicroPython: the same steps as on CPython, byte for byte, and nothing allocated.

MicroPython's small integers have 31 bits, as on a board. With the heap locked any value from 2**30 on raises
MemoryError, so these runs also prove the bounds that the detector's comments claim.
"""

from pathlib import Path

import numpy as np
import pytest

from strideload.simulate.runner import Runner, Way, mounting
from support.detection import Case, Samples, detect, detect_on_micropython, quantized

SECONDS = 40
PLAN = [("stand", 3, 0), ("walk", 12, 5), ("run", 20, 11), ("stand", 5, 0)]
NEAR_WRAP = 2**29 - 1500


def simulated(rate_hz: int, acc_ug_lsb: int = 976, axes: int = 3) -> Samples:
    source = Runner(3).session(PLAN).source  # type: ignore[arg-type]
    motion = source(np.arange(SECONDS * rate_hz) / rate_hz)
    rotation = np.clip(np.round(motion[:, 3:] / 0.07), -32768, 32767).astype(np.int16)
    return np.hstack([quantized(motion[:, :3], acc_ug_lsb), rotation])[:, :axes]


def noise(n: int, seed: int, axes: int = 3) -> Samples:
    return np.random.default_rng(seed).integers(-32768, 32768, (n, axes), dtype=np.int16)


def swings(n: int, seed: int) -> Samples:
    """Full scale on all axes, from one side to the other every half second: the greatest rotation that lasts."""
    side = np.where(np.arange(n) // 180 % 2, 32767, -32768)
    jitter = np.random.default_rng(seed).integers(0, 2000, (n, 6))
    return np.clip(side[:, None] - np.sign(side)[:, None] * jitter, -32768, 32767).astype(np.int16)


def about(gain: int = 1) -> Samples:
    """A walker who turns, whose pod is then mounted otherwise, and who runs; rotation `gain` times as fast."""
    plan = [("stand", 3, 0), ("walk", 40, 4.5, Way(turn_every_m=10)), ("run", 20, 10), ("stand", 5, 0)]
    run = Runner(5, strike="forefoot", remount=(53.0, mounting(123, 45, -67))).session(plan)  # type: ignore[arg-type]
    motion = run.source(np.arange(68 * 104) / 104)
    rotation = np.clip(np.round(motion[:, 3:] / 0.07) * gain, -32768, 32767).astype(np.int16)
    return np.hstack([quantized(motion[:, :3]), rotation])


def jumps(n: int, seed: int) -> Samples:
    """Full scale either way, changing sides in bursts: the greatest changes and lengths that there are."""
    side = np.random.default_rng(seed).random((n, 3)) < np.where(np.arange(n) % 70 < 8, 0.5, 0.0)[:, None]
    return np.where(np.cumsum(side, axis=0) % 2 == 1, 32767, -32768).astype(np.int16)


CASES = {
    "100 Hz": (simulated(100), Case(100_000, block=17)),
    "six axes, 208 Hz": (simulated(208, axes=6), Case(208_000, gyro_udps_lsb=70_000)),
    "about, six axes, 104 Hz": (about(), Case(104_000, gyro_udps_lsb=70_000)),
    "about, rotation at full scale": (about(40), Case(104_000, gyro_udps_lsb=140_000)),
    "833 Hz": (simulated(833), Case(833_000, block=512)),
    "1667 Hz, +-4 g": (simulated(1667, 122), Case(1_667_000, 122, block=333)),
    "gaps, wrapping": (simulated(416), Case(416_000, gaps=((0, NEAR_WRAP), (7000, 17), (9000, 5000)))),
    "noise, 100 Hz": (noise(50_000, 1), Case(100_000, 1100, gaps=((0, 2**29 - 1), (20_000, 3)))),
    "noise, 359 Hz": (noise(50_000, 2), Case(359_999, 1100)),
    "noise, 1700 Hz": (noise(30_000, 3), Case(1_700_000, 1100)),
    "noise, six axes, 359 Hz": (
        noise(30_000, 6, 6),
        Case(359_999, 1100, 2000, gaps=((9_000, 40), (9_100, 900))),
    ),
    "swings, 359 Hz": (swings(30_000, 7), Case(359_999, 976, 2000)),
    "swings, 104 Hz": (swings(10_000, 8), Case(104_000, 976, 140_000)),
    "jumps, 100 Hz": (jumps(30_000, 4), Case(100_000, 1100, gaps=((300, 2**29 - 400),))),
    "jumps, 350 Hz": (jumps(30_000, 5), Case(350_000, 1)),
}


@pytest.fixture(scope="module")
def on_micropython() -> dict[str, np.ndarray]:
    return dict(zip(CASES, detect_on_micropython(list(CASES.values())), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_steps_are_those_of_cpython(name: str, on_micropython: dict[str, np.ndarray]) -> None:
    samples, case = CASES[name]
    assert on_micropython[name].tolist() == detect(samples, case).tolist()


@pytest.mark.parametrize(
    "name",
    ["100 Hz", "six axes, 208 Hz", "about, six axes, 104 Hz", "833 Hz", "1667 Hz, +-4 g", "gaps, wrapping"],
)
def test_the_cases_hold_steps(name: str, on_micropython: dict[str, np.ndarray]) -> None:
    assert len(on_micropython[name]) > 25


def test_a_real_run_gives_the_steps_of_cpython(recordings: Path) -> None:
    """Ten minutes of the outdoor run."""
    samples = quantized(np.load(recordings / "run_outdoor_shoe_100hz.npz")["acc_g"][30_000:90_000], 244)
    case = Case(100_000, 244)
    assert detect_on_micropython([(samples, case)])[0].tolist() == detect(samples, case).tolist()


def test_a_spike_beside_rest_stays_within_bounds(recordings: Path) -> None:
    """At the end of a turn the foot is held at 1 g, and struck at full scale a tenth of a second later."""
    walk = np.load(recordings / "walk_subject13_left_100hz.npz")
    rotation = np.clip(np.round(walk["gyro_dps"] / 0.07), -32768, 32767).astype(np.int16)
    whole = np.hstack([quantized(walk["acc_g"]), rotation])[1200:2400]
    cases: list[tuple[Samples, Case]] = []
    for end in range(610, 634, 2):
        samples = whole.copy()
        samples[end - 17 : end + 9, :3] = (0, 0, 1025)
        samples[end + 9, :3] = 32767
        cases.append((samples, Case(100_000, gyro_udps_lsb=70_000)))
    for (samples, case), found in zip(cases, detect_on_micropython(cases), strict=True):
        assert found.tolist() == detect(samples, case).tolist()
