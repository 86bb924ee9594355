"""What is derived, in the tables: which sessions are due, and making them all anew."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import numpy as np
import sqlalchemy as sa

from strideload.protocol import pages as protocol
from strideload.store import engine
from strideload.store.derive import (
    BootAnchor,
    alive_records,
    boot_anchors,
    derive_session,
    derived_by,
    session_id,
)
from strideload.store.schema import DERIVED, TIMED, alive, losses, meta, pages, sessions, spans, steps
from strideload_pod import page

# So many sessions a transaction: a rebuild waits for the disk seldom, and the collector for a rebuild not long.
SESSIONS_A_TURN: Final = 16


class Boot(NamedTuple):
    """One boot of one pod's log."""

    pod: str
    log: int
    boot: int


def derive_some(connection: sa.Connection) -> list[int]:
    """Derive a few of what is due, on a writing connection -> sessions done, 0 for what lies outside of one.

    Empty: nothing is due any more.
    """
    due = connection.execute(
        sa.select(spans.c.pod, spans.c.log, spans.c.boot, spans.c.session)
        .where(spans.c.dirty)
        .distinct()
        .order_by(spans.c.pod, spans.c.log, spans.c.boot, spans.c.session)
        .limit(SESSIONS_A_TURN)
    ).all()
    anchors: dict[Boot, list[BootAnchor]] = {}
    for pod, log, boot_number, session in due:
        boot = Boot(pod, log, boot_number)
        if boot not in anchors:
            timed = _timed(connection, boot)
            anchors[boot] = boot_anchors(timed)
            _derive_alive(connection, boot, timed, anchors[boot])  # within sessions, and between them
        if session:
            _derive_session(connection, boot, session, anchors[boot])
            if (follower := _settled_follower(connection, boot, session)) is not None:
                _derive_session(
                    connection, boot, follower, anchors[boot]
                )  # its faults count from this one's end
        done = sa.and_(of_boot(spans, boot), spans.c.session == session)
        connection.execute(spans.update().values(dirty=False).where(done))
    return [session for _, _, _, session in due]


def due(connection: sa.Connection) -> int:
    """How many sessions are due, what lies outside of any counted as one of its boot."""
    keys = sa.select(spans.c.pod, spans.c.log, spans.c.boot, spans.c.session).where(spans.c.dirty).distinct()
    return connection.execute(sa.select(sa.func.count()).select_from(keys.subquery())).scalar_one()


def is_current(connection: sa.Connection) -> bool:
    """Whether what is derived was derived by this version."""
    return (
        connection.execute(sa.select(meta.c.value).where(meta.c.name == "derived_by")).scalar()
        == derived_by()
    )


def begin_anew(connection: sa.Connection) -> None:
    """Drop what is derived, find the sessions in the pages again, and make all of them due."""
    for table in (*DERIVED, spans):
        connection.execute(table.delete())
    _read_headers(connection)
    found = (
        sa.select(
            pages.c.pod,
            pages.c.log,
            pages.c.stream,
            pages.c.boot,
            pages.c.session,
            sa.func.min(pages.c.number),
            sa.func.max(pages.c.number),
            sa.true(),
        )
        .where(pages.c.session.is_not(None))
        .group_by(pages.c.pod, pages.c.log, pages.c.stream, pages.c.boot, pages.c.session)
    )
    connection.execute(spans.insert().from_select([c.name for c in spans.c], found))
    engine.upsert(connection, meta, [{"name": "derived_by", "value": derived_by()}])


def digest(connection: sa.Connection) -> str:
    """A hash over all that is derived, the same for the same pages in any order of arrival."""
    found = blake2b(digest_size=16)
    for table in DERIVED:
        for row in connection.execute(sa.select(table).order_by(*table.primary_key)):
            found.update(repr(tuple(row)).encode())
    return found.hexdigest()


def of_boot(table: sa.Table, boot: Boot) -> sa.ColumnElement[bool]:
    """The rows of one boot."""
    return sa.and_(table.c.pod == boot.pod, table.c.log == boot.log, table.c.boot == boot.boot)


def _read_headers(connection: sa.Connection) -> None:
    """Pages of a version that has become known: their kind, session and boot can be read now."""
    unread = connection.execute(
        sa.select(pages.c.pod, pages.c.log, pages.c.stream, pages.c.number, pages.c.bytes)
        .where(pages.c.kind.is_(None), pages.c.version.in_(sorted(protocol.KNOWN_VERSIONS)))
    ).all()  # fmt: skip
    for pod, log, stream, number, data in unread:
        header = protocol.headers(data)[0]
        connection.execute(
            pages.update()
            .where(pages.c.pod == pod, pages.c.log == log, pages.c.stream == stream, pages.c.number == number)
            .values({name: int(header[name]) for name in ("kind", "session", "boot")})
        )


