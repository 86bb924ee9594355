"""Samples come out of the FIFO as the chip made them, none is double, and what is missing is counted."""

import json
from array import array
from unittest.mock import patch

import adafruit_lsm6ds
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.simulate.bus import SimulatedI2C
from strideload.simulate.chip import Chip, Nack
from strideload.simulate.fifo import CAPACITY
from strideload_pod.imu import (
    ACC_CODES,
    GYRO_CODES,
    RATE_CODES,
    BusError,
    BusStuck,
    FifoStalled,
    Imu,
    ImuError,
    RegisterError,
    WrongChip,
    WrongScale,
    open_driver,
)
from strideload_pod.rest import RestCheck
from support import micropython

ADDRESS = 0x6A
NUMBERS = 30_000  # the numbering source counts round


@pytest.fixture(autouse=True, scope="module")
def no_waiting():
    """Adafruit's driver sleeps for 0.2 s after each range."""
    with patch.object(adafruit_lsm6ds, "sleep", lambda seconds: None):
        yield


class Numbering:
    """Sample i since power-on carries i on the first axis of each sensor, -i on the second and 5 on the
    third."""

    def __init__(self, odr_hz, trim, acc_g_lsb, gyro_dps_lsb):
        self.rate_hz = 6667 / (1 << 10 - RATE_CODES[odr_hz]) * (1 + 0.0015 * trim)
        self.lsb = np.array([acc_g_lsb] * 3 + [gyro_dps_lsb] * 3)

    def __call__(self, t_s):
        i = np.rint(t_s * self.rate_hz) % NUMBERS
        return np.outer(i, [1, -1, 0, 1, -1, 0]) * self.lsb + 5 * self.lsb * [0, 0, 1, 0, 0, 1]


class Bench:
    """An Imu on a simulated chip, with a clock that only the test and the Imu's own waits move."""

    def __init__(
        self,
        part="LSM6DSO32",
        odr_hz=416,
        acc_range_g=32,
        gyro_range_dps=2000,
        trim=0,
        source=None,
        device=None,
        settles=True,
    ):
        self.now_us = 0
        self.odr_hz = odr_hz
        numbering = Numbering(odr_hz, trim, 61e-6 * acc_range_g / 2, 35e-6 * (gyro_range_dps or 250))
        self.rate_hz = numbering.rate_hz
        self.chip = Chip(part, source or numbering, lambda: self.now_us, trim=trim)
        self.bus = SimulatedI2C({ADDRESS: device(self.chip) if device else self.chip})
        wait_ms = self.wait_ms if settles else lambda ms: None
        self.imu = Imu(open_driver(part, self.bus), wait_ms, part, odr_hz, acc_range_g, gyro_range_dps)
        self.block = array("h", bytes(2 * self.imu.axes * 512))
        self.number = 0  # of the next sample, losses included
        self.first = -1  # number since power-on of sample 0; -1: none came yet

    def wait_ms(self, ms):
        self.now_us += round(1000 * ms)

    def wait_samples(self, count):
        self.now_us += round(1e6 * count / self.rate_hz)

    def rows(self, n):
        return np.array(self.block[: n * self.imu.axes], np.int64).reshape(n, self.imu.axes)

    def read(self):
        """Read once; every sample must be the one that its number says. -> (lost, samples)"""
        n = self.imu.read(self.block)
        lost = self.imu.take_lost()
        self.number += lost
        rows = self.rows(n)
        if n and self.first < 0:
            self.first = int(rows[0, 0]) - self.number
        if n:
            expected = (self.first + self.number + np.arange(n)) % NUMBERS
            assert (rows[:, 0] == expected).all()
            assert (rows[:, 1] == -expected).all()
            assert (rows[:, 2] == 5).all()
            if self.imu.axes == 6:
                assert (rows[:, 3:] == rows[:, :3]).all()
        self.number += n
        return lost, n

    def drain(self):
        """Read until nothing comes. -> (lost, samples)"""
        lost = samples = 0
        while True:
            more_lost, n = self.read()
            lost += more_lost
            samples += n
            if not n:
                return lost, samples

    def drain_to_the_stall(self):
        """Read what is left. -> samples that the FIFO is behind the clock"""
        with pytest.raises(FifoStalled) as caught:
            self.drain()
        return caught.value.behind


@pytest.mark.parametrize("gyro_range_dps", [2000, 0])
@pytest.mark.parametrize("odr_hz", RATE_CODES)
@pytest.mark.parametrize("part", ACC_CODES)
def test_every_sample_comes_once(part, odr_hz, gyro_range_dps):
    bench = Bench(part, odr_hz, 16, gyro_range_dps, trim=7)
    bench.imu.start()
    total = 0
    for _ in range(40):
        bench.wait_ms(bench.imu.watermark_ms)
        lost, n = bench.read()
        assert lost == 0
        total += n
    assert total == pytest.approx(bench.rate_hz * 40 * bench.imu.watermark_ms / 1000, abs=4)
    assert bench.imu.lost == bench.imu.bad_words == 0


