"""The pod's sync: what the paired host wants is sent, and only what it acknowledged is forgotten."""

import json
import struct
import time
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload_pod import sync as sync_module
from strideload_pod.boards.on_linux import PahoClient
from strideload_pod.log import CAPACITY_LEAST, GONE_RESERVE, SEGMENT_PAGES, Log, LogFull
from strideload_pod.page import (
    GONE_CORRUPT,
    GONE_OVERWRITTEN,
    HEADER_SIZE,
    KIND_ALIVE,
    KIND_GONE,
    KIND_RAW,
    PAGE_SIZE,
    RECORDS,
    STREAM_RAW,
    STREAM_STEPS,
    Page,
    is_whole,
    key,
)
from strideload_pod.sync import (
    AHEAD,
    BACKOFF_LEAST_MS,
    BACKOFF_MOST_MS,
    CONNECT_MS,
    MESSAGE_PAGES,
    Sync,
    read_ack,
)
from support import micropython
from support.files import Flash
from support.mosquitto import Mosquitto
from support.waiting import PATIENCE_S, until

POD = bytes.fromhex("00112233445566aa")
LOG_ID = 0xABCDEF01
STORE = "0123456789abcdef0123456789abcdef"
OTHER_STORE = "f" * 32
STREAMS = (STREAM_STEPS, STREAM_RAW)
KIND_OFFSET = 3


def new_log(flash=None, steps=0, raw=0, store=STORE):
    log = Log(flash if flash is not None else Flash(), POD, CAPACITY_LEAST, lambda: LOG_ID)
    if store:
        log.pair(store)
    append(log, STREAM_STEPS, steps)
    append(log, STREAM_RAW, raw)
    return log


def append(log, stream=STREAM_STEPS, count=1):
    page = Page(POD, stream)
    try:
        for number in range(log.next(stream), log.next(stream) + count):
            if stream == STREAM_RAW:
                page.open(KIND_RAW, number, six_axes=False)
                page.add(number, 0, 0)
            else:
                page.open(KIND_ALIVE, number)
                page.add(number, number, 0, 0)
            log.append(page, number, number)
    finally:
        log.settle()


def page_of(log, stream, number):
    buffer = bytearray(PAGE_SIZE)
    assert log.read(stream, number, buffer)
    return bytes(buffer)


def split(payload):
    assert len(payload) % PAGE_SIZE == 0
    assert 0 < len(payload) <= MESSAGE_PAGES * PAGE_SIZE
    return [bytes(payload[at : at + PAGE_SIZE]) for at in range(0, len(payload), PAGE_SIZE)]


def gone_record(data):
    """(stream, cause, first, count) of a KIND_GONE page, None for others."""
    if data[KIND_OFFSET] != KIND_GONE:
        return None
    stream, cause, _, first, count = struct.unpack_from(RECORDS[KIND_GONE][0], data, HEADER_SIZE)
    return stream, cause, first, count


def ack(number, stream=STREAM_STEPS, **changes):
    message = {"v": 1, "store": STORE, "log": f"{LOG_ID:08x}", "stream": stream, "next": number}
    return json.dumps(message | changes).encode()


class FakeClient:
    """The client's door with no line behind it: what is published is kept, what is put in `inbox` arrives."""

    def __init__(self):
        self.calls = []
        self.pages = []  # one list of pages a message
        self.states = []
        self.inbox = []
        self.connected = False
        self.answers = True  # whether a connection comes about
        self.failing = None  # name of the call that raises OSError

    def connect(self, will_topic, will_payload):
        self._call("connect", will_topic, will_payload)
        self.connected = self.answers

    def subscribe(self, topic):
        self._call("subscribe", topic)

    def publish(self, topic, payload, qos, retain):
        leaf = topic.rsplit("/", 1)[1]
        self._call("publish", leaf, bytes(payload) if leaf != "pages" else len(payload), qos, retain)
        if leaf == "pages":
            self.pages.append(split(payload))
        elif leaf == "state":
            self.states.append(json.loads(payload))

    def poll(self, timeout_ms):
        self._check("poll")
        return self.inbox.pop(0) if self.inbox else None

    def close(self):
        self.calls.append(("close",))
        self.connected = False

    def hear(self, payload):
        self.inbox.append((f"strideload/pod/{POD.hex()}/ack", payload))

    def take_pages(self):
        """Keys' (stream, number) of the messages since last time."""
        taken, self.pages = self.pages, []
        return [[key(page)[2:] for page in message] for message in taken]

    def _call(self, *call):
        self._check(call[0])
        self.calls.append(call)

    def _check(self, name):
        if self.failing == name:
            raise OSError("the line is dead")


