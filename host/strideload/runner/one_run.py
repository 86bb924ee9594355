"""One run with all that is known of it: figures, course, comparison, symptoms, and on what it was run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from strideload.load.course import Stretch, course
from strideload.load.day import Day, summarise
from strideload.load.gait import Parameters
from strideload.load.histogram import SHOE_EDGES_G
from strideload.load.zones import EARLIEST, EPOCH, LATEST, date_at
from strideload.runner import comparing, records
from strideload.runner.comparing import Compared
from strideload.runner.diary import RunSymptoms, diary_of
from strideload.runner.records import BASELINE, Records
from strideload.runner.runs import MARGIN, MOVED_US, RunName, RunRecord, run_at, run_named
from strideload.store import Store
from strideload.store.activities import Activity
from strideload.store.conditions import Worn

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class OneRun:
    """A run of somebody's. `whole`: its own time, summarised as a day is."""

    record: RunRecord
    whole: Day
    course: list[Stretch]
    compared: Compared | None  # None: a walk, or what lies before it is not all to be seen
    symptoms: RunSymptoms | None  # None: not asked for
    activities: list[Activity]
    noted: Worn  # of this run alone
    noted_utc_us: int  # the start by which conditions of it are named


def find(
    store: Store,
    runner: str,
    start_utc_us: int,
    now: datetime | None = None,
    *,
    diary: bool = True,
    said_first: date = EARLIEST,
    said_last: date = LATEST,
) -> tuple[Records, RunRecord] | None:
    """The run of somebody's that began then, or has moved a little since, among the records around it; None: none.

    `diary`, `said_first`, `said_last`: as of `records.read`.
    """
    earliest, latest = EARLIEST + BASELINE + 2 * MARGIN, LATEST - MARGIN
    if not _start_of(earliest) <= start_utc_us <= _start_of(latest):
        return None
    on = date_at(start_utc_us, "UTC")
    found = records.read(
        store,
        runner,
        on - _ONE_DAY,
        on + _ONE_DAY,
        now,
        diary=diary,
        said_first=said_first,
        said_last=said_last,
    )
    run = run_at(found.runs, start_utc_us)
    return None if run is None else (found, run)


def find_named(
    store: Store, runner: str, name: RunName, now: datetime | None = None, *, diary: bool = True
) -> tuple[Records, RunRecord] | None:
    """The run of somebody's that holds a session of `name`, wherever that is now. None: none does that has a time."""
    sessions = [int(one, 16) for one in name.sessions]
    for start_utc_us in (name.start_utc_us, *store.starts_of(sessions)):
        found = find(store, runner, start_utc_us, now, diary=diary)
        if found is not None and run_named([found[1]], name) is not None:
            return found
    return None


def read(
    store: Store,
    found: Records,
    run: RunRecord,
    now: datetime | None = None,
    *,
    diary: bool = True,
    seen_since: date | None = None,
    edges_g: tuple[float, ...] = SHOE_EDGES_G,
) -> OneRun:
    """All of a run that `find` found. `seen_since`: nothing of a date before it is told; None: no bound."""
    start, end = run.start_utc_us, run.end_utc_us
    sessions = [one for one in store.sessions(found.runner, start, end + 1) if one.origin == run.origin]
    whole = summarise(
        run.date,
        run.zone,
        start,
        end + 1,
        sessions,
        parameters=Parameters(bin_edges_g=edges_g),
        marks=store.marks(found.runner, start, end + 1),
    )
    told = store.activities.between(found.runner, start, end + 1)
    noted = store.conditions.of_runs(found.runner, start - MOVED_US, end + MOVED_US)
    named = noted_as(found.runs, noted, run)
    comparable = run.is_run and (seen_since is None or run.date - BASELINE >= seen_since)
    return OneRun(
        record=run,
        whole=whole,
        course=course(sessions, start, end),
        compared=comparing.of_run(found, run) if comparable else None,
        symptoms=diary_of(found, now).of_run(run) if diary else None,
        activities=[one for one in told if one.content in run.activities],
        noted=noted.get(named, Worn()),
        noted_utc_us=named,
    )


def noted_as(runs: Sequence[RunRecord], noted: Mapping[int, Worn], run: RunRecord) -> int:
    """The start under which conditions of a run are noted, of several the one that holds; its own where none are."""
    own = [start for start in noted if run_at(runs, start) is run]
    return max(own, default=run.start_utc_us)


def _start_of(day: date) -> int:
    return (day - EPOCH.date()).days * 86_400_000_000
