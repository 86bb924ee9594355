"""The pod's loop: what the shoe felt is in the log, what went wrong is counted there, and nothing ends the loop."""

import ast
import itertools
import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collect.talker import Talker
from strideload.collect.address import Address
from strideload.protocol import messages
from strideload.protocol import pages as protocol
from strideload.protocol.schemas import STATE
from strideload.simulate.chip import (
    CTRL1_XL,
    CTRL2_G,
    CTRL10_C,
    FIFO_CTRL3,
    FIFO_CTRL4,
    Chip,
)
from strideload.simulate.pod import ScratchFiles, Take, record
from strideload.simulate.runner import Runner
from strideload.store import Received, open_store
from strideload_pod import detector, imu
from strideload_pod.boards import on_linux
from strideload_pod.boards.on_linux import LOG_FOLDER, SETTINGS_NAME
from strideload_pod.imu import RATE_CODES
from strideload_pod.log import CAPACITY_LEAST, GONE_RESERVE, Log
from strideload_pod.page import (
    ANCHOR_HOST,
    ANCHOR_OPERATOR,
    COUNTERS,
    GAP_BUS,
    GAP_OVERRUN,
    GAP_STALL,
    KIND_ALIVE,
    KIND_ANCHOR,
    KIND_GAP,
    KIND_SESSION_END,
    KIND_SESSION_START,
    KIND_STEPS,
    PAGE_SIZE,
    SESSION_MOTION,
    SESSION_QUIET,
    SESSION_STOPPED,
    UNKNOWN_TEMPERATURE,
    UNKNOWN_U16,
    UNKNOWN_U32,
    UNKNOWN_U64,
    UNKNOWN_UTC_MS,
    Page,
)
from strideload_pod.pod import (
    ALIVE_EVERY_MS,
    ANCHOR_EVERY_MS,
    CHECK_EVERY_MS,
    CHIP_CLOCK_MS,
    PAGE_CLOSES_MS,
    READ_EVERY_MS,
    SESSION_ENDS_MS,
    WRITE_TRIES,
    Pod,
)
from strideload_pod.settings import DEFAULTS
from support import micropython, pod_life
from support.files import Flash
from support.pod_bench import (
    LOG_ID,
    RUN,
    STORE,
    TRUE_TO_S,
    UID,
    UTC_MS,
    Bench,
    assert_numbers_are_true,
    assert_tick_is_true,
    off_s,
    running,
)
from support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.usefixtures("no_waiting")

# Sessions


def test_a_session_begins_with_the_first_step():
    """The detector tells of a run at its fourth contact; the session begins with the first of them."""
    bench = Bench().run_until(30)
    (start,) = bench.records(KIND_SESSION_START)
    assert start["reason"] == SESSION_MOTION
    assert start["sample"] == int(bench.contacts()[0])
    found_s = bench.contacts_s()
    true_s = RUN.ic_s[RUN.ic_s < found_s[-1] + 0.1]
    assert len(off_s(found_s, true_s)) >= len(true_s) - 1  # half a stride leads into the run
    assert found_s[0] < true_s[1] + TRUE_TO_S
    assert_numbers_are_true(bench)


def test_a_session_ends_after_ten_quiet_minutes_and_the_next_begins_with_its_own_step():
    """It ends with its last contact: the quiet minutes are no part of it, and are told only when they are over."""
    run = Runner(5).session([("run", 20, 10), ("stand", 660, 0), ("run", 20, 10), ("stand", 10, 0)])
    bench = Bench(run.source).run_until(run.duration_s)
    starts, (end,) = bench.records(KIND_SESSION_START), bench.records(KIND_SESSION_END)
    contacts = bench.contacts()
    last_of_first = contacts[contacts < starts["sample"][1]].max()
    (page,) = bench.pages(KIND_SESSION_END)
    quiet_s = (page["closed_sample"] - last_of_first) / (bench.pod.imu.rate_mhz / 1000)
    assert end["reason"] == SESSION_QUIET
    assert end["sample"] == int(last_of_first)
    assert SESSION_ENDS_MS / 1000 <= quiet_s < SESSION_ENDS_MS / 1000 + 1
    numbers = bench.pages(KIND_SESSION_START)["session"].tolist()
    assert numbers == [numbers[0], numbers[0] + 1]
    assert set(bench.pages(KIND_STEPS)["session"].tolist()) == set(numbers)
    assert bench.pages(KIND_SESSION_END)["session"].tolist() == numbers[:1]


def test_a_stop_brings_out_what_is_held_and_what_the_chip_still_has():
    bench = Bench().run_until(30)
    bench.pause(1)
    bench.pod.end()
    (end,) = bench.records(KIND_SESSION_END)
    assert end["reason"] == SESSION_STOPPED
    assert end["sample"] == bench.pod.sample
    assert bench.contacts_s()[-1] > bench.second - 1.2
    assert bench.contacts()[-1] <= end["sample"]
    assert bench.pages()["closed_sample"].max() == end["sample"]


def test_a_stop_without_a_step_leaves_no_session():
    bench = Bench(running().source).run_until(1)
    bench.pod.end()
    assert {KIND_ALIVE, KIND_ANCHOR} == set(bench.pages()["kind"].tolist())


def test_a_session_ends_although_the_chip_is_silent_for_good():
    bench = Bench().run_until(30)
    bench.chip.nack(10**9)
    bench.run_for(SESSION_ENDS_MS / 1000 + 5)
    assert bench.records(KIND_SESSION_END)["reason"].tolist() == [SESSION_QUIET]
    assert bench.state()["session"] is None


