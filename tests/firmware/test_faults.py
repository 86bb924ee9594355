"""Slow flash, stuck buses and whatever else goes wrong around the chip: samples keep their numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.protocol import pages as protocol
from strideload.simulate.bus import SimulatedI2C
from strideload.simulate.chip import CTRL1_XL, CTRL2_G, CTRL10_C, FIFO_CTRL3, FIFO_CTRL4, Chip, Nack
from strideload.simulate.pod import StillClock
from strideload.simulate.runner import Runner
from strideload.simulate.samples import slot_at
from strideload_pod.boards.bare import Bare
from strideload_pod.imu import RATE_CODES
from strideload_pod.page import (
    COUNTERS,
    GAP_OVERRUN,
    KIND_GAP,
    KIND_STEPS,
    PAGE_SIZE,
    STREAM_STEPS,
)
from strideload_pod.pod import Pod
from support.files import Flash

pytestmark = pytest.mark.usefixtures("no_waiting")

UTC_MS = 1_772_600_000_000
GC_MS = 13
WRITE_MS = 150


class SlowFlash(Flash):
    """Every write takes so long, by the board's clock."""

    write_ms = 0
    writes = 0

    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def write(self, name, data):
        self.writes += 1
        self.clock.sleep_ms(self.write_ms)
        return super().write(name, data)


class Counted:
    """A chip, and how many transfers it did not acknowledge."""

    def __init__(self, chip):
        self.chip = chip
        self.nacks = 0

    def write(self, data):
        self._count(self.chip.write, data)

    def read(self, count):
        return self._count(self.chip.read, count)

    def _count(self, transfer, words):
        try:
            return transfer(words)
        except Nack:
            self.nacks += 1
            raise


class Bench(Bare):
    """A pod on a simulated chip; its own board. The clock moves while it sleeps, writes or collects garbage."""

    uid = bytes(range(8))

    def __init__(self, source, odr_hz=833, gyro_dps=2000, trim=0, can_free=True, device=None, **settings):
        self.clock = StillClock(UTC_MS)
        self.trim = trim
        self.chip = Chip("LSM6DSO32", source, self.clock.clock_us, trim=trim)
        self.device = Counted(self.chip if device is None else device(self.chip))
        self.i2c = SimulatedI2C({0x6A: self.device})
        self.can_free = can_free
        self.files = SlowFlash(self.clock)
        self.settings = {
            "STRIDELOAD_ODR_HZ": odr_hz,
            "STRIDELOAD_GYRO_DPS": gyro_dps,
            "STRIDELOAD_LOG_PAGES": 4096,
            **settings,
        }
        self.gc_ms = 0
        self.pod = Pod(self)
        self.pod.begin()

    def free_bus(self):
        if self.can_free:
            self.i2c = self.i2c.freed()
        return self.can_free

    def random_u32(self):
        return 7

    def stopping(self):
        return False

    def run_until(self, second):
        while self.clock.now_us < 1e6 * second:
            self.pod.step()
            self.clock.sleep_ms(self.gc_ms)
        return self

    @property
    def newest(self):
        """Number, by the chip's own count, of the newest sample at the last drain."""
        divider = 1 << 10 - RATE_CODES[self.settings["STRIDELOAD_ODR_HZ"]]
        return slot_at(1000 * self.pod.drained_tick_ms, divider, self.trim)

    def pages(self, kind=None):
        log = self.pod.log
        data = bytearray(PAGE_SIZE * (log.next(STREAM_STEPS) - log.oldest(STREAM_STEPS)))
        for at, number in enumerate(range(log.oldest(STREAM_STEPS), log.next(STREAM_STEPS))):
            assert log.read(STREAM_STEPS, number, memoryview(data)[at * PAGE_SIZE : (at + 1) * PAGE_SIZE])
        found = protocol.headers(bytes(data))
        return found if kind is None else found[found["kind"] == kind]

    def contacts(self):
        pages = self.pages(KIND_STEPS)
        index, records = protocol.records(pages, KIND_STEPS)
        return pages["first_sample"][index].astype(np.float64) + records["ic"] / 256

    def gaps(self):
        """(first sample missing, how many, cause)"""
        records = protocol.records(self.pages(KIND_GAP), KIND_GAP)[1]
        return [(int(r["sample"]), int(r["lost"]), int(r["cause"])) for r in records]

    def faults(self):
        return {name: n for name, n in self.pod.state()["faults"].items() if n}


