"""The day over three years of steps, warm: under 100 ms; pages under 150. Prints how many steps the store holds."""

import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest

from strideload import days
from strideload.load.day import Day, to_json
from strideload.load.symptoms import MOMENTS
from strideload.page_doors import StoreDays
from strideload.protocol.pages import HEADER, RECORD
from strideload.runner.diary import moment_utc_us, utc_us
from strideload.runner.runs import runs_of
from strideload.runner.shoes import set_usual
from strideload.store import Received, Store, open_store
from strideload.store.conditions import Worn
from strideload.store.diary import Saying, new_id
from strideload.web.app import make_app
from strideload.web.doors import Doors, Health, LivePod
from strideload.web.serve import serve
from strideload_pod import page

POD = "0123456789abcdef"
RUNNER = "me"
ZONE = "Europe/Berlin"
LAST = date(2026, 11, 22)
WEEKS = 3 * 52
RUNS_A_WEEK = 5
STRIDES = 3_840  # 45 minutes
STEPS_A_PAGE = (page.CRC_OFFSET - page.HEADER_SIZE) // RECORD[page.KIND_STEPS].itemsize
RATE_MHZ = 416_688
BUDGET_S = 0.1
FIRST_VIEW_BUDGET_S = 0.15
NOW = datetime(2026, 11, 22, 21, tzinfo=UTC)
KNEE = "knee_front_left"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("three-years")
    with open_store(folder / "store.sqlite") as opened:
        opened.ensure_runner(RUNNER, "Me", ZONE)
        number, steps = 0, 0
        for boot, day in enumerate(run_dates(), 1):
            pages = run_pages(boot, day, number)
            number += len(pages)
            steps += STRIDES
            opened.add(
                [Received(POD, part.tobytes(), 0) for part in np.split(pages, range(16, len(pages), 16))]
            )
        sessions = opened.derive()
        print(f"\n{steps:,} strides of one foot in {sessions} sessions and {number:,} pages")
        yield opened


def run_dates() -> list[date]:
    first = LAST - timedelta(weeks=WEEKS) + timedelta(days=1)
    return [first + timedelta(days=n) for n in range(7 * WEEKS) if n % 7 not in (1, 5)]


def run_pages(boot: int, day: date, number: int) -> np.ndarray:
    """One evening run as the pod's pages; strides vary by the same numbers every time."""
    draw = np.random.default_rng(boot)
    stride_s = draw.normal(0.70, 0.02, STRIDES)
    ic = np.round(np.cumsum(stride_s) * RATE_MHZ / 1000 * 256).astype(np.int64)
    records = np.zeros(STRIDES, RECORD[page.KIND_STEPS])
    records["stride"] = np.round(stride_s * RATE_MHZ / 1000 * 256)
    records["contact"] = np.round(draw.normal(0.24, 0.01, STRIDES) * RATE_MHZ / 1000 * 256)
    records["peak_mg"] = np.clip(draw.normal(9_000, 1_500, STRIDES), 1_000, 30_000)
    records["rise_g_s"] = draw.normal(500, 80, STRIDES)
    records["kind"] = page.STEP_KIND_RUN
    groups = np.split(np.arange(STRIDES), range(STEPS_A_PAGE, STRIDES, STEPS_A_PAGE))
    pages = np.zeros(len(groups) + 2, HEADER)
    began_ms = round(datetime(day.year, day.month, day.day, 17, tzinfo=UTC).timestamp() * 1000)
    fill(pages[:1], page.KIND_SESSION_START, 0, (0, 0, began_ms, page.SESSION_MOTION, b""))
    fill(pages[1:2], page.KIND_ANCHOR, 0, (0, 0, began_ms, 20, page.ANCHOR_NTP, b""))
    for at, group in enumerate(groups, 2):
        first_sample = int(ic[group[0]]) >> 8
        chosen = records[group]
        chosen["ic"] = ic[group] - (first_sample << 8)
        fill(pages[at : at + 1], page.KIND_STEPS, first_sample, chosen)
    pages["magic"], pages["version"] = page.MAGIC, page.VERSION
    pages["pod"], pages["log"] = np.void(bytes.fromhex(POD)), 7
    pages["number"] = number + np.arange(len(pages))
    pages["session"], pages["boot"] = boot, boot
    pages["rate_mhz"], pages["odr_hz"], pages["chip"] = RATE_MHZ, 416, page.CHIP_LSM6DSO32
    pages["acc_range_g"], pages["origin"] = 32, page.ORIGIN_SIMULATED
    for at in range(len(pages)):
        pages["crc"][at] = zlib.crc32(pages[at : at + 1].tobytes()[: page.CRC_OFFSET])
    return pages


