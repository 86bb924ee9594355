"""A pod's log as files, wherever they lie: which segments there are, and what of them is a page. Nothing is changed.

The rules are the log's own (`strideload_pod.log`): a page lies at 512 * (number - first) of its segment, and a segment
ends where the next one of its stream begins. What lies elsewhere was never part of the log: the rest of a write that
failed, or what a file system left in a file that grew. Raw segments on a card of their own are named by their log, and
one folder may hold those of several logs.
"""

import re
from collections.abc import Mapping
from itertools import zip_longest
from typing import Final, NamedTuple

import numpy as np

from strideload.pod import settings_file
from strideload.protocol import pages as protocol
from strideload_pod import log, settings
from strideload_pod.boards.on_linux import LOCK_NAME
from strideload_pod.page import PAGE_SIZE, STREAM_RAW

BESIDE_SEGMENTS: Final = frozenset((*log.META_NAMES, *settings.FILE_NAMES, LOCK_NAME, settings_file.NAME))
"""Files of a pod that hold no pages."""

NUMBERS_END: Final = 2**32

_NAME: Final = re.compile(r"([0-9]|[0-9a-f]{8})-([0-9a-f]{8})\.seg")
_LOG_DIGITS: Final = 8


class Segment(NamedTuple):
    """One file of a log: pages of `stream` from number `first` up to, not including, `end`; `size` in bytes.

    `log`: the one that its name says, None where it says none. `end` is where the next segment begins; None for the
    last one of its stream and log.
    """

    name: str
    log: int | None
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
    """The segments of a folder of these names and sizes, in order of streams, logs and numbers."""
    named = [
        (*_stream_and_log(found[1]), int(found[2], 16), name)
        for name in sizes
        if (found := _NAME.fullmatch(name))
    ]
    named.sort(key=lambda one: (one[0], -1 if one[1] is None else one[1], one[2]))
    return [
        Segment(
            name,
            log_id,
            stream,
            first,
            after[2] if after and after[:2] == (stream, log_id) else None,
            sizes[name],
        )
        for (stream, log_id, first, name), after in zip_longest(named, named[1:])
    ]


def _stream_and_log(prefix: str) -> tuple[int, int | None]:
    """What a segment's name begins with: a stream, or the log that raw pages on a card are of."""
    return (STREAM_RAW, int(prefix, 16)) if len(prefix) == _LOG_DIGITS else (int(prefix), None)


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
    if segment.log is not None:
        in_place &= headers["log"] == segment.log
    good = np.flatnonzero(whole & in_place).tolist()
    return Judged(
        pages=[data[at * PAGE_SIZE : (at + 1) * PAGE_SIZE] for at in good],
        spoilt=int((within & ~whole).sum()),
        misplaced=int((~within | whole & ~in_place).sum()),
        torn_bytes=torn_bytes,
    )
