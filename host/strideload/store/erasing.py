"""A runner is erased: diary, steps, pages, and whatever else is theirs. What a pod sends again of it stays away.

The pods keep the runner's time under a name that says nothing, so that a page which arrives late falls to nobody else,
and is erased as well once it tells when it was recorded.
"""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from strideload.store import accounts, engine, people, wanting
from strideload.store.deriving import Boot, of_boot
from strideload.store.errors import StoreError
from strideload.store.kept import KEPT, erasures, placements
from strideload.store.ranges import Ranges
from strideload.store.schema import (
    alive,
    aside,
    assignments,
    day_notes,
    marks,
    pages,
    replays,
    runners,
    sessions,
    spans,
    steps,
    zones,
)
from strideload_pod import page

SINCE_EVER_UTC_US: Final = 0
# What a runner says, before the rows that these lean on.
SAID: Final = (*reversed([table for table in KEPT if "runner" in table.c]), day_notes, zones)


@dataclass(frozen=True)
class Erased:
    """How much is gone. `left`: sessions without a date, of pods that others wear as well; nobody knows whose."""

    sessions: int
    pages: int
    entries: int
    left: int


def erase(connection: sa.Connection, runner: str, now_utc_us: int) -> Erased:
    """All of a runner, on a writing connection. StoreError: no such runner.

    The only runner of a house begins anew, with nothing said and nothing recorded.
    """
    if runner not in people.ids(connection):
        raise StoreError(f"there is no runner {runner!r}")
    zone = people.zone_of(connection, runner, people.LAST_DATE)
    who = people.wearers(connection)
    pods = _pods_ever(connection)
    now_theirs = [pod for pod in pods if who.at(pod, now_utc_us).runner == runner]
    never_given = [pod for pod in pods if who.at(pod, SINCE_EVER_UTC_US).runner == runner]
    alone = {pod for pod in pods if who.only(pod, runner)}
    _erase_cues(connection, who, runner, now_utc_us)
    entries = sum(
        connection.execute(table.delete().where(table.c.runner == runner)).rowcount for table in SAID
    )
    stone = _bury(connection, runner, now_utc_us)
    if not people.ids(connection):
        people.ensure_runner(connection, runner, people.UNNAMED, zone)
    accounts.ensure_keeper(connection)
    heir = people.ids(connection)[0]
    rows = [_given(pod, stone, SINCE_EVER_UTC_US) for pod in never_given]
    rows += [_given(pod, heir, now_utc_us) for pod in now_theirs]
    engine.upsert(connection, assignments, rows)
    gone, pages_gone, left = _purge(connection, {stone}, now_utc_us, alone)
    _erase_traces(connection, alone)
    return Erased(gone, pages_gone, entries, left)


def purge_late(connection: sa.Connection, now_utc_us: int) -> int:
    """Erase what has come since of erased runners -> pages.

    A session without a date stays: it may be of whoever wears the pod now.
    """
    return _purge(connection, _stones(connection), now_utc_us)[1]


def is_late(connection: sa.Connection) -> bool:
    """Whether anything has come of an erased runner."""
    stones = _stones(connection)
    if not stones:
        return False
    who = people.wearers(connection)
    dated = sa.union_all(
        sa.select(sessions.c.pod, sessions.c.start_utc_us).where(sessions.c.start_utc_us.is_not(None)),
        sa.select(alive.c.pod, alive.c.utc_us),
    )
    return any(who.at(pod, utc_us).runner in stones for pod, utc_us in connection.execute(dated))


def _stones(connection: sa.Connection) -> set[str]:
    query = sa.select(runners.c.id).where(runners.c.erased_utc_us.is_not(None))
    return set(connection.execute(query).scalars())


def _bury(connection: sa.Connection, runner: str, now_utc_us: int) -> str:
    """A runner's row becomes one that says nothing -> its id."""
    stone = f"erased-{secrets.token_hex(8)}"
    row = {
        "id": stone,
        "name": "",
        "ordinal": people.next_ordinal(connection),
        "erased_utc_us": now_utc_us,
    }
    connection.execute(runners.insert(), [row])
    connection.execute(assignments.update().values(runner=stone).where(assignments.c.runner == runner))
    connection.execute(runners.delete().where(runners.c.id == runner))
    return stone


def _given(pod: str, runner: str, from_utc_us: int) -> dict[str, Any]:
    return {"pod": pod, "from_utc_us": from_utc_us, "runner": runner, "foot": "unknown"}


def _pods_ever(connection: sa.Connection) -> list[str]:
    """All pods of which anything is stored or said."""
    found = sa.union(sa.select(spans.c.pod), sa.select(assignments.c.pod))
    return sorted(connection.execute(found).scalars())


