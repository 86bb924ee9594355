"""What the homes' publisher is handed: days and pods of a store, and what the runners' own records say."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from strideload import days
from strideload.collect.collector import Collector
from strideload.home.facts import (
    PAIN_ENTRIES_SHOWN,
    AnotherRun,
    Asked,
    PainChoices,
    PainEntry,
    PainRefused,
    PodNow,
    RunnerAtHome,
    RunnerDay,
    Symptoms,
)
from strideload.home.ids import HomeIds
from strideload.home.ledger import lies_at_broker, lies_in_statistics
from strideload.host import HOME_FOLDER, Host
from strideload.load.day import Day
from strideload.load.symptoms import AnswerInvalid
from strideload.load.zones import local_time
from strideload.page_doors import is_worn, waiting_pages
from strideload.runner import comparing, diary, planning
from strideload.runner.runs import RunRecord, read_name, run_named
from strideload.settings import Settings
from strideload.store import PodRow, Store, StoreError
from strideload.store.diary import Entry, When
from strideload.store.ids import new_id
from strideload.words import symptoms as words

if TYPE_CHECKING:
    from strideload.home.clearing import Clearing, ClearingStatistics
    from strideload.home.publisher import HomePublisher
    from strideload.home.statistics import Statistics

MOMENTS: dict[When, str] = {**words.MOMENTS, "other": "at another time"}
HOUR_US = 3600 * 1_000_000
JOINED_FOR_US = 36 * HOUR_US  # until the evening of the next day
CHANGED_FOR_US = 12 * HOUR_US  # no dashboard shows which run an answer is of: later it may be another's

log = logging.getLogger(__name__)


@contextmanager
def telling_homes(host: Host) -> "Iterator[HomePublisher | None]":
    """Tell homes what their runners opted in to, while in the context; None where the settings do not want it.

    Then what was told before is taken away.
    """
    section = host.settings.home
    folder = host.settings.folder / HOME_FOLDER
    statistics = _statistics(host.settings)
    if statistics is None and lies_in_statistics(folder):
        log.warning(
            "Days lie in Home Assistant's statistics, and are not taken away: the settings do not say where it is. "
            "Set home.statistics_url and home.statistics_token_file once more."
        )
    if not section.enabled:
        with _clearing(host, folder, statistics):
            yield None
        return
    from strideload.home.publisher import HomePublisher  # slow to load, and not everybody's

    publisher = HomePublisher(
        StoreHome(host.store, host.collector, HomeIds(folder)),
        host.broker.home_address,
        host.store.store_id,
        folder,
        prefix=section.discovery_prefix,
        statistics=statistics,
    )
    publisher.start()
    try:
        yield publisher
    finally:
        publisher.stop()


def _statistics(settings: Settings) -> "Statistics | None":
    """Home Assistant's, where the settings name them and a token."""
    url, token_file = settings.home.statistics_url, settings.statistics_token_file()
    if url is None or token_file is None:
        return None
    from strideload.home.statistics import Statistics  # slow to load, and not everybody's

    return Statistics(url, token_file)


@contextmanager
def _clearing(host: Host, folder: Path, statistics: "Statistics | None") -> Iterator[None]:
    with ExitStack() as stack:
        for clears in _due(host, folder, statistics):
            clears.start()
            stack.callback(clears.stop)
        yield


def _due(
    host: Host, folder: Path, statistics: "Statistics | None"
) -> "Iterator[Clearing | ClearingStatistics]":
    at_broker, in_statistics = lies_at_broker(folder), lies_in_statistics(folder)
    if not at_broker and not in_statistics:
        return
    from strideload.home.clearing import Clearing, ClearingStatistics  # rarely needed

    if at_broker:
        prefix = host.settings.home.discovery_prefix
        yield Clearing(host.broker.home_address, host.store.store_id, folder, prefix=prefix)
    if in_statistics and statistics is not None:
        yield ClearingStatistics(statistics, folder)


