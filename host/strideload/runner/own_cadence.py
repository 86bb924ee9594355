"""A runner's own cadence as all that shows or uses it has it: the Cadence page, the cue of a pod, the report.

At matched pace where watches tell enough of it, else of the easy half by duty factor; `load/cadence.py` decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from strideload import days
from strideload.load import cadence, cue
from strideload.load.cadence import OwnCadence, PacedRun
from strideload.load.course import course, stretch_s
from strideload.load.cue import RunCadence
from strideload.load.intervals import Intervals, intersection
from strideload.load.steps import Session
from strideload.load.zones import day_bounds
from strideload.remembered import Remembered
from strideload.runner import records
from strideload.runner.diary import utc_us
from strideload.runner.runs import RunRecord
from strideload.store import Store


@dataclass(frozen=True)
class _Without:
    """The runs without a cue: those of which a watch tells the pace, and those that have a duty factor."""

    paced: list[PacedRun]
    runs: list[RunCadence]


_remembered: Remembered[_Without] = Remembered(100)


def own_cadence(store: Store, runner: str, cued: Intervals, now: datetime) -> OwnCadence:
    """Of the last cue.DAYS days, but for `cued`, when a cue was set. CueRefused: too few runs; the store's errors."""
    today = days.today(store, runner, now)
    first = today - timedelta(days=cue.DAYS)
    since = day_bounds(first, days.zoning(store, runner))[0]
    found = records.read(store, runner, first, today, now, diary=False).shown_runs
    runs = [run for run in found if run.is_run and run.start_utc_us >= since]
    without = _without_cue(store, runner, runs, cued, since, utc_us(now))
    return cadence.own_cadence(without.paced, without.runs)


def is_in(session: Session, run: RunRecord) -> bool:
    """Whether they overlap in time."""
    return session.start_utc_us <= run.end_utc_us and session.end_utc_us >= run.start_utc_us


def _without_cue(
    store: Store, runner: str, runs: Sequence[RunRecord], cued: Intervals, since: int, until: int
) -> _Without:
    """Remembered by all that it is made from: the steps of a month are read once."""
    places = tuple(store.session_places(runner, since, until))
    closed = tuple((start, None if end == until else end) for start, end in cued)
    told = tuple((run.start_utc_us, run.activities) for run in runs)
    key = (store.store_id, runner, since, places, closed, told)
    found = _remembered.get(key)
    if found is None:
        sessions = store.sessions(runner, since, until)
        found = _Without(
            _paced(store, runner, runs, sessions, cued), cue.runs_without_cue(sessions, cued, since, until)
        )
        if all(session.content is not None for session in sessions):
            _remembered.put(key, found)
    return found


def _paced(
    store: Store, runner: str, runs: Sequence[RunRecord], sessions: Sequence[Session], cued: Intervals
) -> list[PacedRun]:
    """The runs without a cue whose pace a watch tells, minute by minute."""
    found: list[PacedRun] = []
    for run in runs:
        if run.run.cues or intersection([(run.start_utc_us, run.end_utc_us)], cued):
            continue
        tracks = [store.activities.track_of(runner, content) for content in run.activities]
        told = [points for points in tracks if len(points)]
        if not told:
            continue
        own = [one for one in sessions if one.origin == run.origin and is_in(one, run)]
        length_s = stretch_s((run.end_utc_us - run.start_utc_us) / 1e6)
        stretches = course(own, run.start_utc_us, run.end_utc_us)
        minutes = [
            minute
            for points in told
            for minute in cadence.paced_minutes(stretches, run.start_utc_us, length_s, points)
        ]
        found.append(PacedRun(run.start_utc_us, tuple(minutes)))
    return found
