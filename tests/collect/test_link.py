"""The line to the broker: an acknowledgement never outlives its connection, and no thread dies unseen."""

import os
import signal
from contextlib import ExitStack

import pytest
from paho.mqtt.client import MQTTMessage

from collect.fake_broker import FakeBroker
from collect.pod import publish_packet
from collect.talker import Talker
from strideload.collect.address import Address
from strideload.collect.errors import BrokerError
from strideload.collect.link import Link
from strideload.collect.mosquitto import Mosquitto
from support.waiting import until

TOPIC = "strideload/pod/00000000000000aa/pages"


class Ear:
    """A link that keeps what it is handed."""

    def __init__(self, stack: ExitStack, address: Address) -> None:
        self.heard: list[tuple[int, MQTTMessage]] = []
        self.link = Link(address, "ear", [TOPIC], 10, lambda *message: self.heard.append(message))
        self.link.start()
        stack.callback(self.link.stop)

    def payloads(self) -> list[bytes]:
        return [bytes(message.payload) for _, message in self.heard]


def test_an_acknowledgement_of_an_earlier_connection_is_dropped(
    mosquitto: Mosquitto, stack: ExitStack
) -> None:
    """After a broker lost its session the same id names another message, which stays unacknowledged."""
    ear = Ear(stack, mosquitto.address)
    until(ear.link.connected)
    with Talker(mosquitto.address) as pod:
        pod.publish(TOPIC, b"first")
        until(lambda: ear.payloads() == [b"first"])
    first_connection = ear.link.connection
    assert mosquitto.pid is not None
    os.kill(mosquitto.pid, signal.SIGKILL)
    until(lambda: ear.link.connection not in (None, first_connection))
    with Talker(mosquitto.address) as pod:
        pod.publish(TOPIC, b"second")
        until(lambda: ear.payloads() == [b"first", b"second"])
    (old, first), (new, second) = ear.heard
    assert old != new
    assert first.mid == second.mid
    ear.link.acknowledge(old, [first.mid])
    ear.link.stop()
    again = Ear(stack, mosquitto.address)
    until(lambda: again.payloads() == [b"second"])
    again.link.acknowledge(again.heard[0][0], [again.heard[0][1].mid])
    again.link.stop()
    last = Ear(stack, mosquitto.address)
    until(last.link.connected)
    with Talker(mosquitto.address) as pod:
        pod.publish(TOPIC, b"third")
        until(lambda: last.payloads() == [b"third"])


def test_no_more_comes_than_may_be_in_flight_until_some_is_acknowledged(
    mosquitto: Mosquitto, stack: ExitStack
) -> None:
    """A message that needs no acknowledgement comes all the same, and shows that no other was on its way."""
    ear = Ear(stack, mosquitto.address)
    until(ear.link.connected)
    numbers = [b"%d" % number for number in range(25)]
    with Talker(mosquitto.address) as pod:
        pod.publish(TOPIC, *numbers)
        pod.publish(TOPIC, b"QoS 0", qos=0)
    until(lambda: b"QoS 0" in ear.payloads())
    assert ear.payloads() == [*numbers[:10], b"QoS 0"]
    ear.link.acknowledge(ear.heard[0][0], [message.mid for _, message in ear.heard[:10]])
    until(lambda: set(numbers[:20]) < set(ear.payloads()))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_network_thread_is_replaced(mosquitto: Mosquitto, stack: ExitStack) -> None:
    link: Link

    def die_once(_connection: int, message: MQTTMessage) -> None:
        heard.append(bytes(message.payload))
        if len(heard) == 1:
            raise SystemExit  # passes every `except Exception` on its way

    heard: list[bytes] = []
    link = Link(mosquitto.address, "ear", [TOPIC], 10, die_once)
    link.start()
    stack.callback(link.stop)
    until(link.connected)
    with Talker(mosquitto.address) as pod:
        pod.publish(TOPIC, b"deadly")
        until(lambda: link.tend() or link.deaths == 1)
        until(lambda: link.tend() or len(heard) == 2)
    assert heard == [b"deadly", b"deadly"]


def test_a_delivery_that_fails_is_counted_and_the_next_one_comes(
    mosquitto: Mosquitto, stack: ExitStack
) -> None:
    heard: list[bytes] = []

    def trip(_connection: int, message: MQTTMessage) -> None:
        heard.append(bytes(message.payload))
        if len(heard) == 1:
            raise ValueError("a defect")

    link = Link(mosquitto.address, "ear", [TOPIC], 10, trip)
    link.start()
    stack.callback(link.stop)
    until(link.connected)
    with Talker(mosquitto.address) as pod:
        pod.publish(TOPIC, b"one", b"two")
    until(lambda: heard == [b"one", b"two"])
    assert (link.failures, link.deaths) == (1, 0)


def test_a_broker_that_refuses_mqtt_5_is_asked_in_3_1_1(stack: ExitStack) -> None:
    with FakeBroker(publish_packet(TOPIC.encode(), b"hello")) as broker:
        ear = Ear(stack, broker.address)
        until(lambda: ear.link.tend() or ear.payloads() == [b"hello"])
        ear.link.stop()
        assert broker.connects[0] == 5
        assert broker.connects[-1] == 4


def test_nothing_is_published_without_a_connection(stack: ExitStack) -> None:
    ear = Ear(stack, Address("127.0.0.1", 1))
    until(lambda: ear.link.trouble is not None)
    ear.link.publish([(TOPIC, b"lost")])
    assert not ear.link.connected()


def test_a_wrong_password_is_told(mosquitto: Mosquitto, stack: ExitStack) -> None:
    ear = Ear(stack, Address("127.0.0.1", mosquitto.address.port, "host", "wrong"))
    until(lambda: ear.link.trouble is not None)
    assert "Not authorized" in str(ear.link.trouble)


def test_an_address_that_can_never_work_is_refused_at_once(tmp_path, stack: ExitStack) -> None:
    with pytest.raises(BrokerError, match="cannot be addressed"):
        Ear(stack, Address("127.0.0.1", 8883, ca_file=tmp_path / "missing.pem"))


def test_a_subscription_that_is_refused_is_told(stack: ExitStack) -> None:
    with FakeBroker(b"", granted=0x80) as broker:
        ear = Ear(stack, broker.address)
        until(lambda: ear.link.tend() or "refuses the subscription" in str(ear.link.trouble))
        assert not ear.link.connected()
        ear.link.stop()
