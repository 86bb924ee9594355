"""Collecting: what is committed is acknowledged, nothing else is, and nothing stops it. Real Mosquitto, real SQLite."""

import json
import os
import random
import signal
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from collect.fake_broker import FakeBroker
from collect.pod import (
    LOG,
    connect_packet,
    flipped,
    make_page,
    make_pages,
    make_state,
    publish_packet,
)
from collect.talker import POD_A, POD_B, Talker
from strideload.collect import collector as collector_module
from strideload.collect import inbox
from strideload.collect import mosquitto as mosquitto_module
from strideload.collect.address import Address
from strideload.collect.amqtt_broker import Amqtt
from strideload.collect.collector import Collector
from strideload.collect.mosquitto import Mosquitto
from strideload.protocol.messages import MAX_PAYLOAD, Live
from strideload.store import Store, open_store
from strideload.store.errors import StoreError, StoreOutdated, StoreRefused
from support import tools
from support.ports import free_port
from support.waiting import PATIENCE_S, until, until_or_give_up

PAGES_A = f"strideload/pod/{POD_A}/pages"
STATE_A = f"strideload/pod/{POD_A}/state"
LIVE_A = f"strideload/pod/{POD_A}/live"
ACK_A = f"strideload/pod/{POD_A}/ack"
UTC_MS = 1_700_000_000_000


class House:
    """A collector at work on a store of its own, and a pod's end of the broker."""

    def __init__(self, stack: ExitStack, address: Address, folder: Path) -> None:
        self.file = folder / "pages.db"
        self.store: Store = stack.enter_context(open_store(self.file))
        self.heard: list[tuple[str, Live]] = []
        self.collector = Collector(
            self.store,
            address,
            time_source=lambda: UTC_MS,
            on_live=lambda pod, live: self.heard.append((pod, live)),
        )
        self.collector.start()
        stack.callback(self.collector.stop)
        self.pod = stack.enter_context(Talker(address, (ACK_A, f"strideload/pod/{POD_B}/ack")))
        until(self.collector.connected)

    def stored(self) -> list[bytes]:
        """Whole pages in the file, in order of pod and number."""
        with closing(sqlite3.connect(self.file)) as database:
            rows = database.execute("SELECT bytes FROM pages ORDER BY pod, log, stream, number")
            return [bytes(data) for (data,) in rows]

    def acks(self, topic: str = ACK_A) -> list[dict]:
        """Acknowledgements of this house's store."""
        every = [json.loads(payload) for heard, payload in list(self.pod.heard) if heard == topic]
        return [ack for ack in every if ack["store"] == self.store.store_id]

    def wanted(self) -> int:
        """The last number asked for; -1 before any."""
        acks = self.acks()
        return acks[-1]["next"] if acks else -1

    def count(self, name: str) -> int:
        return self.collector.counters.get(name, 0)


@pytest.fixture
def house(stack: ExitStack, mosquitto: Mosquitto, tmp_path: Path) -> Iterator[House]:
    opened = House(stack, mosquitto.address, tmp_path)
    yield opened
    assert opened.collector.alive()


def test_pages_are_stored_as_they_came_and_acknowledged(house: House) -> None:
    pages = make_pages(40, pod=POD_A)
    house.pod.publish(PAGES_A, *(b"".join(pages[at : at + 16]) for at in range(0, 40, 16)))
    until(lambda: house.wanted() == 40)
    assert house.stored() == pages
    assert house.acks()[-1] == {
        "v": 1,
        "store": house.store.store_id,
        "log": f"{LOG:08x}",
        "stream": 0,
        "next": 40,
        "utc_ms": UTC_MS,
    }


def test_an_acknowledgement_is_not_retained(house: House, mosquitto: Mosquitto) -> None:
    house.pod.publish(PAGES_A, make_page(0, pod=POD_A))
    until(lambda: house.wanted() == 1)
    with Talker(mosquitto.address, (ACK_A,)) as late:
        late.publish(PAGES_A, make_page(1, pod=POD_A))
        until(lambda: late.heard)
        assert json.loads(late.heard[0][1])["next"] == 2


