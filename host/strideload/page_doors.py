"""What the page is handed: the days of a store, and what a collector sees now."""

import time
from collections.abc import Sequence
from datetime import date
from typing import Any

from strideload import days
from strideload.collect.collector import Collector
from strideload.load.day import to_json
from strideload.store import PodRow, Store
from strideload.web.doors import Health, LivePod


class StoreDays:
    """The days of one runner, from the store."""

    def __init__(self, store: Store, runner: str) -> None:
        self._store = store
        self._runner = runner

    def today(self) -> date:
        return days.today(self._store, self._runner)

    def days(self, first: date, last: date) -> Sequence[dict[str, Any]]:
        return [to_json(day) for day in days.days_of(self._store, self._runner, first, last)]


class CollectorLive:
    """What happens now: the pods' own words, by way of the collector."""

    def __init__(self, store: Store, collector: Collector) -> None:
        self._store = store
        self._collector = collector

    def pods(self) -> Sequence[LivePod]:
        return [self._pod(row) for row in self._store.pods()]

    def health(self) -> Health:
        waiting = [_waiting(row.state) for row in self._store.pods() if row.state is not None]
        return Health(
            trouble=self._collector.trouble,
            rejections=self._store.rejections(),
            pages_waiting=sum(waiting) if waiting else None,
        )

    def _pod(self, row: PodRow) -> LivePod:
        seen = self._collector.live.get(row.pod)
        live = seen.live if seen else None
        return LivePod(
            pod=row.pod,
            foot=self._store.wearing(row.pod, time.time_ns() // 1000).foot,
            online=self._collector.online.get(row.pod, False),
            age_s=time.time() - seen.received_utc_us / 1e6 if seen else None,
            cadence_spm=live.cadence_spm if live else None,
            peak_g=live.peak_g if live else None,
            steps=live.steps if live else None,
            kind=live.kind if live else None,
            origin=row.state.get("origin") if row.state else None,
        )


def _waiting(state: dict[str, Any]) -> int:
    """Pages that a pod still held when it last spoke. The collector lets only a well-formed state in."""
    return sum(stream["next"] - stream["wanted"] for stream in state.get("streams", {}).values())
