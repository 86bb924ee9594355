"""The cadence cue in words: what was cued and marked in a day of `load.day.to_json`, and what such cues rest on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from strideload.load import cue
from strideload.load.cadence import PACE_PERCENT, OwnCadence
from strideload.load.cued import BAND_SHARE
from strideload.load.evidence import RULES
from strideload.web.doors import DayJson
from strideload.words.numbers import THIN_SPACE, number
from strideload.words.phrases import ORIGINS
from strideload_pod.cue import SHARE_PERCENT, share_percent

MARKED_BY = {"button": "by the button", "host": "by the host", "unknown": "nobody knows by whom"}

_TARGET, _FADING = RULES["cadence_target"], RULES["cue_fading"]
EVIDENCE = f"{_TARGET.rule} {_TARGET.source}"
FADING = f"{_FADING.rule} {_FADING.source}"
CAVEAT = f"{_TARGET.caveat} With pain, ask a physiotherapist first."
BY_PACE = (
    f"Your own cadence is that of the minutes of {cue.DAYS} days without a cue that were run within {PACE_PERCENT} % "
    "of your usual pace, as watches' files tell it."
)
BY_DUTY_FACTOR = (
    f"Your own cadence is that of your easy runs of {cue.DAYS} days without a cue, {cue.FEWEST_MINUTES} minutes or "
    "longer. The sensor knows no pace, and watches' files tell too little of it: easy ones are taken to be the half in "
    "which the foot stays longest on the ground."
)


def basis(own: OwnCadence | None) -> str:
    """What the own cadence was taken from; None: what it would be."""
    return BY_PACE if own is not None and own.matched == "pace" else BY_DUTY_FACTOR


def stage(run: int) -> str:
    """Where the `run`th run (from 1) stands in the programme."""
    whole = len(SHARE_PERCENT)
    if run > whole:
        return f"Run {run}, after the programme of {whole}: no cues any more."
    return f"Run {run} of {whole}: cues in {share_percent(run)}{THIN_SPACE}% of it."


def run(cued: Mapping[str, Any]) -> str:
    """ "cue at 172.5 steps/min (run 3, cues in 100 %): 12 given; within 2.5 % of it for 81 % of the time"."""
    given = [f"{number(cued['cues_given'])} given"]
    if cued["cues_faded"]:
        given.append(f"{number(cued['cues_faded'])} left out by the fading")
    if cued["cues_failed"]:
        given.append(f"{number(cued['cues_failed'])} that the motor did not give")
    return f"{_target(cued)}{_stage(cued)}: {', '.join(given)}{_on_target(cued)}"


def of_runs(day: DayJson) -> list[str]:
    """A line for each pod's cues in each run of the day, with the time; [] of none."""
    return [f"{_time(one['start_local'])}  {run(cued)}" for one in day["runs"] for cued in one["cues"]]


def mark(marked: Mapping[str, Any]) -> str:
    """ "18:10:05 by the button, code 1"; where it was not measured now, that as well."""
    moment = datetime.fromisoformat(marked["at_local"])
    origin = ORIGINS.get(marked["origin"])
    return f"{moment:%H:%M:%S} {MARKED_BY[marked['source']]}, code {marked['code']}" + (
        f" ({origin})" if origin else ""
    )


def _time(local: str) -> str:
    return f"{datetime.fromisoformat(local):%H:%M}"


def _target(cued: Mapping[str, Any]) -> str:
    if cued["target_spm"] is None:
        return "cue at a target that is not known"
    return f"cue at {number(cued['target_spm'], 1)}{THIN_SPACE}steps/min"


def _stage(cued: Mapping[str, Any]) -> str:
    if cued["programme_run"] is None or cued["share_percent"] is None:
        return ""
    return f" (run {cued['programme_run']}, cues in {cued['share_percent']}{THIN_SPACE}%)"


def _on_target(cued: Mapping[str, Any]) -> str:
    share = cued["on_target_share"]
    if share is None:
        return ""
    band = f"{number(100 * BAND_SHARE, 1)}{THIN_SPACE}%"
    return f"; within {band} of it for {number(100 * share)}{THIN_SPACE}% of the time"
