"""What the homes' publisher is handed: days and pods of a store, and what the runners' own records say.

The records (symptoms, plan) come through `Records`; without one nothing of them is known and no pain can be entered.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Protocol

from strideload import days
from strideload.collect.collector import Collector
from strideload.home.consents import Consents
from strideload.home.facts import PainChoices, PainRefused, PodNow, RunnerAtHome, RunnerDay, Symptoms
from strideload.host import HOME_FOLDER, Host
from strideload.load.day import Day
from strideload.load.zones import local_time
from strideload.page_doors import is_worn, waiting_pages
from strideload.store import PodRow, Store

if TYPE_CHECKING:
    from strideload.home.publisher import HomePublisher


@contextmanager
def telling_homes(host: Host) -> "Iterator[HomePublisher | None]":
    """Tell homes what their runners opted in to, while in the context; None where the settings do not want it."""
    section = host.settings.home
    if not section.enabled:
        yield None
        return
    from strideload.home.publisher import HomePublisher  # slow to load, and not everybody's
    from strideload.home.statistics import Statistics

    folder = host.settings.folder / HOME_FOLDER
    token_file = host.settings.statistics_token_file()
    url = section.statistics_url
    publisher = HomePublisher(
        StoreHome(host.store, host.collector, Consents(folder)),
        host.broker.home_address,
        host.store.store_id,
        folder,
        prefix=section.discovery_prefix,
        statistics=None if url is None or token_file is None else Statistics(url, token_file),
    )
    publisher.start()
    try:
        yield publisher
    finally:
        publisher.stop()


class Records(Protocol):
    """What rules, diary and plan say of a runner. None: not known."""

    def spike_ratio(self, runner: str, day: date) -> float | None: ...
    def next_run_min(self, runner: str, day: date) -> float | None: ...
    def symptoms_of(self, runner: str) -> Symptoms: ...
    def pain_choices(self, runner: str) -> PainChoices | None: ...
    def enter_pain(self, runner: str, site: str, moment: str, level: int) -> None: ...


class NoRecords:
    """No diary and no plan."""

    def spike_ratio(self, runner: str, day: date) -> float | None:
        return None

    def next_run_min(self, runner: str, day: date) -> float | None:
        return None

    def symptoms_of(self, runner: str) -> Symptoms:
        return Symptoms()

    def pain_choices(self, runner: str) -> PainChoices | None:
        return None

    def enter_pain(self, runner: str, site: str, moment: str, level: int) -> None:
        raise PainRefused("there is no diary to enter it into")


class StoreHome:
    """`home.facts.HomeDoor` over a store, its collector and the opt-ins of its folder."""

    def __init__(
        self, store: Store, collector: Collector, consents: Consents, records: Records | None = None
    ) -> None:
        self._store = store
        self._collector = collector
        self._consents = consents
        self._records: Records = records or NoRecords()

    def runners_opted_in(self) -> Sequence[RunnerAtHome]:
        consents = self._consents.all()
        names = self._store.runner_names()
        return [
            RunnerAtHome(self._consents.id_of(runner), runner, names[runner], consents[runner].symptoms)
            for runner in sorted(consents.keys() & names.keys())
            if consents[runner].day
        ]

    def day_of(self, runner: str) -> RunnerDay:
        today = days.today(self._store, runner)
        return runner_day(
            days.day_of(self._store, runner, today),
            self._records.spike_ratio(runner, today),
            self._records.next_run_min(runner, today),
        )

    def days_of(self, runner: str, first: date, last: date) -> Sequence[RunnerDay]:
        return [runner_day(day) for day in days.days_of(self._store, runner, first, last)]

    def symptoms_of(self, runner: str) -> Symptoms:
        return self._records.symptoms_of(runner)

    def pain_choices(self, runner: str) -> PainChoices | None:
        return self._records.pain_choices(runner)

    def enter_pain(self, runner: str, site: str, moment: str, level: int) -> None:
        self._records.enter_pain(runner, site, moment, level)

    def pods(self) -> Sequence[PodNow]:
        return [self._pod(row) for row in self._store.pods() if is_worn(row, self._collector.live)]

    def _pod(self, row: PodRow) -> PodNow:
        state = row.state or {}
        seen_utc_us = row.last_seen_utc_us
        now = datetime.now(UTC)
        return PodNow(
            pod=row.pod,
            foot=self._store.wearing(row.pod, int(now.timestamp() * 1e6)).foot,
            online=self._collector.online.get(row.pod),
            battery_mv=state.get("battery_mv"),
            last_sync=None if seen_utc_us is None else datetime.fromtimestamp(seen_utc_us // 1_000_000, UTC),
            waiting_pages=waiting_pages(self._store, row) if row.state is not None else None,
            faults=state.get("faults", {}),
            firmware=state.get("firmware"),
            chip=state.get("chip"),
        )


def runner_day(day: Day, spike_ratio: float | None = None, next_run_min: float | None = None) -> RunnerDay:
    """What of a day's load is shown at home."""
    together = day.together
    return RunnerDay(
        date=day.date,
        start=local_time(day.start_utc_us, day.zone),
        known=day.known,
        origin=day.origins[0] if day.origins else None,
        running_s=day.running_s,
        walking_s=day.walking_s,
        steps=day.steps,
        steps_estimated=day.steps_estimated,
        cadence_spm=together.running.cadence_spm if together else None,
        impact_sum_g=together.impact_sum_g if together else None,
        longest_run_s=day.longest_run_s,
        spike_ratio=spike_ratio,
        next_run_min=next_run_min,
    )
