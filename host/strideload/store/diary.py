"""Symptoms as the runner said them: versions of entries, of which none is overwritten.

An entry is what was said of one site at one moment. Its highest version holds; an earlier one is its history. Whoever
changes an entry names the version that they saw, so that a form that is sent twice is stored once, and two people who
change the same entry do not undo each other.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, Literal, cast, get_args

import sqlalchemy as sa

from strideload.load.symptoms import MOMENTS, AnswerInvalid, Answers, Felt, Moment, Sign
from strideload.load.zones import FIRST_DAY, midnight_utc_us
from strideload.store import ids, named, people
from strideload.store.errors import StoreError
from strideload.store.kept import symptoms
from strideload.store.named import Named
from strideload.store.part import Part

When = Moment | Literal["other"]

WHENS: Final[tuple[When, ...]] = (*MOMENTS, *get_args(Literal["other"]))
NOTE_LIMIT: Final = 2000  # characters
EARLIEST_UTC_US: Final = midnight_utc_us(FIRST_DAY, "UTC")
# A phone's clock may be ahead, and its date be that of a zone further east.
AHEAD_LIMIT_US: Final = 26 * 3600 * 1_000_000

# What is said of these is about a time of the run and goes along with it; of all else, the time is the clock's.
_OF_THE_RUN: Final[tuple[Moment, ...]] = ("before", "during", "at_60_min")
_MOVED: Final = named.moved_us(symptoms)
_RUN: Final = symptoms.c.run_utc_us + _MOVED
_ABOUT: Final = symptoms.c.about_utc_us + sa.case((symptoms.c.moment.in_(_OF_THE_RUN), _MOVED), else_=0)
# In the order in which `_entry` takes them.
_ROWS: Final = sa.select(
    symptoms.c.entry,
    symptoms.c.version,
    symptoms.c.site,
    symptoms.c.moment,
    symptoms.c.pain,
    _ABOUT.label("about_now_us"),
    _RUN.label("run_now_us"),
    symptoms.c.felt,
    symptoms.c.signs,
    symptoms.c.note,
    symptoms.c.retracted,
    symptoms.c.written_utc_us,
    named.is_undated(symptoms).label("run_undated"),
).select_from(named.with_sessions(symptoms))


class EntryInvalid(StoreError):
    """What cannot be said."""


class NoSuchEntry(StoreError):
    """There is none, or it is another runner's: no difference is made."""

    def __init__(self) -> None:
        super().__init__("This entry is not there: it was deleted, or never was.")


class EntryChanged(StoreError):
    """Somebody changed the entry since it was looked at. `newest`: what holds now."""

    def __init__(self, newest: "Entry") -> None:
        super().__init__("This entry was changed meanwhile. Look at it as it is now, and change it again.")
        self.newest = newest


@dataclass(frozen=True)
class Saying:
    """What a runner says of one site. `run_utc_us`: start of the run that it is about; None: of none in particular.

    `run_undated`: nobody knows when that run was, and `run_utc_us` is where it was named: another run may begin then.
    """

    site: str  # load.symptoms.SITES
    moment: When
    pain: int | None  # 0..10, NPRS; None: not said
    about_utc_us: int  # when it was so
    run_utc_us: int | None = None
    felt: tuple[Felt, ...] = ()
    signs: tuple[Sign, ...] = ()
    note: str = ""
    run_undated: bool = False


@dataclass(frozen=True)
class Entry:
    """One version of an entry."""

    id: str  # 32 hex digits
    version: int  # from 1
    saying: Saying
    retracted: bool
    written_utc_us: int