def test_all_that_a_pod_says_of_itself_is_in_the_document():
    assert Bench().state().keys() - STATE["properties"].keys() == set()


@pytest.mark.parametrize(("odr_hz", "gyro_dps"), [(104, 0), (416, 2000), (833, 2000)])
@pytest.mark.parametrize("activity", [("run", 40.0, 9.0), ("walk", 40.0, 3.0)])
def test_a_page_is_closed_after_ten_seconds_at_the_latest(activity, odr_hz, gyro_dps):
    """Counted from the first contact in it, not from when the detector told of that."""
    run = Runner(3).session([activity, ("stand", 15.0, 0.0)])
    bench = Bench(run.source, odr_hz, gyro_dps).run_until(run.duration_s)
    pages = bench.pages(KIND_STEPS)
    opened_ms = (pages["closed_sample"] - pages["first_sample"]) * 1e6 / bench.pod.imu.rate_mhz
    assert len(pages) >= 4
    assert opened_ms.max() <= PAGE_CLOSES_MS


def test_two_boots_of_one_folder_share_no_session():
    flash = Flash()
    numbers = []
    for _ in range(3):
        bench = Bench(running(20).source, files=flash).run_until(25)
        bench.pod.end()
        flash.reset()
        numbers.append(bench.pod.log.boot)
    assert numbers == [1, 2, 3]
    starts = bench.pages(KIND_SESSION_START)
    assert len(set(starts["session"].tolist())) == 3
    assert starts["boot"].tolist() == numbers
    assert bench.pages()["number"].tolist() == list(range(len(bench.pages())))


def test_the_same_take_gives_the_same_bytes(tmp_path):
    def bytes_of(name, log_id):
        files = ScratchFiles(tmp_path / name)
        found = record(
            Take(RUN.source, UTC_MS, 70, {"STRIDELOAD_ODR_HZ": 208}, noise=True), UID, files, log_id
        )
        assert found[0] == log_id
        return {file: (tmp_path / name / file).read_bytes() for file in files.names()}

    first = bytes_of("first", 7)
    assert sum(map(len, first.values())) > 8 * PAGE_SIZE
    assert bytes_of("second", 7) == first
    assert bytes_of("third", 8) != first


# Faults of the chip and its bus


def gaps_of(bench):
    return [(int(r["lost"]), int(r["cause"])) for r in bench.records(KIND_GAP)]


def assert_faults(bench, **expected):
    """State and the newest page's header say exactly this, and the gaps add up to what is lost."""
    bench.pod.end()
    assert bench.faults() == {name: n for name, n in expected.items() if n}
    newest = bench.pages()[-1]
    assert {name: int(newest[name]) for name in COUNTERS if newest[name]} == bench.faults()
    assert sum(lost for lost, _ in gaps_of(bench)) == expected.get("samples_lost", 0)


@pytest.mark.parametrize("pause_s", [0.4, 2.0, 11.0, 3600.0])
@pytest.mark.parametrize(("odr_hz", "gyro_dps"), [(416, 2000), (833, 2000), (1667, 0)])
def test_numbers_stay_true_over_an_overrun(odr_hz, gyro_dps, pause_s):
    long = [("run", 15.0, 10.5), ("stand", 3590.0, 0.0), ("run", 20.0, 10.0), ("stand", 5.0, 0.0)]
    run = running(35) if pause_s < 100 else Runner(3).session(long)
    bench = Bench(run.source, odr_hz, gyro_dps, trim=7).run_until(9)
    pausing = bench.pod.sample
    bench.pause(pause_s)
    bench.run_until(run.duration_s)
    words = 2 if gyro_dps else 1
    fits_s = 512 / words / (bench.pod.imu.rate_mhz / 1000)
    if pause_s + bench.pod.read_every_ms / 1000 < fits_s:
        assert gaps_of(bench) == []
        return
    ((lost, cause),) = gaps_of(bench)
    assert cause == GAP_OVERRUN
    assert bench.records(KIND_GAP)["sample"][0] == pausing
    missing_s = lost / (bench.pod.imu.rate_mhz / 1000)
    assert pause_s - fits_s - 0.05 < missing_s < pause_s + bench.pod.read_every_ms / 1000 - fits_s + 0.05
    assert_numbers_are_true(bench, run, after_s=9 + pause_s)
    assert_faults(bench, fifo_overruns=1, samples_lost=lost)


@pytest.mark.parametrize("trim", [-128, 127])
def test_a_chip_far_off_its_nominal_rate_is_detected_in(trim):
    """At the lowest trim the detector works at 336 Hz, not at 208, and needs more room."""
    run = running(12)
    bench = Bench(run.source, 416, 2000, trim=trim).run_until(run.duration_s)
    assert_numbers_are_true(bench, run)
    assert_faults(bench)