RUN = Runner(3).session([("stand", 3.0, 0.0), ("run", 40.0, 10.5), ("stand", 5.0, 0.0)])
STILL_FROM_S = 40.0


# The pace


@pytest.mark.parametrize("odr_hz", [416, 833])
def test_the_loop_keeps_up_with_slow_writes_and_garbage_collection(odr_hz):
    """150 ms for each write, also for the three or four in a row that begin a session, and 13 ms in every round."""
    quick = Bench(RUN.source, odr_hz).run_until(STILL_FROM_S)
    slow = Bench(RUN.source, odr_hz)
    slow.files.write_ms, slow.gc_ms = WRITE_MS, GC_MS
    slow.run_until(STILL_FROM_S)
    assert slow.faults() == {}
    assert slow.gaps() == []
    assert slow.files.writes >= 8
    assert len(slow.contacts()) > 30
    common = min(len(quick.contacts()), len(slow.contacts()))
    assert slow.contacts()[:common].tolist() == quick.contacts()[:common].tolist()


def test_the_loop_keeps_up_with_single_slow_writes():
    """One write of 150 ms in a round of 77 ms, with 13 ms of garbage collection, fits into the FIFO's 307 ms."""
    bench = Bench(RUN.source).run_until(10)
    bench.files.write_ms, bench.gc_ms = WRITE_MS, GC_MS
    writes = bench.files.writes
    bench.run_until(STILL_FROM_S)
    assert bench.faults() == {}
    assert bench.files.writes >= writes + 3


