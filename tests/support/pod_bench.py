"""A pod on a simulated chip with a clock that moves only while it sleeps, for tests of the loop."""

import itertools
import json

import numpy as np

from strideload.protocol import messages
from strideload.protocol import pages as protocol
from strideload.simulate.bus import SimulatedI2C
from strideload.simulate.chip import Chip
from strideload.simulate.pod import StillClock
from strideload.simulate.runner import Runner
from strideload_pod import page as page_layout
from strideload_pod.boards.bare import Bare
from strideload_pod.page import (
    KIND_SESSION_START,
    KIND_STEPS,
    PAGE_SIZE,
    STREAM_STEPS,
)
from strideload_pod.pod import Pod
from support.detection import differences_s
from support.files import Flash

UID = bytes.fromhex("0011223344556677")
LOG_ID = 0xABCDEF01
STORE = "0123456789abcdef0123456789abcdef"
CHIP_ADDRESS = 0x6A
UTC_MS = 1_772_600_000_000  # March 2026, at tick 0
STANDS_S = 3.0
# Known to a few samples at 104 Hz, where what is lost or late by a FIFO's quarter would be a second.
TRUE_TO_S = 0.05


def running(seconds=60.0, seed=3, kmh=10.5):
    return Runner(seed).session([("stand", STANDS_S, 0.0), ("run", seconds, kmh), ("stand", 5.0, 0.0)])


RUN = running()


class Clock(StillClock):
    """Still, and without UTC until `knows_utc`."""

    knows_utc = False

    def utc_ms(self):
        return super().utc_ms() if self.knows_utc else None


class Client:
    """The client's door with a host behind it that answers every `state` and message of pages.

    `answers`: False while nobody is there. `tells_time`: its clock is synchronised.
    """

    blocks = False

    def __init__(self, clock, store=STORE):
        self.clock = clock
        self.store = store
        self.connected = False
        self.answers = True
        self.tells_time = False
        self.pages = {}
        self.published = []  # (tick, leaf, payload)
        self.inbox = []

    def connect(self, will_topic, will_payload):
        self.connected = True

    def subscribe(self, topic):
        assert topic in (f"strideload/pod/{UID.hex()}/{leaf}" for leaf in ("ack", "settings"))

    def publish(self, topic, payload, qos, retain):
        leaf = topic.rsplit("/", 1)[1]
        self.published.append((self.clock.ticks_ms(), leaf, bytes(payload)))
        if self.answers and leaf == "pages":
            for at in range(0, len(payload), PAGE_SIZE):
                data = bytes(payload[at : at + PAGE_SIZE])
                self.pages[page_layout.key(data)[3]] = data
        if self.answers and leaf in ("pages", "state"):
            wanted = next(n for n in itertools.count() if n not in self.pages)
            utc_ms = UTC_MS + self.clock.ticks_ms() if self.tells_time else None
            ack = messages.ack_message(self.store, LOG_ID, STREAM_STEPS, wanted, utc_ms)
            self.inbox.append((f"strideload/pod/{UID.hex()}/ack", ack))

    def poll(self, timeout_ms):
        return self.inbox.pop(0) if self.inbox else None

    def close(self):
        self.connected = False

    def payloads(self, leaf):
        return [(tick, payload) for tick, found, payload in self.published if found == leaf]