@dataclass
class Desk:
    """A sync with a fake client and a clock that the test moves."""

    log: Log
    client: FakeClient = field(default_factory=FakeClient)
    now_ms: int = 1000
    random: int = BACKOFF_LEAST_MS // 2

    def __post_init__(self):
        self.sync = Sync(self.log, self.client, lambda: {"firmware": "0.1.0"}, lambda: self.random)

    def steps(self, count=10, every_ms=1):
        for _ in range(count):
            self.sync.step(self.now_ms)
            self.now_ms += every_ms
        return self

    def hear(self, payload):
        """One step that only takes in this message, then what it makes the pod send."""
        self.client.hear(payload)
        return self.steps()


def numbers(first, end, stream=STREAM_STEPS):
    return [(stream, number) for number in range(first, end)]


# Connecting


def test_it_says_that_it_is_there_before_it_sends():
    """The will, then acks are listened for, then online and state, retained; pages come after."""
    client = Desk(new_log(steps=1)).steps().client
    topic = f"strideload/pod/{POD.hex()}"
    assert client.calls[:4] == [
        ("connect", f"{topic}/online", b"0"),
        ("subscribe", f"{topic}/ack"),
        ("subscribe", f"{topic}/settings"),
        ("publish", "online", b"1", 1, True),
    ]
    assert [call[1:2] + call[3:] for call in client.calls[4:]] == [("state", 1, True), ("pages", 1, False)]


def test_state_says_what_the_log_knows_and_what_went_wrong():
    desk = Desk(new_log(steps=3, raw=2)).steps()
    desk.hear(b"nonsense").hear(ack(2))
    desk.now_ms += sync_module.STATE_EVERY_MS
    state = desk.steps(1).client.states[-1]
    assert state["streams"] == {
        "0": {"oldest": 0, "next": 3, "wanted": 2},
        "1": {"oldest": 0, "next": 2, "wanted": 0},
    }
    assert (state["v"], state["log"], state["boot"], state["firmware"]) == (1, f"{LOG_ID:08x}", 1, "0.1.0")
    assert state["free_pages"] == desk.log.free()
    assert state["faults"]["acks_refused"] == 1


@pytest.mark.parametrize("call", ["connect", "subscribe", "publish", "poll"])
def test_a_dead_line_is_closed_and_made_anew(call):
    """Whatever call meets it: closed, counted, tried again after the back-off and not before; nothing is lost."""
    desk = Desk(new_log(steps=5))
    desk.client.failing = call
    desk.steps(5)
    assert desk.client.calls[-1] == ("close",)
    assert desk.sync.counters["sync_broken"] == 1
    desk.client.failing = None
    made = len(desk.client.calls)
    desk.now_ms += BACKOFF_LEAST_MS // 2
    assert len(desk.steps(5).client.calls) == made
    desk.now_ms += BACKOFF_LEAST_MS
    desk.steps(5)
    desk.client.take_pages()
    desk.hear(ack(5))
    assert desk.sync.drained


