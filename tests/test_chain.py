"""The whole chain in one process: a recording goes in at the sensor's bus and comes out as a day's load."""

import json
import random
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strideload import days
from strideload.deliver import Receiver, deliver
from strideload.host import HostRunning, open_host
from strideload.load.day import to_json
from strideload.progress import progress
from strideload.replay import Replayed, replay
from strideload.settings import Settings, load_settings
from strideload.simulate.pod import ScratchFiles, Take, record
from strideload.simulate.runner import Runner
from strideload.store import Received, open_store
from strideload_pod import page as pages
from strideload_pod.log import SEGMENT_PAGES, Log
from strideload_pod.page import PAGE_SIZE
from support import tools

RUNNER = "me"
UID = bytes.fromhex("00000000c4a10001")
START = datetime(2026, 3, 4, 7, 30, tzinfo=UTC)
PLAN = [
    ("stand", 5.0, 0.0),
    ("walk", 60.0, 5.4),
    ("run", 300.0, 10.5),
    ("walk", 40.0, 5.0),
    ("stand", 5.0, 0.0),
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    tools.program("mosquitto")
    folder = tmp_path / "host"
    folder.mkdir()
    (folder / "strideload.toml").write_text('[runner]\ntime_zone = "Europe/Berlin"\n')
    return load_settings(folder)


@pytest.fixture(scope="module")
def simulated_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of the simulated runner at an uneven rate that is no chip's, 410 s."""
    run = Runner(3).session(PLAN)
    t_s = np.arange(0, run.duration_s, 0.01)
    values = run.source(t_s)
    file = tmp_path_factory.mktemp("recording") / "run.npz"
    np.savez(file, t_s=t_s, acc_g=values[:, :3], gyro_dps=values[:, 3:], ic_s=run.ic_s)
    return file


def play(settings: Settings, file: Path, start: datetime | None = START, **options: Any) -> Replayed:
    return replay(
        settings, file, start=start, **{"foot": "left", "runner": None, "progress": progress, **options}
    )


DAY = START.date()


def day_json(settings: Settings, day: date = DAY) -> dict[str, Any]:
    with open_store(settings.store_url()) as store:
        store.derive()
        return to_json(days.day_of(store, RUNNER, day))


def test_a_recording_becomes_a_day(settings: Settings, simulated_run: Path):
    """Chip, driver, detector, pages, broker, collector, store: the strides are those that the runner made."""
    replayed = play(settings, simulated_run)
    day = day_json(settings)
    true_strides = len(np.load(simulated_run)["ic_s"])
    assert day["known"] == "recorded"
    assert day["origins"] == ["recording"]
    assert day["steps"] == pytest.approx(2 * true_strides, rel=0.02)
    assert day["steps_basis"] == "estimated"
    assert day["running_s"] == pytest.approx(300, abs=8)
    assert day["walking_s"] == pytest.approx(100, abs=10)
    assert day["sessions"][0]["start_utc"] >= "2026-03-04T07:30"
    assert replayed.resampled
    assert day["sessions"][0]["resampled"]


def test_a_replay_again_is_no_change(settings: Settings, simulated_run: Path):
    """Neither with the same start nor, since it was replayed already, without one; another start is another run."""
    first = play(settings, simulated_run)
    day = day_json(settings)
    again, unplaced = play(settings, simulated_run), play(settings, simulated_run, start=None)
    assert first.changed
    assert not again.changed
    assert not unplaced.changed
    assert unplaced.again
    assert unplaced.start_utc == first.start_utc
    assert day_json(settings) == day
    assert play(settings, simulated_run, datetime(2026, 3, 5, 7, 30, tzinfo=UTC)).changed


def test_the_other_foot_is_a_correction(settings: Settings, simulated_run: Path):
    """The same recording on another foot is no second pod: nothing is counted that was estimated."""
    play(settings, simulated_run, foot="left")
    left = day_json(settings)
    assert not play(settings, simulated_run, foot="right").changed
    right = day_json(settings)
    assert right["left"] is None
    assert right["right"] == left["left"]
    assert right["steps_estimated"] == left["steps_estimated"] == right["steps"]


def test_a_long_gap_of_a_recording_is_no_time_recorded(
    settings: Settings, simulated_run: Path, tmp_path: Path
):
    """A session ends before it and another begins after it; a short one is bridged, and said so."""
    whole = np.load(simulated_run)
    t_s = whole["t_s"]
    kept = ~(((t_s > 150) & (t_s < 190)) | ((t_s > 250) & (t_s < 250.2)))
    file = tmp_path / "gap.npz"
    np.savez(file, t_s=t_s[kept], acc_g=whole["acc_g"][kept], gyro_dps=whole["gyro_dps"][kept])
    replayed = play(settings, file)
    day = day_json(settings)
    assert replayed.gaps == 2
    assert "Gaps in the recording: 2" in replayed.in_words()
    assert len(day["sessions"]) == 2
    assert day["running_s"] == pytest.approx(260, abs=8)


def test_a_recording_without_a_step_says_so(settings: Settings, tmp_path: Path):
    t_s = np.arange(0, 60, 0.01)
    file = tmp_path / "still.npz"
    np.savez(file, t_s=t_s, acc_g=np.tile([0.0, 0.0, 1.0], (len(t_s), 1)))
    assert "No step was found" in play(settings, file).in_words()


def test_a_rebuild_is_identical(settings: Settings, simulated_run: Path):
    """Derived rows are a function of the pages."""
    play(settings, simulated_run)
    day = day_json(settings)
    with open_store(settings.store_url()) as store:
        before = store.derived_digest()
        assert store.rebuild() == 1
        assert store.derived_digest() == before
    assert day_json(settings) == day


def test_a_run_over_midnight_is_in_both_days(settings: Settings, simulated_run: Path):
    """Steps count where they fell in the runner's zone; together they are the whole run."""
    whole = play(settings, simulated_run)
    one_day = day_json(settings)
    # 23:57 in Berlin
    over = play(settings, simulated_run, datetime(2026, 3, 10, 22, 57, tzinfo=UTC))
    before, after = day_json(settings, date(2026, 3, 10)), day_json(settings, date(2026, 3, 11))
    assert whole.pages == over.pages
    assert before["steps"] > 0
    assert after["steps"] > 0
    assert before["steps"] + after["steps"] == one_day["steps"]


def test_a_replay_goes_through_a_host_that_runs_already(settings: Settings, simulated_run: Path):
    """The folder belongs to one collector; a replay uses its broker rather than begin another."""
    with open_host(settings):
        with pytest.raises(HostRunning), open_host(settings):
            pass
        assert play(settings, simulated_run).changed
    assert day_json(settings)["known"] == "recorded"


def test_an_unevenly_sampled_recording_says_so(settings: Settings, recordings: Path):
    """The 89 Hz one over BLE: resampled and marked, and its cadence is the recorded 85 strides a minute."""
    replayed = play(settings, recordings / "run_lsm6ds3_shoe_89hz.npz")
    assert replayed.resampled
    assert "Resampled" in replayed.in_words()
    day = day_json(settings)
    assert day["left"]["running"]["cadence_spm"] / 2 == pytest.approx(85, abs=10)
    assert day["left"]["clipped_share"] > 0


def test_a_real_run_of_25_minutes(settings: Settings, recordings: Path):
    """Stops and walks included; at the shoe without gyroscope."""
    play(settings, recordings / "run_outdoor_shoe_100hz.npz")
    day = day_json(settings)
    assert day["recorded_s"] == pytest.approx(1500, abs=15)
    assert 900 < day["running_s"] < 1300
    assert 150 < day["left"]["running"]["cadence_spm"] < 170
    assert 2900 < day["steps"] < 3400


# Disturbances: the same log, however it arrives, is the same day.


@pytest.fixture(scope="module")
def payloads(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The pages of a simulated run, each alone."""
    files = ScratchFiles(tmp_path_factory.mktemp("log"))
    run = Runner(5).session(PLAN)
    wanted = {"STRIDELOAD_ODR_HZ": 104, "STRIDELOAD_ORIGIN": "simulated"}
    record(Take(run.source, int(START.timestamp() * 1000), run.duration_s, wanted), UID, files, 0xABCD)
    data = b"".join(file.read_bytes() for file in sorted(files.folder.glob("0-*.seg")))
    return [data[at : at + PAGE_SIZE] for at in range(0, len(data), PAGE_SIZE)]


@pytest.fixture
def store_day(tmp_path: Path) -> Callable[[list[bytes]], tuple[dict[str, Any], str]]:
    """Messages into a store of their own -> the day, and the digest of all that was derived."""
    made = 0

    def collect(messages: list[bytes]) -> tuple[dict[str, Any], str]:
        nonlocal made
        made += 1
        with open_store(tmp_path / f"{made}.db") as store:
            store.ensure_runner(RUNNER, "Runner", "Europe/Berlin")
            for message in messages:
                store.add([Received(UID.hex(), message, 1)])
            store.derive()
            return to_json(days.day_of(store, RUNNER, START.date())), store.derived_digest()

    return collect


def test_thrice_out_of_order_with_holes_filled_later_is_the_same_day(
    store_day: Callable[[list[bytes]], tuple[dict[str, Any], str]], payloads: list[bytes]
):
    """Every tenth page is missing at first and comes at the end; all come three times, shuffled."""
    undisturbed = store_day(payloads)
    chance = random.Random(7)
    held_back = payloads[::10]
    disturbed = [page for page in payloads if page not in held_back] * 3
    chance.shuffle(disturbed)
    assert store_day(disturbed + held_back * 3) == undisturbed
    assert undisturbed[0]["steps"] > 500


# Hosts come back from older copies, and logs begin anew.


def log_of(files: ScratchFiles) -> Log:
    return Log(files, UID, 1 << 16, lambda: 0x10AD)


def write_log(files: ScratchFiles, count: int) -> None:
    """A log with `count` pages, in segments that can be freed."""
    log, page = log_of(files), pages.Page(UID)
    for number in range(count):
        page.open(pages.KIND_STEPS, number * 900)
        page.add(0, 20_000, 60_000, 300, 8_000, pages.STEP_KIND_RUN, 0, 0)
        log.append(page, number * 900, number * 1000)


def test_a_host_restored_from_an_older_copy_asks_again(settings: Settings, tmp_path: Path):
    """The pod still has what it was once allowed to forget, and sends it; nothing is missing, nothing double."""
    files = ScratchFiles(tmp_path / "pod")
    write_log(files, 150)
    backup = tmp_path / "backup.db"
    with open_host(settings) as host:
        to = Receiver(host.store, host.broker.address)
        deliver(to, UID, files, lambda share: None)
        _copy_database(settings, backup)
        write_log(files, 150)
        deliver(to, UID, files, lambda share: None)
        assert host.store.page_count() == 300
    _restore_database(settings, backup)
    with open_host(settings) as host:
        assert host.store.page_count() == 150
        deliver(Receiver(host.store, host.broker.address), UID, files, lambda share: None)
        assert host.store.page_count() == 300
        assert host.store.rejections() == {}


def test_what_a_pod_has_forgotten_is_recorded_as_lost(settings: Settings, tmp_path: Path):
    """A host restored from before the pod freed its pages: the pod declares them gone, and the rest arrives."""
    files = ScratchFiles(tmp_path / "pod")
    write_log(files, 200)
    for segment in sorted(files.folder.glob("0-*.seg"))[:2]:
        segment.unlink()
    with open_host(settings) as host:
        deliver(Receiver(host.store, host.broker.address), UID, files, lambda share: None)
        # The pages of two segments are gone; the page that says so is one more.
        assert host.store.page_count() == 200 - 2 * SEGMENT_PAGES + 1
        assert host.store.wanted(UID.hex(), log_of(files).id, 0) == 201


def test_a_log_formatted_anew_is_another_log(settings: Settings, tmp_path: Path):
    """Its numbers begin at 0 again, and none of its pages passes for a repeat of the old log's."""
    old, new = ScratchFiles(tmp_path / "old"), ScratchFiles(tmp_path / "new")
    write_log(old, 40)
    log = Log(new, UID, 1 << 16, lambda: 0xBEEF)
    page = pages.Page(UID)
    for number in range(30):
        page.open(pages.KIND_STEPS, number * 700)
        page.add(0, 20_000, 60_000, 300, 9_000, pages.STEP_KIND_RUN, 0, 0)
        log.append(page, number * 700, number * 1000)
    with open_host(settings) as host:
        to = Receiver(host.store, host.broker.address)
        deliver(to, UID, old, lambda share: None)
        delivered = deliver(to, UID, new, lambda share: None)
        assert delivered.stored == delivered.pages == 30
        assert host.store.page_count() == 70
        assert host.store.rejections() == {}


def _copy_database(settings: Settings, to: Path) -> None:
    with sqlite3.connect(settings.folder / "strideload.db") as source, sqlite3.connect(to) as target:
        source.backup(target)


def _restore_database(settings: Settings, backup: Path) -> None:
    database = settings.folder / "strideload.db"
    for file in settings.folder.glob("strideload.db*"):
        file.unlink()
    backup.rename(database)


def test_the_summary_is_json_without_nan(settings: Settings, simulated_run: Path):
    """What machines read is JSON to the letter."""
    play(settings, simulated_run)
    json.dumps(day_json(settings), allow_nan=False)
