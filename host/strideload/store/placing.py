"""Sessions whose boot never learned the time, placed by the runner's hand.

One placement dates its whole boot, since the pod's ticks count on between sessions. Once the pod tells the time of
that boot after all, its word holds.
"""

import sqlalchemy as sa

from strideload.store import engine, people
from strideload.store.derive import UTC_MS_RANGE
from strideload.store.deriving import Boot, derive_boot, of_boot
from strideload.store.errors import StoreError
from strideload.store.kept import placements
from strideload.store.schema import pages, sessions

# A runner reads a clock; the host's own may be off by as much.
LATE_US = 10 * 60 * 1_000_000
EARLIER = "it was here before the time that you say"


def place(
    connection: sa.Connection, session_id: int, start_utc_us: int, now_utc_us: int, runner: str | None = None
) -> None:
    """Say when a session began, and derive its boot. StoreError: no such session, or its boot cannot have been then.

    `runner`: all sessions that are dated by it have to be that runner's; None: anybody's.
    """
    boot, session = _placeable(connection, session_id)
    if not UTC_MS_RANGE[0] <= start_utc_us // 1000 < UTC_MS_RANGE[1]:
        raise StoreError("a session is placed in the years 2000 to 2199")
    row = {
        **boot._asdict(),
        "session": session,
        "start_utc_us": start_utc_us,
        "placed_utc_us": now_utc_us,
    }
    engine.upsert(connection, placements, [row])
    derive_boot(connection, boot)
    _check(connection, boot, session, now_utc_us, runner)


def take_back(connection: sa.Connection, session_id: int) -> None:
    """Undo `place` for the boot of a session. StoreError: no such session, or its pod dates it."""
    boot, _ = _placeable(connection, session_id)
    connection.execute(placements.delete().where(of_boot(placements, boot)))
    derive_boot(connection, boot)


def _check(connection: sa.Connection, boot: Boot, placed: int, now_utc_us: int, runner: str | None) -> None:
    """StoreError: a session of the boot was here before, would end in the future, or would be somebody else's."""
    c = sessions.c
    who = people.wearers(connection)
    for session, start, end in connection.execute(
        sa.select(c.session, c.start_utc_us, c.end_utc_us).where(of_boot(sessions, boot))
    ):
        came_utc_us = connection.execute(
            sa.select(sa.func.min(pages.c.received_utc_us)).where(
                of_boot(pages, boot), pages.c.session == session
            )
        ).scalar_one()
        if start is None:
            continue
        if start > came_utc_us + LATE_US:
            raise StoreError(
                EARLIER if session == placed else f"another session of the same start of the pod: {EARLIER}"
            )
        if end > now_utc_us + LATE_US:
            raise StoreError("it, or another session of the same start of the pod, would end in the future")
        if runner is not None and who.at(boot.pod, start).runner != runner:
            raise StoreError("the pod was not yours then")


def _placeable(connection: sa.Connection, session_id: int) -> tuple[Boot, int]:
    c = sessions.c
    query = sa.select(c.pod, c.log, c.boot, c.session, c.duration_us, c.start_utc_us, c.clock)
    found = connection.execute(query.where(c.session_id == session_id)).first()
    if found is None:
        raise StoreError("there is no such session")
    if found.start_utc_us is not None and found.clock != "placed":
        raise StoreError("its pod knows when it was")
    if found.duration_us is None:
        raise StoreError("its pages do not tell how long it took, so it has no place in time")
    return Boot(found.pod, found.log, found.boot), found.session
