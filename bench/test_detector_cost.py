"""What the detector costs a sample on MicroPython, beside a small IIR-and-threshold loop in the same run.

Prints detector, FIFO decoding and packing of raw pages as multiples of that loop (`tests/micropython/cost.py` has it),
what that makes of an RP2040 by the cost model of instructions counted on a Cortex-M0+, and the rate of the detector
compiled.
"""

import json
import time
from collections.abc import Iterable

import numpy as np
import pytest

from accuracy import detection
from strideload.simulate.runner import Runner
from strideload_pod import detector
from support import micropython, tools
from support.detection import Samples, quantized

MOST = {3: 6, 6: 9}
HELD_FROM_HZ = 416  # below, a sample costs more and a second less: it is printed
COMPILED_LEAST = 20e6
RATES_HZ = (104, 208, 416, 833)
SECONDS = 60
UDPS_LSB = 70_000

# A Cortex-M0+ takes 1418 instructions a sample for the loop in MicroPython's bytecode, 1660 in CircuitPython's; an
# RP2040 needs 1.3 cycles for each and has 125 million a second.
IIR_CYCLES = {"MicroPython": 1418 * 1.3, "CircuitPython": 1660 * 1.3}
RP2040_HZ = 125e6
SHARE_MOST = 0.15


def running(rate_hz: int) -> Samples:
    motion = Runner(3).session([("stand", 3, 0), ("run", SECONDS - 3, 10)]).source
    both = motion(np.arange(SECONDS * rate_hz) / rate_hz)
    rotation = np.clip(np.round(both[:, 3:] * 1e6 / UDPS_LSB), -32768, 32767).astype(np.int16)
    return np.hstack([quantized(both[:, :3]), rotation])


def measured(rates_hz: Iterable[int], axes_of: Iterable[int]) -> dict[str, dict[str, float]]:
    """ns a sample on MicroPython, by case and what."""
    cases, files = {}, {}
    for rate_hz in rates_hz:
        for axes in axes_of:
            name = f"{rate_hz} Hz, {axes} axes"
            cases[name] = {"file": name, "axes": axes, "rate_mhz": rate_hz * 1000}
            files[name] = np.ascontiguousarray(running(rate_hz)[:, :axes]).tobytes()
    files["cases.json"] = json.dumps(cases).encode()
    files["timing.py"] = (tools.MICROPYTHON_DIR / "timing.py").read_bytes()
    ran = micropython.run((tools.MICROPYTHON_DIR / "cost.py").read_text(), files)
    return json.loads(ran.files["cost.json"])


def shares(costs: dict[str, dict[str, float]], rate_hz: int, axes: int, interpreter: str) -> dict[str, float]:
    """Share of an RP2040's time that detector, decoding and raw pages take, by the cost model."""
    found = costs[f"{rate_hz} Hz, {axes} axes"] | costs[f"{axes} axes"]
    cycles_s = IIR_CYCLES[interpreter] * rate_hz / found["iir"]
    return {name: found[name] * cycles_s / RP2040_HZ for name in ("detector", "decode", "page")}


@pytest.fixture(scope="module")
def costs() -> dict[str, dict[str, float]]:
    return measured(RATES_HZ, MOST)


@pytest.mark.parametrize("axes", MOST)
def test_the_detector_is_cheap(axes: int, costs: dict[str, dict[str, float]]) -> None:
    """From 416 Hz on within its multiple of the loop."""
    print()
    ratios = {}
    for rate_hz in RATES_HZ:
        found = costs[f"{rate_hz} Hz, {axes} axes"]
        ratios[rate_hz] = found["detector"] / found["iir"]
        print(f"{rate_hz} Hz, {axes} axes: detector {ratios[rate_hz]:.1f} x the loop's {found['iir']:.0f} ns")
    assert max(ratio for rate_hz, ratio in ratios.items() if rate_hz >= HELD_FROM_HZ) <= MOST[axes]


@pytest.mark.parametrize("axes", MOST)
def test_an_rp2040_has_room(axes: int, costs: dict[str, dict[str, float]]) -> None:
    """Detector, decoding and raw pages at 416 Hz, by the cost model."""
    found = costs[f"416 Hz, {axes} axes"] | costs[f"{axes} axes"]
    print(
        "\n"
        + ", ".join(f"{name} {found[name] / found['iir']:.1f}" for name in ("detector", "decode", "page"))
    )
    for interpreter in IIR_CYCLES:
        used = shares(costs, 416, axes, interpreter)
        print(interpreter, ", ".join(f"{name} {share:.1%}" for name, share in used.items()))
        assert sum(used.values()) < SHARE_MOST


def test_a_data_set_is_detected_quickly() -> None:
    """Compiled by numba, six axes at 416 Hz, warm, on one core."""
    compiled = detection.compiled()
    samples = np.tile(running(416), (20, 1))
    state = np.zeros(detector.state_size(416_000, UDPS_LSB), np.int32)
    steps = np.zeros(detector.STEP_SIZE * detector.STEPS_LIMIT, np.int32)
    compiled.setup(state, 416_000, 976, UDPS_LSB)
    cuts = [samples[i : i + 512].ravel() for i in range(0, len(samples) - 511, 512)]
    least = np.inf
    for _ in range(4):
        begin = time.perf_counter()
        for block in cuts:
            compiled.process(state, block, 512, steps)
        least = min(least, time.perf_counter() - begin)
    rate = len(cuts) * 512 / least
    print(f"\n{rate / 1e6:.0f} million samples a second")
    assert rate >= COMPILED_LEAST
