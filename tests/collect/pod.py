"""What a pod would send: pages of one log, and its messages."""

import json
import struct

from strideload_pod import page

LOG = 0x5EED0001


def make_page(number: int, *, pod: str, log: int = LOG, version: int = page.VERSION) -> bytes:
    """A whole page of ten steps; its bytes depend on the arguments only."""
    made = page.Page(bytes.fromhex(pod))
    made.fields.update(version=version, boot=1, session=1, rate_mhz=416_666, odr_hz=416)
    made.open(page.KIND_STEPS, number * 3000)
    for step in range(10):
        made.add(step * 75_000, 60_000, 75_000, 400, 9000, page.STEP_KIND_RUN, 0, 0)
    return bytes(made.close(log, number, number * 3000 + 3000, number * 7200))


def make_pages(count: int, *, pod: str, log: int = LOG) -> list[bytes]:
    return [make_page(number, pod=pod, log=log) for number in range(count)]


def make_state(*, wanted: int, log: int = LOG) -> bytes:
    streams = {"0": {"oldest": 0, "next": 100, "wanted": wanted}}
    return json.dumps({"v": 1, "log": f"{log:08x}", "boot": 1, "streams": streams}).encode()


def flipped(whole: bytes, at: int) -> bytes:
    """The page with one bit of byte `at` flipped."""
    return whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]


def publish_packet(topic: bytes, payload: bytes) -> bytes:
    """An MQTT 3.1.1 PUBLISH at QoS 0, with any bytes for a topic. [MQTT 3.1.1, 3.3]"""
    rest = struct.pack(">H", len(topic)) + topic + payload
    return b"\x30" + _length(len(rest)) + rest


def connect_packet(user: str, password: str) -> bytes:
    """An MQTT 3.1.1 CONNECT of a clean session. [MQTT 3.1.1, 3.1]"""
    texts = (b"raw", user.encode(), password.encode())
    rest = b"\x00\x04MQTT\x04\xc2\x00\x3c" + b"".join(struct.pack(">H", len(text)) + text for text in texts)
    return b"\x10" + _length(len(rest)) + rest


def _length(size: int) -> bytes:
    found = bytearray()
    while True:
        size, low = divmod(size, 128)
        found.append(low | (0x80 if size else 0))
        if not size:
            return bytes(found)
