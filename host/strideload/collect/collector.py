"""From MQTT to the store: what is committed is acknowledged, and nothing else is.

Paho's thread only puts messages into the inbox. One worker takes what is there, stores it in one transaction,
acknowledges it to the broker, and tells the pods what to send next. Whatever goes wrong with one message, the
others go on; while the disk is full nothing is acknowledged, so pods and broker keep what they have. Between two
batches it sends the pods what they are to have.
"""

import hashlib
import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

from paho.mqtt.client import MQTTMessage

from strideload.collect import clock
from strideload.collect.address import Address
from strideload.collect.deriver import Deriver
from strideload.collect.inbox import BATCH_MESSAGES, NO_ID, Inbox, Taken
from strideload.collect.link import Line, Link
from strideload.collect.settings_sender import SettingsSender
from strideload.collect.tally import Tally
from strideload.protocol import topics
from strideload.protocol.errors import MessageError
from strideload.protocol.messages import (
    CLEARED,
    MAX_PAYLOAD,
    Live,
    PodState,
    ack_message,
    read_live,
    read_state,
)
from strideload.store import Received, Store, StoreError, StoreFull
from strideload.store.errors import StoreOutdated, StoreRefused

# More than a batch, so that the next one comes in while this one is committed.
IN_FLIGHT: Final = 4 * BATCH_MESSAGES
RETRY_FIRST_S: Final = 0.2
RETRY_LONGEST_S: Final = 5.0
PODS_LIMIT: Final = 256  # whose last words are kept in memory

LEAVES: Final = ("pages", "state", "live", "online")

TOO_LARGE: Final = f"payload over {MAX_PAYLOAD} bytes"
TOPIC_NOT_UTF8: Final = "topic is not UTF-8"
TOPIC_UNKNOWN: Final = "topic is no pod's"
MESSAGE_WRONG: Final = {leaf: f"{leaf} cannot be read" for leaf in ("state", "live")}
NOT_UNDERSTOOD: Final = "could not be stored"
NO_ROOM: Final = "no room, to be sent again"
COLLECTOR_ERROR: Final = "error in the collector"
SETTINGS_UNREAD: Final = "settings of pods could not be read"
LOST: Final = "lost for good"

log = logging.getLogger(__name__)

StreamKey = tuple[str, int, int]  # pod, log, stream
T = TypeVar("T")


class Seen(NamedTuple):
    """A pod's last `live` message, and when it came."""

    live: Live
    received_utc_us: int


class Aside(NamedTuple):
    """What is kept aside, and why."""

    topic: str
    payload: bytes
    size: int  # in bytes; `payload` may be only its beginning
    reason: str


class Said(NamedTuple):
    """A pod's `state`, and when it was heard; None: the broker had kept it."""

    state: PodState
    as_it_came: dict[str, Any]
    heard_utc_us: int | None


class Batch(NamedTuple):
    """Messages by what is to be done with them."""

    pages: list[Received]
    states: dict[str, Said]  # of each pod its last
    asides: list[Aside]
    acknowledged: dict[int, list[int]]  # connection -> message ids


class _Stopped(Exception):
    """The collector is told to end while it waits for the store."""


