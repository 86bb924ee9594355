"""A run beside the longest of 30 days, as the page shows it: a bar, a sentence, and what both rest on."""

from dataclasses import dataclass

from strideload.load.longest import DAYS, MEASURES, Comparison
from strideload.runner.comparing import Compared
from strideload.words import rules
from strideload.words.numbers import duration, number, short_date

# Of 100: where the longer one of the two ends.
WIDTH = 100.0


@dataclass(frozen=True)
class Bar:
    """Two lengths over each other, in hundredths of the width."""

    run: float
    longest: float
    ratio: str
    text: str  # the same in words


@dataclass(frozen=True)
class LoadView:
    sentence: str
    longest: str | None  # "44 min on Sun 8 Nov"
    bar: Bar | None  # None: nothing to compare with
    band: str | None  # what the study found
    remarks: list[str]
    others: list[str]  # the other measures, a sentence each
    evidence: str


def view(compared: Compared | None) -> LoadView | None:
    """None: no running, so there is nothing to set beside anything."""
    if compared is None:
        return None
    first = compared.first
    return LoadView(
        sentence=rules.comparison(first),
        longest=_longest(first),
        bar=bar_of(first),
        band=rules.band(first),
        remarks=rules.remarks(first),
        others=[
            rules.comparison(compared.by[measure])
            for measure in MEASURES
            if measure != first.measure and compared.by[measure].outcome == "compared"
        ],
        evidence=rules.evidence(first.evidence),
    )


def _longest(compared: Comparison) -> str | None:
    longest = compared.longest
    if longest is None:
        return None
    return (
        f"Longest run in the {DAYS} days before: {duration(longest.running_s)} on {short_date(longest.date)}."
    )


def bar_of(compared: Comparison) -> Bar | None:
    """None: nothing to compare with."""
    ratio = compared.ratio
    if ratio is None:
        return None
    scale = WIDTH / max(1.0, ratio)
    said = number(ratio, 2)
    text = f"{rules.MEASURES[compared.measure].capitalize()}: {said} times that of the longest run."
    return Bar(round(ratio * scale, 1), round(scale, 1), said, text)
