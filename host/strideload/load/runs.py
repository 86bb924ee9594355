"""Runs: what a runner would call one outing, however many sessions and pods it took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strideload.load import formulas
from strideload.load.contacts import Contacts, contacts_of
from strideload.load.coverage import Coverage, cover
from strideload.load.cued import CuedRun, cued
from strideload.load.intervals import Interval, Intervals, clip, contains, total_s, union
from strideload.load.steps import Session
from strideload_pod import page

RUN_GAP_US = 15 * 60 * 1_000_000  # sessions less than this apart are one run
PAUSE_US = 3_000_000  # running contacts of a foot further apart than this are two bouts


@dataclass(frozen=True)
class Run:
    """Sessions of one runner less than 15 minutes apart; a day holds its own part of a run over midnight."""

    start_utc_us: int
    end_utc_us: int
    duration_s: float
    recorded_s: float
    running_s: float
    walking_s: float
    longest_bout_s: float | None
    strides: int
    steps: int
    steps_estimated: int
    cadence_spm: float | None
    impact_sum_g: float | None
    cues: tuple[CuedRun, ...]
    began_before: bool  # before this day
    goes_on: bool  # into the next day


def runs_of(
    coverage: Coverage, contacts: Contacts, within: Mapping[int, NDArray[np.void]], start: int, end: int
) -> tuple[Run, ...]:
    """The runs of the day [start, end), in order of time; () of nothing. `within`: rows of each session by its id."""
    recorded = clip(coverage.recorded, start, end)
    runs = union(recorded, RUN_GAP_US)
    began_before = any(s.start_utc_us < start <= s.end_utc_us for s in coverage.sessions)
    goes_on = any(s.start_utc_us < end <= s.end_utc_us for s in coverage.sessions)
    return tuple(
        _run(
            contacts,
            recorded,
            run,
            cued(coverage.sessions, within, run),
            began_before and run[0] == start,
            goes_on and run[1] == end,
        )
        for run in runs
    )


def whole_run(sessions: Sequence[Session], start: int, end: int) -> Run:
    """One run from its first moment to its last, whatever midnights lie between; `sessions`: all that lie in it."""
    coverage = cover(sessions)
    within = {session.session_id: session.steps for session in sessions}
    contacts = contacts_of(coverage, within)
    return runs_of(coverage, contacts, within, start, end + 1)[0]


def _run(
    contacts: Contacts,
    recorded: Intervals,
    run: Interval,
    cues: tuple[CuedRun, ...],
    began_before: bool,
    goes_on: bool,
) -> Run:
    own = contacts.where(contains([run], contacts.rows["ic_utc_us"]))
    running, walking = own.of_kind(page.STEP_KIND_RUN), own.of_kind(page.STEP_KIND_WALK)
    return Run(
        start_utc_us=run[0],
        end_utc_us=run[1],
        duration_s=(run[1] - run[0]) / 1e6,
        recorded_s=total_s(clip(recorded, *run)),
        running_s=formulas.time_s(running.rows["stride_s"], running.share),
        walking_s=formulas.time_s(walking.rows["stride_s"], walking.share),
        longest_bout_s=_longest_bout_s(running),
        strides=len(own.rows),
        steps=int(np.sum(own.steps)),
        steps_estimated=own.steps_estimated,
        cadence_spm=formulas.median(formulas.cadence_spm(running.rows["stride_s"])),
        impact_sum_g=formulas.impact_sum_g(own.rows["peak_g"], own.steps),
        cues=cues,
        began_before=began_before,
        goes_on=goes_on,
    )


def _longest_bout_s(running: Contacts) -> float | None:
    """Of any foot: each foot's contacts are a row of their own."""
    bouts = [
        formulas.longest_bout_s(foot.rows["ic_utc_us"], foot.rows["stride_s"], PAUSE_US)
        for foot in (running.where(running.foot == name) for name in ("left", "right", "unknown"))
    ]
    return max((bout for bout in bouts if bout is not None), default=None)
