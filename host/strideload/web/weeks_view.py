"""The last weeks: what the plot draws, and the same facts as a sentence and as rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from strideload.load.zones import FIRST_DAY
from strideload.web.doors import DayJson
from strideload.words import phrases
from strideload.words.numbers import duration, number, short_date

STATE_WORDS = {"run": "run", "none": "no run", "unknown": "not known"}
NOTED_WORDS = {"rest": "rest", "ran_without": "ran without the pod"}


@dataclass(frozen=True)
class Row:
    href: str | None  # None: a day before all that are shown
    name: str
    state: str
    running: str
    steps: str
    impact: str


@dataclass(frozen=True)
class WeeksView:
    sentence: str
    plot: dict[str, Any] | None  # read by static/plot.js; None while nothing is known
    rows: list[Row]  # newest first


def view(days: Sequence[DayJson], longest_run_s: float | None) -> WeeksView:
    """`longest_run_s`: running time of the longest run before, whole, drawn as a line; None: there is none."""
    if all(day["known"] == "unknown" for day in days):
        return WeeksView(
            "Nothing is known of them yet. Each day that a pod reports stands here as a bar.", None, []
        )
    return WeeksView(
        sentence=_sentence(days),
        plot={"days": [_mark(day) for day in days], "longest_min": _minutes(longest_run_s)},
        rows=[_row(day) for day in reversed(days)],
    )


def _sentence(days: Sequence[DayJson]) -> str:
    states = [phrases.state(day) for day in days]
    ran = states.count("run")
    counts = f"{ran} {'day' if ran == 1 else 'days'} with a run, {states.count('none')} without"
    if unknown := states.count("unknown"):
        counts += f", {unknown} not known"
    most = max(days, key=lambda day: day["running_s"] or 0)
    if phrases.state(most) != "run":
        return f"{counts}."
    return f"{counts}. The most in a day: {duration(most['running_s'])}, on {short_date(_date(most))}."


def _mark(day: DayJson) -> dict[str, Any]:
    on = _date(day)
    state = phrases.state(day)
    return {
        "href": _href(on),
        "monday": on.weekday() == 0,
        "short": f"{on.day} {short_date(on).split()[-1]}",
        "state": state,
        "min": _minutes(day["running_s"]) if state == "run" else None,
        "text": f"{short_date(on)}: {phrases.sentence(day)}",
    }


def _row(day: DayJson) -> Row:
    on = _date(day)
    impact_g = day["together"]["impact_sum_g"] if day["together"] else None
    state = NOTED_WORDS.get(day["known"], STATE_WORDS[phrases.state(day)])
    return Row(
        href=_href(on),
        name=short_date(on),
        state=", ".join([state, *phrases.origins(day)]),
        running=duration(day["running_s"]),
        steps=number(day["steps"]),
        impact=number(impact_g),
    )


def _href(day: date) -> str | None:
    return None if day < FIRST_DAY else f"/?date={day.isoformat()}"


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds / 60, 2)


def _date(day: DayJson) -> date:
    return date.fromisoformat(day["date"])
