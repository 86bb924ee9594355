"""Hours of running with seeded faults of chip, bus, battery, flash, Wi-Fi, broker and host, in accelerated time.

The pod is the firmware itself, the chip the simulated one, the store the real one. Simulated are the air between them,
a broker that keeps messages in memory only, and time, which moves while the pod sleeps.
"""

import json
import random
import shutil
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import adafruit_lsm6ds
import numpy as np
import sqlalchemy as sa

from strideload.protocol import pages as protocol
from strideload.protocol import topics
from strideload.protocol.messages import ack_message, read_state
from strideload.simulate.bus import SimulatedI2C
from strideload.simulate.chip import CTRL1_XL, Chip
from strideload.simulate.runner import Runner
from strideload.store import Received, Store, open_store
from strideload.store.schema import pages as pages_table
from strideload_pod import detector, pod
from strideload_pod.boards.bare import Bare
from strideload_pod.page import KIND_GAP, KIND_STEPS
from support.files import LEFT, Flash, PowerCut

UID = bytes.fromhex("00112233445566cc")
CHIP_ADDRESS = 0x6A
START_UTC_MS = 1_772_600_000_000
SOFT_RESET = bytes((0x12, 0x01))
REST_S = 400.0  # after the last fault: a host restored from a backup is met with the next state
SETTLES_S = 30.0  # after a fault of chip or battery until the next: a register is found after ten seconds

# How often each is drawn; those of the chip are counted one by one.
KINDS = {
    "nack": 3,
    "stuck": 1,
    "overrun": 3,
    "stall": 2,
    "register": 2,
    "reset": 1,
    "power": 3,
    "flash": 2,
    "wifi": 3,
    "broker": 2,
    "mute": 1,
    "host down": 1,
    "host crash": 2,
    "host restored": 1,
}


class Fault(NamedTuple):
    at_s: float
    kind: str
    amount: float  # 0 to 1, what it means is the kind's


def seeded(count: int, hours: float, seed: int) -> list[Fault]:
    """`count` faults spread over `hours`, at least SETTLES_S apart where they belong to chip or battery."""
    dice = random.Random(seed)
    every_s = 3600 * hours / (count + 1)
    if every_s < SETTLES_S:
        raise ValueError(f"{count} faults in {hours} h are closer than {SETTLES_S} s")
    kinds = [kind for kind in KINDS for _ in range(KINDS[kind])]
    dice.shuffle(kinds)
    slack_s = every_s - SETTLES_S
    return [
        Fault((i + 1) * every_s + dice.uniform(-slack_s, slack_s) / 2, kinds[i % len(kinds)], dice.random())
        for i in range(count)
    ]


class Home:
    """Broker and host: what is published waits for the host, which stores it and answers."""

    def __init__(self, folder: Path) -> None:
        self.now_s = 0.0
        self.wifi_from_s = self.broker_from_s = self.speaks_from_s = self.host_from_s = 0.0
        self.to_host: deque[tuple[str, bytes]] = deque()
        self.to_pod: deque[tuple[str, bytes]] = deque()
        self.crash_after_commit: bool | None = (
            None  # at the next message: before or after; None: it does not crash
        )
        self._folder = folder
        self._backup = folder / "backup.db"
        self.store = self._open()
        self.store.ensure_runner("me", "me", "UTC")
        self.store.assign(UID.hex(), "me", "left", 0)

    def _open(self) -> Store:
        return open_store(self._folder / "store.db")

    def back_up(self) -> None:
        self.store.close()
        shutil.copy(self._folder / "store.db", self._backup)
        self.store = self._open()

    def restore(self) -> None:
        self.store.close()
        for name in ("store.db-wal", "store.db-shm"):
            (self._folder / name).unlink(missing_ok=True)
        shutil.copy(self._backup, self._folder / "store.db")
        self.store = self._open()

    def lose_messages(self) -> None:
        """The broker was killed: what it had confirmed is gone. [facts: Mosquitto after kill -9]"""
        self.to_host.clear()
        self.to_pod.clear()

    def work(self) -> None:
        """The host takes what the broker has, commits, and answers."""
        if self.now_s < max(self.host_from_s, self.broker_from_s):
            return
        taken, self.to_host = list(self.to_host), deque()
        if not taken:
            return
        crash, self.crash_after_commit = self.crash_after_commit, None
        if crash is False:
            return
        wanted: dict[tuple[str, int, int], int] = {}
        received = []
        for topic, payload in taken:
            parsed = topics.parse(topic)
            assert parsed is not None, topic
            if parsed[1] == "pages":
                received.append(Received(parsed[0], payload, 0))
            elif parsed[1] == "state":
                state = read_state(payload)
                for stream in state.streams:
                    wanted[UID.hex(), state.log, stream] = self.store.wanted(UID.hex(), state.log, stream)
        if received:
            wanted.update(self.store.add(received).wanted)
        if crash:
            return
        utc_ms = START_UTC_MS + round(1000 * self.now_s)
        for (uid, log, stream), number in wanted.items():
            self.to_pod.append(
                (topics.of_pod(uid, "ack"), ack_message(self.store.store_id, log, stream, number, utc_ms))
            )