class Collector:
    """Collects from the broker at `address` into `store`, in threads of its own, from `start` to `stop`.

    `counters`: what became of pages and messages, by the store's reasons. `live`: pod -> Seen. `online`: pod -> bool.
    `trouble`: what the user should know, in words, None while all is well. `on_live(pod, live)` is called on the
    collector's thread. Pods are given the time of `time_source`; without one, this computer's while it is
    synchronised, or always with `trust_clock`.
    """

    def __init__(
        self,
        store: Store,
        address: Address,
        *,
        trust_clock: bool = False,
        time_source: clock.TimeSource | None = None,
        on_live: Callable[[str, Live], None] | None = None,
    ) -> None:
        self.live: dict[str, Seen] = {}
        self.online: dict[str, bool] = {}
        self.address = address
        self._store = store
        self._time_source = time_source or (clock.utc_ms if trust_clock else clock.synchronised_utc_ms)
        self._on_live = on_live
        self._counters: Counter[str] = Counter()
        self._counters_lock = threading.Lock()
        self._store_trouble: str | None = None
        self._inbox = Inbox()
        self._link = Link(
            address,
            _client_id(store.store_id, address),
            [topics.of_pod("+", leaf) for leaf in LEAVES],
            IN_FLIGHT,
            self._take_in,
        )
        self._settings = SettingsSender(store, self._link)
        self._deriver = Deriver(store.derive, lambda: self._is_storing or not self._inbox.is_empty())
        self._is_storing = False
        self._has_dropped = False
        self._last_page_s: float | None = None
        self._pages_said = Tally(lambda pod, count: log.info("pod %s: %d new pages stored", pod, count))
        self._refusals_said = Tally(lambda reason, count: log.warning("%d not stored: %s", count, reason))
        self._stopping = threading.Event()
        self._worker = threading.Thread(target=self._work, name="collector", daemon=True)

    def start(self) -> None:
        """Begin to collect; the broker may come later. BrokerError: its address can never work."""
        self._link.start()
        self._worker.start()
        self._deriver.start()

    def stop(self) -> None:
        """End in order: the batch at hand is stored and acknowledged, unless the store cannot take it."""
        self._stopping.set()
        if self._worker.is_alive():
            self._worker.join()
        self._link.stop()
        self._deriver.stop()
        self._pages_said.flush()
        self._refusals_said.flush()

    def alive(self) -> bool:
        return self._worker.is_alive() and self._deriver.alive()

    def threads(self) -> Mapping[str, bool]:
        """Which of its threads live, by their names."""
        return {
            "collector": self._worker.is_alive(),
            "derive": self._deriver.alive(),
            "mqtt": self._link.line().alive,
        }

    def line(self) -> Line:
        """How the connection to the broker is doing."""
        return self._link.line()

    def last_page_age_s(self) -> float | None:
        """Since a new page was stored; None: none was since the start."""
        return None if self._last_page_s is None else time.monotonic() - self._last_page_s

    def connected(self) -> bool:
        return self._link.connected()

    @property
    def trouble(self) -> str | None:
        if self._store_trouble is not None:
            return self._store_trouble
        if self._link.trouble is not None:
            where = f"{self.address.host}:{self.address.port}"
            return f"There is no connection to the broker at {where}: {self._link.trouble}."
        return self._deriver.trouble

    @property
    def counters(self) -> dict[str, int]:
        with self._counters_lock:
            return dict(self._counters)

    def _count(self, name: str, by: int = 1) -> None:
        if by:
            with self._counters_lock:
                self._counters[name] += by

    def _take_in(self, connection: int, message: MQTTMessage) -> None:
        """On paho's thread: into the inbox. Without room it is let go of, and nobody is told that we have it."""
        if not self._inbox.put(connection, message):
            self._count(NO_ROOM)
            self._has_dropped = True

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                taken = self._inbox.take(self._stopping)
                self._is_storing = bool(taken)
                if taken:
                    self._collect(taken)
                elif self._has_dropped:
                    self._has_dropped = False
                    log.warning("more came than there was room for; the broker is asked for it again")
                    self._link.begin_anew()
                self._link.tend()
                self._send_settings()
                self._pages_said.tend()
                self._refusals_said.tend()
            except _Stopped:
                return
            except Exception:
                self._count(COLLECTOR_ERROR)
                log.exception("the collector goes on after an error")
                self._stopping.wait(RETRY_FIRST_S)

    def _send_settings(self) -> None:
        try:
            self._settings.tend()
        except StoreError:  # read again at the next look
            self._count(SETTINGS_UNREAD)

    def _collect(self, taken: Sequence[Taken]) -> None:
        batch = self._sort_out(taken)
        wanted = self._store_pages(batch.pages) if batch.pages else {}
        for aside in batch.asides:
            self._keep(lambda it=aside: self._store.set_aside(it.topic, it.payload, it.reason, size=it.size))
        for pod, said in batch.states.items():
            self._keep(lambda pod=pod, said=said: self._save_state(pod, said))
            for stream in said.state.streams:
                key = pod, said.state.log, stream
                wanted[key] = self._persist(lambda key=key: self._store.wanted(*key))
        for connection, mids in batch.acknowledged.items():
            self._link.acknowledge(connection, mids)
        self._answer(wanted)
        if batch.pages:
            self._deriver.note_new()

    def _save_state(self, pod: str, said: Said) -> None:
        if not self._store.save_state(pod, said.as_it_came, said.heard_utc_us):
            self._settings.clear_state(pod)

    def _answer(self, wanted: dict[StreamKey, int]) -> None:
        """Tell the pods what is stored, by what is wanted next."""
        utc_ms = self._time_source()
        self._link.publish(
            (topics.of_pod(pod, "ack"), ack_message(self._store.store_id, log_id, stream, number, utc_ms))
            for (pod, log_id, stream), number in wanted.items()
        )

    def _sort_out(self, taken: Iterable[Taken]) -> Batch:
        received_utc_us = _now_utc_us()
        batch = Batch([], {}, [], {})
        for connection, mid, topic, payload, size, is_retained in taken:
            if mid != NO_ID:
                batch.acknowledged.setdefault(connection, []).append(mid)
            if isinstance(topic, bytes):
                self._set_aside(batch, Aside(repr(topic), payload, size, TOPIC_NOT_UTF8))
            elif (parsed := _parsed(topic)) is None:
                self._set_aside(batch, Aside(topic, payload, size, TOPIC_UNKNOWN))
            elif size > MAX_PAYLOAD:
                self._set_aside(batch, Aside(topic, payload, size, TOO_LARGE))
            elif parsed[1] == "pages":
                batch.pages.append(Received(parsed[0], payload, received_utc_us))
            else:
                self._hear(batch, topic, *parsed, payload, received_utc_us, is_retained)
        return batch

    def _hear(
        self,
        batch: Batch,
        topic: str,
        pod: str,
        leaf: str,
        payload: bytes,
        received_utc_us: int,
        is_retained: bool,
    ) -> None:
        """What a pod says of itself."""
        if leaf == "state" and payload == CLEARED:  # by a host
            return
        try:
            if leaf == "state":
                heard_utc_us = None if is_retained else received_utc_us
                batch.states[pod] = Said(read_state(payload), json.loads(payload), heard_utc_us)
            elif leaf == "online":
                self._note_online(pod, payload == b"1")
            else:
                live = read_live(payload)
                _remember(self.live, pod, Seen(live, received_utc_us))
                self._tell(pod, live)
        except MessageError:
            # What is wrong with it is not part of the reason, of which a sender could make any number.
            self._set_aside(batch, Aside(topic, payload, len(payload), MESSAGE_WRONG[leaf]))

    def _note_online(self, pod: str, is_online: bool) -> None:
        if self.online.get(pod, False) != is_online:
            log.info("pod %s is %s", pod, "online" if is_online else "offline")
        _remember(self.online, pod, is_online)

    def _tell(self, pod: str, live: Live) -> None:
        try:
            if self._on_live is not None:
                self._on_live(pod, live)
        except Exception:
            self._count(COLLECTOR_ERROR)
            log.exception("who listens to live messages failed")

    def _set_aside(self, batch: Batch, aside: Aside) -> None:
        self._count(aside.reason)
        self._refusals_said.note(aside.reason)
        batch.asides.append(aside)

    def _store_pages(self, pages: list[Received]) -> dict[StreamKey, int]:
        """Store all, or as many as can be; -> the next page wanted of each stream touched."""
        try:
            outcome = self._persist(lambda: self._store.add(pages))
        except _Stopped:
            raise
        except Exception:
            log.exception("a message could not be stored; each of its batch is tried alone")
            if len(pages) > 1:
                return {key: number for page in pages for key, number in self._store_pages([page]).items()}
            self._count(NOT_UNDERSTOOD)
            topic, payload = topics.of_pod(pages[0].topic_pod, "pages"), pages[0].payload
            self._keep(lambda: self._store.set_aside(topic, payload, NOT_UNDERSTOOD))
            return {}
        for name in ("stored", "repeated", "conflicting", "lost", "erased"):
            self._count(name, getattr(outcome, name))
        for reason, number in outcome.reasons.items():
            self._count(reason, number)
            self._refusals_said.note(reason, number)
        self._refusals_said.note(LOST, outcome.lost)
        for pod, number in outcome.pods.items():
            self._pages_said.note(pod, number)
        if outcome.stored:
            self._last_page_s = time.monotonic()
        return outcome.wanted

    def _keep(self, action: Callable[[], object]) -> None:
        """What is beside the pages: stored as they are, and passed over where that fails by a defect."""
        try:
            self._persist(action)
        except _Stopped:
            raise
        except Exception:
            self._count(COLLECTOR_ERROR)
            log.exception("a message beside the pages could not be stored")

    def _persist(self, action: Callable[[], T]) -> T:
        """Do it, and again until the store can take it. _Stopped: it could not, and the collector is to end.

        StoreRefused, StoreOutdated: not the store fails but what it was given, and waiting does not help.
        """
        wait_s = RETRY_FIRST_S
        while True:
            try:
                done = action()
                self._store_trouble = None
                return done
            except (StoreRefused, StoreOutdated):
                self._store_trouble = None
                raise
            except StoreFull:
                self._store_trouble = (
                    "The disk is full. Nothing is lost: pods keep their pages until there is room. "
                    "Free some space, and collecting goes on by itself."
                )
            except StoreError as error:
                self._store_trouble = f"The store cannot be written, it is tried again: {error}"
            if self._stopping.wait(wait_s):
                raise _Stopped
            wait_s = min(2 * wait_s, RETRY_LONGEST_S)
            self._link.tend()


def _client_id(store_id: str, address: Address) -> str:
    """The same at every start, so that the broker keeps the session; not known to pods, which could take it over."""
    secret = (address.password or "").encode()
    return "strideload-" + hashlib.blake2b(store_id.encode(), key=secret[:64], digest_size=8).hexdigest()


def _now_utc_us() -> int:
    return time.time_ns() // 1000


@lru_cache(maxsize=PODS_LIMIT)
def _parsed(topic: str) -> tuple[str, str] | None:
    return topics.parse(topic)


def _remember(last: dict[str, T], pod: str, value: T) -> None:
    """Keep a pod's last word; the one that was heard of first makes room."""
    if pod not in last and len(last) >= PODS_LIMIT:
        del last[next(iter(last))]
    last[pod] = value
