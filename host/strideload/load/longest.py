"""A run against the longest run of the 30 days before it (rule longest_30_days).

The 30 days are the 30 dates before the run's own, and of its own date what began before it: the study compares
sessions, and a run of the morning is one of those before the run of the evening.

The comparison is exact: figures are taken in whole microseconds, steps, thousandths of g and millimetres, so that 33
minutes after 30 are in the reference band on any machine.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import isfinite
from typing import Final, Literal, NamedTuple

from strideload.load.day import MINOR_SHARE, Known, Note
from strideload.load.evidence import HAZARD_BANDS, HazardBand, RuleId
from strideload.load.steps import Foot

RULE: Final[RuleId] = "longest_30_days"
DAYS: Final = 30

Measure = Literal["duration", "steps", "impact", "distance"]
Condition = Literal["sensors", "mount", "surface", "shoe"]
Outcome = Literal["compared", "no_baseline", "not_measured"]

MEASURES: Final[tuple[Measure, ...]] = ("duration", "steps", "impact", "distance")
CONDITIONS: Final[tuple[Condition, ...]] = ("sensors", "mount", "surface", "shoe")
STUDIED: Final[Measure] = "distance"
IN_STEPS: Final[frozenset[Measure]] = frozenset(
    {"steps", "impact"}
)  # doubled where one pod stands for two feet


class Sensor(NamedTuple):
    """What measured a foot, as far as it changes what is measured."""

    foot: Foot
    chip: str
    acc_range_g: int | None
    odr_hz: int


@dataclass(frozen=True)
class Conditions:
    """How a run was measured and on what. None, or no sensor: not noted."""

    sensors: frozenset[Sensor] = frozenset()
    mount: str | None = None
    surface: str | None = None
    shoe: str | None = None


@dataclass(frozen=True)
class RunFigures:
    """One run as the rules see it. None: not known."""

    start_utc_us: int
    date: date  # where the runner was
    running_s: float
    steps: int
    steps_estimated: int
    impact_sum_g: float | None
    distance_m: float | None = None
    conditions: Conditions = Conditions()


@dataclass(frozen=True)
class DayKnown:
    """What a date rests on. `note` may say of a recorded one that the runner ran without a pod as well."""

    date: date
    known: Known
    note: Note | None = None

    @property
    def ran_without(self) -> bool:
        return "ran_without" in (self.known, self.note)


@dataclass(frozen=True)
class Gaps:
    """What is not known of the 30 dates before a date."""

    unknown_days: int
    ran_without_days: int  # runs of unknown length; counts the date itself, too

    @property
    def any(self) -> bool:
        return self.unknown_days + self.ran_without_days > 0


@dataclass(frozen=True)
class Comparison:
    """One measure of a run over that of the longest before it.

    `compared`: ratio, longest and band are there. `no_baseline`: no run before has this measure. `not_measured`: this
    run does not have it.
    """

    measure: Measure
    outcome: Outcome
    longest: RunFigures | None
    exact_ratio: Fraction | None
    band: HazardBand | None
    runs_before: int  # that have the measure
    runs_unmeasured: int  # before, without it
    gaps: Gaps
    estimated: bool  # steps of either run, or impacts for them, stand for a foot without a pod
    differing: tuple[Condition, ...]  # noted in both runs, and not the same
    not_noted: tuple[Condition, ...]  # in either run
    evidence: RuleId = RULE

    @property
    def ratio(self) -> float | None:
        return None if self.exact_ratio is None else float(self.exact_ratio)

    @property
    def is_upper_bound(self) -> bool:
        """There may have been a longer run before, of which nothing is known."""
        return self.outcome == "compared" and (self.gaps.any or self.runs_unmeasured > 0)

    @property
    def validated(self) -> bool:
        """Whether the band is on the measure of the study."""
        return self.measure == STUDIED


def compare(
    run: RunFigures, before: Iterable[RunFigures], days: Iterable[DayKnown]
) -> dict[Measure, Comparison]:
    """Each measure of `run` over the greatest of the 30 days before it.

    `before`: runs in any order; those outside of the 30 days, and `run` itself, are passed over. `days`: what is known
    of dates; a date that is not among them is unknown.
    """
    within = runs_before(run.date, run.start_utc_us, before)
    gaps = gaps_before(run.date, days)
    return {measure: _compare(measure, run, within, gaps) for measure in MEASURES}


def runs_before(day: date, start_utc_us: int, runs: Iterable[RunFigures]) -> list[RunFigures]:
    """The runs of the 30 dates before `day`, and of it those that began before `start_utc_us`, in order."""
    first = day - timedelta(days=DAYS)
    within = [run for run in runs if first <= run.date <= day and run.start_utc_us < start_utc_us]
    return sorted(within, key=lambda run: run.start_utc_us)


def gaps_before(day: date, days: Iterable[DayKnown]) -> Gaps:
    """What is not known of the 30 dates before `day`."""
    by_date = {one.date: one for one in days}
    window = [day - timedelta(days=n) for n in range(1, DAYS + 1)]
    unknown = sum(on not in by_date or by_date[on].known == "unknown" for on in window)
    return Gaps(unknown, sum(on in by_date and by_date[on].ran_without for on in (day, *window)))


def whole(measure: Measure, run: RunFigures) -> int | None:
    """The measure in whole us, steps, thousandths of g or mm; None: not known, or nothing of it."""
    if measure == "steps":
        return run.steps if run.steps > 0 else None
    value, units = {
        "duration": (run.running_s, 1_000_000),
        "impact": (run.impact_sum_g, 1000),
        "distance": (run.distance_m, 1000),
    }[measure]
    if value is None or not isfinite(value):
        return None
    rounded = round(value * units)
    return rounded if rounded > 0 else None


def band_of(ratio: Fraction) -> HazardBand:
    """The study's band; its upper edge belongs to it."""
    return next(band for band in HAZARD_BANDS if band.to is None or ratio <= band.to)


def _compare(measure: Measure, run: RunFigures, before: Sequence[RunFigures], gaps: Gaps) -> Comparison:
    own = whole(measure, run)
    measured = [(amount, one) for one in before if (amount := whole(measure, one)) is not None]
    # Of runs that are alike in length the latest: it is nearest in shoe, mount and sensor.
    most, longest = max(measured, key=lambda pair: (pair[0], pair[1].start_utc_us), default=(None, None))
    unmeasured = len(before) - len(measured)
    if own is None or most is None or longest is None:
        outcome: Outcome = "not_measured" if own is None else "no_baseline"
        return Comparison(measure, outcome, None, None, None, len(measured), unmeasured, gaps, False, (), ())
    ratio = Fraction(own, most)
    differing, not_noted = _conditions(run.conditions, longest.conditions)
    return Comparison(
        measure=measure,
        outcome="compared",
        longest=longest,
        exact_ratio=ratio,
        band=band_of(ratio),
        runs_before=len(measured),
        runs_unmeasured=unmeasured,
        gaps=gaps,
        estimated=measure in IN_STEPS and (_is_estimated(run) or _is_estimated(longest)),
        differing=differing,
        not_noted=not_noted,
    )


def _is_estimated(run: RunFigures) -> bool:
    return run.steps_estimated > MINOR_SHARE * run.steps


def _conditions(a: Conditions, b: Conditions) -> tuple[tuple[Condition, ...], tuple[Condition, ...]]:
    """Which differ, and which are not noted in both."""
    noted: list[Condition] = [name for name in CONDITIONS if getattr(a, name) and getattr(b, name)]
    return (
        tuple(name for name in noted if getattr(a, name) != getattr(b, name)),
        tuple(name for name in CONDITIONS if name not in noted),
    )
