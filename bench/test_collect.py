"""The rate pages are collected at, beside a bare paho + sqlite3 loop in the same run.

Both drain a queue that a real Mosquitto holds for them: MQTT 5, manual acknowledgement after a commit that reached the
disk (WAL, synchronous FULL), batches of the same size at most. The bare loop inserts each page under the identity that
it reads from its header, and no more: it checks no CRC, knows no repeat, answers no pod and keeps no account of what
is missing. The ratio is of the best of several rounds each, taken in turns, since other programs take their share of
the machine as well; the processor time a message tells the same with less noise.
"""

import sqlite3
import statistics
import struct
import threading
import time
from binascii import crc32
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple, Protocol

import numpy as np
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from strideload.collect.address import Address, free_port, set_login
from strideload.collect.collector import IN_FLIGHT, Collector
from strideload.collect.inbox import BATCH_MESSAGES
from strideload.collect.mosquitto import Mosquitto
from strideload.protocol.pages import headers
from strideload.store import open_store
from strideload_pod import page

POD = bytes.fromhex("00000000000000aa")
TOPIC = f"strideload/pod/{POD.hex()}/pages"
SESSION_PAGES = 400  # about an hour
ROUNDS = 8
WANTED_RATIO = 0.80
TIMEOUT_S = 120.0
KEY = struct.Struct("<4x8sIB3xI")  # pod, log, stream and number of a page, see page.py

TABLE = """
CREATE TABLE IF NOT EXISTS pages (
    pod TEXT, log INTEGER, stream INTEGER, number INTEGER, received INTEGER, bytes BLOB,
    PRIMARY KEY (pod, log, stream, number)
) WITHOUT ROWID
"""


Item = tuple[int, bytes]  # message id, payload