class StoreHome:
    """`home.facts.HomeDoor` over a store and its collector; `ids`: what runners are called in topics."""

    def __init__(self, store: Store, collector: Collector, ids: HomeIds) -> None:
        self._store = store
        self._collector = collector
        self._ids = ids

    def runners_opted_in(self) -> Sequence[RunnerAtHome]:
        told = {runner: self._store.accounts.publishes(runner) for runner in self._store.runners()}
        names = self._store.runner_names()
        return [
            RunnerAtHome(self._ids.id_of(runner), runner, names[runner], wanted.symptoms)
            for runner, wanted in told.items()
            if wanted.day and runner in names
        ]

    def day_of(self, runner: str) -> RunnerDay:
        known, _, plan = planning.read(self._store, runner)
        today = next(day for day in known.days if day.date == known.today)
        compared = comparing.of_day(known, known.today)
        ratio = compared.first.ratio if compared is not None else None
        return runner_day(today, None if ratio is None else float(ratio), plan.minutes)

    def days_of(self, runner: str, first: date, last: date) -> Sequence[RunnerDay]:
        return [runner_day(day) for day in days.days_of(self._store, runner, first, last)]

    def symptoms_of(self, runner: str) -> Symptoms:
        known, kept, _ = planning.read(self._store, runner)
        last = next((one.status for one in reversed(kept.of_runs) if one.status is not None), None)
        said = [entry for entry in known.entries if entry.saying.pain is not None]
        newest = sorted(said, key=lambda entry: entry.written_utc_us, reverse=True)[:PAIN_ENTRIES_SHOWN]
        return Symptoms(
            status=last.colour if last is not None else None,
            reason=words.status(last) if last is not None else None,
            entries=[_entry(entry) for entry in newest],
        )

    def pain_choices(self, runner: str) -> PainChoices | None:
        """The sites that were spoken of first."""
        _, kept, _ = planning.read(self._store, runner)
        sites = dict.fromkeys([*kept.sites, *words.SITE_NAMES])
        return PainChoices(tuple(words.SITE_NAMES[site] for site in sites), tuple(MOMENTS.values()))

    def asked(self, runner: str) -> Asked:
        _, kept, _ = planning.read(self._store, runner)
        last = _last_run(kept)
        return Asked(datetime.now(UTC), None if last is None else str(last.name))

    def enter_pain(self, runner: str, site: str, moment: str, level: int, asked: Asked) -> None:
        """Of the run that is asked about; before a run, or where it was answered long since, of one to come."""
        sites = {name: one for one, name in words.SITE_NAMES.items()}
        moments: dict[str, When] = {name: one for one, name in MOMENTS.items()}
        if site not in sites or moment not in moments:
            raise PainRefused("there is no such site or moment")
        known, kept, _ = planning.read(self._store, runner)
        now_utc_us = diary.utc_us()
        when = moments[moment]
        run = _run_asked_about(kept, sites[site], when, now_utc_us)
        was = _run_asked_about(kept, sites[site], when, diary.utc_us(asked.at))
        if was is not run or not _is_last_run(kept, asked.last_run):
            raise AnotherRun
        try:
            new = diary.saying_of(known, run, sites[site], when, level, now_utc_us)
            diary.tap(self._store, kept, new_id(), run, new)
        except (StoreError, AnswerInvalid) as error:
            raise PainRefused(str(error)) from error

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


def _runs(kept: diary.Diary) -> list[RunRecord]:
    """The last one first."""
    return [one.run for one in reversed(kept.of_runs) if one.run.is_run]


def _last_run(kept: diary.Diary) -> RunRecord | None:
    return next(iter(_runs(kept)), None)


def _is_last_run(kept: diary.Diary, named: str | None) -> bool:
    """Whether it is still the last one: a pod that syncs more of it makes no other of it."""
    last, name = _last_run(kept), read_name(named or "")
    if last is None or name is None:
        return last is None and name is None
    return run_named([last], name) is not None


def _run_asked_about(kept: diary.Diary, site: str, when: When, now_utc_us: int) -> RunRecord | None:
    """The last run, as long as its morning is not over; of a next morning the last whose morning has come.

    None before a run, and where this was answered of it long since: what is said now is of a run that no pod has
    brought yet.
    """
    runs = [run for run in _runs(kept) if now_utc_us - run.end_utc_us <= JOINED_FOR_US]
    if when == "before" or not runs:
        return None
    run = runs[0]
    if when == "next_morning":
        zones = kept.records.zones
        run = next((one for one in runs if diary.moment_utc_us(one, when, zones) <= now_utc_us), run)
    answers = (
        answer for course in kept.of_run(run).courses if course.site == site for answer in course.answers
    )
    held = next((answer.entry for answer in answers if answer.moment == when and answer.entry), None)
    is_old = held is not None and now_utc_us - held.written_utc_us > CHANGED_FOR_US
    return None if is_old else run


def _entry(entry: Entry) -> PainEntry:
    said = entry.saying
    return PainEntry(
        words.site(said.site),
        MOMENTS[said.moment],
        said.pain or 0,
        datetime.fromtimestamp(entry.written_utc_us // 1_000_000, UTC),
    )
