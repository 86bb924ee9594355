"""Runs made by hand for tests of the rules: minutes on a date."""

from datetime import date, timedelta
from typing import Any

from strideload.load.day import Known
from strideload.load.longest import DayKnown, RunFigures
from strideload.load.symptoms import Answers, Status, status

MONDAY = date(2026, 3, 2)
HOUR_US = 3_600_000_000

# The answers of one site, and what the rules say of them.
GREEN = status(Answers("knee_front_left", 1, 2, 1, 1))
AMBER = status(Answers("knee_front_left", 1, 4, 2, 1))
RED = status(Answers("knee_front_left", 1, 2, 2, 3))
OPEN = status(Answers("knee_front_left", 1, 2, 1, None))
COLOURED: dict[str, Status] = {"green": GREEN, "amber": AMBER, "red": RED, "open": OPEN}


def on(day: int) -> date:
    """The date so many days after a Monday."""
    return MONDAY + timedelta(days=day)


def ran(day: int, minutes: float, hour: int = 18, **fields: Any) -> RunFigures:
    """A run of so many minutes, with 170 steps and 1500 g a minute, on `on(day)`."""
    figures: dict[str, Any] = {
        "start_utc_us": (on(day) - date(1970, 1, 1)).days * 24 * HOUR_US + hour * HOUR_US,
        "date": on(day),
        "running_s": minutes * 60.0,
        "steps": round(minutes * 170),
        "steps_estimated": 0,
        "impact_sum_g": minutes * 1500.0,
    }
    return RunFigures(**{**figures, **fields})


def known(first: int, last: int, what: Known = "alive", **fields: Any) -> list[DayKnown]:
    """Each date from `on(first)` to `on(last)`, both included."""
    return [DayKnown(on(day), what, **fields) for day in range(first, last + 1)]
