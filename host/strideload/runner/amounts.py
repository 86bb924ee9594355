"""How much of a measure each date holds, and the longest run of 30 dates by it: what trends are made from."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date

from strideload.load.day import Day
from strideload.load.longest import Measure
from strideload.load.trend import DayAmount
from strideload.runner.records import BASELINE, Records
from strideload.runner.runs import RunRecord


def amounts(records: Records, measure: Measure) -> list[DayAmount]:
    """Of each date of the records, those before `first` as well, in order."""
    of_day: defaultdict[date, list[RunRecord]] = defaultdict(list)
    if measure == "distance":
        for run in records.runs:
            of_day[run.date].append(run)
    return [
        DayAmount(day.date, day.known, _recorded(day, of_day[day.date], measure), day.note)
        for day in records.days
    ]


def longest(records: Records, last: date, measure: Measure) -> RunRecord | None:
    """The run with the most of a measure in the 30 dates up to `last`, of two the later; None: none is known."""
    runs = [run for run in records.runs if last - BASELINE < run.date <= last and run.is_run]
    measured = [(value, run) for run in runs if (value := of_run(run, measure)) is not None]
    return max(measured, key=lambda pair: (pair[0], pair[1].start_utc_us), default=(None, None))[1]


def of_run(run: RunRecord, measure: Measure) -> float | None:
    """Seconds, steps, g or m; None: not known."""
    figures = run.figures
    return {
        "duration": figures.running_s,
        "steps": figures.steps,
        "impact": figures.impact_sum_g,
        "distance": figures.distance_m,
    }[measure]


def distance_m(runs: Iterable[RunRecord]) -> float | None:
    """Of a date's runs and walks. None: of a run it is not known, or of none; a walk without one is passed over."""
    told = [run.distance_m for run in runs if run.is_run or run.distance_m is not None]
    known = [metres for metres in told if metres is not None]
    return sum(known) if known and len(known) == len(told) else None


def _recorded(day: Day, runs: Sequence[RunRecord], measure: Measure) -> float | None:
    match measure:
        case "duration":
            return day.running_s
        case "steps":
            return day.steps
        case "impact":
            return day.together.impact_sum_g if day.together else None
        case "distance":
            found = distance_m(runs)
            return found if found is not None or any(run.is_run for run in runs) else 0.0
