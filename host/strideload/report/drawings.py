"""Drawings as numbers: where each mark stands, from 0 to 1 of the width, and the text that stands for the drawing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

from strideload.load.strength import monday_of
from strideload.report.blocks import Block, answered, count, dates, day_name, from_to, level, month_name
from strideload.report.content import Comparison, Report, SymptomEntry, highest, of_runs
from strideload.report.spans import Span, is_long, spans
from strideload.words.numbers import duration

MOST_TICKS = 9
MOST_SITES = 4
STEPS_MIN = (1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 300, 600)  # between two lines of the scale
MOST_LINES = 4
LANE = 0.2  # of the height, above the bars of weeks
MOST_NAMED = 8
FEWEST_DAYS = 7  # below it the table says as much


def strip(report: Report) -> Block:
    """A bar for each day, in a long period for each week: solid run, hollow none, hatched not known.

    Of a week that is known in part, the lane above the bars shows the share of its days that are not.
    """
    is_by_week = is_long(report.days)
    bars = spans(report.days, monday_of if is_by_week else lambda day: day)
    minutes = [(span.total("running_s") or 0) / 60 for span in bars]
    before = {one.date: one.before_s for one in reversed(report.comparisons)}
    longest = [None if is_by_week else _minutes(before.get(span.first)) for span in bars]
    step, most = _scale(max([*minutes, *(one or 0 for one in longest)]))
    top = most / (1 - LANE) if is_by_week else most
    return {
        "kind": "strip",
        "alt": _strip_alt(report, bars, is_by_week),
        "caption": f"Minutes of running a {'week' if is_by_week else 'day'}.",
        "lane": LANE if is_by_week else 0,
        "has_baseline": any(longest),
        "bars": [
            {
                "x": _place(report, span.first),
                "width": len(span.days) / len(report.days),
                "height": made / top,
                "baseline": None if base is None else base / top,
                "hollow": not span.runs and not span.unknown,
                "unknown": span.unknown / len(span.days),
                "crossed": any(day.state == "ran_without" for day in span.days) and not is_by_week,
            }
            for span, made, base in zip(bars, minutes, longest, strict=True)
        ],
        "lines": [{"y": at / top, "name": f"{at}"} for at in range(step, int(most) + 1, step)],
        "ticks": _ticks(report),
    }


def pain(report: Report, sites: Mapping[str, Sequence[SymptomEntry]]) -> Block:
    """Pain during a run and on the next morning, by site, over the same days as the strip.

    In a long period the highest of each week.
    """
    shown = dict(sorted(sites.items(), key=lambda one: -len(one[1]))[:MOST_SITES])
    caption = "Pain, 0 to 10: dot during the run, ring on the next morning"
    caption += "; the highest of each week." if is_long(report.days) else "."
    if len(sites) > MOST_SITES:
        caption += f" The {MOST_SITES} of {len(sites)} sites with most answers."
    return {
        "kind": "pain",
        "alt": " ".join(_pain_alt(name, entries) for name, entries in shown.items()),
        "caption": caption,
        "sites": [{"name": name, "marks": _marks(report, entries)} for name, entries in shown.items()],
        "ticks": _ticks(report),
    }


def _marks(report: Report, entries: Sequence[SymptomEntry]) -> list[dict[str, Any]]:
    together = monday_of if is_long(report.days) else lambda day: day
    groups = (list(group) for _, group in groupby(entries, lambda entry: together(entry.date)))
    return [
        {
            "x": _place(report, group[0].date) + 0.5 / len(report.days),
            "during": highest(group, "during"),
            "morning": highest(group, "next_morning"),
        }
        for group in groups
    ]


def _place(report: Report, day: date) -> float:
    return (day - report.first).days / len(report.days)


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / 60


def _scale(most: float) -> tuple[int, float]:
    """(Minutes between two lines, minutes at the top)."""
    step = next((step for step in STEPS_MIN if most <= MOST_LINES * step), STEPS_MIN[-1])
    return step, max(most, step)


def _ticks(report: Report) -> list[dict[str, Any]]:
    return [{"x": _place(report, day), "name": name} for day, name in _named(report)]


def _named(report: Report) -> Iterator[tuple[date, str]]:
    days = [day.date for day in report.days]
    if is_long(report.days):
        months = [day for day in days if day.day == 1]
        every = -(-len(months) // MOST_TICKS)
        yield from ((day, month_name(day)) for day in months[::every])
        return
    mondays = [day for day in days if day.weekday() == 0]
    named = days if len(days) <= 7 else mondays
    every = -(-len(named) // MOST_TICKS)
    yield from ((day, day_name(day)) for day in named[::every])


def _strip_alt(report: Report, bars: Sequence[Span], is_by_week: bool) -> str:
    whole = Span(report.first, report.last, report.days)
    parts = [
        f"Bars of running time, one a {'week' if is_by_week else 'day'}, {from_to(report.first, report.last)}. "
        f"{count(whole.runs, 'day')} with a run, {whole.rests} known without one, {whole.unknown} not known."
    ]
    most = max(bars, key=lambda span: span.total("running_s") or 0)
    if most.runs:
        which = "the week of" if is_by_week else "on"
        parts.append(f"The most: {duration(most.total('running_s'))} {which} {day_name(most.first)}.")
    if unknown := [day.date for day in report.days if day.state in ("unknown", "ran_without")]:
        parts.append(f"Not known: {dates(unknown)}.")
    if not is_by_week and (longer := [one for one in report.comparisons if one.is_longer]):
        parts.append(f"More than a tenth over the longest run of the 30 days before: {_on(longer)}.")
    return " ".join(parts)


def _on(ones: Sequence[Comparison]) -> str:
    latest = ", ".join(day_name(one.date) for one in ones[-MOST_NAMED:])
    return latest if len(ones) <= MOST_NAMED else f"{count(len(ones), 'day')}, the latest {latest}"


def _pain_alt(name: str, entries: Sequence[SymptomEntry]) -> str:
    """Each entry of a few, the highest of many."""
    if len(entries) <= 12:
        told = "; ".join(
            f"{day_name(one.date)} {level(one.during)} during, {level(one.next_morning)} next morning"
            for one in entries
        )
        return f"{name}: {told}."
    runs = of_runs(entries)
    worst = max(entries, key=lambda one: one.during if one.during is not None else -1)
    told = f"{name}: {answered(len(runs), len(entries) - len(runs))}, {from_to(entries[0].date, entries[-1].date)}"
    if worst.during is None:
        return f"{told}, none known during a run."
    return f"{told}, the highest during a run {worst.during} on {day_name(worst.date)}."
