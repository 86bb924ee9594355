"""What a runner may say of a day, beside what pods said of it."""

from collections.abc import Iterable
from datetime import date

from strideload.errors import StrideloadError
from strideload.web.doors import Days
from strideload.words.numbers import long_date


class NoteRefused(StrideloadError):
    """No day was named, or what a pod recorded on it says otherwise."""


def refuse_rest(days: Days, noted: Iterable[date], what: str | None) -> None:
    """NoteRefused: a day on which a pod recorded is to be a rest day."""
    for day in noted if what == "rest" else ():
        if days.days(day, day)[0]["known"] == "recorded":
            raise NoteRefused(
                f"A pod recorded on {long_date(day)} {day.year}, so it was no rest day. "
                "A run without the pod can be noted besides."
            )
