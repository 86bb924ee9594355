"""FIT files for tests, written from the protocol's description: header, definitions, data, checksums."""

import struct
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

FIT_EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
SPORTS = {"generic": 0, "running": 1, "cycling": 2, "swimming": 5, "walking": 11, "hiking": 17}
CRC_NIBBLES = (
    0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
    0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400,
)  # fmt: skip

# (field number, size in bytes, base type) of the messages that are written, and how they pack.
FILE_ID = (0, [(0, 1, 0x00), (4, 4, 0x86)], "<BI")
SESSION = (
    18,
    [(253, 4, 0x86), (2, 4, 0x86), (7, 4, 0x86), (9, 4, 0x86), (22, 2, 0x84), (23, 2, 0x84), (5, 1, 0x00)],
    "<IIIIHHB",
)
RECORD = (20, [(253, 4, 0x86), (5, 4, 0x86)], "<II")


def crc(data: bytes) -> int:
    """The protocol's CRC-16."""
    found = 0
    for byte in data:
        for nibble in (byte & 0xF, byte >> 4):
            found = (found >> 4) ^ CRC_NIBBLES[found & 0xF] ^ CRC_NIBBLES[nibble]
    return found


def seconds(at: datetime) -> int:
    return int((at - FIT_EPOCH).total_seconds())


def fit_file(
    start: datetime,
    points: Sequence[tuple[float, float]],
    *,
    sport: str = "running",
    ascent_m: int = 12,
    descent_m: int = 9,
) -> bytes:
    """An activity of (seconds since the start, metres) points, as a watch writes it."""
    last_s, last_m = points[-1]
    t0 = seconds(start)
    session = (
        t0 + int(last_s),
        t0,
        int(last_s * 1000),
        int(last_m * 100),
        ascent_m,
        descent_m,
        SPORTS[sport],
    )
    body = b"".join(
        [
            *_message(0, FILE_ID, [(4, t0)]),
            *_message(1, RECORD, [(t0 + int(s), int(m * 100)) for s, m in points]),
            *_message(2, SESSION, [session]),
        ]
    )
    header = struct.pack("<BBHI4s", 14, 0x20, 2195, len(body), b".FIT")
    header += struct.pack("<H", crc(header))
    return header + body + struct.pack("<H", crc(header + body))


def _message(
    local: int, what: tuple[int, list[tuple[int, int, int]], str], rows: Iterable[tuple[int, ...]]
) -> list[bytes]:
    number, fields, packing = what
    definition = struct.pack("<BBBHB", 0x40 | local, 0, 0, number, len(fields))
    definition += b"".join(struct.pack("<BBB", *field) for field in fields)
    return [definition, *(bytes([local]) + struct.pack(packing, *row) for row in rows)]
