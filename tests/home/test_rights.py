"""A pod's user can neither read of a runner nor speak for one; dashboards and the home's user do theirs and no more."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from collect.talker import POD_A, Talker
from home.conftest import ADA, STORE
from strideload.collect.address import Address, refusal
from strideload.collect.amqtt_broker import Amqtt
from strideload.collect.broker import Broker
from strideload.collect.credentials import DASHBOARD_USER, HOME_USER, Users, allows
from strideload.collect.mosquitto import Mosquitto
from support import tools
from support.ports import free_port
from support.waiting import until

OF_RUNNER = tuple(f"strideload/runner/{ADA.id}/{leaf}" for leaf in ("summary", "symptoms", "pain"))
COMMANDS = (f"strideload/runner/{ADA.id}/pain/level/set", f"strideload/runner/{ADA.id}/pain/send")
DEVICE = f"homeassistant/device/strideload_runner_{ADA.id}/config"
BIRTH = "homeassistant/status"
ONLINE = f"strideload/host/{STORE[:16]}/online"
STATUS = f"strideload/pod/{POD_A}/status"
STATE = f"strideload/pod/{POD_A}/state"
EVERYTHING = (*OF_RUNNER, *COMMANDS, DEVICE, BIRTH, ONLINE, STATUS)
WIDE = ("strideload/runner/#", "strideload/#", "homeassistant/#", "#")


@pytest.fixture(params=["mosquitto", "amqtt"])
def any_broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    if request.param == "mosquitto":
        tools.program("mosquitto")
        with Mosquitto(tmp_path / "broker", free_port(), home="homeassistant").start() as found:
            yield found
    else:
        with Amqtt(tmp_path / "broker", free_port(), home="homeassistant").start() as found:
            yield found


def dashboard_of(broker: Mosquitto | Amqtt) -> Address:
    password = Users(broker.folder).password_of(DASHBOARD_USER)
    return Address(broker.address.host, broker.address.port, DASHBOARD_USER, password)


def forge(address: Address, *topics: str) -> None:
    """Say something on each, with a connection for each: Mosquitto hangs up on who says what it may not."""

    def one(topic: str) -> None:
        with Talker(address) as forger, suppress(RuntimeError):
            forger.publish(topic, b"forged", retain=True)

    with ThreadPoolExecutor(len(topics)) as pool:
        list(pool.map(one, topics))


def test_a_pod_reads_nothing_of_a_runner_and_says_nothing_there(any_broker: Broker, stack: ExitStack) -> None:
    """Neither what lies there already nor what comes, whatever it subscribes to; nor can it press a button."""
    own_ack = f"strideload/pod/{POD_A}/ack"
    pod = Address(any_broker.address.host, any_broker.address.port, POD_A, any_broker.add_pod(POD_A))
    home = stack.enter_context(Talker(any_broker.home_address, (BIRTH, *COMMANDS)))
    for topic in (*OF_RUNNER, DEVICE, ONLINE, STATUS):
        home.publish(topic, b"private", retain=True)
    nosy = stack.enter_context(Talker(pod, (*EVERYTHING, *WIDE, own_ack)))
    for topic in (*OF_RUNNER, DEVICE, ONLINE, STATUS):
        home.publish(topic, b"private again", retain=True)
    forge(pod, *EVERYTHING)
    host = stack.enter_context(Talker(any_broker.address))
    host.publish(own_ack, b"to the pod")
    until(lambda: nosy.heard)
    assert nosy.heard == [(own_ack, b"to the pod")]
    stack.enter_context(Talker(dashboard_of(any_broker))).publish(BIRTH, b"online")  # type: ignore[arg-type]
    until(lambda: home.heard)
    assert home.heard == [(BIRTH, b"online")]
    with Talker(dashboard_of(any_broker), (*OF_RUNNER, DEVICE, ONLINE, STATUS)) as dashboard:  # type: ignore[arg-type]
        until(lambda: len(dashboard.heard) >= 6)
        assert {payload for _, payload in dashboard.heard} == {b"private again"}


def test_a_dashboard_reads_gives_commands_and_speaks_for_nobody(any_broker: Broker, stack: ExitStack) -> None:
    home = stack.enter_context(Talker(any_broker.home_address, (BIRTH, *COMMANDS)))
    host = stack.enter_context(
        Talker(any_broker.address, (STATE, f"strideload/pod/{POD_A}/settings", *OF_RUNNER))
    )
    address = dashboard_of(any_broker)  # type: ignore[arg-type]
    dashboard = stack.enter_context(Talker(address))
    for topic in (BIRTH, *COMMANDS):
        dashboard.publish(topic, b"said")
    until(lambda: {topic for topic, _ in home.heard} == {BIRTH, *COMMANDS})
    forge(address, *OF_RUNNER, STATE, f"strideload/pod/{POD_A}/settings", f"strideload/pod/{POD_A}/ack")
    host.publish(STATE, b"true")
    until(lambda: host.heard)
    assert host.heard == [(STATE, b"true")]


def test_a_dashboard_does_not_hear_who_runs_now(any_broker: Broker, stack: ExitStack) -> None:
    """What a pod says of steps, cadence and its runner's target: nobody opted in to that."""
    said = tuple(
        f"strideload/pod/{POD_A}/{leaf}" for leaf in ("live", "state", "online", "settings", "pages")
    )
    host = stack.enter_context(Talker(any_broker.address))
    for topic in said:
        host.publish(topic, b"private", retain=True)
    listening = (*said, "strideload/pod/+/live", "strideload/#", STATUS)
    dashboard = stack.enter_context(Talker(dashboard_of(any_broker), listening))  # type: ignore[arg-type]
    for topic in said:
        host.publish(topic, b"private again")
    any_home = stack.enter_context(Talker(any_broker.home_address))
    any_home.publish(STATUS, b"told")
    until(lambda: dashboard.heard)
    assert dashboard.heard == [(STATUS, b"told")]


def test_the_homes_user_is_no_pod_and_no_host(any_broker: Broker, stack: ExitStack) -> None:
    topics = (STATE, f"strideload/pod/{POD_A}/ack", f"strideload/pod/{POD_A}/settings")
    host = stack.enter_context(Talker(any_broker.address, topics))
    forge(any_broker.home_address, *topics, *COMMANDS)
    host.publish(STATE, b"true")
    until(lambda: host.heard)
    assert host.heard == [(STATE, b"true")]


def test_without_homes_their_users_are_not_let_in(tmp_path: Path) -> None:
    """Not even with the passwords that they had."""
    tools.program("mosquitto")
    folder = tmp_path / "broker"
    with Mosquitto(folder, free_port(), home="homeassistant").start() as broker:
        had = (broker.home_address, dashboard_of(broker))
        assert [refusal(address) for address in had] == [None, None]
    with Mosquitto(folder, free_port()).start() as broker:
        for address in had:
            assert (
                refusal(Address(address.host, broker.address.port, address.user, address.password))
                is not None
            )
    assert {HOME_USER, DASHBOARD_USER}.isdisjoint(Users(folder).read())


FILTERS = ("a/+/b", "c")
COVERED = [
    ("a/x/b", True),
    ("a/+/b", True),
    ("c", True),
    ("a/x", False),
    ("a/x/b/c", False),
    ("a/#", False),
    ("a/#/b", False),
    ("#", False),
    ("+", False),
    ("+/x/b", False),
    ("", False),
    ("a//b", True),
    ("c/", False),
]


@pytest.mark.parametrize(("topic", "allowed"), COVERED)
def test_a_filter_covers_no_wider_one(topic: str, allowed: bool) -> None:
    assert allows(FILTERS, topic) is allowed
