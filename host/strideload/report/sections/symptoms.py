"""Symptoms with their 24-hour course."""

from collections.abc import Iterator, Sequence

from strideload.report import drawings, sources
from strideload.report.blocks import (
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_SITE,
    Block,
    Cell,
    clean,
    column,
    day_name,
    level,
    note,
    table,
    text,
)
from strideload.report.content import Report, SymptomEntry
from strideload.words.numbers import duration

STATUSES = ("green", "amber", "red", "open")
NO_DIARY = "Not known: no diary of symptoms was at hand for this report."


def blocks(report: Report, most: int) -> Iterator[Block]:
    """The latest `most` entries, and a drawing of all."""
    entries = report.symptoms
    if not entries:
        yield text(NO_DIARY if entries is None else "No entry in this period.")
        return
    if len(report.days) >= drawings.FEWEST_DAYS:
        yield drawings.pain(report, by_site(report))
    shown = entries[-most:]
    if len(shown) < len(entries):
        yield text(f"The latest {len(shown)} of {len(entries)} entries; all are counted under “In short”.")
    yield table(
        [
            *(column(name, "left") for name in ("Run of", "Site")),
            *map(column, ("Before", "During", "60 min", "Morning")),
            column("Status", "left"),
            column("Why", "left", wide=True),
        ],
        map(_entry, shown),
    )
    yield note(sources.STATUS)


def by_site(report: Report) -> dict[str, list[SymptomEntry]]:
    """In order of the first entry."""
    sites: dict[str, list[SymptomEntry]] = {}
    for entry in report.symptoms or ():
        sites.setdefault(clean(entry.site, LONGEST_NAME), []).append(entry)
    return sites


def with_status(entries: Sequence[SymptomEntry], status: str) -> int:
    return sum(entry.status == status for entry in entries)


def _entry(entry: SymptomEntry) -> list[Cell]:
    run = "no run" if entry.run_s is None else duration(entry.run_s)
    why = [clean(entry.reason, LONGEST_NOTE)]
    why += [f"Felt: “{clean(entry.felt, LONGEST_NOTE)}”."] if entry.felt else []
    why += [f"Signs: {clean(', '.join(entry.signs), LONGEST_NOTE)}."] if entry.signs else []
    return [
        f"{day_name(entry.date)}, {run}",
        clean(entry.site, LONGEST_SITE),
        *map(level, (entry.before, entry.during, entry.after_60_min, entry.next_morning)),
        {"status": entry.status},
        " ".join(why),
    ]
