"""Which days a report is on."""

from datetime import date, timedelta

from strideload.errors import StrideloadError
from strideload.load.zones import EARLIEST, DateOutOfRange

MOST_DAYS = 366
USUAL_DAYS = 42


class PeriodRefused(StrideloadError):
    """Days that no report can be made on."""


def period(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """Both included; by default six weeks up to `last`, and that by default today. PeriodRefused, DateOutOfRange."""
    last = last or today
    first = first or last - timedelta(USUAL_DAYS - 1)
    if first < EARLIEST:
        raise DateOutOfRange(first)
    if first > last:
        raise PeriodRefused(f"A report from {first} to {last} has its end before its beginning.")
    if last > today:
        raise PeriodRefused(f"A report cannot go to {last}: today is {today} where the runner is.")
    if (days := (last - first).days + 1) > MOST_DAYS:
        raise PeriodRefused(f"A report covers {MOST_DAYS} days at most, and {first} to {last} are {days}.")
    return first, last
