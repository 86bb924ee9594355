"""Moments as a runner reads and writes them: on the clock of the time zone that is theirs on that date."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from strideload.errors import StrideloadError
from strideload.load.zones import EPOCH, FIRST_DAY, LATEST, local_time
from strideload.store import Store
from strideload.words.numbers import short_date

FIRST_YEAR = FIRST_DAY.year
LAST_YEAR = LATEST.year


class NoSuchTime(StrideloadError):
    """What was written is no moment on the runner's clock; says why."""


def read_local(store: Store, runner: str, written: str) -> int:
    """ "2026-11-22T18:02", as a browser sends it, -> us since 1970. NoSuchTime.

    Of an hour that comes twice, when clocks go back, the first is taken.
    """
    try:
        local = datetime.fromisoformat(written)
    except ValueError:
        raise NoSuchTime(f"“{written[:40]}” is not a time. Write it like 2026-11-22T18:02.") from None
    if local.tzinfo is not None:
        raise NoSuchTime("Write the time as your own clock shows it, without a zone.")
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise NoSuchTime(f"A time lies in the years {FIRST_YEAR} to {LAST_YEAR}, not in {local.year}.")
    moment = local.replace(tzinfo=ZoneInfo(store.zone_of(runner, local.date()))).astimezone(UTC)
    if moment.astimezone(ZoneInfo(store.zone_of(runner, local.date()))).replace(tzinfo=None) != local:
        raise NoSuchTime(f"{local:%H:%M} did not come on that day: clocks were put forward.")
    return (moment - EPOCH) // timedelta(microseconds=1)


def write_local(store: Store, runner: str, utc_us: int) -> str:
    """us since 1970 -> "Sun 22 Nov 2026, 18:02"."""
    local = _local(store, runner, utc_us)
    return f"{short_date(local.date())} {local.year}, {local:%H:%M}"


def field_value(store: Store, runner: str, utc_us: int) -> str:
    """us since 1970 -> "2026-11-22T18:02", as a browser's field has it."""
    return f"{_local(store, runner, utc_us):%Y-%m-%dT%H:%M}"


def _local(store: Store, runner: str, utc_us: int) -> datetime:
    # A zone begins with a date, and a date is known once there is a zone: that of UTC is near enough to ask by.
    return local_time(utc_us, store.zone_of(runner, local_time(utc_us, "UTC").date()))
