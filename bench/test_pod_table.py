"""The table of docs/pod.md: what a pod takes of time, RAM, flash and battery, in one place.

Time by the cost model of `test_detector_cost`, RAM measured on MicroPython, flash by the format and a simulated run,
battery from the cited currents of `hardware/power.toml`.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

import test_detector_cost as cost
from making import power
from strideload_pod import detector
from strideload_pod.imu import RATE_CODES
from strideload_pod.page import CRC_OFFSET, HEADER_SIZE, PAGE_SIZE, RAW_ACC_GYRO
from strideload_pod.pod import PAGE_CLOSES_MS
from support.pod_memory import pod_memory

RATES_HZ = (416, 833)
AXES = 6
HOUR_S = 3600


def time_used() -> Iterator[tuple[str, str]]:
    """Share of an RP2040's time: decoding and detector, and raw pages beside them."""
    costs = cost.measured(RATES_HZ, [AXES])
    for rate_hz in RATES_HZ:
        for interpreter in cost.IIR_CYCLES:
            used = cost.shares(costs, rate_hz, AXES, interpreter)
            steps = used["decode"] + used["detector"]
            yield (
                f"time of an RP2040 at {rate_hz} Hz, six axes, {interpreter}",
                f"{steps:.1%}, with raw capture {steps + used['page']:.1%}",
            )


def memory(folder: Path) -> Iterator[tuple[str, str]]:
    """RAM of a pod that runs, as `test_pod_memory` has it part by part: as installed, and from a ROMFS."""
    for form in ("mpy", "romfs"):
        yield (
            f"RAM after start, MicroPython, {form}",
            f"{pod_memory(folder / form, form)['in all'] / 1000:.0f} KB",
        )
    for rate_hz in RATE_CODES:
        six, three = (4 * detector.state_size(1000 * rate_hz, axes) / 1000 for axes in (True, False))
        yield f"of it the detector's state at {rate_hz} Hz", f"{six:.1f} KB, without gyroscope {three:.1f}"


def room() -> Iterator[tuple[str, str]]:
    """MB an hour: a page of steps at the latest every ten seconds, a raw page whenever one is full."""
    steps_mb = HOUR_S * 1000 / PAGE_CLOSES_MS * PAGE_SIZE / 1e6
    yield "flash, steps, an hour of running", f"{steps_mb:.2f} MB"
    samples = (CRC_OFFSET - HEADER_SIZE) // (2 * len(RAW_ACC_GYRO[1]))
    for rate_hz in RATES_HZ:
        yield f"flash, raw at {rate_hz} Hz, an hour", f"{rate_hz * HOUR_S / samples * PAGE_SIZE / 1e6:.0f} MB"


def battery() -> Iterator[tuple[str, str]]:
    """Hours that the cell of the parts list lasts in each state."""
    found = power.read_power()
    for board in found["boards"].values():
        if board["regulator"] == "usb":
            continue
        for state in board["states"]:
            ma = power.from_cell_ma(found, board["regulator"], state)
            hours = power.hours(found, ma)
            yield (
                f"{found['cell']['mah']} mAh, {board['name']}, {state['name']}",
                f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days",
            )


def test_the_table_of_a_pod(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [*time_used(), *memory(tmp_path / "flash"), *room(), *battery()]
    with capsys.disabled():
        print("\n| what | how much |\n|---|---|")
        for what, how_much in rows:
            print(f"| {what} | {how_much} |")
    assert len(rows) > 10
