"""What the page is handed: the days of a store, what a collector sees now, and how the host is doing."""

import shutil
import time
from collections.abc import Container, Mapping, Sequence
from datetime import date
from typing import Any

from strideload import days
from strideload.collect.collector import COLLECTOR_ERROR, NO_ROOM, Collector
from strideload.host import Host
from strideload.pod_settings import settings_now
from strideload.store import PodRow, Store, Wanted
from strideload.web.doors import Health, HostFigures, LivePod, PodFigures

# Refused, but not in the store's own list of what was set aside.
REFUSED = (NO_ROOM, COLLECTOR_ERROR)
OUTCOMES = ("stored", "repeated", "conflicting", "lost", "erased")


class StoreDays:
    """The days of one runner, from the store."""

    def __init__(self, store: Store, runner: str) -> None:
        self._store = store
        self._runner = runner

    def today(self) -> date:
        return days.today(self._store, self._runner)

    def days(self, first: date, last: date) -> Sequence[Mapping[str, Any]]:
        return days.json_of_days(self._store, self._runner, first, last)


class CollectorLive:
    """What happens now: the pods' own words, by way of the collector."""

    def __init__(self, store: Store, collector: Collector) -> None:
        self._store = store
        self._collector = collector

    def pods(self) -> Sequence[LivePod]:
        wanted = {one.pod: one for one in self._store.wanted_settings()}
        return [self._pod(row, wanted.get(row.pod)) for row in self.rows()]

    def health(self) -> Health:
        waiting = [waiting_pages(self._store, row) for row in self.rows() if row.state is not None]
        counters = self._collector.counters
        refused = {name: counters[name] for name in REFUSED if counters.get(name)}
        return Health(
            trouble=self._collector.trouble,
            rejections={**self._store.rejections(), **refused},
            pages_waiting=sum(waiting) if waiting else None,
            counters=counters,
        )

    def rows(self) -> list[PodRow]:
        """The pods that somebody may wear."""
        return [row for row in self._store.pods() if is_worn(row, self._collector.live)]

    def _pod(self, row: PodRow, wanted: Wanted | None) -> LivePod:
        now_utc_us = time.time_ns() // 1000
        seen = self._collector.live.get(row.pod)
        live = seen.live if seen else None
        state = row.state or {}
        return LivePod(
            pod=row.pod,
            foot=self._store.wearing(row.pod, now_utc_us).foot,
            online=self._collector.online.get(row.pod, False),
            age_s=_age_s(seen.received_utc_us, now_utc_us) if seen else None,
            cadence_spm=live.cadence_spm if live else None,
            peak_g=live.peak_g if live else None,
            steps=live.steps if live else None,
            kind=live.kind if live else None,
            origin=state.get("origin"),
            recording=state.get("recording"),
            why_not=state.get("why_not"),
            free_pages=state.get("free_pages"),
            raw=state.get("raw"),
            raw_free_pages=state.get("raw_free_pages"),
            raw_dropped=state.get("raw_dropped"),
            rest_mg=state.get("rest_mg"),
            cue=state.get("cue"),
            settings=settings_now(wanted, state) if wanted else None,
            battery_mv=state.get("battery_mv"),
            waiting=waiting_pages(self._store, row) if row.state is not None else None,
            faults=state.get("faults", {}),
        )


def is_worn(row: PodRow, live: Container[str]) -> bool:
    """A log that was only sent, as a replay's, says no origin or that of a recording, and never speaks live."""
    origin = row.state.get("origin") if row.state else None
    return origin not in (None, "recording") or row.pod in live


def waiting_pages(store: Store, row: PodRow) -> int:
    """Pages that the pod had when it last spoke and the store has not by now; of a pod that told its state.

    A pod that has sent all says nothing more. The collector lets only a well-formed state in.
    """
    state = row.state or {}
    log = int(state["log"], 16)
    return sum(
        max(0, held["next"] - store.wanted(row.pod, log, int(stream)))
        for stream, held in state.get("streams", {}).items()
    )


class HostWatch:
    """How a running host is doing."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._live = CollectorLive(host.store, host.collector)

    def figures(self) -> HostFigures:
        host, health, line = self._host, self._live.health(), self._host.collector.line()
        disk = shutil.disk_usage(host.settings.folder)
        return HostFigures(
            well=health["trouble"] is None,
            threads=host.collector.threads(),
            broker_connected=line.connected,
            connection_thread_deaths=line.deaths,
            deliveries_failed=line.failures,
            broker_restarts=host.broker.restarts,
            pages={name: health["counters"].get(name, 0) for name in OUTCOMES},
            refused=health["rejections"],
            pages_waiting=health["pages_waiting"],
            sessions_due=host.store.due(),
            last_page_age_s=host.collector.last_page_age_s(),
            store_bytes=host.store.size_bytes(),
            disk_free_bytes=disk.free,
            disk_used_bytes=disk.used,
            pods=self._pods(),
        )

    def _pods(self) -> list[PodFigures]:
        now_utc_us = time.time_ns() // 1000
        return [
            PodFigures(
                pod=row.pod,
                online=self._host.collector.online.get(row.pod, False),
                battery_mv=(row.state or {}).get("battery_mv"),
                last_seen_age_s=row.last_seen_utc_us and _age_s(row.last_seen_utc_us, now_utc_us),
                faults=(row.state or {}).get("faults", {}),
            )
            for row in self._live.rows()
        ]


def _age_s(received_utc_us: int, now_utc_us: int) -> float | None:
    """None: the clock was set back since; the pod's next word, a second later, tells again."""
    return (now_utc_us - received_utc_us) / 1e6 if now_utc_us >= received_utc_us else None
