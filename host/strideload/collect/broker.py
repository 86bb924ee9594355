"""Which broker: the user's own if one is set, else a managed Mosquitto, else amqtt inside this process."""

from pathlib import Path
from typing import Final, Protocol, Self

from strideload.collect import mosquitto
from strideload.collect.address import LOOPBACK, Address, free_port, port_trouble, refusal
from strideload.collect.credentials import HOST_USER, Users, make_private_folder, write_private
from strideload.collect.errors import BrokerError
from strideload.settings import MQTT_PORT, MQTT_TLS_PORT, Settings

PORT_FILE: Final = "port"


class Broker(Protocol):
    """A broker that can be used. A context that stops what was started."""

    kind: str  # own, mosquitto or amqtt

    @property
    def address(self) -> Address:
        """For the host."""
        ...

    @property
    def home_address(self) -> Address:
        """For who tells homes something; at a managed broker only where it was started for that."""
        ...

    @property
    def lan_port(self) -> int | None:
        """Where pods on the network connect, by TLS; None: a managed broker is closed to the network."""
        ...

    @property
    def ca_file(self) -> Path | None:
        """PEM file that a pod on the network checks the broker by."""
        ...

    @property
    def pid(self) -> int | None:
        """Of a managed broker's process, if it has one of its own."""
        ...

    @property
    def restarts(self) -> int:
        """How often a managed broker had to be started anew."""
        ...

    def alive(self) -> bool: ...

    def add_pod(self, pod: str) -> str:
        """Let a pod in; -> its new password. BrokerError."""
        ...

    def remove_pod(self, pod: str) -> None: ...

    def stop(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_unused: object) -> None: ...


class OwnBroker:
    """The user's own broker, which nobody starts or stops from here."""

    kind = "own"
    lan_port = None
    pid = None
    restarts = 0

    def __init__(self, address: Address) -> None:
        self.address = self.home_address = address
        self.ca_file = address.ca_file

    def alive(self) -> bool:
        return refusal(self.address) is None

    def add_pod(self, pod: str) -> str:
        raise BrokerError(f"Add the pod's user in your own broker at {self.address.host}; name it {pod}.")

    def remove_pod(self, pod: str) -> None:
        raise BrokerError(f"Remove the user {pod} in your own broker at {self.address.host}.")

    def stop(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_unused: object) -> None:
        pass


def start_broker(
    settings: Settings, folder: Path, *, lan: bool = False, clears_homes: bool = False
) -> Broker:
    """The broker of the settings, running; a managed one lives in `folder`. BrokerError, SettingsError.

    `clears_homes`: what homes were told lies there, so a managed one lets its user in, whatever the settings say.
    """
    if settings.broker.host is not None:
        return OwnBroker(own_address(settings, settings.broker.host))
    make_private_folder(folder)
    port = settings.broker.port or _kept_port(folder)
    kind = settings.broker.managed
    home = settings.home.discovery_prefix if settings.home.enabled or clears_homes else None
    if kind == "mosquitto" or (kind == "auto" and mosquitto.program() is not None):
        lan_port = settings.broker.lan_port if lan else None
        return mosquitto.Mosquitto(folder, port, lan_port=lan_port, home=home).start()
    if lan:
        raise BrokerError("Pods on the network need Mosquitto (Debian: apt-get install mosquitto).")
    from strideload.collect.amqtt_broker import Amqtt  # slow to load, and rarely used

    return Amqtt(folder, port, home=home).start()


def own_address(settings: Settings, host: str) -> Address:
    """Where the user's own broker is. SettingsError: its password cannot be read."""
    ca_file = settings.ca_file()
    port = settings.broker.port or (MQTT_PORT if ca_file is None else MQTT_TLS_PORT)
    return Address(host, port, settings.broker.user, settings.broker_password(), ca_file)


def address_of_running(settings: Settings, folder: Path) -> Address:
    """The host's own address at the broker that another process runs in `folder`. BrokerError: there is none."""
    if settings.broker.host is not None:
        return own_address(settings, settings.broker.host)
    try:
        port = settings.broker.port or int((folder / PORT_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise BrokerError(f"No broker has run in {folder} yet.") from None
    return Address(LOOPBACK, port, HOST_USER, Users(folder).password_of(HOST_USER))


def _kept_port(folder: Path) -> int:
    """The port that the folder's broker had before, if it is free; else a free one, kept from now on."""
    try:
        port = int((folder / PORT_FILE).read_text(encoding="utf-8"))
        if 0 < port < 65536 and port_trouble(port, LOOPBACK) is None:
            return port
    except (FileNotFoundError, ValueError):
        pass  # none yet, or not ours
    port = free_port()
    write_private(folder / PORT_FILE, str(port))
    return port
