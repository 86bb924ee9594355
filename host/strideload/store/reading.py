"""Sessions and alive records out of the tables, for the day."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from strideload.load.steps import Alive, Cue, Mark, Session, SessionPlace
from strideload.store.derive import STORED, to_steps
from strideload.store.people import wearers
from strideload.store.schema import alive, marks, pages, sessions, spans, steps, streams
from strideload_pod import page


@dataclass(frozen=True)
class Undated:
    """A session whose boot never learned the time: it waits to be placed by hand, or was."""

    session_id: int
    pod: str
    log: int
    boot: int
    session: int
    duration_us: int | None  # None: not even the rate is known
    strides: int
    received_utc_us: int | None  # of its first page: it was not later than that
    placed_utc_us: int | None  # where the runner's word puts its start; None: nowhere yet


@dataclass(frozen=True)
class PodSession:
    """A session as its pod's log tells it. `start_utc_us`: None where its boot never learned the time."""

    log: int
    boot: int
    session: int
    start_utc_us: int | None
    duration_us: int | None
    open: bool
    strides: int
    faults: dict[str, int]
    gaps: tuple[tuple[int, int], ...]  # (start, us since 1970; lost, us)
    pages_lost: int


def sessions_between(
    connection: sa.Connection, runner: str, start_utc_us: int, end_utc_us: int
) -> list[Session]:
    """A runner's dated sessions that overlap [start, end), with the steps that fall in it."""
    who = wearers(connection)
    overlap = sa.and_(sessions.c.start_utc_us < end_utc_us, sessions.c.end_utc_us >= start_utc_us)
    query = (
        sa.select(sessions, steps.c.data)
        .join(steps, steps.c.session_id == sessions.c.session_id)
        .where(overlap)
        .order_by(sessions.c.start_utc_us, sessions.c.session_id)
    )
    found: list[Session] = []
    for row in connection.execute(query).mappings():
        wearing = who.at(row["pod"], row["start_utc_us"])
        if wearing.runner == runner:
            found.append(_session(row, wearing.foot, start_utc_us, end_utc_us))
    return found


def places_between(
    connection: sa.Connection, runner: str, start_utc_us: int, end_utc_us: int
) -> list[SessionPlace]:
    """Where a runner's dated sessions lie that overlap [start, end), in order; no steps are read."""
    who = wearers(connection)
    c = sessions.c
    query = (
        sa.select(c.pod, c.start_utc_us, c.end_utc_us, c.session_id, c.content)
        .where(c.start_utc_us < end_utc_us, c.end_utc_us >= start_utc_us)
        .order_by(c.start_utc_us, c.session_id)
    )
    found: list[SessionPlace] = []
    for pod, start, end, session_id, content in connection.execute(query):
        wearing = who.at(pod, start)
        if wearing.runner == runner:
            found.append(SessionPlace(start, end, wearing.foot, session_id, content))
    return found


def starts_of(connection: sa.Connection, session_ids: Iterable[int]) -> list[int]:
    """When those of these sessions began that are there and have a time, in order."""
    c = sessions.c
    query = sa.select(c.start_utc_us).where(c.session_id.in_(session_ids), c.start_utc_us.is_not(None))
    return sorted(connection.execute(query).scalars())


def alive_between(connection: sa.Connection, runner: str, start_utc_us: int, end_utc_us: int) -> list[Alive]:
    """What a runner's pods wrote of being alive within [start, end), in order.

    A simulated pod watches over nobody: once a sensor has reported for the runner, its records are left out.
    """
    who = wearers(connection)
    within = sa.and_(alive.c.utc_us >= start_utc_us, alive.c.utc_us < end_utc_us)
    query = (
        sa.select(alive.c.utc_us, alive.c.pod, alive.c.origin, alive.c.watching)
        .where(within)
        .order_by(alive.c.utc_us, alive.c.pod, alive.c.number, alive.c.record)
    )
    found = [Alive(*row) for row in connection.execute(query)]
    own = [one for one in found if who.at(one.pod, one.utc_us).runner == runner]
    if any(one.origin == "simulated" for one in own) and _has_sensor(connection, runner):
        return [one for one in own if one.origin != "simulated"]
    return own


def marks_between(connection: sa.Connection, runner: str, start_utc_us: int, end_utc_us: int) -> list[Mark]:
    """The dated marks of a runner's pods within [start, end), in order."""
    who = wearers(connection)
    within = sa.and_(marks.c.utc_us >= start_utc_us, marks.c.utc_us < end_utc_us)
    query = (
        sa.select(marks.c.utc_us, marks.c.pod, marks.c.source, marks.c.code, marks.c.origin)
        .where(within)
        .order_by(marks.c.utc_us, marks.c.pod, marks.c.log, marks.c.number, marks.c.record)
    )
    found = [Mark(*row) for row in connection.execute(query)]
    return [mark for mark in found if who.at(mark.pod, mark.at_utc_us).runner == runner]


