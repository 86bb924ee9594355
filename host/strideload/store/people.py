"""Who wore which pod, where, and what a runner said of a day: dated facts that no page needs to be rewritten for."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from typing import Final, Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from strideload.load.steps import Foot
from strideload.store import engine
from strideload.store.errors import StoreError
from strideload.store.schema import assignments, day_notes, runners, zones

Note = Literal["rest", "ran_without"]

SINCE_EVER: Final = date(1, 1, 1)
NO_ZONE: Final = "UTC"


class Wearing(NamedTuple):
    """Whose foot a pod is on."""

    runner: str | None
    foot: Foot


class Wearers:
    """Who wears which pod at what time. A pod that no one was given is the first runner's, foot unknown."""

    def __init__(self, first_runner: str | None, rows: Iterable[tuple[str, int, str, Foot]]) -> None:
        self._nobody = Wearing(first_runner, "unknown")
        self._since: dict[str, list[int]] = {}
        self._wearing: dict[str, list[Wearing]] = {}
        for pod, from_utc_us, runner, foot in rows:
            self._since.setdefault(pod, []).append(from_utc_us)
            self._wearing.setdefault(pod, []).append(Wearing(runner, foot))

    def at(self, pod: str, utc_us: int) -> Wearing:
        """The assignment in force."""
        place = bisect_right(self._since.get(pod, []), utc_us)
        return self._wearing[pod][place - 1] if place else self._nobody


def wearers(connection: sa.Connection) -> Wearers:
    """All assignments, in order of time."""
    first = connection.execute(sa.select(runners.c.id).order_by(runners.c.ordinal).limit(1)).scalar()
    rows = connection.execute(
        sa.select(assignments.c.pod, assignments.c.from_utc_us, assignments.c.runner, assignments.c.foot)
        .order_by(assignments.c.pod, assignments.c.from_utc_us)
    )  # fmt: skip
    return Wearers(first, ((pod, since, runner, foot) for pod, since, runner, foot in rows))


def ids(connection: sa.Connection) -> list[str]:
    """All runners, in the order in which they came."""
    return list(connection.execute(sa.select(runners.c.id).order_by(runners.c.ordinal)).scalars())


def names(connection: sa.Connection) -> dict[str, str]:
    """runner -> the name to show, in the order in which they came."""
    rows = connection.execute(sa.select(runners.c.id, runners.c.name).order_by(runners.c.ordinal))
    return {row.id: row.name for row in rows}


def ensure_runner(connection: sa.Connection, runner: str, name: str, zone: str) -> None:
    """Make a runner who is not there yet, at home in `zone`; of one who is, only the name is renewed."""
    known = connection.execute(sa.select(runners.c.name).where(runners.c.id == runner)).scalar()
    if known == name:
        return
    if known is not None:
        connection.execute(runners.update().values(name=name).where(runners.c.id == runner))
        return
    count = connection.execute(sa.select(sa.func.count()).select_from(runners)).scalar_one()
    connection.execute(runners.insert(), [{"id": runner, "name": name, "ordinal": count}])
    set_zone(connection, runner, SINCE_EVER, zone)


def assign(connection: sa.Connection, pod: str, runner: str, foot: str, from_utc_us: int) -> None:
    """From then on the pod is on that runner's foot. StoreError: no such runner or foot."""
    if foot not in get_args(Foot):
        raise StoreError(f"a foot is one of {', '.join(get_args(Foot))}, not {foot!r}")
    _require(connection, runner)
    row = {"pod": pod, "from_utc_us": from_utc_us, "runner": runner, "foot": foot}
    engine.upsert(connection, assignments, [row])


def assigned_pods(connection: sa.Connection) -> list[str]:
    """All pods of any assignment, in order of their ids."""
    query = sa.select(assignments.c.pod).distinct().order_by(assignments.c.pod)
    return list(connection.execute(query).scalars())


def set_zone(connection: sa.Connection, runner: str, from_date: date, zone: str) -> None:
    """From that date on the runner's days are those of `zone`. StoreError: no such runner or zone."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise StoreError(f"{zone!r} is no time zone, such as Europe/London") from error
    _require(connection, runner)
    engine.upsert(connection, zones, [{"runner": runner, "from_date": from_date.isoformat(), "zone": zone}])


def zone_of(connection: sa.Connection, runner: str, day: date) -> str:
    """The zone in force on that date; UTC for a runner that is not known."""
    query = (
        sa.select(zones.c.zone)
        .where(zones.c.runner == runner, zones.c.from_date <= day.isoformat())
        .order_by(zones.c.from_date.desc())
        .limit(1)
    )
    return connection.execute(query).scalar() or NO_ZONE


def note_day(connection: sa.Connection, runner: str, day: date, what: str | None) -> None:
    """What the runner said of a day; None takes it back. StoreError: no such runner or note."""
    _require(connection, runner)
    if what is None:
        connection.execute(
            day_notes.delete().where(day_notes.c.runner == runner, day_notes.c.date == day.isoformat())
        )
        return
    if what not in get_args(Note):
        raise StoreError(f"a day's note is one of {', '.join(get_args(Note))}, not {what!r}")
    engine.upsert(connection, day_notes, [{"runner": runner, "date": day.isoformat(), "what": what}])


def notes(connection: sa.Connection, runner: str, first: date, last: date) -> dict[date, str]:
    """The notes of the days first..last."""
    within = sa.and_(
        day_notes.c.runner == runner, day_notes.c.date.between(first.isoformat(), last.isoformat())
    )
    rows = connection.execute(
        sa.select(day_notes.c.date, day_notes.c.what).where(within).order_by(day_notes.c.date)
    )
    return {date.fromisoformat(day): what for day, what in rows}


def _require(connection: sa.Connection, runner: str) -> None:
    if connection.execute(sa.select(runners.c.id).where(runners.c.id == runner)).first() is None:
        raise StoreError(f"there is no runner {runner!r}")
