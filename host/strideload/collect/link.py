"""The line to the broker: always wanted, known by number each time it stands, acknowledged message by message.

MQTT 5 where the broker has it, else 3.1.1. An acknowledgement names a message by a number that holds within one
connection only; after a new one, the same number may mean a message that nobody has stored. So each message is handed
on with its connection's number, and acknowledgements of an earlier one are dropped: the broker sends those again.
"""

import itertools
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from strideload.collect.address import Address, set_login
from strideload.collect.errors import BrokerError

KEEPALIVE_S: Final = 30
CONNECT_TIMEOUT_S: Final = 5.0
RECONNECT_LONGEST_S: Final = 10
SESSION_KEPT_S: Final = 30 * 24 * 3600
# An acknowledgement carries the time; one that comes late would set a clock wrong.
ANSWER_KEPT_S: Final = 5
ANSWERS_WAITING: Final = 1000

# Brokers that do not know MQTT 5 refuse it, hang up, or wait for the rest of what they take for another packet.
ANSWER_TIMEOUT_S: Final = 3.0
OTHER_VERSION: Final = {
    MQTTProtocolVersion.MQTTv5: MQTTProtocolVersion.MQTTv311,
    MQTTProtocolVersion.MQTTv311: MQTTProtocolVersion.MQTTv5,
}
UNSUPPORTED_VERSION: Final = 0x84  # [MQTT 5, 3.2.2.2]

log = logging.getLogger(__name__)

Deliver = Callable[[int, mqtt.MQTTMessage], None]


class Line(NamedTuple):
    """How a link is doing, and did since its start."""

    connected: bool
    alive: bool  # its network thread; also while there is no broker
    deaths: int  # of that thread
    failures: int  # of messages to be taken in


