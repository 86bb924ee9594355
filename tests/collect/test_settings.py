"""Settings on their way to a pod: retained, sent by whoever is up, whoever changed them. Real brokers, real SQLite."""

import json
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from collect.talker import POD_A, POD_B, Talker
from strideload.collect import settings_sender
from strideload.collect.address import Address
from strideload.collect.broker import Broker
from strideload.collect.collector import SETTINGS_UNREAD, Collector
from strideload.collect.mosquitto import Mosquitto
from strideload.collect.settings_sender import MARK_HOLDS_S, SettingsSender
from strideload.protocol.pod_settings import CueTarget
from strideload.store import Store, StoreBusy, open_store
from support.waiting import PATIENCE_S, until

SETTINGS_A = f"strideload/pod/{POD_A}/settings"
SETTINGS_B = f"strideload/pod/{POD_B}/settings"


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_sender, "LOOK_EVERY_S", 0.05)


@pytest.fixture
def store(stack: ExitStack, tmp_path: Path) -> Store:
    """Pods A and B are of this store."""
    opened = stack.enter_context(open_store(tmp_path / "pages.db"))
    opened.ensure_runner("me", "Me", "UTC")
    for pod in (POD_A, POD_B):
        opened.assign(pod, "me", "unknown", 0)
    return opened


def collecting(stack: ExitStack, store: Store, address: Address) -> Collector:
    collector = Collector(store, address)
    collector.start()
    stack.callback(collector.stop)
    until(collector.connected)
    return collector


def heard(talker: Talker, topic: str = SETTINGS_A) -> list[dict[str, Any]]:
    return [json.loads(payload) for on, payload in list(talker.heard) if on == topic]


def test_what_a_pod_is_to_have_waits_for_it_at_the_broker(
    broker: Broker, store: Store, stack: ExitStack
) -> None:
    """Set before the host was up, and taken by a pod that comes later."""
    store.change_settings(POD_A, odr_hz=416, cue=CueTarget(17_250))
    collecting(stack, store, broker.address)
    with Talker(broker.address, (SETTINGS_A,)) as early:
        until(lambda: heard(early))
    pod = Address(broker.address.host, broker.address.port, POD_A, broker.add_pod(POD_A))
    with Talker(pod, (SETTINGS_A,)) as late:
        until(lambda: late.heard)
        assert heard(late) == [
            {
                "v": 1,
                "store": store.store_id,
                "version": 1,
                "odr_hz": 416,
                "cue": {"target_cspm": 17_250, "first_run": 1},
            }
        ]


CHANGE = """
import sys
from strideload.store import open_store
with open_store(sys.argv[1]) as store:
    store.change_settings(sys.argv[2], recording=sys.argv[3])
"""


def test_what_another_process_changes_is_sent(
    mosquitto: Mosquitto, store: Store, stack: ExitStack, tmp_path: Path
) -> None:
    """As the command line does while a host is up. Nobody is sent what was not set for it."""
    collecting(stack, store, mosquitto.address)
    talker = stack.enter_context(Talker(mosquitto.address, (SETTINGS_A, SETTINGS_B)))
    for number, recording in enumerate(("off", "on"), 1):
        command = [sys.executable, "-c", CHANGE, str(tmp_path / "pages.db"), POD_A, recording]
        subprocess.run(command, check=True, timeout=PATIENCE_S)
        until(lambda number=number: len(heard(talker)) == number)
        assert heard(talker)[-1] == {
            "v": 1,
            "store": store.store_id,
            "version": number,
            "recording": recording,
            "cue": None,
        }
    # Of a look, all that is due is sent before anything of the next one.
    assert heard(talker, SETTINGS_B) == []


def test_a_broker_that_forgot_is_told_again(mosquitto: Mosquitto, store: Store, stack: ExitStack) -> None:
    """Whatever became of what it kept: at every connection all of it is sent, and in between only what is new."""
    store.change_settings(POD_A, odr_hz=416)
    store.change_settings(POD_B, odr_hz=833)
    collector = collecting(stack, store, mosquitto.address)
    talker = stack.enter_context(Talker(mosquitto.address, (SETTINGS_A, SETTINGS_B)))
    until(lambda: heard(talker) and heard(talker, SETTINGS_B))
    store.change_settings(POD_B, odr_hz=104)
    until(lambda: heard(talker, SETTINGS_B)[-1]["version"] == 2)
    assert {message["version"] for message in heard(talker)} == {1}
    talker.publish(SETTINGS_A, b"", retain=True)  # it lost what it kept
    before = len(talker.heard)
    collector._link.begin_anew()
    until(lambda: {on for on, payload in talker.heard[before:] if payload} == {SETTINGS_A, SETTINGS_B})
    with Talker(mosquitto.address, (SETTINGS_A,)) as late:
        until(lambda: late.heard)


