"""Messages -> pages, sorted out before any table is touched: what is whole, whose it is, what has to go aside."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from strideload.protocol import pages as protocol
from strideload_pod import page

EMPTY: Final = "empty payload"
TRUNCATED: Final = "length is not a multiple of 512"
NOT_WHOLE: Final = "no page, or its CRC is wrong"
FOREIGN: Final = "pod of another topic"
CONFLICT: Final = "same key, different bytes"

StreamKey = tuple[str, int, int]  # pod, log, stream
Indices = npt.NDArray[np.int64]

# Pod, log and stream stand next to each other, so that one comparison of bytes tells streams apart.
_STREAM: Final = np.dtype(
    {
        "names": ["key"],
        "formats": [f"V{page.STREAM_OFFSET + 1 - page.POD_OFFSET}"],
        "offsets": [page.POD_OFFSET],
        "itemsize": page.PAGE_SIZE,
    }
)


class Received(NamedTuple):
    """One message on a pod's `pages` topic; `topic_pod` as `topics.parse` gives it.

    `heard`: the pod itself sent it; not so, its pages were copied off it.
    """

    topic_pod: str
    payload: bytes
    received_utc_us: int
    heard: bool = True


class Reject(NamedTuple):
    """Bytes that go aside."""

    reason: str
    pod: str
    payload: bytes
    received_utc_us: int


class BadPage(NamedTuple):
    """A page that is not whole, and the key that it most likely had."""

    stream: StreamKey
    number: int
    neighbours: bool  # told by the whole pages beside it; else by its own header, which may lie


@dataclass
class Outcome:
    """What became of the messages of one `add`."""

    wanted: dict[StreamKey, int] = field(
        default_factory=dict[StreamKey, int]
    )  # next page, of each stream touched
    stored: int = 0  # pages that are new
    pods: dict[str, int] = field(default_factory=dict[str, int])  # of these, by pod
    repeated: int = 0
    conflicting: int = 0
    set_aside: int = 0  # pages and payloads
    lost: int = 0  # pages that are now known to be lost
    erased: int = 0  # pages that a runner had erased, and that a pod sent again
    reasons: dict[str, int] = field(default_factory=dict[str, int])  # why things were set aside


@dataclass(frozen=True)
class Intake:
    """Messages as pages: `data` holds them back to back, the arrays have one entry a page."""

    data: bytes
    pages: protocol.Array
    good: npt.NDArray[np.bool_]
    received_utc_us: npt.NDArray[np.int64]
    streams: list[tuple[StreamKey, Indices]]  # good pages of each stream, in order of arrival
    bad: list[BadPage]
    rejects: list[Reject]

    def bytes_of(self, index: int) -> bytes:
        """One page as it came."""
        return self.data[index * page.PAGE_SIZE : (index + 1) * page.PAGE_SIZE]


def sort_out(received: Sequence[Received]) -> Intake:
    """Cut messages into pages and judge each of them. ValueError: a `topic_pod` is not hex."""
    rejects = list(_odd_lengths(received))
    payloads = [r.payload[: len(r.payload) // page.PAGE_SIZE * page.PAGE_SIZE] for r in received]
    counts = np.array([len(payload) // page.PAGE_SIZE for payload in payloads], np.int64)
    data = b"".join(payloads)
    headers = protocol.headers(data)
    whole = protocol.whole(data)
    message = np.repeat(np.arange(len(received)), counts)
    senders = np.array([bytes.fromhex(r.topic_pod) for r in received], "V8")
    ours = headers["pod"] == senders[message]
    good = whole & ours
    times = np.array([r.received_utc_us for r in received], np.int64)[message]

    def reject(index: int, reason: str) -> Reject:
        sender = received[int(message[index])]
        return Reject(reason, sender.topic_pod, _cut(data, index), sender.received_utc_us)

    rejects += [reject(i, NOT_WHOLE) for i in np.flatnonzero(~whole).tolist()]
    rejects += [reject(i, FOREIGN) for i in np.flatnonzero(whole & ~ours).tolist()]
    bad = [
        found
        for i in np.flatnonzero(~whole).tolist()
        if (found := _likely_key(headers, good & (message == message[i]), bool(ours[i]), i))
    ]
    streams = [(key_of(headers[at[0]]), at) for at in _by_stream(data, good)]
    return Intake(data, headers, good, times, streams, bad, rejects)


def key_of(header: Any) -> StreamKey:
    """The stream that a page belongs to."""
    return header["pod"].tobytes().hex(), int(header["log"]), int(header["stream"])


def _cut(data: bytes, index: int) -> bytes:
    return data[index * page.PAGE_SIZE : (index + 1) * page.PAGE_SIZE]


def _odd_lengths(received: Iterable[Received]) -> Iterable[Reject]:
    for sender in received:
        odd = len(sender.payload) % page.PAGE_SIZE
        if odd:
            yield Reject(TRUNCATED, sender.topic_pod, sender.payload[-odd:], sender.received_utc_us)
        elif not sender.payload:
            yield Reject(EMPTY, sender.topic_pod, b"", sender.received_utc_us)


def _by_stream(data: bytes, good: npt.NDArray[np.bool_]) -> list[Indices]:
    """The good pages of each stream, as indices, in order of arrival."""
    at = np.flatnonzero(good)
    keys = np.frombuffer(data, _STREAM)["key"][at]
    if not len(at) or (keys == keys[0]).all():
        return [at] if len(at) else []
    found: dict[bytes, list[int]] = {}
    for index, key in zip(at.tolist(), keys.tolist(), strict=True):
        found.setdefault(key, []).append(index)
    return [np.array(indices, np.int64) for indices in found.values()]


def _likely_key(
    headers: protocol.Array, neighbours: npt.NDArray[np.bool_], own_pod: bool, index: int
) -> BadPage | None:
    """Which page this was: pages of a message have consecutive numbers; alone, it can only say so itself."""
    beside = np.flatnonzero(neighbours)
    if len(beside):
        nearest = int(beside[np.argmin(np.abs(beside - index))])
        number = int(headers[nearest]["number"]) + index - nearest
        return BadPage(key_of(headers[nearest]), number, True) if number >= 0 else None
    if not own_pod:
        return None
    return BadPage(key_of(headers[index]), int(headers[index]["number"]), False)
