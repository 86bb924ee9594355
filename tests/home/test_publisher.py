"""What lies at a real Mosquitto, when it comes and when it goes; and pain entries on their way in."""

import json
import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from collect.talker import Talker
from home.conftest import ADA, BEN, POD, STORE, Door, day, last
from strideload.collect.address import Address, refusal
from strideload.collect.mosquitto import Mosquitto
from strideload.home import publisher as publisher_module
from strideload.home.facts import PainEntry, PodNow, RunnerAtHome, Symptoms
from strideload.home.ledger import LedgerError
from strideload.home.publisher import PUBLISHED_NAME, HomePublisher
from strideload.store import StoreBusy
from support.waiting import until

Publish = Callable[..., HomePublisher]

ALL = ("strideload/#", "homeassistant/#")
BIRTH = "homeassistant/status"
ONLINE = f"strideload/host/{STORE[:16]}/online"
DEVICE = f"homeassistant/device/strideload_runner_{ADA.id}/config"
SUMMARY = f"strideload/runner/{ADA.id}/summary"
SYMPTOMS = f"strideload/runner/{ADA.id}/symptoms"
PAIN = f"strideload/runner/{ADA.id}/pain"
POD_DEVICE = f"homeassistant/device/strideload_pod_{POD}/config"
STATUS = f"strideload/pod/{POD}/status"

KNEE = PainEntry("right knee", "during", 3, datetime(2026, 11, 26, 7, 30, tzinfo=UTC))


def retained(address: Address, wanted: int) -> dict[str, bytes]:
    """What lies at the broker for whoever comes now, once it has so many topics: what is heard before a last word."""
    with Talker(address, ALL) as late:
        until(lambda: len({topic for topic, payload in late.heard if payload}) >= wanted)
        late.publish(BIRTH, b"end")
        until(lambda: (BIRTH, b"end") in late.heard)
        return {topic: payload for topic, payload in dict(late.heard).items() if payload and topic != BIRTH}


def answer(talker: Talker) -> dict[str, Any]:
    payload = last(talker, PAIN)
    return json.loads(payload) if payload else {}


def enter(talker: Talker, **parts: str) -> None:
    for part, value in parts.items():
        talker.publish(f"{PAIN}/{part}/set", value.encode())
    talker.publish(f"{PAIN}/send", b"send")


def test_runners_and_pods_lie_at_the_broker_for_whoever_comes(publish: Publish, dashboard: Address) -> None:
    pod = PodNow(POD, "left", online=True, battery_mv=3900, waiting_pages=2, faults={"fifo": 1, "flash": 2})
    publish(Door([ADA, BEN], symptoms=Symptoms("amber", "3 of 10 during", [KNEE]), listed=[pod]))
    found = retained(dashboard, 9)
    assert found[ONLINE] == b"1"
    summary = json.loads(found[SUMMARY])
    assert (summary["v"], summary["date"], summary["steps"]) == (1, "2026-11-26", 5210)
    assert summary["spike_ratio"] is None
    entries = json.loads(found[SYMPTOMS])["entries"]
    assert entries == [
        {"site": "right knee", "moment": "during", "level": 3, "entered": "2026-11-26T07:30:00+00:00"}
    ]
    assert json.loads(found[STATUS])["faults_total"] == 3
    assert {"homeassistant/device/" in topic for topic in found} == {True, False}
    of_ben = [topic for topic in found if BEN.id in topic]
    assert sorted(topic.rpartition("/")[2] for topic in of_ben) == ["config", "summary"]


def test_no_topic_and_no_id_has_a_runners_name(publish: Publish, dashboard: Address) -> None:
    publish(Door([ADA]))
    found = retained(dashboard, 5)
    assert not [topic for topic in found if "ada" in topic.lower()]
    config = json.loads(found[DEVICE])
    ids = [component.get("unique_id", "") for component in config["components"].values()]
    assert not [id_ for id_ in [*ids, *config["device"]["identifiers"]] if "ada" in id_.lower()]


