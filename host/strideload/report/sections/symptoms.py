"""Symptoms with their 24-hour course."""

from collections import Counter
from collections.abc import Iterator, Sequence

from strideload.report import drawings, sources
from strideload.report.blocks import (
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_SITE,
    Block,
    Cell,
    answered,
    clean,
    column,
    day_name,
    level,
    note,
    table,
    text,
)
from strideload.report.content import Report, SymptomEntry, of_runs
from strideload.words.numbers import duration

STATUSES = ("green", "amber", "red", "open")
MOST_OTHERS = 4
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
        yield text(f"The latest {len(shown)} of {len(entries)} are listed; all are counted under “In short”.")
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


def counted(entries: Sequence[SymptomEntry]) -> str:
    """ "9 runs with answers (8 green, 1 red) and 1 entry of no run"."""
    runs = of_runs(entries)
    counts = Counter(entry.status for entry in runs)
    statuses = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
    return answered(len(runs), len(entries) - len(runs), statuses)


def _entry(entry: SymptomEntry) -> list[Cell]:
    run = "no run" if entry.run_s is None else duration(entry.run_s)
    # Green says no more than the figures beside it.
    why = [] if entry.status == "green" else [clean(entry.reason, LONGEST_NOTE)]
    why += [f"{_others(entry)}."] if entry.others else []
    why += [f"Felt: “{clean(entry.felt, LONGEST_NOTE)}”."] if entry.felt else []
    why += [f"Signs: {clean(', '.join(entry.signs), LONGEST_NOTE)}."] if entry.signs else []
    return [
        f"{day_name(entry.date)}, {run}",
        clean(entry.site, LONGEST_SITE),
        *map(level, (entry.before, entry.during, entry.after_60_min, entry.next_morning)),
        {"status": entry.status},
        " ".join(why),
    ]


def _others(entry: SymptomEntry) -> str:
    """ "At another time: pain 4 at 21:30; 2 on 24 Nov at 08:00". The date is said where it is not the row's.

    Of many the highest, and how many more there are.
    """
    highest = sorted(entry.others, key=lambda one: one[1], reverse=True)[:MOST_OTHERS]
    said = [
        f"{pain}{'' if at.date() == entry.date else f' on {day_name(at.date())}'} at {at:%H:%M}"
        for at, pain in sorted(highest)
    ]
    if more := len(entry.others) - len(highest):
        said.append(f"{more} more, none higher")
    return f"At another time: pain {'; '.join(said)}"
