"""The strength log as its page shows it: the form, what was logged, and each week beside its running."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from strideload.load.strength import EFFORT, GROUPS, REPETITIONS, SETS, StrengthSession, coverage, monday_of
from strideload.load.trend import week_ending
from strideload.runner.amounts import amounts
from strideload.runner.records import Records
from strideload.store.ids import new_id
from strideload.store.strength import NOTE_LIMIT, StrengthEntry
from strideload.words import training
from strideload.words.numbers import AT_LEAST, MONTHS, duration, long_date, short_date

DEFAULT_SETS: Final = 3
DEFAULT_REPETITIONS: Final = 10


@dataclass(frozen=True)
class GroupButton:
    value: str
    name: str
    which: str  # "front of the thigh", "" where the name says it


@dataclass(frozen=True)
class StrengthForm:
    """`sets` and the rest are as in the last entry, since the next is likely to be alike; or of the entry to change."""

    action: str
    id: str
    seen: str  # "": it makes a new entry
    group: str  # "": of a new entry
    note: str
    groups: list[GroupButton]
    sets: str
    repetitions: str
    effort: str
    date: str
    today: str
    sets_bounds: tuple[int, int]
    repetitions_bounds: tuple[int, int]
    efforts: list[str]
    note_limit: int


@dataclass(frozen=True)
class WeekRow:
    name: str
    groups: list[str]
    running: str
    said: str


@dataclass(frozen=True)
class EntryRow:
    id: str
    when: str
    said: str


@dataclass(frozen=True)
class Gone:
    """An entry that was just deleted, whole, so that it can be put back."""

    said: str
    fields: list[tuple[str, str]]


@dataclass(frozen=True)
class StrengthView:
    lead: str
    form: StrengthForm
    columns: list[str]
    weeks: list[WeekRow]  # newest first
    entries: list[EntryRow]  # newest first


def view(
    records: Records,
    entries: Sequence[StrengthEntry],
    last_entry: StrengthEntry | None,
    changing: StrengthEntry | None = None,
) -> StrengthView:
    """`entries`: of the dates of the records. `changing`: the form is of this one."""
    sessions = [
        StrengthSession(day, tuple(one.exercise for one in entries if one.date == day))
        for day in sorted({one.date for one in entries})
    ]
    weeks = coverage(sessions, records.first, records.last)
    running = amounts(records, "duration")
    rows: list[WeekRow] = []
    for week in reversed(weeks):
        ran = week_ending(week.monday + timedelta(days=6), running)
        bound = AT_LEAST if ran.at_least is not None and not ran.exact and ran.last < records.today else ""
        rows.append(
            WeekRow(
                name=f"{week.monday.day} {MONTHS[week.monday.month - 1][:3]}",
                groups=[training.group_work(week.groups[group]) for group in GROUPS],
                running=f"{bound}{duration(ran.at_least)}",
                said=training.strength_week(week),
            )
        )
    return StrengthView(
        lead=f"{_named(weeks[-1].monday, records.today)}: {_lower(training.strength_week(weeks[-1]))}",
        form=_form(changing or last_entry, changing, records.today),
        columns=[group.capitalize() for group in GROUPS],
        weeks=rows,
        entries=[EntryRow(one.id, short_date(one.date), said(one)) for one in reversed(entries)],
    )


def _named(monday: date, today: date) -> str:
    return "This week" if monday == monday_of(today) else f"Week of {short_date(monday)}"


def said(entry: StrengthEntry) -> str:
    """ "Quadriceps: 3 sets of 12, effort 7 of 10; slow"."""
    one = entry.exercise
    sets = f"{one.sets} set{'' if one.sets == 1 else 's'}"
    of = "" if one.repetitions is None else f" of {one.repetitions}"
    effort = "" if one.effort is None else f", effort {one.effort} of {EFFORT[1]}"
    note = f"; {entry.note}" if entry.note else ""
    return f"{one.group.capitalize()}: {sets}{of}{effort}{note}"


def gone(entry: StrengthEntry) -> Gone:
    one = entry.exercise
    return Gone(
        f"{long_date(entry.date)}, {said(entry)}",
        [
            ("entry", entry.id),
            ("date", entry.date.isoformat()),
            ("group", one.group),
            ("sets", str(one.sets)),
            ("repetitions", _written(one.repetitions)),
            ("effort", _written(one.effort)),
            ("note", entry.note),
        ],
    )


def _form(last: StrengthEntry | None, changing: StrengthEntry | None, today: date) -> StrengthForm:
    held = last.exercise if last else None
    return StrengthForm(
        action=f"/strength/{changing.id}" if changing else "/strength",
        id=changing.id if changing else new_id(),
        seen=str(changing.written_utc_us) if changing else "",
        group=changing.exercise.group if changing else "",
        note=changing.note if changing else "",
        groups=[_button(training.GROUPS[group], group) for group in GROUPS],
        sets=str(held.sets if held else DEFAULT_SETS),
        repetitions=_written(held.repetitions if held else DEFAULT_REPETITIONS),
        effort=_written(held.effort if held else None),
        date=(changing.date if changing else today).isoformat(),
        today=today.isoformat(),
        sets_bounds=SETS,
        repetitions_bounds=REPETITIONS,
        efforts=[str(n) for n in range(EFFORT[0], EFFORT[1] + 1)],
        note_limit=NOTE_LIMIT,
    )


def _button(name: str, group: str) -> GroupButton:
    return GroupButton(group, group.capitalize(), name.removeprefix(group).strip(" ()"))


def _written(value: int | None) -> str:
    return "" if value is None else str(value)


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]