def _has_sensor(connection: sa.Connection, runner: str) -> bool:
    """Whether a session or alive record of the runner's came from a pod's own sensor."""
    who = wearers(connection)
    moments = sa.union_all(
        sa.select(alive.c.pod, alive.c.utc_us).where(alive.c.origin == "sensor"),
        sa.select(sessions.c.pod, sessions.c.start_utc_us).where(
            sessions.c.origin == "sensor", sessions.c.start_utc_us.is_not(None)
        ),
    )
    return any(who.at(pod, utc_us).runner == runner for pod, utc_us in connection.execute(moments))


def last_page_utc_us(connection: sa.Connection, pod: str) -> int | None:
    """When the last page of each of a pod's streams came, and of these the latest; None: none has."""
    newest = [
        sa.select(pages.c.received_utc_us)
        .where(pages.c.pod == pod, pages.c.log == log, pages.c.stream == stream)
        .order_by(pages.c.number.desc())
        .limit(1)
        for log, stream in connection.execute(
            sa.select(streams.c.log, streams.c.stream).where(streams.c.pod == pod)
        )
    ]
    came = (connection.execute(query).scalar() for query in newest)
    return max((utc_us for utc_us in came if utc_us is not None), default=None)


def undated(connection: sa.Connection) -> list[Undated]:
    """Sessions that their pods do not date, in order of pods, logs and boots."""
    c = sessions.c
    of_session = sa.and_(
        spans.c.pod == c.pod,
        spans.c.log == c.log,
        spans.c.stream == page.STREAM_STEPS,
        spans.c.boot == c.boot,
        spans.c.session == c.session,
    )
    first_page = sa.and_(
        pages.c.pod == spans.c.pod,
        pages.c.log == spans.c.log,
        pages.c.stream == spans.c.stream,
        pages.c.number == spans.c.first,
    )
    came = sa.select(pages.c.received_utc_us).where(of_session, first_page).correlate(sessions)
    query = (
        sa.select(
            c.session_id,
            c.pod,
            c.log,
            c.boot,
            c.session,
            c.duration_us,
            steps.c["count"],
            came.scalar_subquery(),
            c.start_utc_us,
        )
        .join(steps, steps.c.session_id == c.session_id)
        .where(sa.or_(c.start_utc_us.is_(None), c.clock == "placed"))
        .order_by(c.pod, c.log, c.boot, c.session)
    )
    return [Undated(*row) for row in connection.execute(query)]


def last_sessions_of(connection: sa.Connection, pod: str, limit: int) -> list[PodSession]:
    """A pod's newest sessions, the newest first: by boot, and by date among its logs."""
    c = sessions.c
    query = (
        sa.select(sessions, steps.c["count"])
        .join(steps, steps.c.session_id == c.session_id)
        .where(c.pod == pod)
        .order_by(sa.func.coalesce(c.start_utc_us, 0).desc(), c.boot.desc(), c.session.desc())
        .limit(limit)
    )
    return [
        PodSession(
            log=row["log"],
            boot=row["boot"],
            session=row["session"],
            start_utc_us=row["start_utc_us"],
            duration_us=row["duration_us"],
            open=row["open"],
            strides=row["count"],
            faults=json.loads(row["faults"]),
            gaps=tuple((start, lost) for start, lost in json.loads(row["gaps"])),
            pages_lost=row["pages_lost"],
        )
        for row in connection.execute(query).mappings()
    ]


def _session(row: Any, foot: Any, start_utc_us: int, end_utc_us: int) -> Session:
    stored = np.frombuffer(row["data"], STORED)
    low, high = np.searchsorted(stored["ic_utc_us"], (start_utc_us, end_utc_us))
    return Session(
        session_id=row["session_id"],
        pod=row["pod"],
        foot=foot,
        start_utc_us=row["start_utc_us"],
        end_utc_us=row["end_utc_us"],
        odr_hz=row["odr_hz"],
        acc_range_g=row["acc_range_g"],
        chip=row["chip"],
        origin=row["origin"],
        resampled=row["resampled"],
        open=row["open"],
        faults=json.loads(row["faults"]),
        gaps=tuple((start, lost) for start, lost in json.loads(row["gaps"])),
        pages_lost=row["pages_lost"],
        cues=tuple(Cue(*cue) for cue in json.loads(row["cues"]) if cue[0] is not None),
        content=row["content"],
        steps=to_steps(stored[low:high]),
    )