def test_a_pod_reads_its_own_settings_and_nobody_elses_and_writes_none(
    broker: Broker, stack: ExitStack
) -> None:
    """By the rights of the broker: a pod that was taken over changes no other pod."""
    addresses = {
        pod: Address(broker.address.host, broker.address.port, pod, broker.add_pod(pod))
        for pod in (POD_A, POD_B)
    }
    host = stack.enter_context(Talker(broker.address, (SETTINGS_A, SETTINGS_B)))
    host.publish(SETTINGS_A, b"to A", retain=True)
    own = stack.enter_context(Talker(addresses[POD_A], (SETTINGS_A,)))
    topics = (SETTINGS_A, "strideload/pod/+/settings", "strideload/#", "#", SETTINGS_B)
    other = stack.enter_context(Talker(addresses[POD_B], topics))
    for pod in (POD_B, POD_A):  # neither another pod nor the pod itself
        for topic in (SETTINGS_A, SETTINGS_B):
            # Mosquitto 2.0.11 hangs up on who publishes what it may not.
            with Talker(addresses[pod]) as forger, suppress(RuntimeError):
                forger.publish(topic, b"forged", retain=True)
    with Talker(broker.address, (SETTINGS_A, SETTINGS_B)) as late:
        late.publish(SETTINGS_B, b"end")
        until(lambda: (SETTINGS_B, b"end") in late.heard)
        assert late.heard == [(SETTINGS_A, b"to A"), (SETTINGS_B, b"end")]
    for topic in (SETTINGS_A, SETTINGS_B):
        host.publish(topic, b"last")
    until(lambda: (SETTINGS_A, b"last") in own.heard and (SETTINGS_B, b"last") in other.heard)
    assert own.heard == [(SETTINGS_A, b"to A"), (SETTINGS_A, b"last")]
    assert other.heard == [(SETTINGS_B, b"end"), (SETTINGS_B, b"last")]
    until(lambda: (SETTINGS_B, b"last") in host.heard)
    assert {payload for _, payload in host.heard} == {b"to A", b"end", b"last"}


class Line:
    """A connection by its number, and what was retained on it."""

    def __init__(self) -> None:
        self.connection: int | None = 1
        self.retained: list[dict[str, Any]] = []

    def retain(self, connection: int, messages: Any) -> bool:
        if connection != self.connection:
            return False
        self.retained += [json.loads(payload) for topic, payload in messages if topic.endswith("settings")]
        return True


