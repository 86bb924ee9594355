"""A watch's file is taken for a runner, and it is said which run it tells of."""

from dataclasses import dataclass
from datetime import date, timedelta

from strideload import activity_file
from strideload.days import zoning
from strideload.load.zones import EARLIEST, LATEST, date_at, local_time
from strideload.runner.runs import RunRecord, runs_of
from strideload.store import Store
from strideload.store.activities import Activity
from strideload.words.numbers import THIN_SPACE, number, short_date

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Taken:
    """`runs`: those that the activity tells of. `is_new` False: it was there already."""

    activity: Activity
    is_new: bool
    runs: tuple[RunRecord, ...]
    date: date  # on which it began, where the runner was

    def in_words(self) -> str:
        """ "Morning run: Sun 22 Nov 2026, 10.2 km. It tells of the run at 18:02." """
        one = self.activity
        distance = "distance not known"
        if one.distance_m is not None:
            distance = f"{number(one.distance_m / 1000, 1)}{THIN_SPACE}km"
        known = "" if self.is_new else " It was there already."
        return f"{one.name}: {short_date(self.date)} {self.date.year}, {distance}.{known} {self._tells()}"

    def _tells(self) -> str:
        if not self.runs:
            return "No run that a pod recorded lies in its time."
        times = " and ".join(f"{local_time(run.start_utc_us, run.zone):%H:%M}" for run in self.runs)
        return f"It tells of the {'run' if len(self.runs) == 1 else 'runs'} at {times}."


def take(store: Store, runner: str, found: activity_file.Activity) -> Taken:
    """Keep what was read from a file. The store's errors."""
    one = Activity(
        found.content,
        found.name,
        found.start_utc_us,
        found.end_utc_us,
        found.distance_m,
        found.ascent_m,
        found.descent_m,
        len(found.track) > 0,
    )
    is_new = store.activities.add(runner, one, found.track)
    return Taken(one, is_new, told_by(store, runner, one), date_of(store, runner, one))


def told_by(store: Store, runner: str, one: Activity) -> tuple[RunRecord, ...]:
    """The runs of which an activity tells."""
    first, last = (date_at(utc_us, "UTC") for utc_us in (one.start_utc_us, one.end_utc_us))
    found = runs_of(store, runner, max(first - ONE_DAY, EARLIEST), min(last + ONE_DAY, LATEST))
    return tuple(run for run in found if one.content in run.activities)


def date_of(store: Store, runner: str, one: Activity) -> date:
    """The date on which it began, where the runner was."""
    return date_at(one.start_utc_us, zoning(store, runner)(date_at(one.start_utc_us, "UTC")))