def test_a_broker_that_never_answers_is_given_up():
    desk = Desk(new_log())
    desk.client.answers = False
    desk.steps(CONNECT_MS // 100 - 1, every_ms=100)
    assert desk.sync.counters["sync_broken"] == 0
    desk.steps(5, every_ms=100)
    assert desk.sync.counters["sync_broken"] == 1


def test_the_back_off_doubles_up_to_its_bound():
    """Connections that fail are tried at 2, 4, 8 ... 60 s, half to one and a half times; an ack begins anew."""
    desk = Desk(new_log(steps=1))
    desk.client.failing = "connect"
    tries = []
    for _ in range(1200):
        broken = desk.sync.counters["sync_broken"]
        desk.steps(1, every_ms=250)
        if desk.sync.counters["sync_broken"] > broken:
            tries.append(desk.now_ms)
    waits = [later - earlier for earlier, later in pairwise(tries)]
    expected = [min(BACKOFF_LEAST_MS << i, BACKOFF_MOST_MS) for i in range(len(waits))]
    assert all(
        nominal / 2 <= wait <= 1.5 * nominal + 250 for nominal, wait in zip(expected, waits, strict=True)
    )
    assert len(waits) >= 6


def test_goodbye_is_said():
    desk = Desk(new_log()).steps()
    desk.sync.close()
    assert desk.client.calls[-2:] == [("publish", "online", b"0", 1, True), ("close",)]


def test_live_goes_out_while_there_is_a_connection():
    """At QoS 0, not retained; without a line it is dropped, and a dead line is no error."""
    desk = Desk(new_log())
    desk.sync.send_live({"steps": 1})
    desk.steps().sync.send_live({"steps": 2})
    desk.client.failing = "publish"
    desk.sync.send_live({"steps": 3})
    assert [call for call in desk.client.calls if call[1:2] == ("live",)] == [
        ("publish", "live", b'{"steps": 2}', 0, False)
    ]


# Sending


def test_one_message_until_the_host_is_heard_then_four_ahead():
    desk = Desk(new_log(steps=120)).steps()
    assert desk.client.take_pages() == [numbers(0, 16)]
    desk.hear(ack(0))
    assert desk.client.take_pages() == [numbers(16, 32), numbers(32, 48), numbers(48, 64)]
    desk.hear(ack(16))
    assert desk.client.take_pages() == [numbers(64, 80)]
    desk.hear(ack(80))
    assert desk.client.take_pages() == [numbers(80, 96), numbers(96, 112), numbers(112, 120)]
    assert not desk.sync.drained
    assert desk.hear(ack(120)).sync.drained
    assert AHEAD == 4


def test_exactly_the_pages_bytes_are_sent():
    log = new_log(steps=3)
    client = Desk(log).steps().client
    assert client.pages == [[page_of(log, STREAM_STEPS, number) for number in range(3)]]


def test_steps_go_before_raw():
    desk = Desk(new_log(steps=20, raw=20)).steps().hear(ack(0))
    assert desk.client.take_pages() == [
        numbers(0, 16),
        numbers(16, 20),
        numbers(0, 16, STREAM_RAW),
        numbers(16, 20, STREAM_RAW),
    ]
    desk.hear(ack(20)).hear(ack(20, STREAM_RAW))
    assert desk.sync.drained


def test_pages_that_are_written_later_are_sent():
    desk = Desk(new_log(steps=1)).steps().hear(ack(1))
    desk.client.take_pages()
    append(desk.log)
    assert desk.steps().client.take_pages() == [numbers(1, 2)]


def test_what_the_host_has_is_not_sent():
    """A pod whose log remembers less than its host: the answer to `state` moves it forward."""
    desk = Desk(new_log(steps=100))
    desk.steps(2)
    desk.hear(ack(90))
    assert desk.client.take_pages() == [numbers(0, 16), numbers(90, 100)]
    assert desk.log.wanted(STREAM_STEPS) == 90


def test_a_host_that_wants_less_than_before_gets_it_again():
    """A host restored from last week: the log's wish goes back, and so does the sending."""
    desk = Desk(new_log(steps=120)).steps().hear(ack(40))
    assert desk.client.take_pages()[-1] == numbers(88, 104)
    desk.hear(ack(7))
    assert desk.log.wanted(STREAM_STEPS) == 7
    assert desk.client.take_pages() == [numbers(at, at + 16) for at in (7, 23, 39, 55)]


def test_slow_progress_is_progress():
    """A host that takes seconds for each message is not sent anything twice."""
    desk = Desk(new_log(steps=120)).steps().hear(ack(0))
    for number in range(16, 121, 16):
        desk.now_ms += BACKOFF_LEAST_MS // 2
        desk.hear(ack(number))
    assert [n for message in desk.client.take_pages() for n in message] == numbers(0, 120)
    assert desk.sync.counters["sync_repeats"] == 0


def test_silence_makes_it_begin_again():
    """No progress for the back-off time: from the wanted number, one message only, and `state` asks for an answer."""
    desk = Desk(new_log(steps=40)).steps().hear(ack(3))
    desk.client.take_pages()
    states = len(desk.client.states)
    desk.now_ms += 3 * BACKOFF_LEAST_MS
    assert desk.steps(2).client.take_pages() == [numbers(3, 19)]
    assert len(desk.client.states) == states + 1
    assert desk.sync.counters["sync_repeats"] == 1


def test_an_answer_without_progress_is_no_progress():
    """A page spoilt on the way: the host names the same number again and again, and gets it again."""
    desk = Desk(new_log(steps=100)).steps().hear(ack(16))
    desk.client.take_pages()
    for _ in range(30):
        desk.hear(ack(16)).steps(1, every_ms=200)
    assert desk.client.take_pages()[0] == numbers(16, 32)
    assert desk.sync.counters["sync_repeats"] >= 1


def test_a_host_that_appears_late_is_served_soon():
    """After hours of silence its first word ends the long waiting."""
    desk = Desk(new_log(steps=40)).steps()
    desk.steps(60, every_ms=60_000)
    desk.client.take_pages()
    desk.hear(ack(0)).steps(1, every_ms=2 * BACKOFF_LEAST_MS)
    desk.steps(3)
    assert numbers(0, 16) in desk.client.take_pages()


# Whom it obeys


@pytest.mark.parametrize(
    "change", [{"store": OTHER_STORE}, {"log": "00000001"}, {"store": ""}, {"log": f"{LOG_ID:08X}"}]
)
def test_a_foreign_ack_changes_nothing(change):
    desk = Desk(new_log(steps=40)).steps()
    desk.client.take_pages()
    desk.hear(ack(40, utc_ms=1_700_000_000_000, **change))
    assert desk.sync.counters["acks_foreign"] == 1
    assert desk.log.wanted(STREAM_STEPS) == 0
    assert desk.sync.take_time() is None
    assert desk.client.take_pages() == []


MALFORMED = {
    "empty": b"",
    "no JSON": b"{",
    "not UTF-8": b'{"v":1,"store":"\xff"}',
    "a list": b"[1]",
    "a number": b"17",
    "deeply nested": b"[" * 500,
    "too long": ack(1, more="x" * 500),
    "no version": ack(1, v=None),
    "another version": ack(1, v=2),
    "store a number": ack(1, store=7),
    "store missing": ack(1, store=None),
    "log a number": ack(1, log=LOG_ID),
    "stream a text": ack(1, stream="0"),
    "stream true": ack(1, stream=False),
    "stream unknown": ack(1, stream=2),
    "stream negative": ack(1, stream=-1),
    "next a text": ack("1"),
    "next true": ack(True),
    "next a fraction": ack(1.0),
    "next negative": ack(-1),
    "next beyond all": ack(4),
    "next huge": ack(10**200),
    "next infinite": ack(1).replace(b'"next": 1', b'"next": 1e999'),
    "next null": ack(None),
    "time a text": ack(1, utc_ms="now"),
    "time true": ack(1, utc_ms=True),
    "time before 2020": ack(1, utc_ms=1_577_836_799_999),
    "time in 2100": ack(1, utc_ms=4_102_444_800_000),
}


@pytest.mark.parametrize("payload", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_ack_is_counted_and_changes_nothing(payload):
    desk = Desk(new_log(steps=3)).steps().hear(payload)
    assert desk.sync.counters["acks_refused"] == 1
    assert desk.log.wanted(STREAM_STEPS) == 0
    assert desk.sync.take_time() is None
    assert desk.hear(ack(3)).sync.drained


@given(st.binary(max_size=600))
def test_any_bytes_are_an_ack_or_not(payload):
    assert read_ack(payload) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9), st.lists, max_leaves=3
    )
)
def test_any_value_in_an_ack_is_taken_or_refused(value):
    for name in ("v", "store", "log", "stream", "next", "utc_ms"):
        read = read_ack(ack(1, **{name: value}))
        assert read is None or len(read) == 5