def test_a_mark_is_asked_for_in_its_minute_only(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod that comes later finds the same settings without it: it would mark a moment that nobody meant."""
    line, now = Line(), [0.0]
    sender = SettingsSender(store, line, lambda: now[0])  # type: ignore[arg-type]
    asked_s = store.ask_for_mark(POD_A, 7).set_utc_us / 1e6
    told: list[Any] = []
    for age_s in (0.0, MARK_HOLDS_S - 1, MARK_HOLDS_S + 1, -5.0):
        monkeypatch.setattr(time, "time", lambda at=asked_s + age_s: at)
        now[0] += 1
        sender.tend()
        told.append(line.retained[-1])
    assert [message.get("mark") for message in told] == [[1, 7], [1, 7], None, None]
    assert [message["version"] for message in line.retained] == [1, 1]


def test_a_pod_that_has_changed_hands_is_told_of_no_cue(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The assignment was made before, for a time that has come."""
    line, now = Line(), [0.0]
    sender = SettingsSender(store, line, lambda: now[0])  # type: ignore[arg-type]
    store.ensure_runner("bob", "Bob", "UTC")
    set_utc_us = store.change_settings(POD_A, cue=CueTarget(17_250)).set_utc_us
    store.assign(POD_A, "bob", "left", set_utc_us + 3_600_000_000)
    sender.tend()
    monkeypatch.setattr(time, "time_ns", lambda: set_utc_us * 1000 + 7_200 * 10**9)
    now[0] += 1
    sender.tend()
    assert [(message["version"], bool(message.get("cue"))) for message in line.retained] == [
        (1, True),
        (2, False),
    ]


STATE_A = f"strideload/pod/{POD_A}/state"
CUED = b'{"v":1,"log":"00000001","boot":1,"settings":1,"cue":{"target_cspm":17351,"run":3}}'


def retained(address: Address, topic: str) -> list[bytes]:
    """What lies at the broker, by what comes before a word that follows."""
    with Talker(address, (topic, "strideload/pod/+/ack")) as late:
        late.publish(f"strideload/pod/{POD_B}/ack", b"end")
        until(lambda: any(payload == b"end" for _, payload in late.heard))
        return [payload for on, payload in late.heard if on == topic]


def test_a_state_that_the_broker_kept_is_not_heard_just_now(
    broker: Broker, store: Store, stack: ExitStack
) -> None:
    """A pod that is long out of reach would seem to be there after each start of the host."""
    pod = stack.enter_context(Talker(broker.address))
    pod.publish(STATE_A, b'{"v":1,"log":"00000001","boot":1}', retain=True)
    until(lambda: retained(broker.address, STATE_A))
    collecting(stack, store, broker.address)
    until(store.pods)
    (kept,) = store.pods()
    assert (kept.state and kept.state["boot"], kept.last_seen_utc_us) == (1, None)
    pod.publish(STATE_A, b'{"v":1,"log":"00000001","boot":2}', retain=True)
    until(lambda: store.pods()[0].last_seen_utc_us)


def test_what_a_pod_said_of_an_erased_runners_cue_is_gone(
    mosquitto: Mosquitto, store: Store, stack: ExitStack
) -> None:
    """At once, and where the pod's word lies at the broker when the host comes back."""
    store.ensure_runner("bob", "Bob", "UTC")
    store.assign(POD_A, "bob", "left", 0)
    store.change_settings(POD_A, cue=CueTarget(17_351))
    pod = stack.enter_context(Talker(mosquitto.address))
    first = collecting(stack, store, mosquitto.address)
    until(lambda: retained(mosquitto.address, SETTINGS_A))
    pod.publish(STATE_A, CUED, retain=True)
    until(lambda: [row.state for row in store.pods() if row.pod == POD_A and row.state])
    store.erase_runner("bob")
    until(lambda: retained(mosquitto.address, STATE_A) == [])
    first.stop()
    pod.publish(STATE_A, CUED, retain=True)
    collecting(stack, store, mosquitto.address)
    until(lambda: retained(mosquitto.address, STATE_A) == [])
    (state,) = [row.state for row in store.pods() if row.pod == POD_A]
    assert state == {"v": 1, "log": "00000001", "boot": 1, "settings": 1}
    told = POD_B, dict(state, cue={"target_cspm": 16_000, "run": 1})
    assert store.save_state(*told, 1)  # whose settings are of another store, or forgotten by nobody
    assert [row.state for row in store.pods() if row.pod == POD_B] == [told[1]]


def test_without_a_connection_nothing_is_taken_for_sent(store: Store) -> None:
    line, now = Line(), [0.0]
    sender = SettingsSender(store, line, lambda: now[0])  # type: ignore[arg-type]
    store.change_settings(POD_A, odr_hz=416)
    line.connection = None
    sender.tend()
    assert line.retained == []
    line.connection = 2
    refuse, line.retain = line.retain, lambda connection, messages: False  # it broke just now
    sender.tend()
    line.retain = refuse
    now[0] += 1
    sender.tend()
    sender.tend()
    assert [message["version"] for message in line.retained] == [1]


def test_a_store_that_cannot_be_read_is_counted_and_asked_again(
    mosquitto: Mosquitto, store: Store, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> None:
        raise StoreBusy("the store: database is locked")

    store.change_settings(POD_A, odr_hz=416)
    with monkeypatch.context() as patch:
        patch.setattr(store, "wanted_settings", busy)
        collector = collecting(stack, store, mosquitto.address)
        until(lambda: collector.counters.get(SETTINGS_UNREAD, 0) >= 2)
    with Talker(mosquitto.address, (SETTINGS_A,)) as pod:
        until(lambda: heard(pod))
    assert collector.alive()
