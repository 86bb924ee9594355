"""What the report prints, as plain values. None is "not known"; nothing here knows a store or a page.

`gather.py` makes the measured part out of a runner's records, `joined.py` the part that people said.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from datetime import datetime
from fractions import Fraction
from typing import Literal

from strideload.load import longest
from strideload.load.day import Compared, Known
from strideload.load.evidence import HAZARD_BANDS
from strideload.load.steps import Foot, Origin
from strideload.load.strength import Group
from strideload.load.symptoms import Colour

LEAST_S = 1.0  # less than this is no running

DayState = Literal["run", "none", "ran_without", "unknown"]


@dataclass(frozen=True)
class DayLoad:
    """One day. Gait is of its running strides, medians."""

    date: Date
    known: Known
    running_s: float | None = None
    longest_run_s: float | None = None
    distance_m: float | None = None
    steps: int | None = None
    steps_estimated: int | None = None
    impact_sum_g: float | None = None
    cadence_spm: float | None = None
    contact_s: float | None = None
    peak_g: float | None = None
    asymmetry: Mapping[str, Compared] | None = None  # by the names of load.day

    @property
    def state(self) -> DayState:
        """Run, none (known, and nothing was run), ran_without or unknown."""
        if self.known in ("ran_without", "unknown"):
            return self.known
        return "run" if (self.running_s or 0) >= LEAST_S else "none"


@dataclass(frozen=True)
class Comparison:
    """A run, by its running time, beside the longest of the 30 days before it."""

    date: Date
    running_s: float
    by_rule: longest.Comparison

    @property
    def before_s(self) -> float | None:
        """None: no baseline."""
        return self.by_rule.longest.running_s if self.by_rule.longest else None

    @property
    def before_on(self) -> Date | None:
        return self.by_rule.longest.date if self.by_rule.longest else None

    @property
    def ratio(self) -> Fraction | None:
        return self.by_rule.exact_ratio

    @property
    def is_longer(self) -> bool:
        """By more than the study's reference."""
        return self.by_rule.band is not None and self.by_rule.band is not HAZARD_BANDS[0]


@dataclass(frozen=True)
class SymptomEntry:
    """Pain of one site around one run, 0 to 10 (NPRS), and what the rules say of it."""

    date: Date  # of the run, else of the entry
    site: str
    status: Colour
    reason: str  # a sentence
    before: int | None = None
    during: int | None = None
    after_60_min: int | None = None
    next_morning: int | None = None
    run_s: float | None = None  # running time of the run that it belongs to; None: it belongs to none
    felt: str = ""  # the runner's words
    others: tuple[tuple[datetime, int], ...] = ()  # pain at other times, where the runner was
    signs: tuple[str, ...] = ()  # for which to see a physiotherapist or doctor


@dataclass(frozen=True)
class StrengthEntry:
    """One muscle group in one session."""

    date: Date
    group: Group
    sets: int | None = None
    repetitions: int | None = None  # a set
    effort: int | None = None  # 0 to 10


@dataclass(frozen=True)
class Plan:
    """What is planned next, in sentences, and who set it ("the rules", "the runner", a name)."""

    lines: tuple[str, ...]
    set_by: str


@dataclass(frozen=True)
class Cued:
    """The runs with a cadence cue: how many, and the latest."""

    runs: int
    date: Date
    target_spm: float | None
    programme_run: int | None
    on_target_share: float | None


@dataclass(frozen=True)
class Sensor:
    """What measured: one pod on one foot with one set-up, and the days on which it did."""

    pod: str
    foot: Foot
    chip: str
    odr_hz: int
    acc_range_g: int | None
    first: Date
    last: Date
    sessions: int


@dataclass(frozen=True)
class Change:
    """From that day on figures compare less well with those before. `before` "": not known."""

    date: Date
    what: str  # pod, sensor, mount, shoe, surface
    before: str
    after: str
    foot: Foot = "unknown"


@dataclass(frozen=True)
class Quality:
    """What is missing or marked in the recorded days; shares are 0..1 of all measured strides."""

    gaps: int = 0
    gap_s: float = 0.0
    pages_lost: int = 0
    clipped_share: float | None = None
    unreliable_share: float | None = None
    strides_set_aside: int = 0
    resampled: bool = False
    faults: Mapping[str, int] = field(default_factory=dict[str, int])
    days_with_more: int = 0  # recorded, and the runner ran without a pod as well
    days_left_out: int = 0  # of another origin than `Report.origin`: they stand as not known


@dataclass(frozen=True)
class Report:
    """All that is printed. `days` has every day of the period, in order.

    Of `symptoms`, `strength` and `plan`, None says that no such record was at hand, () that nothing was entered.
    """

    runner: str
    first: Date
    last: Date
    made_on: Date
    zone: str
    days: tuple[DayLoad, ...]
    origin: Origin | None = None  # of all figures; None: nothing was recorded
    comparisons: tuple[Comparison, ...] = ()
    symptoms: tuple[SymptomEntry, ...] | None = None
    strength: tuple[StrengthEntry, ...] | None = None
    plan: Plan | None = None
    cued: Cued | None = None
    quality: Quality = Quality()
    sensors: tuple[Sensor, ...] = ()
    changes: tuple[Change, ...] = ()


def of_runs(entries: Iterable[SymptomEntry]) -> list[SymptomEntry]:
    """Those that belong to a run."""
    return [entry for entry in entries if entry.run_s is not None]


def highest(entries: Iterable[SymptomEntry], when: str) -> int | None:
    """Of the levels of that name which are known."""
    return max((value for entry in entries if (value := getattr(entry, when)) is not None), default=None)