class Bench(Bare):
    """The pod on a simulated chip, with a clock that moves only while the pod sleeps. It is its own board."""

    uid = UID
    can_sleep = True

    def __init__(
        self,
        source=RUN.source,
        odr_hz=104,
        gyro_dps=0,
        files=None,
        tick_ms=0,
        knows_utc=True,
        host=False,
        trim=0,
        device=None,
        raw_files=None,
        **settings,
    ):
        self.clock = Clock(UTC_MS)
        self.clock.now_us = tick_ms * 1000
        self.clock.knows_utc = knows_utc
        self.began_s = tick_ms / 1000  # when the chip was powered on
        self.chip = Chip("LSM6DSO32", source, self.clock.clock_us, trim=trim)
        self.device = device(self.chip) if device else self.chip
        self.i2c = SimulatedI2C({CHIP_ADDRESS: self.device})
        self.files = Flash() if files is None else files
        self.settings = {
            "STRIDELOAD_ODR_HZ": odr_hz,
            "STRIDELOAD_GYRO_DPS": gyro_dps,
            "STRIDELOAD_LOG_PAGES": 4096,
            "STRIDELOAD_SLEEP_AFTER_S": 0,
            **settings,
        }
        self.host = None
        if host:
            self.host = Client(self.clock)
            self.settings["STRIDELOAD_STORE"] = STORE
        self.until_s = 0.0
        self.is_stopping = False
        self.battery = None
        self.presses = []  # (tick at which it was let go, held for so long), in ms
        self.sleep_step_ms = 100
        self.lit_ms = []  # ticks at which the lamp was on
        self.buzzed_ms = []  # ticks at which the motor was told to buzz
        self.motor_answers = True
        self.sleeps = []  # (fell asleep, woke, why), ticks in ms
        self.raw_files = raw_files
        self.pod = Pod(self)
        self.pod.begin()

    # What a board gives

    def free_bus(self):
        self.i2c = self.i2c.freed()
        return True

    def client(self):
        return self.host

    def battery_mv(self):
        return self.battery

    def sleep(self, ms):
        """In steps, between which INT1 and button are looked at."""
        began_ms = now_ms = self.clock.ticks_ms()
        why = "time"
        while now_ms < began_ms + ms:
            if self.chip.int1:
                why = "motion"
                break
            if self.presses and self.presses[0][0] <= now_ms:
                why = "button"
                break
            if now_ms / 1000 >= self.until_s:
                why = "stop"
                break
            self.clock.sleep_ms(min(self.sleep_step_ms, began_ms + ms - now_ms))
            now_ms = self.clock.ticks_ms()
        self.sleeps.append((began_ms, now_ms, why))
        return why

    def pressed_ms(self):
        if not self.presses or self.presses[0][0] > self.clock.ticks_ms():
            return None
        return self.presses.pop(0)[1]

    def light(self, on):
        if on:
            self.lit_ms.append(self.clock.ticks_ms())

    def buzz(self, ms):
        self.buzzed_ms.append(self.clock.ticks_ms())
        return self.motor_answers

    def random_u32(self):
        return LOG_ID

    def stopping(self):
        return self.is_stopping

    # What a test does

    def run_for(self, seconds):
        until_us = self.clock.now_us + round(1e6 * seconds)
        self.until_s = until_us / 1e6
        while self.clock.now_us < until_us:
            self.pod.step()
        return self

    def run_until(self, second):
        """Until so many seconds after the chip was powered on."""
        return self.run_for(second - self.second)

    def pause(self, seconds):
        """The loop hangs: a slow write, a sleeping computer."""
        self.clock.now_us += round(1e6 * seconds)

    @property
    def second(self):
        """Since the chip was powered on."""
        return self.clock.now_us / 1e6 - self.began_s

    def press(self, held_ms=200, after_s=0.0):
        self.presses.append((self.clock.ticks_ms() + round(1000 * after_s), held_ms))

    def say_settings(self, version, store=STORE, **said):
        """The host's settings message, as the broker brings it."""
        payload = json.dumps({"v": 1, "store": store, "version": version, **said}).encode()
        self.host.inbox.append((f"strideload/pod/{UID.hex()}/settings", payload))

    # What is in the log

    def data(self, stream=STREAM_STEPS):
        """All pages that are kept, back to back."""
        log = self.pod.log
        data = bytearray(PAGE_SIZE * (log.next(stream) - log.oldest(stream)))
        for at, number in enumerate(range(log.oldest(stream), log.next(stream))):
            assert log.read(stream, number, memoryview(data)[at * PAGE_SIZE : (at + 1) * PAGE_SIZE])
        return bytes(data)

    def pages(self, kind=None, stream=STREAM_STEPS):
        data = self.data(stream)
        assert protocol.whole(data).all()
        found = protocol.headers(data)
        return found if kind is None else found[found["kind"] == kind]

    def records(self, kind):
        return protocol.records(self.pages(kind), kind)[1]

    def contacts(self):
        """Absolute sample numbers of all contacts, with their fraction, in the order of the log."""
        pages = self.pages(KIND_STEPS)
        index, records = protocol.records(pages, KIND_STEPS)
        return pages["first_sample"][index].astype(np.float64) + records["ic"] / 256

    def contacts_s(self):
        """Contacts in seconds since the chip's power on, by the anchor or session start that goes with samples."""
        start = self.records(KIND_SESSION_START)[0]
        began_s = int(start["tick_ms"]) / 1000 - self.began_s
        rate_hz = self.pod.imu.rate_mhz / 1000
        return began_s + (self.contacts() - int(start["sample"])) / rate_hz

    def state(self):
        return self.pod.state()

    def faults(self):
        """The counters that are not zero, as `state` has them."""
        return {name: n for name, n in self.state()["faults"].items() if n}


def assert_numbers_are_true(bench, run=RUN, after_s=0.0):
    """Contacts found after that second lie where the runner made them, counted in samples from the session's start."""
    found_s = bench.contacts_s()
    off = off_s(found_s[found_s > after_s], run.ic_s)
    assert len(off) > 5
    assert np.abs(np.median(off)) < TRUE_TO_S


def assert_tick_is_true(bench, run, after_s):
    """The same, counted from the newest page's sample and tick: where the session's start is not in the log."""
    newest = bench.pages()[-1]
    rate_hz = bench.pod.imu.rate_mhz / 1000
    back_s = (int(newest["closed_sample"]) - bench.contacts()) / rate_hz
    found_s = int(newest["closed_tick_ms"]) / 1000 - bench.began_s - back_s
    off = off_s(found_s[found_s > after_s], run.ic_s)
    assert len(off) > 5
    assert np.abs(np.median(off)) < TRUE_TO_S


def off_s(found_s, truth_s):
    """Found minus true, of every true contact that was found."""
    return differences_s(found_s, truth_s, 0.2)
