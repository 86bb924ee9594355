"""A pod's log as files, wherever they lie: which segments there are, and what of them is a page. Nothing is changed.

The rules are the log's own (`strideload_pod.log`): a page lies at 512 * (number - first) of its segment, and a segment
ends where the next one of its stream begins. What lies elsewhere was never part of the log: the rest of a write that
failed, or what a file system left in a file that grew.
"""

import re
from collections.abc import Mapping
from itertools import zip_longest
from typing import Final, NamedTuple

import numpy as np

from strideload.protocol import pages as protocol
from strideload_pod import log
from strideload_pod.page import PAGE_SIZE

META_NAMES: Final = log.META_NAMES
NUMBERS_END: Final = 2**32

_NAME: Final = re.compile(r"([0-9])-([0-9a-f]{8})\.seg")


class Segment(NamedTuple):
    """One file of a log: pages of `stream` from number `first` up to, not including, `end`; `size` in bytes.

    `end` is where the next segment begins; None for the last one of its stream.
    """

    name: str
    stream: int
    first: int
    end: int | None
    size: int


class Held(NamedTuple):
    """Numbers of one stream that a log has: `oldest` up to, not including, `next`."""

    oldest: int
    next: int


class Judged(NamedTuple):
    """What a segment's bytes are. `pages`: the whole ones, in order; the others are counted."""

    pages: list[bytes]
    spoilt: int  # no page, or its CRC is wrong
    misplaced: int  # a page of another place, or what lies where another segment goes on
    torn_bytes: int  # less than a page, at the end


def segments(sizes: Mapping[str, int]) -> list[Segment]:
    """The segments of a folder of these names and sizes, in order of streams and numbers."""
    named = [(int(found[1]), int(found[2], 16), name) for name in sizes if (found := _NAME.fullmatch(name))]
    named.sort()
    return [
        Segment(name, stream, first, after[1] if after and after[0] == stream else None, sizes[name])
        for (stream, first, name), after in zip_longest(named, named[1:])
    ]


def held(found: list[Segment]) -> dict[int, Held]:
    """What a log with these segments has of each stream."""
    streams: dict[int, Held] = {}
    for segment in found:
        oldest = streams[segment.stream].oldest if segment.stream in streams else segment.first
        streams[segment.stream] = Held(oldest, segment.first + segment.size // PAGE_SIZE)
    return streams


def judge(segment: Segment, data: bytes) -> Judged:
    """Tell the pages of a segment from what else lies in it."""
    torn_bytes = len(data) % PAGE_SIZE
    data = data[: len(data) - torn_bytes]
    headers = protocol.headers(data)
    whole = protocol.whole(data)
    numbers = segment.first + np.arange(len(headers), dtype=np.int64)
    within = numbers < (NUMBERS_END if segment.end is None else segment.end)
    in_place = within & (headers["number"] == numbers) & (headers["stream"] == segment.stream)
    good = np.flatnonzero(whole & in_place).tolist()
    return Judged(
        pages=[data[at * PAGE_SIZE : (at + 1) * PAGE_SIZE] for at in good],
        spoilt=int((within & ~whole).sum()),
        misplaced=int((~within | whole & ~in_place).sum()),
        torn_bytes=torn_bytes,
    )
