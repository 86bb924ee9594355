"""amqtt inside this process, where there is no Mosquitto: for this computer only, same users and rights.

It keeps nothing on disk: pods send again what was not acknowledged.
"""

import asyncio
import logging
import threading
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.errors import AMQTTError
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from strideload.collect.address import LOOPBACK, Address
from strideload.collect.credentials import (
    HOME_USER,
    HOST_TOPICS,
    HOST_USER,
    Users,
    allows,
    home_rights,
    make_private_folder,
    matches,
    pod_may,
)
from strideload.collect.errors import BrokerError

START_TIMEOUT_S: Final = 15.0
STOP_TIMEOUT_S: Final = 10.0
CONNECTIONS: Final = 100


class UsersFile(BaseAuthPlugin):
    """Lets in who is in the users file, as it is at that moment."""

    @dataclass
    class Config(BaseAuthPlugin.Config):
        folder: Path

    async def authenticate(self, *, session: Session) -> bool:
        stored = Users(self.config.folder).read().get(session.username or "")
        return stored is not None and matches(session.password or "", stored)


class OwnTopics(BaseTopicPlugin):
    """The host has all of ours, a pod its own topics and no others; `home` as of `Amqtt`."""

    @dataclass
    class Config(BaseTopicPlugin.Config):
        home: str | None = None

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        if session is None or session.username is None or topic is None:
            return False
        if session.username == HOST_USER:
            return topic.startswith(HOST_TOPICS.removesuffix("#"))
        if self.config.home is not None and session.username in (known := home_rights(self.config.home)):
            may = known[session.username]
            return allows(may.writes if action == Action.PUBLISH else may.reads, topic)
        return pod_may(session.username, action == Action.PUBLISH, topic)


class OwnSubscriptions(Broker):
    """amqtt 0.12 sends whoever connects what is retained on anybody's subscription; here only on the client's own."""

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        asked = self._subscriptions.get(subscription[0], [])
        if any(one.client_id == session.client_id for one, _ in asked):
            await super()._publish_retained_messages_for_subscription(subscription, session)


class Amqtt:
    """An embedded amqtt on its own thread; `start` returns once it listens. BrokerError: it does not.

    `home`: homes are told something, and this begins the topics of Home Assistant's discovery; None: they are not.
    """

    kind = "amqtt"
    lan_port = None
    ca_file = None
    pid = None
    restarts = 0

    def __init__(self, folder: Path, port: int, *, home: str | None = None) -> None:
        self.folder = folder.absolute()
        self._home = home
        self._port = port
        self._users = Users(self.folder)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="amqtt", daemon=True)
        self._broker: Broker | None = None

    def start(self) -> Self:
        # At every connect it warns of what is no trouble of ours; what is, shows at the collector.
        logging.getLogger("amqtt").setLevel(logging.CRITICAL)
        logging.getLogger("transitions").setLevel(logging.CRITICAL)
        make_private_folder(self.folder)
        self._users.write_house(home=self._home is not None)
        self._thread.start()
        try:
            self._broker = asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(START_TIMEOUT_S)
        except (AMQTTError, OSError, TimeoutError) as error:
            self.stop()
            raise BrokerError(f"amqtt does not start on port {self._port}: {error}") from error
        return self

    @property
    def address(self) -> Address:
        return Address(LOOPBACK, self._port, HOST_USER, self._users.password_of(HOST_USER))

    @property
    def home_address(self) -> Address:
        return Address(LOOPBACK, self._port, HOME_USER, self._users.password_of(HOME_USER))

    def alive(self) -> bool:
        return self._thread.is_alive() and self._broker is not None

    def add_pod(self, pod: str) -> str:
        """Let a pod in; -> its new password, which works from now on and is kept nowhere else."""
        return self._users.add_pod(pod)

    def remove_pod(self, pod: str) -> None:
        self._users.remove(pod)

    def stop(self) -> None:
        if self._broker is not None:
            stopped = asyncio.run_coroutine_threadsafe(self._broker.shutdown(), self._loop)
            try:
                stopped.result(STOP_TIMEOUT_S)
            except (AMQTTError, OSError, TimeoutError, CancelledError):
                logging.getLogger(__name__).warning("amqtt did not stop in order")
            self._broker = None
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.stop()

    async def _serve(self) -> Broker:
        broker = OwnSubscriptions(
            {
                "listeners": {
                    "default": {
                        "type": "tcp",
                        "bind": f"{LOOPBACK}:{self._port}",
                        "max_connections": CONNECTIONS,
                    }
                },
                "plugins": {
                    f"{__name__}.{UsersFile.__name__}": {"folder": self.folder},
                    f"{__name__}.{OwnTopics.__name__}": {"home": self._home},
                },
            }
        )
        await broker.start()
        return broker
