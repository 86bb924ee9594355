"""Three years of running in a store, five runs a week: pages of a pod, and what the runner said."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from strideload.load.ladder import LadderSettings
from strideload.load.symptoms import MOMENTS
from strideload.protocol.pages import HEADER, RECORD
from strideload.runner import planning
from strideload.runner.diary import moment_utc_us, utc_us
from strideload.runner.planning import LadderPlan
from strideload.runner.runs import runs_of
from strideload.runner.shoes import set_usual
from strideload.store import Received, Store, open_store
from strideload.store.conditions import Worn
from strideload.store.diary import Saying, new_id
from strideload_pod import page

POD = "0123456789abcdef"
RUNNER = "me"
ZONE = "Europe/Berlin"
LAST = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 21, tzinfo=UTC)  # the evening of the last run
WEEKS = 3 * 52
RUNS_A_WEEK = 5
STRIDES = 3_840  # 45 minutes
STEPS_A_PAGE = (page.CRC_OFFSET - page.HEADER_SIZE) // RECORD[page.KIND_STEPS].itemsize
RATE_MHZ = 416_688
KNEE = "knee_front_left"


@contextmanager
def three_years(folder: Path) -> Iterator[Store]:
    """The store with all sessions derived. Prints how many steps it holds."""
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


def say(store: Store) -> None:
    """Four answers about a knee for each run, the shoes of all of them, and a ladder for as long as one lasts."""
    ladder = LadderPlan(LAST - planning.LADDER_LASTS, LadderSettings())
    planning.set_plan(store, RUNNER, planning.Settings(ladder=ladder), "runner", None)
    blue = store.conditions.add_shoe(RUNNER, "Blue", LAST - timedelta(weeks=WEEKS))
    set_usual(store, RUNNER, LAST - timedelta(weeks=WEEKS), Worn(blue.id, "laces", "road"))
    for run in runs_of(store, RUNNER, LAST - timedelta(weeks=WEEKS), LAST):
        for moment, pain in zip(MOMENTS, (1, 2, 1, 1), strict=True):
            about = min(moment_utc_us(run, moment, {}), utc_us(NOW))
            saying = Saying(KNEE, moment, pain, about, run.start_utc_us)
            store.diary.write(RUNNER, new_id(), 0, saying, about)


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
