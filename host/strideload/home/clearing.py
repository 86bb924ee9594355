"""Takes away what lies at the broker once the settings do not want homes told any more."""

import logging
import threading
from pathlib import Path
from typing import Final

from paho.mqtt.client import MQTTMessageInfo

from strideload.collect.address import Address
from strideload.errors import StrideloadError
from strideload.home import discovery
from strideload.home.ledger import PUBLISHED_NAME, Ledger
from strideload.home.line import HomeLine
from strideload.protocol import topics
from strideload.protocol.messages import CLEARED

LOOK_EVERY_S: Final = 0.2

log = logging.getLogger(__name__)


class Clearing:
    """From `start` on, in a thread of its own, until the broker has confirmed all of it, or `stop`."""

    def __init__(self, address: Address, store: str, folder: Path, *, prefix: str) -> None:
        self._ledger = Ledger(folder / PUBLISHED_NAME)
        self._line = HomeLine(
            address,
            f"strideload-home-{store[:16]}",
            (topics.of_host(store, "online"), CLEARED),
            (discovery.status_topic(prefix),),
        )
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="clearing", daemon=True)

    def start(self) -> None:
        """BrokerError: the broker's address can never work."""
        self._line.start()
        self._thread.start()

    def stop(self) -> None:
        """What is left is cleared at the next start."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._line.stop()

    def _work(self) -> None:
        try:
            while self._ledger.names and not self._stopping.is_set():
                self._line.tend()
                self._clear()
        except StrideloadError as error:
            log.warning("what was shown at home is not all taken away: %s", error)
            return
        if not self._ledger.names:
            log.info("what was shown at home is taken away")

    def _clear(self) -> None:
        """All that is left, by the connection that stands; the ledger forgets what the broker has confirmed."""
        connection = self._line.connection
        sent = {topic: self._line.retain(topic, CLEARED) for topic in sorted(self._ledger.names)}
        while self._line.connection == connection and not self._stopping.wait(LOOK_EVERY_S):
            self._ledger.forget([topic for topic, info in sent.items() if _is_confirmed(info)])
            if connection is None or not self._ledger.names:
                return


def _is_confirmed(info: MQTTMessageInfo | None) -> bool:
    try:
        return info is not None and info.is_published()
    except (ValueError, RuntimeError):  # it was never queued; it is cleared again on the next connection
        return False
