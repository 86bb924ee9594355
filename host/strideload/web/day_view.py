"""One day as the page shows it: a sentence, its runs, its figures, and what is to be said of the data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from strideload.load.day import NOT_WATCHING
from strideload.load.zones import EPOCH
from strideload.web.doors import DayJson
from strideload.words import cues, figures, phrases, quality
from strideload.words.numbers import THIN_SPACE, duration, long_date, number, short_date
from strideload.words.sentences import capital

MOVES = {"running_s": "running", "walking_s": "walking"}


@dataclass(frozen=True)
class Link:
    href: str
    name: str


@dataclass(frozen=True)
class RunView:
    id: str  # the same as long as the run began at the same moment
    href: str
    time: str
    sentence: str


@dataclass(frozen=True)
class DayView:
    title: str
    heading: str
    before: Link | None
    after: Link | None
    origin_words: list[str]  # none for a pod's own sensor
    sentence: str
    more: list[str]
    begin: bool  # whether to say how to begin
    runs: list[RunView]
    groups: list[figures.Group]
    remarks: list[quality.Remark]


def view(
    day: DayJson,
    today: date,
    first_day: date,
    rejections: Mapping[str, int],
    is_new: bool,
) -> DayView:
    """`first_day`: no link leads further back. `is_new`: whether to say how to begin."""
    shown = date.fromisoformat(day["date"])
    nothing_yet = day["known"] == "unknown"
    return DayView(
        title=long_date(shown),
        heading=_heading(shown, today),
        before=_link(shown - timedelta(days=1), today) if shown > first_day else None,
        after=_link(shown + timedelta(days=1), today) if shown < today else None,
        origin_words=phrases.origins(day),
        sentence="Nothing is known of today yet."
        if nothing_yet and shown == today
        else phrases.sentence(day),
        more=_more(day, shown == today),
        begin=is_new,
        runs=[_run(run, alone=len(day["runs"]) == 1) for run in day["runs"]],
        groups=figures.groups(day),
        remarks=quality.remarks(day, rejections),
    )


def _heading(shown: date, today: date) -> str:
    named = {today: "Today, ", today - timedelta(days=1): "Yesterday, "}.get(shown, "")
    year = "" if shown.year == today.year else f" {shown.year}"
    return f"{named}{long_date(shown)}{year}"


def _link(to: date, today: date) -> Link:
    return Link("/", "Today") if to == today else Link(f"/?date={to.isoformat()}", short_date(to))


def _more(day: DayJson, is_today: bool) -> list[str]:
    if day["reason"] == NOT_WATCHING:
        return [f"{capital(NOT_WATCHING)}."]
    if day["known"] == "unknown":
        if is_today:
            return ["A run appears here by itself once its pod has sent it."]
        return [
            "No pod reported on this day and nothing was noted. A pod that still holds it fills it in when it syncs."
        ]
    lines = [f"{capital(day['reason'])}."] if day["note"] == "ran_without" else []
    lines += [f"Marked: {'; '.join(map(cues.mark, day['marks']))}."] if day["marks"] else []
    return lines


def _run(run: Mapping[str, Any], alone: bool) -> RunView:
    """A run that is alone in its day leaves out what the day's sentence says already."""
    start, end = (datetime.fromisoformat(run[f"{name}_local"]) for name in ("start", "end"))
    moved = [f"{duration(run[name])} {what}" for name, what in MOVES.items() if run[name] >= phrases.LEAST_S]
    parts: list[str] = []
    if not alone or len(moved) > 1:
        parts.append(" and ".join(moved) or "neither running nor walking")
    if not alone:
        parts.append(phrases.steps(run))
    if run["cadence_spm"] is not None:
        parts.append(f"{number(run['cadence_spm'])}{THIN_SPACE}steps/min")
    parts += map(cues.run, run["cues"])
    if run["began_before"]:
        parts.append("begun the day before")
    if run["goes_on"]:
        parts.append("goes on after midnight")
    address = f"/run/{(start - EPOCH) // timedelta(microseconds=1)}"
    return RunView(run["start_utc"], address, f"{start:%H:%M} to {end:%H:%M}", " · ".join(parts))
