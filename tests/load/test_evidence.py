"""Every rule names its source, in the program and in the document, and the two say the same."""

from pathlib import Path
from typing import get_args

import pytest

from strideload.load import cadence, cue, ladder, longest, plan, symptoms, trend
from strideload.load.evidence import HAZARD_BANDS, RULES, Level, RuleId

DOCUMENT = (Path(__file__).parents[2] / "docs" / "rules.md").read_text()


def table(width, begins="| "):
    """The cells of each row of that many cells, head and ruler left out."""
    lines = [line for line in DOCUMENT.splitlines() if line.startswith(begins)]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [[cell.removesuffix(" |") for cell in row] for row in rows if len(row) == width]


def rules():
    return {row[0].strip("`"): row[1:] for row in table(5, "| `")}


@pytest.mark.parametrize("evidence", RULES.values(), ids=lambda evidence: evidence.id)
def test_the_document_says_what_the_program_says(evidence):
    assert rules()[evidence.id] == [evidence.rule, evidence.source, evidence.level, evidence.caveat]


def test_the_document_has_no_other_rule():
    assert list(rules()) == list(RULES) == list(get_args(RuleId))
    assert all(name == evidence.id for name, evidence in RULES.items())


@pytest.mark.parametrize("evidence", RULES.values(), ids=lambda evidence: evidence.id)
def test_a_rule_says_all_and_promises_nothing(evidence):
    text = (evidence.rule, evidence.source, evidence.level, evidence.caveat)
    assert all(text)
    assert evidence.level in get_args(Level)
    words = set(" ".join(text).lower().replace(",", " ").replace(".", " ").split())
    assert not {"risk", "safe", "score", "prevents", "prevent", "treats"} & words
    assert "!" not in " ".join(text)


def test_the_documents_bands_are_the_programs():
    written = [row for row in table(4) if row[0] in {band.band for band in HAZARD_BANDS}]
    assert written == [
        [
            band.band,
            f"up to {float(band.to):.2f}"
            if band.to and not band.above
            else f"over {float(band.above):.2f}" + (f", up to {float(band.to):.2f}" if band.to else ""),
            "reference" if band.hazard_rate_ratio is None else f"{band.hazard_rate_ratio:.2f}",
            "-" if band.interval_95 is None else "{:.2f} to {:.2f}".format(*band.interval_95),
        ]
        for band in HAZARD_BANDS
    ]


def test_the_documents_ladder_is_the_programs():
    written = {row[0]: row[1:] for row in table(3) if row[0].isdigit()}
    assert written == {
        str(number): [
            str(level.running_min),
            f"({level.run_min} run + {level.walk_min} walk) x {level.repeats}",
        ]
        for number, level in enumerate(ladder.LEVELS)
    }


@pytest.mark.parametrize(
    "sentence",
    [
        f"less than {trend.KNOWN_LEAST * 100:.0f} % of its weight",
        f"{plan.DEFAULTS.step_down_percent} % less",
        f"within {cadence.PACE_PERCENT} % of it",
        f"{cue.FEWEST_RUNS} runs and {cue.FEWEST_MINUTES} minutes",
        f"{ladder.DONE_SHARE * 100:.0f} % of its level's running",
        f"{symptoms.RED_FROM} or more",
        f"the {longest.DAYS} dates before",
        *(f"`{name}` {least} to {most}" for name, (least, most) in {**plan.BOUNDS, **ladder.BOUNDS}.items()),
    ],
)
def test_the_documents_figures_are_the_programs(sentence):
    assert sentence in " ".join(DOCUMENT.split())