def test_a_gap_page_ties_sample_and_tick_like_any_other():
    """The host draws its line through the closings of pages: none may stand a pause beside it."""
    bench = Bench(odr_hz=416, gyro_dps=2000).run_until(12)
    for pause_s in (3, 8):
        bench.pause(pause_s)
        bench.run_for(10)
    pages = bench.pages()
    beside_ms = pages["closed_sample"] * 1e6 / bench.pod.imu.rate_mhz - pages["closed_tick_ms"]
    assert len(gaps_of(bench)) == 2
    assert np.ptp(beside_ms[pages["closed_sample"] > 0]) < bench.pod.read_every_ms


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("odr_hz", RATE_CODES)
def test_a_transfer_that_fails_costs_nothing(odr_hz, count):
    run = running(8)
    disturbed, calm = (Bench(run.source, odr_hz, 2000).run_until(5) for _ in range(2))
    disturbed.chip.nack(count)
    for bench in (disturbed, calm):
        bench.run_until(run.duration_s)
    assert disturbed.contacts().tolist() == calm.contacts().tolist()
    assert_faults(disturbed, bus_errors=count, bus_frees=count - 1)


def test_a_bus_that_is_dead_for_a_while_is_a_gap():
    bench = Bench(odr_hz=416, gyro_dps=2000, trim=-9).run_until(15)
    bench.chip.nack(10**9)
    bench.run_for(10)
    assert bench.state()["recording"] is False
    assert bench.pages()["temperature"][-1] == UNKNOWN_TEMPERATURE
    errors = bench.faults()["bus_errors"]
    assert errors > 100
    bench.chip.nack(0)
    bench.run_until(RUN.duration_s)
    assert bench.state()["recording"] is True
    ((lost, cause),) = gaps_of(bench)
    assert cause == GAP_OVERRUN
    assert_numbers_are_true(bench, after_s=26)
    assert_faults(bench, bus_errors=errors, bus_frees=errors - 1, fifo_overruns=1, samples_lost=lost)


def test_a_fifo_that_stands_still_is_started_anew():
    bench = Bench(odr_hz=416, gyro_dps=2000, trim=7).run_until(20)
    bench.chip.stall_fifo()
    bench.run_until(RUN.duration_s)
    ((lost, cause),) = gaps_of(bench)
    assert cause == GAP_STALL
    assert 0 < lost < 416
    assert_numbers_are_true(bench, after_s=21)
    assert_faults(bench, fifo_stalls=1, samples_lost=lost)


POKES = {
    "the accelerometer sleeps": (CTRL1_XL, 0x04),
    "another range": (CTRL1_XL, RATE_CODES[416] << 4),
    "another rate": (CTRL1_XL, RATE_CODES[208] << 4 | 0x04),
    "the gyroscope sleeps": (CTRL2_G, 0x0C),
    "the chip's clock stops": (CTRL10_C, 0),
    "nothing is batched": (FIFO_CTRL3, 0),
    "the FIFO is bypassed": (FIFO_CTRL4, 0),
}


@pytest.mark.parametrize("poke", POKES)
def test_a_register_that_changed_is_found_and_set_again(poke):
    bench = Bench(odr_hz=416, gyro_dps=2000, trim=7).run_until(20)
    bench.chip.poke(*POKES[poke])
    bench.run_until(RUN.duration_s)
    ((lost, cause),) = gaps_of(bench)
    assert cause == GAP_STALL
    assert lost > 0
    assert_numbers_are_true(bench, after_s=31)
    assert len(bench.contacts()) > 0.7 * len(RUN.ic_s)
    assert_faults(bench, register_errors=1, samples_lost=lost)


def test_a_chip_that_lost_its_supply_for_a_moment_is_set_up_again():
    bench = Bench(odr_hz=416, gyro_dps=2000).run_until(20)
    bench.chip.write(bytes((0x12, 0x01)))  # SW_RESET in CTRL3_C: all registers as at power-on
    bench.run_until(RUN.duration_s)
    ((lost, cause),) = gaps_of(bench)
    assert cause == GAP_STALL
    assert_numbers_are_true(bench, after_s=22)
    assert_faults(bench, register_errors=1, samples_lost=lost)


class Disturbed:
    """A chip on a bus where the transfer of this number, counted from `at = 0` on, fails. -1: none."""

    def __init__(self, chip):
        self.chip = chip
        self.at = 0
        self.fails_at = -1
        self.xor = 0  # of the first tag of the next burst

    def write(self, data):
        self.at += 1
        if self.at - 1 == self.fails_at:
            self.chip.nack(1)
        self.chip.write(data)

    def read(self, count):
        data = bytearray(self.chip.read(count))
        if count > 100 and self.xor:
            data[0] ^= self.xor
            self.xor = 0
        return bytes(data)


SHORT_RUN = running(22)


@pytest.mark.parametrize("fault", ["stall", "register"])
def test_a_repair_that_fails_at_any_transfer_is_repeated(fault):
    """Half a repair may leave a chip that runs: its samples must not pass for the next ones."""
    repairs = 0
    for fails_at in itertools.count():
        bench = Bench(SHORT_RUN.source, 104, 0, device=Disturbed).run_until(8)
        if fault == "stall":
            bench.chip.stall_fifo()
        else:
            bench.chip.poke(FIFO_CTRL3, 0)
        counter = {"stall": "fifo_stalls", "register": "register_errors"}[fault]
        while counter not in bench.faults():
            bench.pod.step()
        bench.device.at, bench.device.fails_at = 0, fails_at
        bench.pod.step()
        if bench.device.at <= fails_at and "bus_errors" not in bench.faults():
            break
        repairs += 1
        bench.device.fails_at = -1
        bench.run_until(SHORT_RUN.duration_s)
        assert_numbers_are_true(bench, SHORT_RUN, after_s=14)
        assert bench.faults()["bus_errors"] == 1
        assert bench.state()["recording"] is True
    assert repairs > 10


