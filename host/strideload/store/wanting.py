"""What each pod is to have: every change is a row with its version and time, and the newest holds."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa

from strideload.protocol.pod_settings import VERSION_MOST, PodSettings, check_mark, pod_settings
from strideload.store import engine, people
from strideload.store.errors import StoreError
from strideload.store.schema import pod_settings as table
from strideload.store.schema import pods

# A version follows on the one before: two who change at once do it one after the other.
_LOCK: Final = 0x5354524944454C45


@dataclass(frozen=True)
class Wanted:
    """What a pod is to have from `set_utc_us` on. `mark_code`: a mark was asked for then, None: none was."""

    pod: str
    version: int
    set_utc_us: int
    settings: PodSettings
    mark_code: int | None = None


def newest(connection: sa.Connection) -> list[Wanted]:
    """The newest of each pod that has any, in order of pods."""
    last = sa.select(table.c.pod, sa.func.max(table.c.version)).group_by(table.c.pod)
    query = sa.select(table).where(sa.tuple_(table.c.pod, table.c.version).in_(last)).order_by(table.c.pod)
    return [_wanted(row) for row in connection.execute(query)]


def history(connection: sa.Connection, pod: str) -> list[Wanted]:
    """All that one pod was ever to have, in order of versions."""
    query = sa.select(table).where(table.c.pod == pod).order_by(table.c.version)
    return [_wanted(row) for row in connection.execute(query)]


def change(connection: sa.Connection, pod: str, changes: dict[str, Any], now_utc_us: int) -> Wanted:
    """Settings as they are, but for these -> what holds then; no new version where nothing changes.

    StoreError: no such pod. MessageError: no pod has that.
    """
    before = _before(connection, pod)
    settings = replace(before.settings, **changes)
    return before if settings == before.settings else _add(connection, before, settings, None, now_utc_us)


def mark(connection: sa.Connection, pod: str, code: int, now_utc_us: int) -> Wanted:
    """Ask for a mark, in a version of its own. Errors as `change`."""
    check_mark(code)
    before = _before(connection, pod)
    return _add(connection, before, before.settings, code, now_utc_us)


def cues(connection: sa.Connection, who: people.Wearers, pod: str) -> list[tuple[Wanted, str | None]]:
    """What a pod was ever to have with a cue, and whose cue that is: of who wore the pod when it was switched on."""
    found: list[tuple[Wanted, str | None]] = []
    cue, owner = None, None
    for one in history(connection, pod):
        if one.settings.cue != cue:
            cue, owner = one.settings.cue, who.at(pod, one.set_utc_us).runner
        if cue is not None:
            found.append((one, owner))
    return found


def end_cue(connection: sa.Connection, pod: str, now_utc_us: int) -> None:
    """A pod is to have no cue from now on; nothing changes where it has none."""
    if any(one.pod == pod and one.settings.cue for one in newest(connection)):
        change(connection, pod, {"cue": None}, now_utc_us)


def cued_for_others(connection: sa.Connection, now_utc_us: int) -> list[str]:
    """Pods whose present cue is made of the cadence of somebody who does not wear them now."""
    present = [one for one in newest(connection) if one.settings.cue]
    if not present:
        return []
    who = people.wearers(connection)
    return [
        one.pod
        for one in present
        if cues(connection, who, one.pod)[-1][1] != who.at(one.pod, now_utc_us).runner
    ]


def forget_cue(connection: sa.Connection, one: Wanted) -> None:
    """What was to be had then is told without its cue from now on."""
    settings = json.dumps(replace(one.settings, cue=None).as_dict(), sort_keys=True)
    is_it = sa.and_(table.c.pod == one.pod, table.c.version == one.version)
    connection.execute(table.update().where(is_it).values(settings=settings))


def tells_of_forgotten_cue(connection: sa.Connection, pod: str, state: dict[str, Any]) -> bool:
    """Whether a pod's state tells of a cue that is forgotten: the version that it confirms is there, and has none."""
    if not state.get("cue"):
        return False
    is_it = sa.and_(table.c.pod == pod, table.c.version == state.get("settings"))
    row = connection.execute(sa.select(table).where(is_it)).first()
    return row is not None and _wanted(row).settings.cue is None


def forget_told_cues(
    connection: sa.Connection, forgotten: Callable[[str, dict[str, Any], int], bool]
) -> None:
    """Take the cue out of the last states of pods where `forgotten(pod, cue, last_seen_utc_us)`."""
    for pod, state, seen_utc_us in connection.execute(sa.select(pods)).all():
        told: dict[str, Any] = json.loads(state) if state else {}
        if told.get("cue") and forgotten(pod, told["cue"], seen_utc_us):
            row = {"state": json.dumps({name: value for name, value in told.items() if name != "cue"})}
            connection.execute(pods.update().where(pods.c.pod == pod).values(row))


def _before(connection: sa.Connection, pod: str) -> Wanted:
    """The newest of a pod, version 0 of one that has none. StoreError: no such pod."""
    engine.take_turn(connection, _LOCK)
    row = connection.execute(
        sa.select(table).where(table.c.pod == pod).order_by(table.c.version.desc()).limit(1)
    ).first()
    if row is not None:
        return _wanted(row)
    known = {*connection.execute(sa.select(pods.c.pod)).scalars(), *people.assigned_pods(connection)}
    if pod not in known:
        raise StoreError(f"there is no pod {pod!r}")
    return Wanted(pod, 0, 0, PodSettings())


def _add(
    connection: sa.Connection, before: Wanted, settings: PodSettings, mark_code: int | None, now_utc_us: int
) -> Wanted:
    wanted = Wanted(before.pod, _next_version(connection, before), now_utc_us, settings, mark_code)
    row = vars(wanted) | {"settings": json.dumps(settings.as_dict(), sort_keys=True)}
    connection.execute(table.insert(), [row])
    return wanted


def _next_version(connection: sa.Connection, before: Wanted) -> int:
    """Above what the pod has as well: a store that was restored from an older copy does not say a version twice."""
    state = connection.execute(sa.select(pods.c.state).where(pods.c.pod == before.pod)).scalar()
    has = json.loads(state).get("settings") if state else None
    return max(before.version, has if isinstance(has, int) and has < VERSION_MOST else 0) + 1


def _wanted(row: Any) -> Wanted:
    return Wanted(row.pod, row.version, row.set_utc_us, pod_settings(json.loads(row.settings)), row.mark_code)