class Diary(Part):
    """The diaries of all runners. No method gives or changes anything of another runner than the one that it names."""

    def write(
        self,
        runner: str,
        entry: str,
        seen: int,
        saying: Saying,
        now_utc_us: int | None = None,
        *,
        keeps_run: bool = False,
    ) -> Entry:
        """Make an entry (`seen` 0) or change the one whose version `seen` was looked at -> what holds.

        The same words again are no change. `keeps_run`: whatever run `saying` names, it stays with the one that it is
        of, if any, wherever that is now. EntryInvalid, EntryChanged, NoSuchEntry.
        """
        now = now_utc_us or _now_utc_us()
        checked = _checked(saying, now)
        if not ids.is_id(entry):
            raise EntryInvalid("this form is not whole: reload the page and send it again")
        with self._writing() as connection:
            people.require(connection, runner)
            newest = _newest(connection, runner, entry)
            if newest is None:
                if seen or _is_there(connection, entry):
                    raise NoSuchEntry
                return _put(connection, runner, Entry(entry, 1, checked, False, now), None)
            if keeps_run:
                was = newest.saying
                checked = replace(checked, run_utc_us=was.run_utc_us, run_undated=was.run_undated)
            if newest.saying == checked and not newest.retracted:
                return newest
            if newest.version != seen:
                raise EntryChanged(newest)
            made = Entry(entry, seen + 1, checked, False, now)
            return _put(connection, runner, made, newest if keeps_run else None)

    def retract(self, runner: str, entry: str) -> Entry:
        """Take an entry back: it counts no more, and its history stays. Twice is no change. NoSuchEntry."""
        with self._writing() as connection:
            newest = _required(connection, runner, entry)
            if newest.retracted:
                return newest
            taken_back = Entry(entry, newest.version + 1, newest.saying, True, _now_utc_us())
            return _put(connection, runner, taken_back, newest)

    def undo(self, runner: str, entry: str, version: int) -> Entry:
        """Let what held before `version` hold again, as one more version -> what holds. Twice is no change.

        Of the first version, the entry is taken back. NoSuchEntry; EntryChanged: it is not the newest.
        """
        with self._writing() as connection:
            versions = _versions(connection, runner, entry)
            if not versions:
                raise NoSuchEntry
            newest = versions[-1]
            before = next((one for one in versions if one.version == version - 1), None)
            said = before or Entry(entry, 0, newest.saying, True, 0)
            if newest.version == version + 1 and _alike(newest, said):
                return newest
            if newest.version != version:
                raise EntryChanged(newest)
            undone = Entry(entry, version + 1, said.saying, said.retracted, _now_utc_us())
            return _put(connection, runner, undone, before or newest)

    def delete(self, runner: str, entry: str) -> None:
        """Delete an entry for good, with its history. NoSuchEntry."""
        with self._erasing() as connection:
            _required(connection, runner, entry)
            connection.execute(symptoms.delete().where(_of(runner), symptoms.c.entry == entry))

    def entry(self, runner: str, entry: str) -> Entry:
        """What holds of an entry. NoSuchEntry."""
        with self._reading() as connection:
            return _required(connection, runner, entry)

    def entries(
        self,
        runner: str,
        start_utc_us: int,
        end_utc_us: int,
        *,
        retracted: bool = False,
        of_runs: bool = False,
    ) -> list[Entry]:
        """What holds about the time [start, end), in order of that; with `retracted`, what was taken back as well.

        `of_runs`: and about any time, if it names a run that began in [start, end).
        """
        c, later = symptoms.c, symptoms.alias()
        changed = sa.exists().where(later.c.entry == c.entry, later.c.version > c.version)
        within = (_ABOUT, _RUN) if of_runs else (_ABOUT,)
        query = (
            _ROWS.where(_of(runner), sa.not_(changed))
            .where(sa.or_(*(sa.and_(one >= start_utc_us, one < end_utc_us) for one in within)))
            .order_by(_ABOUT, c.written_utc_us, c.entry)
        )
        if not retracted:
            query = query.where(sa.not_(c.retracted))
        with self._reading() as connection:
            return [_entry(row) for row in connection.execute(query).all()]

    def history(self, runner: str, entry: str) -> list[Entry]:
        """All versions of an entry, the first one first. NoSuchEntry."""
        with self._reading() as connection:
            versions = _versions(connection, runner, entry)
        if not versions:
            raise NoSuchEntry
        return versions

    def everything(self, runner: str) -> list[Entry]:
        """All versions of all entries, to be handed over: by when they were written."""
        c = symptoms.c
        query = _ROWS.where(_of(runner)).order_by(c.written_utc_us, c.entry, c.version)
        with self._reading() as connection:
            return [_entry(row) for row in connection.execute(query).all()]