def test_a_word_that_the_bus_spoilt_is_no_overrun():
    bench = Bench(odr_hz=416, gyro_dps=2000, device=Disturbed).run_until(10)
    bench.device.xor = 0x08
    bench.run_until(20)
    assert gaps_of(bench) == [(1, GAP_BUS)]
    assert_faults(bench, bus_errors=1, samples_lost=1)


def test_a_pause_beyond_the_chips_clock_is_counted_by_the_pods():
    run = Runner(3).session([("stand", 18_000, 0), ("run", 20, 10)])
    bench = Bench(run.source).run_until(5)
    bench.pause(17_990)
    assert CHIP_CLOCK_MS < 1000 * 17_990
    bench.run_until(run.duration_s)
    ((lost, cause),) = gaps_of(bench)
    assert cause == GAP_BUS
    assert lost / (bench.pod.imu.rate_mhz / 1000) == pytest.approx(17_990, abs=1)
    assert_numbers_are_true(bench, run)
    assert_faults(bench, samples_lost=lost)


def test_a_chip_that_is_not_there_at_the_start_keeps_nothing_else_waiting():
    """Old pages still go to the host, the boot is written down, and recording begins when the chip answers."""
    flash = Flash()
    Bench(files=flash).run_until(30)
    flash.reset()
    chips = []
    bench = Bench(files=flash, host=True, device=lambda chip: chips.append(chip) or chip.nack(10**9) or chip)
    bench.run_until(10)
    assert bench.state()["recording"] is False
    assert bench.faults()["bus_errors"] > 10
    assert bench.pod.log.waiting() == 0
    assert len(bench.host.pages) == len(bench.pages()) > 4
    alive = bench.pages(KIND_ALIVE)[-1]
    assert (alive["boot"], alive["rate_mhz"], alive["temperature"]) == (2, UNKNOWN_U32, UNKNOWN_TEMPERATURE)
    chips[0].nack(0)
    bench.run_until(40)
    assert bench.state()["recording"] is True
    assert len(bench.contacts()) > 50


def test_another_chip_is_not_recorded_from():
    bench = Bench()
    bench.chip.identity = 0x6A
    bench.chip.write(bytes((0x12, 0x01)))
    bench.run_until(20)
    assert bench.state()["recording"] is False
    assert bench.faults()["register_errors"] > 1
    assert len(bench.pages(KIND_STEPS)) == 0
    bench.chip.identity = 0x6C
    bench.run_until(60)
    assert bench.state()["recording"] is True
    assert_numbers_are_true(bench, after_s=21)


def test_clipped_samples_are_counted():
    """A run with one second of 40 g on one axis, at +-32 g."""

    def source(t_s):
        values = RUN.source(t_s)
        values[(t_s >= 15) & (t_s < 16), 2] = 40.0
        return values

    bench = Bench(source, 416, 0).run_until(20)
    clipped = bench.faults()["clipped_samples"]
    assert clipped == pytest.approx(bench.pod.imu.rate_mhz / 1000, abs=1)
    assert_faults(bench, clipped_samples=clipped)


def test_the_temperature_is_the_chips_at_the_closing_of_each_page():
    bench = Bench().run_until(20)
    bench.chip.temperature_c = 31.5
    bench.run_until(40)
    assert bench.pages()["temperature"][0] == 25 * 256
    assert bench.pages()["temperature"][-1] == 31.5 * 256


ACTIONS = st.sampled_from(["pause", "nack", "stall", "poke", "reset", "flash", "calm"])


@given(st.lists(st.tuples(ACTIONS, st.integers(1, 60)), max_size=8))
@settings(max_examples=25, deadline=None)
def test_whatever_goes_wrong_numbers_stay_true_and_gaps_add_up(actions):
    bench = Bench(LONG_RUN.source, 104, 0)
    for action, amount in actions:
        if action == "pause":
            bench.pause(amount / 4)
        elif action == "nack":
            bench.chip.nack(amount)
        elif action == "stall":
            bench.chip.stall_fifo()
        elif action == "poke":
            bench.chip.poke(*list(POKES.values())[amount % len(POKES)])
        elif action == "reset":
            bench.chip.nack(0)
            bench.chip.write(bytes((0x12, 0x01)))
        elif action == "flash":
            bench.files.full_at = sum(map(len, bench.files.content.values())) + 40 * amount
        bench.run_for(amount % 7)
        bench.files.full_at = None
    bench.run_for(15)
    calm_from_s = bench.second
    bench.run_for(30)
    bench.pod.end()
    faults = bench.faults()
    lost = sum(lost for lost, _ in gaps_of(bench))
    assert lost <= faults.get("samples_lost", 0)
    if "pages_dropped" not in faults:
        assert lost == faults.get("samples_lost", 0)
    pages = bench.pages()
    assert pages["number"].tolist() == list(range(len(pages)))
    assert (np.diff(bench.contacts()) > 0).all()
    assert (np.diff(pages["closed_sample"].astype(np.int64)) >= 0).all()
    assert_tick_is_true(bench, LONG_RUN, after_s=calm_from_s)


LONG_RUN = running(400)


# Time


def dated(bench, folder):
    """(sessions with a date, undated ones), as the host derives them from what is in the log."""
    with open_store(folder / "store.db") as store:
        store.ensure_runner("me", "me", "UTC")
        store.assign(UID.hex(), "me", "left", 0)
        store.add([Received(UID.hex(), bench.data(), 0)])
        store.derive()
        return store.sessions("me", 0, 2**60), store.undated()


