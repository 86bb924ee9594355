"""What would end a pod, or cut it off, does not: found by looking for ways to lose a run."""

import json

import numpy as np
import pytest

import main
from strideload.simulate.runner import Runner
from strideload_pod.page import (
    GAP_ASLEEP,
    GAP_LINE,
    GAP_OVERRUN,
    KIND_ANCHOR,
    KIND_GAP,
    KIND_MARK,
    KIND_SESSION_END,
    KIND_SESSION_START,
    UNKNOWN_TEMPERATURE,
    UNKNOWN_U16,
    UNKNOWN_U64,
)
from strideload_pod.pod import BATTERY_EVERY_MS, HELD_MS, LONG_PRESS_MS, WAKING_MS, Pod
from strideload_pod.settings import FILE_NAMES, RUN_MOST
from strideload_pod.sync import RESTS_MS
from support.pod_bench import Bench, running

pytestmark = pytest.mark.usefixtures("no_waiting")

STANDING = Runner(2).session([("stand", 100_000, 0)])
LATE_RUN = Runner(4).session([("stand", 300, 0), ("run", 60, 10), ("stand", 60, 0)])


class Scripted(Bench):
    """Does what is in `acts`, [(second, what)], while the program runs, and stops at `ends_s`."""

    acts = ()
    ends_s = 0.0

    def stopping(self):
        while self.acts and self.acts[0][0] <= self.second:
            self.acts.pop(0)[1]()
        return self.second >= self.ends_s


def say_again(bench):
    """The pod's next boot, on the same board."""
    bench.pod.end()
    bench.pod = Pod(bench)
    bench.pod.begin()


# The line


def test_on_does_not_keep_a_blocking_client_from_its_host_for_good():
    bench = Bench(STANDING.source, host=True)
    bench.host.blocks = True
    bench.say_settings(1, recording="on")
    bench.run_until(10)
    bench.host.connected = False
    bench.run_until(300)
    assert bench.host.connected
    bench.say_settings(2, recording="auto")
    bench.run_for(5)
    assert bench.state()["settings"] == 2


class SlowLine:
    """Joining takes ten seconds, in which nothing else runs, and fails."""

    def __init__(self, bench):
        self.bench = bench
        self.ticks_ms = []
        bench.host.blocks = True
        bench.host.connect = self.connect

    def connect(self, *will):
        self.ticks_ms.append(self.bench.clock.ticks_ms())
        self.bench.pause(10)
        raise OSError(110)


def test_a_line_that_keeps_the_loop_waiting_where_nobody_walks_is_no_fault():
    """It is written down all the same; in a run a hanging loop is a fault as ever."""
    bench = Bench(LATE_RUN.source, host=True)
    line = SlowLine(bench)
    bench.run_until(200)
    assert len(line.ticks_ms) > 2
    gaps = bench.records(KIND_GAP)
    assert set(gaps["cause"].tolist()) == {GAP_LINE}
    assert bench.faults() == {"line_gaps": len(gaps)}
    bench.run_until(330)
    bench.pause(9)
    bench.run_until(350)
    assert bench.faults()["fifo_overruns"] == 1
    assert bench.records(KIND_GAP)["cause"][-1] == GAP_OVERRUN


def test_a_run_that_begins_from_sleep_is_not_spoilt_by_a_line_that_keeps_the_loop_waiting():
    bench = Bench(LATE_RUN.source, host=True, STRIDELOAD_SLEEP_AFTER_S=60)
    line = SlowLine(bench)
    bench.run_until(LATE_RUN.duration_s)
    (woke_ms,) = [woke for _, woke, why in bench.sleeps if why == "motion"][:1]
    assert not [ms for ms in line.ticks_ms if woke_ms <= ms < woke_ms + WAKING_MS]
    assert len(bench.contacts()) >= len(LATE_RUN.ic_s) - 3


def test_a_radio_is_turned_off_also_where_no_goodbye_goes_out():
    bench = Bench(STANDING.source, host=True).run_until(5)
    closed = []
    bench.host.close = lambda: closed.append(bench.clock.ticks_ms())

    def publish(*message):
        raise OSError(104)

    bench.host.publish = publish
    bench.pod.sync.close()
    assert closed


def test_between_connections_what_the_host_says_still_comes_in():
    bench = Bench(STANDING.source, host=True, STRIDELOAD_SYNC_PAUSE_S=600).run_until(RESTS_MS / 1000 + 5)
    assert not bench.host.connected
    bench.say_settings(3, raw=True)
    bench.run_until(650)
    assert bench.state()["settings"] == 3


def test_a_run_goes_home_before_the_pause_is_over():
    run = Runner(3).session([("stand", 3, 0), ("run", 30, 10), ("stand", 800, 0)])
    bench = Bench(run.source, host=True, STRIDELOAD_SYNC_PAUSE_S=3600)
    bench.run_until(700)
    assert len(bench.records(KIND_SESSION_END)) == 1
    assert len(bench.host.pages) == len(bench.pages())


