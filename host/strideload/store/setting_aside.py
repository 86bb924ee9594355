"""What cannot be stored as a page is kept beside, with the reason, and counted. The room for it is bounded."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from strideload.protocol.messages import MAX_PAYLOAD
from strideload.store import engine
from strideload.store.schema import aside

BYTES_LIMIT: Final = MAX_PAYLOAD
TOPIC_LIMIT: Final = 256
# Of each reason so many different payloads are kept; whatever comes after is only counted.
ROWS_LIMIT: Final = 1000


class Aside(NamedTuple):
    """A payload, or a page of one, and why it was not stored."""

    reason: str
    topic: str
    payload: bytes
    received_utc_us: int
    size: int | None = None  # of all of it, in bytes; None: `payload` is all

    @property
    def true_size(self) -> int:
        return len(self.payload) if self.size is None else self.size


def put(connection: sa.Connection, items: Iterable[Aside]) -> None:
    """Keep these aside; the same payload again for the same reason is counted."""
    rows: dict[str, dict[str, Any]] = {}
    room: dict[str, int] = {}
    for item in items:
        id_ = _digest(item)
        if id_ not in rows and not _is_there(connection, id_):
            left = room.setdefault(item.reason, ROWS_LIMIT - _rows_of(connection, item.reason))
            if left <= 0:
                item = Aside(item.reason, "", b"", item.received_utc_us)
                id_ = _digest(item)
            room[item.reason] = left - 1
        row = rows.setdefault(
            id_,
            {
                "id": id_,
                "reason": item.reason,
                "topic": _plain(item.topic),
                "bytes": item.payload[:BYTES_LIMIT],
                "size": item.true_size,
                "received_utc_us": item.received_utc_us,
                "count": 0,
            },
        )
        row["count"] += 1
    keep = dict.fromkeys(("reason", "topic", "bytes", "size", "received_utc_us"), "keep")
    engine.upsert(connection, aside, list(rows.values()), {**keep, "count": "sum"})


def counts(connection: sa.Connection) -> dict[str, int]:
    """How often something was set aside, by reason."""
    total = sa.func.sum(aside.c["count"])
    query = sa.select(aside.c.reason, total).group_by(aside.c.reason).order_by(aside.c.reason)
    return {reason: int(count) for reason, count in connection.execute(query)}


def _digest(item: Aside) -> str:
    head = f"{item.reason}\0{item.topic}\0{item.true_size}\0".encode(errors="replace")
    return blake2b(head + item.payload, digest_size=16).hexdigest()


def _plain(topic: str) -> str:
    """A topic as every database takes it: cut to a bound, no NUL, no half of a surrogate pair."""
    return topic[:TOPIC_LIMIT].replace("\0", "?").encode(errors="replace").decode()


def _is_there(connection: sa.Connection, id_: str) -> bool:
    return connection.execute(sa.select(aside.c.id).where(aside.c.id == id_)).first() is not None


def _rows_of(connection: sa.Connection, reason: str) -> int:
    query = sa.select(sa.func.count()).select_from(aside).where(aside.c.reason == reason)
    return connection.execute(query).scalar_one()