@pytest.mark.parametrize(
    ("odr_hz", "trim", "rate_mhz"),
    [
        (104, 0, 104_172),
        (208, 0, 208_344),
        (416, 0, 416_688),
        (833, 0, 833_375),
        (1667, 0, 1_666_750),
        (416, 27, 433_563),
        (416, -128, 336_684),
        (416, 127, 496_066),
    ],
)
def test_the_true_rate(odr_hz, trim, rate_mhz):
    """One real part was seen to run 4 % fast; the rate is read while the chip runs."""
    bench = Bench(odr_hz=odr_hz, trim=trim)
    bench.imu.start()
    assert bench.imu.rate_mhz == rate_mhz == pytest.approx(1000 * bench.rate_hz, abs=0.51)


@pytest.mark.parametrize(
    ("part", "acc_range_g"), [(part, range_g) for part, codes in ACC_CODES.items() for range_g in codes]
)
@pytest.mark.parametrize("gyro_range_dps", GYRO_CODES)
def test_scales(part, acc_range_g, gyro_range_dps):
    truth = np.array([1.5, -0.7, 1.9, 100.0, -200.0, 50.0])
    bench = Bench(part, 416, acc_range_g, gyro_range_dps, source=lambda t: np.tile(truth, (len(t), 1)))
    bench.imu.start()
    bench.wait_ms(50)
    rows = bench.rows(bench.imu.read(bench.block))
    assert rows[-1, :3] * bench.imu.acc_ug_lsb / 1e6 == pytest.approx(truth[:3], abs=acc_range_g / 30_000)
    assert rows[-1, 3:] * bench.imu.gyro_udps_lsb / 1e6 == pytest.approx(
        truth[3:], abs=gyro_range_dps / 28_000
    )


REFUSED = [
    ("LSM6DS3TR-C", 416, 16, 2000),
    ("LSM6DSOX", 416, 32, 2000),
    ("LSM6DSO32", 416, 2, 2000),
    ("LSM6DSO32", 52, 32, 2000),
    ("LSM6DSO32", 416, 32, 125),
]


@pytest.mark.parametrize("setting", REFUSED)
def test_settings_that_the_chip_has_not(setting):
    driver = open_driver("LSM6DSOX", Bench("LSM6DSOX", 416, 16).bus)
    with pytest.raises(ValueError, match="no"):
        Imu(driver, lambda ms: None, *setting)


@pytest.mark.parametrize(("part", "there"), [("LSM6DSO32", 0x6A), ("LSM6DSOX", 0x6B)])
def test_another_chip_is_refused(part, there):
    bench = Bench(part, 416, 16)
    bench.chip.identity = there
    with pytest.raises(WrongChip) as caught:
        bench.imu.start()
    assert (caught.value.expected, caught.value.got) == (0x6C, there)
    with pytest.raises(ImuError, match=part):
        open_driver(part, bench.bus)


def test_opening_a_chip_that_is_not_there_or_not_known():
    with pytest.raises(BusError, match="0x6a"):
        open_driver("LSM6DSO32", SimulatedI2C({}))
    with pytest.raises(ValueError, match="LSM6DS3TR-C"):
        open_driver("LSM6DS3TR-C", SimulatedI2C({}))


@pytest.mark.parametrize("celsius", [-10.0, 25.0, 31.25])
def test_temperature(celsius):
    bench = Bench()
    bench.chip.temperature_c = celsius
    assert bench.imu.temperature() == celsius * 256


class Watching:
    """The chip, and which registers were written."""

    def __init__(self, chip):
        self.chip = chip
        self.held = {}

    def write(self, data):
        if len(data) == 2:
            self.held[data[0]] = data[1]
        self.chip.write(data)

    def read(self, count):
        return self.chip.read(count)


@pytest.mark.parametrize(
    ("gyro_range_dps", "batching", "gyro"), [(2000, 0x66, 0x6C), (250, 0x66, 0x60), (0, 0x06, 0x00)]
)
def test_what_is_set_up(gyro_range_dps, batching, gyro):
    """Watermark at a quarter, continuous, BDU, both sensors at one rate."""
    watching = []
    bench = Bench(
        gyro_range_dps=gyro_range_dps, device=lambda chip: watching.append(Watching(chip)) or watching[0]
    )
    bench.imu.start()
    held = watching[0].held
    assert held[0x07] == CAPACITY // 4
    assert held[0x12] == 0x44
    assert held[0x0D] == 0x08
    assert (held[0x09], held[0x0A], held[0x10], held[0x11]) == (batching, 0x06, 0x64, gyro)
    bench.imu.stop()
    assert held[0x0A] == 0
    assert held[0x10] >> 4 == held[0x11] >> 4 == 0


SET_UP = [0x07, 0x08, 0x09, 0x0A, 0x0D, 0x10, 0x11, 0x12, 0x15, 0x18, 0x19, 0x58, 0x5E]


@pytest.mark.parametrize("register", SET_UP)
def test_a_register_that_does_not_hold_is_found(register):
    class Stuck(Watching):
        def read(self, count):
            data = bytearray(self.chip.read(count))
            if self.last == register and register in self.held:
                data[0] ^= 0x10
            return bytes(data)

        def write(self, data):
            self.last = data[0] if data else None
            super().write(data)

    bench = Bench(device=Stuck)
    with pytest.raises(RegisterError) as caught:
        bench.imu.start()
    assert caught.value.register == register
    assert caught.value.got == caught.value.expected ^ 0x10


