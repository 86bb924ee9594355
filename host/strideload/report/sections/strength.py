"""Strength work by muscle group."""

from collections.abc import Iterator, Sequence

from strideload.load.strength import GROUPS, OF_THE_LEG
from strideload.report.blocks import Block, column, note, table, text
from strideload.report.content import Report, StrengthEntry
from strideload.report.sections import spanned
from strideload.report.spans import Span
from strideload.words.numbers import NOT_KNOWN

NO_LOG = "Not known: no strength log was at hand for this report."


def blocks(report: Report) -> Iterator[Block]:
    entries = report.strength
    if not entries:
        yield text(NO_LOG if entries is None else "No session in this period.")
        return
    trained = {entry.group for entry in entries}
    groups = [group for group in GROUPS if group in OF_THE_LEG or group in trained]
    yield table(
        [column(spanned.heading(report), "left"), *(column(group.capitalize()) for group in groups)],
        [
            [spanned.name(span, report), *(_trained(entries, span, group) for group in groups)]
            for span in spanned.rows(report)
        ],
    )
    yield note(
        "Sessions in which the group was trained, in brackets its sets as far as they were noted. "
        f"{NOT_KNOWN}: not logged, which is not the same as not done.",
        *_details(entries),
    )


def _trained(entries: Sequence[StrengthEntry], span: Span, group: str) -> str:
    own = [one for one in entries if one.group == group and span.first <= one.date <= span.last]
    if not own:
        return NOT_KNOWN
    sets = sum(one.sets or 0 for one in own)
    return f"{len({one.date for one in own})}{f' ({sets})' if sets else ''}"


def _details(entries: Sequence[StrengthEntry]) -> Iterator[str]:
    if repetitions := [entry.repetitions for entry in entries if entry.repetitions is not None]:
        yield f"Repetitions a set: {_from_to(repetitions)}."
    if efforts := [entry.effort for entry in entries if entry.effort is not None]:
        yield f"Effort: {_from_to(efforts)} of 10."


def _from_to(values: Sequence[int]) -> str:
    low, high = min(values), max(values)
    return f"{low}" if low == high else f"{low} to {high}"