def test_home_assistants_birth_has_all_of_it_said_again(
    publish: Publish, dashboard: Address, stack: ExitStack
) -> None:
    """Devices before states, as Home Assistant subscribes to a state only once it knows the device."""
    door = Door([ADA], listed=[PodNow(POD, "left")])
    publish(door)
    retained(dashboard, 7)
    talker = stack.enter_context(Talker(dashboard, ALL))
    until(lambda: len({topic for topic, _ in talker.heard}) >= 7)
    before = len(talker.heard)
    talker.publish(BIRTH, b"offline")
    talker.publish(BIRTH, b"online")
    topics = {DEVICE, SUMMARY, SYMPTOMS, PAIN, POD_DEVICE, STATUS, ONLINE}
    until(lambda: topics <= {topic for topic, _ in talker.heard[before:]})
    order = [topic for topic, _ in talker.heard[before:] if topic in topics]
    assert set(order[:2]) == {DEVICE, POD_DEVICE}


def test_between_births_only_what_changed_is_said(
    publish: Publish, dashboard: Address, stack: ExitStack
) -> None:
    door = Door([ADA])
    publish(door)
    retained(dashboard, 5)
    talker = stack.enter_context(Talker(dashboard, ALL))
    until(lambda: len(talker.heard) == 5)
    for steps in (6000, 7000):  # all of a look goes out before anything of the next one
        door.today = day(steps=steps)
        until(lambda steps=steps: json.loads(last(talker, SUMMARY) or b"{}")["steps"] == steps)
    assert [topic for topic, _ in talker.heard[5:]] == [SUMMARY, SUMMARY]


def test_a_broker_that_was_killed_is_told_again(
    publish: Publish, broker: Mosquitto, dashboard: Address
) -> None:
    publish(Door([ADA]))
    retained(dashboard, 5)
    pid = broker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: broker.pid != pid)
    until(lambda: refusal(dashboard) is None)
    assert retained(dashboard, 5)[ONLINE] == b"1"


def test_the_last_will_and_the_farewell_say_that_nobody_publishes(
    publish: Publish, broker: Mosquitto, dashboard: Address, stack: ExitStack
) -> None:
    talker = stack.enter_context(Talker(dashboard, (ONLINE,)))
    first = publish(Door([ADA]))
    until(lambda: last(talker, ONLINE) == b"1")
    first.stop()
    until(lambda: last(talker, ONLINE) == b"0")
    second = publish(Door([ADA]))
    until(lambda: last(talker, ONLINE) == b"1")
    client = second._line._client
    assert client is not None
    client._sock_close()  # the line is cut, without a word
    until(lambda: b"0" in [payload for _, payload in talker.heard[3:]])
    until(lambda: last(talker, ONLINE) == b"1")  # and it comes back by itself


def test_an_opt_out_clears_all_that_lay_there(publish: Publish, dashboard: Address, stack: ExitStack) -> None:
    door = Door([ADA, BEN], listed=[PodNow(POD, "left")])
    publish(door)
    retained(dashboard, 9)
    talker = stack.enter_context(Talker(dashboard, ALL))
    until(lambda: len(talker.heard) >= 9)
    door.runners = [BEN]
    until(lambda: all(last(talker, topic) == b"" for topic in (DEVICE, SUMMARY, SYMPTOMS, PAIN)))
    found = retained(dashboard, 5)
    assert not [topic for topic in found if ADA.id in topic]
    door.listed = []
    until(lambda: last(talker, POD_DEVICE) == b"" and last(talker, STATUS) == b"")


def test_symptoms_that_are_not_shared_any_more_go_and_the_day_stays(
    publish: Publish, dashboard: Address, stack: ExitStack
) -> None:
    """The device stays; of what is over, it names the platform alone, which removes it."""
    door = Door([ADA], symptoms=Symptoms("green", None, [KNEE]))
    publish(door)
    retained(dashboard, 5)
    talker = stack.enter_context(Talker(dashboard, ALL))
    until(lambda: len(talker.heard) >= 5)
    door.runners = [RunnerAtHome(ADA.id, ADA.runner, ADA.name, symptoms=False)]
    until(lambda: last(talker, SYMPTOMS) == b"" and last(talker, PAIN) == b"")
    found = retained(dashboard, 3)
    assert SUMMARY in found
    assert not {SYMPTOMS, PAIN} & found.keys()
    components = json.loads(found[DEVICE])["components"]
    assert components["pain_level"] == {"platform": "number"}
    assert components["symptom_status"] == {"platform": "sensor"}
    assert components["steps"]["name"] == "Steps"


