"""A plain MQTT client that speaks as any program would."""

import threading

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from strideload.collect.address import Address, set_login
from support.waiting import PATIENCE_S

POD_A = "00000000000000aa"
POD_B = "00000000000000bb"


class Talker:
    """A client that keeps what it hears; publishing returns when the broker has the message."""

    def __init__(self, address: Address, topics: tuple[str, ...] = (), client_id: str = "") -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.granted: list[bool] = []
        self._subscribed = threading.Event()
        self._topics = topics
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv311)
        set_login(self._client, address)
        self._client.reconnect_delay_set(1, 1)
        self._client.max_inflight_messages_set(0)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = lambda _c, _d, message: self.heard.append((message.topic, message.payload))
        self._client.connect(address.host, address.port)
        self._client.loop_start()
        assert self._subscribed.wait(PATIENCE_S)

    def _on_connect(self, client: mqtt.Client, *_more: object) -> None:
        if self._topics:
            client.subscribe([(topic, 1) for topic in self._topics])
        else:
            self._subscribed.set()

    def _on_subscribe(self, _c: object, _d: object, _mid: object, codes: list, _more: object) -> None:
        self.granted = [not code.is_failure for code in codes]
        self._subscribed.set()

    def publish(self, topic: str, *payloads: bytes, retain: bool = False, qos: int = 1) -> None:
        sent = [self._client.publish(topic, payload, qos=qos, retain=retain) for payload in payloads]
        for message in sent:
            message.wait_for_publish(PATIENCE_S)
            assert message.is_published()

    def send(self, topic: str, *payloads: bytes) -> None:
        """Publish without waiting; it is lost where there is no connection."""
        for payload in payloads:
            self._client.publish(topic, payload, qos=0)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> "Talker":
        return self

    def __exit__(self, *_unused: object) -> None:
        self.close()
