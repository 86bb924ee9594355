"""Sessions whose boot never learned the time, placed by the runner's hand.

One placement dates its whole boot, since the pod's ticks count on between sessions. Once the pod tells the time of
that boot after all, its word holds.
"""

import sqlalchemy as sa

from strideload.store import engine
from strideload.store.derive import UTC_MS_RANGE
from strideload.store.deriving import Boot, of_boot
from strideload.store.errors import StoreError
from strideload.store.kept import placements
from strideload.store.schema import pages, sessions, spans

# A runner reads a clock; the host's own may be off by as much.
LATE_US = 10 * 60 * 1_000_000


def place(connection: sa.Connection, session_id: int, start_utc_us: int, now_utc_us: int) -> None:
    """Say when a session began. StoreError: no such session, it is dated by its pod, or it cannot have been then."""
    boot, session, duration_us = _placeable(connection, session_id)
    if not UTC_MS_RANGE[0] <= start_utc_us // 1000 < UTC_MS_RANGE[1]:
        raise StoreError("a session is placed in the years 2000 to 2199")
    had_utc_us = connection.execute(
        sa.select(sa.func.min(pages.c.received_utc_us)).where(
            of_boot(pages, boot), pages.c.session == session
        )
    ).scalar()
    if had_utc_us is not None and start_utc_us > had_utc_us + LATE_US:
        raise StoreError("it was here before the time that you say")
    if start_utc_us + (duration_us or 0) > now_utc_us + LATE_US:
        raise StoreError("it would end in the future")
    row = {
        **boot._asdict(),
        "session": session,
        "start_utc_us": start_utc_us,
        "placed_utc_us": now_utc_us,
    }
    engine.upsert(connection, placements, [row])
    _due(connection, boot)


def take_back(connection: sa.Connection, session_id: int) -> None:
    """Undo `place` for the boot of a session. StoreError: no such session, or its pod dates it."""
    boot, _, _ = _placeable(connection, session_id)
    connection.execute(placements.delete().where(of_boot(placements, boot)))
    _due(connection, boot)


def _placeable(connection: sa.Connection, session_id: int) -> tuple[Boot, int, int | None]:
    c = sessions.c
    query = sa.select(c.pod, c.log, c.boot, c.session, c.duration_us, c.start_utc_us, c.clock)
    found = connection.execute(query.where(c.session_id == session_id)).first()
    if found is None:
        raise StoreError("there is no such session")
    if found.start_utc_us is not None and found.clock != "placed":
        raise StoreError("its pod knows when it was")
    if found.duration_us is None:
        raise StoreError("its pages do not tell how long it took, so it has no place in time")
    return Boot(found.pod, found.log, found.boot), found.session, found.duration_us


def _due(connection: sa.Connection, boot: Boot) -> None:
    connection.execute(spans.update().values(dirty=True).where(of_boot(spans, boot)))
