"""Where a broker is and who we are there; and whether it lets us in."""

import random
import socket
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from strideload.collect.errors import BrokerError

LOOPBACK: Final = "127.0.0.1"
LISTENING_PORTS: Final = range(20_000, 32_000)  # below those that systems give to outgoing connections
PORT_TRIES: Final = 100


@dataclass(frozen=True)
class Address:
    """How to reach a broker. `ca_file`: PEM of the authority that signed it, and TLS; None: plain."""

    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None


def set_login(client: mqtt.Client, address: Address) -> None:
    """User, password and TLS of `address`. OSError, ssl.SSLError: the CA file cannot be used."""
    if address.user is not None:
        client.username_pw_set(address.user, address.password)
    if address.ca_file is not None:
        client.tls_set_context(ssl.create_default_context(cafile=str(address.ca_file)))


def refusal(address: Address, timeout_s: float = 5.0) -> str | None:
    """Why the broker does not let us in, in words; None: it does. Asked as MQTT 3.1.1, which they all know."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311, reconnect_on_failure=False)
    answered = threading.Event()
    answers: list[str | None] = []

    def on_connect(_client: object, _data: object, _flags: object, reason: ReasonCode, _more: object) -> None:
        answers.append(str(reason) if reason.is_failure else None)
        answered.set()

    def on_disconnect(*_unused: object) -> None:
        answered.set()

    client.on_connect = on_connect
    client.on_disconnect = on_disconnect
    client.connect_timeout = timeout_s
    try:
        set_login(client, address)
        client.connect(address.host, address.port)
    except (OSError, ValueError) as error:
        return str(error)
    client.loop_start()
    answered.wait(timeout_s)
    client.disconnect()
    client.loop_stop()
    return answers[0] if answers else "no answer"


def port_trouble(port: int, host: str) -> str | None:
    """Why a program cannot listen on that port of that address of ours ("": all of them); None: it can."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just closed is free
            probe.bind((host, port))
    except OSError as error:
        return f"port {port}: {error.strerror}"
    return None


def free_port() -> int:
    """A port of this computer on which nobody listens, and which no outgoing connection can take meanwhile.

    BrokerError: none was found.
    """
    for port in random.sample(LISTENING_PORTS, PORT_TRIES):
        if port_trouble(port, LOOPBACK) is None:
            return port
    raise BrokerError(f"No free port was found from {LISTENING_PORTS.start} to {LISTENING_PORTS.stop - 1}.")
