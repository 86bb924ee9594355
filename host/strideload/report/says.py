"""A report in words and figures, ready to be laid out: sections of blocks, all text final, plain JSON.

report.typ knows how each kind of block looks. What a person typed stands in it as text and is never read as markup.
"""

from dataclasses import dataclass
from typing import Any

from strideload.report.blocks import LONGEST_NAME, clean, full_date
from strideload.report.content import Report
from strideload.report.sections import (
    compared,
    gait,
    load,
    method,
    plan,
    quality,
    strength,
    summary,
    symptoms,
)
from strideload.store.accounts import Units

TITLE = "Running load and symptoms"


@dataclass(frozen=True)
class Limits:
    """Most rows of a kind; the sections say how many they leave out."""

    symptoms: int
    comparisons: int
    changes: int


def says(report: Report, units: Units, limits: Limits) -> dict[str, Any]:
    """What report.typ lays out."""
    runner = clean(report.runner, LONGEST_NAME)
    made_on = report.made_on
    sections = {
        "In short": summary.blocks(report),
        "Load": load.blocks(report, units),
        "Runs beside the longest of 30 days": compared.blocks(report, limits.comparisons),
        "Symptoms over 24 hours": symptoms.blocks(report, limits.symptoms),
        "Cadence, contact, left and right": gait.blocks(report),
        "Strength": strength.blocks(report),
        "Plan": plan.blocks(report),
        "How far the data can be trusted": quality.blocks(report, limits.changes),
        "Method and limits": method.blocks(),
    }
    listed = [{"name": name, "blocks": list(blocks)} for name, blocks in sections.items()]
    return {
        "title": TITLE,
        "runner": runner,
        "made_on": {"year": made_on.year, "month": made_on.month, "day": made_on.day},
        "lines": [
            f"{runner} · {_period(report)}",
            f"Made on {full_date(made_on)} · days of {report.zone} · no diagnosis",
        ],
        "foot": f"{TITLE} · {runner} · {_period(report)}",
        "sections": [section for section in listed if section["blocks"]],
    }


def _period(report: Report) -> str:
    if report.first == report.last:
        return full_date(report.last)
    return f"{full_date(report.first)} to {full_date(report.last)}"
