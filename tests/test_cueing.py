"""The cadence cue as the command switches it: from the runner's own runs, never a jump, and what is known of it."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.making import LOG, POD, STRIDE_SAMPLES, T0_MS, Pod, messages, samples
from strideload import cueing
from strideload.errors import StrideloadError
from strideload.load.cue import CueRefused
from strideload.protocol.pod_settings import CueTarget
from strideload.store import Store, open_store, schema
from strideload_pod import page

DAY_S = 86_400
NOW_S = T0_MS / 1000 + 20 * DAY_S
OWN_SPM = 120 / (STRIDE_SAMPLES / 416.7)  # of the runs that store.making makes


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of day, s since 1970, to be turned by hand."""
    at = [NOW_S]
    monkeypatch.setattr(time, "time_ns", lambda: round(at[0] * 1e9))
    return at


@pytest.fixture
def store(tmp_path: Path, now: list[float]) -> Iterator[Store]:
    """A runner with three runs of a quarter of an hour, on days 1, 3 and 5."""
    with open_store(tmp_path / "store.db") as opened:
        opened.ensure_runner("me", "Me", "UTC")
        opened.assign(POD, "me", "left", 0)
        run(opened, 1, 3, 5)
        yield opened


def run(store: Store, *days: int, cued: bool = False) -> None:
    """Runs of 1250 strides of 0.72 s, each in a log of its own."""
    for day in days:
        pod = Pod(log=LOG + day)
        pod.start(day * DAY_S, 1)
        pod.anchor(day * DAY_S)
        for second in range(0, 900, 60):
            rows = [
                (
                    i * STRIDE_SAMPLES * 256,
                    110 * 256,
                    STRIDE_SAMPLES * 256,
                    120,
                    9000,
                    page.STEP_KIND_RUN,
                    0,
                    0,
                )
                for i in range(83)
            ]
            for first in range(0, 83, 16):
                at = day * DAY_S + second + rows[first][0] / 256 / 416.7
                part = [(row[0] - rows[first][0], *row[1:]) for row in rows[first : first + 16]]
                pod.write(page.KIND_STEPS, at, *part)
            if cued:
                pod.cue(day * DAY_S + second + 59)
        pod.end(day * DAY_S + 900)
        store.add(messages(pod.pages))
    store.derive()
    assert samples(60) > 83 * STRIDE_SAMPLES


def test_it_is_off_until_it_is_switched_on(store: Store) -> None:
    shown = cueing.show(store, POD)
    assert (shown.target_cspm, shown.run, shown.pod.settings) == (None, None, None)
    assert shown.baseline is not None
    assert shown.baseline.cadence_spm == pytest.approx(OWN_SPM, abs=0.1)
    assert (shown.baseline.matched, shown.baseline.minutes) == ("duty_factor", 15 * shown.baseline.runs)
    assert cueing.in_words(shown).startswith("The left pod has no cadence cue.\nYour own cadence: 166.7")


def test_switched_on_it_lies_seven_percent_above_and_begins_with_the_first_run(store: Store) -> None:
    cueing.switch_on(store, POD)
    (wanted,) = store.wanted_settings()
    assert wanted.settings.cue is not None
    assert wanted.settings.cue.target_cspm == pytest.approx(107 * OWN_SPM, abs=10)
    assert wanted.settings.cue.first_run == 1
    assert wanted.settings.odr_hz is None
    cueing.switch_off(store, POD)
    assert [bool(one.settings.cue) for one in store.settings_history(POD)] == [True, False]


def test_where_the_programme_stands_is_the_pods_own_word(store: Store, now: list[float]) -> None:
    target = cueing.switch_on(store, POD, 5).target_cspm
    says = {"v": 1, "log": f"{LOG:08x}", "settings": 1, "cue": {"target_cspm": target, "run": 6}}
    store.save_state(POD, says, round(now[0] * 1e6))
    words = cueing.in_words(cueing.show(store, POD))
    assert "cues towards 175.0\u202fsteps/min, 5.0\u202f% over your own cadence." in words
    assert "The left pod has its settings 1" in words
    assert "Run 6 of 8: cues in 50\u202f% of it." in words
    store.save_state(POD, says | {"cue": {"target_cspm": 15_000, "run": 6}}, round(now[0] * 1e6))
    assert cueing.show(store, POD).run is None  # of another target than it is to have