def test_a_battery_that_was_charged_is_seen_before_the_next_page():
    bench = Bench(STANDING.source, host=True)
    bench.battery = 3300
    bench.run_until(30)
    assert not bench.host.connected
    bench.battery = 4100
    bench.run_for(BATTERY_EVERY_MS / 1000 + 30)
    assert bench.host.connected


# Sleep


def test_a_whole_night_is_sleep_and_no_loss():
    bench = Bench(STANDING.source, STRIDELOAD_SLEEP_AFTER_S=60)
    bench.sleep_step_ms = 5_000
    bench.run_until(40_000)
    bench.run_for(5)
    assert bench.faults() == {}
    assert set(bench.records(KIND_GAP)["cause"].tolist()) == {GAP_ASLEEP}


def test_a_chip_that_does_not_start_at_once_after_a_sleep_makes_no_loss_of_it():
    bench = Bench(LATE_RUN.source, STRIDELOAD_SLEEP_AFTER_S=60).run_until(200)
    assert bench.sleeps
    start = bench.pod.imu.start
    tries = []

    def start_late():
        tries.append(1)
        if len(tries) == 1:
            bench.chip.nack(1)
        start()

    bench.pod.imu.start = start_late
    bench.run_until(400)
    assert len(tries) > 1
    assert set(bench.records(KIND_GAP)["cause"].tolist()) == {GAP_ASLEEP}
    assert set(bench.faults()) == {"bus_errors"}


# INT1


class Pin(Bench):
    """Waits for INT1, which can be stuck high."""

    is_stuck = False
    waits = 0

    def wait(self, ms, by_int1=True):
        self.waits += 1
        is_high = self.is_stuck or self.chip.int1
        self.clock.sleep_ms(1 if by_int1 and is_high else ms)


def waits_in(bench, seconds):
    before = bench.waits
    bench.run_for(seconds)
    return bench.waits - before


def test_int1_stuck_high_is_counted_and_no_reason_to_go_round_and_round():
    run = running(30)
    bench = Pin(run.source, odr_hz=208, gyro_dps=2000).run_until(1)
    by_time = waits_in(bench, 2)
    bench.is_stuck = True
    assert waits_in(bench, 10) < 6 * by_time
    assert bench.faults() == {"int1_stuck": 1}
    bench.run_until(38)
    assert bench.contacts().tolist() == Bench(run.source, 208, 2000).run_until(38).contacts().tolist()
    bench.is_stuck = False
    bench.run_for(61)
    bench.is_stuck = True
    bench.run_for(5)
    assert bench.faults() == {"int1_stuck": 2}


def test_a_pod_whose_int1_is_stuck_does_not_fall_asleep_and_wake_without_end():
    bench = Pin(STANDING.source, STRIDELOAD_SLEEP_AFTER_S=60)
    bench.is_stuck = True
    bench.run_until(300)
    assert bench.sleeps == []
    assert len(bench.records(KIND_GAP)) == 0
    bench.is_stuck = False
    bench.run_until(500)
    assert bench.sleeps


def test_a_silent_chip_that_leaves_int1_high_is_asked_twenty_times_a_second_and_no_more():
    bench = Pin(STANDING.source, odr_hz=208).run_until(2)
    bench.chip.nack(10**9)
    assert waits_in(bench, 10) <= 10 * 20 + 1
    assert bench.state()["why_not"] == "chip"
    assert "int1_stuck" not in bench.faults()


# Settings


def test_a_chip_that_cannot_do_what_the_host_said_is_said_and_the_pods_own_settings_hold():
    bench = Bench(host=True)
    bench.say_settings(1, range_g=32)
    bench.run_until(3)
    bench.settings.update(STRIDELOAD_CHIP="LSM6DSOX", STRIDELOAD_RANGE_G=16)
    say_again(bench)
    assert bench.pod.settings["STRIDELOAD_RANGE_G"] == 16
    assert "STRIDELOAD_RANGE_G" in bench.state()["settings_refused"]


def test_what_another_host_said_is_over_when_the_pod_is_given_away():
    bench = Bench(host=True)
    bench.say_settings(1, recording="off", cue={"target_cspm": 17_000, "first_run": 1})
    bench.run_until(3)
    bench.settings["STRIDELOAD_STORE"] = "f" * 32
    say_again(bench)
    assert bench.pod.recording() == "auto"
    assert bench.pod.host.cue is None


def test_a_programme_of_many_runs_still_fits_a_page():
    bench = Bench(running(40).source, host=True)
    bench.say_settings(1, cue={"target_cspm": 19_500, "first_run": RUN_MOST})
    bench.run_until(3)
    bench.pod.host.next_run()
    assert bench.pod.host.cue[1] == RUN_MOST
    bench.run_until(40)
    assert bench.pod.session


