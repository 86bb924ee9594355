"""The pages of cadence and of the run that goes on."""

import re
import time

import httpx
import pytest

from strideload.protocol.pod_settings import CueTarget
from strideload.store import Store
from strideload.words.numbers import NOT_KNOWN
from web.house import POD, TODAY, House, a_live_pod, a_session
from web.test_app import read

NOTHING_PROPOSED = "No target is set, and none is proposed"


@pytest.fixture
def store(house: House) -> Store:
    assert house.store
    return house.store


def test_ones_own_cadence_and_no_target_unless_asked_for(client: httpx.Client, store: Store) -> None:
    seen = read(client, "/cadence").text
    assert re.search(r"Your own cadence: 1[67]\d\.\d steps/min, the median of \d+ minutes of \d+ runs", seen)
    assert NOTHING_PROPOSED in seen
    assert "A target lies at" not in seen
    assert "the evidence is insufficient (Anderson 2022)" in seen
    assert "Optional, case by case." in seen


def test_a_target_its_band_and_the_programmes_progress(
    house: House, client: httpx.Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_us = round(house.now().timestamp() * 1e6) - 3_600_000_000
    monkeypatch.setattr(time, "time_ns", lambda: now_us * 1000)
    store.save_state(POD, {"v": 1, "log": "00000001", "cue": {"target_cspm": 17_000, "run": 5}}, now_us)
    store.change_settings(POD, cue=CueTarget(17_000))
    seen = read(client, "/cadence").text
    assert NOTHING_PROPOSED not in seen
    assert "cues towards 170.0 steps/min, and is silent within 166 to 174." in seen
    assert "Run 5 of" in seen
    assert re.search(r"A target lies at 1[\d.]+ to 1[\d.]+ steps/min, 7 to 10 % over your own\.", seen)
    assert re.search(r"Sun 22 Nov 169 170\.0 \d+ %", seen)


def test_without_runs_it_says_what_is_missing(house: House, client: httpx.Client) -> None:
    house.sessions.clear()
    seen = read(client, "/cadence")
    assert "There is no cadence of your own yet: too few runs without a cue are known." in seen.text
    assert "No run of these weeks has a cadence yet." in seen.text
    assert all("data-lines" not in found for _, found in seen.tags)


def test_live_says_how_to_begin(house: House, client: httpx.Client) -> None:
    assert "No pod has reported yet" in read(client, "/live").text
    house.live = [a_live_pod(online=False, age_s=60.0)]
    assert "No pod is running." in read(client, "/live").text


def test_live_shows_cadence_impact_steps_time_and_band(house: House, client: httpx.Client) -> None:
    house.live = [a_live_pod(cue={"target_cspm": 17_500, "run": 3})]
    house.sessions.append(a_session(TODAY, 25, at="22:05", open=True))
    seen = read(client, "/live").text
    assert "left pod · running 168 steps/min" in seen
    assert "Target band 171 to 179 steps/min: below it ." in seen
    assert "Last impact 9.1 g Steps 1 234 (estimated) Time 25 min" in seen


@pytest.mark.parametrize(
    ("spm", "where"), [(170.0, "below it"), (175.0, "within it"), (181.0, "above it"), (None, "not known")]
)
def test_where_the_cadence_lies(house: House, client: httpx.Client, spm: float | None, where: str) -> None:
    house.live = [a_live_pod(cadence_spm=spm, cue={"target_cspm": 17_500, "run": 3})]
    assert f"steps/min: {where} ." in read(client, "/part/live-run").text


def test_what_a_pod_does_not_say_is_not_known(house: House, client: httpx.Client) -> None:
    house.live = [a_live_pod(cadence_spm=None, peak_g=None, steps=None)]
    seen = read(client, "/part/live-run")
    assert f"Last impact {NOT_KNOWN} Steps {NOT_KNOWN} Time not known yet" in seen.text
    assert all("data-spm" not in found for _, found in seen.tags)


def test_live_is_of_ones_own_pods_only(house: House, client: httpx.Client, store: Store) -> None:
    store.ensure_runner("you", "You", "Europe/Paris")
    house.live = [a_live_pod()]
    store.assign(POD, "you", "left", 0)
    try:
        assert "168" not in read(client, "/live").text
    finally:
        store.unassign(POD, 0)
    assert "168" in read(client, "/live").text


def test_that_collecting_is_held_up_is_said(house: House, client: httpx.Client) -> None:
    house.health_now["trouble"] = "The disk is full."
    assert "Collecting is held up. The disk is full." in read(client, "/live").text