def _timed(connection: sa.Connection, boot: Boot) -> protocol.Array:
    """The anchor and alive pages of a boot, by the index that has only these.

    Asked for one kind of them, or in an order, SQLite would sweep over all pages of the log instead.
    """
    query = sa.select(pages.c.bytes).where(of_boot(pages, boot), sa.literal_column(TIMED))
    return _joined(connection.execute(query).scalars().all())


def _joined(rows: Sequence[Any]) -> protocol.Array:
    return protocol.headers(b"".join(rows))


def _derive_alive(
    connection: sa.Connection, boot: Boot, timed: protocol.Array, anchors: Sequence[BootAnchor]
) -> None:
    connection.execute(alive.delete().where(of_boot(alive, boot)))
    rows = [{**boot._asdict(), **record._asdict()} for record in alive_records(timed, anchors)]
    if rows:
        connection.execute(alive.insert(), rows)


def _derive_session(
    connection: sa.Connection, boot: Boot, session: int, anchors: Sequence[BootAnchor]
) -> None:
    where = connection.execute(
        sa.select(spans.c.stream, spans.c.first, spans.c.last).where(
            of_boot(spans, boot), spans.c.session == session
        )
    ).all()
    read = [_pages(connection, boot, session, *span) for span in where]
    lost = sum(_lost(connection, boot, *span) for span in where)
    derived = derive_session(np.concatenate(read), anchors, lost, _page_before(connection, boot, session))
    key = session_id(*boot, session)
    row = {"session_id": key, **boot._asdict(), "session": session, **derived.row, "derived_by": derived_by()}
    engine.upsert(connection, sessions, [row])
    data = derived.steps.tobytes()
    engine.upsert(connection, steps, [{"session_id": key, "count": len(derived.steps), "data": data}])


def _page_before(connection: sa.Connection, boot: Boot, session: int) -> protocol.Array | None:
    """The last page of the session before this one in its boot, (1,); None: it is the first."""
    numbers = (
        sa.select(spans.c.last)
        .where(of_boot(spans, boot), spans.c.stream == page.STREAM_STEPS)
        .where(spans.c.session > 0, spans.c.session < session)
        .order_by(spans.c.session.desc())
        .limit(1)
    )
    number = connection.execute(numbers).scalar()
    query = sa.select(pages.c.bytes).where(
        pages.c.pod == boot.pod,
        pages.c.log == boot.log,
        pages.c.stream == page.STREAM_STEPS,
        pages.c.number == number,
    )
    return None if number is None else _joined([connection.execute(query).scalar_one()])


def _settled_follower(connection: sa.Connection, boot: Boot, session: int) -> int | None:
    """The session after this one in its boot; None: there is none, or it is due itself."""
    query = (
        sa.select(spans.c.session, spans.c.dirty)
        .where(of_boot(spans, boot), spans.c.session > session)
        .order_by(spans.c.session)
        .limit(1)
    )
    found = connection.execute(query).first()
    return None if found is None or found.dirty else found.session


def _pages(
    connection: sa.Connection, boot: Boot, session: int, stream: int, first: int, last: int
) -> protocol.Array:
    """A session's pages of one stream, in order of numbers; of raw captures only the first and the last."""
    inside = (
        pages.c.number.between(first, last)
        if stream == page.STREAM_STEPS
        else pages.c.number.in_((first, last))
    )
    query = (
        sa.select(pages.c.bytes)
        .where(pages.c.pod == boot.pod, pages.c.log == boot.log, pages.c.stream == stream, inside)
        .where(pages.c.session == session, pages.c.boot == boot.boot)
        .order_by(pages.c.number)
    )
    return _joined(connection.execute(query).scalars().all())


def _lost(connection: sa.Connection, boot: Boot, stream: int, first: int, last: int) -> int:
    """How many pages between a session's first and last one are lost."""
    end = losses.c.first + losses.c["count"]
    query = sa.select(losses.c.first, end).where(
        losses.c.pod == boot.pod,
        losses.c.log == boot.log,
        losses.c.stream == stream,
        losses.c.first <= last,
        end > first,
    )
    return sum(min(end, last + 1) - max(start, first) for start, end in connection.execute(query))