class Loop(Protocol):
    """What is measured."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def connected(self) -> bool:
        """True once the broker has agreed to send, and so to keep."""
        ...

    def stored(self) -> int:
        """Pages committed so far."""
        ...


class Cost(NamedTuple):
    """What a drain took, in all."""

    wall_s: float
    cpu_s: float


def make_payloads(messages: int, pages_each: int) -> list[bytes]:
    """Consecutive full pages of steps, `pages_each` a message."""
    made = page.Page(POD)
    made.fields.update(
        boot=1, session=1, rate_mhz=416_666, odr_hz=416, chip=page.CHIP_LSM6DSO32, acc_range_g=32
    )
    made.open(page.KIND_STEPS, 0)
    while not made.is_full():
        made.add(1000 + made.count * 80_000, 60_000, 75_000, 400, 9000, page.STEP_KIND_RUN, 0, 0)
    numbers = np.arange(messages * pages_each)
    found = np.repeat(headers(bytes(made.close(1, 0, 10_000, 24_000))), len(numbers))
    found["number"] = numbers
    found["session"] = 1 + numbers // SESSION_PAGES
    found["crc"] = [crc32(whole.tobytes()[: page.CRC_OFFSET]) for whole in found]
    return [each.tobytes() for each in found.reshape(messages, pages_each)]


class BareLoop:
    """What anybody would write: a queue, executemany, commit, acknowledge."""

    def __init__(self, address: Address, file: Path) -> None:
        self._stored = 0
        self._file = file
        self._queue: SimpleQueue[Item] = SimpleQueue()
        self._stopping = threading.Event()
        self._worker = threading.Thread(target=self._work)
        self._client = client = mqtt.Client(
            CallbackAPIVersion.VERSION2, "bare", protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
        )
        set_login(client, address)
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600
        properties.ReceiveMaximum = IN_FLIGHT
        self._subscribed = threading.Event()
        client.on_connect = self._subscribe
        client.on_subscribe = lambda *_more: self._subscribed.set()
        # Not the message itself: it holds on to so much that this loop would take twice as long.
        client.on_message = lambda _client, _data, message: self._queue.put(
            (message.mid, bytes(message.payload))
        )
        client.connect_async(address.host, address.port, clean_start=False, properties=properties)

    def start(self) -> None:
        self._client.loop_start()
        self._worker.start()

    def stop(self) -> None:
        self._stopping.set()
        self._worker.join()
        self._client.disconnect()
        self._client.loop_stop()

    def connected(self) -> bool:
        return self._subscribed.is_set()

    def stored(self) -> int:
        return self._stored

    @staticmethod
    def _subscribe(client: mqtt.Client, *_more: object) -> None:
        client.subscribe("strideload/pod/+/pages", 1)

    def _take(self) -> list[Item]:
        taken: list[Item] = []
        try:
            taken.append(self._queue.get(timeout=0.1))
            while len(taken) < BATCH_MESSAGES:
                taken.append(self._queue.get_nowait())
        except Empty:
            pass
        return taken

    def _work(self) -> None:
        database = sqlite3.connect(self._file)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(TABLE)
        while not self._stopping.is_set():
            if batch := self._take():
                rows = list(_rows(batch))
                with database:
                    database.executemany("INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?)", rows)
                for mid, _ in batch:
                    self._client.ack(mid, 1)
                self._stored += len(rows)
        database.close()


def _rows(batch: list[Item]) -> Iterator[tuple[str, int, int, int, int, bytes]]:
    now_us = time.time_ns() // 1000
    for _, payload in batch:
        for at in range(0, len(payload), page.PAGE_SIZE):
            pod, log, stream, number = KEY.unpack_from(payload, at)
            yield pod.hex(), log, stream, number, now_us, payload[at : at + page.PAGE_SIZE]


class OurLoop(Collector):
    def stored(self) -> int:
        return self.counters.get("stored", 0)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


def publish(address: Address, payloads: list[bytes]) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    set_login(client, address)
    client.max_inflight_messages_set(0)
    client.connect(address.host, address.port)
    client.loop_start()
    for sent in [client.publish(TOPIC, payload, qos=1) for payload in payloads]:
        sent.wait_for_publish(TIMEOUT_S)
    client.disconnect()
    client.loop_stop()


def drain(make: Callable[[], Loop], address: Address, payloads: list[bytes]) -> Cost:
    """From connecting to the last page committed, with everything waiting at the broker."""
    subscriber = make()
    subscriber.start()
    wait_for(subscriber.connected)
    subscriber.stop()
    publish(address, payloads)
    pages = sum(map(len, payloads)) // page.PAGE_SIZE
    loop = make()
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    loop.start()
    wait_for(lambda: loop.stored() >= pages)
    took = Cost(time.perf_counter() - began_s, time.process_time() - began_cpu_s)
    loop.stop()
    return took


def one_round(folder: Path, payloads: list[bytes], bare_first: bool) -> tuple[Cost, Cost]:
    """(bare, collector), on a broker of their own."""
    with (
        Mosquitto(folder / "broker", free_port()).start() as broker,
        open_store(folder / "store.db") as store,
    ):
        address = broker.address
        makes: dict[str, Callable[[], Loop]] = {
            "bare": lambda: BareLoop(address, folder / "bare.db"),
            "collector": lambda: OurLoop(store, address, trust_clock=True),
        }
        order = sorted(makes, reverse=not bare_first)
        costs = {name: drain(makes[name], address, payloads) for name in order}
        return costs["bare"], costs["collector"]


@pytest.mark.parametrize(("messages", "pages_each"), [(15_000, 1), (3_000, 16)], ids=["1 page", "16 pages"])
def test_pages_are_collected_nearly_as_fast_as_by_a_bare_loop(
    tmp_path: Path, messages: int, pages_each: int, capsys: pytest.CaptureFixture[str]
) -> None:
    payloads = make_payloads(messages, pages_each)
    rounds = [one_round(tmp_path / str(turn), payloads, turn % 2 == 0) for turn in range(ROUNDS)]
    ratios = [bare.wall_s / ours.wall_s for bare, ours in rounds]
    cpu_ratio = statistics.median(bare.cpu_s / ours.cpu_s for bare, ours in rounds)
    ratio = statistics.median(ratios)
    with capsys.disabled():
        print(f"\n{messages} messages of {pages_each}, medians of {ROUNDS} rounds:")
        for name, costs in zip(("bare", "collector"), zip(*rounds, strict=True), strict=True):
            rate = messages / statistics.median(cost.wall_s for cost in costs)
            cpu_us = statistics.median(cost.cpu_s for cost in costs) / messages * 1e6
            print(
                f"  {name:9} {rate:7.0f} messages/s {rate * pages_each:7.0f} pages/s"
                f" {cpu_us:5.0f} us of processor a message"
            )
        print(
            f"  ratio {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}); of processor time {cpu_ratio:.2f}"
        )
    assert ratio >= WANTED_RATIO