def test_messages_of_other_topics_are_passed_over():
    desk = Desk(new_log(steps=1)).steps()
    desk.client.inbox.append(("strideload/pod/ffffffffffffffff/ack", ack(1)))
    assert not desk.steps().sync.drained
    assert desk.sync.counters["acks_refused"] == 0


def test_a_flood_does_not_hold_the_pod():
    desk = Desk(new_log()).steps()
    for _ in range(100):
        desk.client.hear(b"")
    desk.steps(1)
    assert len(desk.client.inbox) == 100 - sync_module.MESSAGES_A_STEP


def test_time_is_taken_from_the_paired_host_once():
    """With the tick of the step in which it came; an ack without a time gives none."""
    desk = Desk(new_log(steps=2)).steps().hear(ack(1))
    assert desk.sync.take_time() is None
    came_ms = desk.now_ms
    desk.hear(ack(1, utc_ms=1_700_000_000_123))
    assert desk.sync.take_time() == (1_700_000_000_123, came_ms)
    assert desk.sync.take_time() is None


def test_an_unpaired_pod_sends_all_and_acknowledges_nothing():
    """Whoever answers gets the pages, the log forgets none, and no time is taken from a stranger."""
    desk = Desk(new_log(steps=40, store=None)).steps()
    desk.hear(ack(16, store=OTHER_STORE, utc_ms=1_700_000_000_000)).hear(ack(40, store=OTHER_STORE))
    assert [n for message in desk.client.take_pages() for n in message] == numbers(0, 40)
    assert desk.log.wanted(STREAM_STEPS) == 0
    assert not desk.sync.drained
    assert desk.sync.take_time() is None


