"""How a runner's plan was set, and by whom: a row a change, of which the last one holds."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import sqlalchemy as sa

from strideload.store import people
from strideload.store.errors import StoreError
from strideload.store.kept import plans
from strideload.store.part import Part

SetBy = Literal["runner", "physiotherapist"]

SETTINGS_LIMIT: Final = 10_000  # characters of JSON


class PlanChanged(StoreError):
    """Somebody set the plan since it was looked at."""

    def __init__(self) -> None:
        super().__init__("The plan was set meanwhile. Look at it as it is now, and set it again.")


@dataclass(frozen=True)
class PlanSet:
    """The plan as it was set at a moment. `settings`: as `runner.planning` reads them."""

    set_utc_us: int
    set_by: SetBy
    settings: Mapping[str, Any]


class Plans(Part):
    """The plans of all runners."""

    def set(
        self, runner: str, settings: Mapping[str, Any], set_by: SetBy, seen_utc_us: int | None
    ) -> PlanSet:
        """Set a plan, `seen_utc_us` being when the one was set that was looked at (None: none was) -> what holds.

        The same again is no change. PlanChanged; StoreError: no such runner, or nobody who could set it.
        """
        if set_by not in get_args(SetBy):
            raise StoreError(f"a plan is set by one of {', '.join(get_args(SetBy))}, not {set_by!r}")
        written = json.dumps(settings, sort_keys=True)
        if len(written) > SETTINGS_LIMIT:
            raise StoreError("the plan's settings are too long")
        with self._writing() as connection:
            people.require(connection, runner)
            last = _last(connection, runner)
            if last and (json.dumps(last.settings, sort_keys=True), last.set_by) == (written, set_by):
                return last
            if (last.set_utc_us if last else None) != seen_utc_us:
                raise PlanChanged
            # A clock that was set back does not put a change before the one that it changes.
            at = max(time.time_ns() // 1000, last.set_utc_us + 1 if last else 0)
            row = {"runner": runner, "set_utc_us": at, "set_by": set_by, "settings": written}
            connection.execute(plans.insert(), [row])
            return PlanSet(at, set_by, settings)

    def current(self, runner: str) -> PlanSet | None:
        """What holds; None: nothing was ever set."""
        with self._reading() as connection:
            return _last(connection, runner)

    def history(self, runner: str) -> list[PlanSet]:
        """All that was ever set, the first one first."""
        query = sa.select(plans).where(plans.c.runner == runner).order_by(plans.c.set_utc_us)
        with self._reading() as connection:
            return [_plan(row) for row in connection.execute(query)]


def _last(connection: sa.Connection, runner: str) -> PlanSet | None:
    query = sa.select(plans).where(plans.c.runner == runner).order_by(plans.c.set_utc_us.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else _plan(row)


def _plan(row: Any) -> PlanSet:
    return PlanSet(row.set_utc_us, row.set_by, json.loads(row.settings))
