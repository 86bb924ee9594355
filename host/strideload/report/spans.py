"""Days condensed to weeks, or in a long period to months, so that any period stays on three pages."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from statistics import median

from strideload.report.content import DayLoad

MOST_DAYS_SINGLY = 98  # 14 weeks; longer periods are drawn by weeks, and their tables are of months


@dataclass(frozen=True)
class Span:
    """A week from Monday, or a month, as far as it lies in the period. Sums are of its known days."""

    first: date
    last: date
    days: tuple[DayLoad, ...]

    @property
    def runs(self) -> int:
        return sum(day.state == "run" for day in self.days)

    @property
    def rests(self) -> int:
        return sum(day.state == "none" for day in self.days)

    @property
    def unknown(self) -> int:
        """Days of which not all is known; ran without the pod is one."""
        return len(self.days) - self.runs - self.rests

    def total(self, name: str) -> float | None:
        """The sum of what is known; None where nothing is."""
        values = _known(self.days, name)
        return sum(values) if values else None

    def most(self, name: str) -> float | None:
        return max(_known(self.days, name), default=None)

    def middle(self, of: Callable[[DayLoad], float | None]) -> float | None:
        """The median of the days' figures; None where no day has one."""
        values = [value for value in map(of, self.days) if value is not None]
        return median(values) if values else None


def is_long(days: Sequence[DayLoad]) -> bool:
    return len(days) > MOST_DAYS_SINGLY


def month_of(day: date) -> date:
    return day.replace(day=1)


def spans(days: Iterable[DayLoad], begin: Callable[[date], date]) -> list[Span]:
    """Neighbours that begin alike, by `monday_of` or `month_of`."""
    groups = (tuple(group) for _, group in groupby(days, lambda day: begin(day.date)))
    return [Span(group[0].date, group[-1].date, group) for group in groups]


def _known(days: Iterable[DayLoad], name: str) -> list[float]:
    return [value for day in days if (value := getattr(day, name)) is not None]
