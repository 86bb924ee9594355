"""A runner's own cadence, and how runs of the last weeks lie beside a target where one is set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np

from strideload import cueing, days
from strideload.load import cadence, cue
from strideload.load.cadence import Fading, OwnCadence, Target
from strideload.load.intervals import Intervals, union
from strideload.load.steps import Session
from strideload.load.zones import day_bounds
from strideload.pod_settings import known_pods
from strideload.remembered import Remembered
from strideload.runner import records
from strideload.runner.diary import utc_us
from strideload.runner.own_cadence import is_in, own_cadence
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


_looked: Remembered[Mapping[int, float | None]] = Remembered(100)


def read(store: Store, runner: str, now: datetime | None = None) -> CadenceNow:
    """The store's errors."""
    moment = now or datetime.now(UTC)
    today = days.today(store, runner, moment)
    found = records.read(store, runner, today - timedelta(weeks=WEEKS, days=-1), today, moment, diary=False)
    runs = [run for run in found.shown_runs if run.is_run]
    cues = _cues(store, runner)
    present = cues[0].target_spm if cues else None
    cued = union(cueing.times_of_cues(store, runner, utc_us(moment)))
    own = _own(store, runner, cued, moment)
    shares = _shares(store, runner, _recent(store, runner, runs, today), utc_us(moment), present)
    return CadenceNow(
        today=today,
        own=own,
        target=cadence.target(own) if own and cues else None,
        cues=cues,
        runs=[_run(run, present, shares.get(run.start_utc_us)) for run in runs],
    )


def _own(store: Store, runner: str, cued: Intervals, now: datetime) -> OwnCadence | None:
    try:
        return own_cadence(store, runner, cued, now)
    except cue.CueRefused:
        return None


def _recent(store: Store, runner: str, runs: Sequence[RunRecord], today: date) -> list[RunRecord]:
    since = day_bounds(today - timedelta(days=cue.DAYS), days.zoning(store, runner))[0]
    return [run for run in runs if run.start_utc_us >= since]


def _shares(
    store: Store, runner: str, recent: Sequence[RunRecord], until: int, present_spm: float | None
) -> Mapping[int, float | None]:
    """Start of each run without a cue -> its time near the present target; {} without one.

    Remembered by all that it is made from.
    """
    runs = [run for run in recent if not run.run.cues]
    if present_spm is None or not runs:
        return {}
    since = runs[0].start_utc_us
    places = tuple(store.session_places(runner, since, until))
    key = (store.store_id, runner, places, tuple(run.start_utc_us for run in runs), present_spm)
    found = _looked.get(key)
    if found is None:
        sessions = store.sessions(runner, since, until)
        found = {run.start_utc_us: _share(run, sessions, present_spm) for run in runs}
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


def _run(run: RunRecord, present_spm: float | None, share: float | None) -> CadenceRun:
    """`share`: near the present target, of a run without a cue."""
    if run.run.cues:
        last = run.run.cues[-1]
        return CadenceRun(run, run.run.cadence_spm, True, last.target_spm, last.on_target_share)
    return CadenceRun(run, run.run.cadence_spm, False, present_spm, share)


def _share(run: RunRecord, sessions: Sequence[Session], present_spm: float) -> float | None:
    """Of one foot; None: nobody ran for long enough."""
    own = [
        one.steps[(one.steps["ic_utc_us"] >= run.start_utc_us) & (one.steps["ic_utc_us"] <= run.end_utc_us)]
        for one in sessions
        if one.origin == run.origin and one.pod == run.pods[0] and is_in(one, run)
    ]
    return cadence.on_target_share(np.concatenate(own), present_spm) if own else None
