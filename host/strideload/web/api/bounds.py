"""What may be asked for at once, and how it is written in an address."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final, TypeVar

from fastapi import Path, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, Field

from strideload.errors import StrideloadError
from strideload.load.zones import EPOCH, FIRST_DAY, LATEST
from strideload.report.period import USUAL_DAYS
from strideload.store.diary import EARLIEST_UTC_US

MOST_DAYS: Final = 366
MOST_A_PAGE: Final = 500
USUAL_A_PAGE: Final = 100
# As us since 1970; JSON's numbers are whole beyond it, too (2**53).
FIRST_UTC_US: Final = EARLIEST_UTC_US
LAST_UTC_US: Final = 7_258_118_400_000_000  # the year 2200

Item = TypeVar("Item")


class PeriodRefused(StrideloadError):
    """Days that are not shown in one answer."""


def _known(day: date) -> date:
    if not FIRST_DAY <= day <= LATEST:
        raise ValueError(f"days lie within {FIRST_DAY} to {LATEST}")
    return day


def _moment(moment: datetime) -> datetime:
    if not FIRST_UTC_US <= utc_us_of(moment) < LAST_UTC_US:
        raise ValueError("a moment lies in the years 2000 to 2199")
    return moment


Day = Annotated[date, AfterValidator(_known)]
Moment = Annotated[AwareDatetime, AfterValidator(_moment), Field(description="ISO 8601 with its zone.")]
First = Annotated[
    Day | None,
    Query(alias="from", description=f"First day; by default {USUAL_DAYS - 1} days before the last."),
]
Last = Annotated[
    Day | None, Query(alias="to", description="Last day, included; by default today where the runner is.")
]
UtcUs = Annotated[int, Field(ge=FIRST_UTC_US, lt=LAST_UTC_US)]
Limit = Annotated[int, Query(ge=1, le=MOST_A_PAGE, description="Most items of an answer.")]
Offset = Annotated[int, Query(ge=0, le=1_000_000, description="Items left out before them.")]
RunId = Annotated[
    int, Path(ge=FIRST_UTC_US, lt=LAST_UTC_US, description="A run's `id`: its start, us since 1970.")
]
PodId = Annotated[str, Path(pattern="^[0-9a-f]{16}$", description="The pod's id, 16 hex digits.")]


def utc_us_of(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def period(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """Both included. PeriodRefused."""
    last = last or today
    first = first or max(last - timedelta(USUAL_DAYS - 1), FIRST_DAY)
    if first > last:
        raise PeriodRefused("The first day is after the last.")
    if (days := (last - first).days + 1) > MOST_DAYS:
        raise PeriodRefused(f"An answer covers {MOST_DAYS} days at most, and these are {days}.")
    return first, last


class Page(BaseModel):
    """A part of a list."""

    total: int = Field(description="Items of the whole list.")
    offset: int


def page_of(items: list[Item], limit: int, offset: int) -> tuple[dict[str, Any], list[Item]]:
    """What a Page says, and its items."""
    return {"total": len(items), "offset": offset}, items[offset : offset + limit]
