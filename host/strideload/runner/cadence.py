"""A runner's own cadence, and how runs of the last weeks lie beside a target where one is set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np

from strideload import cueing, days
from strideload.load import cadence, cue
from strideload.load.cadence import Fading, OwnCadence, PacedRun, Target
from strideload.load.course import course, stretch_s
from strideload.load.intervals import Intervals, intersection, union
from strideload.load.steps import Session
from strideload.load.zones import day_bounds
from strideload.pod_settings import known_pods
from strideload.remembered import Remembered
from strideload.runner import records
from strideload.runner.diary import utc_us
from strideload.runner.runs import RunRecord
from strideload.store import Store

WEEKS: Final = 12


@dataclass(frozen=True)
class CueSet:
    """A pod of the runner's that is to cue. `fading` None: the pod has not said where its programme stands."""

    pod: str
    foot: str
    target_spm: float
    fading: Fading | None


@dataclass(frozen=True)
class CadenceRun:
    """One run. `target_spm`: what it was cued to, else the present target; `share`: of its time near that."""

    run: RunRecord
    cadence_spm: float | None
    cued: bool
    target_spm: float | None
    share: float | None


@dataclass(frozen=True)
class CadenceNow:
    """`own` None: too few runs without a cue. `target`: the range of the rule, for who has a cue only."""

    today: date
    own: OwnCadence | None
    target: Target | None
    cues: list[CueSet]
    runs: list[CadenceRun]  # of the last weeks, in order of time


@dataclass(frozen=True)
class _Looked:
    """What steps had to be looked at for. `shares`: by start of the runs without a cue, their time near the target."""

    own: OwnCadence | None
    shares: Mapping[int, float | None]


_looked: Remembered[_Looked] = Remembered(100)


def forget() -> None:
    """Remember no look, as in a new process."""
    _looked.clear()


def read(store: Store, runner: str, now: datetime | None = None) -> CadenceNow:
    """The store's errors."""
    moment = now or datetime.now(UTC)
    today = days.today(store, runner, moment)
    found = records.read(store, runner, today - timedelta(weeks=WEEKS, days=-1), today, moment, diary=False)
    runs = [run for run in found.shown_runs if run.is_run]
    cues = _cues(store, runner)
    present = cues[0].target_spm if cues else None
    since = day_bounds(today - timedelta(days=cue.DAYS), days.zoning(store, runner))[0]
    looked = _look(
        store, runner, [run for run in runs if run.start_utc_us >= since], since, utc_us(moment), present
    )
    return CadenceNow(
        today=today,
        own=looked.own,
        target=cadence.target(looked.own) if looked.own and cues else None,
        cues=cues,
        runs=[_run(run, present, looked.shares.get(run.start_utc_us)) for run in runs],
    )


def _look(
    store: Store, runner: str, runs: Sequence[RunRecord], since: int, until: int, present_spm: float | None
) -> _Looked:
    """Remembered by all that it is made from: the steps of a month are read once."""
    cued = union(cueing.times_of_cues(store, runner, until))
    places = tuple(store.session_places(runner, since, until))
    closed = tuple((start, None if end == until else end) for start, end in cued)
    told = tuple((run.start_utc_us, run.activities) for run in runs)
    key = (store.store_id, runner, since, places, closed, told, present_spm)
    found = _looked.get(key)
    if found is None:
        sessions = store.sessions(runner, since, until)
        found = _Looked(
            cadence.own_cadence(
                _paced(store, runner, runs, sessions, cued),
                cue.runs_without_cue(sessions, cued, since, until),
            ),
            {run.start_utc_us: _share(run, sessions, present_spm) for run in runs if not run.run.cues},
        )
        if all(session.content is not None for session in sessions):
            _looked.put(key, found)
    return found


def _cues(store: Store, runner: str) -> list[CueSet]:
    """The present ones, of the pods that the runner wears."""
    found: list[CueSet] = []
    for pod in known_pods(store):
        target = cueing.present_target_cspm(pod)
        if pod.runner == runner and target is not None:
            run = cueing.present_run(store, pod)
            fading = None if run is None else cadence.fading(max(0, run - 1))
            found.append(CueSet(pod.pod, pod.foot, target / 100, fading))
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
        own = [one for one in sessions if one.origin == run.origin and _is_in(one, run)]
        length_s = stretch_s((run.end_utc_us - run.start_utc_us) / 1e6)
        stretches = course(own, run.start_utc_us, run.end_utc_us)
        minutes = [
            minute
            for points in told
            for minute in cadence.paced_minutes(stretches, run.start_utc_us, length_s, points)
        ]
        found.append(PacedRun(run.start_utc_us, tuple(minutes)))
    return found


def _run(run: RunRecord, present_spm: float | None, share: float | None) -> CadenceRun:
    """`share`: near the present target, of a run without a cue."""
    if run.run.cues:
        last = run.run.cues[-1]
        return CadenceRun(run, run.run.cadence_spm, True, last.target_spm, last.on_target_share)
    return CadenceRun(run, run.run.cadence_spm, False, present_spm, share)


def _share(run: RunRecord, sessions: Sequence[Session], present_spm: float | None) -> float | None:
    """Of one foot; None: no target, or nobody ran for long enough."""
    own = [
        one.steps[(one.steps["ic_utc_us"] >= run.start_utc_us) & (one.steps["ic_utc_us"] <= run.end_utc_us)]
        for one in sessions
        if one.origin == run.origin and one.pod == run.pods[0] and _is_in(one, run)
    ]
    return (
        None if present_spm is None or not own else cadence.on_target_share(np.concatenate(own), present_spm)
    )


def _is_in(session: Session, run: RunRecord) -> bool:
    return session.start_utc_us <= run.end_utc_us and session.end_utc_us >= run.start_utc_us
