"""What is derived, in the tables: which sessions are due, and making them all anew."""

from collections.abc import Sequence
from hashlib import blake2b
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import sqlalchemy as sa

from strideload.protocol import pages as protocol
from strideload.store import engine
from strideload.store.derive import (
    BootAnchor,
    MarkRecord,
    alive_records,
    boot_anchors,
    content_of,
    derive_session,
    derived_by,
    marks_outside,
    placed_anchor,
    session_id,
)
from strideload.store.kept import placements
from strideload.store.schema import DERIVED, TIMED, alive, losses, marks, meta, pages, sessions, spans, steps
from strideload_pod import page

# So many sessions and pages of theirs a transaction: a rebuild waits for the disk seldom, the collector for a rebuild
# not long, and what a boot's sessions share is read once for many of them.
SESSIONS_A_TURN: Final = 128
PAGES_A_TURN: Final = 4096

# In `meta` from the beginning of a rebuild until all that it found is derived.
REBUILDING: Final = "rebuilding"


class Boot(NamedTuple):
    """One boot of one pod's log."""

    pod: str
    log: int
    boot: int


class Place(NamedTuple):
    """Where a session's pages of one stream lie; `dirty`: something of it is not derived yet."""

    stream: int
    first: int
    last: int
    dirty: bool


def derive_some(connection: sa.Connection) -> list[int]:
    """Derive a few of what is due, on a writing connection -> sessions done, 0 for what lies outside of one.

    Empty: nothing is due any more.
    """
    turn = _turn(connection)
    for boot, sessions_due in turn.items():
        _derive_boot(connection, boot, sessions_due)
    if not turn and is_rebuilding(connection):
        _drop_orphans(connection)
        connection.execute(meta.delete().where(meta.c.name == REBUILDING))
    return [session for sessions_due in turn.values() for session in sessions_due]


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


def is_rebuilding(connection: sa.Connection) -> bool:
    """Whether a rebuild has begun and is not at its end."""
    return connection.execute(sa.select(meta.c.name).where(meta.c.name == REBUILDING)).first() is not None


def begin_anew(connection: sa.Connection) -> None:
    """Find the sessions in the pages again, and make all of them due.

    What is derived stays until its turn comes: whoever looks meanwhile sees the day as it was, not an empty one.
    """
    connection.execute(spans.delete())
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
    rows = [{"name": name, "value": derived_by()} for name in ("derived_by", REBUILDING)]
    engine.upsert(connection, meta, rows)


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


def derive_boot(connection: sa.Connection, boot: Boot) -> None:
    """Derive all sessions of a boot, on a writing connection."""
    _derive_boot(connection, boot, [0, *sorted(set(_places(connection, boot)) - {0})])


def _turn(connection: sa.Connection) -> dict[Boot, list[int]]:
    """The sessions that come next, in order, and no more than a turn has."""
    c = spans.c
    is_read_whole = sa.and_(c.stream == page.STREAM_STEPS, c.session > 0)
    size = sa.func.sum(sa.case((is_read_whole, c.last - c.first + 1), else_=1))
    keys = (c.pod, c.log, c.boot, c.session)
    query = sa.select(*keys, size).where(c.dirty).group_by(*keys).order_by(*keys).limit(SESSIONS_A_TURN)
    found: dict[Boot, list[int]] = {}
    room = PAGES_A_TURN
    for pod, log, boot, session, size_pages in connection.execute(query):
        if room <= 0:
            break
        found.setdefault(Boot(pod, log, boot), []).append(session)
        room -= int(size_pages)
    return found


def _derive_boot(connection: sa.Connection, boot: Boot, sessions_due: Sequence[int]) -> None:
    """Sessions of a boot, in order, none that is due left out between them."""
    timed = _timed(connection, boot)
    places = _places(connection, boot)
    anchors = boot_anchors(timed)
    placed = [] if anchors else _placed(connection, boot, places)
    anchors = anchors or placed
    _derive_alive(connection, boot, timed, anchors)  # within sessions, and between them
    _put_marks(connection, boot, 0, marks_outside(timed, anchors))
    ends = _ends_before(places)
    for session in sorted({*sessions_due, *_settled_followers(places, sessions_due)} - {0}):
        before = _page(connection, boot, ends[session])
        _derive_session(connection, boot, session, places[session], anchors, before, placed=bool(placed))
    done = sa.and_(of_boot(spans, boot), spans.c.session.between(sessions_due[0], sessions_due[-1]))
    connection.execute(spans.update().values(dirty=False).where(done))


