"""Says at home what is known, and takes pain entries from there; in a thread and with a connection of its own.

What should lie at the broker is made anew at each look and compared with what was sent, so an opt-out, a pod that was
forgotten and a late run are all the same: what differs is sent, what is over is cleared. All of it is said anew at each
connection and whenever Home Assistant says that it has started.
"""

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from paho.mqtt.client import MQTTMessageInfo

from strideload.collect.address import Address
from strideload.errors import StrideloadError
from strideload.home import discovery, messages, pain
from strideload.home.facts import AnotherRun, Asked, HomeDoor, PainRefused, RunnerAtHome
from strideload.home.history import History
from strideload.home.ledger import PUBLISHED_NAME, STATISTICS_NAME, Ledger
from strideload.home.line import Heard, HomeLine, is_confirmed
from strideload.home.pain import CommandRefused, Draft
from strideload.home.statistics import Statistics
from strideload.protocol import topics
from strideload.protocol.messages import CLEARED

LOOK_EVERY_S: Final = 5.0
LISTEN_S: Final = 0.2
ANSWER_S: Final = 0.1  # so late a command is answered, that many of them do not make as many looks
ENTRIES_AN_HOUR: Final = 30  # of a runner; more is nobody's pain but a program gone wrong
HOUR_S: Final = 3600.0

REFUSED: Final = "command refused: {}"
NOT_SHARED: Final = "for nobody who opted in"
LAY_THERE: Final = "lay at the broker"
TOO_MANY: Final = f"over {ENTRIES_AN_HOUR} entries an hour"
NO_ROOM: Final = "command dropped"
STORED: Final = "pain entry stored"
ENTRY_REFUSED: Final = "pain entry refused"
INCOMPLETE: Final = "pain entry incomplete"
CANNOT_BE_ASKED: Final = "the store could not be read"
CANNOT_BE_STORED: Final = "it could not be stored"
PUBLISHER_ERROR: Final = "error in the publisher"

log = logging.getLogger(__name__)