def test_a_reading_beyond_its_field_is_unknown_and_ends_nothing():
    bench = Bench(STANDING.source).run_until(2)
    bench.pod.imu.temperature = lambda: 39_167
    bench.battery = 70_000
    bench.press()
    bench.run_for(2)
    newest = bench.pages()[-1]
    assert (newest["temperature"], newest["battery_mv"]) == (UNKNOWN_TEMPERATURE, UNKNOWN_U16)


# A chip that is silent


def test_a_silent_chip_makes_no_flood_of_anchors_and_a_mark_has_the_time_of_its_press():
    bench = Bench(STANDING.source, STRIDELOAD_RECORDING="on").run_until(10)
    bench.chip.nack(10**9)
    bench.run_until(700)
    bench.press()
    bench.run_until(1500)
    assert len(bench.records(KIND_ANCHOR)) <= 6
    (mark,) = bench.records(KIND_MARK)
    assert abs(int(mark["tick_ms"]) - 700_000) < 1000
    assert mark["sample"] == UNKNOWN_U64


# The button


def test_what_the_button_ended_stays_ended_while_its_runner_goes_on():
    """Ten minutes later as well, and although nothing is kept the pod does not sleep beside a runner."""
    run = running(900)
    bench = Bench(run.source, STRIDELOAD_SLEEP_AFTER_S=60).run_until(60)
    bench.press(LONG_PRESS_MS)
    bench.run_until(890)
    assert len(bench.records(KIND_SESSION_START)) == 1
    assert bench.sleeps == []
    assert bench.state()["why_not"] == "off"


@pytest.mark.parametrize("between_s", [0.5, 2, HELD_MS / 1000 - 0.7])
def test_a_second_long_press_takes_the_first_one_back_and_nothing_is_missing(between_s):
    bench = Bench().run_until(30)
    bench.press(LONG_PRESS_MS)
    bench.run_for(between_s)
    bench.press(LONG_PRESS_MS)
    bench.run_for(20)
    assert len(bench.records(KIND_SESSION_END)) == 0
    bench.pod.end()
    untouched = Bench().run_until(bench.second)
    untouched.pod.end()
    assert bench.contacts().tolist() == untouched.contacts().tolist()
    assert bench.pod.strides == untouched.pod.strides


def test_the_host_that_takes_its_off_back_at_once_loses_nothing_either():
    bench = Bench(host=True).run_until(30)
    bench.say_settings(1, recording="off")
    bench.run_for(3)
    bench.say_settings(2, recording="auto")
    bench.run_for(20)
    bench.pod.end()
    untouched = Bench().run_until(bench.second)
    untouched.pod.end()
    assert bench.contacts().tolist() == untouched.contacts().tolist()


def test_a_session_that_was_on_ends_where_it_was_taken_back_and_not_at_its_start():
    bench = Bench(STANDING.source, host=True)
    bench.say_settings(1, recording="on")
    bench.run_until(3600)
    bench.say_settings(2, recording="auto")
    bench.run_until(4300)
    (end,) = bench.records(KIND_SESSION_END)
    assert int(end["tick_ms"]) / 1000 == pytest.approx(3600, abs=5)


def test_a_programme_that_is_ended_ends_at_once():
    bench = Bench(host=True, STRIDELOAD_MOTOR="pin")
    bench.say_settings(1, cue={"target_cspm": 19_500, "first_run": 1})
    bench.run_until(25)
    assert bench.buzzed_ms
    bench.say_settings(2, cue=None)
    bench.run_for(1)
    buzzed = len(bench.buzzed_ms)
    bench.run_until(60)
    assert len(bench.buzzed_ms) == buzzed


def test_what_is_kept_of_the_host_is_two_small_files():
    bench = Bench(host=True)
    for version in range(1, 6):
        bench.say_settings(version, mark=[version, 0])
        bench.run_for(2)
    assert {name for name in bench.files.content if name.startswith("host")} == set(FILE_NAMES)
    assert all(json.loads(bench.files.content[name][8:]) for name in FILE_NAMES)
    assert np.diff(bench.records(KIND_MARK)["tick_ms"].astype(np.int64)).min() > 0


@pytest.mark.parametrize("recording", [None, "auto", "on"])
def test_what_the_button_ended_stays_ended_when_the_host_sets_another_rate(monkeypatch, recording):
    """Unless the host says another word of recording itself: the newest holds."""
    board = Scripted(host=True)
    board.pod.end()
    said = {} if recording is None else {"recording": recording}
    board.acts = [
        (20, lambda: board.press(LONG_PRESS_MS)),
        (30, lambda: board.say_settings(1, odr_hz=208, **said)),
    ]
    board.ends_s = 60
    monkeypatch.setattr(main, "open_board", lambda: board)
    main.main()
    board.pod = Pod(board)
    pages = board.pages(KIND_SESSION_START)
    assert board.settings["STRIDELOAD_ODR_HZ"] == 104
    assert pages["odr_hz"][0] == 104
    assert (208 in pages["odr_hz"]) == (recording == "on")