def test_a_jump_is_refused_and_changes_nothing(store: Store) -> None:
    for percent in (11, -1):
        with pytest.raises(CueRefused, match="abrupt change of gait"):
            cueing.switch_on(store, POD, percent)
    assert store.wanted_settings() == []


def test_no_raise_is_said_to_be_none(store: Store) -> None:
    words = cueing.in_words(cueing.switch_on(store, POD, 0))
    assert "your own cadence: that is no raise." in words


def test_runs_under_a_cue_are_not_the_runners_own(store: Store, now: list[float]) -> None:
    """Else each programme would begin where the last one led. After it is off, runs count again."""
    cueing.switch_on(store, POD)
    now[0] += 10 * DAY_S
    run(store, 21, 23, 25)
    own = cueing.show(store, POD).baseline
    assert own is not None
    assert own.runs == 3
    now[0] += 16 * DAY_S  # only runs under the cue lie within thirty days
    shown = cueing.show(store, POD)
    assert shown.baseline is None
    with pytest.raises(CueRefused, match="0 are known"):
        cueing.switch_on(store, POD)
    cueing.switch_off(store, POD)
    now[0] += 5 * DAY_S
    run(store, 47, 48, 49)
    assert cueing.switch_on(store, POD).target_cspm is not None


def set_long_before(store: Store) -> None:
    """A cue of "me" since day 18, on a pod that went to Bob on day 19; as a store has it that never ended such cues."""
    store.ensure_runner("bob", "Bob", "UTC")
    with store.engine.begin() as connection:
        settings = json.dumps({"cue": {"target_cspm": 17_777, "first_run": 1}})
        row = {"pod": POD, "version": 1, "set_utc_us": at_us(18), "settings": settings, "mark_code": None}
        connection.execute(schema.pod_settings.insert(), [row])
        given = {"pod": POD, "from_utc_us": at_us(19), "runner": "bob", "foot": "left"}
        connection.execute(schema.assignments.insert(), [given])


def at_us(day: float) -> int:
    return T0_MS * 1000 + round(day * DAY_S * 1e6)


def test_times_of_a_cue_are_those_of_who_wore_the_pod(store: Store) -> None:
    """Bob's runs under the cue that the pod had from before are no runs of his own cadence."""
    set_long_before(store)
    assert cueing.times_of_cues(store, "me", at_us(20)) == [(at_us(18), at_us(19))]
    assert cueing.times_of_cues(store, "bob", at_us(20)) == [(at_us(19), at_us(20))]
    store.unassign(POD, at_us(19))
    store.assign(POD, "bob", "left", at_us(18.5))
    store.assign(POD, "me", "right", at_us(19.5))
    assert cueing.times_of_cues(store, "me", at_us(20)) == [
        (at_us(18), at_us(18.5)),
        (at_us(19.5), at_us(20)),
    ]


@pytest.mark.parametrize("since_day", [20, 19.5, 10, 0], ids=["now", "today", "before the cue", "ever"])
def test_a_cue_ends_when_the_pod_goes_to_another(store: Store, since_day: float, now: list[float]) -> None:
    """Its target is made of one runner's cadence, and shown to no other."""
    store.ensure_runner("bob", "Bob", "UTC")
    cueing.switch_on(store, POD)
    now[0] += 60
    store.assign(POD, "bob", "left", at_us(since_day))
    assert [bool(one.settings.cue) for one in store.settings_history(POD)] == [True, False]
    assert cueing.show(store, POD).target_cspm is None


def test_it_ends_as_well_when_an_assignment_is_taken_back(store: Store) -> None:
    store.ensure_runner("bob", "Bob", "UTC")
    store.assign(POD, "bob", "left", 1)
    store.change_settings(POD, cue=CueTarget(17_777))
    store.unassign(POD, 1)
    assert store.wanted_settings()[0].settings.cue is None