@pytest.mark.parametrize("register", SET_UP)
def test_a_register_that_changes_later_is_found(register):
    bench = Bench()
    bench.imu.start()
    bench.imu.check()
    bench.chip.poke(register, 0x01 if register in (0x08, 0x12, 0x15, 0x58, 0x5E) else 0x00)
    with pytest.raises(RegisterError) as caught:
        bench.imu.check()
    assert caught.value.register == register


def test_a_chip_that_was_reset_is_found_by_reading():
    bench = Bench()
    bench.imu.start()
    bench.wait_ms(150)
    bench.read()
    bench.chip.write(b"\x12\x05")
    bench.wait_ms(150)
    with pytest.raises(RegisterError):
        read_often(bench, 20)


def read_often(bench, times):
    for _ in range(times):
        bench.read()


def test_invalid_samples_after_the_start_are_dropped():
    """The chip's first samples are no measurement; with no settling time they reach the FIFO."""
    bench = Bench(settles=False)
    bench.imu.start()
    bench.wait_samples(10.5)
    lost, n = bench.read()
    assert (lost, n) == (0, 8)
    assert bench.imu.take_clipped() == 0


def test_a_full_scale_sample_later_is_kept_and_counted():
    def knock(t_s):
        rows = np.tile([0.0, 0, 1, 0, 0, 0], (len(t_s), 1))
        rows[(t_s > 0.5) & (t_s < 0.52), 0] = 50.0
        rows[(t_s > 0.6) & (t_s < 0.61), 1] = -50.0
        return rows

    bench = Bench(source=knock)
    bench.imu.start()
    bench.wait_ms(380)
    bench.imu.read(bench.block)
    bench.wait_ms(150)
    rows = bench.rows(bench.imu.read(bench.block))
    clipped = int(((rows[:, :3] >= 32767) | (rows[:, :3] <= -32768)).any(axis=1).sum())
    assert clipped in (12, 13)
    assert bench.imu.take_clipped() == clipped
    assert bench.imu.take_clipped() == 0


@settings(deadline=None, max_examples=60)
@given(
    waits=st.lists(st.one_of(st.integers(0, 200), st.integers(200, 5000)), min_size=1, max_size=12),
    odr_hz=st.sampled_from([104, 416, 833]),
    gyro_range_dps=st.sampled_from([2000, 0]),
    trim=st.integers(-20, 20),
    size=st.sampled_from([1, 7, 100, 512]),
)
def test_sample_numbers_stay_true_through_overruns(waits, odr_hz, gyro_range_dps, trim, size):
    """However late it is read: each sample has its own number, and the rest is counted as lost."""
    bench = Bench(odr_hz=odr_hz, gyro_range_dps=gyro_range_dps, trim=trim)
    bench.block = array("h", bytes(2 * bench.imu.axes * size))
    bench.imu.start()
    for samples in waits:
        bench.wait_samples(samples)
        bench.drain()
        assert bench.imu.lost <= max(bench.number - 1, 0)
    bench.wait_samples(20)
    bench.drain()
    room = CAPACITY // (bench.imu.axes // 3)
    assert bench.imu.lost == pytest.approx(sum(max(w - room, 0) for w in waits), abs=2 * len(waits))


@pytest.mark.parametrize("seconds", [1, 10, 40])
def test_a_long_overrun_is_counted_to_the_sample(seconds):
    bench = Bench(odr_hz=833)
    bench.imu.start()
    bench.wait_ms(100)
    bench.drain()
    bench.wait_ms(1000 * seconds)
    lost, n = bench.drain()
    assert n == CAPACITY // 2
    assert lost == pytest.approx(833.375 * seconds - n, abs=1.5)


class Late(Watching):
    """Between status and data the reader is held up, so that the FIFO runs over in between."""

    hold_ms = 0

    def write(self, data):
        if data == b"\x78" and self.hold_ms:
            self.wait_ms(self.hold_ms)
            self.hold_ms = 0
        self.chip.write(data)


@pytest.mark.parametrize("hold_ms", [400, 617, 618, 619, 620, 640, 700, 1234])
def test_an_overrun_between_status_and_data(hold_ms):
    """Samples that were lost in there, but for a multiple of four, are seen in the tags at once."""
    late = []
    bench = Bench(device=lambda chip: late.append(Late(chip)) or late[0])
    late[0].wait_ms = bench.wait_ms
    bench.imu.start()
    bench.wait_ms(100)
    bench.drain()
    bench.wait_ms(150)
    late[0].hold_ms = hold_ms
    number = bench.number
    n = bench.imu.read(bench.block)
    lost = bench.imu.take_lost()
    rows = bench.rows(n)
    truly_lost = int(rows[0, 0]) - bench.first - number
    assert lost == truly_lost or truly_lost % 4 == 0
    bench.number += n + lost
    # From the next read on the numbers are true again in any case.
    bench.wait_ms(20)
    if lost != truly_lost:
        n = bench.imu.read(bench.block)
        bench.number += n + bench.imu.take_lost()
        assert bench.rows(n)[-1, 0] == bench.first + bench.number - 1
    bench.drain()


class Tampering(Watching):
    """Changes one byte of a burst from the FIFO, once."""

    offset = None
    xor = 0

    def read(self, count):
        data = bytearray(self.chip.read(count))
        if self.offset is not None and count > 100:
            data[self.offset] ^= self.xor
            self.offset = None
        return bytes(data)