class HomePublisher:
    """Publishes through `address` what `door` tells, from `start` to `stop`; `folder` holds the ledger.

    `trouble`: what the user should know, None while all is well. `counters`: what became of commands.
    """

    def __init__(
        self,
        door: HomeDoor,
        address: Address,
        store: str,
        folder: Path,
        *,
        prefix: str = "homeassistant",
        statistics: Statistics | None = None,
    ) -> None:
        self._door = door
        self._address = address
        self._store = store
        self._prefix = prefix
        self._ledger = Ledger(folder / PUBLISHED_NAME)
        self._history = (
            None if statistics is None else History(door, statistics, Ledger(folder / STATISTICS_NAME))
        )
        self._line = HomeLine(
            address,
            f"strideload-home-{store[:16]}",
            (topics.of_host(store, "online"), messages.OFFLINE),
            (discovery.status_topic(prefix), topics.pain_set("+", "+"), topics.pain_send("+")),
        )
        self._counters: Counter[str] = Counter()
        self._counters_lock = threading.Lock()
        self._connection: int | None = None
        self._sent: dict[str, bytes] = {}
        self._clearing: dict[str, MQTTMessageInfo] = {}
        self._drafts: dict[str, Draft] = {}
        self._asked: dict[str, Asked] = {}  # as each draft was begun
        self._entered_s: dict[str, deque[float]] = {}
        self._look_s = 0.0
        self._look_trouble: str | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="home", daemon=True)

    def start(self) -> None:
        """Begin; the broker may come later. BrokerError: its address can never work."""
        self._line.start()
        self._thread.start()
        if self._history is not None:
            self._history.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._history is not None:
            self._history.stop()
        if self._thread.is_alive():
            self._thread.join()
        self._line.stop()

    def alive(self) -> bool:
        return self._thread.is_alive()

    def connected(self) -> bool:
        return self._line.connection is not None

    @property
    def trouble(self) -> str | None:
        if self._line.trouble is not None and not self.connected():
            where = f"{self._address.host}:{self._address.port}"
            return f"Home dashboards get nothing from the broker at {where}: {self._line.trouble}."
        if self._look_trouble is not None:
            return self._look_trouble
        return None if self._history is None else self._history.trouble

    @property
    def counters(self) -> dict[str, int]:
        with self._counters_lock:
            found = dict(self._counters)
        return found | ({NO_ROOM: self._line.dropped} if self._line.dropped else {})

    def _count(self, name: str) -> None:
        with self._counters_lock:
            self._counters[name] += 1

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except (
                StrideloadError
            ) as error:  # asked again at the next look; what lies at the broker stays meanwhile
                self._look_trouble = f"What is shown at home is not renewed: {error}"
                self._stopping.wait(LISTEN_S)
            except Exception as error:
                self._look_trouble = f"What is shown at home is not renewed: {type(error).__name__}"
                self._count(PUBLISHER_ERROR)
                log.exception("the publisher goes on after an error")
                self._stopping.wait(LISTEN_S)

    def _turn(self) -> None:
        self._line.tend()
        connection = self._line.connection
        if connection != self._connection:
            self._connection = connection
            self._begin_anew()
            self._clearing = {}
        heard = self._line.take(LISTEN_S)
        if heard is not None:
            self._take(heard)
        if connection is None:
            return
        self._note_cleared()
        now_s = time.monotonic()
        if now_s < self._look_s:
            return
        self._look_s = now_s + LOOK_EVERY_S
        self._publish(self._wanted(self._door.runners_opted_in()))
        self._look_trouble = None

    def _begin_anew(self) -> None:
        """All of it is sent at the next look, which is soon."""
        self._sent = {}
        self._look_soon()

    def _look_soon(self) -> None:
        self._look_s = min(self._look_s, time.monotonic() + ANSWER_S)

    # What is said

    def _wanted(self, runners: Sequence[RunnerAtHome]) -> dict[str, bytes]:
        """All that should lie at the broker, in the order of sending: devices before their states."""
        configs: dict[str, bytes] = {}
        states: dict[str, bytes] = {topics.of_host(self._store, "online"): messages.ONLINE}
        shared = {runner.id for runner in runners if runner.symptoms}
        self._drafts = {id_: draft for id_, draft in self._drafts.items() if id_ in shared}
        self._asked = {id_: asked for id_, asked in self._asked.items() if id_ in shared}
        for runner in runners:
            choices = self._door.pain_choices(runner.runner) if runner.symptoms else None
            device = discovery.config_topic(self._prefix, discovery.runner_device(runner.id))
            configs[device] = discovery.runner_config(runner, choices, self._store)
            day = self._door.day_of(runner.runner)
            states[topics.of_runner(runner.id, "summary")] = messages.summary(day)
            if runner.symptoms:
                found = self._door.symptoms_of(runner.runner)
                states[topics.of_runner(runner.id, "symptoms")] = messages.symptoms(found)
            if choices is not None:
                draft = self._drafts.get(runner.id, Draft())
                states[topics.of_runner(runner.id, "pain")] = messages.pain(draft)
        for pod in self._door.pods():
            device = discovery.config_topic(self._prefix, discovery.pod_device(pod.pod))
            configs[device] = discovery.pod_config(pod, self._store)
            states[topics.of_pod(pod.pod, "status")] = messages.status(pod)
        return configs | states

    def _publish(self, wanted: dict[str, bytes]) -> None:
        self._ledger.add(wanted)
        for topic, payload in wanted.items():
            if self._sent.get(topic) != payload and self._line.retain(topic, payload) is not None:
                self._sent[topic] = payload
            self._clearing.pop(topic, None)
        for topic in sorted(self._ledger.names - wanted.keys() - self._clearing.keys()):
            info = self._line.retain(topic, CLEARED)
            if info is not None:
                self._clearing[topic] = info
                self._sent.pop(topic, None)

    def _note_cleared(self) -> None:
        """The ledger forgets what the broker has confirmed."""
        done = [topic for topic, info in self._clearing.items() if is_confirmed(info)]
        if done:
            self._ledger.forget(done)
            for topic in done:
                del self._clearing[topic]

    # What is heard

    def _take(self, heard: Heard) -> None:
        if heard.topic == discovery.status_topic(self._prefix):
            if heard.payload == discovery.BIRTH:
                self._begin_anew()
            return
        try:
            self._obey(heard)
        except CommandRefused as refused:
            self._count(REFUSED.format(refused.reason))
        except StrideloadError:
            self._count(REFUSED.format(CANNOT_BE_ASKED))
            raise

    def _obey(self, heard: Heard) -> None:
        """One command. CommandRefused: nobody is there to be answered."""
        command = topics.parse_pain(heard.topic)
        if command is None:
            raise CommandRefused(NOT_SHARED)
        if heard.retained:  # it would be obeyed again at every connection
            raise CommandRefused(LAY_THERE)
        id_, part = command
        runner = next((one for one in self._door.runners_opted_in() if one.id == id_ and one.symptoms), None)
        choices = None if runner is None else self._door.pain_choices(runner.runner)
        if runner is None or choices is None:
            raise CommandRefused(NOT_SHARED)
        draft = self._drafts.get(id_, Draft())
        try:
            if part == topics.PAIN_SEND:
                pain.check_send(heard.payload)
                draft = self._enter(runner, draft)
            else:
                was_begun = pain.is_begun(draft)
                draft = pain.with_part(draft, part, heard.payload, choices)
                if pain.is_begun(draft) and not was_begun:
                    self._asked[id_] = self._door.asked(runner.runner)
        except CommandRefused as refused:
            self._count(REFUSED.format(refused.reason))
            draft = replace(draft, answer="refused", reason=refused.reason, answered=_now())
        self._drafts[id_] = draft
        self._look_soon()

    def _enter(self, runner: RunnerAtHome, draft: Draft) -> Draft:
        """Store the entry -> what is answered."""
        if draft.level is None or draft.site is None or draft.moment is None:
            self._count(INCOMPLETE)
            return replace(draft, answer="incomplete", reason=None, answered=_now())
        if not self._may_enter(runner.id):
            raise CommandRefused(TOO_MANY)
        try:
            asked = self._asked[runner.id]
            self._door.enter_pain(runner.runner, draft.site, draft.moment, draft.level, asked)
        except AnotherRun as refused:
            return pain.to_choose_anew(self._not_entered(draft, str(refused)))
        except PainRefused as refused:
            return self._not_entered(draft, str(refused))
        except StrideloadError:
            return self._not_entered(draft, CANNOT_BE_STORED)
        self._entered_s[runner.id].append(time.monotonic())
        self._count(STORED)
        return pain.after_storing(draft, _now())

    def _not_entered(self, draft: Draft, reason: str) -> Draft:
        self._count(ENTRY_REFUSED)
        return replace(draft, answer="refused", reason=reason, answered=_now())

    def _may_enter(self, id_: str) -> bool:
        entered_s = self._entered_s.setdefault(id_, deque())
        while entered_s and entered_s[0] < time.monotonic() - HOUR_S:
            entered_s.popleft()
        return len(entered_s) < ENTRIES_AN_HOUR


def _now() -> datetime:
    return datetime.now(UTC)
