"""What a shoe has been through: runs, steps and impacts, and distance where it is known.

A run's own shoe (`Conditions.shoe`) comes before the one that is assigned to its date; without either, its load belongs
to no shoe and is shown as such. Impacts are those of a pod at that shoe and mount, not wear.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from strideload.load.longest import DayKnown, RunFigures


@dataclass(frozen=True)
class ShoeAssigned:
    """From this date on this shoe is worn, until the next assignment. None: no shoe in particular."""

    from_date: date
    shoe: str | None


@dataclass(frozen=True)
class Mileage:
    """The load of one shoe, or of the runs without one. None: of no run is it known."""

    shoe: str | None
    first_date: date | None  # of its runs
    last_date: date | None
    runs: int
    running_s: float
    steps: int
    steps_estimated: int  # of them, those of a foot without a pod
    impact_sum_g: float | None
    runs_without_impact: int  # of which it is not known: the sum is a lower bound
    distance_m: float | None
    runs_without_distance: int
    ran_without_days: int  # dates with runs without a pod while it was assigned: all sums are lower bounds
    unknown_days: int  # of which nothing is known while it was assigned


def shoe_on(day: date, assigned: Iterable[ShoeAssigned]) -> str | None:
    """The shoe that is assigned to a date; of two from the same date the last one named."""
    past = [one for one in assigned if one.from_date <= day]
    return max(enumerate(past), key=lambda pair: (pair[1].from_date, pair[0]))[1].shoe if past else None


def shoe_of(run: RunFigures, assigned: Iterable[ShoeAssigned]) -> str | None:
    """The run's own, else the one that is assigned to its date; None: not known."""
    return run.conditions.shoe or shoe_on(run.date, assigned)


def mileage(
    runs: Iterable[RunFigures], assigned: Sequence[ShoeAssigned], days: Iterable[DayKnown] = ()
) -> list[Mileage]:
    """A line for each shoe that was assigned or run in, by name, and last one for runs of no known shoe, if there are.

    `days`: what is known of dates, for what the sums may lack.
    """
    by_shoe: dict[str | None, list[RunFigures]] = {one.shoe: [] for one in assigned if one.shoe is not None}
    for run in runs:
        by_shoe.setdefault(shoe_of(run, assigned), []).append(run)
    without: dict[str | None, int] = {}
    unknown: dict[str | None, int] = {}
    for day in days:
        shoe = shoe_on(day.date, assigned)
        if day.ran_without:
            without[shoe] = without.get(shoe, 0) + 1
        elif day.known == "unknown":
            unknown[shoe] = unknown.get(shoe, 0) + 1
    ordered = sorted(by_shoe, key=lambda shoe: (shoe is None, shoe or ""))
    return [_mileage(shoe, by_shoe[shoe], without.get(shoe, 0), unknown.get(shoe, 0)) for shoe in ordered]


def _mileage(shoe: str | None, runs: Sequence[RunFigures], without: int, unknown: int) -> Mileage:
    impacts = [run.impact_sum_g for run in runs if run.impact_sum_g is not None]
    distances = [run.distance_m for run in runs if run.distance_m is not None]
    return Mileage(
        shoe=shoe,
        first_date=min((run.date for run in runs), default=None),
        last_date=max((run.date for run in runs), default=None),
        runs=len(runs),
        running_s=sum(run.running_s for run in runs),
        steps=sum(run.steps for run in runs),
        steps_estimated=sum(run.steps_estimated for run in runs),
        impact_sum_g=sum(impacts) if impacts else None,
        runs_without_impact=len(runs) - len(impacts),
        distance_m=sum(distances) if distances else None,
        runs_without_distance=len(runs) - len(distances),
        ran_without_days=without,
        unknown_days=unknown,
    )
