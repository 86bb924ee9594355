"""What has come and is not yet stored: bounded in bytes, taken in batches."""

import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final, NamedTuple

from paho.mqtt.client import MQTTMessage

from strideload.protocol.messages import MAX_PAYLOAD

# Mosquitto 2.0 sends a client that acknowledges more than it asked for, and a connection made anew brings what was
# not acknowledged once more, so the number of messages in flight is no bound.
ROOM_BYTES: Final = 64 * 2**20
MESSAGE_BYTES: Final = 300  # of a message beside its payload, about

BATCH_MESSAGES: Final = 500
BATCH_BYTES: Final = 2**20

# A commit costs about the same for one message and for many: while more come, a batch may fill.
GATHER_S: Final = 0.02
GATHER_LONGEST_S: Final = 0.1
IDLE_S: Final = 0.2

NO_ID: Final = 0  # of a message at QoS 0, which nobody acknowledges [MQTT 3.1.1, 2.3.1]


class Taken(NamedTuple):
    """One message."""

    connection: int
    mid: int
    topic: str | bytes  # bytes: not UTF-8
    payload: bytes  # its first MAX_PAYLOAD bytes
    size: int  # how many it has
    is_retained: bool  # the broker had kept it; when it was said is not known


class Inbox:
    """Filled by the network thread, emptied by the worker."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Taken] = SimpleQueue()
        # Each is changed by one thread only, so neither needs a lock.
        self._bytes_in = 0
        self._bytes_out = 0

    def put(self, connection: int, message: MQTTMessage) -> bool:
        """Keep a message; False: there is no room. A payload is cut to MAX_PAYLOAD bytes."""
        if self._waiting_bytes() >= ROOM_BYTES:
            return False
        try:
            topic = message.topic
        except UnicodeDecodeError as error:
            topic = error.object
        # Of paho's message only what is needed: its properties are many dictionaries, which every pass of Python's
        # garbage collector would visit.
        payload = bytes(message.payload[:MAX_PAYLOAD])
        self._bytes_in += len(payload) + MESSAGE_BYTES
        mid = message.mid if message.qos else NO_ID
        self._queue.put(Taken(connection, mid, topic, payload, len(message.payload), message.retain))
        return True

    def take(self, stopping: threading.Event) -> list[Taken]:
        """A batch at most; waits a moment for the first message, and while more come a little longer."""
        taken: list[Taken] = []
        size = 0
        with suppress(Empty):
            taken.append(self._queue.get(timeout=IDLE_S))
            self._gather(stopping)
            while len(taken) < BATCH_MESSAGES and size < BATCH_BYTES:
                taken.append(self._queue.get_nowait())
                size += len(taken[-1].payload)
        self._bytes_out += sum(len(one.payload) + MESSAGE_BYTES for one in taken)
        return taken

    def is_empty(self) -> bool:
        return self._queue.empty()

    def _gather(self, stopping: threading.Event) -> None:
        deadline_s = time.monotonic() + GATHER_LONGEST_S
        before = -1
        while before < self._queue.qsize() < BATCH_MESSAGES and self._waiting_bytes() < BATCH_BYTES:
            before = self._queue.qsize()
            if stopping.wait(GATHER_S) or time.monotonic() > deadline_s:
                return

    def _waiting_bytes(self) -> int:
        return self._bytes_in - self._bytes_out
