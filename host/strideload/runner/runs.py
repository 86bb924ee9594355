"""A runner's runs out of a store: each whole, even over midnight, with all that it may be compared by.

A run belongs to the date on which it began, where the runner was then.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from operator import attrgetter
from typing import Final, NamedTuple

from strideload.days import days_of
from strideload.load.day import Day, SessionPart
from strideload.load.longest import Conditions, RunFigures, Sensor
from strideload.load.runs import RUN_GAP_US, Run, whole_run
from strideload.load.steps import Origin, SessionPlace
from strideload.load.zones import EARLIEST, LATEST
from strideload.remembered import Remembered
from strideload.runner.watch import Watch
from strideload.store import Store
from strideload.store.conditions import Usual, Worn

# A session lasts four days at most (store.derive.REACH_S), so a run of them is whole within so many more.
MARGIN: Final = timedelta(days=4)
# A pod that synced later, or learned the time better, moves the start of a run by less than this.
MOVED_US: Final = RUN_GAP_US
# Less running than this is a walk with some hurry in it.
LEAST_RUNNING_S: Final = 60.0

_START: Final = attrgetter("start_utc_us")
_NAME: Final = re.compile(r"[0-9]{1,18}(\.[0-7][0-9a-f]{15})*")


@dataclass(frozen=True)
class RunRecord:
    """One run. `run` has its figures; `sessions` are the days' parts of those that lie in it."""

    date: date
    zone: str
    origin: Origin
    run: Run
    sessions: tuple[SessionPart, ...]
    distance_m: float | None  # by the activities that match; None: none does, or it tells none
    ascent_m: float | None  # by activities that lie in the run; of a part of one it is not known
    activities: tuple[str, ...]  # their contents
    worn: Worn

    @cached_property
    def start_utc_us(self) -> int:
        """What diary and conditions name the run by."""
        return self.run.start_utc_us

    @cached_property
    def end_utc_us(self) -> int:
        return self.run.end_utc_us

    @property
    def is_run(self) -> bool:
        """Not a walk."""
        return self.run.running_s >= LEAST_RUNNING_S

    @property
    def is_open(self) -> bool:
        """A session has no end yet: it is still going on, or was cut off."""
        return any(part.open for part in self.sessions)

    @property
    def pods(self) -> tuple[str, ...]:
        return tuple(sorted({part.pod for part in self.sessions}))

    @property
    def name(self) -> "RunName":
        """What a form names it by, which may lie open while it is placed anew."""
        return RunName(self.start_utc_us, tuple(part.session_id for part in self.sessions))

    @cached_property
    def figures(self) -> RunFigures:
        """As the rules see it."""
        return RunFigures(
            start_utc_us=self.start_utc_us,
            date=self.date,
            running_s=self.run.running_s,
            steps=self.run.steps,
            steps_estimated=self.run.steps_estimated,
            impact_sum_g=self.run.impact_sum_g,
            distance_m=self.distance_m,
            conditions=Conditions(
                frozenset(
                    Sensor(part.foot, part.chip, part.acc_range_g, part.odr_hz) for part in self.sessions
                ),
                mount=self.worn.mount,
                surface=self.worn.surface,
                shoe=self.worn.shoe,
            ),
        )


def runs_of(store: Store, runner: str, first: date, last: date) -> list[RunRecord]:
    """The runs that began on the dates first..last, in order of time; [] if that is backwards. Errors as days_of."""
    if last < first:
        return []
    found = days_of(store, runner, max(first - MARGIN, EARLIEST), min(last + MARGIN, LATEST))
    return [run for run in runs_in(store, runner, found) if first <= run.date <= last]


def runs_in(store: Store, runner: str, days: Sequence[Day]) -> list[RunRecord]:
    """The runs of successive days. One that touches the first or last of them is whole only with their neighbours."""
    groups = _joined(days)
    if not groups:
        return []
    start, end = groups[0][0][1].start_utc_us, groups[-1][-1][1].end_utc_us + 1
    whole = _Whole(store, runner, start, end)
    watch = Watch(store, runner, start, end)
    usual = store.conditions.usual(runner)
    noted = store.conditions.of_runs(runner, start - MOVED_US, end + MOVED_US)
    return _worn([_record(group, whole, watch) for group in groups], usual, noted)


def near(runs: Sequence[RunRecord], utc_us: int) -> Sequence[RunRecord]:
    """Two runs that began by then and two that began after, out of runs in order of time."""
    place = bisect_right(runs, utc_us, key=_START)
    return runs[max(0, place - 2) : place + 2]


def run_at(runs: Sequence[RunRecord], utc_us: int) -> RunRecord | None:
    """The run that something said of a run's start is about: it holds that moment, or lies just before or after it.

    `runs`: in order of time.
    """
    found = [
        run
        for run in near(runs, utc_us)
        if run.start_utc_us - MOVED_US <= utc_us <= run.end_utc_us + MOVED_US
    ]
    return min(found, key=lambda run: _away_us(run, utc_us), default=None)