@pytest.mark.parametrize("word", [0, 1, 6, 7, 20])
@pytest.mark.parametrize("xor", [0x01, 0x08, 0x18])
def test_a_word_with_a_bad_tag_costs_its_sample_and_no_other(word, xor):
    device = []
    bench = Bench(device=lambda chip: device.append(Tampering(chip)) or device[0])
    bench.imu.start()
    bench.wait_ms(100)
    bench.drain()
    device[0].offset, device[0].xor = 7 * word, xor
    bench.wait_ms(100)
    lost, _ = bench.drain()
    assert lost == 1
    assert bench.imu.bad_words >= 1


@pytest.mark.parametrize("size", [10, 512])
def test_a_fifo_that_begins_in_the_middle_of_a_sample(size):
    """A block that is full before the FIFO is empty then ends in the middle of one, too."""
    bench = Bench()
    bench.block = array("h", bytes(2 * 6 * size))
    bench.imu.start()
    bench.wait_ms(100)
    bench.drain()
    bench.wait_ms(100)
    bench.chip.write(b"\x78")
    bench.chip.read(7)
    for _ in range(4):
        bench.drain()
        bench.wait_ms(100)
    assert bench.imu.lost == 1
    assert bench.imu.bad_words == 1


class Swapped(Watching):
    """Acceleration before rotation in each sample."""

    def read(self, count):
        data = self.chip.read(count)
        if count < 14:
            return data
        return b"".join(data[i + 7 : i + 14] + data[i : i + 7] for i in range(0, len(data), 14))


def test_the_order_within_a_sample_does_not_matter():
    bench = Bench(device=Swapped)
    bench.imu.start()
    bench.wait_ms(200)
    assert bench.drain()[1] > 80


@pytest.mark.parametrize("size", [1, 3, 64])
def test_a_small_block_is_filled_and_no_more(size):
    bench = Bench()
    bench.block = array("h", bytes(2 * 6 * size + 4))
    bench.imu.start()
    bench.wait_ms(300)
    assert bench.read() == (0, size)
    assert bench.drain()[0] == 0
    assert bench.number == 125


@pytest.mark.parametrize("odr_hz", [416, 833])
def test_int1_is_high_from_the_watermark_on(odr_hz):
    """A board may wait for it rather than for the time to pass."""
    bench = Bench(odr_hz=odr_hz)
    bench.imu.start()
    for _ in range(5):
        waited_ms = 0
        while not bench.chip.int1:
            bench.wait_ms(1)
            waited_ms += 1
        assert waited_ms == pytest.approx(bench.imu.watermark_ms, abs=3)
        bench.drain()
        assert not bench.chip.int1
    bench.wait_ms(1000)
    bench.imu.stop()
    assert not bench.chip.int1


@settings(deadline=None, max_examples=80)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["read", "fetch", "fetch", "drain"]), st.integers(0, 330)), max_size=25
    ),
    gyro_range_dps=st.sampled_from([2000, 0]),
    size=st.sampled_from([7, 300, 512]),
)
def test_what_was_fetched_before_it_is_read_comes_once_and_in_order(steps, gyro_range_dps, size):
    """`Bench.read` holds every sample against its number, whatever was lost in between."""
    bench = Bench(odr_hz=833, gyro_range_dps=gyro_range_dps)
    bench.block = array("h", bytes(2 * bench.imu.axes * size))
    bench.imu.start()
    for what, samples in steps:
        bench.wait_samples(samples)
        if what == "fetch":
            bench.imu.fetch()
        elif what == "read":
            bench.read()
        else:
            bench.drain()
            assert not bench.imu.has_more()
    bench.wait_samples(20)
    bench.drain()
    assert bench.number == pytest.approx(sum(samples for _, samples in steps) + 20, abs=len(steps) + 2)


@pytest.mark.parametrize("times", [1, 2, 3])
def test_fetching_before_each_slow_write_doubles_the_room(times):
    """Two FIFOs' worth: three writes of 150 ms in a row at 833 Hz, where one FIFO holds 307 ms."""
    bench = Bench(odr_hz=833)
    bench.imu.start()
    bench.wait_ms(80)
    bench.drain()
    for _ in range(times):
        bench.imu.fetch()
        bench.wait_ms(150)
    lost, n = bench.read()
    assert lost == 0
    assert n == pytest.approx(
        0.15 * times * bench.rate_hz, abs=2
    )  # buffer and FIFO at one read: the newest is in it
    assert not bench.imu.has_more()


def test_samples_before_an_error_are_given_before_it():
    bench = Bench(odr_hz=833)
    bench.imu.start()
    bench.wait_ms(150)
    bench.imu.fetch()
    bench.wait_ms(250)  # more than there is room for behind what is in the buffer
    reads = []
    bench.chip.write, write = (
        lambda data: reads.append(data) or fail_at(3, reads) or write(data),
        bench.chip.write,
    )
    _, n = bench.read()
    assert n == pytest.approx(0.4 * bench.rate_hz, abs=80)
    assert bench.imu.has_more()
    with pytest.raises(BusError):
        bench.read()
    assert bench.drain()[0] == 0
    assert bench.number == pytest.approx(0.4 * bench.rate_hz, abs=2)


def fail_at(number, transfers):
    """The transfer of this number is not acknowledged."""
    if len(transfers) == number:
        raise Nack