class Line:
    """The pod's client, over the air to the broker."""

    blocks = False

    def __init__(self, home: Home) -> None:
        self._home = home
        self._up_since_s = -1.0

    @property
    def connected(self) -> bool:
        return self._up_since_s >= 0 and self._up_since_s >= max(
            self._home.wifi_from_s, self._home.broker_from_s
        )

    def connect(self, will_topic: str, will_payload: bytes) -> None:
        self._home.to_pod.clear()
        self._up_since_s = self._home.now_s if self._home.now_s >= self._home.wifi_from_s else -1.0

    def subscribe(self, topic: str) -> None:
        self._need()

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool) -> None:
        self._need()
        if self._home.now_s >= self._home.speaks_from_s and topic.rsplit("/", 1)[1] in ("pages", "state"):
            self._home.to_host.append((topic, bytes(payload)))

    def poll(self, timeout_ms: int) -> tuple[str, bytes] | None:
        self._need()
        if self._home.now_s < self._home.speaks_from_s or not self._home.to_pod:
            return None
        return self._home.to_pod.popleft()

    def close(self) -> None:
        self._up_since_s = -1.0

    def _need(self) -> None:
        if not self.connected:
            raise OSError(104, "the line is dead")


@dataclass
class Soak:
    """One life of a pod under faults; `live` runs it, and the rest says what came of it."""

    folder: Path
    hours: float
    odr_hz: int
    gyro_dps: int
    faults: list[Fault]
    seed: int = 1
    injected: Counter[str] = field(default_factory=Counter)  # faults by kind
    counted: Counter[str] = field(default_factory=Counter)  # the pod's counters, over all boots
    expected: Counter[str] = field(default_factory=Counter)  # the same by what was injected
    seen: dict[int, dict[int, float]] = field(
        default_factory=dict
    )  # boot -> contact in 1/256 sample -> seen at, s
    cuts_s: dict[int, float] = field(default_factory=dict)  # boot -> when its power failed

    def __post_init__(self) -> None:
        plan = [("stand", 3.0, 0.0), ("run", 3600 * self.hours, 10.5), ("stand", REST_S, 0.0)]
        run = Runner(self.seed).session(plan)
        self.source = run.source
        self.dice = random.Random(self.seed)
        self.flash = Flash()
        self.home = Home(self.folder)
        self.now_us = 0
        self.failing_syncs = 0
        self.board: Any = None

    @property
    def now_s(self) -> float:
        return self.now_us / 1e6

    def live(self) -> "Soak":
        """Run all of it, then until the host has everything."""
        waiting = deque(self.faults)
        end_s = 3600 * self.hours + REST_S
        with patch.object(adafruit_lsm6ds, "sleep", lambda seconds: None), self._watching():
            self._boot()
            while self.now_s < end_s or not self.board.pod.sync.drained:
                if waiting and waiting[0].at_s <= self.now_s:
                    self._inject(waiting.popleft())
                try:
                    self._round()
                except PowerCut:
                    self._power_fails()
                assert self.now_s < end_s + 7200, "the host never got everything"
            self._account()
        return self

    def _round(self) -> None:
        self.board.pod.step()
        self.home.now_s = self.now_s
        self.home.work()

    def _boot(self) -> None:
        self.board = Board(self)
        self.board.pod = pod.Pod(self.board)
        self.seen[self.board.pod.log.boot] = {}
        self.board.pod.begin()

    def _power_fails(self) -> None:
        self._account()
        self.cuts_s[self.board.pod.log.boot] = self.now_s
        self.flash = Flash(self.flash.left(self.dice.choice(LEFT)))
        self.now_us += 2_000_000
        self._boot()

    def _account(self) -> None:
        """Take over what this boot counted."""
        self.counted.update({name: n for name, n in self.board.pod.state()["faults"].items() if n})
        self.counted.update({f"sync {name}": n for name, n in self.board.pod.sync.counters.items() if n})

    def _watching(self) -> Any:
        """Every step that the detector releases, by what it says itself."""

        def watched(release: Any) -> Any:
            def releasing(*args: Any) -> int:
                count = release(*args)
                steps = args[-1]
                boot = self.seen[self.board.pod.log.boot]
                for at in range(0, count * detector.STEP_SIZE, detector.STEP_SIZE):
                    boot[steps[at + detector.IC_SAMPLE] * 256 + steps[at + detector.IC_FRAC]] = self.now_s
                return count

            return releasing

        return patch.multiple(detector, process=watched(detector.process), finish=watched(detector.finish))

    def _inject(self, fault: Fault) -> None:
        self.injected[fault.kind] += 1
        share = fault.amount
        home = self.home
        chip = self.board.chip
        match fault.kind:
            case "nack":
                transfers = 1 + round(2 * share)  # with their retries still within the FIFO's room
                chip.nack(transfers)
                self.expected["bus_errors"] += transfers
            case "stuck":
                self.board.i2c.hold_sda()
                self.expected["bus_errors"] += 1
            case "overrun":
                self.now_us += round(1e6 * (0.7 + 5 * share) * 833 / self.odr_hz)
                self.expected["fifo_overruns"] += 1
            case "stall":
                chip.stall_fifo()
                self.expected["fifo_stalls"] += 1
            case "register":
                chip.poke(CTRL1_XL, 0)
                self.expected["register_errors"] += 1
            case "reset":
                chip.write(SOFT_RESET)
                self.expected["register_errors"] += 1
            case "power":
                self.flash.cut_at = self.flash.points + 1 + round(500 * share)
            case "flash":
                self.failing_syncs = 1
                self.expected["log_errors"] += 1
            case "wifi":
                home.wifi_from_s = self.now_s + 10 + 600 * share
            case "broker":
                home.lose_messages()
                home.broker_from_s = self.now_s + 1 + 60 * share
            case "mute":
                home.speaks_from_s = self.now_s + 30 + 300 * share
            case "host down":
                home.host_from_s = self.now_s + 60 + 3000 * share
            case "host crash":
                home.crash_after_commit = share < 0.5
            case "host restored":
                home.restore()
        if fault.kind == "host down" or self.injected.total() == 1:
            home.back_up()

    # What came of it

    def stored(self) -> Any:
        """Headers of all stored pages, in order."""
        query = sa.select(pages_table.c.bytes).order_by(*pages_table.primary_key)
        with self.home.store.engine.connect() as connection:
            data = b"".join(row[0] for row in connection.execute(query))
        assert protocol.whole(data).all()
        return protocol.headers(data)

    def stored_contacts(self) -> dict[int, list[int]]:
        """boot -> contacts in 1/256 sample, as they lie in the pages."""
        headers = self.stored()
        found = headers[headers["kind"] == KIND_STEPS]
        index, records = protocol.records(found, KIND_STEPS)
        contacts = found["first_sample"][index].astype(np.int64) * 256 + records["ic"]
        boots = found["boot"][index]
        return {int(boot): contacts[boots == boot].tolist() for boot in np.unique(boots)}

    def stored_gaps(self) -> Any:
        headers = self.stored()
        return protocol.records(headers[headers["kind"] == KIND_GAP], KIND_GAP)[1]

    def close(self) -> None:
        self.home.store.close()


