"""Load by days and by weeks."""

from collections.abc import Iterator

from strideload.report import drawings
from strideload.report.blocks import Block, column, note, table
from strideload.report.content import Report
from strideload.report.sections import spanned
from strideload.report.spans import Span
from strideload.store.accounts import Units
from strideload.words import distance
from strideload.words.numbers import NOT_KNOWN, duration, number

LEAST = f"≥: days of it are not known, so it was at least so much. {NOT_KNOWN}: not known."


def blocks(report: Report, units: Units) -> Iterator[Block]:
    """None of a period of which nothing is known."""
    if all(day.known == "unknown" for day in report.days):
        return
    if len(report.days) >= drawings.FEWEST_DAYS:
        yield drawings.strip(report)
    rows = spanned.rows(report)
    has_distance = any(day.distance_m is not None for day in report.days)
    names = ["Days known", "With a run", "Running", "Longest run"]
    names += [f"Distance, {distance.NAMES[units][0]}"] if has_distance else []
    names += ["Steps", "Impact load, g"]
    yield table(
        [column(spanned.heading(report), "left"), *map(column, names)],
        [
            [
                spanned.marked(span, report),
                f"{len(span.days) - span.unknown} of {len(span.days)}",
                str(span.runs),
                spanned.at_least(span, duration(span.total("running_s"))),
                duration(span.most("longest_run_s")),
                *([_distance(span, units)] if has_distance else []),
                spanned.at_least(span, number(span.total("steps"))),
                spanned.at_least(span, number(span.total("impact_sum_g"))),
            ]
            for span in rows
        ],
    )
    least = LEAST if any(span.unknown for span in rows) else ""
    if least or report.changes:
        yield note(least, spanned.note_of_marks(report))


def _distance(span: Span, units: Units) -> str:
    """Of the runs and walks whose distance is known: a lower bound where that of one is not."""
    metres = span.total("distance_m")
    if metres is None:
        return NOT_KNOWN
    lacks = span.unknown or any(day.state == "run" and day.distance_m is None for day in span.days)
    return f"{'≥ ' if lacks else ''}{number(distance.in_units(metres, units), 1)}"