def test_a_silently_stopped_fifo_is_told():
    bench = Bench()
    bench.imu.start()
    bench.wait_ms(150)
    bench.drain()
    bench.wait_ms(50)
    bench.chip.stall_fifo()
    assert bench.read()[1] > 15  # what it still holds is not given up
    bench.wait_ms(50)
    assert bench.read() == (0, 0)  # 20 samples late is not yet stopped
    bench.wait_ms(100)
    with pytest.raises(FifoStalled) as caught:
        bench.read()
    assert caught.value.behind == pytest.approx(0.15 * 416.7, abs=1.5)


def test_a_stopped_fifo_is_read_to_its_end_in_small_blocks():
    bench = Bench()
    bench.block = array("h", bytes(2 * 6 * 10))
    bench.imu.start()
    bench.wait_samples(200.5)
    bench.chip.stall_fifo()
    bench.wait_ms(1000)
    behind = bench.drain_to_the_stall()  # what it still holds is not given up
    assert bench.number in (200, 201)
    assert behind == pytest.approx(bench.rate_hz, abs=2)


@pytest.mark.parametrize("odr_hz", [104, 416, 1667])
def test_after_a_restart_numbers_are_true_to_one_sample(odr_hz):
    bench = Bench(odr_hz=odr_hz)
    bench.imu.start()
    bench.wait_ms(100)
    bench.drain()
    bench.wait_ms(50)  # what comes after this is missing, and seen only later
    bench.chip.stall_fifo()
    bench.wait_ms(1050)
    bench.drain_to_the_stall()
    bench.imu.restart()
    bench.wait_ms(50)
    n = bench.imu.read(bench.block)
    lost = bench.imu.take_lost()
    assert n > 3
    truth = int(bench.rows(n)[0, 0]) - bench.first
    assert abs(bench.number + lost - truth) <= 1
    assert lost == pytest.approx(1.05 * bench.rate_hz, abs=3)


def test_a_restart_is_refused_after_a_reset():
    """The chip's clock is gone with it, so only `start` helps."""
    bench = Bench()
    bench.imu.start()
    bench.chip.write(b"\x12\x05")
    with pytest.raises(RegisterError):
        bench.imu.restart()
    bench.imu.start()
    bench.wait_ms(100)
    assert bench.imu.read(bench.block) > 30


@pytest.mark.parametrize("after", range(4))
def test_a_transfer_that_fails_loses_nothing(after):
    bench = Bench()
    bench.imu.start()
    for _ in range(after):
        bench.wait_ms(150)
        bench.drain()
    bench.wait_ms(150)
    bench.chip.nack(1)
    with pytest.raises(BusError):
        bench.read()
    assert bench.drain()[0] == 0
    assert bench.number >= 60


@pytest.mark.parametrize("call", ["start", "stop", "restart", "check", "temperature"])
def test_every_call_says_that_the_chip_is_silent(call):
    bench = Bench()
    bench.imu.start()
    bench.chip.nack(1000)
    with pytest.raises(BusError, match="answer"):
        getattr(bench.imu, call)()


def test_a_stuck_bus_is_freed_and_nothing_is_lost():
    bench = Bench()
    bench.imu.start()
    bench.wait_ms(150)
    bench.drain()
    bench.bus.hold_sda(9)
    bench.wait_ms(150)
    with pytest.raises(BusStuck, match="timed out"):
        bench.read()
    bench.bus = bench.bus.freed()
    bench.imu.attach(bench.bus)
    assert bench.drain()[0] == 0
    assert bench.number > 120
    bench.imu.stop()  # the driver's own transfers go over the new bus, too
    assert bench.chip.supply_ua == 3


def test_a_stuck_bus_at_opening():
    bench = Bench()
    bench.bus.hold_sda(9)
    with pytest.raises(BusError):
        open_driver("LSM6DSO32", bench.bus)
    assert open_driver("LSM6DSO32", bench.bus.freed()) is not None


@pytest.mark.parametrize("state", ["a full FIFO", "a wake-up"])
def test_the_next_boot_does_not_deafen_a_chip_whose_int1_is_high(state):
    """A reset with INT1 high can leave it deaf to I2C until it loses its power, and every boot resets it."""
    bench = Bench(source=Shaken(0.5))
    bench.chip.falls_for_i3c = True
    bench.imu.start()
    if state == "a wake-up":
        bench.imu.watch_motion(100)
    bench.wait_ms(3000)
    assert bench.chip.int1
    imu = Imu(open_driver("LSM6DSO32", bench.bus), bench.wait_ms, "LSM6DSO32", 416, 32, 2000)
    imu.start()
    bench.wait_ms(150)
    assert imu.read(bench.block) > 60


def test_a_trim_that_was_read_wrong_is_found():
    """It says how fast the chip runs: asleep a real part was seen to give another value."""

    class Asleep(Watching):
        reads = 0

        def write(self, data):
            self.asked = data[0] if data else 0
            super().write(data)

        def read(self, count):
            if self.asked == 0x63:
                self.reads += 1
                if self.reads == 1:
                    return b"\0"
            return super().read(count)

    bench = Bench(trim=27, device=Asleep)
    bench.imu.start()
    assert bench.imu.rate_mhz == 416_688
    with pytest.raises(RegisterError) as caught:
        bench.imu.check()
    assert (caught.value.register, caught.value.expected, caught.value.got) == (0x63, 0, 27)
    bench.imu.start()
    bench.imu.check()
    assert bench.imu.rate_mhz == 433_563


