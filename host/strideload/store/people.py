"""Who wore which pod, where, and what a runner said of a day: dated facts that no page needs to be rewritten for."""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple, get_args

import sqlalchemy as sa

from strideload.load.day import Note
from strideload.load.steps import Foot
from strideload.load.zones import FIRST_DAY, known_zone
from strideload.store import engine
from strideload.store.errors import StoreError
from strideload.store.schema import assignments, day_notes, runners, zones

SINCE_EVER: Final = date(1, 1, 1)
LAST_DATE: Final = date.max
UNNAMED: Final = "Runner"
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

    def only(self, pod: str, runner: str) -> bool:
        """Whether nobody else ever wore the pod; before it was given to anybody, it is the first runner's."""
        since = self._since.get(pod, [])
        before = [] if since and since[0] <= 0 else [self._nobody]
        return all(one.runner == runner for one in [*before, *self._wearing.get(pod, [])])


def wearers(connection: sa.Connection) -> Wearers:
    """All assignments, in order of time."""
    rows = connection.execute(
        sa.select(assignments.c.pod, assignments.c.from_utc_us, assignments.c.runner, assignments.c.foot)
        .order_by(assignments.c.pod, assignments.c.from_utc_us)
    )  # fmt: skip
    return Wearers(
        next(iter(ids(connection)), None), ((pod, since, runner, foot) for pod, since, runner, foot in rows)
    )


def ids(connection: sa.Connection) -> list[str]:
    """All living runners, in the order in which they came."""
    query = sa.select(runners.c.id).where(runners.c.erased_utc_us.is_(None)).order_by(runners.c.ordinal)
    return list(connection.execute(query).scalars())


def ensure_runner(connection: sa.Connection, runner: str, name: str, zone: str) -> None:
    """Make a runner who is not there yet, at home in `zone`; of one who is, only the name is renewed."""
    known = connection.execute(sa.select(runners.c.name).where(runners.c.id == runner)).scalar()
    if known == name:
        return
    if known is not None:
        connection.execute(runners.update().values(name=name).where(runners.c.id == runner))
        return
    connection.execute(runners.insert(), [{"id": runner, "name": name, "ordinal": next_ordinal(connection)}])
    set_zone(connection, runner, SINCE_EVER, zone)


def names(connection: sa.Connection) -> dict[str, str]:
    """The names of all living runners, in the order in which they came."""
    query = sa.select(runners.c.id, runners.c.name).where(runners.c.erased_utc_us.is_(None))
    rows = connection.execute(query.order_by(runners.c.ordinal)).all()
    return {row.id: row.name for row in rows}


def next_ordinal(connection: sa.Connection) -> int:
    """Above that of all runners."""
    highest = connection.execute(sa.select(sa.func.max(runners.c.ordinal))).scalar()
    return 0 if highest is None else highest + 1


def assign(connection: sa.Connection, pod: str, runner: str, foot: str, from_utc_us: int) -> None:
    """From then on the pod is on that runner's foot. StoreError: no such runner or foot."""
    if foot not in get_args(Foot):
        raise StoreError(f"a foot is one of {', '.join(get_args(Foot))}, not {foot!r}")
    require(connection, runner)
    row = {"pod": pod, "from_utc_us": from_utc_us, "runner": runner, "foot": foot}
    engine.upsert(connection, assignments, [row])


def set_foot(connection: sa.Connection, pod: str, runner: str, foot: str, from_utc_us: int) -> None:
    """From then on, until the next assignment, the pod is on that foot of a runner who wears it then.

    StoreError: somebody else wears it then. Nobody gets another's time by it.
    """
    if wearers(connection).at(pod, from_utc_us).runner != runner:
        raise StoreError("the pod was not yours then; whoever keeps the house hands out pods")
    assign(connection, pod, runner, foot, from_utc_us)


def assigned_pods(connection: sa.Connection) -> list[str]:
    """All pods of any assignment, in order of their ids."""
    query = sa.select(assignments.c.pod).distinct().order_by(assignments.c.pod)
    return list(connection.execute(query).scalars())


class Assignment(NamedTuple):
    """From then on the pod is on that runner's foot."""

    from_utc_us: int
    runner: str
    foot: Foot


def assignments_of(connection: sa.Connection, pod: str) -> list[Assignment]:
    """What was said of a pod, in order of time."""
    c = assignments.c
    query = sa.select(c.from_utc_us, c.runner, c.foot).where(c.pod == pod).order_by(c.from_utc_us)
    return [Assignment(*row) for row in connection.execute(query)]


def unassign(connection: sa.Connection, pod: str, from_utc_us: int) -> None:
    """Take an assignment back: what held before it goes on."""
    c = assignments.c
    connection.execute(assignments.delete().where(c.pod == pod, c.from_utc_us == from_utc_us))


def unset_zone(connection: sa.Connection, runner: str, from_date: date) -> None:
    """Take a zone back: the one before it goes on. StoreError: it is the first."""
    if from_date == SINCE_EVER:
        raise StoreError("a runner has a time zone: change the first one rather than take it away")
    connection.execute(
        zones.delete().where(zones.c.runner == runner, zones.c.from_date == from_date.isoformat())
    )


def set_zone(connection: sa.Connection, runner: str, from_date: date, zone: str) -> None:
    """From that date on the runner's days are those of `zone`. StoreError: no such runner, zone or day."""
    if from_date < FIRST_DAY and from_date != SINCE_EVER:
        raise StoreError(f"days are known from the year {FIRST_DAY.year} on, not from {from_date}")
    if not known_zone(zone):
        raise StoreError(f"{zone!r} is no time zone, such as Europe/London")
    require(connection, runner)
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


def zones_of(connection: sa.Connection, runner: str) -> list[tuple[date, str]]:
    """All zones of a runner, each with the date from which it holds, in order."""
    query = (
        sa.select(zones.c.from_date, zones.c.zone).where(zones.c.runner == runner).order_by(zones.c.from_date)
    )
    return [(date.fromisoformat(since), zone) for since, zone in connection.execute(query)]


def note_day(connection: sa.Connection, runner: str, day: date, what: str | None) -> None:
    """What the runner said of a day; None takes it back. StoreError: no such runner or note."""
    require(connection, runner)
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


def require(connection: sa.Connection, runner: str) -> None:
    """StoreError: there is no such runner."""
    if connection.execute(sa.select(runners.c.id).where(runners.c.id == runner)).first() is None:
        raise StoreError(f"there is no runner {runner!r}")
