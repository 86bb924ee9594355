"""MicroPython's driver of few fields: `Imu` leaves the same in the chip over it as over Adafruit's."""

from array import array
from collections.abc import Iterator
from unittest.mock import patch

import numpy as np
import pytest

from strideload.simulate.bus import SimulatedI2C
from strideload.simulate.chip import CTRL3_C, SW_RESET, Chip
from strideload.simulate.samples import Source
from strideload_pod import imu as chips
from strideload_pod import lsm6ds_fields
from strideload_pod.imu import (
    ACC_CODES,
    GYRO_CODES,
    RATE_CODES,
    BusError,
    BusStuck,
    Imu,
    ImuError,
    open_driver,
)

pytestmark = pytest.mark.usefixtures("no_waiting")

ADDRESS = 0x6A
# Banks, FIFO, interrupts, controls, wake-up: what a driver may set. The rest is read only, or of no use here.
WRITABLE = [0x01, *range(0x07, 0x0F), *range(0x10, 0x1A), *range(0x56, 0x60)]


@pytest.fixture(autouse=True)
def fields() -> Iterator[None]:
    """The driver that MicroPython has; `with Adafruit` in a test is the other one."""
    with patch.object(chips, "ON_MICROPYTHON", True):
        yield


def resting() -> Source:
    return lambda t_s: np.tile([0.0, 0.0, 1.0, 0.0, 0.0, 0.0], (len(t_s), 1))


class Board:
    """A chip on a bus, in a time that only waits move."""

    def __init__(self, part: str) -> None:
        self.now_us = 0
        self.chip = Chip(part, resting(), lambda: self.now_us)
        self.bus = SimulatedI2C({ADDRESS: self.chip})

    def wait_ms(self, ms: int) -> None:
        self.now_us += 1000 * ms

    def registers(self) -> dict[int, int]:
        found = {}
        for register in WRITABLE:
            self.chip.write(bytes([register]))
            found[register] = self.chip.read(1)[0]
        return found


@pytest.mark.parametrize("odr_hz", RATE_CODES)
@pytest.mark.parametrize("part", ACC_CODES)
def test_the_chip_is_set_up_as_by_adafruits(part: str, odr_hz: int) -> None:
    """All ranges and rates; sampling, then watching for motion, then off."""
    for range_g in ACC_CODES[part]:
        for dps in (0, *GYRO_CODES):
            left = []
            for fields in (True, False):
                board = Board(part)
                with patch.object(chips, "ON_MICROPYTHON", fields):
                    driver = open_driver(part, board.bus)
                assert isinstance(driver, lsm6ds_fields.Lsm6ds) == fields
                imu = Imu(driver, board.wait_ms, part, odr_hz, range_g, dps)
                imu.start()
                sampling = board.registers()
                imu.watch_motion()
                watching = board.registers()
                imu.stop()
                left.append((sampling, watching, board.registers()))
            assert left[0] == left[1]


def test_samples_come_and_a_stuck_bus_is_gone_on_from() -> None:
    board = Board("LSM6DSO32")
    imu = Imu(open_driver("LSM6DSO32", board.bus), board.wait_ms, "LSM6DSO32", 833, 32, 2000)
    imu.start()
    block = array("h", bytes(2 * 6 * 512))
    board.wait_ms(120)
    assert imu.read(block) > 90
    board.bus.hold_sda()
    with pytest.raises(BusStuck):
        imu.read(block)
    imu.attach(board.bus.freed())
    board.wait_ms(120)
    assert imu.read(block) > 90
    imu.stop()  # the driver's own transfers go over the new bus, too
    assert board.chip.supply_ua == 3
    assert imu.lost == 0


def test_a_chip_that_is_not_there_or_another_or_unknown() -> None:
    with pytest.raises(BusError, match="0x6a"):
        open_driver("LSM6DSO32", SimulatedI2C({}))
    board = Board("LSM6DSO32")
    board.chip.identity = 0x6B
    with pytest.raises(ImuError, match="no LSM6DSO32: its identity is 0x6b"):
        open_driver("LSM6DSO32", board.bus)
    with pytest.raises(ValueError, match="LSM6DS3TR-C"):
        open_driver("LSM6DS3TR-C", board.bus)


def test_a_stuck_bus_at_opening() -> None:
    board = Board("LSM6DSO32")
    board.bus.hold_sda()
    with pytest.raises(BusStuck):
        open_driver("LSM6DSO32", board.bus)
    assert open_driver("LSM6DSO32", board.bus.freed()) is not None


def test_a_reset_that_does_not_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adafruit's driver would ask on for ever."""

    class Resetting(Chip):
        def read(self, count: int) -> bytes:
            return (
                bytes([super().read(count)[0] | SW_RESET]) if self.asked == CTRL3_C else super().read(count)
            )

        def write(self, data: bytes) -> None:
            self.asked = data[0] if data else -1
            super().write(data)

    monkeypatch.setattr(lsm6ds_fields, "sleep", lambda seconds: None)
    chip = Resetting("LSM6DSO32", resting(), lambda: 0)
    with pytest.raises(ImuError, match="its reset does not end"):
        open_driver("LSM6DSO32", SimulatedI2C({ADDRESS: chip}))