def _checked(saying: Saying, now_utc_us: int) -> Saying:
    """The same with its words in one order. EntryInvalid."""
    if saying.moment not in WHENS:
        raise EntryInvalid(f"a moment is one of {', '.join(WHENS)}, not {saying.moment!r}")
    felt, signs = frozenset(saying.felt), frozenset(saying.signs)
    try:
        Answers(saying.site, during=saying.pain, felt=felt, signs=signs)
    except AnswerInvalid as error:
        raise EntryInvalid(str(error)) from error
    if len(saying.note) > NOTE_LIMIT or "\0" in saying.note:
        raise EntryInvalid(f"A note has {NOTE_LIMIT} characters at most, and no NUL.")
    if saying.pain is None and not (felt or signs or saying.note.strip()):
        raise EntryInvalid("An entry says something: pain, what it felt like, a sign or a note.")
    if not EARLIEST_UTC_US <= saying.about_utc_us <= now_utc_us + AHEAD_LIMIT_US:
        raise EntryInvalid(
            f"The time that the entry is about has not come yet, or is before the year {FIRST_DAY.year}."
        )
    return Saying(
        saying.site,
        saying.moment,
        saying.pain,
        saying.about_utc_us,
        saying.run_utc_us,
        tuple(sorted(felt)),
        tuple(sorted(signs)),
        saying.note.strip(),
    )


def _alike(one: Entry, other: Entry) -> bool:
    return one.saying == other.saying and one.retracted == other.retracted


def _of(runner: str) -> sa.ColumnElement[bool]:
    return symptoms.c.runner == runner


def _is_there(connection: sa.Connection, entry: str) -> bool:
    query = sa.select(symptoms.c.entry).where(symptoms.c.entry == entry).limit(1)
    return connection.execute(query).first() is not None


def _versions(connection: sa.Connection, runner: str, entry: str) -> list[Entry]:
    query = _ROWS.where(_of(runner), symptoms.c.entry == entry).order_by(symptoms.c.version)
    return [_entry(row) for row in connection.execute(query).all()]


def _newest(connection: sa.Connection, runner: str, entry: str) -> Entry | None:
    return next(reversed(_versions(connection, runner, entry)), None)


def _required(connection: sa.Connection, runner: str, entry: str) -> Entry:
    found = _newest(connection, runner, entry)
    if found is None:
        raise NoSuchEntry
    return found


def _put(connection: sa.Connection, runner: str, entry: Entry, source: Entry | None) -> Entry:
    """`source`: the version whose run it keeps; None: its run is named anew."""
    said = entry.saying
    row = {
        "entry": entry.id,
        "version": entry.version,
        "runner": runner,
        "run_utc_us": said.run_utc_us,
        "about_utc_us": said.about_utc_us,
        "moment": said.moment,
        "site": said.site,
        "pain": said.pain,
        "felt": json.dumps(said.felt),
        "signs": json.dumps(said.signs),
        "note": said.note,
        "retracted": entry.retracted,
        "written_utc_us": entry.written_utc_us,
        **_session_of(connection, runner, said, source)._asdict(),
    }
    connection.execute(symptoms.insert(), [row])
    return _required(connection, runner, entry.id)


def _session_of(connection: sa.Connection, runner: str, said: Saying, source: Entry | None) -> Named:
    """The one that its source names, so that a run without a time is found once it has one."""
    if said.run_utc_us is None:
        return named.NOTHING
    kept = named.NOTHING if source is None else _named_by(connection, source)
    return named.session_of(connection, runner, said.run_utc_us) if kept == named.NOTHING else kept


def _named_by(connection: sa.Connection, entry: Entry) -> Named:
    c = symptoms.c
    query = sa.select(c.session_id, named.start_utc_us(symptoms)).select_from(named.with_sessions(symptoms))
    found = connection.execute(query.where(c.entry == entry.id, c.version == entry.version))
    return Named(*found.one())


def _entry(row: Any) -> Entry:
    """From a row of `_ROWS`. By place: a year's entries are read at a look."""
    entry, version, site, moment, pain, about, run, felt, signs, note, retracted, written, undated = row
    saying = Saying(site, moment, pain, about, run, _words(felt), _words(signs), note, bool(undated))
    return Entry(entry, version, saying, retracted, written)


@lru_cache(maxsize=1000)  # mostly there are none
def _words(stored: str) -> tuple[Any, ...]:
    return tuple(cast(Sequence[str], json.loads(stored)))


def _now_utc_us() -> int:
    return time.time_ns() // 1000
