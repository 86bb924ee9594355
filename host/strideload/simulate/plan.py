"""Plans in words: `stand:0.5,walk:2@5` is half a minute of standing and two of walking at 5 km/h."""

import math
from typing import cast

from strideload.errors import StrideloadError
from strideload.simulate.runner import Plan
from strideload.simulate.runner.gait import ACTIVITIES, MOVING, Activity

LONGEST_S = 24 * 3600.0


class PlanError(StrideloadError):
    """A plan that cannot be read."""


def parse_plan(text: str) -> Plan:
    """(activity, seconds, km/h) of each part; a part that moves needs its speed. PlanError."""
    return [_part(part.strip()) for part in text.split(",")]


def _part(text: str) -> tuple[Activity, float, float]:
    activity, colon, rest = text.partition(":")
    minutes, at, speed_kmh = rest.partition("@")
    if activity not in ACTIVITIES or not colon or (activity in MOVING and not at):
        raise PlanError(
            f"{text!r} is no part of a plan; write {', '.join(ACTIVITIES)} as run:20@10.5 (minutes, km/h)."
        )
    try:
        seconds, kmh = 60 * float(minutes), float(speed_kmh or 0)
    except ValueError:
        raise PlanError(f"{text!r}: minutes and km/h are numbers, as in run:20@10.5.") from None
    if not (0 < seconds <= LONGEST_S and 0 <= kmh < math.inf):
        raise PlanError(
            f"{text!r}: a part lasts up to {LONGEST_S / 60:g} minutes, at a speed that is not negative."
        )
    return cast(Activity, activity), seconds, kmh
