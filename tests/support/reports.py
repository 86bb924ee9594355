"""Reports made by hand, and a PDF read back."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pypdf

from strideload.load.day import Compared
from strideload.load.longest import DAYS, DayKnown, RunFigures, compare
from strideload.report.content import (
    Change,
    Comparison,
    Cued,
    DayLoad,
    Plan,
    Quality,
    Report,
    Sensor,
    StrengthEntry,
    SymptomEntry,
)

SUNDAY = date(2026, 11, 22)
WEEK = timedelta(7)
MINUTE_S = 60.0
SIDES = {"contact_s": Compared(0.240, 0.247, 2.9, 0.493), "peak_g": Compared(9.0, 9.9, 9.5, 0.476)}


def run(day: date, minutes: float = 40, **more: Any) -> DayLoad:
    seconds, steps = minutes * MINUTE_S, round(minutes * 166)
    figures = {
        "longest_run_s": seconds,
        "steps": steps,
        "steps_estimated": steps,
        "impact_sum_g": 9.0 * steps,
        "cadence_spm": 166.0,
        "contact_s": 0.245,
        "peak_g": 9.0,
    }
    return DayLoad(day, "recorded", seconds, **(figures | more))


def no_run(day: date, known: Any = "alive") -> DayLoad:
    return DayLoad(day, known, 0.0, 0.0, None, 0, 0, 0.0)


def unknown(day: date, known: Any = "unknown") -> DayLoad:
    return DayLoad(day, known)


def report(days: tuple[DayLoad, ...], **more: Any) -> Report:
    first, last = days[0].date, days[-1].date
    facts = {"runner": "Ann", "made_on": last, "zone": "Europe/Berlin", "origin": "sensor"}
    return Report(first=first, last=last, days=days, **(facts | more))


def season(count: int, *, sites: int = 1, last: date = SUNDAY, **more: Any) -> Report:
    """`count` days: runs on Tuesdays, Thursdays and Sundays, a pain entry for each site, everything else as well."""
    dates = [last - timedelta(count - 1 - n) for n in range(count)]
    days = tuple(map(_day, dates))
    ran = [day for day in days if day.state == "run"]
    facts: dict[str, Any] = {
        "comparisons": tuple(
            beside(day.date, 40, _before_s(day, ran) / MINUTE_S, day.date - WEEK, 3) for day in ran
        ),
        "symptoms": tuple(entry(day.date, f"site {n}") for day in ran for n in range(sites)),
        "strength": tuple(
            StrengthEntry(day, group, 3, 10, 6)
            for day in dates
            if day.weekday() == 0
            for group in ("quadriceps", "gluteals", "hamstrings", "calves")
        ),
        "plan": Plan(("Up to 38 min, easy.",), "the rules"),
        "cued": Cued(5, last, 174.5, 5, 0.81),
        "quality": Quality(
            gaps=3, gap_s=21.5, pages_lost=2, clipped_share=0.004, faults={"fifo_overruns": 2}
        ),
        "sensors": tuple(
            Sensor("aa" * 8, foot, "LSM6DSO32", 833, 32, dates[0], last, len(ran))
            for foot in ("left", "right")
        ),
        "changes": (Change(last, "shoe", "Old, 512 km", "New"),),
    }
    return report(days, **(facts | more))


def beside(
    day: date, minutes: float, before: float | None, before_on: date | None = None, unknown_days: int = 0
) -> Comparison:
    """A run by the rule, beside one of `before` minutes and nothing else."""
    one = figures(day, minutes)
    others = [] if before is None or before_on is None else [figures(before_on, before)]
    known = [DayKnown(day - timedelta(n), "alive") for n in range(1, DAYS - unknown_days + 1)]
    return Comparison(day, one.running_s, compare(one, others, known)["duration"])


def figures(day: date, minutes: float) -> RunFigures:
    return RunFigures(day.toordinal() * 86_400_000_000, day, minutes * MINUTE_S, 100, 100, 900.0)


def _before_s(day: DayLoad, ran: list[DayLoad]) -> float:
    """The last run is a quarter longer than any before, all others are as long."""
    return 1920.0 if day is ran[-1] else 2400.0


def _day(day: date) -> DayLoad:
    if day.weekday() in (1, 3, 6):
        return run(day, distance_m=7000.0, asymmetry=SIDES)
    return unknown(day) if day.weekday() == 4 and day.day < 15 else no_run(day)


def entry(day: date, site: str = "left knee", **more: Any) -> SymptomEntry:
    facts = {
        "status": "green",
        "reason": "Pain of at most 2, and back by the next morning.",
        "before": 1,
        "during": 2,
        "after_60_min": 1,
        "next_morning": 1,
        "run_s": 2400.0,
    }
    return SymptomEntry(day, site, **(facts | more))


@dataclass(frozen=True)
class Tag:
    name: str
    alt: str | None
    depth: int


class Read:
    """What a reader finds in a PDF."""

    def __init__(self, data: bytes) -> None:
        self.pdf = pypdf.PdfReader(io.BytesIO(data))
        self.root: Any = self.pdf.trailer["/Root"]
        self.pages = [page.extract_text() for page in self.pdf.pages]
        # Digits are grouped by a narrow space, and lines are broken anywhere.
        self.text = " ".join(" ".join(self.pages).replace("\u202f", " ").replace("\xa0", " ").split())
        self.tags = list(_tags(self.root["/StructTreeRoot"]["/K"], 0))
        self.alts = [tag.alt for tag in self.tags if tag.name == "/Figure"]

    def count(self, name: str) -> int:
        return sum(tag.name == name for tag in self.tags)


def _tags(node: Any, depth: int) -> Iterator[Tag]:
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for one in node:
            yield from _tags(one, depth)
    elif isinstance(node, dict):
        if "/S" in node:
            yield Tag(node["/S"], node.get("/Alt"), depth)
        if "/K" in node:
            yield from _tags(node["/K"], depth + 1)
