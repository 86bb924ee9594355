"""The publisher's own connection to the broker, with a last will, made again whenever it breaks.

MQTT 3.1.1 with a clean session: every broker has it, and all that lies there is said anew at each connection.
"""

import itertools
import logging
import queue
import sys
import threading
from contextlib import suppress
from typing import Final, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from strideload.collect.address import Address, set_login
from strideload.collect.errors import BrokerError

KEEPALIVE_S: Final = 30
CONNECT_TIMEOUT_S: Final = 5.0
RECONNECT_LONGEST_S: Final = 10
HEARD_MOST: Final = 256  # waiting; more is nothing that a person at a dashboard sends
PAYLOAD_KEPT: Final = 256  # bytes of a message; commands are shorter
FAREWELL_S: Final = 2.0

log = logging.getLogger(__name__)


class Heard(NamedTuple):
    """A message. `payload`: its beginning. `retained`: it lay at the broker and was not sent now."""

    topic: str
    payload: bytes
    retained: bool


def is_confirmed(info: mqtt.MQTTMessageInfo | None) -> bool:
    """Whether the broker has it. What was never queued is sent again on the next connection."""
    try:
        return info is not None and info.is_published()
    except (ValueError, RuntimeError):
        return False


class HomeLine:
    """`trouble` says why there is no connection; `dropped` counts messages that found no room or no name."""

    def __init__(
        self, address: Address, client_id: str, will: tuple[str, bytes], topics: tuple[str, ...]
    ) -> None:
        self.trouble: str | None = None
        self.dropped = 0
        self.deaths = 0  # of the network thread
        self._address = address
        self._client_id = client_id
        self._will = will
        self._subscriptions = [(topic, 1) for topic in topics]
        self._heard: queue.Queue[Heard] = queue.Queue(HEARD_MOST)
        self._numbers = itertools.count(1)
        self._connection: int | None = None
        self._thread: threading.Thread | None = None
        self._client: mqtt.Client | None = None

    def start(self) -> None:
        """Connect as soon as the broker is there. BrokerError: the address can never work."""
        try:
            self._open()
        except (OSError, ValueError) as error:
            raise BrokerError(f"The broker at {self._address.host} cannot be addressed: {error}") from error

    def stop(self) -> None:
        """Say what the will says, and go."""
        client, self._client = self._client, None
        if client is None:
            return
        if self._connection is not None:
            with suppress(ValueError, RuntimeError):
                client.publish(*self._will, qos=1, retain=True).wait_for_publish(FAREWELL_S)
        client.disconnect()
        client.loop_stop()

    @property
    def connection(self) -> int | None:
        """The number of the connection that stands and is subscribed; None without one."""
        return self._connection

    def take(self, timeout_s: float) -> Heard | None:
        try:
            return self._heard.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def retain(self, topic: str, payload: bytes) -> mqtt.MQTTMessageInfo | None:
        """Have the broker keep it; None: there is no connection."""
        client = self._client
        if client is None or self._connection is None:
            return None
        return client.publish(topic, payload, qos=1, retain=True)

    def tend(self) -> None:
        """Begin anew where paho does not: its thread has died."""
        if self._client is None or self._thread is None or self._thread.is_alive():
            return
        self.deaths += 1
        log.error("the connection's thread died; a new one is made")
        self._client.loop_stop()
        self._open()

    def _open(self) -> None:
        self._connection = self._thread = None
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            protocol=mqtt.MQTTv311,
            clean_session=True,
        )
        set_login(client, self._address)
        client.will_set(*self._will, qos=1, retain=True)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.reconnect_delay_set(1, RECONNECT_LONGEST_S)
        client.suppress_exceptions = True
        client.on_pre_connect = self._on_pre_connect
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.connect_async(self._address.host, self._address.port, keepalive=KEEPALIVE_S)
        self._client = client
        client.loop_start()

    # What follows runs on paho's network thread.

    def _on_pre_connect(self, _client: mqtt.Client, _data: object) -> None:
        self._thread = threading.current_thread()

    def _on_connect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _more: object
    ) -> None:
        if reason.is_failure:
            self.trouble = f"the broker refuses: {reason}"
        else:
            client.subscribe(self._subscriptions)

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, reasons: list[ReasonCode], _more: object
    ) -> None:
        refused = [reason for reason in reasons if reason.is_failure]
        self.trouble = f"the broker refuses the subscription: {refused[0]}" if refused else None
        self._connection = None if refused else next(self._numbers)

    def _on_connect_fail(self, _client: mqtt.Client, _data: object) -> None:
        self.trouble = str(sys.exception() or "no answer")  # paho calls this while it handles the error

    def _on_disconnect(
        self, client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _more: object
    ) -> None:
        self._connection = None
        client.drop_out_messages()
        if reason.is_failure:
            self.trouble = self.trouble or f"the connection broke: {reason}"

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        try:
            heard = Heard(message.topic, bytes(message.payload[:PAYLOAD_KEPT]), bool(message.retain))
            self._heard.put_nowait(heard)
        except (queue.Full, UnicodeDecodeError):
            self.dropped += 1
