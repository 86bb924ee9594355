"""A runner's own cadence, by pace where a watch tells it, and runs beside a target where one is set."""

import time

import pytest

from runner.world import RUNNER, STRIDE_S, World
from store.making import LOG
from strideload import cueing
from strideload.load.activity import pack, track
from strideload.protocol.pod_settings import CueTarget
from strideload.runner import cadence
from strideload.store.kept import activities

POD = "aa" * 8
OWN_SPM = 120 / STRIDE_S
DAYS = ("2026-11-10", "2026-11-12", "2026-11-14")
NOW = "2026-11-20 20:00"


@pytest.fixture
def ran(world: World) -> World:
    for day in DAYS:
        world.run(f"{day} 18:00", 15)
    return world


def watch(world: World, day: str, speed_m_s: float, minutes: int = 15) -> None:
    """A watch that went along with a run of that day at an even speed."""
    start = world.us(f"{day} 18:00")
    utc_us = [start + n * 60_000_000 for n in range(minutes + 1)]
    points = track(utc_us, [n * 60 * speed_m_s for n in range(minutes + 1)])
    row = {
        "runner": RUNNER, "content": f"{day} {speed_m_s}", "name": f"{day}.fit", "start_utc_us": utc_us[0],
        "end_utc_us": utc_us[-1], "distance_m": minutes * 60 * speed_m_s, "ascent_m": None, "descent_m": None,
        "track": pack(points), "imported_utc_us": utc_us[-1],
    }  # fmt: skip
    with world.store.engine.begin() as connection:
        connection.execute(activities.insert(), [row])


def cued_from(world: World, local: str, cspm: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: world.us(local) * 1000)
    world.store.save_state(POD, {"v": 1, "log": f"{LOG:08x}", "chip": "LSM6DSO32"}, world.us(local))
    world.store.change_settings(POD, cue=CueTarget(cspm))


def test_too_few_runs_give_none(world: World) -> None:
    for day in DAYS[:2]:
        world.run(f"{day} 18:00", 15)
    found = cadence.read(world.store, RUNNER, world.now(NOW))
    assert (found.own, found.target, found.cues) == (None, None, [])
    assert [run.cadence_spm for run in found.runs] == pytest.approx([OWN_SPM] * 2, abs=0.1)


def test_without_a_pace_it_is_that_of_the_runs_longest_on_the_ground(ran: World) -> None:
    found = cadence.read(ran.store, RUNNER, ran.now(NOW))
    assert found.own is not None
    assert (found.own.matched, found.own.runs) == ("duty_factor", 3)
    assert found.own.cadence_spm == pytest.approx(OWN_SPM, abs=0.1)
    assert found.target is None  # nobody asked for one


def test_where_a_watch_tells_the_pace_minutes_are_matched_by_it(ran: World) -> None:
    for day, speed_m_s in zip(DAYS, (2.5, 2.52, 2.48), strict=True):
        watch(ran, day, speed_m_s)
    found = cadence.read(ran.store, RUNNER, ran.now(NOW))
    assert found.own is not None
    assert (found.own.matched, found.own.runs) == ("pace", 3)
    assert found.own.speed_m_s == pytest.approx(2.5, rel=0.01)


def test_a_cue_rests_on_the_very_cadence_that_the_page_shows(
    ran: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: ran.us(NOW) * 1000)
    ran.store.save_state(POD, {"v": 1, "log": f"{LOG:08x}", "chip": "LSM6DSO32"}, ran.us(NOW))
    by_duty_factor = cueing.show(ran.store, POD)
    assert by_duty_factor.baseline == cadence.read(ran.store, RUNNER, ran.now(NOW)).own
    assert "The sensor knows no pace" in cueing.in_words(by_duty_factor)
    for day, speed_m_s in zip(DAYS, (2.5, 2.52, 2.48), strict=True):
        watch(ran, day, speed_m_s)
    own = cadence.read(ran.store, RUNNER, ran.now(NOW)).own
    cued = cueing.switch_on(ran.store, POD)
    assert own is not None
    assert (own.matched, cued.baseline) == ("pace", own)
    assert cued.target_cspm == round(107 * own.cadence_spm)
    words = cueing.in_words(cued)
    assert "within 5 % of your usual pace" in words
    assert "no pace" not in words


def test_runs_of_another_pace_do_not_count(ran: World) -> None:
    for day, speed_m_s in zip(DAYS, (2.5, 2.5, 3.5), strict=True):
        watch(ran, day, speed_m_s)
    found = cadence.read(ran.store, RUNNER, ran.now(NOW))
    assert found.own is not None
    assert found.own.matched == "duty_factor"  # two runs near the usual pace are too few


def test_with_a_cue_there_is_a_target_and_each_run_has_its_time_near_it(
    ran: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cued_from(ran, "2026-11-19 12:00", round(100 * OWN_SPM), monkeypatch)
    found = cadence.read(ran.store, RUNNER, ran.now(NOW))
    (cue,) = found.cues
    assert cue.target_spm == pytest.approx(OWN_SPM, abs=0.01)
    assert cue.fading is None  # the pod has not said where its programme stands
    assert [run.share for run in found.runs] == [1.0] * 3
    assert found.target is not None
    assert found.target.low_spm == pytest.approx(1.07 * OWN_SPM, abs=0.2)
    cued_from(ran, "2026-11-19 13:00", round(107 * OWN_SPM), monkeypatch)
    again = cadence.read(ran.store, RUNNER, ran.now(NOW))
    assert [run.share for run in again.runs] == [0.0] * 3


def test_runs_while_a_cue_was_set_are_not_ones_own(ran: World, monkeypatch: pytest.MonkeyPatch) -> None:
    cued_from(ran, f"{DAYS[2]} 12:00", 17_000, monkeypatch)
    assert cadence.read(ran.store, RUNNER, ran.now(NOW)).own is None


def test_a_new_run_is_seen_at_once(ran: World) -> None:
    before = cadence.read(ran.store, RUNNER, ran.now(NOW))
    ran.run("2026-11-16 18:00", 15)
    after = cadence.read(ran.store, RUNNER, ran.now(NOW))
    assert (len(before.runs), len(after.runs)) == (3, 4)
    assert before.own is not None
    assert after.own is not None
    assert after.own.minutes > before.own.minutes


def test_another_runner_has_none_of_it(ran: World) -> None:
    ran.store.ensure_runner("you", "You", "Europe/Paris")
    found = cadence.read(ran.store, "you", ran.now(NOW))
    assert (found.own, found.runs) == (None, [])