class Link:
    """A connection that is made again whenever it breaks.

    `deliver(connection, message)` is called on the network thread and must only put the message somewhere. `tend`
    is to be called often: it makes good what paho does not. `trouble` says why there is no connection.
    """

    def __init__(
        self, address: Address, client_id: str, topics: Sequence[str], in_flight: int, deliver: Deliver
    ) -> None:
        self.address = address
        self.protocol = MQTTProtocolVersion.MQTTv5
        self.trouble: str | None = None
        self.deaths = 0  # of the network thread
        self.failures = 0  # of `deliver`
        self._client_id = client_id
        self._subscriptions = [(topic, 1) for topic in topics]
        self._in_flight = in_flight
        self._deliver = deliver
        self._numbers = itertools.count(1)
        self._connection: int | None = None
        # Held wherever the connection changes and wherever something is sent: paho forgets what waits to be sent when
        # it connects anew, so nothing meant for one connection goes out on the next.
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._asked_s: float | None = None  # since when the broker owes an answer
        self._is_subscribed = False
        self._is_refused_version = False
        self._is_worn = False
        self._client: mqtt.Client | None = None

    def start(self) -> None:
        """Connect as soon as the broker is there. BrokerError: the address can never work."""
        try:
            self._open()
        except (OSError, ValueError) as error:
            raise BrokerError(f"The broker at {self.address.host} cannot be addressed: {error}") from error

    def stop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def connected(self) -> bool:
        """True once the broker has agreed to send: whatever is published from then on comes."""
        return self._is_subscribed

    def line(self) -> Line:
        alive = self._thread is not None and self._thread.is_alive()
        return Line(self._is_subscribed, alive, self.deaths, self.failures)

    @property
    def connection(self) -> int | None:
        """The number of the connection that stands and on which the broker has agreed to send, None without one."""
        connection = self._connection
        return connection if self._is_subscribed else None

    def acknowledge(self, connection: int, mids: Iterable[int]) -> None:
        """Tell the broker that these messages are dealt with, unless that connection is gone."""
        with self._lock:
            if self._client is not None and connection == self._connection:
                for mid in mids:
                    self._client.ack(mid, 1)

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Send (topic, payload) at QoS 1, or not at all while there is no connection: pods ask again."""
        with self._lock:
            if self._client is not None and self._connection is not None:
                for topic, payload in messages:
                    self._client.publish(topic, payload, qos=1, properties=self._answer_properties)

    def retain(self, connection: int, messages: Iterable[tuple[str, bytes]]) -> bool:
        """Have the broker keep (topic, payload) for whoever comes later. False: that connection is gone."""
        with self._lock:
            if self._client is None or connection != self._connection:
                return False
            for topic, payload in messages:
                self._client.publish(topic, payload, qos=1, retain=True)
            return True

    def begin_anew(self) -> None:
        """Have `tend` make the connection anew, upon which the broker sends again what was not acknowledged."""
        self._is_worn = True

    def tend(self) -> None:
        """Begin anew where paho does not: its thread has died, the broker does not know our version, or we ask."""
        is_dead = self._thread is not None and not self._thread.is_alive()
        asked_s = self._asked_s
        no_answer = asked_s is not None and time.monotonic() - asked_s > ANSWER_TIMEOUT_S
        if self._client is None or not (is_dead or self._is_refused_version or no_answer or self._is_worn):
            return
        if is_dead:
            self.deaths += 1
            log.error("the connection's thread died; a new one is made")
        self.stop()
        if self._is_refused_version or no_answer:
            self.protocol = OTHER_VERSION[self.protocol]
        self._open()

    def _open(self) -> None:
        is_v5 = self.protocol == MQTTProtocolVersion.MQTTv5
        self._connection = self._thread = self._asked_s = None
        self._is_subscribed = self._is_refused_version = self._is_worn = False
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=self.protocol,
            clean_session=None if is_v5 else False,
            manual_ack=True,
        )
        set_login(client, self.address)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.reconnect_delay_set(1, RECONNECT_LONGEST_S)
        client.max_queued_messages_set(ANSWERS_WAITING)
        client.suppress_exceptions = True
        client.on_pre_connect = self._on_pre_connect
        client.on_socket_open = self._on_socket_open
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        self._answer_properties = self._properties(PacketTypes.PUBLISH, MessageExpiryInterval=ANSWER_KEPT_S)
        client.connect_async(
            self.address.host,
            self.address.port,
            keepalive=KEEPALIVE_S,
            clean_start=False,
            properties=self._properties(
                PacketTypes.CONNECT, SessionExpiryInterval=SESSION_KEPT_S, ReceiveMaximum=self._in_flight
            ),
        )
        self._client = client
        client.loop_start()

    def _properties(self, packet: int, **values: int) -> Properties | None:
        if self.protocol != MQTTProtocolVersion.MQTTv5:
            return None
        properties = Properties(packet)
        for name, value in values.items():
            setattr(properties, name, value)
        return properties

    # What follows runs on paho's network thread.

    def _on_pre_connect(self, _client: mqtt.Client, _data: object) -> None:
        self._thread = threading.current_thread()

    def _on_socket_open(self, _client: mqtt.Client, _data: object, _socket: object) -> None:
        self._asked_s = time.monotonic()

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _more: object
    ) -> None:
        self._asked_s = None
        if reason.is_failure:
            self.trouble = f"the broker refuses: {reason}"
            self._is_refused_version = reason.value == UNSUPPORTED_VERSION
            return
        with self._lock:
            self._connection = next(self._numbers)
        client.subscribe(self._subscriptions)

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, reasons: Sequence[ReasonCode], _more: object
    ) -> None:
        refused = [reason for reason in reasons if reason.is_failure]
        self.trouble = f"the broker refuses the subscription: {refused[0]}" if refused else None
        self._is_subscribed = not refused
        if not refused:
            log.info("connected to the broker at %s:%d", self.address.host, self.address.port)

    def _on_connect_fail(self, _client: mqtt.Client, _data: object) -> None:
        self.trouble = str(sys.exception() or "no answer")  # paho calls this while it handles the error

    def _on_disconnect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _more: object
    ) -> None:
        self._asked_s = None
        if self._is_subscribed and self._client is not None:
            log.warning("the connection to the broker broke: %s", reason)
        with self._lock:
            self._connection = None
            self._is_subscribed = False
            client.drop_out_messages()
        self.trouble = self.trouble or f"the connection broke: {reason}"

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            self._deliver(connection, message)
        except Exception:
            # An exception here would end the network thread while paho still calls itself connected.
            self.failures += 1
            log.exception("a message could not be taken in")
