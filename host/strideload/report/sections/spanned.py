"""The rows that tables of load, gait and strength share: weeks, or in a long period months."""

from strideload.load.strength import monday_of
from strideload.report.blocks import day_name, month_name
from strideload.report.content import Report
from strideload.report.spans import Span, is_long, month_of, spans
from strideload.words.numbers import MONTHS, NOT_KNOWN

CHANGED = (
    "*: pod, sensor, mount, shoe or surface changed in it: impact and contact compare only within one set-up."
)


def rows(report: Report) -> list[Span]:
    return spans(report.days, month_of if is_long(report.days) else monday_of)


def heading(report: Report) -> str:
    return "Month" if is_long(report.days) else "Week"


def name(span: Span, report: Report) -> str:
    """As "Nov 2026", or a week's first and last day."""
    if is_long(report.days):
        return month_name(span.first)
    if span.first == span.last:
        return day_name(span.first)
    month = "" if span.first.month == span.last.month else f" {MONTHS[span.first.month - 1][:3]}"
    return f"{span.first.day}{month} \N{EN DASH} {day_name(span.last)}"


def at_least(span: Span, figure: str) -> str:
    """A sum is a lower bound where days of it are not known."""
    return f"≥ {figure}" if span.unknown and figure != NOT_KNOWN else figure


def marked(span: Span, report: Report) -> str:
    """The name, with a mark where pod, sensor, mount, shoe or surface changed in it."""
    changed = any(span.first <= change.date <= span.last for change in report.changes)
    return f"{name(span, report)}{' *' if changed else ''}"


def note_of_marks(report: Report) -> str:
    return CHANGED if report.changes else ""
