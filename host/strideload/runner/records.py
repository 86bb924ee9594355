"""What is known of a runner over some dates, read once: days, runs, diary and plan."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Final

from strideload import days
from strideload.load.day import Day
from strideload.load.longest import DAYS, DayKnown
from strideload.load.zones import EARLIEST, LATEST, day_bounds
from strideload.remembered import RememberedOfVersion
from strideload.runner.runs import MARGIN, RunRecord, runs_in
from strideload.store import Store
from strideload.store.diary import Entry
from strideload.store.plans import PlanSet

BASELINE: Final = timedelta(days=DAYS)
# How long before a run something said of a site still tells that it is asked about.
SAID: Final = timedelta(days=42)


@dataclass(frozen=True)
class Records:
    """One runner's records, which nobody changes. What lies before `first` is there to compare with."""

    runner: str
    today: date
    first: date
    last: date
    days: list[Day]  # `first`..`last` and 30 days before
    runs: list[RunRecord]  # of these days
    entries: list[Entry]  # what holds; none where the diary was not asked for
    plan: PlanSet | None
    zones: dict[date, str]  # of the days and those next to them

    @cached_property
    def known_days(self) -> list[DayKnown]:
        """What is known of each day, for the rules."""
        return [DayKnown(day.date, day.known, day.note) for day in self.days]

    @property
    def shown_days(self) -> list[Day]:
        return [day for day in self.days if day.date >= self.first]

    @property
    def shown_runs(self) -> list[RunRecord]:
        """Of `first`..`last`, in order of time."""
        return [run for run in self.runs if run.date >= self.first]

    def clipped(self, first: date | None, last: date | None) -> "Records":
        """What of them may be seen by whoever sees first..last only; None: no bound. Nothing said, and no plan."""

        def seen(day: date) -> bool:
            return (first is None or day >= first) and (last is None or day <= last)

        return replace(
            self,
            days=[day for day in self.days if seen(day.date)],
            runs=[run for run in self.runs if seen(run.date)],
            entries=[],
            plan=None,
        )


def read(
    store: Store,
    runner: str,
    first: date,
    last: date,
    now: datetime | None = None,
    *,
    diary: bool = True,
    said_first: date = EARLIEST,
    said_last: date = LATEST,
) -> Records:
    """The records of the dates first..last; `diary` False: without what only the runner's own may see.

    `said_first`, `said_last`: nothing that was said of a time before or after these days.
    As long as nothing is stored and today is today, they are the same. DateOutOfRange, ZoneUnknown and the store's
    errors.
    """
    version = store.version()
    key = runner, days.today(store, runner, now), first, last, diary, said_first, said_last
    found = _remembered.get(version, key)
    if found is None:
        found = _read(store, *key)
        _remembered.put(version, key, found)
    return found


_remembered: RememberedOfVersion[Records] = RememberedOfVersion(16)


def _read(
    store: Store,
    runner: str,
    today: date,
    first: date,
    last: date,
    diary: bool,
    said_first: date,
    said_last: date,
) -> Records:
    start = first - BASELINE
    found = days.days_of(store, runner, max(start - MARGIN, EARLIEST), min(last + MARGIN, LATEST))
    within = [day for day in found if start <= day.date <= last]
    zone_of = days.zoning(store, runner)
    entries: list[Entry] = []
    if diary:
        since, _ = day_bounds(max(start - SAID, said_first), zone_of)
        _, until = day_bounds(min(last + timedelta(days=2), said_last), zone_of)
        bounded = said_first > EARLIEST or said_last < LATEST
        entries = store.diary.entries(runner, since, until, of_runs=not bounded)
    return Records(
        runner=runner,
        today=today,
        first=first,
        last=last,
        days=within,
        runs=[run for run in runs_in(store, runner, found) if start <= run.date <= last],
        entries=entries,
        plan=store.plans.current(runner) if diary else None,
        zones={day.date: day.zone for day in found},
    )
