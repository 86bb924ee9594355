"""The strength log: what was trained on which date, a row an exercise."""

import time
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from strideload.load.strength import Exercise
from strideload.load.zones import FIRST_DAY
from strideload.store import ids, people
from strideload.store.errors import StoreError
from strideload.store.kept import strength
from strideload.store.part import Part

NOTE_LIMIT: Final = 500  # characters


class StrengthEntryInvalid(StoreError):
    """What cannot be logged."""


class NoSuchStrengthEntry(StoreError):
    """There is none, or it is another runner's: no difference is made."""

    def __init__(self) -> None:
        super().__init__("This entry is not there: it was deleted, or never was.")


class StrengthEntryChanged(StoreError):
    """Somebody changed the entry since it was looked at."""

    def __init__(self) -> None:
        super().__init__("This entry was changed meanwhile. Look at it as it is now, and change it again.")


@dataclass(frozen=True)
class StrengthEntry:
    """Sets for one muscle group on a date."""

    id: str  # 32 hex digits
    date: date
    exercise: Exercise
    note: str
    written_utc_us: int  # a later one for each change: it names what was looked at


class Strength(Part):
    """The strength logs of all runners. No method gives or changes anything of another runner than it names."""

    def add(
        self,
        runner: str,
        entry: str,
        day: date,
        exercise: Exercise,
        note: str = "",
        today: date | None = None,
    ) -> StrengthEntry:
        """Log an exercise -> what holds. An entry that is there already stays as it is.

        `today`: where the runner is; later dates are refused. StrengthEntryInvalid, NoSuchStrengthEntry.
        """
        if not ids.is_id(entry):
            raise StrengthEntryInvalid("This form is not whole. Reload the page and send it again.")
        made = _checked(entry, day, exercise, note, today)
        with self._writing() as connection:
            people.require(connection, runner)
            held = connection.execute(sa.select(strength).where(strength.c.id == entry)).first()
            if held is not None:
                if held.runner != runner:
                    raise NoSuchStrengthEntry
                return _entry(held)
            connection.execute(strength.insert(), [_row(runner, made)])
        return made

    def change(
        self,
        runner: str,
        entry: str,
        seen: int,
        day: date,
        exercise: Exercise,
        note: str = "",
        today: date | None = None,
    ) -> StrengthEntry:
        """Change the entry that was looked at as it was written at `seen` -> what holds. The same again is no change.

        StrengthEntryInvalid, StrengthEntryChanged, NoSuchStrengthEntry.
        """
        said = _checked(entry, day, exercise, note, today)
        with self._writing() as connection:
            held = _required(connection, runner, entry)
            if replace(held, written_utc_us=said.written_utc_us) == said:
                return held
            if held.written_utc_us != seen:
                raise StrengthEntryChanged
            made = replace(said, written_utc_us=max(said.written_utc_us, seen + 1))
            connection.execute(strength.update().where(_own(runner, entry)).values(_row(runner, made)))
        return made

    def entry(self, runner: str, entry: str) -> StrengthEntry:
        """NoSuchStrengthEntry."""
        with self._reading() as connection:
            return _required(connection, runner, entry)

    def entries(self, runner: str, first: date, last: date) -> list[StrengthEntry]:
        """Those of the dates first..last, in order of dates and of when they were written."""
        c = strength.c
        return self._select(
            sa.and_(c.runner == runner, c.date >= first.isoformat(), c.date <= last.isoformat())
        )

    def everything(self, runner: str) -> list[StrengthEntry]:
        """All entries, to be handed over."""
        return self._select(strength.c.runner == runner)

    def delete(self, runner: str, entry: str) -> StrengthEntry:
        """Delete an entry for good -> what it was; added again under its id, it is back. NoSuchStrengthEntry."""
        with self._erasing() as connection:
            held = _required(connection, runner, entry)
            connection.execute(strength.delete().where(_own(runner, entry)))
        return held

    def _select(self, chosen: sa.ColumnElement[bool]) -> list[StrengthEntry]:
        c = strength.c
        query = sa.select(strength).where(chosen).order_by(c.date, c.written_utc_us, c.id)
        with self._reading() as connection:
            return [_entry(row) for row in connection.execute(query)]


def _checked(entry: str, day: date, exercise: Exercise, note: str, today: date | None) -> StrengthEntry:
    """As written now. StrengthEntryInvalid."""
    if day < FIRST_DAY or (today is not None and day > today):
        raise StrengthEntryInvalid(f"{day} has not come yet, or is before the year {FIRST_DAY.year}.")
    if len(note) > NOTE_LIMIT or not note.isprintable():
        raise StrengthEntryInvalid(f"A note is one line of {NOTE_LIMIT} characters at most.")
    return StrengthEntry(entry, day, exercise, note.strip(), time.time_ns() // 1000)


def _own(runner: str, entry: str) -> sa.ColumnElement[bool]:
    return sa.and_(strength.c.runner == runner, strength.c.id == entry)


def _required(connection: sa.Connection, runner: str, entry: str) -> StrengthEntry:
    held = connection.execute(sa.select(strength).where(_own(runner, entry))).first()
    if held is None:
        raise NoSuchStrengthEntry
    return _entry(held)


def _row(runner: str, entry: StrengthEntry) -> dict[str, Any]:
    exercise = entry.exercise
    return {
        "id": entry.id,
        "runner": runner,
        "date": entry.date.isoformat(),
        "muscle_group": exercise.group,
        "sets": exercise.sets,
        "repetitions": exercise.repetitions,
        "effort": exercise.effort,
        "note": entry.note,
        "written_utc_us": entry.written_utc_us,
    }


def _entry(row: Any) -> StrengthEntry:
    exercise = Exercise(row.muscle_group, row.sets, row.repetitions, row.effort)
    return StrengthEntry(row.id, date.fromisoformat(row.date), exercise, row.note, row.written_utc_us)
