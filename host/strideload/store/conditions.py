"""On what a runner runs: shoes, and the shoe, mount and surface that are usual or were so in one run."""

import secrets
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import Any, Final, Literal, NamedTuple

import sqlalchemy as sa

from strideload.store import engine, named, people
from strideload.store.errors import StoreError
from strideload.store.kept import run_conditions, shoes, usual_conditions
from strideload.store.named import Named
from strideload.store.part import Part

Mount = Literal["laces", "heel_clip", "insole", "ankle"]
Surface = Literal["road", "trail", "track", "treadmill", "grass", "sand", "mixed"]

NAME_LIMIT: Final = 60  # characters

_OF_RUNS: Final = named.with_sessions(run_conditions)
_began: Final = run_conditions.c.run_utc_us + named.moved_us(run_conditions)
_DATED: Final = sa.not_(named.is_undated(run_conditions))


class ShoeInvalid(StoreError):
    """A shoe that cannot be, or is not there, or is another runner's."""


@dataclass(frozen=True)
class Shoe:
    """A pair of shoes. `retired_date`: the first day on which it is not worn any more; None: in use."""

    id: str
    name: str
    from_date: date
    retired_date: date | None


class Worn(NamedTuple):
    """Shoe, mount and surface. None: not known."""

    shoe: str | None = None  # id of a Shoe
    mount: str | None = None
    surface: str | None = None

    def over(self, usual: "Worn") -> "Worn":
        """This, and of what it does not know what is usual."""
        return Worn(*(own if own is not None else other for own, other in zip(self, usual, strict=True)))


class Usual(NamedTuple):
    """What is usual from a moment on."""

    from_utc_us: int
    worn: Worn


class Conditions(Part):
    """Shoes and what was worn, of all runners."""

    def add_shoe(self, runner: str, name: str, from_date: date, shoe: str | None = None) -> Shoe:
        """A pair of shoes. `shoe`: its id, drawn beforehand, so that a form sent twice adds one. ShoeInvalid."""
        made = Shoe(shoe or secrets.token_hex(8), _name(name), from_date, None)
        with self._writing() as connection:
            people.require(connection, runner)
            if shoe and _shoe_row(connection, None, shoe):
                return _required(connection, runner, shoe)
            _require_new_name(connection, runner, made)
            row = {"id": made.id, "runner": runner, "name": made.name, "from_date": from_date.isoformat()}
            connection.execute(shoes.insert(), [{**row, "retired_date": None}])
        return made

    def change_shoe(self, runner: str, shoe: str, *, name: str, retired_date: date | None) -> Shoe:
        """Rename, retire or take back a pair. ShoeInvalid."""
        with self._writing() as connection:
            before = _required(connection, runner, shoe)
            if retired_date and retired_date < before.from_date:
                raise ShoeInvalid("A pair cannot be retired before it was new.")
            _require_new_name(connection, runner, replace(before, name=_name(name)))
            values = {"name": _name(name), "retired_date": retired_date and retired_date.isoformat()}
            connection.execute(shoes.update().where(shoes.c.id == shoe).values(values))
            return _required(connection, runner, shoe)

    def delete_shoe(self, runner: str, shoe: str) -> None:
        """Delete a pair for good: where it was worn, the shoe is not known any more. ShoeInvalid."""
        with self._erasing() as connection:
            _required(connection, runner, shoe)
            for table in (usual_conditions, run_conditions):
                connection.execute(table.update().where(table.c.shoe == shoe).values(shoe=None))
            connection.execute(shoes.delete().where(shoes.c.id == shoe))

    def shoes(self, runner: str) -> list[Shoe]:
        """All pairs of a runner, in the order in which they were new."""
        query = sa.select(shoes).where(shoes.c.runner == runner).order_by(shoes.c.from_date, shoes.c.id)
        with self._reading() as connection:
            return [_shoe(row) for row in connection.execute(query)]

    def set_usual(self, runner: str, from_utc_us: int, worn: Worn) -> None:
        """What is usual from then on, until another change. ShoeInvalid, StoreError."""
        row = {"runner": runner, "from_utc_us": from_utc_us, **worn._asdict()}
        with self._writing() as connection:
            _check(connection, runner, worn)
            engine.upsert(connection, usual_conditions, [row])

    def unset_usual(self, runner: str, from_utc_us: int) -> None:
        """Take back the change that was set for that moment."""
        c = usual_conditions.c
        with self._writing() as connection:
            connection.execute(
                usual_conditions.delete().where(c.runner == runner, c.from_utc_us == from_utc_us)
            )

    def usual(self, runner: str) -> list[Usual]:
        """All changes of what is usual, in order of time."""
        c = usual_conditions.c
        query = (
            sa.select(c.from_utc_us, c.shoe, c.mount, c.surface)
            .where(c.runner == runner)
            .order_by(c.from_utc_us)
        )
        with self._reading() as connection:
            return [Usual(since, Worn(*worn)) for since, *worn in connection.execute(query)]

    def set_run(self, runner: str, run_utc_us: int, worn: Worn) -> None:
        """What was so in the run that began then; what it does not know is as usual. ShoeInvalid, StoreError."""
        c = run_conditions.c
        with self._writing() as connection:
            _check(connection, runner, worn)
            of_it = (
                sa.select(c.run_utc_us)
                .select_from(_OF_RUNS)
                .where(c.runner == runner, _DATED, _began == run_utc_us)
            )
            connection.execute(run_conditions.delete().where(c.runner == runner, c.run_utc_us.in_(of_it)))
            _put(connection, runner, run_utc_us, named.session_of(connection, runner, run_utc_us), worn)

    def set_undated(self, runner: str, session_id: int, run_utc_us: int, worn: Worn) -> None:
        """What was so in the run of a session that has no time: it holds once it has one. ShoeInvalid, StoreError.

        `run_utc_us`: when that run began, as long as this was known.
        """
        c = run_conditions.c
        with self._writing() as connection:
            _check(connection, runner, worn)
            connection.execute(run_conditions.delete().where(c.runner == runner, c.session_id == session_id))
            _put(connection, runner, run_utc_us, Named(session_id, run_utc_us), worn)

    def of_runs(self, runner: str, start_utc_us: int, end_utc_us: int) -> dict[int, Worn]:
        """What was noted of single runs that began in [start, end), by when they began."""
        c = run_conditions.c
        query = (
            sa.select(_began, c.shoe, c.mount, c.surface)
            .select_from(_OF_RUNS)
            .where(c.runner == runner, _DATED, _began >= start_utc_us, _began < end_utc_us)
            .order_by(c.run_utc_us)
        )
        with self._reading() as connection:
            return {run: Worn(*worn) for run, *worn in connection.execute(query)}

    def of_all_runs(self, runner: str) -> list[tuple[int | None, Worn]]:
        """All that was noted of single runs, each with when that began; None: its session has no time now."""
        c = run_conditions.c
        start = sa.case((_DATED, _began), else_=None)
        query = (
            sa.select(start, c.shoe, c.mount, c.surface)
            .select_from(_OF_RUNS)
            .where(c.runner == runner)
            .order_by(_began)
        )
        with self._reading() as connection:
            return [(run, Worn(*worn)) for run, *worn in connection.execute(query)]


