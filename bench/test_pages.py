"""Every page over three years of steps and answers, as a browser asks for it: the first view under 150 ms.

Each is set beside the work of making one day anew, which any machine is measured by: `pytest bench/test_pages.py -s`.
Four looks are told apart: warm, in a house that runs and where nothing was said since; by a page that is open and asks
whether there is anything new; right after something was said, so that all of it is read anew; and the first one after a
start, with nothing remembered.
"""

import re
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import count

import httpx
import pytest

from strideload import days
from strideload.page_doors import StoreDays
from strideload.preparing import SHARE, prepare
from strideload.remembered import forget_everything
from strideload.runner.diary import utc_us
from strideload.runner.runs import runs_of
from strideload.store import Store
from strideload.store.diary import Saying, new_id
from strideload.web.app import make_app
from strideload.web.doors import Doors, Health, LivePod
from strideload.web.navigation import PLACES
from strideload.web.serve import serve
from three_years import KNEE, LAST, NOW, RUNNER

BUDGET_S = 0.15
DAYS_ANEW = 20
ROUNDS = 15


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
    with (
        serve(make_app(doors), "127.0.0.1", 0) as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def day_anew_s(years: Store) -> float:
    """How long it takes to make one day out of its steps."""
    took_s: list[float] = []
    for back in range(DAYS_ANEW):
        forget_everything()
        began_s = time.perf_counter()
        days.day_of(years, RUNNER, LAST - timedelta(days=back))
        took_s.append(time.perf_counter() - began_s)
    return statistics.median(took_s)


@pytest.fixture
def told(benchmark, day_anew_s: float) -> Callable[[str], float]:
    """Says how long a look took -> its median, s."""

    def said(look: str) -> float:
        took = benchmark.stats.stats
        benchmark.extra_info["times a day made anew"] = took.median / day_anew_s
        print(
            f"\n{look}: {1000 * took.median:.0f} ms, {1000 * took.max:.0f} at most, "
            f"{took.median / day_anew_s:.1f} times a day made anew"
        )
        return took.median

    return said


@pytest.mark.parametrize("address", [*(place.href for place in PLACES), "/trend?by=impact", "a run"])
def test_a_page_over_three_years(
    benchmark, told: Callable[[str], float], client: httpx.Client, years: Store, address: str
) -> None:
    """With the finished days remembered, as in a house that runs."""
    path = address if address != "a run" else f"/run/{runs_of(years, RUNNER, LAST, LAST)[0].start_utc_us}"
    assert client.get(path).status_code == 200
    answer = benchmark.pedantic(lambda: client.get(path), rounds=ROUNDS, warmup_rounds=2)
    assert answer.status_code == 200
    assert told(address) < BUDGET_S


def test_an_open_page_asks_for_what_is_new(
    benchmark, told: Callable[[str], float], client: httpx.Client
) -> None:
    """Every three seconds, and mostly nothing is."""
    (poll,) = re.findall(r'hx-get="(/part/day[^"]*)"', client.get("/").text)
    answer = benchmark.pedantic(lambda: client.get(poll), rounds=ROUNDS, warmup_rounds=2)
    assert answer.status_code == 204
    assert told("nothing new") < BUDGET_S / 10


@pytest.mark.parametrize("address", ["/symptoms", "/", "/plan"])
def test_right_after_a_symptom_was_entered(
    benchmark, told: Callable[[str], float], client: httpx.Client, years: Store, address: str
) -> None:
    """What the runner waits for: the entry is stored, and the page is made of what is read anew."""
    about = utc_us(NOW) - 3_600_000_000
    entry = years.diary.write(RUNNER, new_id(), 0, Saying(KNEE, "other", 0, about), about)
    versions = count(entry.version)

    def change() -> httpx.Response:
        seen = next(versions)
        years.diary.write(RUNNER, entry.id, seen, Saying(KNEE, "other", seen % 3 + 1, about), about)
        return client.get(address)

    answer = benchmark.pedantic(change, rounds=ROUNDS, warmup_rounds=2)
    assert answer.status_code == 200
    assert told(f"{address} after a symptom") < BUDGET_S


@pytest.mark.parametrize("address", ["/", "/plan", "/shoes"])
def test_the_first_look_after_a_start(
    benchmark, told: Callable[[str], float], client: httpx.Client, address: str
) -> None:
    """Before its days stand ready: all that the page shows is made of steps."""
    answer = benchmark.pedantic(lambda: client.get(address), setup=forget_everything, rounds=3)
    assert answer.status_code == 200
    told(f"{address} at first")


def test_the_first_look_once_the_days_stand_ready(
    benchmark, told: Callable[[str], float], client: httpx.Client, years: Store, monkeypatch
) -> None:
    """They are made in the background after a start, three years within some minutes."""
    forget_everything()
    monkeypatch.setattr(days, "today", lambda *_: LAST)
    began_s = time.perf_counter()
    made = prepare(years, lambda _: False)
    took_s = time.perf_counter() - began_s
    print(f"\n{made} days took {took_s:.1f} s of work, {took_s / SHARE:.0f} s in the background")
    monkeypatch.undo()
    answer = benchmark.pedantic(lambda: client.get("/shoes"), rounds=1)
    assert answer.status_code == 200
    assert told("/shoes at first, prepared") < 1
