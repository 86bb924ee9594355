"""What a pod is set to by the commands: what is refused, how far it has come, and how that is said."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.making import LOG, POD
from strideload import doctor, pod_settings
from strideload.errors import StrideloadError
from strideload.pod_settings import IN_REACH_S
from strideload.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """POD is on the left foot, and was never heard."""
    with open_store(tmp_path / "store.db") as opened:
        opened.ensure_runner("me", "Me", "UTC")
        opened.assign(POD, "me", "left", 0)
        yield opened


def says(store: Store, ago_s: float = 1.0, **more: Any) -> None:
    received_utc_us = time.time_ns() // 1000 - round(ago_s * 1e6)
    store.save_state(POD, {"v": 1, "log": f"{LOG:08x}", **more}, received_utc_us)


def test_a_pod_that_was_added_is_listed_before_it_was_ever_heard(store: Store) -> None:
    (found,) = pod_settings.known_pods(store)
    assert (found.pod, found.foot, found.runner, found.last_heard_s, found.settings) == (
        POD,
        "left",
        "me",
        None,
        None,
    )
    assert pod_settings.in_words(found).endswith(
        "it was never heard. Nothing was set here: its own settings.toml holds."
    )


# what the pod says after version 2 was set, status, in words
STANDINGS: list[tuple[str, dict[str, Any], str, str]] = [
    ("nothing", {}, "pending", "has not confirmed its settings 2 (rate 416\u202fHz, no raw samples) yet"),
    ("the one before", {"settings": 1}, "pending", "has not confirmed its settings 2"),
    ("this one", {"settings": 2}, "confirmed", "has its settings 2 (rate 416\u202fHz, no raw samples)."),
    (
        "why not",
        {"settings": 1, "settings_refused": "no such rate."},
        "refused",
        "refused its settings 2 (rate 416\u202fHz, no raw samples): no such rate. The former ones hold.",
    ),
    (
        "this one, after a refusal",
        {"settings": 2, "settings_refused": "x"},
        "confirmed",
        "has its settings 2",
    ),
]


@pytest.mark.parametrize(
    ("said", "status", "words"), [s[1:] for s in STANDINGS], ids=[s[0] for s in STANDINGS]
)
def test_what_a_pod_confirms_stands_beside_what_it_is_to_have(
    store: Store, said: dict[str, Any], status: str, words: str
) -> None:
    pod_settings.change(store, POD, odr_hz=416)
    pod_settings.change(store, POD, raw=False)
    says(store, **said)
    (found,) = pod_settings.known_pods(store)
    assert found.settings is not None
    assert (found.settings["status"], found.settings["confirmed"]) == (status, said.get("settings"))
    assert words in pod_settings.in_words(found)
    assert json.loads(pod_settings.to_json([found]))[0]["settings"]["wanted"] == {
        "odr_hz": 416,
        "raw": False,
        "cue": None,
    }


def test_every_setting_has_words(store: Store) -> None:
    found = pod_settings.change(
        store,
        POD,
        odr_hz=833,
        range_g=32,
        gyro_dps=0,
        raw=True,
        raw_gives_way=False,
        recording="on",
    )
    assert (
        "(rate 833\u202fHz, range ±32\u202fg, no rotation, raw samples kept, raw samples stay as long as steps, "
        "recording on)" in pod_settings.in_words(found)
    )
    found = pod_settings.change(store, POD, gyro_dps=2000, raw=False, raw_gives_way=True)
    assert "rotation ±2000\u202f°/s, no raw samples, raw samples go before steps" in pod_settings.in_words(
        found
    )


@pytest.mark.parametrize(
    ("changes", "says_"),
    [
        ({}, "Nothing to set was named"),
        ({"odr_hz": None}, "Nothing to set was named"),
        ({"odr_hz": 500}, "--odr-hz: one of 104, 208, 416, 833, 1667, not 500."),
        ({"recording": "sometimes"}, "--recording: one of auto, on, off, not 'sometimes'."),
        (
            {"own": ["rate"]},
            "--own is one of odr-hz, range-g, gyro-dps, raw, raw-gives-way, recording, not 'rate'",
        ),
        ({"own": ["cue"]}, "--own is one of"),
        ({"own": ["odr-hz"], "odr_hz": 416}, "--odr-hz and --own odr-hz say two things"),
        ({"range_g": 32}, "The LSM6DSOX of this pod has 2, 4, 8, 16 g, not 32."),
    ],
)
def test_what_this_pod_has_not_is_refused_in_a_sentence(
    store: Store, changes: dict[str, Any], says_: str
) -> None:
    says(store, chip="LSM6DSOX")
    with pytest.raises(StrideloadError, match=says_):
        pod_settings.change(store, POD, **changes)
    assert store.wanted_settings() == []


def test_what_was_set_is_taken_back_to_the_pods_own(store: Store) -> None:
    """The message leaves it out then, which a pod takes for that."""
    pod_settings.change(store, POD, odr_hz=416, raw=True)
    found = pod_settings.change(store, POD, own=["odr-hz"])
    assert found.settings is not None
    assert found.settings["wanted"] == {"raw": True, "cue": None}
    found = pod_settings.change(store, POD, own=["raw", "range_g"], recording="off")
    assert found.settings is not None
    assert found.settings["wanted"] == {"recording": "off", "cue": None}
    found = pod_settings.change(store, POD, own=["recording"])
    assert "(its own settings.toml)" in pod_settings.in_words(found)


def test_of_a_chip_that_is_not_known_any_range_may_be_asked_for(store: Store) -> None:
    """The pod itself refuses what its own chip has not."""
    assert pod_settings.change(store, POD, range_g=2).settings is not None


@pytest.mark.parametrize("pod", ["", "bb" * 8, "left shoe"])
def test_another_pod_is_refused_with_those_that_there_are(store: Store, pod: str) -> None:
    for ask in (lambda: pod_settings.change(store, pod, raw=True), lambda: pod_settings.mark(store, pod, 1)):
        with pytest.raises(StrideloadError, match=f"no pod {pod!r}; there are {POD}"):
            ask()


def test_a_mark_is_asked_of_a_pod_in_reach(store: Store) -> None:
    says(store)
    pod_settings.mark(store, POD, 7)
    assert [(one.version, one.mark_code) for one in store.settings_history(POD)] == [(1, 7)]


@pytest.mark.parametrize("ago_s", [None, IN_REACH_S + 10, 7300])
def test_a_mark_that_would_come_late_is_refused(store: Store, ago_s: float | None) -> None:
    if ago_s is not None:
        says(store, ago_s)
    with pytest.raises(StrideloadError, match=r"left pod is out of reach .* worth only its moment"):
        pod_settings.mark(store, POD, 7)
    assert store.settings_history(POD) == []


def test_the_doctor_shows_a_refusal(tmp_path: Path) -> None:
    """A setting that a pod refused is for its owner to change; one that it has not heard of yet is not."""
    with open_store(tmp_path / "strideload.db") as store:
        store.ensure_runner("me", "Me", "UTC")
        store.assign(POD, "me", "left", 0)
        pod_settings.change(store, POD, odr_hz=416)
        found = {one.name: one for one in doctor.examine(tmp_path)}["Pods"]
        assert found.good
        assert found.words.startswith("1 known. The left pod has not confirmed its settings 1")
        says(store, settings_refused="no such rate")
    found = {one.name: one for one in doctor.examine(tmp_path)}["Pods"]
    assert not found.good
    assert "refused its settings 1" in found.words
