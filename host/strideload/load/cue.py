"""What the cadence cue rests on where pace is not known: the runner's own easy cadence; and a target a little above
it.

The sensor knows no pace (`load/cadence.py` asks watches for it). "Easy" is said by the duty factor, the share of a
stride in which the foot is on the ground: it falls as pace rises, and hardly changes when the same pace is run with
more steps. That is general mechanics of running, and was not checked against a source for this use; docs/metrics.md
says so as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strideload.errors import StrideloadError
from strideload.load import formulas
from strideload.load.contacts import Contacts, contacts_of
from strideload.load.coverage import cover, in_rank
from strideload.load.intervals import Interval, Intervals, contains, intersection, union
from strideload.load.runs import RUN_GAP_US
from strideload.load.steps import Session
from strideload_pod import page
from strideload_pod.settings import CUE_CSPM

DAYS = 30
FEWEST_RUNS = 3
FEWEST_MINUTES = 10  # of running in each
FULL_MINUTE_S = 30.0  # of running, for a minute to have a cadence
PERCENT = 7.0  # over the baseline, when the cue is switched on
PERCENT_MOST = 10.0


class CueRefused(StrideloadError):
    """There is no baseline yet, or the target is too far from what the runner is used to; says which."""


@dataclass(frozen=True)
class RunCadence:
    """One run: the running cadence of each minute of it that has one, steps/min, and its median duty factor."""

    start_utc_us: int
    minutes_spm: tuple[float, ...]
    duty_factor: float


@dataclass(frozen=True)
class Baseline:
    """The runner's own cadence, steps/min: the median minute of `easy_runs` out of `runs`."""

    cadence_spm: float
    runs: int
    easy_runs: int
    minutes: int


def runs_without_cue(
    sessions: Sequence[Session], cued: Intervals, start_utc_us: int, end_utc_us: int
) -> list[RunCadence]:
    """The runs within [start, end) of the first-ranking origin that lie outside of `cued` and hold no cue, in order.

    Runs that are too short, or of which no duty factor is known, are left out.
    """
    origins = in_rank({session.origin for session in sessions})
    coverage = cover([session for session in sessions if session.origin in origins[:1]])
    within = {session.session_id: session.steps for session in coverage.sessions}
    running = contacts_of(coverage, within).of_kind(page.STEP_KIND_RUN)
    moments = [cue.utc_us for session in coverage.sessions for cue in session.cues]
    found: list[RunCadence] = []
    for run in union(coverage.recorded, RUN_GAP_US):
        is_cued = bool(intersection([run], cued)) or bool(contains([run], np.array(moments, np.int64)).any())
        if start_utc_us <= run[0] < end_utc_us and not is_cued:
            found += _run_cadence(running, run)
    return found


def baseline(runs: Sequence[RunCadence]) -> Baseline:
    """The median minute of the easy half. CueRefused: too few runs."""
    if len(runs) < FEWEST_RUNS:
        raise CueRefused(
            f"There is no cadence of your own yet: {FEWEST_RUNS} runs of {FEWEST_MINUTES} minutes or more without a "
            f"cue are needed within {DAYS} days, and {len(runs)} are known."
        )
    usual = float(np.median([run.duty_factor for run in runs]))
    easy = [run for run in runs if run.duty_factor >= usual]
    minutes = [spm for run in easy for spm in run.minutes_spm]
    return Baseline(float(np.median(minutes)), len(runs), len(easy), len(minutes))


def target_cspm(own_spm: float, percent: float, present_cspm: int | None) -> int:
    """`percent` over the own cadence, 1/100 step a minute. CueRefused: below it, or a jump.

    `present_cspm`: the target that holds now, None without one.
    """
    if not 0 <= percent <= PERCENT_MOST:
        raise CueRefused(
            f"{percent:g} % is refused: a target lies 0 to {PERCENT_MOST:g} % over your own cadence of "
            f"{own_spm:.1f} steps/min, as an abrupt change of gait creates new issues."
        )
    target = round(own_spm * (100 + percent))
    if present_cspm is not None and target * 100 > present_cspm * (100 + PERCENT_MOST):
        raise CueRefused(
            f"A target of {target / 100:.1f} steps/min is refused: it is more than {PERCENT_MOST:g} % over the present "
            f"one of {present_cspm / 100:.1f}, and an abrupt change of gait creates new issues."
        )
    least, most = CUE_CSPM
    if not least <= target <= most:
        raise CueRefused(
            f"A target of {target / 100:.1f} steps/min is refused: a pod cues from {least / 100:.0f} to "
            f"{most / 100:.0f}."
        )
    return target


def _run_cadence(running: Contacts, run: Interval) -> list[RunCadence]:
    """[] of a run that does not count."""
    own = running.where(contains([run], running.rows["ic_utc_us"]))
    minutes = _minutes_spm(own, run[0])
    duty_factor = formulas.median(formulas.duty_factor(own.rows["stride_s"], own.rows["contact_s"]))
    if len(minutes) < FEWEST_MINUTES or duty_factor is None:
        return []
    return [RunCadence(run[0], minutes, duty_factor)]


def _minutes_spm(own: Contacts, start_utc_us: int) -> tuple[float, ...]:
    """Median cadence of each minute from the start on with FULL_MINUTE_S of running or more."""
    stride_s: NDArray[np.float64] = own.rows["stride_s"]
    minute = (own.rows["ic_utc_us"] - start_utc_us) // 60_000_000
    found: list[float] = []
    for one in np.unique(minute):
        chosen = minute == one
        spm = formulas.median(formulas.cadence_spm(stride_s[chosen]))
        if spm is not None and formulas.time_s(stride_s[chosen], own.share[chosen]) >= FULL_MINUTE_S:
            found.append(spm)
    return tuple(found)