# What is gone


def log_without_its_first_pages():
    """A full log that freed its first segment. -> (log, oldest)"""
    log = new_log(steps=SEGMENT_PAGES)
    log.acknowledge(STREAM_STEPS, SEGMENT_PAGES)
    while log.oldest(STREAM_STEPS) == 0:
        append(log)
    return log, log.oldest(STREAM_STEPS)


def test_a_client_with_little_ram_gets_small_messages():
    """Four pages each, every page once and in order, as far ahead as others."""
    client = FakeClient()
    client.message_pages = 4
    desk = Desk(new_log(steps=30), client).steps().hear(ack(0)).hear(ack(16)).hear(ack(30))
    assert {len(message) for message in client.pages} == {4, 2}
    assert [page for message in client.take_pages() for page in message] == numbers(0, 30)
    assert desk.sync.drained


def test_what_is_gone_is_declared_at_once_and_passed_over():
    """A host restored from an older copy wants freed pages: a page of the steps stream says which are gone."""
    log, oldest = log_without_its_first_pages()
    desk = Desk(log).steps()
    desk.client.take_pages()
    declared = log.next(STREAM_STEPS)
    desk.client.hear(ack(5))
    desk.steps(2)
    page = desk.client.pages[0][0]
    assert gone_record(page) == (STREAM_STEPS, GONE_OVERWRITTEN, 5, oldest - 5)
    assert page == page_of(log, STREAM_STEPS, declared)
    assert desk.steps().client.take_pages()[1] == numbers(oldest, oldest + MESSAGE_PAGES)


def test_what_is_gone_is_written_once():
    """Asked again, the same page goes out again; the log does not fill with declarations."""
    log, _ = log_without_its_first_pages()
    desk = Desk(log).steps().hear(ack(5))
    end = log.next(STREAM_STEPS)
    for number in (5, 6, 5, 40):
        desk.hear(ack(number))
        desk.now_ms += 4 * BACKOFF_LEAST_MS
        desk.steps()
    assert log.next(STREAM_STEPS) == end
    assert sum(gone_record(page) is not None for message in desk.client.pages for page in message) >= 4


def test_a_declaration_without_room_is_counted_and_harmless():
    """Nothing empty is published, the other pages go out, and it is tried again."""
    log, oldest = log_without_its_first_pages()
    page = Page(POD)
    log.acknowledge(STREAM_STEPS, 0)
    append(log, count=log.free())
    for _ in range(GONE_RESERVE):
        page.open(KIND_GONE, 0)
        log.append(page, 0, 0)
    desk = Desk(log).steps().hear(ack(5))
    assert desk.sync.counters["gone_not_written"] >= 1
    assert numbers(oldest, oldest + MESSAGE_PAGES) in desk.client.take_pages()
    desk.now_ms += 4 * BACKOFF_LEAST_MS
    assert desk.steps().sync.counters["gone_not_written"] >= 2


def test_unreadable_pages_are_declared_and_the_others_sent():
    """Flipped bits in three pages: two declarations, by runs, and every other page arrives."""
    flash = Flash()
    log = new_log(flash, steps=20)
    for number in (4, 5, 9):
        flash.content["0-00000000.seg"][number * PAGE_SIZE + 100] ^= 1
    desk = Desk(log).steps().hear(ack(0))
    for end in (6, 10, 20, 22):
        desk.hear(ack(end))
    pages = [page for message in desk.client.pages for page in message]
    assert {gone_record(page) for page in pages} == {
        None,
        (STREAM_STEPS, GONE_CORRUPT, 4, 2),
        (STREAM_STEPS, GONE_CORRUPT, 9, 1),
    }
    assert {key(page)[3] for page in pages} == set(range(22)) - {4, 5, 9}
    assert all(is_whole(page) for page in pages)
    assert desk.sync.counters["pages_unreadable"] == 3
    assert desk.sync.drained