def _purge(
    connection: sa.Connection, stones: set[str], now_utc_us: int, alone: Collection[str] = ()
) -> tuple[int, int, int]:
    """-> sessions and pages erased, and sessions that are left since nobody knows whose they are.

    `alone`: pods that nobody else ever wore, so that what they do not date is to be erased as well.
    """
    who = people.wearers(connection)
    mine: dict[Boot, list[int]] = {}
    others: set[Boot] = set()
    undated: dict[Boot, list[int]] = {}
    c = sessions.c
    for pod, log, boot, session, start in connection.execute(
        sa.select(c.pod, c.log, c.boot, c.session, c.start_utc_us).order_by(c.pod, c.log, c.boot, c.session)
    ):
        key = Boot(pod, log, boot)
        if start is None:
            undated.setdefault(key, []).append(session)
        elif who.at(pod, start).runner in stones:
            mine.setdefault(key, []).append(session)
        else:
            others.add(key)
    apart: dict[Boot, set[int]] = {}  # numbers of pages outside of sessions
    for pod, log, boot, utc_us, number in _outside(connection):
        if utc_us is not None and who.at(pod, utc_us).runner in stones:
            mine.setdefault(Boot(pod, log, boot), [])
            apart.setdefault(Boot(pod, log, boot), set()).add(number)
        else:
            others.add(Boot(pod, log, boot))
    left = 0
    for key, some in undated.items():
        if key.pod in alone:
            mine.setdefault(key, []).extend(some)
        else:
            left += len(some)
            others.add(key)
    count = sum(
        _erase_boot(connection, key, None, now_utc_us)
        if key not in others
        else _erase_boot(connection, key, own, now_utc_us, apart.get(key, set()))
        for key, own in mine.items()
    )
    return sum(map(len, mine.values())), count, left


def _outside(connection: sa.Connection) -> list[tuple[str, int, int, int | None, int]]:
    """(pod, log, boot, when, page) of what was written outside of any session: alive records and marks."""
    a, m = alive.c, marks.c
    found = sa.union_all(
        sa.select(a.pod, a.log, a.boot, a.utc_us, a.number),
        sa.select(m.pod, m.log, m.boot, m.utc_us, m.number).where(m.session == 0),
    )
    return [tuple(row) for row in connection.execute(found)]


def _erase_boot(
    connection: sa.Connection,
    boot: Boot,
    only: Sequence[int] | None,
    now_utc_us: int,
    apart: Collection[int] = (),
) -> int:
    """Erase a boot whole, or only these sessions of it and these pages outside of any -> pages."""
    here = of_boot(pages, boot)
    outside = sa.and_(
        pages.c.stream == page.STREAM_STEPS, pages.c.session == 0, pages.c.number.in_(sorted(apart))
    )
    chosen = here if only is None else sa.and_(here, sa.or_(pages.c.session.in_(only), outside))
    numbers: dict[int, Ranges] = {}
    query = sa.select(pages.c.stream, pages.c.number).where(chosen).order_by(pages.c.stream, pages.c.number)
    for stream, number in connection.execute(query):
        numbers.setdefault(stream, Ranges()).add(number, number + 1)
    for stream, some in numbers.items():
        _remember(connection, boot, stream, some, now_utc_us)
    count = connection.execute(pages.delete().where(chosen)).rowcount
    ids = sa.select(sessions.c.session_id).where(_of(sessions, boot, only))
    connection.execute(steps.delete().where(steps.c.session_id.in_(ids)))
    for table in (sessions, spans, marks, placements):
        connection.execute(table.delete().where(_of(table, boot, only)))
    if only is None:
        connection.execute(alive.delete().where(of_boot(alive, boot)))
    else:
        for table in (alive, marks):
            connection.execute(table.delete().where(of_boot(table, boot), table.c.number.in_(sorted(apart))))
    return count


def _of(table: sa.Table, boot: Boot, only: Sequence[int] | None) -> sa.ColumnElement[bool]:
    return of_boot(table, boot) if only is None else sa.and_(of_boot(table, boot), table.c.session.in_(only))


def _remember(
    connection: sa.Connection, boot: Boot, stream: int, some: Iterable[tuple[int, int]], now_utc_us: int
) -> None:
    rows = [
        {
            "pod": boot.pod,
            "log": boot.log,
            "stream": stream,
            "first": first,
            "count": end - first,
            "erased_utc_us": now_utc_us,
        }
        for first, end in some
    ]
    engine.upsert(connection, erasures, rows)


def _erase_cues(connection: sa.Connection, who: people.Wearers, runner: str, now_utc_us: int) -> None:
    """A cue's target is made of the runner's own cadence: their pods are to have none, and none is told of."""
    owners: dict[tuple[str, int], set[str | None]] = {}  # of each target that a pod was to have
    for newest in wanting.newest(connection):
        cues = wanting.cues(connection, who, newest.pod)
        if (newest, runner) in cues:  # in a version of its own, else no pod would hear of it
            wanting.end_cue(connection, newest.pod, now_utc_us)
        for one, owner in cues:
            if one.settings.cue:
                owners.setdefault((one.pod, one.settings.cue.target_cspm), set()).add(owner)
            if owner == runner:
                wanting.forget_cue(connection, one)

    def is_theirs(pod: str, cue: dict[str, Any], seen_utc_us: int) -> bool:
        known = owners.get((pod, cue.get("target_cspm", 0)))
        return runner in (known or {who.at(pod, seen_utc_us).runner})

    wanting.forget_told_cues(connection, is_theirs)


def _erase_traces(connection: sa.Connection, pods: Iterable[str]) -> None:
    """What was set aside of a pod's messages tells nobody's time; it goes with a pod that only they wore."""
    for pod in pods:
        connection.execute(aside.delete().where(aside.c.topic.contains(pod, autoescape=True)))
        connection.execute(replays.delete().where(replays.c.pod == pod))