@pytest.mark.parametrize("odr_hz", [416, 833])
def test_a_stall_of_the_loop_is_an_overrun_in_the_page(odr_hz):
    """A loop that hangs for 400 ms at 833 Hz, or 800 at 416: how much is missing is known to the sample."""
    bench = Bench(RUN.source, odr_hz).run_until(10)
    before = bench.pod.sample
    base = bench.newest - before
    bench.clock.sleep_ms(400 * 833 // odr_hz)
    bench.run_until(20)
    ((first, lost, cause),) = bench.gaps()
    assert (first, cause) == (before, GAP_OVERRUN)
    assert 50 < lost < 150
    assert bench.newest - base == bench.pod.sample
    assert bench.faults() == {"fifo_overruns": 1, "samples_lost": lost}
    newest = bench.pages()[-1]
    assert {name: int(newest[name]) for name in COUNTERS if newest[name]} == bench.faults()


# The bus


@pytest.mark.parametrize("clocks", [1, 9, 20])
def test_a_stuck_bus_is_clocked_free_and_nothing_is_lost(clocks):
    calm, stuck = (Bench(RUN.source, 416).run_until(10) for _ in range(2))
    stuck.i2c.hold_sda(clocks)
    for bench in (calm, stuck):
        bench.run_until(STILL_FROM_S)
    assert stuck.contacts().tolist() == calm.contacts().tolist()
    times = -(-clocks // 9)
    assert stuck.faults() == {"bus_errors": times, "bus_frees": times}


def test_a_board_that_cannot_free_the_bus_goes_on_trying():
    bench = Bench(RUN.source, 416, can_free=False).run_until(10)
    base = bench.newest - bench.pod.sample
    bench.i2c.hold_sda(9)
    bench.run_until(15)
    assert bench.pod.state()["recording"] is False
    bench.i2c.hold_sda(0)
    bench.run_until(STILL_FROM_S)
    assert bench.pod.state()["recording"] is True
    assert bench.newest - base == bench.pod.sample
    assert bench.faults()["bus_errors"] == pytest.approx(5000 / 50, abs=3)


def test_a_bus_that_is_stuck_at_the_start_is_freed():
    class StuckAtFirst(Bench):
        def __init__(self, source):
            self.frees = 0
            super().__init__(source, 416)

        @property
        def i2c(self):
            return self._i2c

        @i2c.setter
        def i2c(self, i2c):
            self._i2c = i2c
            self.frees += 1
            if self.frees == 1:
                i2c.hold_sda(9)

    bench = StuckAtFirst(RUN.source).run_until(STILL_FROM_S)
    assert bench.pod.state()["recording"] is True
    assert len(bench.contacts()) > 30
    assert 1 <= bench.faults()["bus_errors"] <= 2


class ClosedForAWhile(Bench):
    """A board whose bus, once freed, does not open at the first tries: its line is still low."""

    refusals = 0

    @property
    def i2c(self):
        if self.refusals:
            self.refusals -= 1
            raise OSError(19, "No pull up found on SDA or SCL")
        return self._i2c

    @i2c.setter
    def i2c(self, i2c):
        self._i2c = i2c

    def free_bus(self):
        self._i2c = self._i2c.freed()
        return True


@pytest.mark.parametrize("refusals", [1, 3])
def test_a_bus_that_does_not_open_again_at_once_ends_nothing(refusals):
    bench = ClosedForAWhile(RUN.source, 416).run_until(10)
    base = bench.newest - bench.pod.sample
    bench.i2c.hold_sda()
    bench.refusals = refusals
    bench.run_until(20)
    assert bench.pod.state()["recording"] is True
    assert bench.faults() == {"bus_errors": 1 + refusals, "bus_frees": 1 + refusals}
    assert bench.newest - base == bench.pod.sample
    bench.i2c.hold_sda()
    bench.refusals = 10**9
    bench.run_until(21)
    bench.pod.end()
    assert bench.pod.state()["recording"] is False


def test_a_chip_that_is_silent_has_its_bus_freed_at_the_second_failure():
    """Not every board tells a stuck bus from a chip that does not answer."""
    bench = Bench(RUN.source, 416).run_until(10)
    first = bench.i2c
    bench.chip.nack(1)
    bench.run_until(11)
    assert bench.i2c is first
    bench.chip.nack(2)
    bench.run_until(12)
    assert bench.i2c is not first
    assert bench.faults() == {"bus_errors": 3, "bus_frees": 1}


# The rate


def test_a_rate_that_was_read_wrong_at_the_start_is_read_again():
    """Asleep a real part was seen to give another trim: found within ten seconds, and pages say from when on."""

    class Asleep:
        def __init__(self, chip):
            self.chip = chip
            self.asked = -1
            self.reads = 0

        def write(self, data):
            self.asked = data[0] if data else -1
            self.chip.write(data)

        def read(self, count):
            if self.asked == 0x63:
                self.reads += 1
            return b"\0" if self.asked == 0x63 and self.reads == 1 else self.chip.read(count)

    bench = Bench(RUN.source, 416, trim=27, device=Asleep).run_until(STILL_FROM_S)
    rates = bench.pages()["rate_mhz"].tolist()
    assert rates == sorted(rates)
    assert set(rates) == {416_688, 433_563}
    assert bench.faults() == {"register_errors": 1, "samples_lost": bench.faults()["samples_lost"]}
    assert len(bench.contacts()) > 30
    assert (np.diff(bench.contacts()) > 0).all()
    late = bench.contacts()[-20:]
    assert np.median(np.diff(late)) / 433.563 == pytest.approx(np.median(np.diff(RUN.ic_s[-20:])), rel=0.02)


# Whatever goes wrong


def still(t_s):
    return np.tile([0.0, 0.0, 1.0, 0.0, 0.0, 0.0], (len(t_s), 1))


FLIPS = [
    (CTRL1_XL, 0x04),
    (CTRL1_XL, RATE_CODES[208] << 4 | 0x04),
    (CTRL2_G, 0x0C),
    (CTRL10_C, 0),
    (FIFO_CTRL3, 0),
    (FIFO_CTRL4, 0),
    (0x0D, 0),
    (0x5E, 0x20),
]
FAULTS = st.one_of(
    st.tuples(st.just("nack"), st.integers(1, 4)),
    st.tuples(st.just("stuck"), st.integers(1, 27)),
    st.tuples(st.just("pause"), st.sampled_from([50, 100, 1200, 2000, 9000])),
    st.tuples(st.just("stall"), st.just(0)),
    st.tuples(st.just("flip"), st.integers(0, len(FLIPS) - 1)),
    st.tuples(st.just("reset"), st.just(0)),
)
FOUND_WITHIN_S = 11  # the registers are read back every ten seconds


def inject(bench, fault, amount):
    if fault == "nack":
        bench.chip.nack(amount)
    elif fault == "stuck":
        bench.i2c.hold_sda(amount)
    elif fault == "pause":
        bench.clock.sleep_ms(amount)
    elif fault == "stall":
        bench.chip.stall_fifo()
    elif fault == "flip":
        bench.chip.poke(*FLIPS[amount])
    else:
        bench.chip.lose_power()


@settings(deadline=None, max_examples=25)
@given(faults=st.lists(FAULTS, max_size=6), odr_hz=st.sampled_from([416, 833]), trim=st.integers(-9, 27))
def test_every_fault_is_counted_once_and_numbers_stay_true(faults, odr_hz, trim):
    """One after the other. What loses the chip's count of samples costs at most one sample of truth each time."""
    bench = Bench(still, odr_hz, trim=trim).run_until(1)
    base = bench.newest - bench.pod.sample
    expected = dict.fromkeys(COUNTERS, 0)
    for fault, amount in faults:
        inject(bench, fault, amount)
        second = bench.clock.now_us / 1e6
        bench.run_until(second + (FOUND_WITHIN_S if fault == "flip" else 2))
        expected["bus_errors"] += {"nack": amount, "stuck": -(-amount // 9)}.get(fault, 0)
        expected["bus_frees"] += {"nack": amount - 1, "stuck": -(-amount // 9)}.get(fault, 0)
        expected["fifo_overruns"] += fault == "pause" and amount * odr_hz / 1000 > 256
        expected["fifo_stalls"] += fault == "stall"
        expected["register_errors"] += fault in ("flip", "reset")
    faults_found = bench.faults()
    lost = faults_found.pop("samples_lost", 0)
    assert faults_found == {name: n for name, n in expected.items() if n}
    assert lost == sum(gap[1] for gap in bench.gaps())
    restarts = expected["fifo_stalls"] + expected["register_errors"]
    assert abs(bench.newest - base - bench.pod.sample) <= restarts


@settings(deadline=None, max_examples=25)
@given(
    faults=st.lists(st.tuples(FAULTS, st.sampled_from([0, 0, 30, 300, 3000])), max_size=12),
    odr_hz=st.sampled_from([416, 833]),
    can_free=st.booleans(),
)
def test_faults_that_pile_up_end_neither_the_loop_nor_the_truth_of_numbers(faults, odr_hz, can_free):
    """Several between two reads, and new ones while the former are mended."""
    bench = Bench(still, odr_hz, can_free=can_free).run_until(1)
    base = bench.newest - bench.pod.sample
    stuck = 0
    for (fault, amount), wait_ms in faults:
        inject(bench, fault, amount)
        stuck += fault == "stuck"
        bench.run_until((bench.clock.now_us / 1000 + wait_ms) / 1000)
    if not can_free:
        bench.i2c.hold_sda(0)
    bench.run_until(bench.clock.now_us / 1e6 + 2 * FOUND_WITHIN_S)
    assert bench.pod.state()["recording"] is True
    found = bench.faults()
    assert found.get("samples_lost", 0) == sum(gap[1] for gap in bench.gaps())
    errors = found.get("bus_errors", 0)
    assert errors == bench.device.nacks if not stuck else errors >= bench.device.nacks
    stalls, overruns = found.get("fifo_stalls", 0), found.get("fifo_overruns", 0)
    restarts = stalls + found.get("register_errors", 0)
    assert found.get("register_errors", 0) <= sum(fault in ("flip", "reset") for (fault, _), _ in faults)
    # Tags tell the last two samples of an overrun, but not while the FIFO has stopped as well.
    assert abs(bench.newest - base - bench.pod.sample) <= restarts + 2 * min(stalls, overruns)