def test_a_page_that_is_read_at_the_second_try_is_sent():
    """A glitch on the flash's bus is no loss."""
    log = new_log(steps=3)
    read, failed = log.read, set()

    def read_at_second_try(stream, number, buffer):
        if number not in failed:
            failed.add(number)
            return False
        return read(stream, number, buffer)

    log.read = read_at_second_try
    desk = Desk(log).steps()
    assert desk.client.take_pages() == [numbers(0, 3)]
    assert log.next(STREAM_STEPS) == 3


# A host in a few lines, by the rules of the real one


@dataclass
class Host:
    """Stores pages under their key, passes over what is declared gone, and answers each message with what it wants."""

    store: str = STORE
    pages: dict = field(default_factory=dict)
    lost: set = field(default_factory=set)

    def wanted(self, stream):
        number = 0
        while (stream, number) in self.pages or (stream, number) in self.lost:
            number += 1
        return number

    def take(self, leaf, payload):
        """-> the acks that answer."""
        streams = set(STREAMS)
        if leaf == "pages":
            streams = {self._store(data) for data in split(payload)} | {STREAM_STEPS}
        return [ack(self.wanted(stream), stream, store=self.store) for stream in sorted(streams)]

    def _store(self, data):
        assert is_whole(data)
        place = key(data)[2:]
        assert self.pages.setdefault(place, data) == data, f"two contents for {place}"
        record = gone_record(data)
        if record:
            stream, _, first, count = record
            self.lost |= {(stream, n) for n in range(first, first + count)} - set(self.pages)
        return place[0]

    def copy(self):
        return Host(self.store, dict(self.pages), set(self.lost))


def nothing_is_freed_unstored(log, host):
    return all(
        (stream, number) in host.pages
        for stream in STREAMS
        for number in range(min(log.oldest(stream), 2**20))
    )


class HostClient(FakeClient):
    """A fake line to a Host that loses, repeats and breaks as `luck` says: one small number for each message."""

    def __init__(self, host, luck):
        super().__init__()
        self.host = host
        self.luck = luck

    def publish(self, topic, payload, qos, retain):
        fate = next(self.luck, 9)
        if fate == 0:
            self.connected = False
            raise OSError("the line is dead")
        if fate == 1:
            return  # lost on the way: a broker that died with it
        for _ in range(2 if fate == 2 else 1):
            leaf = topic.rsplit("/", 1)[1]
            if leaf in ("pages", "state"):
                for answer in self.host.take(leaf, payload):
                    if fate != 3:  # or the answer is lost
                        self.hear(answer)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.sampled_from(STREAMS), st.integers(1, 150)),
        st.tuples(st.just("run"), st.integers(1, 30)),
        st.tuples(st.just("copy")),
        st.tuples(st.just("restore")),
        st.tuples(st.just("restart")),
    ),
    max_size=20,
)


@settings(max_examples=400, deadline=None)
@given(ACTIONS, st.lists(st.integers(0, 15), max_size=200))
def test_any_life_ends_with_every_page_at_the_host(actions, luck):
    """Lost and doubled messages, dead lines, a host restored from a copy, a pod that restarts: nothing is freed that
    the host had not stored, and in the end it has every page that still exists, and word of each that does not."""
    flash, host = Flash(), Host()
    log = new_log(flash)
    client = HostClient(host, iter(luck))
    desk = Desk(log, client)
    copy, ever = host.copy(), {}
    for action, *values in actions:
        if action == "append":
            try:
                append(desk.log, *values)
            except LogFull:
                assert desk.log.waiting()
        elif action == "run":
            desk.steps(values[0], every_ms=500)
        elif action == "copy":
            copy = client.host.copy()
        elif action == "restore":
            client.host = copy.copy()
        else:
            flash = Flash(flash.left("synced"))
            desk = Desk(Log(flash, POD, CAPACITY_LEAST, lambda: 1), client, desk.now_ms)
            client.connected = False
            client.inbox.clear()
        ever |= client.host.pages
        assert nothing_is_freed_unstored(desk.log, Host(pages=ever))
    client.luck = iter(())
    deadline_ms = desk.now_ms + 3_600_000
    host = client.host
    while any(host.wanted(stream) != desk.log.next(stream) for stream in STREAMS) or not desk.sync.drained:
        desk.steps(1, every_ms=100)
        assert desk.now_ms < deadline_ms
    for stream in STREAMS:
        for number in range(desk.log.oldest(stream), desk.log.next(stream)):
            assert host.pages[stream, number] == page_of(desk.log, stream, number)


