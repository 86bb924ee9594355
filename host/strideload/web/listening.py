"""A listening socket that holds a bounded number of connections.

Whoever connects needs no log-in, and each connection is a file that this program has open: without a bound a stranger
could hold so many that the store opens none.
"""

import socket
from typing import Any, Final

MOST: Final = 256  # a process may have 1024 files open, unless it was given more
MOST_OF_AN_ADDRESS: Final = 64  # so that one computer does not hold them all; a browser makes six


class Listening(socket.socket):
    """Closes a connection that is one too many as soon as it comes. One thread accepts."""

    def __init__(self, family: int, kind: int, protocol: int) -> None:
        super().__init__(family, kind, protocol)
        self._held: list[tuple[socket.socket, str]] = []

    def accept(self) -> tuple[socket.socket, Any]:
        """ConnectionAbortedError: it was one too many; asyncio goes on with the next."""
        connection, address = super().accept()
        self._held = [(one, of) for one, of in self._held if one.fileno() != -1]
        of_it = sum(of == address[0] for _, of in self._held)
        if len(self._held) >= MOST or of_it >= MOST_OF_AN_ADDRESS:
            connection.close()
            raise ConnectionAbortedError
        self._held.append((connection, address[0]))
        return connection, address