def test_a_boot_that_never_learns_the_time_is_undated(tmp_path):
    bench = Bench(knows_utc=False, host=True).run_until(70)
    bench.pod.end()
    assert len(bench.records(KIND_ANCHOR)) == 0
    assert bench.records(KIND_ALIVE)["utc_ms"].tolist() == [UNKNOWN_UTC_MS]
    assert bench.records(KIND_SESSION_START)["utc_ms"].tolist() == [UNKNOWN_UTC_MS]
    assert bench.state()["clock"]["source"] is None
    sessions, (undated,) = dated(bench, tmp_path)
    assert sessions == []
    assert undated.strides == len(bench.contacts())


@pytest.mark.parametrize("who", ["host", "board"])
def test_time_learned_after_the_session_dates_it(who, tmp_path):
    """Out without a network, home twenty minutes later: one anchor reaches back through the pod's ticks."""
    run = Runner(3).session([("stand", 3, 0), ("run", 60, 10.5), ("stand", 1300, 0)])
    bench = Bench(run.source, knows_utc=False, host=True)
    bench.host.answers = False
    bench.run_until(1250)
    assert bench.records(KIND_SESSION_END)["reason"].tolist() == [SESSION_QUIET]
    assert len(bench.records(KIND_ANCHOR)) == 0
    bench.host.answers = True
    bench.host.tells_time = who == "host"
    bench.clock.knows_utc = who == "board"
    bench.run_until(1350)
    (anchor,) = bench.records(KIND_ANCHOR)
    assert anchor["source"] == (ANCHOR_HOST if who == "host" else ANCHOR_OPERATOR)
    assert anchor["sample"] == UNKNOWN_U64  # outside a session
    assert abs(int(anchor["utc_ms"]) - UTC_MS - int(anchor["tick_ms"])) <= anchor["uncertainty_ms"]
    (session,), undated = dated(bench, tmp_path)
    assert undated == []
    truth_us = 1000 * UTC_MS + 1e6 * run.ic_s
    off = off_s(session.steps["ic_utc_us"] / 1e6, truth_us / 1e6)
    assert len(off) > 60
    assert np.abs(off).max() < 0.5


def test_time_learned_in_a_session_is_an_anchor_of_it(tmp_path):
    bench = Bench(knows_utc=False, host=True).run_until(20)
    bench.host.tells_time = True
    bench.run_until(70)
    bench.host.tells_time = False
    bench.pod.end()
    anchors = bench.records(KIND_ANCHOR)
    assert len(anchors) == 2  # when it was told, and at the session's end
    assert (anchors["source"] == ANCHOR_HOST).all()
    ticks = anchors["sample"] * 1e6 / bench.pod.imu.rate_mhz
    assert np.ptp(ticks - anchors["tick_ms"]) < 20
    (session,), undated = dated(bench, tmp_path)
    assert undated == []
    assert np.abs(off_s(session.steps["ic_utc_us"] / 1e6, UTC_MS / 1000 + RUN.ic_s)).max() < 0.6


def test_an_anchor_every_ten_minutes_of_a_session_and_none_beside():
    """A host in reach tells the time every minute; that is no page every minute."""
    run = running(1500)
    bench = Bench(run.source, knows_utc=False, host=True)
    bench.host.tells_time = True
    bench.run_until(run.duration_s + 1300)
    anchors = bench.pages(KIND_ANCHOR)
    in_session = anchors[anchors["session"] > 0]
    assert len(anchors) - len(in_session) == 1  # when the time was first told
    assert len(in_session) == 5  # start, after 10, 20 and 30 minutes, end
    assert np.diff(in_session["closed_tick_ms"].astype(np.int64)).max() < 601_000


def test_an_anchor_says_how_old_its_time_is():
    """200 ppm of the time since the host was heard: what a pod's crystal keeps."""
    run = running(3600)
    bench = Bench(run.source, knows_utc=False, host=True)
    bench.host.tells_time = True
    bench.run_until(5)
    bench.host.answers = False
    bench.run_until(3600)
    anchors = bench.records(KIND_ANCHOR)
    age_ms = anchors["tick_ms"] - anchors["tick_ms"][0]
    assert (anchors["source"] == ANCHOR_HOST).all()
    assert anchors["uncertainty_ms"] == pytest.approx(bench.pod.read_every_ms + age_ms / 5000, abs=2)
    assert anchors["uncertainty_ms"][-1] > 500


def test_a_pod_that_comes_home_takes_an_anchor():
    bench = Bench(RUN.source, knows_utc=False, host=True)
    bench.host.tells_time = True
    bench.run_until(120)
    bench.host.answers = False
    bench.run_until(3000)
    before = len(bench.records(KIND_ANCHOR))
    bench.host.answers = True
    bench.run_until(3200)
    anchors = bench.records(KIND_ANCHOR)
    assert len(anchors) == before + 1
    assert anchors["uncertainty_ms"][-1] == bench.pod.read_every_ms


