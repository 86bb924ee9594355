"""Pages as numpy sees them: types built from the firmware's formats and names, where the layout stands."""

import re
import struct
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from strideload.protocol.errors import PageError
from strideload_pod import page

Array = npt.NDArray[Any]

KNOWN_VERSIONS = frozenset({page.VERSION})
BODY_SIZE = page.CRC_OFFSET - page.HEADER_SIZE

_TYPES = {"B": "u1", "b": "i1", "H": "<u2", "h": "<i2", "I": "<u4", "i": "<i4", "Q": "<u8", "q": "<i8"}


def layout(format_: str, names: Sequence[str]) -> list[tuple[str, str, int, int]]:
    """A struct format as (name, numpy type, offset, size) of each field; `8s` becomes eight raw bytes."""
    rows: list[tuple[str, str, int, int]] = []
    offset = 0
    for name, (count, code) in zip(names, re.findall(r"(\d*)([a-zA-Z])", format_), strict=True):
        size = struct.calcsize(f"<{count}{code}")
        rows.append((name, f"V{size}" if code == "s" else _TYPES[code], offset, size))
        offset += size
    return rows


def _dtype(format_: str, names: Sequence[str]) -> np.dtype[Any]:
    return np.dtype([(name, kind) for name, kind, _, _ in layout(format_, names)])


HEADER: np.dtype[Any] = np.dtype(
    [
        *((name, kind) for name, kind, _, _ in layout(page.HEADER_FORMAT, page.HEADER_NAMES)),
        ("body", f"V{BODY_SIZE}"),
        ("crc", "<u4"),
    ]
)
"""A whole page, 512 bytes."""

KEY: np.dtype[Any] = np.dtype(
    {
        "names": ["pod", "log", "stream", "number"],
        "formats": ["V8", "<u4", "u1", "<u4"],
        "offsets": [page.POD_OFFSET, page.LOG_OFFSET, page.STREAM_OFFSET, page.NUMBER_OFFSET],
        "itemsize": page.PAGE_SIZE,
    }
)
"""The fields that keep their place in every version."""

RAW_ACC = _dtype(*page.RAW_ACC)
RAW_ACC_GYRO = _dtype(*page.RAW_ACC_GYRO)
RECORD: dict[int, np.dtype[Any]] = {kind: _dtype(*it) for kind, it in page.RECORDS.items()}
"""Kind -> its record. Raw pages are not here: their records have three or six axes, see `record_type`."""


def record_type(kind: int, record_size: int) -> np.dtype[Any]:
    """The record of `kind` with `record_size` bytes. PageError: no such kind, or not its size."""
    found = {page.KIND_RAW: RAW_ACC if record_size == RAW_ACC.itemsize else RAW_ACC_GYRO, **RECORD}.get(kind)
    if found is None:
        raise PageError(f"kind {kind} is not known")
    if found.itemsize != record_size:
        raise PageError(f"records of kind {kind} have {found.itemsize} bytes, the page says {record_size}")
    return found


def headers(data: bytes | memoryview) -> Array:
    """Pages back to back -> shape (n,) of HEADER, on the same memory. PageError: no multiple of 512 bytes."""
    if len(data) % page.PAGE_SIZE:
        raise PageError(f"{len(data)} bytes are no whole number of pages")
    return np.frombuffer(data, HEADER)


def whole(data: bytes | memoryview) -> npt.NDArray[np.bool_]:
    """Which of these pages, of any version, begin as a page does and have a CRC that fits, shape (n,)."""
    pages = headers(data)
    view = memoryview(data)
    found = [crc32(view[at : at + page.CRC_OFFSET]) for at in range(0, len(data), page.PAGE_SIZE)]
    return (pages["crc"] == np.array(found, "<u4")) & (pages["magic"] == np.void(page.MAGIC))


def known(pages: Array) -> npt.NDArray[np.bool_]:
    """Which of these pages are of a version that we read, shape (n,)."""
    return np.isin(pages["version"], list(KNOWN_VERSIONS))


def sound(pages: Array) -> npt.NDArray[np.bool_]:
    """Which of these pages have a version and kind that are known and records that fit, shape (n,)."""
    size = pages["record_size"].astype(np.int64)
    fits = pages["kind"] == page.KIND_RAW
    fits &= (size == RAW_ACC.itemsize) | (size == RAW_ACC_GYRO.itemsize)
    for kind, record in RECORD.items():
        fits |= (pages["kind"] == kind) & (size == record.itemsize)
    fits &= pages["record_count"].astype(np.int64) * size <= BODY_SIZE
    return fits & known(pages)


def records(pages: Array, kind: int) -> tuple[npt.NDArray[np.int64], Array]:
    """All records of pages of one kind, in order -> (index of the page, record), each of shape (m,).

    PageError: a page of another kind or version, raw pages of different axes, or records that do not fit
    (`sound` tells which).
    """
    if not pages.size:
        return np.empty(0, np.int64), np.empty(0, RECORD.get(kind, RAW_ACC_GYRO))
    if (pages["kind"] != kind).any() or (pages["record_size"] != pages["record_size"][0]).any():
        raise PageError(f"pages are not all of kind {kind} and one record size")
    record = record_type(kind, int(pages["record_size"][0]))
    if not sound(pages).all():
        raise PageError("a page has more records than it can hold, or its version is not known")
    limit = BODY_SIZE // record.itemsize
    bodies = np.ascontiguousarray(pages["body"]).view("u1").reshape(len(pages), BODY_SIZE)
    table = np.ascontiguousarray(bodies[:, : limit * record.itemsize]).view(record)
    used = np.arange(limit) < pages["record_count"][:, None]
    return np.nonzero(used)[0], table[used]
