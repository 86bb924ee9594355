"""Pages -> MQTT: sends what the paired host wants, and forgets only what that host acknowledged.

A broker's own acknowledgement says nothing about storage. What counts is the host's `ack`: its store's id, the log, the
stream, and the next number that it wants. From there on pages go out, up to 16 a message (fewer, if the client says
so) and up to 4 messages ahead. A lower number than before, or no progress for the back-off time, and it begins again at
the wanted number.

A page that is not there any more, or unreadable at every try, is declared gone by a page of kind KIND_GONE, sent at
once. A page that the pod knows to be spoilt is not sent: three more journeys would tell the host no more than the
declaration does. (The host's own rule, asking three times, is for bytes that were spoilt on the way.)

Topic names stand here once; the host imports them.
"""

import json

from strideload_pod.log import STREAMS, LogError
from strideload_pod.page import (
    COUNTERS,
    GONE_CORRUPT,
    GONE_OVERWRITTEN,
    KIND_GONE,
    PAGE_SIZE,
    STREAM_STEPS,
    UNKNOWN_U64,
    Page,
)

PREFIX = "strideload/pod/"
PAGES = "pages"
ONLINE = "online"
STATE = "state"
LIVE = "live"
ACK = "ack"
SETTINGS = "settings"

MESSAGE_PAGES = 16  # most in a message, where the client says nothing of it
AHEAD = 4  # messages; until the host is heard only one, so that a host that is away finds no heap of repeats
READ_TRIES = 3  # before a page counts as unreadable
GONE_PAGES = 64  # most unreadable pages in one declaration: bounds the reading in one step

CONNECT_MS = 15_000
RESTS_MS = 2_000  # so long a connection stands at least, for what waits at the broker to come in
UNHEARD_MS = 60_000
STATE_EVERY_MS = 60_000
BACKOFF_LEAST_MS = 2_000
BACKOFF_MOST_MS = 60_000
MESSAGES_A_STEP = 16  # most that are taken in by one step, so that a flood does not stop the pod

ACK_SIZE_LIMIT = 512
UTC_MS_LEAST = 1_577_836_800_000  # 2020
UTC_MS_LIMIT = 4_102_444_800_000  # 2100

_OFF, _CONNECTING, _ON = range(3)


def topic(pod, leaf):
    """Topic of a pod (8 bytes)."""
    return PREFIX + pod.hex() + "/" + leaf


def read_ack(payload):
    """(store, log, stream, next, utc_ms or None) of an acknowledgement; None when it is not one."""
    if len(payload) > ACK_SIZE_LIMIT:
        return None
    try:
        ack = json.loads(str(payload, "utf-8"))
    except (ValueError, RuntimeError):  # a UnicodeError is a ValueError; too many brackets are a RuntimeError
        return None
    if not isinstance(ack, dict) or ack.get("v") != 1:
        return None
    store, log, stream, number = [ack.get(name) for name in ("store", "log", "stream", "next")]
    utc_ms = ack.get("utc_ms")
    if not isinstance(store, str) or not isinstance(log, str):
        return None
    # type(), not isinstance: true is an int to Python
    if type(stream) is not int or stream not in STREAMS or type(number) is not int or number < 0:
        return None
    if utc_ms is not None and (type(utc_ms) is not int or not UTC_MS_LEAST <= utc_ms < UTC_MS_LIMIT):
        return None
    return store, log, stream, number, utc_ms