# The watch for motion


class Shaken:
    """At rest on its side, and from second 2 on shaken at 5 Hz with so many g."""

    def __init__(self, size_g, at_rest=(0.6, 0.0, 0.8)):
        self.size_g, self.at_rest = size_g, at_rest

    def __call__(self, t_s):
        rows = np.tile([*map(float, self.at_rest), 0, 0, 0], (len(t_s), 1))
        rows[:, 1] += self.size_g * np.sin(2 * np.pi * 5 * t_s) * (t_s >= 2.0)
        return rows


@pytest.mark.parametrize("part", ACC_CODES)
@pytest.mark.parametrize("at_rest", [(0, 0, 1), (0, 0, -1), (-1, 0, 0), (0.6, 0.48, 0.64)])
@pytest.mark.parametrize("threshold_mg", [50, 300])
def test_int1_rises_for_motion_and_not_for_rest(part, at_rest, threshold_mg):
    bench = Bench(part, 416, 16, source=Shaken(4 * threshold_mg / 1000, at_rest))
    bench.imu.start()
    bench.imu.watch_motion(threshold_mg)
    assert bench.now_us < 1e6
    bench.wait_ms(1000)
    assert not bench.chip.int1
    assert not bench.imu.has_moved()
    bench.wait_ms(1000)
    assert bench.chip.int1
    bench.wait_ms(600_000)
    assert bench.chip.int1  # however late the board looks
    assert bench.imu.has_moved()
    bench.imu.stop()
    assert not bench.chip.int1
    assert bench.chip.supply_ua == 3


@pytest.mark.parametrize("gyro_range_dps", [2000, 0])
def test_sampling_goes_on_after_the_watch(gyro_range_dps):
    bench = Bench(gyro_range_dps=gyro_range_dps)
    bench.imu.start()
    running_ua = bench.chip.supply_ua
    assert running_ua == (550 if gyro_range_dps else 170)
    bench.imu.watch_motion(100)
    assert bench.chip.supply_ua == pytest.approx(15, abs=0.5)
    bench.wait_ms(5000)
    bench.imu.start()
    assert bench.chip.supply_ua == running_ua
    bench.number, bench.first = 0, -1
    assert not bench.chip.int1
    for _ in range(10):
        bench.wait_ms(bench.imu.watermark_ms)
        assert bench.read()[1] > 50
    bench.imu.check()
    assert bench.imu.lost == 0


@pytest.mark.parametrize(
    ("part", "threshold_mg", "duration_ms", "threshold", "duration"),
    [
        ("LSM6DSO32", 8, 0, 1, 0x10),
        ("LSM6DSO32", 100, 0, 6, 0x10),
        ("LSM6DSO32", 984, 0, 63, 0x10),
        ("LSM6DSO32", 1000, 0, 16, 0x00),
        ("LSM6DSO32", 3937, 115, 63, 0x60),
        ("LSM6DSOX", 100, 40, 13, 0x30),
        ("LSM6DSOX", 492, 77, 63, 0x50),
        ("LSM6DSOX", 500, 0, 16, 0x00),
    ],
)
def test_what_is_set_up_to_watch(part, threshold_mg, duration_ms, threshold, duration):
    watching = []
    bench = Bench(part, 416, 16, device=lambda chip: watching.append(Watching(chip)) or watching[0])
    bench.imu.start()
    bench.imu.watch_motion(threshold_mg, duration_ms)
    held = watching[0].held
    assert (held[0x5B], held[0x5C]) == (threshold, duration)
    assert (held[0x0A], held[0x0D], held[0x10], held[0x11] >> 4) == (0, 0, 0x20, 0)
    assert (held[0x15], held[0x56], held[0x58], held[0x5E]) == (0x10, 0x41, 0x80, 0x20)


@pytest.mark.parametrize(
    ("part", "threshold_mg", "duration_ms"),
    [
        ("LSM6DSO32", 7, 0),
        ("LSM6DSO32", 3970, 0),
        ("LSM6DSOX", 3, 0),
        ("LSM6DSOX", 1990, 0),
        ("LSM6DSO32", 100, 140),
        ("LSM6DSO32", 100, -20),
    ],
)
def test_a_watch_that_the_chip_has_not(part, threshold_mg, duration_ms):
    bench = Bench(part, 416, 16)
    bench.imu.start()
    with pytest.raises(ValueError, match="does not watch"):
        bench.imu.watch_motion(threshold_mg, duration_ms)
    bench.wait_ms(150)
    assert bench.read()[1] > 60  # it samples as before


@pytest.mark.parametrize("register", [0x0D, 0x10, 0x15, 0x56, 0x58, 0x5B, 0x5C, 0x5E])
def test_a_register_that_does_not_hold_the_watch_is_found(register):
    class Stuck(Watching):
        is_stuck = False

        def write(self, data):
            if not (self.is_stuck and data and data[0] == register):
                super().write(data)
            elif len(data) == 1:
                self.chip.write(data)

    stuck = []
    bench = Bench(device=lambda chip: stuck.append(Stuck(chip)) or stuck[0])
    bench.imu.start()
    bench.chip.poke(register, 0x02)
    stuck[0].is_stuck = True
    with pytest.raises(RegisterError) as caught:
        bench.imu.watch_motion(100)
    assert caught.value.register == register


