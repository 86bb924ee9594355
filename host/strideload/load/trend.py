"""Load over weeks, for information only (rules week_over_week and ewma). A day that is not known is never zero.

A week is seven dates that end with the one that is asked for, so that every comparison is of two whole weeks; that of a
Sunday is the calendar's (ISO 8601). No ratio of the two averages is formed: rule ewma says why.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite
from typing import Final, Literal

from strideload.load.day import Known, Note
from strideload.load.evidence import RuleId

SPANS: Final = (7, 28)
WEEK_DAYS: Final = 7
# Least share of an average's weight that known days must carry. With a half, what is said rests at least as much on
# what is known as on what is not: three known days at a span of 7, ten at one of 28.
KNOWN_LEAST: Final = 0.5

Bound = Literal["exact", "at_least", "at_most", "nothing_before", "not_known"]

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class DayAmount:
    """One measure of one date: seconds, steps, g or m. `recorded`: what pods recorded of it, None: nothing."""

    date: date
    known: Known
    recorded: float | None = None
    note: Note | None = None

    @property
    def at_least(self) -> float | None:
        """What there was for certain; None: nothing is known."""
        if self.known in ("rest", "alive"):
            return 0.0
        measured = self.known == "recorded" and self.recorded is not None and isfinite(self.recorded)
        return self.recorded if measured else None

    @property
    def amount(self) -> float | None:
        """What there was; None: not known, or not all of it."""
        return None if self.note == "ran_without" else self.at_least


@dataclass(frozen=True)
class Week:
    """The sum of seven dates. Where one of them is not known, it is a lower bound."""

    first: date
    last: date
    at_least: float | None  # None: no date is known
    known_days: int
    unknown_days: int  # or not known wholly

    @property
    def exact(self) -> bool:
        return self.unknown_days == 0


@dataclass(frozen=True)
class WeekOverWeek:
    """Seven days and the seven before them. `change`: 0.1 is a tenth more; None: not known, or nothing before."""

    this: Week
    before: Week
    change: float | None
    bound: Bound
    evidence: RuleId = "week_over_week"


@dataclass(frozen=True)
class Average:
    """An exponentially weighted average as it stands after a date."""

    date: date
    span_days: int
    value: float | None  # None: known days carry less than KNOWN_LEAST of its weight
    known_share: float  # of its weight, 0..1; days before the first are not known
    evidence: RuleId = "ewma"


def week_ending(last: date, days: Iterable[DayAmount]) -> Week:
    """The seven dates up to `last`; a date that is not among `days` is unknown."""
    by_date = {day.date: day for day in days}
    first = last - (WEEK_DAYS - 1) * _ONE_DAY
    dates = [first + n * _ONE_DAY for n in range(WEEK_DAYS)]
    known = [by_date[on] for on in dates if on in by_date]
    sums = [day.at_least for day in known if day.at_least is not None]
    whole = sum(day.amount is not None for day in known)
    return Week(first, last, sum(sums) if sums else None, whole, WEEK_DAYS - whole)


def week_over_week(last: date, days: Iterable[DayAmount]) -> WeekOverWeek:
    """The week that ends with `last` over the one before. With days that are not known in both, nothing is said."""
    given = list(days)
    this, before = week_ending(last, given), week_ending(last - WEEK_DAYS * _ONE_DAY, given)
    if before.exact and not before.at_least:
        return WeekOverWeek(this, before, None, "nothing_before")
    if this.at_least is None or not before.at_least or not (this.exact or before.exact):
        return WeekOverWeek(this, before, None, "not_known")
    change = this.at_least / before.at_least - 1
    bound: Bound = "exact" if this.exact and before.exact else "at_most" if this.exact else "at_least"
    return WeekOverWeek(this, before, change, bound)


def ewma(days: Iterable[DayAmount], span_days: int) -> list[Average]:
    """The average after each date from the first to the last, lambda = 2 / (span + 1); [] of none.

    A date that is not known leaves the average as it is and only lessens the share of it that is known, as does one
    that is not among `days`. So an average begins with the first known day, not with zero. [Williams 2017]
    """
    by_date = {day.date: day.amount for day in days}
    if not by_date:
        return []
    first, last = min(by_date), max(by_date)
    keep = 1 - 2 / (span_days + 1)
    weighted, weight, averages = 0.0, 0.0, list[Average]()
    for n in range((last - first).days + 1):
        on = first + n * _ONE_DAY
        amount = by_date.get(on)
        weighted, weight = keep * weighted, keep * weight
        if amount is not None:
            weighted, weight = weighted + (1 - keep) * amount, weight + (1 - keep)
        averages.append(Average(on, span_days, weighted / weight if weight >= KNOWN_LEAST else None, weight))
    return averages
