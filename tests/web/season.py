"""A season as the demo has it, in a real host: store, broker, collector and page, with a clock to turn by hand."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from strideload.days import days_of
from strideload.deliver import CAPACITY_PAGES, Receiver, deliver
from strideload.host import Host, open_host
from strideload.load.day import to_json
from strideload.page_doors import CollectorLive
from strideload.runner.runs import RunRecord, runs_of
from strideload.settings import RunnerSection, Settings
from strideload.simulate.diary import keep_diary
from strideload.simulate.pod import ScratchFiles
from strideload.simulate.runner import Plan, Runner
from strideload.simulate.season import PastDay, write_days, write_season
from strideload.simulate.watch import keep_activities
from strideload.store import Received
from strideload.web.app import make_app
from strideload.web.doors import Doors
from strideload.web.serve import serve
from strideload_pod.log import Log
from strideload_pod.page import PAGE_SIZE, STREAM_STEPS

RUNNER = "demo"
ZONE = ZoneInfo("Europe/Berlin")
UID = bytes.fromhex("5311de10ad000001")
TODAY = date(2026, 11, 23)  # a Monday; the last run was on Sunday evening and waits for its morning
MESSAGE_PAGES = 16


@dataclass
class Season:
    """A served season. `now` is what its page takes for the time."""

    host: Host
    folder: Path
    now: datetime
    url: str = ""

    def at(self, clock: str, day: date = TODAY) -> None:
        self.now = datetime.combine(day, datetime.strptime(clock, "%H:%M").time(), ZONE)

    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    def days(self, first: date, last: date) -> Sequence[Mapping[str, Any]]:
        return [to_json(day) for day in days_of(self.host.store, RUNNER, first, last)]

    @property
    def last_run(self) -> RunRecord:
        """Of the season, before today."""
        return runs_of(self.host.store, RUNNER, TODAY - timedelta(days=7), TODAY - timedelta(days=1))[-1]

    def sync(self, plan: Plan) -> None:
        """Today's run comes in as from a pod: over the broker, into the collector."""
        files = ScratchFiles(self.folder / "today")
        write_days(Runner(1), [PastDay(TODAY, plan)], ZONE, files, UID, log_id=2)
        deliver(Receiver(self.host.store, self.host.broker.address), UID, files, lambda share: None)


@contextmanager
def season(folder: Path) -> Iterator[Season]:
    """The past weeks are put into the store as they are; what is synced later comes by the broker."""
    settings = Settings(
        folder=folder / "home",
        runner=RunnerSection(id=RUNNER, name="Demo runner", time_zone=str(ZONE)),
    )
    with open_host(settings) as host:
        found = Season(host, folder, datetime.combine(TODAY, datetime.min.time(), ZONE))
        found.at("07:10")
        store = host.store
        store.assign(UID.hex(), RUNNER, "left", 0)
        store.add(_messages(folder / "season"))
        store.derive()
        keep_activities(store, RUNNER, TODAY)
        keep_diary(store, RUNNER, TODAY)
        doors = Doors(
            store,
            CollectorLive(store, host.collector),
            lambda runner: found,
            RUNNER,
            lambda: found.now,
            demo=True,
        )
        with serve(make_app(doors), "127.0.0.1", 0) as server:
            found.url = server.url
            yield found


def _messages(folder: Path) -> list[Received]:
    files = ScratchFiles(folder)
    write_season(Runner(1), TODAY, ZONE, files, UID, log_id=1)
    log = Log(files, UID, CAPACITY_PAGES, lambda: 1)
    buffer = bytearray(PAGE_SIZE)
    pages: list[bytes] = []
    for number in range(log.next(STREAM_STEPS)):
        assert log.read(STREAM_STEPS, number, buffer)
        pages.append(bytes(buffer))
    starts = range(0, len(pages), MESSAGE_PAGES)
    return [Received(UID.hex(), b"".join(pages[at : at + MESSAGE_PAGES]), 1) for at in starts]
