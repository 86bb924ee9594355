"""Moments as a runner reads them: in the time zone that is theirs."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from strideload.store import Store
from strideload.words.numbers import short_date


def moments(store: Store, runner: str) -> Callable[[int | None], str]:
    """A function from us since 1970 to "Sun 22 Nov 2026, 18:02"; None: "never"."""

    def said(utc_us: int | None) -> str:
        if utc_us is None:
            return "never"
        utc = datetime.fromtimestamp(utc_us / 1e6, UTC)
        local = utc.astimezone(ZoneInfo(store.zone_of(runner, utc.date())))
        return f"{short_date(local.date())} {local.year}, {local:%H:%M}"

    return said
