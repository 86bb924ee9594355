"""How what is said of a run goes along with it when its time changes.

Runs are made of sessions at each reading, so they are named by their start. With what is said of one, the session that
holds that start is kept, and where it began then: wherever it is now, the run's start has moved by as much. So neither
a placement by hand that is corrected nor a pod that learned the time late parts a run from what was said of it.
"""

from typing import Final, NamedTuple

import sqlalchemy as sa

from strideload.load.runs import RUN_GAP_US
from strideload.store import people
from strideload.store.schema import sessions


class Named(NamedTuple):
    """The session of a run, and its start when that run was named. None: there was no session then."""

    session_id: int | None
    session_utc_us: int | None


NOTHING: Final = Named(None, None)


def session_of(connection: sa.Connection, runner: str, run_utc_us: int) -> Named:
    """A runner's session of the run that began then: one that its pod dates before one placed by hand."""
    who = people.wearers(connection)
    c = sessions.c
    query = sa.select(c.pod, c.start_utc_us, c.session_id, c.clock).where(
        c.start_utc_us < run_utc_us + RUN_GAP_US, c.end_utc_us > run_utc_us - RUN_GAP_US
    )
    found = [
        (clock == "placed", abs(start - run_utc_us), session_id, start)
        for pod, start, session_id, clock in connection.execute(query)
        if who.at(pod, start).runner == runner
    ]
    if not found:
        return NOTHING
    _, _, session_id, start = min(found)
    return Named(session_id, start)


def with_sessions(table: sa.Table) -> sa.Join:
    """The rows of a table with their sessions, for the three below."""
    return table.outerjoin(sessions, sessions.c.session_id == table.c.session_id)


def moved_us(table: sa.Table) -> sa.ColumnElement[int]:
    """By how much a row's run has moved since it was named."""
    return sa.func.coalesce(sessions.c.start_utc_us - table.c.session_utc_us, 0)


def start_utc_us(table: sa.Table) -> sa.ColumnElement[int]:
    """When a row's session begins; while it has no time, when it began as it was named."""
    return sa.func.coalesce(sessions.c.start_utc_us, table.c.session_utc_us)


def is_undated(table: sa.Table) -> sa.ColumnElement[bool]:
    """Whether nobody knows when a row's run was: its session has no time now, or is gone."""
    return sa.and_(table.c.session_id.is_not(None), sessions.c.start_utc_us.is_(None))
