"""What is said at home of a runner's day and of a pod: plain data, and the door that it comes through.

None is "not known", never zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal, Protocol, get_args

from strideload.errors import StrideloadError
from strideload.load.day import Known
from strideload.load.steps import Origin
from strideload.load.symptoms import Colour

PAIN_ENTRIES_SHOWN: Final = 10

Answer = Literal["none", "stored", "incomplete", "refused"]

KNOWN: Final[tuple[str, ...]] = get_args(Known)
STATUSES: Final[tuple[str, ...]] = get_args(Colour)
ANSWERS: Final[tuple[str, ...]] = get_args(Answer)


class PainRefused(StrideloadError):
    """A pain entry that is not taken, and why in words."""


class AnotherRun(PainRefused):
    """An entry that would be of another run than the one that it was begun for."""

    def __init__(self) -> None:
        super().__init__(
            "another run is asked about now than when this was chosen; choose level and moment again"
        )


@dataclass(frozen=True)
class RunnerAtHome:
    """A runner who opted in. `id` is opaque and stands in topics; `runner` is the store's and does not."""

    id: str
    runner: str
    name: str
    symptoms: bool  # a second opt-in: symptoms are shown and may be entered


@dataclass(frozen=True)
class RunnerDay:
    """A day's load."""

    date: date
    start: datetime  # the midnight that it begins with, with its zone's offset
    known: Known
    origin: Origin | None = None  # of what the sums are made
    running_s: float | None = None
    walking_s: float | None = None
    steps: int | None = None
    steps_estimated: int | None = None  # of `steps`
    cadence_spm: float | None = None
    impact_sum_g: float | None = None
    longest_run_s: float | None = None
    spike_ratio: float | None = None  # the longest run over the longest of the 30 days before
    next_run_min: float | None = None  # the plan's most for the next run


@dataclass(frozen=True)
class PainEntry:
    """Pain that a runner entered, 0 to 10."""

    site: str
    moment: str
    level: int
    entered: datetime


@dataclass(frozen=True)
class Symptoms:
    """How the runner's symptoms stand, and the last entries, the newest first."""

    status: Colour | None = None
    reason: str | None = None
    entries: Sequence[PainEntry] = ()


@dataclass(frozen=True)
class PainChoices:
    """What an entry may name, in the words that are shown."""

    sites: tuple[str, ...]
    moments: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """Of what an entry is that is begun now."""

    at: datetime
    last_run: str | None  # what the door names the last run by; None: there is none


@dataclass(frozen=True)
class PodNow:
    """A pod as it last spoke."""

    pod: str  # 16 hex digits
    foot: str
    online: bool | None = None
    battery_mv: int | None = None
    last_sync: datetime | None = None
    waiting_pages: int | None = None
    faults: Mapping[str, int] = field(default_factory=dict[str, int])
    firmware: str | None = None
    chip: str | None = None


class HomeDoor(Protocol):
    """What is asked of the rest of the house, from any thread. StrideloadError: it cannot be told now."""

    def runners_opted_in(self) -> Sequence[RunnerAtHome]: ...

    def day_of(self, runner: str) -> RunnerDay:
        """Today, where the runner is."""
        ...

    def days_of(self, runner: str, first: date, last: date) -> Sequence[RunnerDay]:
        """Each day from `first` to `last`, both included; spike and plan may be left out."""
        ...

    def symptoms_of(self, runner: str) -> Symptoms: ...

    def pain_choices(self, runner: str) -> PainChoices | None:
        """None: there is no diary to enter pain into."""
        ...

    def asked(self, runner: str) -> Asked:
        """What `enter_pain` is handed of an entry that is begun now."""
        ...

    def enter_pain(self, runner: str, site: str, moment: str, level: int, asked: Asked) -> None:
        """Store an entry as of now, of the run that it was of as it was begun. PainRefused, AnotherRun."""
        ...

    def pods(self) -> Sequence[PodNow]: ...
