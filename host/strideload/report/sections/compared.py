"""Runs beside the longest of the 30 days before: load rule 1."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from strideload.load.evidence import HAZARD_BANDS
from strideload.report import sources
from strideload.report.blocks import Block, column, count, day_name, note, table, text
from strideload.report.content import Comparison, Report
from strideload.words import rules
from strideload.words.numbers import NOT_KNOWN, THIN_SPACE, duration, number


def blocks(report: Report, most: int) -> Iterator[Block]:
    """`most` rows; none of a period without a run."""
    ones = report.comparisons
    if not ones:
        return
    yield text(" ".join(_sentences(ones)))
    longer = [one for one in ones[:-1] if one.is_longer]
    shown = longer[max(0, len(longer) - most + 1) :]
    names = ("Running", "Longest of 30 days before", "Times it", "Difference", "Of these 30 not known")
    yield table([column("Run of", "left"), *map(column, names)], map(_row, [*shown, ones[-1]]))
    left_out = len(longer) - len(shown)
    yield note(
        f"Listed: the last run, and those more than 10{THIN_SPACE}% longer"
        + (f"; {left_out} earlier ones are left out." if left_out else "."),
        sources.LOAD,
        sources.WEEKS,
    )


def beside(one: Comparison) -> str:
    """ "20 % longer than the longest of the 30 days before (52 min)"."""
    if one.ratio is None:
        return "with no run known in the 30 days before to set it beside"
    than = "as" if rules.percent(one.ratio) is None else "than"
    longest = "longest known" if one.by_rule.is_upper_bound else "longest"
    return f"{_difference(one.ratio)} {than} the {longest} of the 30 days before ({duration(one.before_s)})"


def _sentences(ones: Sequence[Comparison]) -> Iterator[str]:
    bands = [one.by_rule.band for one in ones if one.by_rule.band is not None]
    if bands:
        first, second, third, fourth = (bands.count(band) for band in HAZARD_BANDS)
        yield (
            f"Of {count(len(bands), 'run')} with a baseline: {first} up to 1.10 times the longest run of the 30 days "
            f"before, {second} above that up to 1.30 times, {third} up to twice, {fourth} above that."
        )
    if none := len(ones) - len(bands):
        yield f"{count(none, 'run')} without a baseline: no run is known in the 30 days before."


def _row(one: Comparison) -> list[str]:
    before = (
        "no baseline" if one.before_on is None else f"{duration(one.before_s)}, {day_name(one.before_on)}"
    )
    return [
        day_name(one.date),
        duration(one.running_s),
        before,
        number(one.by_rule.ratio, 3),
        NOT_KNOWN if one.ratio is None else _difference(one.ratio),
        _not_known(one),
    ]


def _not_known(one: Comparison) -> str:
    gaps = one.by_rule.gaps
    without = f", {gaps.ran_without_days} without the pod" if gaps.ran_without_days else ""
    return f"{count(gaps.unknown_days, 'day')}{without}"


def _difference(ratio: Fraction) -> str:
    percent = rules.percent(ratio)
    if percent is None:
        return "as long"
    return f"{percent[:1].lower()}{percent[1:]} {'longer' if ratio > 1 else 'shorter'}"