# A real MicroPython

# A pod's life in one script, for both interpreters: a full log, a spoilt page, a dead line, nonsense from the host.
LIFE = """
import json
from binascii import crc32
from strideload_pod.log import Log, LogFull
from strideload_pod.page import KIND_ALIVE, PAGE_SIZE, Page, is_whole, key
from strideload_pod.sync import ACK, Sync, topic

POD = b"12345678"
STORE = "01" * 16

class Handle:
    def __init__(self, data):
        self.data, self.at = data, 0
    def write(self, data):
        self.data.extend(data)
    def seek(self, offset, whence=0):
        self.at = offset + (len(self.data) if whence == 2 else 0)
        return self.at
    def read(self):
        return bytes(self.data[self.at:])
    def readinto(self, buffer):
        data = self.data[self.at:self.at + len(buffer)]
        buffer[:len(data)] = data
        return len(data)
    def close(self):
        pass

class Files:
    def __init__(self):
        self.content = {}
    def open(self, name, mode):
        if mode == "wb" or (mode == "ab" and name not in self.content):
            self.content[name] = bytearray()
        return Handle(self.content[name])
    def names(self):
        return list(self.content)
    def remove(self, name):
        del self.content[name]
    def sync(self, file):
        pass

class Client:
    connected = False
    def __init__(self):
        self.inbox, self.pages, self.messages = [], [], 0
    def connect(self, will_topic, will_payload):
        self.connected = True
    def subscribe(self, topic):
        pass
    def publish(self, name, payload, qos, retain):
        self.messages += 1
        if self.messages == 9:
            raise OSError(5)
        if name.endswith("pages"):
            for at in range(0, len(payload), PAGE_SIZE):
                self.pages.append(bytes(payload[at:at + PAGE_SIZE]))
            numbers = {key(page)[3] for page in self.pages} | {192}  # 192 is declared gone
            ack = {"v": 1, "store": STORE, "log": "deadbeef", "stream": 0, "utc_ms": 1700000000000}
            ack["next"] = 128
            while ack["next"] in numbers:
                ack["next"] += 1
            self.inbox.append((topic(POD, ACK), b"[" * 300))
            self.inbox.append((topic(POD, ACK), json.dumps(ack).encode()))
    def poll(self, timeout_ms):
        return self.inbox.pop(0) if self.inbox else None
    def close(self):
        self.connected = False

files = Files()
log = Log(files, POD, 256, lambda: 0xDEADBEEF)
log.pair(STORE)
page = Page(POD)
full = 0
for i in range(300):
    page.open(KIND_ALIVE, i)
    page.add(i, i, 0, 0)
    try:
        log.append(page, i, i)
    except LogFull:
        full += 1
        log.acknowledge(0, 130)
        log.append(page, i, i)
log = Log(files, POD, 256, lambda: 1)
files.content["0-000000bd.seg"][3 * PAGE_SIZE + 200] ^= 4
client = Client()
sync = Sync(log, client, lambda: {"chip": None}, lambda: 77)
now_ms = 0
while not sync.drained and now_ms < 100000:
    sync.step(now_ms)
    now_ms += 10
print(full, now_ms, sync.drained, sync.take_time(), sorted(sync.counters.items()))
print(log.boot, log.store, log.oldest(0), log.next(0), log.wanted(0), log.free(), log.unreadable)
print(len(client.pages), all(is_whole(page) for page in client.pages), crc32(b"".join(client.pages)))
for name in sorted(files.content):
    print(name, len(files.content[name]), crc32(bytes(files.content[name])))
"""


def test_log_and_sync_live_the_same_life_on_micropython(capsys):
    """Freed segments, a declared page, reconnection: the same bytes sent and the same bytes on flash."""
    exec(LIFE, {"__name__": "life"})
    here = capsys.readouterr().out
    assert here.splitlines()[0].startswith("1 ")
    assert " True (1700000000000, " in here
    assert micropython.run(LIFE).stdout == here


# A real broker

STEP_S = 0.002
SPEED = 20  # the pod's clock runs so much faster than ours, that waits are short; but by steps, however long they take


