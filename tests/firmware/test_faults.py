"""Slow flash, stuck buses and whatever else goes wrong around the chip: samples keep their numbers."""

from unittest.mock import patch

import adafruit_lsm6ds
import numpy as np
import pytest

from strideload.protocol import pages as protocol
from strideload.simulate.bus import SimulatedI2C
from strideload.simulate.chip import Chip
from strideload.simulate.pod import StillClock
from strideload.simulate.runner import Runner
from strideload.simulate.samples import slot_at
from strideload_pod.imu import RATE_CODES
from strideload_pod.page import COUNTERS, KIND_GAP, KIND_STEPS, PAGE_SIZE, STREAM_STEPS
from strideload_pod.pod import Pod
from support.files import Flash

UTC_MS = 1_772_600_000_000
GC_MS = 13
WRITE_MS = 150


@pytest.fixture(autouse=True, scope="module")
def no_waiting():
    """Adafruit's driver sleeps for 0.2 s after each range."""
    with patch.object(adafruit_lsm6ds, "sleep", lambda seconds: None):
        yield


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


class Bench:
    """A pod on a simulated chip; its own board. The clock moves while it sleeps, writes or collects garbage."""

    uid = bytes(range(8))

    def __init__(self, source, odr_hz=833, gyro_dps=2000, trim=0, part="LSM6DSO32", **settings):
        self.clock = StillClock(UTC_MS)
        self.chip = Chip(part, source, self.clock.clock_us, trim=trim)
        self.i2c = SimulatedI2C({0x6A: self.chip})
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
        self.i2c = self.i2c.freed()
        return True

    def client(self):
        return None

    def battery_mv(self):
        return None

    def random_u32(self):
        return 7

    def stopping(self):
        return False

    def run_until(self, second):
        while self.clock.now_us < 1e6 * second:
            self.pod.step()
            self.clock.sleep_ms(self.gc_ms)
        return self

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

    def faults(self):
        return {name: n for name, n in self.pod.state()["faults"].items() if n}


RUN = Runner(3).session([("stand", 3.0, 0.0), ("run", 60.0, 10.5), ("stand", 5.0, 0.0)])


def test_slow():
    quick = Bench(RUN.source).run_until(60)
    slow = Bench(RUN.source)
    slow.files.write_ms, slow.gc_ms = WRITE_MS, GC_MS
    slow.run_until(60)
    print(slow.files.writes, slow.faults(), len(slow.contacts()), len(quick.contacts()))
    g = protocol.records(slow.pages(KIND_GAP), KIND_GAP)[1]
    print(g)