def fill(pages: np.ndarray, kind: int, first_sample: int, records: object) -> None:
    body = np.atleast_1d(np.array(records, RECORD[kind]))
    pages["kind"], pages["first_sample"] = kind, first_sample
    pages["record_size"], pages["record_count"] = body.dtype.itemsize, len(body)
    pages["body"] = np.void(body.tobytes().ljust(page.CRC_OFFSET - page.HEADER_SIZE, b"\0"))


def test_a_day_warm(benchmark, store: Store) -> None:
    """One day anew each time, as after a sync; nothing is remembered but what SQLite keeps in memory."""

    def one_day() -> Day:
        days.forget()
        return days.day_of(store, RUNNER, LAST)

    summary = benchmark(one_day)
    assert summary.steps == 2 * STRIDES
    assert benchmark.stats.stats.median < BUDGET_S


def test_six_weeks_for_the_page(benchmark, store: Store) -> None:
    """The last 42 days as JSON, with the finished ones remembered."""
    weeks = benchmark(
        lambda: [to_json(day) for day in days.days_of(store, RUNNER, LAST - timedelta(days=41), LAST)]
    )
    assert sum(day["steps"] or 0 for day in weeks) == 6 * RUNS_A_WEEK * 2 * STRIDES


class DaysThen(StoreDays):
    """As they stood on the evening of the last run."""

    def today(self) -> date:
        return LAST


class NothingLive:
    def pods(self) -> list[LivePod]:
        return []

    def health(self) -> Health:
        return Health(trouble=None, rejections={}, pages_waiting=0, counters={})


@pytest.fixture(scope="module")
def answered(store: Store) -> Store:
    """Three years of answers about a knee as well."""
    for run in runs_of(store, RUNNER, LAST - timedelta(weeks=WEEKS), LAST):
        for moment, pain in zip(MOMENTS, (1, 2, 1, 1), strict=True):
            about = min(moment_utc_us(run, moment, {}), utc_us(NOW))
            saying = Saying(KNEE, moment, pain, about, run.start_utc_us)
            store.diary.write(RUNNER, new_id(), 0, saying, about)
    blue = store.conditions.add_shoe(RUNNER, "Blue", LAST - timedelta(weeks=WEEKS))
    set_usual(store, RUNNER, LAST - timedelta(weeks=WEEKS), Worn(blue.id, "laces", "road"))
    return store


ADDRESSES = (
    "/",
    "/trend",
    "/trend?by=impact",
    "/run",
    "/symptoms",
    "/plan",
    "/strength",
    "/shoes",
    "/cadence",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_over_three_years(benchmark, answered: Store, address: str) -> None:
    """As a browser asks for it, with the finished days remembered."""
    days_of_runner = DaysThen(answered, RUNNER)
    doors = Doors(answered, NothingLive(), lambda _: days_of_runner, RUNNER, now=lambda: NOW)
    if address == "/run":
        address = f"/run/{runs_of(answered, RUNNER, LAST, LAST)[0].start_utc_us}"
    with serve(make_app(doors), "127.0.0.1", 0) as server, httpx.Client(base_url=server.url) as client:
        assert "Front of the left knee" in client.get("/symptoms").text
        answer = benchmark(lambda: client.get(address))
    assert answer.status_code == 200
    assert benchmark.stats.stats.median < FIRST_VIEW_BUDGET_S


def test_six_weeks_anew(benchmark, store: Store) -> None:
    """The same with nothing remembered."""

    def six_weeks() -> list[Day]:
        days.forget()
        return days.days_of(store, RUNNER, LAST - timedelta(days=41), LAST)

    assert len(benchmark.pedantic(six_weeks, rounds=5)) == 42
