"""A day of `load.day.to_json` in words."""

from collections.abc import Mapping
from typing import Any, Literal

from strideload.load.day import MINOR_SHARE
from strideload.web.doors import DayJson
from strideload.words.numbers import duration, number

LEAST_S = 1.0  # less than this is no running and no walking

State = Literal["run", "none", "unknown"]

# A pod's own sensor goes without saying.
ORIGINS = {"recording": "a recording", "simulated": "simulated", "unknown": "origin not known"}

SENTENCES = {
    "alive": "No run; the pod was on watch.",
    "rest": "A rest day.",
    "ran_without": "A run without the pod; how much is not known.",
    "unknown": "Not known.",
}


def state(day: DayJson) -> State:
    """How a day is drawn: run (solid), none (hollow: known, and nothing was run) or unknown (hatched)."""
    if day["known"] in ("ran_without", "unknown"):
        return "unknown"
    return "run" if (day["running_s"] or 0) >= LEAST_S else "none"


def sentence(day: DayJson) -> str:
    """ "41 min running, 6 240 steps (estimated)." """
    if day["known"] != "recorded":
        return SENTENCES[day["known"]]
    running_s, walking_s = day["running_s"], day["walking_s"]
    if running_s >= LEAST_S:
        return f"{duration(running_s)} running, {steps(day)}."
    if walking_s >= LEAST_S:
        return f"No running; {duration(walking_s)} walking, {steps(day)}."
    return "No running and no walking in what was recorded."


def origins(day: DayJson) -> list[str]:
    """Where the samples of the day's sums come from, if not from a pod's own sensor."""
    return [ORIGINS[origin] for origin in day["origins"][:1] if origin in ORIGINS]


def steps(part: Mapping[str, Any]) -> str:
    """ "6 240 steps (estimated)" of a day or a run; estimated where one pod stood for both feet."""
    how = basis(part)
    return f"{number(part['steps'])} steps" + (f" ({how})" if how else "")


def basis(part: Mapping[str, Any]) -> str:
    """Whether the steps of a day or a run are estimated; "" where they were counted."""
    count, estimated = part["steps"], part["steps_estimated"]
    if estimated <= MINOR_SHARE * count:
        return ""
    return "estimated" if estimated >= (1 - MINOR_SHARE) * count else "partly estimated"
