"""A pod that nobody wears sleeps, wakes on motion, and loses neither a run nor its count of samples."""

import numpy as np
import pytest

from strideload.simulate.runner import Runner
from strideload.store import Received, open_store
from strideload_pod.page import (
    GAP_ASLEEP,
    KIND_ALIVE,
    KIND_GAP,
    KIND_SESSION_END,
    KIND_SESSION_START,
    SESSION_MOTION,
    SESSION_QUIET,
)
from strideload_pod.pod import ALIVE_EVERY_MS, LONG_PRESS_MS, SYNC_PATIENCE_MS
from support.pod_bench import UID, Bench, off_s

pytestmark = pytest.mark.usefixtures("no_waiting")

AFTER_S = 60
RESTS_S = 900.0  # before and between two runs
TWO_RUNS = Runner(4).session(
    [("stand", RESTS_S, 0), ("run", 120, 10), ("stand", 600 + RESTS_S, 0), ("run", 60, 9), ("stand", 30, 0)]
)
STANDING = Runner(4).session([("stand", 90_000, 0)])


def sleeper(run=TWO_RUNS, **settings):
    return Bench(run.source, STRIDELOAD_SLEEP_AFTER_S=AFTER_S, **settings)


@pytest.fixture(scope="module")
def two_runs(no_waiting):
    return sleeper().run_until(TWO_RUNS.duration_s)


def test_it_sleeps_when_nobody_walks_and_wakes_when_the_shoe_moves(two_runs):
    assert [why for _, _, why in two_runs.sleeps][:2] == ["motion", "motion"]
    first, second = two_runs.sleeps[:2]
    assert abs(first[0] - 1000 * AFTER_S) < 2_000
    assert first[1] / 1000 == pytest.approx(RESTS_S, abs=1.0)
    assert second[0] / 1000 == pytest.approx(RESTS_S + 120 + 600 + AFTER_S, abs=5.0)


def test_both_runs_are_there_from_the_second_stride_on(two_runs):
    assert two_runs.records(KIND_SESSION_START)["reason"].tolist() == [SESSION_MOTION] * 2
    assert two_runs.records(KIND_SESSION_END)["reason"].tolist()[:1] == [SESSION_QUIET]
    rate_hz = two_runs.pod.imu.rate_mhz / 1000
    start = two_runs.records(KIND_SESSION_START)[0]
    found_s = int(start["tick_ms"]) / 1000 + (two_runs.contacts() - int(start["sample"])) / rate_hz
    off = off_s(found_s, TWO_RUNS.ic_s)
    assert len(off) >= len(TWO_RUNS.ic_s) - 6
    assert np.abs(np.median(off)) < 0.05
    assert np.abs(off).max() < 0.15


def test_sleep_is_a_gap_of_its_own_and_no_loss(two_runs):
    gaps = two_runs.records(KIND_GAP)
    assert set(gaps["cause"].tolist()) == {GAP_ASLEEP}
    assert two_runs.faults() == {}
    slept_s = sum(woke - fell for fell, woke, _ in two_runs.sleeps) / 1000
    rate_hz = two_runs.pod.imu.rate_mhz / 1000
    assert gaps["lost"].sum() / rate_hz == pytest.approx(slept_s, abs=1.0 * len(gaps))


def test_the_host_dates_both_runs(two_runs, tmp_path):
    with open_store(tmp_path / "store.db") as store:
        store.ensure_runner("me", "me", "UTC")
        store.assign(UID.hex(), "me", "left", 0)
        store.add([Received(UID.hex(), two_runs.data(), 0)])
        store.derive()
        sessions = store.sessions("me", 0, 2**60)
    assert len(sessions) == 2
    assert all(len(session.gaps) == 0 for session in sessions)


def test_an_alive_record_twice_a_day_however_long_nobody_walks():
    bench = sleeper(STANDING)
    bench.sleep_step_ms = 5_000
    bench.run_until(88_000)
    alive = bench.records(KIND_ALIVE)
    assert len(alive) == 3
    assert np.diff(alive["tick_ms"].astype(np.int64)) == pytest.approx([ALIVE_EVERY_MS] * 2, abs=2_000)
    asleep_ms = sum(woke - fell for fell, woke, _ in bench.sleeps)
    assert asleep_ms > 0.99 * 88_000_000


def test_a_press_wakes_it_and_is_heard():
    bench = sleeper(STANDING).run_until(2)
    bench.press(LONG_PRESS_MS, after_s=200)
    bench.run_until(210)
    ((_, woke_ms, why),) = bench.sleeps
    assert (why, woke_ms) == ("button", pytest.approx(202_000, abs=1000))
    assert len(bench.records(KIND_SESSION_START)) == 1


def test_it_does_not_sleep_before_the_host_has_all_but_does_not_wait_for_ever():
    bench = sleeper(STANDING, host=True)
    bench.host.answers = False
    bench.run_until(AFTER_S + SYNC_PATIENCE_MS / 1000 - 5)
    assert bench.sleeps == []
    bench.run_until(AFTER_S + SYNC_PATIENCE_MS / 1000 + 5)
    assert len(bench.sleeps) == 1
    assert not bench.host.connected


def test_it_sleeps_at_once_when_the_host_has_all():
    bench = sleeper(STANDING, host=True).run_until(AFTER_S + 5)
    assert len(bench.sleeps) == 1
    assert len(bench.host.pages) == len(bench.pages())


def test_where_nothing_could_wake_it_or_the_setting_says_never_it_stays_awake():
    assert Bench(STANDING.source).run_until(700).sleeps == []
    bench = sleeper(STANDING)
    bench.can_sleep = False
    assert bench.run_until(700).sleeps == []


def test_a_chip_that_will_not_watch_keeps_the_pod_awake_and_is_set_up_again():
    bench = sleeper(STANDING)
    bench.run_until(AFTER_S - 2)
    watch = bench.pod.imu.watch_motion
    bench.pod.imu.watch_motion = lambda: (bench.chip.nack(1), watch())[1]
    bench.run_until(AFTER_S + 10)
    assert bench.sleeps == []
    assert bench.faults()["bus_errors"] == 1
    assert bench.state()["recording"]
    bench.pod.imu.watch_motion = watch
    bench.run_until(2 * AFTER_S + 20)
    assert len(bench.sleeps) == 1


class Asleep(BaseException):
    """Leaves the program, as a board does whose deep sleep starts it anew."""


def test_a_board_that_wakes_anew_leaves_the_chip_watching():
    bench = sleeper()

    def sleep(ms):
        raise Asleep

    bench.sleep = sleep
    with pytest.raises(Asleep):
        bench.pod.run()
    bench.clock.sleep_ms(500_000)
    assert not bench.chip.int1
    bench.clock.sleep_ms(round(1000 * (RESTS_S + 2 - bench.second)))
    assert bench.chip.int1


def test_ctrl_c_in_its_sleep_leaves_a_gap_of_sleep_and_no_loss():
    bench = sleeper()

    def sleep(ms):
        bench.pause(100)
        raise KeyboardInterrupt

    bench.sleep = sleep
    with pytest.raises(KeyboardInterrupt):
        bench.pod.run()
    (gap,) = bench.records(KIND_GAP)
    assert gap["cause"] == GAP_ASLEEP
    assert abs(int(gap["lost"]) - 100 * 104) < 104
    assert bench.faults() == {}
