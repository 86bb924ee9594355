"""Tells systemd how a service of `Type=notify` is. [sd_notify(3)]"""

import logging
import os
import socket
from typing import Final

VARIABLE: Final = "NOTIFY_SOCKET"

log = logging.getLogger(__name__)


class Notifier:
    """The line to the system's manager; silent where nobody listens.

    The variable is taken out of the environment: Mosquitto speaks to systemd as well, and would speak for us.
    """

    def __init__(self) -> None:
        self._address = os.environ.pop(VARIABLE, "")

    def tell(self, *said: str) -> None:
        """Lines such as READY=1; a state that cannot be told is logged."""
        if not self._address.startswith(("/", "@")):
            return
        address = self._address.replace("@", "\0", 1) if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.setblocking(False)
                line.sendto("\n".join(said).encode(), address)
        except OSError as error:
            log.warning("systemd could not be told %s: %s", said[0], error.strerror or error)