def test_it_goes_on_where_the_runner_stays(store: Store) -> None:
    """The other foot, a pod that was lent and came back before the cue, or one that is to be lent."""
    store.ensure_runner("bob", "Bob", "UTC")
    cueing.switch_on(store, POD)
    store.assign(POD, "me", "right", at_us(20))
    store.assign(POD, "bob", "left", at_us(5))
    store.assign(POD, "bob", "left", at_us(21))
    store.end_others_cues()
    assert len(store.settings_history(POD)) == 1


def test_it_ends_when_the_time_of_an_assignment_has_come(store: Store, now: list[float]) -> None:
    store.ensure_runner("bob", "Bob", "UTC")
    cueing.switch_on(store, POD)
    store.assign(POD, "bob", "left", at_us(21))
    now[0] += 2 * DAY_S
    store.change_settings(POD, odr_hz=416)  # a later change makes the cue nobody else's
    store.end_others_cues()
    assert [bool(one.settings.cue) for one in store.settings_history(POD)] == [True, True, False]
    store.end_others_cues()
    assert len(store.settings_history(POD)) == 3


@pytest.mark.parametrize("erased", ["me", "bob"])
def test_an_erased_runners_cue_ends_in_a_version_of_its_own(store: Store, erased: str) -> None:
    """Else the pod, which takes a newer version only, would go on by the cadence of who is gone."""
    set_long_before(store)
    says = {"log": f"{LOG:08x}", "settings": 1, "cue": {"target_cspm": 17_777, "run": 3}, "origin": "sensor"}
    store.save_state(POD, says, at_us(18.2))
    store.erase_runner(erased)
    versions = [(one.version, one.settings.cue is not None) for one in store.settings_history(POD)]
    state = store.pods()[0].state
    assert state is not None
    if erased == "me":
        assert versions == [(1, False), (2, False)]
        assert state == {name: value for name, value in says.items() if name != "cue"}
    else:
        assert versions == [(1, True)]
        assert state == says


def test_a_run_with_cues_of_which_this_store_knows_no_settings_is_not_the_runners_own(store: Store) -> None:
    run(store, 7, cued=True)
    own = cueing.show(store, POD).baseline
    assert own is not None
    assert own.runs == 3


def test_what_is_known_of_such_cues_is_said_with_its_source_and_no_promise(store: Store) -> None:
    for shown in (cueing.show(store, POD), cueing.switch_on(store, POD)):
        words = cueing.in_words(shown)
        for source in ("Heiderscheit 2011", "Lenhart 2014", "Willson", "Anderson 2022", "de Souza 2024"):
            assert source in words
        assert "The sensor knows no pace" in words
        assert "physiotherapist" in words
        for word in ("risk", "safe", "prevent", "treat", "diagnos", "validated", "180"):
            assert not re.search(word, words, re.I), word
    assert "Willy 2016, from memory" in words


def test_the_same_as_json(store: Store) -> None:
    cueing.switch_on(store, POD)
    said = json.loads(cueing.to_json(cueing.show(store, POD)))
    assert said["over_percent"] == pytest.approx(7, abs=0.01)
    assert (said["run"], said["share_percent"], said["no_baseline"]) == (None, None, None)
    assert said["pod"]["settings"]["status"] == "pending"
    assert {"basis", "evidence", "fading", "caveat"} <= set(said)


def test_no_pod_and_no_runner_are_said(tmp_path: Path, now: list[float]) -> None:
    with open_store(tmp_path / "empty.db") as store:
        with pytest.raises(StrideloadError, match="There is no pod"):
            cueing.switch_off(store, POD)
        store.save_state(POD, {"v": 1, "log": f"{LOG:08x}"}, 1)
        with pytest.raises(CueRefused, match="No runner wears this pod"):
            cueing.switch_on(store, POD)
        assert "No runner wears this pod" in cueing.in_words(cueing.switch_off(store, POD))
