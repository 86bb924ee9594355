"""Cadence as its page shows it: one's own, the target of who has a cue, and runs beside it."""

from dataclasses import dataclass
from typing import Any

from strideload.load.cadence import Fading
from strideload.load.cued import BAND_SHARE
from strideload.runner.cadence import CadenceNow, CadenceRun, CueSet
from strideload.store.accounts import Units
from strideload.words import cues, rules, training
from strideload.words.numbers import MONTHS, NOT_KNOWN, THIN_SPACE, number, short_date
from strideload.words.pods import pod_name

NO_CUE = (
    "No target is set, and none is proposed: a higher cadence is optional, case by case. A cue is switched on, and "
    "off, with the pod that gives it."
)


@dataclass(frozen=True)
class RunRow:
    href: str
    when: str
    cadence: str
    target: str
    share: str


@dataclass(frozen=True)
class CadenceView:
    lead: str
    targets: list[str]
    programme: list[str]
    no_cue: str | None
    plot: dict[str, Any] | None  # read by static/lines.js; None: no run has a cadence
    plot_said: str
    rows: list[RunRow]  # newest first
    basis: str
    evidence: list[str]


def view(found: CadenceNow, units: Units) -> CadenceView:
    own = found.own
    evidence = [rules.evidence("cadence_target"), rules.evidence("cue_fading")]
    known = [one for one in found.runs if one.cadence_spm is not None]
    return CadenceView(
        lead=f"Your own cadence: {training.own_cadence(own, units)}" if own else training.own_cadence(None),
        targets=[
            *(_target(one) for one in found.cues),
            *([f"A target lies at {training.target(found.target)}"] if found.target else []),
        ],
        programme=[line for one in found.cues for line in _programme(one.fading)],
        no_cue=None if found.cues else NO_CUE,
        plot=_plot(found, known) if known else None,
        plot_said=_said(known),
        rows=[_row(one) for one in reversed(found.runs)],
        basis=cues.basis(own),
        evidence=evidence,
    )


def _target(one: CueSet) -> str:
    low, high = (one.target_spm * (1 + side * BAND_SHARE) for side in (-1, 1))
    return (
        f"The {pod_name(one.pod, one.foot)} cues towards {_spm(one.target_spm)}, and is silent within "
        f"{number(low)} to {number(high)}."
    )


def _programme(fading: Fading | None) -> list[str]:
    if fading is None:
        return ["Where its programme stands is not known: the pod has not said so yet."]
    return [cues.stage(fading.runs_done + 1)]


def _plot(found: CadenceNow, known: list[CadenceRun]) -> dict[str, Any]:
    target = found.cues[0].target_spm if found.cues else None
    return {
        "x": list(range(len(known))),
        "unit": "/min",
        "labels": [f"{one.run.date.day} {MONTHS[one.run.date.month - 1][:3]}" for one in known],
        "lines": [{"name": "Cadence", "values": [round(one.cadence_spm or 0.0, 2) for one in known]}],
        "texts": [_text(one) for one in known],
        "band": None if target is None else [round(target * (1 + side * BAND_SHARE), 2) for side in (-1, 1)],
    }


def _text(one: CadenceRun) -> str:
    share = f", near the target for {_percent(one.share)} of the time" if one.share is not None else ""
    return f"{short_date(one.run.date)}: {_spm(one.cadence_spm)}{share}"


def _said(known: list[CadenceRun]) -> str:
    if not known:
        return "No run of these weeks has a cadence yet."
    values = [one.cadence_spm or 0.0 for one in known]
    count = f"{len(known)} run{'' if len(known) == 1 else 's'}"
    return f"{count}, medians of {number(min(values))} to {_spm(max(values), 0)}."


def _row(one: CadenceRun) -> RunRow:
    target = NOT_KNOWN if one.target_spm is None else number(one.target_spm, 1)
    return RunRow(
        href=f"/run/{one.run.start_utc_us}",
        when=short_date(one.run.date),
        cadence=number(one.cadence_spm),
        target=f"{target}, cued" if one.cued else target,
        share=NOT_KNOWN if one.share is None else _percent(one.share),
    )


def _spm(value: float | None, digits: int = 1) -> str:
    return f"{number(value, digits)}{THIN_SPACE}steps/min"


def _percent(share: float) -> str:
    return f"{number(100 * share)}{THIN_SPACE}%"
