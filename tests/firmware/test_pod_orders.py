"""What button and host say to a pod, what it keeps beside steps, and what its lamp and motor say."""

import json

import numpy as np
import pytest

from strideload.protocol import pages as protocol
from strideload.simulate.runner import Runner
from strideload_pod import lamp
from strideload_pod.page import (
    CUE_FADED,
    CUE_FAILED,
    CUE_GIVEN,
    GAP_OVERRUN,
    KIND_CUE,
    KIND_GAP,
    KIND_MARK,
    KIND_RAW,
    KIND_SESSION_END,
    KIND_SESSION_START,
    MARK_BUTTON,
    MARK_HOST,
    SESSION_BUTTON,
    SESSION_MOTION,
    SESSION_QUIET,
    SESSION_SETTINGS,
    STREAM_RAW,
    UNKNOWN_UTC_MS,
)
from strideload_pod.pod import CUE_RUN_MS, LONG_PRESS_MS, SESSION_ENDS_MS, Pod
from support.pod_bench import RUN, STANDS_S, UTC_MS, Bench, running

pytestmark = pytest.mark.usefixtures("no_waiting")

LONG_MS = LONG_PRESS_MS
STANDING = Runner(2).session([("stand", 700, 0)])


def told_state(bench):
    return json.loads(bench.host.payloads("state")[-1][1])


# The button


def test_a_short_press_makes_a_mark_with_its_time_in_a_session_or_not():
    bench = Bench().run_until(1)
    bench.press()
    bench.run_until(30)
    bench.press(LONG_MS - 1)
    bench.run_until(31)
    first, second = bench.records(KIND_MARK)
    assert [m["source"] for m in (first, second)] == [MARK_BUTTON] * 2
    assert (first["utc_ms"], second["utc_ms"]) == (UTC_MS + first["tick_ms"], UTC_MS + second["tick_ms"])
    assert abs(int(second["tick_ms"]) - 30_000) < 1000
    assert len(bench.records(KIND_SESSION_END)) == 0


def test_a_mark_without_a_clock_has_its_tick():
    bench = Bench(knows_utc=False).run_until(1)
    bench.press()
    (mark,) = bench.run_until(3).records(KIND_MARK)
    assert mark["utc_ms"] == UNKNOWN_UTC_MS
    assert abs(int(mark["tick_ms"]) - 1000) < 1000


def test_a_long_press_begins_a_session_before_any_step_and_the_first_steps_are_in_it():
    bench = Bench().run_until(1)
    bench.press(LONG_MS)
    bench.run_until(30)
    (start,) = bench.records(KIND_SESSION_START)
    assert start["reason"] == SESSION_BUTTON
    assert abs(int(start["tick_ms"]) - 1000) < 1000
    untouched = Bench().run_until(30)
    assert bench.contacts().tolist() == untouched.contacts().tolist()


def test_a_long_press_ends_it_with_every_contact_until_then_and_none_after():
    pressed_s = 30.0
    bench = Bench().run_until(pressed_s)
    bench.press(LONG_MS)
    bench.run_until(60)
    (end,) = bench.records(KIND_SESSION_END)
    assert end["reason"] == SESSION_BUTTON
    assert abs(int(end["tick_ms"]) - 30_000) < 1000
    all_of_them = Bench().run_until(60).contacts()
    until_then = all_of_them[all_of_them < int(end["sample"])]
    assert bench.contacts().tolist() == until_then.tolist()
    assert len(until_then) > 20
    assert not bench.state()["recording"]
    assert bench.state()["why_not"] == "off"


def test_after_the_button_ended_it_the_button_begins_it_again():
    bench = Bench().run_until(20)
    bench.press(LONG_MS)
    bench.run_until(35)
    bench.press(LONG_MS)
    bench.run_until(50)
    starts = bench.records(KIND_SESSION_START)
    assert starts["reason"].tolist() == [SESSION_MOTION, SESSION_BUTTON]
    contacts = bench.contacts()
    assert (contacts > float(starts["sample"][1])).sum() > 10


def test_a_session_begun_by_hand_and_forgotten_ends_after_ten_quiet_minutes():
    bench = Bench(STANDING.source).run_until(5)
    bench.press(LONG_MS)
    bench.run_until(5 + SESSION_ENDS_MS / 1000 + 2)
    (end,) = bench.records(KIND_SESSION_END)
    assert end["reason"] == SESSION_QUIET
    assert bench.state()["recording"]
    assert bench.state()["session"] is None