class RunName(NamedTuple):
    """A run by when it began, in an address; in a form by its sessions as well, wherever these are by now."""

    start_utc_us: int
    sessions: tuple[str, ...] = ()  # 16 hex digits of each

    def __str__(self) -> str:
        return ".".join((str(self.start_utc_us), *self.sessions))


def read_name(text: str) -> RunName | None:
    """As `str` writes it; None: it is no name."""
    if not _NAME.fullmatch(text):
        return None
    start, *sessions = text.split(".")
    return RunName(int(start), tuple(sessions))


def run_named(runs: Sequence[RunRecord], name: RunName) -> RunRecord | None:
    """The run of that name among `runs`, in order of time. None: there is none, or its sessions are of two by now."""
    if not name.sessions:
        return run_at(runs, name.start_utc_us)
    found = [run for run in runs if any(part.session_id in name.sessions for part in run.sessions)]
    return found[0] if len(found) == 1 else None


def _away_us(run: RunRecord, utc_us: int) -> int:
    if run.start_utc_us <= utc_us <= run.end_utc_us:
        return 0
    return min(abs(utc_us - run.start_utc_us), abs(utc_us - run.end_utc_us))


_Group = list[tuple[Day, Run]]


def _joined(days: Sequence[Day]) -> list[_Group]:
    """Each run as its parts on successive days."""
    groups: list[_Group] = []
    for day in days:
        for run in day.runs:
            if groups and _is_same_run(groups[-1][-1], (day, run)):
                groups[-1].append((day, run))
            else:
                groups.append([(day, run)])
    return groups


def _is_same_run(before: tuple[Day, Run], after: tuple[Day, Run]) -> bool:
    """Within a day, runs are parted already; over midnight, so are those of another origin."""
    (day, run), (next_day, next_run) = before, after
    apart = next_run.start_utc_us - run.end_utc_us
    return day.date != next_day.date and day.origins[:1] == next_day.origins[:1] and apart < RUN_GAP_US


class _Whole:
    """Runs over midnight from their sessions' steps, remembered by what the sessions say."""

    def __init__(self, store: Store, runner: str, start_utc_us: int, end_utc_us: int) -> None:
        self._store = store
        self._runner = runner
        self._range = start_utc_us, end_utc_us

    @cached_property
    def _places(self) -> list[SessionPlace]:
        return self._store.session_places(self._runner, *self._range)

    def run(self, start_utc_us: int, end_utc_us: int, origin: Origin) -> Run:
        places = tuple(
            one for one in self._places if one.start_utc_us <= end_utc_us and one.end_utc_us >= start_utc_us
        )
        key = (start_utc_us, end_utc_us, origin, places)
        found = _whole_runs.get(key)
        if found is None:
            sessions = self._store.sessions(self._runner, start_utc_us, end_utc_us + 1)
            own = [session for session in sessions if session.origin == origin]
            found = whole_run(own, start_utc_us, end_utc_us)
            if all(one.content is not None for one in places):
                _whole_runs.put(key, found)
        return found


_whole_runs: Remembered[Run] = Remembered(1000)


def _record(group: _Group, whole: _Whole, watch: Watch) -> RunRecord:
    day, first = group[0]
    last = group[-1][1]
    origin = day.origins[0]
    run = first
    if len(group) > 1:
        run = whole.run(first.start_utc_us, last.end_utc_us, origin)
    parts = {
        part.session_id: part
        for day_of_part, part_run in reversed(group)
        for part in day_of_part.sessions
        if part.origin == origin and _overlap_us(part, part_run) > 0
    }
    by_watch = watch.of(run.start_utc_us, run.end_utc_us)
    return RunRecord(
        date=day.date,
        zone=day.zone,
        origin=origin,
        run=run,
        sessions=tuple(sorted(parts.values(), key=lambda part: (part.start_utc_us, part.session_id))),
        distance_m=by_watch.distance_m,
        ascent_m=by_watch.ascent_m,
        activities=by_watch.activities,
        worn=Worn(),
    )


def _overlap_us(one: SessionPart, run: Run) -> int:
    return min(one.end_utc_us, run.end_utc_us) - max(one.start_utc_us, run.start_utc_us)


def _worn(runs: Sequence[RunRecord], usual: Sequence[Usual], noted: Mapping[int, Worn]) -> list[RunRecord]:
    """The runs with what was worn in each: as noted, else as usual then."""
    own = {run.start_utc_us: worn for start, worn in sorted(noted.items()) if (run := run_at(runs, start))}
    since = [one.from_utc_us for one in usual]
    held = [Worn(), *(one.worn for one in usual)]
    return [
        replace(
            run,
            worn=own.get(run.start_utc_us, Worn()).over(held[bisect_right(since, run.start_utc_us)]),
        )
        for run in runs
    ]
