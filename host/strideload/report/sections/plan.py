"""What is planned next, as it was handed in: an opinion, and whose."""

from collections.abc import Iterator

from strideload.report.blocks import LONGEST_NAME, LONGEST_NOTE, Block, clean, points, text
from strideload.report.content import Report

MOST_LINES = 6


def blocks(report: Report) -> Iterator[Block]:
    """None without a plan."""
    if report.plan is not None:
        yield text(f"Opinion, set by {clean(report.plan.set_by, LONGEST_NAME)}.")
        yield from points(clean(line, 2 * LONGEST_NOTE) for line in report.plan.lines[:MOST_LINES])