# The host's settings


def test_a_version_is_confirmed_and_a_mark_made_once():
    bench = Bench(host=True).run_until(5)
    for _ in range(2):
        bench.say_settings(4, mark=[9, 1234])
        bench.run_for(3)
    (mark,) = bench.records(KIND_MARK)
    assert (mark["source"], mark["code"]) == (MARK_HOST, 1234)
    assert (told_state(bench)["settings"], told_state(bench)["settings_refused"]) == (4, None)


def test_what_no_pod_can_do_is_said_and_nothing_changes():
    bench = Bench(host=True).run_until(20)
    bench.say_settings(4, odr_hz=12345)
    bench.run_for(3)
    assert told_state(bench)["settings"] is None
    assert "STRIDELOAD_ODR_HZ" in told_state(bench)["settings_refused"]
    assert not bench.pod.is_again
    assert len(bench.records(KIND_SESSION_END)) == 0


def test_another_stores_settings_are_nobodys():
    bench = Bench(host=True).run_until(20)
    bench.say_settings(4, store="f" * 32, recording="off")
    bench.run_for(10)
    assert told_state(bench)["settings"] is None
    assert bench.state()["recording"]


def test_off_keeps_nothing_and_auto_keeps_again():
    bench = Bench(host=True)
    bench.say_settings(1, recording="off")
    bench.run_until(30)
    assert len(bench.records(KIND_SESSION_START)) == 0
    bench.say_settings(2, recording="auto")
    bench.run_until(50)
    (start,) = bench.records(KIND_SESSION_START)
    assert start["reason"] == SESSION_MOTION
    assert float(bench.contacts()[0]) > 25 * 104


def test_on_keeps_a_session_open_whatever_the_foot_does():
    bench = Bench(STANDING.source, host=True)
    bench.say_settings(1, recording="on")
    bench.run_until(690)
    (start,) = bench.records(KIND_SESSION_START)
    assert start["reason"] == SESSION_SETTINGS
    assert len(bench.records(KIND_SESSION_END)) == 0
    bench.say_settings(2, recording="off")
    bench.run_for(8)
    assert bench.records(KIND_SESSION_END)["reason"].tolist() == [SESSION_SETTINGS]


def test_another_rate_begins_another_boot_and_loses_no_page():
    bench = Bench(host=True).run_until(25)
    bench.say_settings(1, odr_hz=208, range_g=16)
    bench.run_for(2)
    assert bench.pod.is_again
    bench.pod.end()
    first_boot = bench.pod.log.boot
    bench.pod = Pod(bench)
    bench.pod.begin()
    bench.run_until(50)
    pages = bench.pages()
    assert set(pages["boot"].tolist()) == {first_boot, first_boot + 1}
    assert set(pages["odr_hz"][pages["boot"] == first_boot].tolist()) == {104}
    assert set(pages["odr_hz"][pages["boot"] > first_boot].tolist()) == {208}
    assert set(pages["acc_range_g"][pages["boot"] > first_boot].tolist()) == {16}
    assert bench.records(KIND_SESSION_END)["reason"].tolist() == [SESSION_SETTINGS]
    assert len(bench.records(KIND_SESSION_START)) == 2
    assert pages["number"].tolist() == list(range(len(pages)))
    assert told_state(bench)["settings"] == 1


def test_the_program_begins_anew_by_itself():
    """`run` says so, and main.py goes on with another pod on the same board."""
    bench = Bench(host=True)
    bench.say_settings(1, odr_hz=208)
    assert bench.pod.run()
    bench.pod = Pod(bench)
    assert bench.pod.settings["STRIDELOAD_ODR_HZ"] == 208
    bench.is_stopping = True
    assert not bench.pod.run()


# Raw capture


def raw_samples(bench):
    """(sample numbers, axes)"""
    pages = bench.pages(KIND_RAW, STREAM_RAW)
    index, records = protocol.records(pages, KIND_RAW)
    at = np.arange(len(index)) - np.searchsorted(index, index)
    return pages["first_sample"][index].astype(np.int64) + at, len(records.dtype)