def test_pages_thrice_out_of_order_with_every_tenth_missing_are_stored_once(house: House) -> None:
    pages = make_pages(60, pod=POD_A)
    some = [page for number, page in enumerate(pages) if number % 10 != 9] * 3
    random.Random(1).shuffle(some)
    house.pod.publish(PAGES_A, *some)
    until(lambda: house.count("stored") + house.count("repeated") == len(some))
    until(lambda: house.wanted() == 9)
    house.pod.publish(PAGES_A, *pages[9::10])
    until(lambda: house.wanted() == 60)
    assert house.stored() == pages
    assert (house.count("stored"), house.count("repeated")) == (60, 2 * 54)


def test_two_hosts_on_one_broker_each_store_all_and_answer_as_themselves(
    house: House, mosquitto: Mosquitto, tmp_path: Path, stack: ExitStack
) -> None:
    (tmp_path / "second").mkdir()
    second = House(stack, mosquitto.address, tmp_path / "second")
    pages = make_pages(20, pod=POD_A)
    house.pod.publish(PAGES_A, *pages)
    until(lambda: house.wanted() == 20 and second.wanted() == 20)
    assert house.stored() == second.stored() == pages
    assert house.store.store_id != second.store.store_id


def test_a_state_is_kept_and_answered_for_every_stream_of_its_log(house: House) -> None:
    house.pod.publish(PAGES_A, make_page(0, pod=POD_A))
    until(lambda: house.wanted() == 1)
    house.pod.publish(STATE_A, make_state(wanted=7))
    until(lambda: len(house.acks()) == 2)
    assert house.wanted() == 1
    house.pod.publish(STATE_A, make_state(wanted=7, log=LOG + 1))
    until(lambda: len(house.acks()) == 3)
    assert (house.acks()[-1]["log"], house.wanted()) == (f"{LOG + 1:08x}", 0)
    assert house.store.pods()[0].state == json.loads(make_state(wanted=7, log=LOG + 1))


def test_the_time_is_told_only_while_it_is_known(
    mosquitto: Mosquitto, tmp_path: Path, stack: ExitStack
) -> None:
    times: list[int | None] = [None, UTC_MS]
    store = stack.enter_context(open_store(tmp_path / "pages.db"))
    collector = Collector(store, mosquitto.address, time_source=lambda: times.pop(0))
    collector.start()
    stack.callback(collector.stop)
    pod = stack.enter_context(Talker(mosquitto.address, (ACK_A,)))
    until(collector.connected)
    for number in range(2):
        pod.publish(PAGES_A, make_page(number, pod=POD_A))
        until(lambda number=number: len(pod.heard) == number + 1)
    assert ["utc_ms" in json.loads(payload) for _, payload in pod.heard] == [False, True]


def test_live_is_handed_on_and_online_is_known(house: House) -> None:
    house.pod.publish(f"strideload/pod/{POD_A}/online", b"1", retain=True)
    house.pod.publish(LIVE_A, b'{"v":1,"cadence_spm":168.5,"kind":"run"}', qos=0)
    until(lambda: house.heard and POD_A in house.collector.online)
    assert house.heard[0] == (POD_A, Live(version=1, cadence_spm=168.5, kind="run"))
    assert house.collector.live[POD_A].live.cadence_spm == 168.5
    assert house.collector.online[POD_A] is True
    house.pod.publish(f"strideload/pod/{POD_A}/online", b"0", retain=True)
    until(lambda: house.collector.online[POD_A] is False)