def test_what_an_earlier_run_left_is_cleared_at_the_next_start(
    publish: Publish, dashboard: Address, tmp_path: Path
) -> None:
    """The opt-out came while nothing ran."""
    first = publish(Door([ADA]))
    retained(dashboard, 5)
    first.stop()
    ledger = json.loads((tmp_path / "home" / PUBLISHED_NAME).read_text())
    assert {DEVICE, SUMMARY, SYMPTOMS, PAIN} <= set(ledger)
    publish(Door([BEN]))
    until(lambda: not [one for one in retained(dashboard, 3) if ADA.id in one])
    until(lambda: ADA.id not in (tmp_path / "home" / PUBLISHED_NAME).read_text())


@pytest.mark.parametrize("earlier", ["ha", "a/b/c/d"])
def test_another_prefix_clears_what_the_earlier_one_began(
    publish: Publish, dashboard: Address, tmp_path: Path, earlier: str
) -> None:
    """The managed broker lets that pass, though nobody reads there."""
    ledger = tmp_path / "home" / PUBLISHED_NAME
    first = publish(Door([ADA]), prefix=earlier)
    retained(dashboard, 4)
    first.stop()
    assert f"{earlier}/device/" in ledger.read_text()
    second = publish(Door([ADA]))
    until(lambda: f"{earlier}/device/" not in ledger.read_text())
    assert second.connected()
    assert DEVICE in retained(dashboard, 5)


def test_a_command_that_cannot_be_looked_up_is_counted(publish: Publish, dashboard: Address) -> None:
    door = Door([ADA])
    publisher = publish(door)
    retained(dashboard, 5)
    door.fails = StoreBusy("the store: database is locked")
    with Talker(dashboard) as talker:
        talker.publish(f"{PAIN}/level/set", b"3")
    until(lambda: publisher.counters == {"command refused: the store could not be read": 1})


def test_a_ledger_that_cannot_be_read_is_no_empty_one(broker: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / PUBLISHED_NAME).write_text('{"topics"')
    with pytest.raises(LedgerError, match="cannot be read"):
        HomePublisher(Door(), broker.home_address, STORE, tmp_path / "home")


def test_a_store_that_cannot_be_read_takes_nobody_away(publish: Publish, dashboard: Address) -> None:
    door = Door([ADA])
    publisher = publish(door)
    retained(dashboard, 5)
    door.fails = StoreBusy("the store: database is locked")
    until(lambda: publisher.trouble is not None)
    assert "database is locked" in str(publisher.trouble)
    assert SUMMARY in retained(dashboard, 5)
    door.fails = None
    until(lambda: publisher.trouble is None)


def test_pain_is_entered_and_the_answer_says_so(
    publish: Publish, dashboard: Address, stack: ExitStack
) -> None:
    """Level and moment are chosen anew for the next entry, so that a second press enters nothing twice."""
    door = Door([ADA])
    publisher = publish(door)
    talker = stack.enter_context(Talker(dashboard, (PAIN,)))
    until(lambda: answer(talker).get("answer") == "none")
    enter(talker, level="3", site="right knee", moment="during")
    until(lambda: answer(talker).get("answer") == "stored")
    assert door.entered == [("ada", "right knee", "during", 3)]
    said = answer(talker)
    assert (said["level"], said["site"], said["moment"]) == (None, "right knee", None)
    enter(talker)
    until(lambda: answer(talker).get("answer") == "incomplete")
    assert len(door.entered) == 1
    assert publisher.counters == {"pain entry stored": 1, "pain entry incomplete": 1}


def test_a_command_that_is_wrong_is_refused_counted_and_answered(
    publish: Publish, dashboard: Address, stack: ExitStack
) -> None:
    door = Door([ADA])
    publisher = publish(door)
    talker = stack.enter_context(Talker(dashboard, (PAIN,)))
    talker.publish(f"{PAIN}/level/set", b"11")
    until(lambda: answer(talker).get("answer") == "refused")
    talker.publish(f"{PAIN}/site/set", b"\xff" * 5000)
    talker.publish(f"{PAIN}/send", b"x")
    until(lambda: sum(publisher.counters.values()) == 3)
    assert [name.startswith("command refused: ") for name in publisher.counters] == [True] * 3
    assert door.entered == []
    assert answer(talker)["level"] is None


