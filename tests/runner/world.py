"""A runner with a pod, in a real store: runs at a local time, what was said of them, and what is made of both."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from store.making import RATE_MHZ, STRIDE_SAMPLES, T0_MS, Pod, messages
from strideload.load.symptoms import MOMENTS
from strideload.runner import diary, records
from strideload.runner.diary import Diary
from strideload.runner.records import Records
from strideload.runner.runs import RunRecord, runs_of
from strideload.store import Store, open_store
from strideload.store.diary import Entry, Saying, When
from strideload.store.ids import new_id
from strideload_pod import page

RUNNER = "me"
ZONE = "Europe/Berlin"
KNEE = "knee_front_left"
MINUTE = 60
STRIDE_S = STRIDE_SAMPLES / (RATE_MHZ / 1000)


class World:
    """Local times are of `zone`, written like 2026-11-20 18:00."""

    def __init__(self, file: Path, zone: str = ZONE) -> None:
        self.store: Store = open_store(file)
        self.zone = zone
        self.store.ensure_runner(RUNNER, "Me", zone)
        self.pods: dict[str, Pod] = {}
        self._sent: dict[str, int] = {}
        self._session = 0

    def us(self, local: str) -> int:
        return round(self.now(local).timestamp() * 1_000_000)

    def now(self, local: str) -> datetime:
        return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(self.zone))

    def run(self, local: str, minutes: float = 5, pod: str = "aa" * 8, *, anchored: bool = True) -> None:
        """One session of even running, sent and derived."""
        self._session += 1
        made = self.pods.setdefault(pod, Pod(pod, log=int(pod[:4], 16)))
        second = self.us(local) / 1e6 - T0_MS / 1e3
        made.run(second, self._session, round(minutes * MINUTE / STRIDE_S), anchored)
        self.send(pod)

    def walk(self, local: str, minutes: float, running_s: float = 0, pod: str = "aa" * 8) -> None:
        """One session of even walking that begins with some running, sent and derived."""
        self._session += 1
        made = self.pods.setdefault(pod, Pod(pod, log=int(pod[:4], 16)))
        second = self.us(local) / 1e6 - T0_MS / 1e3
        strides, running = (round(length_s / STRIDE_S) for length_s in (minutes * MINUTE, running_s))
        made.start(second, self._session)
        made.anchor(second)
        made.steps(second, running)
        made.steps(second + running * STRIDE_S, strides - running, page.STEP_KIND_WALK)
        made.anchor(second + strides * STRIDE_S)
        made.end(second + strides * STRIDE_S)
        self.send(pod)

    def learns_the_time(self, local: str, pod: str = "aa" * 8) -> None:
        self.pods[pod].anchor(self.us(local) / 1e6 - T0_MS / 1e3)
        self.send(pod)

    def send(self, pod: str) -> None:
        pages = self.pods[pod].pages
        sent = self._sent.get(pod, 0)
        self.store.add(messages(pages[sent:], pod=pod))
        self._sent[pod] = len(pages)
        self.store.derive()

    def runs(self, first: str, last: str | None = None) -> list[RunRecord]:
        return runs_of(self.store, RUNNER, date.fromisoformat(first), date.fromisoformat(last or first))

    def read(self, day: str, now: str | None = None) -> Records:
        on = date.fromisoformat(day)
        return records.read(self.store, RUNNER, on, on, self.now(now or f"{day} 23:00"))

    def diary(self, now: str, first: str | None = None) -> Diary:
        """Of the day of `now`, or from `first` on."""
        last = date.fromisoformat(now[:10])
        start = date.fromisoformat(first) if first else last - timedelta(days=3)
        found = records.read(self.store, RUNNER, start, last, self.now(now))
        return diary.diary_of(found, self.now(now))

    def says(
        self,
        moment: When,
        pain: int | None,
        *,
        run: RunRecord | None = None,
        at: str | None = None,
        site: str = KNEE,
        **more: object,
    ) -> Entry:
        """An answer about a run, or about a local time `at`."""
        if run is not None:
            days = {run.date: run.zone}
            about = diary.moment_utc_us(run, moment, days) if moment != "other" else run.end_utc_us
        else:
            about = self.us(at or "")
        saying = Saying(site, moment, pain, about, run.start_utc_us if run else None, **more)  # type: ignore[arg-type]
        return self.store.diary.write(RUNNER, new_id(), 0, saying, about + 60_000_000)

    def answers(self, run: RunRecord, *pains: int | None, site: str = KNEE) -> None:
        """Before, during, at 60 minutes, next morning; None: not answered."""
        for moment, pain in zip(MOMENTS, pains, strict=False):
            if pain is not None:
                self.says(moment, pain, run=run, site=site)


Make = Callable[..., World]
