"""A broker that speaks MQTT 3.1.1 only and sends whatever bytes it is given, which real ones refuse to do."""

import socket
import threading
from contextlib import suppress
from typing import Self

from strideload.collect.address import LOOPBACK, Address

CONNACK = b"\x20\x02\x00\x00"
CONNACK_REFUSED = b"\x20\x02\x00\x01"  # unacceptable protocol version
PROTOCOL_LEVEL_AT = 6


class FakeBroker:
    """Lets everyone in, and sends `packet` once somebody has subscribed. `connects` are the versions asked for.

    `granted` is the answer to a subscription: a QoS, or 0x80 for a refusal.
    """

    def __init__(self, packet: bytes, granted: int = 1) -> None:
        self.connects: list[int] = []
        self.acknowledged = 0
        self._packet = packet
        self._granted = granted
        self._listener = socket.create_server((LOOPBACK, 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> Address:
        return Address(LOOPBACK, self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_unused: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                with line, line.makefile("rb") as words, suppress(OSError, IndexError):
                    self._talk(line, words)

    def _talk(self, line: socket.socket, words: socket.SocketIO) -> None:
        while head := words.read(1):
            rest = words.read(self._length(words))
            match head[0]:
                case 0x10:  # CONNECT
                    self.connects.append(rest[PROTOCOL_LEVEL_AT])
                    if self.connects[-1] != 4:
                        line.sendall(CONNACK_REFUSED)
                        return
                    line.sendall(CONNACK)
                case 0x82:  # SUBSCRIBE
                    topics = self._topics(rest)
                    answers = bytes([self._granted]) * topics
                    line.sendall(bytes([0x90, 2 + topics]) + rest[:2] + answers + self._packet)
                case 0x40:  # PUBACK
                    self.acknowledged += 1

    @staticmethod
    def _topics(subscribe: bytes) -> int:
        """How many topics a SUBSCRIBE names: each has a length, its text and a QoS."""
        at, count = 2, 0
        while at < len(subscribe):
            at += 3 + int.from_bytes(subscribe[at : at + 2], "big")
            count += 1
        return count

    @staticmethod
    def _length(words: socket.SocketIO) -> int:
        size, shift = 0, 0
        while True:
            byte = words.read(1)[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return size
