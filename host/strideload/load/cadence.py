"""The runner's own cadence at matched pace, and how near a target runs come (rules cadence_target and cue_fading).

Cadence rises with pace, so a cadence says something only beside one of the same pace. Where pace is known, minutes
within PACE_PERCENT of it are taken; where it is not, the easy half by duty factor (load/cue.py). The percentage is this
program's choice: at 6:00 a kilometre it takes in 5:43 to 6:19.

Opt-in, case by case: nothing here proposes a target to a runner who did not ask for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from strideload.errors import StrideloadError
from strideload.load import cue, cued
from strideload.load.activity import Track, within
from strideload.load.course import Stretch
from strideload.load.evidence import RuleId
from strideload_pod.cue import SHARE_PERCENT

PACE_PERCENT: Final = 5  # of the speed, to either side
LEAST_PERCENT, MOST_PERCENT = 5.0, cue.PERCENT_MOST  # over the own cadence: rule cadence_target

Matched = Literal["pace", "duty_factor"]


class TargetOutOfRange(StrideloadError):
    """A target that is not 1.05 to 1.10 times the runner's own cadence, or ends before it begins."""

    def __init__(self, low_percent: float, high_percent: float) -> None:
        super().__init__(
            f"A target lies {LEAST_PERCENT:g} to {MOST_PERCENT:g} % over the own cadence, its lower end first, "
            f"not {low_percent:g} to {high_percent:g} %."
        )
        self.low_percent, self.high_percent = low_percent, high_percent


@dataclass(frozen=True)
class PacedRun:
    """A run without a cue: (cadence in steps/min, speed in m/s) of each minute in which both are known."""

    start_utc_us: int
    minutes: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class OwnCadence:
    """The runner's own cadence, steps/min, and what it was matched by."""

    cadence_spm: float
    matched: Matched
    speed_m_s: float | None  # that minutes were matched to; None: pace is not known
    runs: int
    minutes: int


@dataclass(frozen=True)
class Target:
    """From `low_spm` to `high_spm`; a pod cues towards the lower end."""

    own: OwnCadence
    low_percent: float
    high_percent: float
    evidence: RuleId = "cadence_target"

    @property
    def low_spm(self) -> float:
        return self.own.cadence_spm * (100 + self.low_percent) / 100

    @property
    def high_spm(self) -> float:
        return self.own.cadence_spm * (100 + self.high_percent) / 100


@dataclass(frozen=True)
class Fading:
    """Where the programme stands. `next_run`: from 1; None: it is over."""

    runs_done: int
    next_run: int | None
    share_percent: int  # of the next run, in which cues are given
    evidence: RuleId = "cue_fading"


def paced_minutes(
    course: Sequence[Stretch], start_utc_us: int, length_s: int, points: Track
) -> tuple[tuple[float, float], ...]:
    """(Cadence, speed in m/s) of each stretch of a run that was running, and of which a watch tells the speed."""
    found: list[tuple[float, float]] = []
    for one in course:
        if one.moves != "running" or one.cadence_spm is None:
            continue
        begin = start_utc_us + one.from_s * 1_000_000
        far = within(points, begin, begin + length_s * 1_000_000)
        if far is not None and far.distance_m > 0:
            found.append((one.cadence_spm, far.distance_m / (far.share * length_s)))
    return tuple(found)


def usual_speed_m_s(runs: Sequence[PacedRun]) -> float | None:
    """The median minute's speed of all runs; None where pace is not known."""
    speeds = [speed for run in runs for _, speed in run.minutes]
    return median(speeds) if speeds else None


def own_at_pace(runs: Sequence[PacedRun], speed_m_s: float) -> OwnCadence | None:
    """The median cadence of the minutes run near a speed.

    None: fewer than cue.FEWEST_MINUTES of them, or in fewer than cue.FEWEST_RUNS runs.
    """
    near = [[spm for spm, speed in run.minutes if _is_near(speed, speed_m_s)] for run in runs]
    minutes = [spm for own in near for spm in own]
    counted = sum(bool(own) for own in near)
    if len(minutes) < cue.FEWEST_MINUTES or counted < cue.FEWEST_RUNS:
        return None
    return OwnCadence(median(minutes), "pace", speed_m_s, counted, len(minutes))


def own_cadence(
    paced: Sequence[PacedRun], runs: Sequence[cue.RunCadence], speed_m_s: float | None = None
) -> OwnCadence:
    """At matched pace where enough minutes have one, else in the easy half by duty factor.

    `speed_m_s`: the pace to match, by default the usual one. `runs`: of `cue.runs_without_cue`. CueRefused: too few of
    either.
    """
    speed_m_s = usual_speed_m_s(paced) if speed_m_s is None else speed_m_s
    at_pace = None if speed_m_s is None else own_at_pace(paced, speed_m_s)
    if at_pace is not None:
        return at_pace
    own = cue.baseline(runs)
    return OwnCadence(own.cadence_spm, "duty_factor", None, own.easy_runs, own.minutes)


def target(own: OwnCadence, low_percent: float = cue.PERCENT, high_percent: float = MOST_PERCENT) -> Target:
    """The range over the own cadence. TargetOutOfRange."""
    if not LEAST_PERCENT <= low_percent <= high_percent <= MOST_PERCENT:
        raise TargetOutOfRange(low_percent, high_percent)
    return Target(own, low_percent, high_percent)


def on_target_share(rows: NDArray[np.void], target_spm: float) -> float | None:
    """Share of the running time of one foot's strides within 2.5 % of a target, 0..1, as the pod compares.

    None: nobody ran for ten seconds without a break.
    """
    return cued.share_near(rows, target_spm)


def fading(runs_done: int) -> Fading:
    """How far the programme has come after so many runs with it."""
    over = SHARE_PERCENT.index(0)
    following = None if runs_done >= over else runs_done + 1
    return Fading(runs_done, following, SHARE_PERCENT[min(runs_done, over)])


def _is_near(speed_m_s: float, wanted_m_s: float) -> bool:
    speed_mm_s, wanted_mm_s = round(speed_m_s * 1000), round(wanted_m_s * 1000)
    return abs(speed_mm_s - wanted_mm_s) * 100 <= PACE_PERCENT * wanted_mm_s
