"""Days are made out of their steps before anybody asks for them, so that the first look after a start is quick.

In the background and slowly: whoever asks for a page meanwhile hardly waits for it.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Final

from strideload import days
from strideload.errors import StrideloadError
from strideload.load.zones import EARLIEST, date_at
from strideload.store import Store

SHARE: Final = 0.1  # of the time in which it works; pages are held up by no more
DUE_EVERY_S: Final = 5.0  # while sessions are derived, their days are about to change
WEEK: Final = timedelta(days=7)  # are read at once
ONE_DAY: Final = timedelta(days=1)
EVER_UTC_US: Final = 2**62

log: Final = logging.getLogger(__name__)


@contextmanager
def preparing(store: Store) -> Iterator[None]:
    """Prepare the store's days while in the context."""
    stop = threading.Event()
    thread = threading.Thread(target=_prepare, args=(store, stop.wait), name="preparing", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def prepare(store: Store, wait: Callable[[float], bool]) -> int:
    """Prepare the days of all runners, the newest first -> how many. `wait(s)`: True once it is to end.

    Not more than are remembered. The store's errors.
    """
    while store.due():
        if wait(DUE_EVERY_S):
            return 0
    count = 0
    for runner, first, last in _newest_first(store):
        began_s = time.perf_counter()
        count += len(days.days_of(store, runner, first, last))
        if wait((time.perf_counter() - began_s) * (1 / SHARE - 1)):
            break
    return count


def _prepare(store: Store, wait: Callable[[float], bool]) -> None:
    try:
        count = prepare(store, wait)
    except StrideloadError as error:
        log.warning("days are made when they are asked for: %s", error)
        return
    log.debug("%d days stand ready", count)


def _newest_first(store: Store) -> Iterator[tuple[str, date, date]]:
    """(runner, first, last) of weeks, so many in all as are remembered; of several runners in turn."""
    spans = {runner: (days.today(store, runner), _first(store, runner)) for runner in store.runners()}
    for back in range(days.DAYS_REMEMBERED // WEEK.days // max(1, len(spans))):
        for runner, (today, first) in spans.items():
            last = today - back * WEEK
            if first is not None and last >= first:
                yield runner, max(first, last - WEEK + ONE_DAY), last


def _first(store: Store, runner: str) -> date | None:
    """The date of the first session; None: there is none."""
    places = store.session_places(runner, 0, EVER_UTC_US)
    return max(EARLIEST, date_at(places[0].start_utc_us, "UTC") - ONE_DAY) if places else None