def test_nobody_is_entered_who_did_not_opt_in(publish: Publish, dashboard: Address, stack: ExitStack) -> None:
    door = Door([BEN])
    publisher = publish(door)
    talker = stack.enter_context(Talker(dashboard))
    for runner in (BEN.id, ADA.id, "f" * 16):
        talker.publish(f"strideload/runner/{runner}/pain/level/set", b"3")
        talker.publish(f"strideload/runner/{runner}/pain/send", b"send")
    until(lambda: publisher.counters == {"command refused: for nobody who opted in": 6})
    assert door.entered == []
    assert not [topic for topic in retained(dashboard, 3) if topic.endswith("pain")]


def test_a_command_that_lies_at_the_broker_is_not_obeyed_at_each_connection(
    publish: Publish, dashboard: Address
) -> None:
    with Talker(dashboard) as talker:
        talker.publish(f"{PAIN}/level/set", b"3", retain=True)
    publisher = publish(Door([ADA]))
    until(lambda: publisher.counters == {"command refused: lay at the broker": 1})


def test_an_entry_that_the_diary_refuses_is_answered_with_its_reason(
    publish: Publish, dashboard: Address, stack: ExitStack
) -> None:
    door = Door([ADA])
    publisher = publish(door)
    talker = stack.enter_context(Talker(dashboard, (PAIN,)))
    enter(talker, level="10", site="left knee", moment="before")
    until(lambda: answer(talker).get("reason") == "see a doctor first")
    door.refuses = StoreBusy("the store: database is locked")
    enter(talker, level="2")
    until(lambda: answer(talker).get("reason") == "it could not be stored")
    assert answer(talker)["level"] == 2  # it can be sent again
    assert publisher.counters["pain entry refused"] == 2


@pytest.mark.parametrize("first", ["level", "moment"])
def test_what_was_chosen_before_another_run_came_is_chosen_anew(
    publish: Publish, dashboard: Address, stack: ExitStack, first: str
) -> None:
    """Whichever of the two was chosen first, and whatever was chosen after the run had come."""
    chosen = {"level": "3", "moment": "during", "site": "right knee"}
    door = Door([ADA], last_run="yesterday's")
    publisher = publish(door)
    talker = stack.enter_context(Talker(dashboard, (PAIN,)))
    talker.publish(f"{PAIN}/{first}/set", chosen[first].encode())
    until(lambda: answer(talker).get(first) is not None)
    door.last_run = "today's"
    enter(talker, **{part: value for part, value in chosen.items() if part != first})
    until(lambda: answer(talker).get("answer") == "refused")
    said = answer(talker)
    assert said["reason"].startswith("another run is asked about now")
    assert (said["level"], said["site"], said["moment"]) == (None, "right knee", None)
    assert door.entered == []
    enter(talker, level="3", moment="during")
    until(lambda: answer(talker).get("answer") == "stored")
    assert door.entered == [("ada", "right knee", "during", 3)]
    assert publisher.counters == {"pain entry stored": 1, "pain entry refused": 1}


def test_no_more_than_a_person_enters_in_an_hour(
    publish: Publish, dashboard: Address, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher_module, "ENTRIES_AN_HOUR", 2)
    door = Door([ADA])
    publisher = publish(door)
    talker = stack.enter_context(Talker(dashboard, (PAIN,)))
    for _ in range(4):
        enter(talker, level="1", site="left knee", moment="before")
    until(lambda: sum(publisher.counters.values()) == 4)
    assert len(door.entered) == 2


def test_without_a_diary_there_is_nothing_to_enter_into(publish: Publish, dashboard: Address) -> None:
    publish(Door([ADA], choices=None))
    found = retained(dashboard, 4)
    assert PAIN not in found
    assert json.loads(found[DEVICE])["components"]["pain_send"] == {"platform": "button"}