# The check at rest


class Resting:
    """Still, with this acceleration; between seconds `moves` it is carried about."""

    def __init__(self, g, moves=(-1.0, -1.0)):
        self.g, self.moves = g, moves

    def __call__(self, t_s):
        rows = np.tile([*map(float, self.g), 0, 0, 0], (len(t_s), 1))
        moved = (t_s >= self.moves[0]) & (t_s < self.moves[1])
        rows[moved, 0] += 0.4 * np.sin(2 * np.pi * 1.7 * t_s[moved])
        return rows


def rest_for(bench, seconds):
    """The loop's reads for so long."""
    for _ in range(round(1000 * seconds / 75)):
        bench.wait_ms(75)
        bench.imu.read(bench.block)
        bench.imu.take_lost()


ORIENTATIONS = [(0, 0, 1), (0, -1, 0), (0.6, 0.48, 0.64), (-0.577, 0.577, -0.577)]


@pytest.mark.parametrize("odr_hz", RATE_CODES)
@pytest.mark.parametrize("part", ACC_CODES)
@pytest.mark.parametrize("up", ORIENTATIONS)
def test_a_still_second_measures_1_g(part, odr_hz, up):
    """With the noise of the data sheet, 40 mg of offset on each axis and 1 % of scale."""
    for offset_g in (-0.04, 0.0, 0.04):
        g = 1.01 * np.array(up) + offset_g
        bench = Bench(part, odr_hz, 16, source=Resting(g))
        bench.chip = Chip(part, Resting(g), lambda bench=bench: bench.now_us, noise=True)
        bench.bus = SimulatedI2C({ADDRESS: bench.chip})
        imu = Imu(open_driver(part, bench.bus), bench.wait_ms, part, odr_hz, 16, 2000)
        bench.imu = imu
        imu.start()
        assert imu.check_rest() == 0
        rest_for(bench, 2.2)
        assert imu.check_rest() == pytest.approx(1000 * np.linalg.norm(g), abs=4)


@pytest.mark.parametrize("range_g", [4, 8, 16])
@pytest.mark.parametrize(
    ("there", "set_up", "mg"), [("LSM6DSO32", "LSM6DSOX", 500), ("LSM6DSOX", "LSM6DSO32", 2000)]
)
def test_the_other_of_two_alike_is_found_at_rest(there, set_up, mg, range_g):
    bench = Bench(set_up, 833, range_g)
    chip = Chip(there, Resting((0.6, 0.48, 0.64)), lambda: bench.now_us, noise=True)
    bench.imu = Imu(
        open_driver(set_up, SimulatedI2C({ADDRESS: chip})), bench.wait_ms, set_up, 833, range_g, 2000
    )
    bench.imu.start()
    rest_for(bench, 0.9)
    assert bench.imu.check_rest() == 0
    rest_for(bench, 1.3)
    with pytest.raises(WrongScale, match=set_up) as caught:
        bench.imu.check_rest()
    assert caught.value.mg == pytest.approx(mg, abs=5)
    bench.imu.start()
    assert bench.imu.check_rest() == 0


@pytest.mark.parametrize(
    ("g", "is_wrong"), [(0.74, True), (0.76, False), (1.24, False), (1.26, True), (15.9, True)]
)
def test_the_tolerance_of_the_check_at_rest(g, is_wrong):
    bench = Bench(acc_range_g=32, source=Resting((0, g, 0)))
    bench.imu.start()
    rest_for(bench, 2.2)
    assert bench.imu.rest.mg == pytest.approx(1000 * g, abs=3)
    assert bench.imu.rest.is_wrong() is is_wrong


def test_full_scale_on_all_axes_is_a_length_as_well():
    bench = Bench(acc_range_g=32, source=Resting((-40, -40, -40)))
    bench.imu.start()
    rest_for(bench, 2.2)
    assert bench.imu.rest.mg == pytest.approx(31_980 * 3**0.5, abs=20)


def test_what_moves_is_no_rest():
    bench = Bench(source=Resting((0, 0, 2), moves=(0.0, 100.0)))
    bench.imu.start()
    rest_for(bench, 20)
    assert bench.imu.check_rest() == 0


def test_the_last_still_second_counts():
    """A lift that sets off, or a knock, is forgotten at the next rest."""
    bench = Bench(source=lambda t: Resting((0, 0, 1))(t) * np.where(t < 2.5, 2.0, 1.0)[:, None])
    bench.imu.start()
    rest_for(bench, 2)
    with pytest.raises(WrongScale):
        bench.imu.check_rest()
    rest_for(bench, 3)
    assert bench.imu.check_rest() == pytest.approx(1000, abs=3)


def test_a_second_with_samples_missing_is_not_a_still_one():
    bench = Bench(odr_hz=833, source=Resting((0, 0, 1)))
    bench.imu.start()
    for _ in range(10):
        rest_for(bench, 0.45)
        bench.wait_ms(500)
    assert bench.imu.rest.mg == 0