class Sync:
    """Keeps one connection, and brings the log to its host.

    `client`: connect, connected, publish, subscribe, poll, close; an OSError of any of them means a dead line. It may
    have `message_pages`, most pages in a message, where RAM is dear.
    `state()` gives what the board says in `state`, a dict; what the log knows and `counters` are added here.
    `random_u32()` gives jitter.

    Unpaired, it sends as whoever answers likes, and acknowledges nothing in the log.
    """

    def __init__(self, log, client, state, random_u32):
        self.counters = {
            "sync_broken": 0,  # connections lost, or not made
            "sync_repeats": 0,  # times it began again because nothing was heard
            "acks_refused": 0,  # not an acknowledgement, or of pages that were never written
            "acks_foreign": 0,  # of another store or another log
            "pages_unreadable": 0,  # declared gone
            "gone_not_written": 0,  # a declaration that the log had no room for
            "raw_gave_way": 0,  # pages that the log gave up for steps
        }
        self._log = log
        self._client = client
        self._state = state
        self._random_u32 = random_u32
        self._message_pages = getattr(client, "message_pages", MESSAGE_PAGES)
        self._message = memoryview(bytearray(self._message_pages * PAGE_SIZE))
        self._phase = _OFF
        self._phase_ms = None  # when this phase began
        self._backoff_ms = BACKOFF_LEAST_MS
        self._wait_ms = 0  # until the next connection, or until it begins again
        self._state_ms = None  # when `state` was last told
        self._time = None
        self._settings = None
        self._gone = []  # (stream, first, end, number of the page that says so)
        self._forget()

    @property
    def drained(self):
        """True when the paired host has everything."""
        return all(self._log.wanted(stream) == self._log.next(stream) for stream in STREAMS)

    def step(self, now_ms, wait_ms=0):
        """One round at tick `now_ms`: connect, or send at most one message and take in what came.

        Waits up to `wait_ms` for a message, and as long as the client takes to hand one over.
        """
        try:
            if self._phase == _ON:
                self._exchange(now_ms, wait_ms)
            elif self._phase == _CONNECTING:
                self._greet(now_ms)
            else:
                self._connect(now_ms)
        except OSError:
            self._hang_up(now_ms)

    def send_live(self, live):
        """Publish the `live` message, a dict, if there is a connection; a lost one is not missed."""
        if self._phase == _ON:
            try:
                self._client.publish(topic(self._log.pod, LIVE), json.dumps(live).encode(), 0, False)
            except OSError:
                pass  # the next step meets it, too

    def take_time(self):
        """(utc_ms, tick_ms of the step that received it) as last told by the paired host, once; or None."""
        told, self._time = self._time, None
        return told

    def take_settings(self):
        """The newest `settings` message, bytes, once; or None. Whose it is, the pod looks itself."""
        told, self._settings = self._settings, None
        return told

    def tell_state(self):
        """Say `state` at the next step, and not only when it is due."""
        self._state_ms = None

    @property
    def is_off(self):
        """True while no connection is there or being made."""
        return self._phase == _OFF

    def may_rest(self, now_ms):
        """True when a connection has done its work: the host was heard and has all, or was not heard for too long."""
        if self._phase != _ON:
            return False
        is_heard = self._ahead > 1
        return now_ms - self._phase_ms >= (RESTS_MS if is_heard else UNHEARD_MS) and (
            self.drained or not is_heard
        )

    @property
    def is_on(self):
        """True while there is a connection."""
        return self._phase == _ON

    def close(self):
        """Say goodbye and hang up. The next step connects again."""
        try:
            if self._phase == _ON:
                self._client.publish(topic(self._log.pod, ONLINE), b"0", 1, True)
        except OSError:
            pass  # the broker says it, by the will
        try:
            self._client.close()  # also where no goodbye goes out: Wi-Fi rests
        except OSError:
            pass
        self._phase = _OFF

    # The connection

    def _connect(self, now_ms):
        if self._phase_ms is None or now_ms - self._phase_ms >= self._wait_ms:
            self._enter(_CONNECTING, now_ms)
            self._client.connect(topic(self._log.pod, ONLINE), b"0")

    def _greet(self, now_ms):
        if not self._client.connected:
            if now_ms - self._phase_ms >= CONNECT_MS:
                raise OSError("no connection")
            return
        for leaf in (ACK, SETTINGS):
            self._client.subscribe(topic(self._log.pod, leaf))
        self._client.publish(topic(self._log.pod, ONLINE), b"1", 1, True)
        self._enter(_ON, now_ms)
        self._forget()
        self._wait_ms = self._next_wait()
        self._tell_state(now_ms)

    def _hang_up(self, now_ms):
        self.counters["sync_broken"] += 1
        self._wait_ms = self._next_wait()
        self._enter(_OFF, now_ms)
        try:
            self._client.close()
        except OSError:
            pass  # it is dead already

    def _enter(self, phase, now_ms):
        self._phase = phase
        self._phase_ms = now_ms

    def _next_wait(self):
        """Twice as long each time, times 0.5 to 1.5 by chance: pods that lost the same broker come back apart."""
        wait_ms = self._backoff_ms // 2 + self._random_u32() % self._backoff_ms
        self._backoff_ms = min(2 * self._backoff_ms, BACKOFF_MOST_MS)
        return wait_ms

    # What goes out

    def _exchange(self, now_ms, wait_ms):
        if not self._client.connected:
            raise OSError("the connection is gone")
        if self._flight and now_ms - self._progress_ms >= self._wait_ms:
            self.counters["sync_repeats"] += 1
            self._begin_again(now_ms)
        if self._state_ms is None or now_ms - self._state_ms >= STATE_EVERY_MS:
            self._tell_state(now_ms)
        if len(self._flight) < self._ahead:
            self._send(now_ms)
        self._listen(now_ms, wait_ms)

    def _forget(self):
        """A new connection: what the host wants is what the log remembers, until the host says it."""
        self._wanted = [self._log.wanted(stream) for stream in STREAMS]
        self._at = list(self._wanted)  # next number to send
        self._flight = []  # (stream, end) of messages that are not acknowledged
        self._ahead = 1
        self._progress_ms = 0

    def _begin_again(self, now_ms):
        self._at = list(self._wanted)
        self._flight = []
        self._ahead = 1
        self._wait_ms = self._next_wait()
        self._tell_state(now_ms)  # a host that is there answers with what it wants

    def _tell_state(self, now_ms):
        """What the board says, and what the log knows: the host answers with what it wants of these streams."""
        log = self._log
        state = self._state()
        state.update({"v": 1, "log": "%08x" % log.id, "boot": log.boot, "free_pages": log.free()})
        state["streams"] = {
            str(stream): {
                "oldest": log.oldest(stream),
                "next": log.next(stream),
                "wanted": log.wanted(stream),
            }
            for stream in STREAMS
        }
        state["faults"] = faults = dict(state.get("faults", {}))
        self.counters["raw_gave_way"] = log.gave_way
        faults.update(self.counters)
        self._state_ms = now_ms
        self._client.publish(topic(log.pod, STATE), json.dumps(state).encode(), 1, True)

    def _send(self, now_ms):
        """One message: the next pages of the first stream that has some, or what is gone of it."""
        for stream in STREAMS:
            first = self._at[stream]
            oldest = self._log.oldest(stream)
            end = self._log.sendable(stream)
            if first < oldest:
                return self._send_gone(stream, first, oldest, GONE_OVERWRITTEN, now_ms)
            if first < end:
                count = self._gather(stream, first, min(end, first + self._message_pages))
                if count:
                    return self._publish_pages(stream, first + count, count, now_ms)
                return self._send_gone(
                    stream, first, self._unreadable_end(stream, first), GONE_CORRUPT, now_ms
                )

    def _gather(self, stream, first, end):
        """Read pages into the message up to the first unreadable one. -> how many."""
        for number in range(first, end):
            if not self._read(stream, number, number - first):
                return number - first
        return end - first

    def _read(self, stream, number, place):
        page = self._message[place * PAGE_SIZE : (place + 1) * PAGE_SIZE]
        return any(self._log.read(stream, number, page) for _ in range(READ_TRIES))

    def _unreadable_end(self, stream, first):
        """Number after the run of unreadable pages that begins at `first`. A missing file costs no reading."""
        end = max(first + 1, self._log.hole_end(stream, first))
        limit = min(self._log.sendable(stream), first + GONE_PAGES)
        while end < limit and not self._read(stream, end, 0):
            end += 1
        return end

    def _publish_pages(self, stream, end, count, now_ms):
        """Send the message's first pages; an acknowledgement of `end` of `stream` answers it."""
        if not self._flight:
            self._progress_ms = now_ms
        self._flight.append((stream, end))
        self._at[stream] = end
        if count:
            self._client.publish(topic(self._log.pod, PAGES), self._message[: count * PAGE_SIZE], 1, False)

    def _send_gone(self, stream, first, end, cause, now_ms):
        """Send the page that declares pages from `first` gone; write it if that was not done yet."""
        for declared in self._gone:
            if declared[0] == stream and declared[1] <= first < declared[2]:
                end, number = declared[2:]
                break
        else:
            number = self._declare(stream, first, end, cause, now_ms)
        count = 1 if number is not None and self._read(STREAM_STEPS, number, 0) else 0
        self._publish_pages(stream, end, count, now_ms)

    def _declare(self, stream, first, end, cause, now_ms):
        """Write a page of kind KIND_GONE. -> its number, None when the log refused it."""
        page = Page(self._log.pod)
        page.fields["boot"] = self._log.boot
        for name, count in self._state().get("faults", {}).items():
            if name in COUNTERS:
                page.fields[name] = count
        page.open(KIND_GONE, UNKNOWN_U64)
        page.add(stream, cause, bytes(2), first, end - first)
        try:
            number = self._log.append(page, UNKNOWN_U64, now_ms)
        except LogError:
            self.counters["gone_not_written"] += 1
            return None
        if cause == GONE_CORRUPT:
            self.counters["pages_unreadable"] += end - first
        self._gone.append((stream, first, end, number))
        return number

    # What comes in

    def _listen(self, now_ms, wait_ms):
        for _ in range(MESSAGES_A_STEP):
            message = self._client.poll(wait_ms)
            if message is None:
                return
            wait_ms = 0
            if message[0] == topic(self._log.pod, ACK):
                self._hear(message[1], now_ms)
            elif message[0] == topic(self._log.pod, SETTINGS):
                self._settings = message[1]

    def _hear(self, payload, now_ms):
        ack = read_ack(payload)
        if ack is None:
            self.counters["acks_refused"] += 1
            return
        store, log, stream, number, utc_ms = ack
        if log != "%08x" % self._log.id or self._log.store not in (None, store):
            self.counters["acks_foreign"] += 1
        elif number > self._log.next(stream):
            self.counters["acks_refused"] += 1
        else:
            self._backoff_ms = BACKOFF_LEAST_MS
            if self._ahead < AHEAD:
                # The host is there. What was sent before may have met nobody: it is not waited for much longer.
                self._ahead = AHEAD
                self._progress_ms = now_ms
                self._wait_ms = self._next_wait()
            if number != self._wanted[stream]:
                self._follow(stream, number, now_ms)
            if self._log.store is not None:
                self._obey(stream, number, utc_ms, now_ms)

    def _follow(self, stream, number, now_ms):
        """Send on from what the host wants: nothing that it has, and again what it lost."""
        went_back = number < self._wanted[stream]
        self._wanted[stream] = number
        self._at[stream] = number if went_back else max(self._at[stream], number)
        self._flight = [
            sent for sent in self._flight if sent[0] != stream or (sent[1] > number and not went_back)
        ]
        self._gone = [declared for declared in self._gone if declared[0] != stream or declared[2] > number]
        self._progress_ms = now_ms
        self._wait_ms = self._next_wait()

    def _obey(self, stream, number, utc_ms, now_ms):
        """The paired host spoke: only now may the log forget, and only its time is taken."""
        if utc_ms is not None:
            self._time = (utc_ms, now_ms)
        if number != self._log.wanted(stream):
            try:
                self._log.acknowledge(stream, number)
            except LogError:
                pass  # the log counts on nothing that it could not note; the host says it again
