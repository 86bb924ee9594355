"""Amounts of load in words: running time, steps, impact load, distance."""

from typing import Final

from strideload.load.longest import Measure
from strideload.store.accounts import Units
from strideload.words import distance
from strideload.words.numbers import THIN_SPACE, duration, number

# What a measure is called over a column or on a button.
TITLES: Final[dict[Measure, str]] = {
    "duration": "Running time",
    "steps": "Steps",
    "impact": "Impact load",
    "distance": "Distance",
}
# Whose definition stands on /metrics.
METRICS: Final[dict[Measure, str]] = {
    "duration": "running_s",
    "steps": "steps",
    "impact": "impact_sum_g",
    "distance": "distance_m",
}


def amount(measure: Measure, value: float | None, units: Units = "km") -> str:
    """ "41 min", "6 240 steps", "5 210 g", "8.24 km"; None: a dash."""
    match measure:
        case "duration":
            return duration(value)
        case "distance":
            return distance.distance(value, units)
        case "steps":
            return number(value) if value is None else f"{number(value)} steps"
        case "impact":
            return number(value) if value is None else f"{number(value)}{THIN_SPACE}g"


def plotted(measure: Measure, value: float | None, units: Units = "km") -> float | None:
    """The figure as an axis shows it, in `plot_unit`."""
    if value is None:
        return None
    match measure:
        case "duration":
            return round(value / 60, 2)
        case "distance":
            return round(distance.in_units(value, units), 3)
        case _:
            return round(value, 1)


def plot_unit(measure: Measure, units: Units = "km") -> str:
    return {"duration": "min", "steps": "", "impact": "g", "distance": distance.NAMES[units][0]}[measure]