GOOD = make_page(1, pod=POD_A)
BAD: dict[str, tuple[str, bytes]] = {
    "truncated page": (PAGES_A, GOOD[:-1]),
    "flipped bit": (PAGES_A, flipped(GOOD, 200)),
    "flipped bit in the key": (PAGES_A, flipped(GOOD, 21)),
    "nothing": (PAGES_A, b""),
    "page of another pod": (PAGES_A, make_page(1, pod=POD_B)),
    "10 MB": (PAGES_A, GOOD * (10 * 2**20 // len(GOOD))),
    "one page too many": (PAGES_A, GOOD * (MAX_PAYLOAD // len(GOOD) + 1)),
    "JSON nonsense": (STATE_A, b'{"v":1,"log":[[['),
    "state of wrong types": (STATE_A, b'{"v":1,"log":5}'),
    "state that is not text": (STATE_A, b"\xff\xfe"),
    "deeply nested state": (STATE_A, b"[" * 8000),
    "live that is no object": (LIVE_A, b"3"),
    "topic that is no pod's": ("strideload/pod/x/pages", GOOD),
    "pod in capitals": (PAGES_A.replace("aa", "AA"), GOOD),
}


@pytest.mark.parametrize(("topic", "payload"), BAD.values(), ids=BAD)
def test_what_is_bad_is_counted_and_kept_aside_and_the_good_goes_on(
    house: House, topic: str, payload: bytes
) -> None:
    house.pod.publish(topic, payload)
    until(lambda: sum(house.store.rejections().values()) == 1)
    (reason,) = house.store.rejections()
    until(lambda: house.count(reason) == 1)  # it is stored first
    house.pod.publish(PAGES_A, make_page(0, pod=POD_A))
    until(lambda: house.wanted() == 1)
    assert house.stored() == [make_page(0, pod=POD_A)]
    assert house.collector.trouble is None


def test_what_is_too_large_is_kept_with_its_true_length(house: House) -> None:
    """Of ten megabytes the first 8192 bytes stay, and how many there were."""
    house.pod.publish(*BAD["10 MB"])
    until(house.store.rejections)
    with closing(sqlite3.connect(house.file)) as database:
        assert database.execute("SELECT length(bytes), size FROM aside").fetchall() == [
            (MAX_PAYLOAD, len(BAD["10 MB"][1]))
        ]


def test_a_topic_that_is_not_utf8_is_counted(house: House, mosquitto: Mosquitto) -> None:
    """Brokers refuse such a topic, so it is put to the collector's own connection, by one that does not."""
    with FakeBroker(publish_packet(b"strideload/pod/\xff\xfe/pages", GOOD)) as broker:
        store = house.store
        collector = Collector(store, broker.address)
        collector.start()
        try:
            until(lambda: collector.counters.get(collector_module.TOPIC_NOT_UTF8) == 1)
            until(lambda: store.rejections() == {collector_module.TOPIC_NOT_UTF8: 1})
            assert collector.alive()
        finally:
            collector.stop()
    raw = socket.create_connection((mosquitto.address.host, mosquitto.address.port))
    with closing(raw):
        raw.settimeout(PATIENCE_S)
        raw.sendall(connect_packet("host", mosquitto.address.password or ""))
        assert raw.recv(4) == b"\x20\x02\x00\x00"
        raw.sendall(publish_packet(b"strideload/pod/\xff\xfe/pages", GOOD))
        assert raw.recv(1) == b""  # Mosquitto hangs up
    house.pod.publish(PAGES_A, make_page(0, pod=POD_A))
    until(lambda: house.wanted() == 1)


def test_a_broker_of_mqtt_3_only_is_asked_again_in_its_own_version(tmp_path: Path, stack: ExitStack) -> None:
    with Amqtt(tmp_path / "broker", free_port()).start() as broker:
        house = House(stack, broker.address, tmp_path)
        pages = make_pages(50, pod=POD_A)
        house.pod.publish(PAGES_A, *pages)
        until(lambda: house.wanted() == 50)
        assert house.stored() == pages
        stack.close()


def test_the_broker_may_come_later(tmp_path: Path, stack: ExitStack) -> None:
    port = free_port()
    store = stack.enter_context(open_store(tmp_path / "pages.db"))
    folder = tmp_path / "broker"
    with Mosquitto(folder, port).start() as first:
        address = first.address
    collector = Collector(store, address)
    collector.start()
    stack.callback(collector.stop)
    until(lambda: collector.trouble is not None)
    assert f"127.0.0.1:{port}" in str(collector.trouble)
    assert "refused" in str(collector.trouble)
    stack.enter_context(Mosquitto(folder, port).start())
    until(collector.connected)
    assert collector.trouble is None


def sync(house: House, pages: list[bytes], disturb: Callable[[int], None]) -> None:
    """Send as a pod does, from what is wanted on, until all is acknowledged; `disturb` is called before each turn.

    A turn is over when nothing is acknowledged for a second: to send more then would only fill the broker.
    """
    for turn in range(200):
        first = max(0, house.wanted())
        if first == len(pages):
            return
        disturb(turn)
        house.pod.send(PAGES_A, *pages[first : first + 20])
        target, before = min(len(pages), first + 20), -2
        while before < house.wanted() < target:
            before = house.wanted()
            until_or_give_up(lambda before=before: house.wanted() > before, 1.0)
    pytest.fail(f"still {house.wanted()} of {len(pages)}")


def test_a_broker_killed_again_and_again_loses_no_page_and_doubles_none(
    house: House, mosquitto: Mosquitto
) -> None:
    pages = make_pages(200, pod=POD_A)

    def kill(turn: int) -> None:
        if turn in (2, 5, 8) and mosquitto.pid is not None and mosquitto.alive():
            os.kill(mosquitto.pid, signal.SIGKILL)

    sync(house, pages, kill)
    assert house.stored() == pages
    assert mosquitto.restarts >= 1


def limit_disk(store: Store, limit: dict[str, int]) -> None:
    """Let SQLite itself refuse to grow beyond so many of its pages."""

    @sa.event.listens_for(store.engine, "checkout")
    def set_limit(connection: sqlite3.Connection, *_unused: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {limit['pages']}")


def test_a_full_disk_stops_acknowledging_says_so_and_recovers(house: House) -> None:
    """Nothing is acknowledged while the disk is full, neither to pods nor to the broker; then it goes on by itself."""
    pages = make_pages(300, pod=POD_A)
    house.pod.publish(PAGES_A, pages[0])
    until(lambda: house.wanted() == 1)
    limit = {"pages": 1}  # SQLite takes the size that there is
    limit_disk(house.store, limit)
    # Sixteen at once: fewer may find room in the file as it is.
    house.pod.publish(PAGES_A, *(b"".join(pages[at : at + 16]) for at in range(1, 300, 16)))
    until(lambda: "The disk is full" in str(house.collector.trouble))  # deriving may have failed before
    assert house.wanted() == 1
    assert house.stored() == pages[:1]
    assert house.collector.alive()
    limit["pages"] = 1_000_000
    until(lambda: house.wanted() == 300)
    assert house.stored() == pages
    until(lambda: house.collector.trouble is None)


def test_a_broker_that_holds_no_more_drops_messages_and_no_page(
    tmp_path: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At its bounds in bytes, with the host away and with a full disk: what was dropped is sent again, and stored."""
    tools.program("mosquitto")
    for limit in ("QUEUED_BYTES", "IN_FLIGHT_BYTES"):
        monkeypatch.setattr(mosquitto_module, limit, 20 * len(GOOD))
    broker = stack.enter_context(Mosquitto(tmp_path / "broker", free_port()).start())
    pages = make_pages(300, pod=POD_A)
    with ExitStack() as first:
        House(first, broker.address, tmp_path)
    with Talker(broker.address) as pod:
        pod.publish(PAGES_A, *pages)
    house = House(stack, broker.address, tmp_path)
    until(lambda: house.wanted() == 20)
    disk = {"pages": 1_000_000}
    limit_disk(house.store, disk)

    def meets_a_full_disk() -> bool:
        house.pod.send(
            PAGES_A, *pages[house.wanted() :][:20]
        )  # the broker may have dropped what was sent before
        return "The disk is full" in str(house.collector.trouble)

    def disturb(turn: int) -> None:
        disk["pages"] = 1 if 2 <= turn < 4 else 1_000_000
        if turn == 3:
            until(meets_a_full_disk, every_s=0.2)
            house.pod.publish(PAGES_A, *pages)

    sync(house, pages, disturb)
    assert house.stored() == pages


def test_a_collector_told_to_stop_while_the_disk_is_full_stops(
    mosquitto: Mosquitto, tmp_path: Path, stack: ExitStack
) -> None:
    house = House(stack, mosquitto.address, tmp_path)
    limit_disk(house.store, {"pages": 1})
    house.pod.publish(PAGES_A, *make_pages(300, pod=POD_A))
    until(lambda: house.collector.trouble is not None)
    house.collector.stop()
    assert not house.collector.alive()


def test_what_was_not_acknowledged_comes_again_after_a_restart(
    mosquitto: Mosquitto, tmp_path: Path, stack: ExitStack
) -> None:
    """The broker keeps the session: messages that came while the collector was away are stored when it is back."""
    with ExitStack() as first:
        House(first, mosquitto.address, tmp_path)
    pages = make_pages(30, pod=POD_A)
    with Talker(mosquitto.address) as pod:
        pod.publish(PAGES_A, *pages)
    house = House(stack, mosquitto.address, tmp_path)
    until(lambda: house.stored() == pages)


@pytest.mark.parametrize(
    "error",
    [RuntimeError("a defect"), StoreRefused("a value out of range"), StoreOutdated("there already")],
    ids=lambda error: type(error).__name__,
)
def test_a_message_the_store_trips_over_is_set_aside_and_its_batch_is_stored(
    house: House, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    add = house.store.add

    def trip(received: list) -> object:
        if any(message.payload == GOOD for message in received):
            raise error
        return add(received)

    monkeypatch.setattr(house.store, "add", trip)
    house.pod.publish(PAGES_A, make_page(0, pod=POD_A), GOOD, make_page(2, pod=POD_A))
    until(lambda: house.count("stored") == 2)
    until(lambda: house.store.rejections() == {collector_module.NOT_UNDERSTOOD: 1})
    assert house.stored() == [make_page(0, pod=POD_A), make_page(2, pod=POD_A)]
    assert house.collector.trouble is None


@pytest.mark.parametrize("defect", [RuntimeError("a defect"), StoreError("locked")], ids=["defect", "store"])
def test_deriving_that_fails_is_told_and_tried_again_while_pages_are_stored(
    house: House, monkeypatch: pytest.MonkeyPatch, defect: Exception
) -> None:
    monkeypatch.setattr(house.collector._deriver, "_derive", lambda: (_ for _ in ()).throw(defect))
    house.pod.publish(PAGES_A, make_page(0, pod=POD_A))
    until(lambda: house.collector.trouble is not None)
    assert str(defect) in str(house.collector.trouble)
    house.pod.publish(PAGES_A, make_page(1, pod=POD_A))
    until(lambda: house.wanted() == 2)


def test_new_pages_are_derived_by_themselves(house: House) -> None:
    house.pod.publish(PAGES_A, *make_pages(3, pod=POD_A))
    until(lambda: len(house.store.undated()) == 1)


def test_what_finds_no_room_is_counted_and_comes_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = make_pages(20, pod=POD_A)
    monkeypatch.setattr(inbox, "ROOM_BYTES", 0)
    house.pod.publish(PAGES_A, *pages)
    until(lambda: house.count(collector_module.NO_ROOM) >= 20)  # it comes again and again
    assert house.wanted() == -1
    monkeypatch.undo()
    until(lambda: house.wanted() == 20)
    assert house.stored() == pages


def test_a_listener_that_fails_stops_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_pod: str, _live: Live) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(house.collector, "_on_live", fail)
    house.pod.publish(LIVE_A, b'{"v":1,"steps":7}')
    until(lambda: house.count(collector_module.COLLECTOR_ERROR) == 1)
    assert house.collector.live[POD_A].live.steps == 7


def test_a_state_that_cannot_be_kept_is_still_answered(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_unused: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(house.store, "save_state", fail)
    house.pod.publish(STATE_A, make_state(wanted=3))
    until(lambda: house.wanted() == 0)
    assert house.count(collector_module.COLLECTOR_ERROR) == 1
