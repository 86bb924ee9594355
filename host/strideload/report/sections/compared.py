"""Runs beside the longest of the 30 days before: load rule 1."""

from collections.abc import Iterator, Sequence

from strideload.report import sources
from strideload.report.blocks import Block, column, count, day_name, note, table, text
from strideload.report.content import REFERENCE, Comparison, Report
from strideload.words.numbers import NOT_KNOWN, THIN_SPACE, duration, number

BANDS = (REFERENCE, 1.3, 2.0, float("inf"))


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
    than = "as" if _percent(one.ratio) == 0 else "than"
    longest = "longest known" if one.unknown_days else "longest"
    return f"{_difference(one.ratio)} {than} the {longest} of the 30 days before ({duration(one.before_s)})"


def _sentences(ones: Sequence[Comparison]) -> Iterator[str]:
    ratios = [one.ratio for one in ones if one.ratio is not None]
    if ratios:
        edges = zip((0.0, *BANDS), BANDS, strict=False)
        first, second, third, fourth = (sum(low < ratio <= high for ratio in ratios) for low, high in edges)
        yield (
            f"Of {count(len(ratios), 'day')} with a run and a baseline: {first} up to 1.10 times the longest run "
            f"of the 30 days before, {second} above that up to 1.30 times, {third} up to twice, {fourth} above that."
        )
    if none := len(ones) - len(ratios):
        yield f"{count(none, 'day')} without a baseline: no run is known in the 30 days before."


def _row(one: Comparison) -> list[str]:
    before = (
        "no baseline" if one.before_on is None else f"{duration(one.before_s)}, {day_name(one.before_on)}"
    )
    return [
        day_name(one.date),
        duration(one.running_s),
        before,
        number(one.ratio, 3),
        NOT_KNOWN if one.ratio is None else _difference(one.ratio),
        count(one.unknown_days, "day"),
    ]


def _percent(ratio: float) -> int:
    return round(100 * (ratio - 1))


def _difference(ratio: float) -> str:
    percent = _percent(ratio)
    if percent == 0:
        return "as long"
    return f"{number(abs(percent))}{THIN_SPACE}% {'longer' if percent > 0 else 'shorter'}"