@pytest.mark.parametrize("tick_ms", [2**29 - 20_000, 2**30 - 20_000, 2**32 - 20_000])
@pytest.mark.parametrize("sample", [2**29 - 2000, 2**30 - 2000, 2**32 - 2000])
def test_a_long_uptime_changes_nothing(sample, tick_ms):
    """Ticks pass 2**29, 2**30 or 2**32 after 20 s, samples after 19 s, in mid-run."""
    young = Bench().run_until(66)
    old = Bench(tick_ms=tick_ms)
    detector.gap(old.pod.detector_state, sample)
    old.pod.sample = sample
    old.pod.sure = (old.pod.sure[0], sample)
    old.run_until(66)
    for bench in (young, old):
        bench.pod.end()
    # As the samples before are missing, the detector begins 0.4 s later.
    assert (old.contacts() - sample).tolist() == young.contacts().tolist()
    kinds = young.pages()["kind"].tolist()
    assert old.pages()["kind"].tolist() == kinds
    later = old.pages()["closed_tick_ms"].astype(np.int64) - young.pages()["closed_tick_ms"].astype(np.int64)
    assert set(later.tolist()) == {tick_ms}
    assert old.faults() == {}
    for kind in (KIND_SESSION_START, KIND_SESSION_END):
        assert (old.records(kind)["sample"] - young.records(kind)["sample"]).tolist() == [sample]
        assert (old.records(kind)["tick_ms"] - young.records(kind)["tick_ms"]).tolist() == [tick_ms]


def test_the_pod_says_that_it_is_alive_at_boot_and_twice_a_day():
    bench = Bench(running(1).source)
    for _ in range(2 * 25):
        bench.pause(3580)
        bench.run_for(20)
    alive = bench.records(KIND_ALIVE)
    ticks = alive["tick_ms"].astype(np.int64)
    assert len(alive) == 5  # 50 hours
    assert ticks[0] < 1000
    assert (np.diff(ticks) >= ALIVE_EVERY_MS).all()
    assert np.diff(ticks).max() < ALIVE_EVERY_MS + 3_600_000
    assert (alive["utc_ms"] - UTC_MS == alive["tick_ms"]).all()
    assert alive["pages_free"][0] == 4096 - GONE_RESERVE


# The log


def nearly_full(free):
    """A flash with room for so many pages."""
    flash = Flash()
    log = Log(flash, UID, CAPACITY_LEAST, lambda: LOG_ID)
    log.pair(STORE)
    page = Page(UID)
    while log.free() > free:
        page.open(KIND_ALIVE, 0)
        page.add(0, UNKNOWN_UTC_MS, 0, 0)
        log.append(page, 0, 0)
    flash.reset()
    return flash


def test_a_full_log_is_counted_told_and_goes_on_when_the_host_has_read():
    bench = Bench(files=nearly_full(5), host=True, STRIDELOAD_LOG_PAGES=CAPACITY_LEAST)
    bench.host.answers = False
    bench.run_until(45)
    dropped = bench.faults()["pages_dropped"]
    kept = len(bench.pages())
    assert dropped > 0
    assert kept == CAPACITY_LEAST - GONE_RESERVE
    assert bench.state()["recording"] is False
    assert bench.state()["faults"]["log_errors"] == 0
    bench.host.answers = True
    while bench.pod.log.waiting():
        bench.run_for(1)
    assert bench.state()["recording"] is True
    bench.run_until(70)
    bench.pod.end()
    newest = bench.pages()[-1]
    assert newest["kind"] == KIND_SESSION_END
    assert newest["pages_dropped"] == bench.faults()["pages_dropped"] >= dropped
    steps = bench.pages(KIND_STEPS)
    assert steps["pages_dropped"].max() > 0  # steps were kept again
    assert_numbers_are_true(bench, after_s=55)


def test_a_full_log_that_was_read_is_recording_before_the_next_page():
    bench = Bench(running(1).source, files=nearly_full(0), host=True, STRIDELOAD_LOG_PAGES=CAPACITY_LEAST)
    bench.host.answers = False
    bench.run_for(5)
    assert bench.state()["recording"] is False
    bench.host.answers = True
    bench.run_for(120)
    assert bench.state()["recording"] is True


@pytest.mark.parametrize(("refuse", "tries"), [({"full_at": 0}, 0), ({"syncs": False}, WRITE_TRIES)])
def test_a_flash_that_refuses_is_counted_told_and_goes_on(refuse, tries):
    """A disk without room is a full log, and no error."""
    bench = Bench().run_until(20)
    kept = len(bench.pages())
    calm = {name: getattr(bench.files, name) for name in refuse}
    vars(bench.files).update(refuse)
    bench.run_until(40)
    dropped = bench.faults()["pages_dropped"]
    faults = {"pages_dropped": dropped} | ({"log_errors": tries * dropped} if tries else {})
    assert bench.faults() == faults
    assert len(bench.pages()) == kept
    assert bench.state()["recording"] is False
    vars(bench.files).update(calm)
    bench.run_until(RUN.duration_s)
    assert bench.state()["recording"] is True
    assert_faults(bench, **faults)


class FailsOnce(Flash):
    """A flash whose next sync fails when `fails` is set."""

    fails = False

    def sync(self, file):
        if self.fails:
            self.fails = False
            raise OSError(5, "I/O error")
        super().sync(file)


def test_a_write_that_fails_once_costs_no_page():
    calm = Bench().run_until(RUN.duration_s)
    bench = Bench(files=FailsOnce()).run_until(20)
    bench.files.fails = True
    bench.run_until(RUN.duration_s)
    assert bench.contacts().tolist() == calm.contacts().tolist()
    assert_faults(bench, log_errors=1)


# What the host is told


