"""What a section is made of: sentences, notes, points and tables as plain JSON; typed text, cleaned."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from strideload.words.numbers import MONTHS, NOT_KNOWN, THIN_SPACE, long_date, number, short_date

Block = dict[str, Any]
Cell = str | dict[str, str]

LONGEST_NAME = 80
LONGEST_SITE = 28  # in a column
LONGEST_NOTE = 140
MOST_STRETCHES = 8
DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def text(words: str) -> Block:
    return {"kind": "text", "text": words}


def note(*words: str) -> Block:
    """Small print; what is empty is left out."""
    return {"kind": "note", "text": " ".join(filter(None, words))}


def points(items: Iterable[str]) -> list[Block]:
    """One block, or none of nothing."""
    listed = list(items)
    return [{"kind": "points", "items": listed}] if listed else []


def table(columns: Iterable[dict[str, Any]], rows: Iterable[Sequence[Cell]]) -> Block:
    return {"kind": "table", "columns": list(columns), "rows": list(rows)}


def column(name: str, align: str = "right", *, wide: bool = False) -> dict[str, Any]:
    """`wide`: it takes the room that is left, and breaks its lines."""
    return {"name": name, "align": align, "wide": wide}


def clean(typed: str, longest: int) -> str:
    """In one line: control and direction characters are spaces, and what is too long ends with an ellipsis."""
    plain = " ".join("".join(" " if _is_control(one) else one for one in typed).split())
    return plain if len(plain) <= longest else f"{plain[: longest - 1].rstrip()}…"


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") or character in DIRECTIONS


def count(number_of: int, one: str, many: str | None = None) -> str:
    """ "1 day", "3 days"."""
    return f"{number(number_of)} {one if number_of == 1 else many or one + 's'}"


def answered(runs: int, apart: int, statuses: str = "") -> str:
    """ "9 runs with answers (8 green, 1 red) and 1 entry of no run"."""
    said = [f"{count(runs, 'run')} with answers{statuses and f' ({statuses})'}"] if runs else []
    said += [f"{count(apart, 'entry', 'entries')} of no run"] if apart else []
    return " and ".join(said)


def percent(share: float) -> str:
    """Of 0..1, with a decimal below a tenth."""
    return f"{number(100 * share, 1 if 0 < share < 0.1 else 0)}{THIN_SPACE}%"


def level(pain: int | None) -> str:
    return NOT_KNOWN if pain is None else str(pain)


def day_name(day: date) -> str:
    """ "22 Nov"."""
    return short_date(day).split(" ", 1)[1]


def full_date(day: date) -> str:
    return f"{long_date(day)} {day.year}"


def month_name(day: date) -> str:
    return f"{MONTHS[day.month - 1][:3]} {day.year}"


def dates(days: Sequence[date]) -> str:
    """ "3 Oct, 5 to 9 Oct"; of many stretches only how many, and where they begin and end."""
    stretches: list[list[date]] = []
    for day in days:
        if stretches and (day - stretches[-1][-1]).days == 1:
            stretches[-1].append(day)
        else:
            stretches.append([day])
    if len(stretches) > MOST_STRETCHES:
        return f"{count(len(days), 'day')} in {len(stretches)} stretches, {from_to(days[0], days[-1])}"
    return ", ".join(from_to(one[0], one[-1]) for one in stretches)


def from_to(first: date, last: date) -> str:
    """ "5 to 9 Oct"; with years where they differ."""
    if first == last:
        return day_name(first)
    if first.year != last.year:
        return f"{day_name(first)} {first.year} to {day_name(last)} {last.year}"
    return f"{first.day if first.month == last.month else day_name(first)} to {day_name(last)}"