def _put(connection: sa.Connection, runner: str, run_utc_us: int, of: Named, worn: Worn) -> None:
    """Two runs may have had the same start, one after the other: the later one is named by the next that is free."""
    c = run_conditions.c
    taken = set(connection.execute(sa.select(c.run_utc_us).where(c.runner == runner)).scalars())
    later_us = next(us for us in count() if run_utc_us + us not in taken)
    row = {
        "runner": runner,
        "run_utc_us": run_utc_us + later_us,
        **worn._asdict(),
        "session_id": of.session_id,
        "session_utc_us": None if of.session_utc_us is None else of.session_utc_us + later_us,
    }
    connection.execute(run_conditions.insert(), [row])


def _check(connection: sa.Connection, runner: str, worn: Worn) -> None:
    people.require(connection, runner)
    if worn.shoe is not None:
        _required(connection, runner, worn.shoe)
    for what in (worn.mount, worn.surface):
        if what is not None and not (0 < len(what) <= NAME_LIMIT and what.isprintable()):
            raise StoreError(f"A mount or surface has 1 to {NAME_LIMIT} characters.")


def _name(name: str) -> str:
    stripped = name.strip()
    if not (0 < len(stripped) <= NAME_LIMIT and stripped.isprintable()):
        raise ShoeInvalid(f"A pair's name has 1 to {NAME_LIMIT} characters.")
    return stripped


def _require_new_name(connection: sa.Connection, runner: str, shoe: Shoe) -> None:
    """Two of one name could not be told apart, neither here nor in a report. ShoeInvalid."""
    others = connection.execute(
        sa.select(shoes.c.name).where(shoes.c.runner == runner, shoes.c.id != shoe.id)
    ).scalars()
    if shoe.name.casefold() in {name.casefold() for name in others}:
        raise ShoeInvalid(f"Another pair is named “{shoe.name}”. Give this one a name of its own.")


def _shoe_row(connection: sa.Connection, runner: str | None, shoe: str) -> Any:
    query = sa.select(shoes).where(shoes.c.id == shoe)
    if runner is not None:
        query = query.where(shoes.c.runner == runner)
    return connection.execute(query).first()


def _required(connection: sa.Connection, runner: str, shoe: str) -> Shoe:
    row = _shoe_row(connection, runner, shoe)
    if row is None:
        raise ShoeInvalid("This pair of shoes is not there.")
    return _shoe(row)


def _shoe(row: Any) -> Shoe:
    retired = row.retired_date
    return Shoe(
        row.id, row.name, date.fromisoformat(row.from_date), date.fromisoformat(retired) if retired else None
    )