class Board(Bare):
    """A board that boots now, on what is left of the flash."""

    uid = UID

    def __init__(self, soak: Soak) -> None:
        self._soak = soak
        self.pod: Any = None
        self.files = self
        self.clock = Clock(soak)
        began_s = soak.now_s  # the chip counts from its power-on
        self.chip = Chip("LSM6DSO32", lambda t_s: soak.source(t_s + began_s), lambda: soak.now_us)
        self.i2c = SimulatedI2C({CHIP_ADDRESS: self.chip})
        self.settings = {
            "STRIDELOAD_ODR_HZ": soak.odr_hz,
            "STRIDELOAD_GYRO_DPS": soak.gyro_dps,
            "STRIDELOAD_STORE": soak.home.store.store_id,
        }

    def client(self) -> Line:
        return Line(self._soak.home)

    def random_u32(self) -> int:
        return self._soak.dice.getrandbits(32)

    def stopping(self) -> bool:
        return False

    def free_bus(self) -> bool:
        self.i2c = self.i2c.freed()
        return True

    # Its files, of which one write may fail

    def open(self, name: str, mode: str) -> Any:
        return self._soak.flash.open(name, mode)

    def names(self) -> list[str]:
        return self._soak.flash.names()

    def remove(self, name: str) -> None:
        self._soak.flash.remove(name)

    def sync(self, file: Any) -> None:
        soak = self._soak
        soak.flash.syncs = soak.failing_syncs == 0
        soak.failing_syncs = 0
        try:
            soak.flash.sync(file)
        finally:
            soak.flash.syncs = True


class Clock:
    """Ticks since this boot; no UTC of its own."""

    utc_source = 0

    def __init__(self, soak: Soak) -> None:
        self._soak = soak
        self._began_us = soak.now_us

    def ticks_ms(self) -> int:
        return (self._soak.now_us - self._began_us) // 1000

    def sleep_ms(self, ms: int) -> None:
        self._soak.now_us += 1000 * max(ms, 1)

    def utc_ms(self) -> None:
        return None


def summary(soak: Soak) -> dict[str, Any]:
    """What a reader wants to know of it."""
    stored = soak.stored_contacts()
    return {
        "hours": soak.hours,
        "odr_hz": soak.odr_hz,
        "faults": dict(sorted(soak.injected.items())),
        "boots": len(soak.seen),
        "steps seen": sum(map(len, soak.seen.values())),
        "steps stored": sum(map(len, stored.values())),
        "gaps": len(soak.stored_gaps()),
        "counters": dict(sorted(soak.counted.items())),
    }


def as_lines(found: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {json.dumps(value)}" for name, value in found.items())
