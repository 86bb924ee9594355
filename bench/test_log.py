"""What the log costs: opening, writing, wear and room, by the cost model; whether compressing raw pages would pay.

And a power cut in every program and erase of an evening on littlefs.

`./run bench -k test_log -s` prints what docs/pod.md says of the log.
"""

import json

import numpy as np
import pytest

from strideload_pod.log import RAW_SEGMENTS, SEGMENT_PAGES, Log, LogFull
from strideload_pod.page import CRC_OFFSET, HEADER_SIZE, PAGE_SIZE, STREAM_RAW, STREAM_STEPS
from support import micropython, tools
from support.flash_costs import CYCLES, SECTOR_MS, card_sectors, flash_ms
from support.full_log import PAGES_8_MB, fill_folder
from support.littlefs import BLOCK, PAGE, LittleFlash, cuts
from support.log_life import POD, STORE, assert_kept, evening, page_of
from support.pod_bench import Bench, running
from test_detector_cost import IIR_CYCLES, RP2040_HZ

SAMPLES_A_PAGE = {axes: (CRC_OFFSET - HEADER_SIZE) // (2 * axes) for axes in (3, 6)}
RATES_HZ = (416, 833)
MB = 1_000_000
CARD_BYTES = 32_000_000_000

# A day of a runner: an hour of running, two alive records, a boot, and the host taking all of it in the evening.
PAGES_A_DAY = 360 + 2 + 12
MESSAGE_PAGES = 16
DAYS = 40
FLASHES = {"848 kB, a Pico W's": (212, 1500), "8 MB": (2112, PAGES_8_MB)}

# Counts of an LSM6DSO32 at 32 g and 2000 dps, and white noise of about what its datasheet gives, a square root of Hz.
# What the recordings' own sensors and straight lines between their samples leave out makes packing look better.
ACC_G_LSB, GYRO_DPS_LSB = 0.000976, 0.070
NOISE_G, NOISE_DPS = 130e-6, 3.8e-3


@pytest.mark.parametrize("lookahead", [32, 264])
def test_opening_and_pages_of_a_full_log(lookahead: int) -> None:
    """8 MB on littlefs: what opening takes, a page, and the slowest page."""
    flash = LittleFlash(blocks=2112, lookahead_size=lookahead)
    fill_folder(flash, PAGES_8_MB)
    flash = LittleFlash(flash.left("synced"), lookahead_size=lookahead)
    log = Log(flash, POD, PAGES_8_MB, lambda: 1)
    log.pair(STORE)
    log.acknowledge(STREAM_STEPS, log.next(STREAM_STEPS) // 2)
    chip = flash.chip
    reads = f"{chip.reads} reads of {chip.bytes_read} bytes"
    print(f"\nlookahead {lookahead}: open {flash_ms(chip):.0f} ms ({reads})")
    took_ms = []
    for value in range(10 * SEGMENT_PAGES):
        chip.forget_costs()
        log.append(page_of(log.boot, STREAM_STEPS, value), value, value)
        took_ms.append(flash_ms(chip))
    at = np.percentile(took_ms, [50, 90, 99, 100])
    print("a page: half {:.0f} ms, 90 % {:.0f}, 99 % {:.0f}, all {:.0f}".format(*at))


def test_opening_a_card() -> None:
    """FAT, by arithmetic: the folder is looked through twice, and the chain of the newest file once."""
    segment = CARD_BYTES // RAW_SEGMENTS
    sectors = card_sectors(RAW_SEGMENTS, 21, scans=2, newest_bytes=segment)
    print(f"\n32 GB: segments of {segment / MB:.0f} MB, {sectors} sectors read to find the end")
    for clock_hz, sector_ms in SECTOR_MS.items():
        print(f"SPI at {clock_hz / 1e6:.2f} MHz: {sectors * sector_ms:.0f} ms")
        assert sectors * sector_ms < 1000


@pytest.mark.parametrize("name", FLASHES)
def test_wear(name: str) -> None:
    """A full flash, days of running: erases a day, of the most worn block as well."""
    blocks, capacity = FLASHES[name]
    flash = LittleFlash(blocks=blocks)
    fill_folder(flash, capacity)
    flash.chip.forget_costs()
    value = 0
    for day in range(DAYS):
        flash.reset()
        log = Log(flash, POD, capacity, lambda: 1)
        if day == 0:
            log.pair(STORE)
            log.acknowledge(STREAM_STEPS, log.next(STREAM_STEPS))
        for _ in range(PAGES_A_DAY):
            log.append(page_of(log.boot, STREAM_STEPS, value), value, value)
            value += 1
        for number in range(log.wanted(STREAM_STEPS), log.next(STREAM_STEPS) + 1, MESSAGE_PAGES):
            log.acknowledge(STREAM_STEPS, number)
        flash.power.history.clear()
    erases = flash.chip.erases
    most = max(erases) / DAYS
    print(
        f"\n{name}: {PAGES_A_DAY} pages a day, {flash.chip.programs / DAYS:.0f} programs, "
        f"{sum(erases) / DAYS:.0f} erases, of the most worn block {most:.1f}: "
        f"{CYCLES} cycles are {CYCLES / most / 365:.0f} years"
    )


def test_room_for_an_hour() -> None:
    """Steps by the simulated pod, raw samples by arithmetic."""
    seconds = 600
    bench = Bench(running(seconds).source, STRIDELOAD_ODR_HZ=104, STRIDELOAD_GYRO_DPS=0)
    bench.run_until(seconds)
    pages = len(bench.pages()) * 3600 / seconds
    print(f"\nsteps: {pages:.0f} pages an hour, {pages * PAGE_SIZE / MB:.2f} MB")
    for axes, samples in SAMPLES_A_PAGE.items():
        for rate_hz in (104, 208, *RATES_HZ):
            an_hour = rate_hz * 3600 / samples
            size_mb = an_hour * PAGE_SIZE / MB
            print(
                f"raw, {axes} axes, {rate_hz} Hz: {rate_hz / samples:.1f} pages/s, {size_mb:.1f} MB an hour"
            )


def upsampled(recording: dict[str, np.ndarray], rate_hz: float, seed: int = 1) -> np.ndarray:
    """Counts of six axes at a chip's rate, straight lines between the samples and the chip's own noise on them."""
    t_s = np.arange(recording["t_s"][0], recording["t_s"][-1], 1 / rate_hz)
    both = np.hstack([recording["acc_g"] / ACC_G_LSB, recording["gyro_dps"] / GYRO_DPS_LSB])
    noise = np.sqrt(rate_hz / 2) * np.array([NOISE_G / ACC_G_LSB] * 3 + [NOISE_DPS / GYRO_DPS_LSB] * 3)
    counts = np.stack([np.interp(t_s, recording["t_s"], axis) for axis in both.T], axis=1)
    counts += np.random.default_rng(seed).normal(0, noise, counts.shape)
    return np.clip(np.round(counts), -32768, 32767).astype(np.int16)


def packed_share(counts: np.ndarray, group: int) -> float:
    """Bytes of delta and bit-packing over bytes as they are: one width an axis for each `group` of samples."""
    n = len(counts) // group * group
    blocks = counts[:n].reshape(-1, group, counts.shape[1]).astype(int)
    deltas = np.abs(np.diff(blocks, axis=1) * 2 + 1).max(axis=1)  # zigzag
    widths = np.ceil(np.log2(deltas + 1))
    bits = 16 + 8 + widths * (group - 1)
    return float(np.ceil(bits.sum(axis=1) / 8).sum() / (2 * counts[:n].size))


def test_whether_compressing_raw_pages_pays() -> None:
    """Delta and bit-packing in bytecode: its cost in time, and what it would save."""
    folder = tools.recordings()
    names = sorted(path.name for path in folder.glob("*.npz") if "gyro_dps" in np.load(path))
    shares = {}
    for name in names:
        recording = dict(np.load(folder / name))
        own_hz = 1 / np.median(np.diff(recording["t_s"]))
        kind = "run" if name.startswith("run") else "walk"
        for rate_hz in (own_hz, *RATES_HZ):
            key = (kind, "own rate" if rate_hz == own_hz else f"{rate_hz} Hz")
            shares.setdefault(key, []).append(packed_share(upsampled(recording, rate_hz), SAMPLES_A_PAGE[6]))
    print()
    for (kind, rate), found in shares.items():
        print(f"{kind}, {rate}: {len(found)} recordings, {np.mean(found):.0%} of the bytes")
    samples = upsampled(dict(np.load(folder / "run_lsm6ds3_shoe_89hz.npz")), 833)[: 100 * SAMPLES_A_PAGE[6]]
    found = cost_on_micropython(samples)
    for name in ("pack", "add"):
        for rate_hz in RATES_HZ:
            print(f"{name}, {rate_hz} Hz: {share_of_time(found, name, rate_hz):.1%} of an RP2040's time")


def test_what_the_log_costs_in_bytecode() -> None:
    """A page of 25 a second, and opening with 261 names; and what they leave for the garbage collector."""
    found = cost_on_micropython(np.zeros((330, 6), np.int16))
    page_us = {
        name: found[name] / found["iir"] * IIR_CYCLES["MicroPython"] / RP2040_HZ * 1e6
        for name in ("append_raw", "append_steps", "open")
    }
    print(f"\nopen {page_us['open'] / 1000:.0f} ms")
    for name in ("steps", "raw"):
        print(f"a page, {name}: {page_us[f'append_{name}']:.0f} us, {found[f'bytes_{name}']:.0f} bytes")
    assert found["bytes_raw"] < 1024
    assert page_us["append_raw"] * 26 < 0.02 * 1e6


def cost_on_micropython(samples: np.ndarray) -> dict[str, float]:
    """ns of each part of tests/micropython/log_cost.py, and bytes."""
    files = {
        "timing.py": (tools.MICROPYTHON_DIR / "timing.py").read_bytes(),
        "samples.bin": samples.tobytes(),
    }
    ran = micropython.run((tools.MICROPYTHON_DIR / "log_cost.py").read_text(), files)
    return json.loads(ran.files["cost.json"])


def share_of_time(found: dict[str, float], name: str, rate_hz: float) -> float:
    return found[name] / found["iir"] * IIR_CYCLES["MicroPython"] * rate_hz / RP2040_HZ


def test_raw_at_full_rate_on_flash() -> None:
    """25 pages a second on littlefs: the share of time in which the flash is erased and programmed."""
    flash = LittleFlash(blocks=2112)
    log = Log(flash, POD, PAGES_8_MB, lambda: 1)
    flash.chip.forget_costs()
    pages, longest_ms = 0, 0.0
    seconds = 60
    for pages in range(int(seconds * 833 / SAMPLES_A_PAGE[6])):
        before_ms = flash_ms(flash.chip)
        tick_ms = pages * 1000 * SAMPLES_A_PAGE[6] // 833
        try:
            log.append(page_of(log.boot, STREAM_RAW, pages), pages, tick_ms)
        except LogFull:
            break
        longest_ms = max(longest_ms, flash_ms(flash.chip) - before_ms)
    print(
        f"\n{pages} pages in {seconds} s: flash busy {flash_ms(flash.chip) / seconds / 10:.0f} %, at most "
        f"{longest_ms:.0f} ms at once, {sum(flash.chip.erases) / seconds:.1f} erases a second"
    )


def test_power_may_fail_at_any_time_of_an_evening() -> None:
    """In every program and erase, before it and in its midst: some ten thousand cuts."""
    life = evening(LittleFlash)
    count = 0
    for cut in cuts(life.flashes, life.before):
        assert_kept(cut, life, thorough=count % 64 == 0)
        count += 1
    print(f"\n{count} cuts in {life.point} programs and erases of {BLOCK} and {PAGE} bytes")