def test_live_goes_out_once_a_second():
    bench = Bench(host=True).run_until(60)
    live = [(tick, json.loads(payload)) for tick, payload in bench.host.payloads("live")]
    ticks = [tick for tick, _ in live]
    assert np.diff(ticks).max() <= 1000 + bench.pod.read_every_ms
    assert len(live) == pytest.approx(60, abs=2)
    for tick, payload in bench.host.payloads("live"):
        assert messages.read_live(payload).tick_ms == tick
    standing, runs = live[1][1], live[-1][1]
    assert standing == {
        "v": 1,
        "cadence_spm": None,
        "peak_g": None,
        "steps": 0,
        "kind": None,
        "tick_ms": ticks[1],
    }
    strides_s = np.diff(RUN.ic_s[RUN.ic_s < 60])
    assert runs["kind"] == "run"
    assert runs["cadence_spm"] == pytest.approx(120 / np.median(strides_s), rel=0.06)
    assert runs["steps"] == pytest.approx(2 * len(strides_s), abs=8)
    assert runs["peak_g"] > 1


def test_a_cadence_does_not_outlive_its_steps():
    bench = Bench(host=True).run_until(RUN.duration_s + 5)
    last = messages.read_live(bench.host.payloads("live")[-1][1])
    assert (last.cadence_spm, last.peak_g, last.kind) == (None, None, None)
    assert last.steps == 2 * bench.pod.strides > 100


def test_state_is_what_the_host_reads():
    bench = Bench(odr_hz=416, gyro_dps=2000, host=True)
    bench.battery = 3812
    bench.run_until(70)
    bench.pause(3)
    bench.run_until(140)
    state = messages.read_state(bench.host.payloads("state")[-1][1])
    assert (state.log, state.boot, state.chip, state.odr_hz) == (LOG_ID, 1, "LSM6DSO32", 416)
    assert (state.origin, state.recording, state.battery_mv) == ("sensor", True, 3812)
    assert state.session == bench.pages(KIND_SESSION_START)["session"][0]
    assert state.faults["fifo_overruns"] == 1
    assert state.faults["samples_lost"] == gaps_of(bench)[0][0]
    assert set(COUNTERS) <= set(state.faults)
    assert state.clock is not None
    assert state.clock.source == "operator"
    assert state.clock.utc_ms == UTC_MS + state.clock.tick_ms
    assert bench.pages()["battery_mv"][-1] == 3812


def test_a_battery_that_is_not_measured_is_unknown():
    bench = Bench().run_until(5)
    assert bench.pages()["battery_mv"].tolist() == [UNKNOWN_U16] * len(bench.pages())
    assert bench.state()["battery_mv"] is None


# Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIDELOAD_CHIP", "LSM6DS3"),
        ("STRIDELOAD_ODR_HZ", 400),
        ("STRIDELOAD_ODR_HZ", "416"),
        ("STRIDELOAD_RANGE_G", 64),
        ("STRIDELOAD_GYRO_DPS", 100),
        ("STRIDELOAD_ORIGIN", "somewhere"),
        ("STRIDELOAD_LOG_PAGES", "many"),
        ("STRIDELOAD_LOG_PAGES", CAPACITY_LEAST - 1),
        ("STRIDELOAD_STORE", "short"),
        ("STRIDELOAD_STORE", 7),
    ],
)
def test_settings_that_no_pod_has_are_refused(name, value):
    assert name in DEFAULTS
    with pytest.raises(ValueError, match=r"^STRIDELOAD_|^a log holds at least"):
        Bench(**{name: value})


# MicroPython


class WrittenDown(pod_life.Bus):
    """A simulated chip's bus, as `pod_life` wants it; every transfer is kept."""

    def __init__(self, chip):
        self.chip = chip
        self.transfers = []

    def transfer(self, data, count):
        self.chip.write(bytes(data))
        read = self.chip.read(count) if count else b""
        self.transfers.append([bytes(data).hex(), read.hex()])
        return read


ON_MICROPYTHON = """
import json
import main
main.main()
from pod_life import Board
print(json.dumps(Board.last.told()))
"""


def test_micropython_lives_the_same_life():
    """main.py, pod.py and all below it, through an overrun, a host that appears and its time: byte for byte."""
    board = pod_life.Board(WrittenDown(None))
    board.i2c.chip = Chip("LSM6DSO32", RUN.source, lambda: 1000 * board.clock.now_ms)
    with patch.object(imu, "ON_MICROPYTHON", True):  # so that it opens the same driver
        pod = Pod(board)
        pod.run()
    assert pod.page.fields["fifo_overruns"] == 1
    assert pod.strides > 40
    assert board.line.wanted > 5
    assert pod.host_time is not None
    files = {
        "pod_life.py": Path(pod_life.__file__).read_bytes(),
        "strideload_pod/boards/on_micropython.py": b"from pod_life import Board\n",
        pod_life.TRANSFERS: json.dumps(board.i2c.transfers).encode(),
    }
    there = json.loads(micropython.run(ON_MICROPYTHON, files).stdout)
    here = json.loads(json.dumps(board.told()))
    assert there["files"] == here["files"]
    assert there["said"] == here["said"]


def test_an_interpreter_without_a_board_says_so():
    script = "import main\ntry:\n    main.main()\nexcept SystemExit as end:\n    print(end)\n"
    said = micropython.run(script).stdout.splitlines()
    missing = "no module named 'machine'"
    assert said == [f"No board for micropython on webassembly: {missing}", "1"]