@pytest.mark.parametrize("gyro_dps", [0, 2000])
def test_raw_keeps_every_sample_of_a_session_beside_the_steps(gyro_dps):
    run = running(20)
    bench = Bench(run.source, gyro_dps=gyro_dps, STRIDELOAD_RAW=1).run_until(20)
    bench.press(LONG_MS)
    bench.run_for(10)
    numbers, axes = raw_samples(bench)
    (end,) = bench.records(KIND_SESSION_END)
    assert axes == (6 if gyro_dps else 3)
    assert np.diff(numbers).tolist() == [1] * (len(numbers) - 1)
    assert numbers[-1] >= int(end["sample"])
    assert len(numbers) > 12 * 104
    untouched = Bench(run.source, gyro_dps=gyro_dps).run_until(20)
    assert bench.contacts().tolist()[: len(untouched.contacts())] == untouched.contacts().tolist()
    assert (
        bench.pages(KIND_RAW, STREAM_RAW)["session"] == bench.pages(KIND_SESSION_START)["session"][0]
    ).all()


def test_a_gap_is_a_jump_between_raw_pages():
    bench = Bench(odr_hz=416, STRIDELOAD_RAW=1).run_until(20)
    bench.pause(2.5)
    bench.run_until(25)
    (gap,) = bench.records(KIND_GAP)
    numbers, _ = raw_samples(bench)
    (jump,) = np.flatnonzero(np.diff(numbers) != 1)
    assert gap["cause"] == GAP_OVERRUN
    assert (numbers[jump] + 1, numbers[jump + 1] - numbers[jump] - 1) == (gap["sample"], gap["lost"])


def test_raw_is_begun_and_ended_by_the_host():
    bench = Bench(host=True).run_until(20)
    assert len(raw_samples(bench)[0]) == 0
    bench.say_settings(1, raw=True)
    bench.run_until(30)
    bench.say_settings(2, raw=False)
    bench.run_until(40)
    numbers, _ = raw_samples(bench)
    assert 9 * 104 < len(numbers) < 11 * 104


# The cadence cue


def cued(target_cspm, first_run=1, run=RUN, motor="pin"):
    bench = Bench(run.source, host=True, STRIDELOAD_MOTOR=motor)
    bench.say_settings(1, cue={"target_cspm": target_cspm, "first_run": first_run})
    return bench


def cadence_cspm(run):
    return 12_000 / np.median(np.diff(run.ic_s[run.ic_s > STANDS_S + 5]))


def test_a_cadence_off_its_target_is_cued_every_twenty_seconds_and_written_down():
    bench = cued(19_500).run_until(62)
    cues = bench.records(KIND_CUE)
    true_cspm = cadence_cspm(RUN)
    assert cues["outcome"].tolist() == [CUE_GIVEN] * len(cues)
    assert len(cues) == len(bench.buzzed_ms) >= 3
    assert np.diff(bench.buzzed_ms).min() >= 20_000
    assert cues["cadence_cspm"] == pytest.approx([true_cspm] * len(cues), rel=0.02)
    assert set(cues["target_cspm"].tolist()) == {19_500}
    assert set(cues["run"].tolist()) == {1}
    assert set(cues["share_percent"].tolist()) == {100}
    assert told_state(bench)["cue"] == {"target_cspm": 19_500, "run": 1}


def test_a_cadence_on_its_target_is_left_alone():
    bench = cued(round(cadence_cspm(RUN))).run_until(62)
    assert len(bench.records(KIND_CUE)) == len(bench.buzzed_ms) == 0


def test_a_motor_that_does_not_answer_is_written_down():
    bench = cued(19_500)
    bench.motor_answers = False
    cues = bench.run_until(62).records(KIND_CUE)
    assert set(cues["outcome"].tolist()) == {CUE_FAILED}


def test_without_a_motor_it_is_written_down():
    cues = cued(19_500, motor="").run_until(60).records(KIND_CUE)
    assert set(cues["outcome"].tolist()) == {CUE_FAILED}


def test_the_eighth_run_is_run_alone():
    bench = cued(19_500, first_run=8).run_until(62)
    cues = bench.records(KIND_CUE)
    assert len(cues) >= 3
    assert set(cues["outcome"].tolist()) == {CUE_FADED}
    assert set(cues["share_percent"].tolist()) == {0}
    assert bench.buzzed_ms == []


