"""The store by itself: pages taken in beside a bare executemany, and a day read out of three years of steps.

`pytest bench/test_store.py` (pytest-benchmark). Times are of this machine's disk as well: synchronous is FULL.
"""

import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from store.making import NOW_US, POD, Pod, messages, one_by_one
from strideload.protocol import pages as protocol
from strideload.store import Received, Store, open_store
from strideload.store.engine import PRAGMAS
from strideload_pod import page

PAGES = 8000
DAYS = 3 * 365
STRIDES_A_DAY = 4000  # of one foot: about 50 minutes of running, every day
DAY_US = 86_400_000_000


def stream_of(count: int) -> list[bytes]:
    """So many pages of one session, full of steps."""
    pod = Pod()
    pod.start(0, 1)
    pod.steps(1, 16 * (count - 1))
    return pod.pages


@pytest.fixture(scope="module")
def pages() -> list[bytes]:
    return stream_of(PAGES)


def batches(pages: list[bytes], size: int, batch: int) -> list[list[Received]]:
    sent = messages(pages, size)
    return [sent[i : i + batch] for i in range(0, len(sent), batch)]


CASES = [(1, 100), (1, 500), (16, 100), (16, 500)]


@pytest.mark.parametrize(("size", "batch"), CASES)
def test_add(benchmark, pages: list[bytes], tmp_path: Path, size: int, batch: int) -> None:
    """Store.add: batches of so many messages of so many pages each."""
    work = batches(pages, size, batch)

    def setup() -> tuple[tuple[Store], dict[str, object]]:
        store = open_store(tmp_path / f"{len(list(tmp_path.iterdir()))}.db")
        warm = Pod(log=1)
        warm.steps(0, 16)
        store.add(one_by_one(warm.pages))
        return (store,), {}

    def run(store: Store) -> None:
        for received in work:
            store.add(received)
        store.close()

    benchmark.pedantic(run, setup=setup, rounds=5)
    benchmark.extra_info["pages_s"] = round(PAGES / benchmark.stats.stats.median)


@pytest.mark.parametrize(("size", "batch"), CASES)
def test_bare(benchmark, pages: list[bytes], tmp_path: Path, size: int, batch: int) -> None:
    """A bare sqlite3 executemany of the same pages, a row each, with the same pragmas and batches."""
    work = batches(pages, size, batch)

    def setup() -> tuple[tuple[sqlite3.Connection], dict[str, object]]:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
        connection = sqlite3.connect(path, isolation_level=None)
        for pragma in PRAGMAS:
            connection.execute(pragma)
        connection.execute(
            "CREATE TABLE pages (id INTEGER PRIMARY KEY, pod TEXT, received INTEGER, bytes BLOB)"
        )
        return (connection,), {}

    def run(connection: sqlite3.Connection) -> None:
        for received in work:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO pages (pod, received, bytes) VALUES (?, ?, ?)",
                [
                    (r.topic_pod, r.received_utc_us, r.payload[i : i + page.PAGE_SIZE])
                    for r in received
                    for i in range(0, len(r.payload), page.PAGE_SIZE)
                ],
            )
            connection.execute("COMMIT")
        connection.close()

    benchmark.pedantic(run, setup=setup, rounds=5)
    benchmark.extra_info["pages_s"] = round(PAGES / benchmark.stats.stats.median)


def day_of_pages(template: bytes, day: int) -> bytes:
    """A day's run as pages: the template's, with number, session, boot and times moved on."""
    made = np.frombuffer(template, protocol.HEADER).copy()
    made["number"] += day * len(made)
    made["session"][made["session"] > 0] += day
    made["boot"] += day
    buffer = bytearray(made.tobytes())
    for at in range(0, len(buffer), page.PAGE_SIZE):
        if buffer[at + 3] == page.KIND_ANCHOR:
            place = at + page.HEADER_SIZE + 16
            (utc_ms,) = struct.unpack_from("<q", buffer, place)
            struct.pack_into("<q", buffer, place, utc_ms + day * DAY_US // 1000)
        crc = crc32(memoryview(buffer)[at : at + page.CRC_OFFSET])
        struct.pack_into("<I", buffer, at + page.CRC_OFFSET, crc)
    return bytes(buffer)


@pytest.fixture(scope="module")
def three_years(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """4.4 million strides in 1095 sessions."""
    pod = Pod()
    pod.run(0, 1, strides=STRIDES_A_DAY)
    template = b"".join(pod.pages)
    store = open_store(tmp_path_factory.mktemp("years") / "store.db")
    store.ensure_runner("me", "Me", "Europe/London")
    for day in range(DAYS):
        store.add([Received(POD, day_of_pages(template, day), NOW_US)])
    store.derive()
    return store


WINDOWS = [("one day", 1), ("six weeks", 42)]


@pytest.mark.parametrize("days", [days for _, days in WINDOWS], ids=[name for name, _ in WINDOWS])
def test_read(benchmark, three_years: Store, days: int) -> None:
    """Sessions and steps of so many days, out of three years, warm."""
    first_us = three_years.sessions("me", 0, 2**62)[0].start_utc_us
    start_us = first_us - 1000 + 700 * DAY_US
    read: Callable[[], list[object]] = lambda: three_years.sessions("me", start_us, start_us + days * DAY_US)  # noqa: E731
    found = benchmark(read)
    assert sum(len(session.steps) for session in found) == days * STRIDES_A_DAY


def test_rebuild(benchmark, three_years: Store) -> None:
    """All of the three years derived anew."""
    digest = three_years.derived_digest()
    benchmark.pedantic(three_years.rebuild, rounds=1)
    assert three_years.derived_digest() == digest