class BrokerHost:
    """A Host on a real broker."""

    def __init__(self, broker: Mosquitto, host: Host, name="host", user=None, password=None):
        self.host = host
        self.client = PahoClient(broker.host, broker.port, client_id=name, user=user, password=password)
        self.subscribed = False
        self.connecting = False

    def step(self):
        try:
            if not self.client.connected:
                self._connect()
                return
            if not self.subscribed:
                for leaf in ("pages", "state"):
                    self.client.subscribe(f"strideload/pod/{POD.hex()}/{leaf}")
                self.subscribed = True
            while message := self.client.poll(0):
                for answer in self.host.take(message[0].rsplit("/", 1)[1], message[1]):
                    self.say(answer)
        except OSError:
            self.client.close()
            self.connecting = False

    def _connect(self):
        self.subscribed = False
        if not self.connecting:
            self.connecting = True
            self.client.connect("test/host", b"gone")
        else:
            self.client.poll(0)  # raises once the line has ended

    def say(self, payload):
        self.client.publish(f"strideload/pod/{POD.hex()}/ack", payload, 1, False)


class Table:
    """A pod and its hosts around a broker."""

    def __init__(self, broker, log, *hosts):
        self.client = PahoClient(broker.host, broker.port, client_id="pod")
        self.log = log
        self.sync = Sync(log, self.client, dict, lambda: BACKOFF_LEAST_MS // 2)
        self.hosts = hosts
        self.now_ms = 0

    def step(self):
        time.sleep(STEP_S)
        self.now_ms += round(1000 * STEP_S * SPEED)
        self.sync.step(self.now_ms)

    def run_until(self, condition, each=lambda: None):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, self.sync.counters
            self.step()
            for host in self.hosts:
                host.step()
            each()

    def close(self):
        self.sync.close()
        for host in self.hosts:
            host.client.close()


@pytest.fixture
def table():
    """table(broker, log, hosts...) -> Table, closed with the test."""
    tables = []

    def make(*arguments):
        tables.append(Table(*arguments))
        return tables[-1]

    yield make
    for made in tables:
        made.close()


def test_a_real_broker_carries_every_page(mosquitto, table):
    log = new_log(steps=100, raw=60)
    host = Host()
    around = table(mosquitto, log, BrokerHost(mosquitto, host))
    around.run_until(lambda: around.sync.drained)
    assert host.pages == {
        (stream, number): page_of(log, stream, number)
        for stream in STREAMS
        for number in range(log.next(stream))
    }


def test_of_two_stores_on_a_broker_only_the_paired_one_is_obeyed(mosquitto, table):
    """The other one has everything and says so; the paired one has lost its disk: nothing counts as acknowledged."""
    log = new_log(steps=40)
    other = BrokerHost(mosquitto, Host(OTHER_STORE), "other")
    mute = Host()
    mute.take = lambda leaf, payload: []
    around = table(mosquitto, log, other, BrokerHost(mosquitto, mute))
    around.run_until(lambda: around.sync.counters["acks_foreign"] >= 3)
    assert log.wanted(STREAM_STEPS) == 0
    del mute.take
    around.run_until(lambda: around.sync.drained and len(other.host.pages) == 40)
    assert len(mute.pages) == 40


def test_a_broker_killed_in_mid_sync_costs_nothing(mosquitto, table):
    """kill -9 three times, with all that it held: every page arrives, whole, and none is freed before."""
    log = new_log(steps=200)
    host = Host()
    around = table(mosquitto, log, BrokerHost(mosquitto, host))
    for share in (30, 90, 150):
        around.run_until(lambda share=share: host.wanted(STREAM_STEPS) >= share)
        mosquitto.kill()
        for _ in range(3):
            around.step()
        mosquitto.start()
    around.run_until(lambda: around.sync.drained)
    assert host.pages == {(0, number): page_of(log, 0, number) for number in range(200)}
    assert around.sync.counters["sync_broken"] >= 1


def test_the_broker_says_when_the_pod_is_gone(mosquitto, table):
    """Online is 1 while the pod is there, 0 by its will when the line breaks and 0 when it says goodbye."""
    watcher = PahoClient(mosquitto.host, mosquitto.port, client_id="watcher")
    watcher.connect("test/watcher", b"")
    seen = []
    around = table(mosquitto, new_log())

    def watch():
        while message := watcher.poll(0):
            seen.append(message[1])

    until(lambda: watcher.connected)
    watcher.subscribe(f"strideload/pod/{POD.hex()}/online")
    around.run_until(lambda: seen == [b"1"], watch)
    around.client._line.client.socket().shutdown(2)
    around.run_until(lambda: seen == [b"1", b"0", b"1"], watch)
    around.sync.close()
    until(lambda: watch() or len(seen) == 4)
    assert seen[3] == b"0"
    watcher.close()
