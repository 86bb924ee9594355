"""How long the next run may be, from the load of 30 days and what the last runs did (rules next_run and spread_load).

It is an opinion, and never a figure from nothing: without a run of known length in the 30 days there is no baseline,
and a runner with a sign for a physiotherapist or doctor is given no length.

Without an amber or red run in the 30 days it is the longest of them, and `growth_percent` more after `greens_needed`
green runs in a row, counted back from the last.

An amber run sets it to its own running time, a red one to that less `step_down_percent`, and both start from no more
than was allowed before them, by the 30 days before the first of them: a leap that hurt earns nothing. An amber leap
beyond what was allowed leaves that as it was. From there it rises only by green runs in a row: to `growth_percent` more
than the longest green one since. So a red run of an hour is no baseline for more than an hour, two easy green runs
later, and a run that nobody answered for changes nothing. This is stricter than the rule's letter, never looser: it is
never more than `growth_percent` over the longest of 30 days.

A run that nobody answered for is open, and takes back neither the offer of a physiotherapist nor what is suggested
while sore. A walk is no run: it has no length, and green ones allow no longer run. After one that hurt there is no
running until a walk or run is green; then what held before it holds again, a step down of it after a red one. A date on
which the runner ran without a pod holds a run that nobody answered for, too, and ends a row of green ones.

Minutes are whole, rounded down. A run that lacks MISSED_S or less of a whole minute had that minute, as its first and
last strides are not measured: else "the same again" would be a minute less each time. Growth is of what was measured.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Final, Literal

from strideload.errors import StrideloadError
from strideload.load.evidence import RuleId
from strideload.load.longest import DAYS, DayKnown, Gaps, RunFigures, gaps_before, runs_before, whole
from strideload.load.symptoms import SIGNS, Colour, Sign, Status

Outcome = Literal[
    "longer",  # more than the basis, after green runs in a row
    "same",  # as the longest of 30 days
    "hold",  # as it was already, after an amber or red run and green ones
    "repeat",  # as the amber run
    "less",  # than the red run
    "no_baseline",
    "see_professional",
    "strong_pain",  # the latest word of a site, within 24 hours
]
SetBy = Literal["default", "runner", "physiotherapist"]
Suggestion = Literal["shorter_more_often", "slower", "run_four_walk_one", "no_downhill"]

SORE: Final[tuple[Suggestion, ...]] = ("shorter_more_often", "slower", "run_four_walk_one", "no_downhill")
WAITING: Final[tuple[Outcome, ...]] = ("see_professional", "strong_pain")  # whatever else holds
TROUBLE: Final[tuple[Colour, ...]] = ("amber", "red")
SORE_RULE: Final[RuleId] = "spread_load"

# Most growth: the end of the study's small band. A step down of nothing would be none, and one of all is rest.
BOUNDS: Final = {"growth_percent": (0, 30), "step_down_percent": (10, 80), "greens_needed": (1, 6)}

MISSED_S: Final = 5  # of a run, by which its running time may be too short

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
    """A run or walk and what became of it; None: nothing was answered."""

    figures: RunFigures
    status: Status | None = None
    is_run: bool = True  # not a walk

    @property
    def colour(self) -> Colour:
        return self.status.colour if self.status else "open"

    @property
    def signs(self) -> tuple[Sign, ...]:
        return self.status.signs if self.status else ()


@dataclass(frozen=True)
class Noted:
    """An entry for which no length is given: it has a sign, or strong pain.

    `ends`: None: with the next run that is answered for.
    """

    entry: str
    site: str
    at: datetime  # where the runner was
    pain: int | None
    signs: tuple[Sign, ...]
    ends: datetime | None


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
    noted: tuple[Noted, ...] = ()  # why nothing is said
    evidence: RuleId = "next_run"


def next_run(
    on: date,
    runs: Iterable[PastRun],
    days: Sequence[DayKnown],
    settings: PlanSettings = DEFAULTS,
    signs: Iterable[Sign] = (),
    strong: Sequence[Noted] = (),
) -> NextRun:
    """The next run, on the date `on`. `runs` in any order; `signs`: noted apart from a run, and not taken back.

    `strong`: what was last said of a site within 24 hours, where that is pain of 6 or more.

    Of runs before the 30 days only those count that say what was allowed before an amber or red run within them, and
    those of the 30 days before these alone, however many are given.
    """
    since = on - timedelta(days=2 * DAYS)
    known = list({run.figures.start_utc_us: run for run in runs if run.figures.date >= since}.values())
    within = _before(on, max((run.figures.start_utc_us for run in known), default=0) + 1, known)
    last = next((run.colour for run in reversed(within) if run.colour != "open"), None)
    noted = {*signs, *_signs(within)}
    ran_without = [day.date for day in days if day.ran_without and day.date <= on]
    greens = _greens_in_row(within, ran_without)
    outcome, allowed_us, basis = _allowed(within, known, ran_without, settings)
    if noted:
        outcome, allowed_us, basis = "see_professional", None, None
    elif strong:
        outcome, allowed_us, basis = "strong_pain", None, None
    sore = last in TROUBLE
    return NextRun(
        outcome=outcome,
        minutes=None if allowed_us is None else allowed_us // _MINUTE_US,
        basis=basis,
        greens_in_row=greens,
        colours=tuple(run.colour for run in within),
        offer_physiotherapist=last == "red",
        signs=tuple(sign for sign in SIGNS if sign in noted),
        suggestions=SORE if sore and not noted else (),
        gaps=gaps_before(on, days),
        settings=settings,
        noted=tuple(strong),
    )


def _before(day: date, start_utc_us: int, known: Iterable[PastRun]) -> list[PastRun]:
    """As `runs_before`."""
    by_start = {run.figures.start_utc_us: run for run in known}
    figures = [run.figures for run in by_start.values()]
    return [by_start[one.start_utc_us] for one in runs_before(day, start_utc_us, figures)]


def _signs(within: Sequence[PastRun]) -> tuple[Sign, ...]:
    """Of the last run that was answered for: an answer without a sign takes one back, no answer does not."""
    return next((run.signs for run in reversed(within) if run.status), ())


def _greens_in_row(within: Sequence[PastRun], ran_without: Iterable[date]) -> int:
    """Green runs back from the last, each later than any date with a run that is not known."""
    after = max(ran_without, default=date.min)
    in_row = takewhile(lambda run: run.colour == "green" and run.figures.date > after, reversed(within))
    return sum(_running_us(run) > 0 for run in in_row)


def _allowed(
    within: Sequence[PastRun],
    known: Sequence[PastRun],
    ran_without: Sequence[date],
    settings: PlanSettings,
) -> tuple[Outcome, int | None, RunFigures | None]:
    """Microseconds of running, and the run that they come from. `known`: those before `within` as well."""
    if not any(_running_us(run) for run in within):
        return "no_baseline", None, None
    enough = _greens_in_row(within, ran_without) >= settings.greens_needed
    first = next((place for place, run in enumerate(within) if run.colour in TROUBLE), None)
    if first is None:
        longest = _longest(within)
        if enough:
            return "longer", _grown_us(longest, settings), longest.figures
        return "same", _running_us(longest), longest.figures
    before = _allowed_before(within[first], known, ran_without, settings)
    outcome, allowed_us, basis = _after_trouble(within, first, before, ran_without, settings)
    unchanged = outcome == "same" or (outcome == "longer" and not enough)
    return "hold" if unchanged else outcome, allowed_us, basis


def _allowed_before(
    run: PastRun, known: Sequence[PastRun], ran_without: Sequence[date], settings: PlanSettings
) -> tuple[Outcome, int, RunFigures]:
    """What was allowed when `run` began; its own length where nothing was."""
    within = _before(run.figures.date, run.figures.start_utc_us, known)
    by_then = [day for day in ran_without if day <= run.figures.date]
    outcome, allowed_us, basis = _allowed(within, known, by_then, settings)
    if allowed_us is None or basis is None:
        return "same", _running_us(run), run.figures
    return outcome, allowed_us, basis


def _after_trouble(
    within: Sequence[PastRun],
    first: int,
    before: tuple[Outcome, int, RunFigures],
    ran_without: Sequence[date],
    settings: PlanSettings,
) -> tuple[Outcome, int, RunFigures]:
    """What holds after all runs from the `first` amber or red one on; `before`: what held until then."""
    outcome, allowed_us, basis = before
    held: tuple[Outcome, int, RunFigures] | None = None  # while there is no running, after a walk that hurt
    green: list[PastRun] = []  # since the last amber or red one
    for place, run in enumerate(within[first:], first):
        length_us = _running_us(run)
        if run.colour in TROUBLE:
            green = []
            if held or not length_us:
                held = held or (outcome, allowed_us, basis)
                if run.colour == "red" or 0 < length_us <= held[1]:
                    held = _left_by(run, min(length_us or held[1], held[1]), settings)
                outcome, allowed_us, basis = _left_by(run, 0, settings)
            elif run.colour == "red" or length_us <= allowed_us:
                outcome, allowed_us, basis = _left_by(run, min(length_us, allowed_us), settings)
        elif run.colour == "green":
            if held:
                (outcome, allowed_us, basis), held = held, None
            green.append(run)
            known_by_then = [day for day in ran_without if day <= run.figures.date]
            longest = _longest(green)
            grown_us = _grown_us(longest, settings)
            enough = _greens_in_row(within[: place + 1], known_by_then) >= settings.greens_needed
            if enough and grown_us > allowed_us:
                outcome, allowed_us, basis = "longer", grown_us, longest.figures
    return outcome, allowed_us, basis


def _left_by(run: PastRun, start_us: int, settings: PlanSettings) -> tuple[Outcome, int, RunFigures]:
    """What an amber or red run leaves of `start_us`."""
    if run.colour == "amber":
        return "repeat", start_us, run.figures
    return "less", start_us * (100 - settings.step_down_percent) // 100, run.figures


def _grown_us(run: PastRun, settings: PlanSettings) -> int:
    return max(_running_us(run), _measured_us(run) * (100 + settings.growth_percent) // 100)


def _longest(runs: Sequence[PastRun]) -> PastRun:
    return max(runs, key=lambda run: (_running_us(run), run.figures.start_utc_us))


def _running_us(run: PastRun) -> int:
    """Whole minutes of which it lacks next to nothing as whole ones."""
    measured_us = _measured_us(run)
    return max(measured_us, (measured_us + MISSED_S * 1_000_000) // _MINUTE_US * _MINUTE_US)


def _measured_us(run: PastRun) -> int:
    """0 of a walk: what became of it counts, its length does not."""
    return (whole("duration", run.figures) or 0) if run.is_run else 0
