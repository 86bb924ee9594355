"""Every page over three years of steps and answers, warm, as a browser asks for it: the first view under 150 ms.

Each is set beside the work of making one day anew, which any machine is measured by: `pytest bench/test_pages.py -s`.
"""

import statistics
import time
from collections.abc import Iterator
from datetime import date, timedelta

import httpx
import pytest

from strideload import days
from strideload.page_doors import StoreDays
from strideload.runner.runs import runs_of
from strideload.store import Store
from strideload.web.app import make_app
from strideload.web.doors import Doors, Health, LivePod
from strideload.web.navigation import PLACES
from strideload.web.serve import serve
from three_years import LAST, NOW, RUNNER

BUDGET_S = 0.15
DAYS_ANEW = 20


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
def client(years: Store) -> Iterator[httpx.Client]:
    of_runner = DaysThen(years, RUNNER)
    doors = Doors(years, NothingLive(), lambda _: of_runner, RUNNER, now=lambda: NOW)
    with serve(make_app(doors), "127.0.0.1", 0) as server, httpx.Client(base_url=server.url) as client:
        yield client


@pytest.fixture(scope="module")
def day_anew_s(years: Store) -> float:
    """How long it takes to make one day out of its steps."""
    took_s: list[float] = []
    for back in range(DAYS_ANEW):
        days.forget()
        began_s = time.perf_counter()
        days.day_of(years, RUNNER, LAST - timedelta(days=back))
        took_s.append(time.perf_counter() - began_s)
    return statistics.median(took_s)


@pytest.mark.parametrize("address", [*(place.href for place in PLACES), "/trend?by=impact", "a run"])
def test_a_page_over_three_years(
    benchmark, client: httpx.Client, years: Store, day_anew_s: float, address: str
) -> None:
    """With the finished days remembered, as in a house that runs."""
    path = address if address != "a run" else f"/run/{runs_of(years, RUNNER, LAST, LAST)[0].start_utc_us}"
    assert client.get(path).status_code == 200
    answer = benchmark.pedantic(lambda: client.get(path), rounds=15, warmup_rounds=2)
    assert answer.status_code == 200
    median_s = benchmark.stats.stats.median
    benchmark.extra_info["times a day made anew"] = median_s / day_anew_s
    print(f"\n{address}: {1000 * median_s:.0f} ms, {median_s / day_anew_s:.1f} times a day made anew")
    assert median_s < BUDGET_S
