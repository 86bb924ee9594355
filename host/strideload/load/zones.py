"""Where a day begins and ends. Days tile the line of time: no instant is lost or in two days.

A day of a runner begins at local midnight in the time zone in force for that date, and ends where the next
one begins. So it has 23 or 25 hours at summer time, and any other length on a journey.
"""

from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from strideload.errors import StrideloadError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST = date(
    1970, 1, 3
)  # one day either side is asked for, in any zone, and none may lie before the epoch
LATEST = date(2199, 12, 30)
# No pod is older, and nobody says or is shown anything of a time before it.
FIRST_DAY: Final = date(2000, 1, 1)

# What a calendar has, less a day either side for zones.
FIRST_UTC_US = (datetime(1, 1, 2, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)
LAST_UTC_US = (datetime(9999, 12, 30, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)

# Files beside the zones: what this computer is set to, what old rules go by, and "nobody has set it".
NO_ZONES: Final = {"localtime", "posixrules", "Factory"}


class ZoneUnknown(StrideloadError):
    """A name that the time zone database does not have."""

    def __init__(self, zone: str) -> None:
        super().__init__(f"There is no time zone {zone!r}. Names are such as Europe/Berlin.")
        self.zone = zone


class DateOutOfRange(StrideloadError):
    """A date before pods, or beyond any plan."""

    def __init__(self, day: date) -> None:
        super().__init__(f"{day} is outside of {EARLIEST} to {LATEST}.")
        self.day = day


def known_zone(name: str) -> bool:
    """Whether it is a name of the IANA database, which means the same on every computer."""
    return name in _names()


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones() - NO_ZONES)


def zone_info(zone: str) -> ZoneInfo:
    """The zone by its name. ZoneUnknown."""
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ZoneUnknown(zone) from None


@lru_cache(maxsize=20_000)  # of some dates a few zones; each is asked for three times a look
def midnight_utc_us(day: date, zone: str) -> int:
    """Microseconds since 1970 of the first local midnight of `day`, or of the jump over it where clocks skip
    it.

    ZoneUnknown.
    """
    local = datetime.combine(day, time(), zone_info(zone))
    before, after = _utc_us(local), _utc_us(local.replace(fold=1))
    # In a gap, fold 0 reads the clock as before the jump and fold 1 as after it: fold 1 is the earlier.
    return _jump_utc_us(local, after, before) if after < before else before


def day_bounds(day: date, zone_of: Callable[[date], str]) -> tuple[int, int]:
    """[start, end) of `day` in microseconds since 1970; `zone_of` names the zone in force for a date.

    A journey eastward over the date line may begin a day before the day before it has begun: that one is then
    empty. Two days' midnights never lie so, since zones differ by 26 hours at most. ZoneUnknown,
    DateOutOfRange.
    """
    if not EARLIEST <= day <= LATEST:
        raise DateOutOfRange(day)
    one = timedelta(days=1)
    previous, this, following = (midnight_utc_us(d, zone_of(d)) for d in (day - one, day, day + one))
    return max(previous, this), max(this, following)


def date_at(utc_us: int, zone: str) -> date:
    """The calendar date in `zone` at an instant. ZoneUnknown."""
    return local_time(utc_us, zone).date()


def local_time(utc_us: int, zone: str) -> datetime:
    """The instant on a clock in `zone`; one that no calendar has, as the first or last that it has. ZoneUnknown."""
    within = min(max(utc_us, FIRST_UTC_US), LAST_UTC_US)
    return (EPOCH + timedelta(microseconds=within)).astimezone(zone_info(zone))


def _utc_us(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _jump_utc_us(local: datetime, low_us: int, high_us: int) -> int:
    """The instant in (low, high] at which the clock jumps; zones jump at whole seconds."""
    zone = local.tzinfo or UTC
    low_s, high_s = low_us // 1_000_000, high_us // 1_000_000
    offset = local.utcoffset()

    def has_jumped(second: int) -> bool:
        return (EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset() != offset

    seconds = range(low_s, high_s + 1)
    return (low_s + bisect_left(seconds, True, key=has_jumped)) * 1_000_000
