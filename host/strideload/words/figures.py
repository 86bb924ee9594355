"""A day's figures as tables: a row for each figure, a column for each foot and for both together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from strideload.load.metrics import METRICS
from strideload.web.doors import DayJson
from strideload.words import phrases
from strideload.words.numbers import THIN_SPACE, duration, number

NAMES = {metric.id: metric.name for metric in METRICS}


@dataclass(frozen=True)
class Row:
    metric: str  # whose definition stands on /metrics
    name: str
    unit: str  # empty where the cells carry their own
    cells: list[str]  # one a column


@dataclass(frozen=True)
class Group:
    name: str
    columns: list[str]  # one column needs no name
    rows: list[Row]
    defined: Mapping[str, str] = field(
        default_factory=dict[str, str]
    )  # columns whose own definition stands on /metrics


@dataclass(frozen=True)
class Figure:
    """How a figure of a load or a gait is written."""

    metric: str
    unit: str
    digits: int = 0
    factor: float = 1  # from the figure's own unit to `unit`

    def row(self, parts: list[Mapping[str, Any]]) -> Row:
        values = [part[self.metric] for part in parts]
        cells = [number(None if value is None else value * self.factor, self.digits) for value in values]
        return Row(self.metric, NAMES[self.metric], self.unit, cells)


TIMES = ("running_s", "walking_s", "recorded_s")
SUMS = (
    Figure("impact_sum_g", "g"),
    Figure("impact_weighted", "impacts of 10\N{NO-BREAK SPACE}g"),
    Figure("bone_stimulus_sqrt_g", "√g", 1),
)
GAIT = (
    Figure("cadence_spm", "steps/min"),
    Figure("cadence_iqr_spm", "steps/min", 1),
    Figure("contact_s", "ms", factor=1000),
    Figure("flight_s", "ms", factor=1000),
    Figure("duty_factor", "%", factor=100),
    Figure("peak_g", "g", 1),
    Figure("peak_p95_g", "g", 1),
    Figure("rise_g_s", "g/s"),
)
COMPARED = ("contact_s", "peak_g", "rise_g_s")
FEET = {"left": "left", "right": "right", "unknown": "one foot"}
KINDS = {"running": "Running, medians", "walking": "Walking, medians"}
UNCERTAIN = "Neither for certain"
TOTALS = "How much"
SIDES = "Right beside left, in running"
BINS = "Impacts by their peak"


def groups(day: DayJson) -> list[Group]:
    """The tables of a day; none of a day on which nothing was recorded."""
    if day["known"] != "recorded":
        return []
    both = day["together"]
    feet = {name: day[foot] for foot, name in FEET.items() if day[foot] is not None}
    every = feet | {"both": both}
    # Of one foot, the medians of both together are the same, and only sums differ.
    medians = every if len(feet) > 1 else {"": both}
    gaits = [_gait(kind, medians) for kind in KINDS if both[kind]["strides"]]
    sums = Group("Impact load", list(every), [figure.row(list(every.values())) for figure in SUMS])
    return [_totals(day), sums, *gaits, *_compared(day["asymmetry"]), _bins(every)]


def _totals(day: DayJson) -> Group:
    times = [Row(name, NAMES[name], "", [duration(day[name])]) for name in TIMES]
    steps = Row("steps", NAMES["steps"], phrases.basis(day), [number(day["steps"])])
    uncertain = day["together"]["uncertain"]
    neither = [Row("time_s", UNCERTAIN, "", [duration(uncertain["time_s"])])] if uncertain["strides"] else []
    return Group(TOTALS, [""], [*times[:2], *neither, *times[2:], steps])


def _gait(kind: str, loads: Mapping[str, Any]) -> Group:
    gaits = [load[kind] for load in loads.values()]
    known = [figure for figure in GAIT if any(gait[figure.metric] is not None for gait in gaits)]
    return Group(KINDS[kind], list(loads), [figure.row(gaits) for figure in known])


def _compared(asymmetry: Mapping[str, Any] | None) -> list[Group]:
    if not asymmetry:
        return []
    rows = [
        Row(
            "asymmetry_percent",
            NAMES[name],
            "",
            [_percent(part["asymmetry_percent"]), number(part["balance"], 3)],
        )
        for name, part in ((name, asymmetry[name]) for name in COMPARED if name in asymmetry)
    ]
    defined = {"asymmetry": "asymmetry_percent", "balance": "balance"}
    return [Group(SIDES, list(defined), rows, defined)]


def _percent(value: float | None) -> str:
    return number(value, 1) + (f"{THIN_SPACE}%" if value is not None else "")


def _bins(loads: Mapping[str, Any]) -> Group:
    columns = zip(*(load["bins"] for load in loads.values()), strict=True)
    rows = [Row("bins", bin_name(bins[0]), "", [number(one["impacts"]) for one in bins]) for bins in columns]
    return Group(BINS, list(loads), rows)


def bin_name(one: Mapping[str, Any]) -> str:
    """ "6 to 21 g"."""
    if one["to_g"] is None:
        return f"{one['from_g']:g}{THIN_SPACE}g and more"
    return f"{one['from_g']:g} to {one['to_g']:g}{THIN_SPACE}g"