def test_ten_minutes_of_running_are_a_run_of_the_programme_and_less_is_none():
    for seconds, run in ((CUE_RUN_MS / 1000 + 20, 2), (60, 1)):
        bench = cued(17_000, run=running(seconds)).run_until(STANDS_S + seconds - 2)
        bench.press(LONG_MS)
        bench.run_for(10)
        assert bench.pod.host.cue == (17_000, run)


def test_walking_is_never_cued():
    walk = Runner(3).session([("stand", 2, 0), ("walk", 60, 5.0)])
    bench = cued(19_500, run=walk).run_until(60)
    assert len(bench.contacts()) > 30
    assert len(bench.records(KIND_CUE)) == 0


# The lamp


def test_the_lamp_says_what_the_pod_does():
    bench = Bench().run_until(2)
    assert bench.pod.lamp_pattern() == lamp.WATCHING
    bench.run_until(30)
    assert bench.pod.lamp_pattern() == lamp.IN_SESSION
    flashes = [ms for ms in bench.lit_ms if ms > 20_000]
    assert np.diff(flashes) == pytest.approx([2000] * (len(flashes) - 1), abs=500)
    bench.press(LONG_MS)
    bench.run_until(40)
    assert bench.pod.lamp_pattern() == lamp.DARK
    assert max(bench.lit_ms) < 38_000


def test_the_lamp_blinks_when_the_log_is_full():
    bench = Bench(STRIDELOAD_LOG_PAGES=256, STRIDELOAD_STORE="f" * 32)
    while bench.pod.log.free():
        bench.pod._note_alive()
    bench.run_for(3)
    assert bench.state()["why_not"] == "log full"
    assert bench.pod.lamp_pattern() == lamp.NOT_RECORDING


# The line


class Counting:
    """How often the pod began to connect."""

    def __init__(self, bench, blocks):
        self.client = bench.host
        self.client.blocks = blocks
        self.ticks_ms = []
        self.was = self.client.connect
        self.client.connect = self.connect

    def connect(self, *will):
        self.ticks_ms.append(self.client.clock.ticks_ms())
        self.was(*will)


@pytest.mark.parametrize("blocks", [True, False])
def test_a_client_that_would_block_is_not_asked_to_connect_in_a_session(blocks):
    bench = Bench(host=True)
    connects = Counting(bench, blocks)
    bench.run_until(15)
    assert bench.pod.session
    bench.host.connected = False
    bench.run_until(60)
    later = [ms for ms in connects.ticks_ms if ms > 15_000]
    assert (later == []) == blocks


def test_a_low_battery_is_kept_for_recording():
    bench = Bench(host=True)
    connects = Counting(bench, False)
    bench.battery = 3300
    bench.run_until(40)
    assert not bench.host.connected
    assert len([ms for ms in connects.ticks_ms if ms > 12_000]) == 0
    assert bench.pod.session
    bench.battery = 3700
    assert bench.run_until(60).host.connected


def test_between_connections_the_line_rests():
    bench = Bench(STANDING.source, host=True, STRIDELOAD_SYNC_PAUSE_S=120)
    connects = Counting(bench, False)
    bench.run_until(400)
    assert 3 <= len(connects.ticks_ms) <= 5
    assert np.diff(connects.ticks_ms).min() >= 120_000


# The check at rest


@pytest.mark.parametrize(("part", "mg"), [("LSM6DSO32", None), ("LSM6DSOX", 500)])
def test_a_part_that_is_not_the_one_that_was_set_up_is_told_and_recorded_from_all_the_same(part, mg):
    """The chip is an LSM6DSO32; the other part answers alike and is half as sensitive at the same code."""
    bench = Bench(STRIDELOAD_CHIP=part, STRIDELOAD_RANGE_G=16).run_until(2.5)
    bench.press(LONG_MS)
    bench.run_until(10)
    pages = bench.pages(KIND_SESSION_START)
    assert pages["rest_errors"].tolist() == [mg is not None]
    assert pages["rest_mg"].tolist() == pytest.approx([mg or 1000], abs=100)
    assert bench.state()["rest_mg"] == (None if mg is None else pages["rest_mg"][0])
    assert bench.state()["recording"]