# A process


def pages_in(folder):
    """All whole pages of steps' segments; a page that is just being written is left out."""
    data = b"".join(file.read_bytes() for file in sorted(folder.glob("0-*.seg")))
    return protocol.headers(data[: len(data) // PAGE_SIZE * PAGE_SIZE])


@pytest.fixture
def start_pod(tmp_path, mosquitto):
    """start_pod(plan) -> main.py as a process on a simulated chip, in tmp_path / "pod"; ended with the test."""
    processes = []
    folder = tmp_path / "pod"
    folder.mkdir()
    settings = {
        "STRIDELOAD_POD_ID": UID.hex(),
        "STRIDELOAD_CLOCK_TRUSTED": 1,
        "STRIDELOAD_ODR_HZ": 104,  # for which a busy computer has the time
        "STRIDELOAD_BROKER_HOST": mosquitto.host,
        "STRIDELOAD_BROKER_PORT": mosquitto.port,
    }
    (folder / SETTINGS_NAME).write_text("".join(f"{k} = {json.dumps(v)}\n" for k, v in settings.items()))

    def start(plan):
        command = [sys.executable, "-m", "strideload.simulate.live", str(folder), "--plan", plan]
        pipe = subprocess.PIPE
        processes.append(
            subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)
        )
        return processes[-1]

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=PATIENCE_S)


def test_the_pod_as_a_process_is_told_to_stop_and_stops_whole(start_pod, tmp_path, mosquitto):
    log = tmp_path / "pod" / LOG_FOLDER
    with Talker(Address(mosquitto.host, mosquitto.port), (f"strideload/pod/{UID.hex()}/#",)) as listener:

        def said(leaf):
            return [payload for topic, payload in list(listener.heard) if topic.endswith(f"/{leaf}")]

        def is_in_a_session():
            assert process.poll() is None, process.communicate()
            has_begun = KIND_SESSION_START in pages_in(log)["kind"].tolist()
            return has_begun and len(said("live")) >= 2 and said("pages")

        process = start_pod("run:60@11")
        until(is_in_a_session)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=PATIENCE_S) == ("", "")
        assert process.returncode == 0
        until(lambda: said("online")[-1:] == [b"0"])
        assert said("online")[-2:] == [b"1", b"0"]
        assert messages.read_state(said("state")[0]).origin == "sensor"
    data = b"".join(file.read_bytes() for file in sorted(log.glob("*.seg")))
    assert protocol.whole(data).all()
    pages = protocol.headers(data)
    assert pages["kind"][-1] == KIND_SESSION_END
    assert pages["kind"].tolist().count(KIND_STEPS) >= 1
    assert protocol.records(pages[-1:], KIND_SESSION_END)[1]["reason"] == SESSION_STOPPED
    # In real time a busy computer may let the FIFO run over, which is counted.
    assert {name for name in COUNTERS if pages[-1][name]} <= {"fifo_overruns", "samples_lost"}
    anchors = pages[pages["kind"] == KIND_ANCHOR]
    assert protocol.records(anchors, KIND_ANCHOR)[1]["source"].tolist() == [ANCHOR_OPERATOR] * len(anchors)


# What docs/pod.md says


DOCUMENT = (Path(__file__).parents[2] / "docs" / "pod.md").read_text()


def keys_in(text):
    return set(re.findall(r"STRIDELOAD_[A-Z0-9_]+", text))


def rows_of(text):
    """Keys in the first column of a table."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")]
    return keys_in("\n".join(rows))


def test_every_setting_is_documented_and_no_other():
    known = set(DEFAULTS)
    for files in (("on_linux.py",), ("on_circuitpython.py",), ("on_micropython.py", "wlan_client.py")):
        codes = [Path(on_linux.__file__).with_name(name).read_text() for name in files]
        table = rows_of(ast.get_docstring(ast.parse(codes[0])))
        named = keys_in("".join(codes)) - set(DEFAULTS) - {"STRIDELOAD_POD_DIR"}
        assert named == table  # a board's own table is complete
        known |= table
    assert rows_of(DOCUMENT) == known
    for name, default in DEFAULTS.items():
        row = next(line for line in DOCUMENT.splitlines() if line.startswith(f"| `{name}` "))
        assert row.split("|")[2].strip() == (f"`{default}`" if default != "" else "none")


def test_every_counter_is_documented():
    pod = Bench(host=True).pod
    counters = set(COUNTERS) | set(pod.counters) | set(pod.sync.counters)
    assert set(re.findall(r"^\| `([a-z0-9_]+)` \|", DOCUMENT, re.M)) == counters


@pytest.mark.parametrize(
    ("words", "said_ms", "ms"),
    [
        ("ten seconds", 10_000, PAGE_CLOSES_MS),
        ("ten quiet minutes", 600_000, SESSION_ENDS_MS),
        ("every ten minutes", 600_000, ANCHOR_EVERY_MS),
        ("every twelve hours", 43_200_000, ALIVE_EVERY_MS),
        ("every ten seconds", 10_000, CHECK_EVERY_MS),
        ("2.8 hours", 10_000_000, CHIP_CLOCK_MS),
        ("every 0.5 s", 500, READ_EVERY_MS),
    ],
)
def test_times_in_the_document_are_those_of_the_code(words, said_ms, ms):
    assert words in DOCUMENT
    assert said_ms == ms