ON_MICROPYTHON = """
import json, micropython
from array import array
from strideload_pod.rest import RestCheck

def look(check, block):
    micropython.heap_lock()
    try:
        for _ in range(12):
            check.look(block, 100)
    finally:
        micropython.heap_unlock()
    return check.mg

with open("cases.json") as file:
    cases = json.load(file)
print(json.dumps([look(RestCheck(833, axes, lsb), array("h", row * 100)) for axes, lsb, row in cases]))
"""


def test_micropython_checks_rest_alike_and_allocates_nothing():
    """Up to full scale on all axes: no number reaches 2**30 there."""
    rows = [[0, 0, 1025], [-32768, -32768, -32768], [32767, -32768, 32767], [-3, 5, -1], [0, 0, 0]]
    cases = [(3, acc_ug_lsb, row) for acc_ug_lsb in (61, 122, 976) for row in rows]
    cases += [(6, 976, [*row, 7, 8, 9]) for row in rows]
    ran = micropython.run(ON_MICROPYTHON, {"cases.json": json.dumps(cases).encode()})
    for (axes, acc_ug_lsb, row), mg in zip(cases, json.loads(ran.stdout), strict=True):
        check = RestCheck(833, axes, acc_ug_lsb)
        for _ in range(12):
            check.look(array("h", row * 100), 100)
        assert mg == check.mg == pytest.approx(np.linalg.norm(row[:3]) * acc_ug_lsb / 1000, abs=3)


def test_start_begins_at_zero_again():
    bench = Bench()
    for _ in range(2):
        bench.imu.start()
        bench.wait_ms(2000)
        bench.imu.read(bench.block)
        assert bench.imu.lost > 500
    bench.imu.start()
    assert bench.imu.lost == bench.imu.take_lost() == 0


class Recorder(Watching):
    """Keeps every transfer, to be played back elsewhere."""

    def __init__(self, chip):
        super().__init__(chip)
        self.transfers = []

    def write(self, data):
        super().write(data)
        self.transfers.append([data.hex(), ""])

    def read(self, count):
        data = self.chip.read(count)
        self.transfers[-1][1] = data.hex()
        return data


MICROPYTHON = """
import gc, json
from array import array
from strideload_pod.imu import Imu

class Device:
    def __init__(self, transfers):
        self.transfers = transfers
        self.at = 0
    def __enter__(self):
        return self
    def __exit__(self, kind, value, trace):
        return False
    def write(self, data):
        assert bytes(data) == self.transfers[self.at][0]
        self.at += 1
    def write_then_readinto(self, out, into, out_end=1, in_start=0, in_end=0):
        data = self.transfers[self.at][1]
        assert out[0] == self.transfers[self.at][0][0] and len(data) == in_end - in_start
        self.at += 1
        for i in range(in_end - in_start):
            into[in_start + i] = data[i]

class Driver:
    accelerometer_range = gyro_range = accelerometer_data_rate = gyro_data_rate = 0

with open("transfers.json") as file:
    transfers = [(bytes.fromhex(w), bytes.fromhex(r)) for w, r in json.load(file)]
driver = Driver()
driver.i2c_device = Device(transfers)
imu = Imu(driver, lambda ms: None, "LSM6DSO32", 416, 32, 2000)
imu.start()
block = array("h", bytes(2 * 6 * 512))
samples = array("h", bytes(2 * 6 * 4000))
n = allocated = before = got = lost = after = 0  # no new names in the loop
while driver.i2c_device.at < len(transfers):
    gc.collect()
    before = gc.mem_alloc()
    got = imu.read(block)
    lost = imu.take_lost()
    after = gc.mem_alloc()
    if not lost:
        allocated += after - before
    for i in range(6 * got):
        samples[6 * n + i] = block[i]
    n += got
with open("out/samples", "wb") as file:
    file.write(bytes(memoryview(samples)[: 6 * n]))
print(imu.rate_mhz, imu.lost, allocated)
"""


def test_micropython_reads_the_same_and_allocates_nothing():
    """The transfers of a run with an overrun, played back to the same file under MicroPython."""
    recorder = []
    bench = Bench(device=lambda chip: recorder.append(Recorder(chip)) or recorder[0])
    recorder[0].transfers.clear()
    driver_transfers = (0x10, 0x11)  # ranges and rates: Adafruit's driver does not run there
    bench.imu.start()
    rows = []
    for i in range(12):
        bench.wait_ms(900 if i == 6 else 150)
        rows.append(bench.rows(bench.imu.read(bench.block)).copy())
    transfers = own_transfers(recorder[0].transfers, driver_transfers)
    ran = micropython.run(MICROPYTHON, {"transfers.json": json.dumps(transfers).encode()})
    assert ran.files["samples"] == np.concatenate(rows).astype("<i2").tobytes()
    rate_mhz, lost, allocated = map(int, ran.stdout.split())
    assert (rate_mhz, lost) == (bench.imu.rate_mhz, bench.imu.lost)
    assert lost > 100
    assert allocated == 0


def own_transfers(transfers, drivers_registers):
    """Without what Adafruit's driver did to its registers: the reads before a write, and the writes."""
    own = []
    for i, (written, read) in enumerate(transfers):
        register = int(written[:2], 16)
        if register in drivers_registers and len(written) == 4:
            continue
        following = transfers[i + 1][0] if i + 1 < len(transfers) else ""
        if register in drivers_registers and len(following) == 4 and following[:2] == written[:2]:
            continue
        own.append([written, read])
    return own
