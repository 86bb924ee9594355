"""A day on a terminal: a sentence first, then aligned figures with their units, then what is to be said of the data.

The words are those of the page, so that both say the same.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from strideload.load.day import Day, to_json
from strideload.words import cues, figures, phrases, quality
from strideload.words.numbers import duration, long_date, number
from strideload.words.sentences import capital

CELL = (0, 0, 0, 2)  # two spaces before each column, the first one too


def show(day: Day, console: Console | None = None) -> None:
    """Print the day; colour and bold only on a terminal."""
    (console or Console(highlight=False)).print(render(day))


def render(day: Day) -> RenderableType:
    """The day, to be printed by rich."""
    facts = to_json(day)
    return Group(*_parts(day, facts))


def _parts(day: Day, facts: dict[str, Any]) -> Iterator[RenderableType]:
    origin = "".join(f" · {word}" for word in phrases.origins(facts))
    yield Text(f"{long_date(day.date)} {day.date.year} · {day.zone}{origin}", "dim")
    yield Text(phrases.sentence(facts), "bold")
    if day.known != "recorded" or day.note:
        yield Text(f"{capital(day.reason)}.")
    if day.runs:
        yield from _section("Runs", _runs(facts["runs"]))
    if said := cues.of_runs(facts):
        yield from _section("Cadence cue", _lines(said))
    if facts["marks"]:
        yield from _section("Marks", _lines(map(cues.mark, facts["marks"])))
    for group in figures.groups(facts):
        yield from _section(group.name, _figures(group))
    if remarks := quality.remarks(facts, {}):
        yield from _section("About the data", _remarks(remarks))


def _section(title: str, table: Table) -> Iterator[RenderableType]:
    yield Text(f"\n{title}", "bold")
    yield table


def _runs(runs: Sequence[dict[str, Any]]) -> Table:
    table = _table()
    table.add_column("from")
    table.add_column("to")
    for name in ("running", "walking", "longest bout", "steps", "cadence", "impact sum"):
        table.add_column(name, justify="right")
    for run in runs:
        start, end = (datetime.fromisoformat(run[f"{name}_local"]) for name in ("start", "end"))
        cadence, impact = number(run["cadence_spm"]), number(run["impact_sum_g"])
        table.add_row(
            f"{'…' if run['began_before'] else ''}{start:%H:%M}",
            f"{end:%H:%M}{'…' if run['goes_on'] else ''}",
            *(duration(run[name]) for name in ("running_s", "walking_s", "longest_bout_s")),
            number(run["steps"]),
            f"{cadence} /min",
            f"{impact} g",
        )
    return table


def _lines(lines: Iterable[str]) -> Table:
    table = _table(show_header=False)
    for line in lines:
        table.add_row(Text(line))
    return table


def _figures(group: figures.Group) -> Table:
    table = _table(show_header=any(group.columns))
    table.add_column(no_wrap=True)
    for column in group.columns:
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column()
    for row in group.rows:
        table.add_row(row.name, *row.cells, row.unit)
    return table


def _remarks(remarks: Sequence[quality.Remark]) -> Table:
    table = _table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for remark in remarks:
        table.add_row(remark.word, Text(remark.text))
    return table


def _table(*, show_header: bool = True) -> Table:
    return Table(box=None, padding=CELL, show_header=show_header, header_style="dim")
