"""The packets of a line on a real MicroPython: slices and errors are a board's. The library is not needed for it."""

import json

from collect.pod import publish_packet
from support import micropython

SCRIPT = """
import errno
import json
from strideload_pod.boards.minimqtt import INCOMING_LIMIT, Line, Sockets

class Clock:
    now = 0
    def ticks_ms(self):
        return self.now
    def sleep_ms(self, ms):
        self.now += ms

class Socket:
    def __init__(self, chunks):
        self.chunks = chunks
        self.sent = b""
    def recv_into(self, view):
        if not self.chunks:
            raise OSError(errno.EAGAIN)
        data = self.chunks[0][: len(view)]
        self.chunks[0] = self.chunks[0][len(data) :]
        if not self.chunks[0]:
            self.chunks.pop(0)
        view[: len(data)] = data
        return len(data)
    def send(self, data):
        taken = bytes(data[:3])
        self.sent += taken
        return len(taken)

with open("stream.bin", "rb") as file:
    stream = file.read()
found = []
for size in (1, 5, 700, len(stream)):
    sockets = Sockets(None, Clock(), "")
    line = Line(sockets, Socket([stream[i : i + size] for i in range(0, len(stream), size)]), bytearray(INCOMING_LIMIT))
    packets = []
    for _ in range(10000):
        if line.next_packet():
            kind = line.kind
            data = bytearray(INCOMING_LIMIT)
            packets.append((kind, bytes(data[: line.recv_into(memoryview(data), INCOMING_LIMIT)]).hex()))
    try:
        line.recv_into(bytearray(1), 1)
        ended = None
    except OSError as error:
        ended = error.errno == errno.EAGAIN
    line.send(b"0123456789")
    found.append([packets, sockets.passed_over, ended, line._socket.sent.hex()])
print(json.dumps(found))
"""
LIBRARIES = {
    "adafruit_connection_manager.py": b"def connection_manager_close_all(pool):\n    pass\n",
    "adafruit_minimqtt/__init__.py": b"",
    "adafruit_minimqtt/adafruit_minimqtt.py": b"class MQTT:\n    pass\n",
}


def test_packets_are_whole_however_they_come():
    """Byte by byte, in pieces and all at once; one that is too large is passed over, and the next is heard."""
    small, large, last = publish_packet(b"a", b"1" * 300), publish_packet(b"a", bytes(4000)), b"\xd0\x00"
    stream = small + last + large + small + last
    ran = micropython.run(SCRIPT, {"stream.bin": stream, **LIBRARIES})
    packets = [[0x30, small.hex()], [0xD0, last.hex()], [0x30, small.hex()], [0xD0, last.hex()]]
    assert json.loads(ran.stdout) == [[packets, 1, True, b"0123456789".hex()]] * 4
