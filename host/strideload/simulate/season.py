"""Ten weeks of a simulated runner's training as a pod's log: real pages, made by the firmware's own page and log.

No chip and no detector take part in these weeks (a run that goes through them is `pod.record`'s); every page says that
it is simulated.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from strideload.simulate.runner import Plan, Runner
from strideload_pod import FIRMWARE_VERSION, detector
from strideload_pod import page as pages
from strideload_pod.boards.on_linux import Files
from strideload_pod.log import Log
from strideload_pod.page import Page
from strideload_pod.pod import PAGE_CLOSES_MS, session_number

WEEKS = 10
ODR_HZ = 833
RATE_MHZ = 833_375  # 6667 Hz / 8
RANGE_G = 32
CAPACITY_PAGES = 1 << 20
WAKES = time(6, 30)
RUNS_AT = time(18, 5)

# Minutes of easy running by weekday, Monday first, in the first week; each week adds a little.
WEEK_MIN = (0, 24, 0, 28, 0, 0, 38)
WEEKLY_GROWTH = 1.025
SPIKE_DAYS_AGO = 12
SPIKE_MIN = 78  # one run far beyond the longest of the month, and quieter days after it
QUIET_DAYS = range(5, 12)  # days ago: recovering from the spike
QUIET_SHARE = 0.5
UNWORN_DAYS_AGO = (20, 21, 43)  # the pod lay at home with an empty battery: not known, not zero
EASY_KMH = 10.2
WARM_UP_S = 240.0


@dataclass(frozen=True)
class PastDay:
    """A day on which the pod was on watch; `plan` is None on a day without a run."""

    day: date
    plan: Plan | None


def days_before(today: date) -> Iterator[PastDay]:
    """The days of the season that the pod saw, oldest first, up to yesterday."""
    for days_ago in range(7 * WEEKS, 0, -1):
        if days_ago not in UNWORN_DAYS_AGO:
            day = today - timedelta(days=days_ago)
            yield PastDay(day, _plan(day, days_ago))


def _plan(day: date, days_ago: int) -> Plan | None:
    if days_ago == SPIKE_DAYS_AGO:
        minutes: float = SPIKE_MIN
    else:
        minutes = WEEK_MIN[day.weekday()] * WEEKLY_GROWTH ** (WEEKS - days_ago / 7)
        if days_ago in QUIET_DAYS:
            minutes *= QUIET_SHARE
    if not minutes:
        return None
    return [("walk", WARM_UP_S, 5.6), ("run", 60 * minutes, EASY_KMH), ("walk", WARM_UP_S / 2, 5.2)]


def write_season(runner: Runner, today: date, zone: ZoneInfo, files: Files, uid: bytes, log_id: int) -> None:
    """Write the log of the season that ended before `today` into `files`."""
    write_days(runner, days_before(today), zone, files, uid, log_id)


def write_days(
    runner: Runner, past_days: Iterable[PastDay], zone: ZoneInfo, files: Files, uid: bytes, log_id: int
) -> None:
    """Write the log of these days into `files`, a boot each."""
    log = Log(files, uid, CAPACITY_PAGES, lambda: log_id)
    for boot, past in enumerate(past_days, start=1):
        _Writer(log, uid, boot, utc_ms(past.day, WAKES, zone)).write(past, runner, zone)


def utc_ms(day: date, at: time, zone: ZoneInfo) -> int:
    """That moment where the runner is, ms since 1970."""
    return int(datetime.combine(day, at, zone).astimezone(UTC).timestamp() * 1000)


class _Writer:
    """One boot of the pod, which lasts one day and begins at `booted_utc_ms`."""

    def __init__(self, log: Log, uid: bytes, boot: int, booted_utc_ms: int) -> None:
        self.log = log
        self.booted_utc_ms = booted_utc_ms
        self.page = Page(uid)
        self.page.fields.update(
            boot=boot,
            rate_mhz=RATE_MHZ,
            odr_hz=ODR_HZ,
            chip=pages.CHIP_LSM6DSO32,
            acc_range_g=RANGE_G,
            gyro_range_dps=2000,
            origin=pages.ORIGIN_SIMULATED,
            firmware=FIRMWARE_VERSION[0] << 16 | FIRMWARE_VERSION[1] << 8 | FIRMWARE_VERSION[2],
            detector=detector.DETECTOR_VERSION,
        )

    def write(self, past: PastDay, runner: Runner, zone: ZoneInfo) -> None:
        self._note(pages.KIND_ALIVE, 0, 0, 0, self.booted_utc_ms, 0, 0)
        if past.plan is None:
            return
        began_tick_ms = utc_ms(past.day, RUNS_AT, zone) - self.booted_utc_ms
        contacts = runner.contacts(past.plan, past.day.toordinal())
        duration_s = sum(part[1] for part in past.plan)
        self._session(began_tick_ms, contacts, duration_s)

    def _session(self, began_tick_ms: int, contacts: np.ndarray, duration_s: float) -> None:
        """The chip runs only while there is a session: its first sample is the session's."""
        boot = self.page.fields["boot"]
        self.page.fields["session"] = session_number(boot, 1)
        self._moment(pages.KIND_SESSION_START, 0, began_tick_ms, pages.SESSION_MOTION)
        self._anchor(0, began_tick_ms)
        self._steps(began_tick_ms, contacts)
        last_sample = _samples(duration_s)
        ended_tick_ms = began_tick_ms + round(duration_s * 1000)
        self._anchor(last_sample, ended_tick_ms)
        self._moment(pages.KIND_SESSION_END, last_sample, ended_tick_ms, pages.SESSION_QUIET)
        self.page.fields["session"] = 0

    def _steps(self, began_tick_ms: int, contacts: np.ndarray) -> None:
        page = self.page
        first = 0
        opened_s = 0.0
        for contact in contacts:
            ic_256 = round(float(contact["ic_s"]) * RATE_MHZ * 256 / 1000)
            if page.count and (page.is_full() or (contact["ic_s"] - opened_s) * 1000 >= PAGE_CLOSES_MS):
                self._close(ic_256 // 256, began_tick_ms + int(contact["ic_s"] * 1000))
            if not page.count:
                first = ic_256 // 256
                opened_s = float(contact["ic_s"])
                page.open(pages.KIND_STEPS, first)
            page.add(
                ic_256 - first * 256,
                _samples_256(contact["contact_s"]),
                _samples_256(contact["stride_s"]),
                round(float(contact["rise_g_s"])),
                round(float(contact["peak_g"]) * 1000),
                int(contact["kind"]),
                0,
                0,
            )
        if page.count:
            self._close(
                _samples(float(contacts["ic_s"][-1])), began_tick_ms + int(contacts["ic_s"][-1] * 1000)
            )

    def _moment(self, kind: int, sample: int, tick_ms: int, reason: int) -> None:
        self._note(kind, sample, tick_ms, sample, tick_ms, self.booted_utc_ms + tick_ms, reason, bytes(7))

    def _anchor(self, sample: int, tick_ms: int) -> None:
        utc_ms = self.booted_utc_ms + tick_ms
        self._note(
            pages.KIND_ANCHOR, sample, tick_ms, sample, tick_ms, utc_ms, 10, pages.ANCHOR_NTP, bytes(5)
        )

    def _note(self, kind: int, sample: int, tick_ms: int, *values: object) -> None:
        self.page.open(kind, sample)
        self.page.add(*values)
        self._close(sample, tick_ms)

    def _close(self, sample: int, tick_ms: int) -> None:
        self.log.append(self.page, sample, tick_ms)
        self.page.count = 0


def _samples(seconds: float) -> int:
    return round(seconds * RATE_MHZ / 1000)


def _samples_256(seconds: float) -> int:
    return pages.UNKNOWN_U32 if np.isnan(seconds) else round(float(seconds) * RATE_MHZ * 256 / 1000)