def _drop_orphans(connection: sa.Connection) -> None:
    """At the end of a rebuild: drop what it has found no pages of."""
    key = (sessions.c.pod, sessions.c.log, sessions.c.boot, sessions.c.session)
    found = sa.select(spans.c.pod, spans.c.log, spans.c.boot, spans.c.session)
    left = sa.or_(sa.tuple_(*key).not_in(found), sessions.c.derived_by != derived_by())
    orphans = sa.select(sessions.c.session_id).where(left)
    connection.execute(steps.delete().where(steps.c.session_id.in_(orphans)))
    connection.execute(sessions.delete().where(left))
    boots = sa.select(spans.c.pod, spans.c.log, spans.c.boot)
    connection.execute(alive.delete().where(sa.tuple_(alive.c.pod, alive.c.log, alive.c.boot).not_in(boots)))
    key = (marks.c.pod, marks.c.log, marks.c.boot, marks.c.session)
    connection.execute(
        marks.delete().where(
            sa.or_(
                sa.and_(marks.c.session != 0, sa.tuple_(*key).not_in(found)),
                sa.tuple_(*key[:3]).not_in(boots),
            )
        )
    )


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
    """The anchor, gap, mark and alive pages of a boot, by the index that has only these.

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


def _put_marks(connection: sa.Connection, boot: Boot, session: int, records: Sequence[MarkRecord]) -> None:
    """The marks of a session, or with 0 those outside of any, in place of what was there."""
    connection.execute(marks.delete().where(of_boot(marks, boot), marks.c.session == session))
    rows = [{**boot._asdict(), "session": session, **record._asdict()} for record in records]
    if rows:
        connection.execute(marks.insert(), rows)


def _places(connection: sa.Connection, boot: Boot) -> dict[int, list[Place]]:
    """Where the pages of a boot's sessions lie, in order of sessions."""
    c = spans.c
    query = (
        sa.select(c.session, c.stream, c.first, c.last, c.dirty)
        .where(of_boot(spans, boot))
        .order_by(c.session)
    )
    found: dict[int, list[Place]] = {}
    for session, *place in connection.execute(query):
        found.setdefault(session, []).append(Place(*place))
    return found


def _settled_followers(places: dict[int, list[Place]], sessions_due: Sequence[int]) -> list[int]:
    """The sessions next after these that are not due themselves: their faults count from the end of the one before."""
    due_now = set(sessions_due) - {0}
    return [
        after
        for before, after in pairwise(places)
        if before in due_now and not any(place.dirty for place in places[after])
    ]


def _ends_before(places: dict[int, list[Place]]) -> dict[int, int | None]:
    """Session -> number of the last page of steps of the session before it in the boot; None: it is the first."""
    found: dict[int, int | None] = {}
    end = None
    for session, where in places.items():
        found[session] = end
        if session:
            end = next((place.last for place in where if place.stream == page.STREAM_STEPS), end)
    return found


def _derive_session(
    connection: sa.Connection,
    boot: Boot,
    session: int,
    places: Sequence[Place],
    anchors: Sequence[BootAnchor],
    before: protocol.Array | None,
    *,
    placed: bool,
) -> None:
    read = _session_pages(connection, boot, session, places)
    lost = sum(_lost(connection, boot, place.stream, place.first, place.last) for place in places)
    derived = derive_session(read, anchors, lost, before, placed=placed)
    key = session_id(*boot, session)
    row = {
        "session_id": key,
        **boot._asdict(),
        "session": session,
        **derived.row,
        "derived_by": derived_by(),
        "content": content_of(derived),
    }
    engine.upsert(connection, sessions, [row])
    data = derived.steps.tobytes()
    engine.upsert(connection, steps, [{"session_id": key, "count": len(derived.steps), "data": data}])
    _put_marks(connection, boot, session, derived.marks)


def _session_pages(
    connection: sa.Connection, boot: Boot, session: int, places: Sequence[Place]
) -> protocol.Array:
    read = [_pages(connection, boot, session, place.stream, place.first, place.last) for place in places]
    return np.concatenate(read)


def _placed(connection: sa.Connection, boot: Boot, places: dict[int, list[Place]]) -> list[BootAnchor]:
    """The anchor by which a runner placed a boot that never learned the time; [] of one that is not placed."""
    query = sa.select(placements.c.session, placements.c.start_utc_us).where(of_boot(placements, boot))
    found = connection.execute(query).first()
    if found is None or found.session not in places:
        return []
    pages_of_it = _session_pages(connection, boot, found.session, places[found.session])
    anchor = placed_anchor(pages_of_it, found.start_utc_us)
    return [] if anchor is None else [anchor]


def _page(connection: sa.Connection, boot: Boot, number: int | None) -> protocol.Array | None:
    """A page of the stream of steps, (1,); None: no number."""
    if number is None:
        return None
    query = sa.select(pages.c.bytes).where(
        pages.c.pod == boot.pod,
        pages.c.log == boot.log,
        pages.c.stream == page.STREAM_STEPS,
        pages.c.number == number,
    )
    return _joined([connection.execute(query).scalar_one()])


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
