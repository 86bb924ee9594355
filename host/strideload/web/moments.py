"""Moments as a runner reads them: in the time zone that is theirs."""

from collections.abc import Callable

from strideload.store import Store
from strideload.web.local_times import write_local


def moments(store: Store, runner: str) -> Callable[[int | None], str]:
    """A function from us since 1970 to "Sun 22 Nov 2026, 18:02"; None: "never"."""

    def said(utc_us: int | None) -> str:
        return "never" if utc_us is None else write_local(store, runner, utc_us)

    return said
