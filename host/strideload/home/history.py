"""When the days go into Home Assistant's statistics: at the start the whole last year, then what may still change.

A thread of its own: Home Assistant may take its time, and pain entries do not wait for it.
"""

import logging
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from strideload.errors import StrideloadError
from strideload.home.facts import HomeDoor, RunnerAtHome, RunnerDay
from strideload.home.ledger import Ledger
from strideload.home.statistics import Series, Statistics, series_of

LOOK_EVERY_S: Final = 300.0
RETRY_S: Final = 60.0
TICK_S: Final = 1.0
YEAR: Final = timedelta(days=366)
LATE: Final = timedelta(days=42)  # a pod's log holds weeks; what comes later is taken in at the next start
ONE_DAY: Final = timedelta(days=1)

log = logging.getLogger(__name__)


class History:
    """Runs from `start` to `stop`. `trouble`: why nothing goes in, in words, None while all is well."""

    def __init__(self, door: HomeDoor, statistics: Statistics, ledger: Ledger) -> None:
        self.trouble: str | None = None
        self.rows_sent = 0
        self._door = door
        self._statistics = statistics
        self._ledger = ledger
        self._next_s = 0.0
        self._shared: list[RunnerAtHome] = []
        self._days: dict[str, dict[str, RunnerDay]] = {}  # runner -> date -> day
        self._agreed: dict[str, Series] = {}  # by id, what Home Assistant has as well
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="home statistics", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Bring Home Assistant up to date, if it is time or somebody opted in or out. StrideloadError."""
        runners = list(self._door.runners_opted_in())
        if runners == self._shared and time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + RETRY_S
        self._shared = runners
        try:
            self._clear(self._gone())
            wanted = [one for runner in runners for one in series_of(runner, self._days_of(runner.runner))]
            due = [series for series in wanted if self._agreed.get(series.id) != series]
            if due:
                self._ledger.add(series.id for series in due)
                self.rows_sent += self._statistics.bring_up_to_date(due)
                self._agreed |= {series.id: series for series in due}
        except StrideloadError:
            self._agreed = {}
            raise
        self.trouble = None
        self._next_s = time.monotonic() + LOOK_EVERY_S

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except StrideloadError as error:
                self.trouble = f"Days do not go into Home Assistant's statistics: {error}."
            except Exception as error:
                self.trouble = f"Days do not go into Home Assistant's statistics: {type(error).__name__}."
                log.exception("the statistics go on after an error")
            self._stopping.wait(TICK_S)

    def _gone(self) -> list[str]:
        """Statistics of runners who are not shared any more."""
        shared = tuple(f":{runner.id}_" for runner in self._shared)
        return [id_ for id_ in sorted(self._ledger.names) if not any(one in id_ for one in shared)]

    def _clear(self, ids: Sequence[str]) -> None:
        if ids:
            self._statistics.clear(ids)
            self._ledger.forget(ids)
            self._agreed = {id_: series for id_, series in self._agreed.items() if id_ not in ids}

    def _days_of(self, runner: str) -> list[RunnerDay]:
        """The last year's days before today, which is not over; read anew is only what may still change."""
        last = self._door.day_of(runner).date - ONE_DAY
        had = self._days.get(runner, {})
        fresh = self._door.days_of(runner, last - (LATE if had else YEAR), last)
        oldest = (last - YEAR).isoformat()
        days = {date: day for date, day in had.items() if date >= oldest}
        days |= {day.date.isoformat(): day for day in fresh}
        self._days[runner] = days
        return [days[date] for date in sorted(days)]
