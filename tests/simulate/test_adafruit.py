"""Adafruit's real driver on the simulated chip, over both buses."""

from contextlib import contextmanager

import adafruit_lsm6ds
import numpy as np
import pytest
from adafruit_lsm6ds import AccelRange, GyroRange, Rate
from adafruit_lsm6ds.lsm6ds3trc import LSM6DS3TRC
from adafruit_lsm6ds.lsm6dso32 import LSM6DSO32
from adafruit_lsm6ds.lsm6dsox import LSM6DSOX
from smbus2 import SMBus, i2c_msg

from strideload.simulate.bus import SimulatedI2C
from strideload.simulate.chip import Chip
from strideload.simulate.i2c_dev import i2c_dev

TRUTH = np.array([0.9, -0.4, 1.2, 80.0, -60.0, 100.0])
G = 9.80665
DRIVERS = {"LSM6DSO32": LSM6DSO32, "LSM6DSOX": LSM6DSOX, "LSM6DS3TR-C": LSM6DS3TRC}


class OverSmbus:
    """busio's surface, as little as Adafruit's driver needs, over the real smbus2."""

    def __init__(self, bus):
        self.bus = bus

    def try_lock(self):
        return True

    def unlock(self):
        pass

    def writeto(self, address, buffer, *, start=0, end=None):
        self.bus.i2c_rdwr(i2c_msg.write(address, bytes(buffer[start:end])))

    def readfrom_into(self, address, buffer, *, start=0, end=None):
        self.bus.i2c_rdwr(i2c_msg.read(address, len(buffer[start:end])))

    def writeto_then_readfrom(
        self, address, out, into, *, out_start=0, out_end=None, in_start=0, in_end=None
    ):
        view = memoryview(into)[in_start:in_end]
        read = i2c_msg.read(address, len(view))
        self.bus.i2c_rdwr(i2c_msg.write(address, bytes(out[out_start:out_end])), read)
        view[:] = bytes(read)


@contextmanager
def simulated(chip):
    yield SimulatedI2C({0x6A: chip})


@contextmanager
def over_smbus(chip):
    with i2c_dev({0x6A: chip}), SMBus(1) as bus:
        yield OverSmbus(bus)


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves by 5 ms whenever it is read; the driver's own waits take no time."""
    monkeypatch.setattr(adafruit_lsm6ds, "sleep", lambda seconds: None)
    now = [0]

    def clock_us():
        now[0] += 5000
        return now[0]

    return clock_us


def make_chip(part, clock):
    return Chip(part, lambda t: np.tile(TRUTH, (len(t), 1)), clock)


@pytest.mark.parametrize("bus", [simulated, over_smbus])
@pytest.mark.parametrize("part", DRIVERS)
def test_all_ranges_read_right(part, bus, clock):
    with bus(make_chip(part, clock)) as i2c:
        driver = DRIVERS[part](i2c)
        for code, range_g in AccelRange.string.items():
            driver.accelerometer_range = code
            expected = np.clip(TRUTH[:3], -range_g, range_g) * G
            assert driver.acceleration == pytest.approx(expected, abs=range_g / 32768 * G)
        for code, range_dps in ((0, 250), (1, 500), (2, 1000), (3, 2000), (125, 125)):
            driver.gyro_range = code
            assert np.degrees(driver.gyro) == pytest.approx(TRUTH[3:], abs=range_dps / 28000)


@pytest.mark.parametrize("part", DRIVERS)
def test_rates_are_set_and_read_back(part, clock):
    driver = DRIVERS[part](SimulatedI2C({0x6A: make_chip(part, clock)}))
    for rate in (Rate.RATE_104_HZ, Rate.RATE_208_HZ, Rate.RATE_416_HZ, Rate.RATE_833_HZ, Rate.RATE_1_66K_HZ):
        driver.accelerometer_data_rate = rate
        driver.gyro_data_rate = rate
        assert (driver.accelerometer_data_rate, driver.gyro_data_rate) == (rate, rate)


@pytest.mark.parametrize("part", DRIVERS)
def test_temperature(part, clock):
    chip = make_chip(part, clock)
    chip.temperature_c = 31.5
    assert DRIVERS[part](SimulatedI2C({0x6A: chip})).temperature == 31.5


@pytest.mark.parametrize(
    ("part", "driver", "refused"),
    [
        ("LSM6DS3TR-C", LSM6DSO32, True),
        ("LSM6DS3TR-C", LSM6DSOX, True),
        ("LSM6DSOX", LSM6DS3TRC, True),
        ("LSM6DSOX", LSM6DSO32, False),  # they share their identity: nothing tells them apart but gravity
        ("LSM6DSO32", LSM6DSOX, False),
    ],
)
def test_identity_is_asked_for(part, driver, refused, clock):
    i2c = SimulatedI2C({0x6A: make_chip(part, clock)})
    if refused:
        with pytest.raises(RuntimeError, match="Failed to find"):
            driver(i2c)
    else:
        assert driver(i2c) is not None


def test_the_wrong_of_two_alike_is_out_by_two(clock):
    driver = LSM6DSOX(SimulatedI2C({0x6A: make_chip("LSM6DSO32", clock)}))
    assert driver.acceleration == pytest.approx(TRUTH[:3] * G / 2, abs=0.01)


@pytest.mark.parametrize("bus", [simulated, over_smbus])
def test_nobody_at_the_address(bus, clock):
    with bus(make_chip("LSM6DSOX", clock)) as i2c, pytest.raises(ValueError, match="No I2C device"):
        LSM6DSOX(i2c, address=0x6B)


def test_gyro_ranges_are_those_of_the_family(clock):
    LSM6DSOX(SimulatedI2C({0x6A: make_chip("LSM6DSOX", clock)}))
    assert sorted(GyroRange.string.values()) == [125, 250, 500, 1000, 2000]
