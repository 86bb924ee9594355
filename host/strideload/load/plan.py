"""How long the next run may be, from the load of 30 days and what the last runs did (rules next_run and spread_load).

It is an opinion, and never a figure from nothing: without a run of known length in the 30 days there is no baseline,
and a runner with a sign for a physiotherapist or doctor is given no length.

In order of time, over the runs of the 30 days:

- An amber or red run sets what is held: amber its own running time, red that less `step_down_percent`.
- After `greens_needed` green runs in a row, counted back from the last run: `growth_percent` more than the longest. Of
  all 30 days where none of them was amber or red; else of the runs since the last one that was, and never less than
  what is held. So a red run of an hour is no baseline for more than an hour, two easy green runs later. This is
  stricter than the rule's letter, never looser.
- Otherwise (too few green runs, or answers are open): what is held, or where nothing is, the longest of 30 days.

A run that nobody answered for is open. A date on which the runner ran without a pod holds a run that nobody answered
for, too, and ends a row of green ones. Minutes are whole, rounded down.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import takewhile
from typing import Final, Literal

from strideload.errors import StrideloadError
from strideload.load.evidence import RuleId
from strideload.load.longest import DayKnown, Gaps, RunFigures, gaps_before, runs_before, whole
from strideload.load.symptoms import SIGNS, Colour, Sign, Status

Outcome = Literal["longer", "same", "repeat", "less", "no_baseline", "see_professional"]
SetBy = Literal["default", "runner", "physiotherapist"]
Suggestion = Literal["shorter_more_often", "slower", "run_four_walk_one", "no_downhill"]

SORE: Final[tuple[Suggestion, ...]] = ("shorter_more_often", "slower", "run_four_walk_one", "no_downhill")
SORE_RULE: Final[RuleId] = "spread_load"

# Most growth: the end of the study's small band. A step down of nothing would be none, and one of all is rest.
BOUNDS: Final = {"growth_percent": (0, 30), "step_down_percent": (10, 80), "greens_needed": (1, 6)}

_MINUTE_US: Final = 60_000_000


class PlanSettingOutOfRange(StrideloadError):
    """A figure of the plan outside of its bounds."""

    def __init__(self, name: str, value: object, least: int, most: int) -> None:
        super().__init__(f"{name} is a whole number of {least} to {most}, not {value!r}.")
        self.name, self.value, self.least, self.most = name, value, least, most


@dataclass(frozen=True)
class PlanSettings:
    """The figures that a runner or physiotherapist can set. PlanSettingOutOfRange."""

    growth_percent: int = 10  # rule next_run: 1.10 times
    step_down_percent: int = 30  # an opinion of this program; no source gives a figure
    greens_needed: int = 2
    set_by: SetBy = "default"

    def __post_init__(self) -> None:
        for name, (least, most) in BOUNDS.items():
            value: object = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise PlanSettingOutOfRange(name, value, least, most)


DEFAULTS: Final = PlanSettings()


@dataclass(frozen=True)
class PastRun:
    """A run and what became of it; None: nothing was answered."""

    figures: RunFigures
    status: Status | None = None

    @property
    def colour(self) -> Colour:
        return self.status.colour if self.status else "open"

    @property
    def signs(self) -> tuple[Sign, ...]:
        return self.status.signs if self.status else ()


@dataclass(frozen=True)
class NextRun:
    """An opinion on the next run. `minutes`: of running at most; None: nothing is said."""

    outcome: Outcome
    minutes: int | None
    basis: RunFigures | None  # the run that the minutes come from
    greens_in_row: int
    colours: tuple[Colour, ...]  # of the runs of 30 days, the last one last
    offer_physiotherapist: bool
    signs: tuple[Sign, ...]
    suggestions: tuple[Suggestion, ...]  # rule spread_load, while sore
    gaps: Gaps
    settings: PlanSettings
    evidence: RuleId = "next_run"


def next_run(
    on: date,
    runs: Iterable[PastRun],
    days: Sequence[DayKnown],
    settings: PlanSettings = DEFAULTS,
    signs: Iterable[Sign] = (),
) -> NextRun:
    """The next run, on the date `on`. `runs` in any order; `signs`: noted apart from a run, and not taken back."""
    by_start = {run.figures.start_utc_us: run for run in runs}
    figures = [run.figures for run in by_start.values()]
    within = [by_start[one.start_utc_us] for one in runs_before(on, max(by_start, default=0) + 1, figures)]
    last = within[-1:]
    noted = {*signs, *_signs(within)}
    greens = _greens_in_row(within, [day.date for day in days if day.ran_without and day.date <= on])
    outcome, allowed_us, basis = _allowed(within, greens, settings)
    if noted:
        outcome, allowed_us, basis = "see_professional", None, None
    sore = any(run.colour in ("amber", "red") for run in last)
    return NextRun(
        outcome=outcome,
        minutes=None if allowed_us is None else allowed_us // _MINUTE_US,
        basis=basis,
        greens_in_row=greens,
        colours=tuple(run.colour for run in within),
        offer_physiotherapist=any(run.colour == "red" for run in last),
        signs=tuple(sign for sign in SIGNS if sign in noted),
        suggestions=SORE if sore and not noted else (),
        gaps=gaps_before(on, days),
        settings=settings,
    )


def _signs(within: Sequence[PastRun]) -> tuple[Sign, ...]:
    """Of the last run that was answered for: an answer without a sign takes one back, no answer does not."""
    return next((run.signs for run in reversed(within) if run.status), ())


def _greens_in_row(within: Sequence[PastRun], ran_without: Iterable[date]) -> int:
    """Green runs back from the last, each later than any date with a run that is not known."""
    after = max(ran_without, default=date.min)
    in_row = takewhile(lambda run: run.colour == "green" and run.figures.date > after, reversed(within))
    return len(list(in_row))


def _allowed(
    within: Sequence[PastRun], greens: int, settings: PlanSettings
) -> tuple[Outcome, int | None, RunFigures | None]:
    """Microseconds of running, and the run that they come from."""
    if not any(_running_us(run) for run in within):
        return "no_baseline", None, None
    troubled = [place for place, run in enumerate(within) if run.colour in ("amber", "red")]
    since = within[troubled[-1] + 1 :] if troubled else within
    trouble = within[troubled[-1]] if troubled else None
    held_us = _held_us(trouble, settings) if trouble else 0
    if greens >= settings.greens_needed:
        longest = _longest(since)
        grown_us = _running_us(longest) * (100 + settings.growth_percent) // 100
        if grown_us > held_us or trouble is None:
            return "longer", grown_us, longest.figures
    if trouble is None:
        longest = _longest(within)
        return "same", _running_us(longest), longest.figures
    return "less" if trouble.colour == "red" else "repeat", held_us, trouble.figures


def _held_us(trouble: PastRun, settings: PlanSettings) -> int:
    if trouble.colour == "amber":
        return _running_us(trouble)
    return _running_us(trouble) * (100 - settings.step_down_percent) // 100


def _longest(runs: Sequence[PastRun]) -> PastRun:
    return max(runs, key=lambda run: (_running_us(run), run.figures.start_utc_us))


def _running_us(run: PastRun) -> int:
    """0 of a walk: what became of it counts, its length does not."""
    return whole("duration", run.figures) or 0
