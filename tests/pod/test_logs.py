"""`strideload pod logs`: what the store knows of a pod, in words and for machines."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from store.making import LOG, POD, Pod, messages
from strideload.cli import app
from strideload.settings import Settings
from strideload.store import open_store

STATE: dict[str, Any] = {
    "v": 1,
    "log": f"{LOG:08x}",
    "boot": 1,
    "firmware": "0.1.0",
    "chip": "LSM6DSO32",
    "recording": False,
    "why_not": "chip",
    "battery_mv": 3700,
    "free_pages": 900,
    "streams": {"0": {"oldest": 0, "next": 40, "wanted": 0}},
    "faults": {"bus_errors": 3, "fifo_overruns": 0, "acks_foreign": 2},
    "clock": {"source": "ntp", "utc_ms": 1, "tick_ms": 1},
}


@pytest.fixture
def pod(home: Settings) -> Pod:
    """A pod that ran twice, the second time without the time, and said how it is."""
    pod = Pod()
    pod.run(10, session=1, strides=200)
    pod.page.fields["bus_errors"] = 3
    pod.run(1000, session=2, strides=100)
    with open_store(home.store_url()) as store:
        store.ensure_runner("me", "Runner", "UTC")
        store.add(messages(pod.pages))
        store.save_state(POD, STATE, 1_760_000_000_000_000)
        store.assign(POD, "me", "left", 0)
    return pod


def run(home: Settings, *words: str):
    return CliRunner().invoke(app, ["pod", "logs", *words, "--dir", str(home.folder)])


def test_state_faults_and_sessions_in_words(home: Settings, pod: Pod):
    said = run(home).stdout
    assert f"Pod {POD}, left foot of me" in said
    assert "NOT recording (chip)" in said
    assert "3700 mV" in said
    assert f"{40 - len(pod.pages)} wait for this host" in said
    assert "bus_errors" in said
    assert "Another host answered" in said
    assert "fifo_overruns" not in said
    assert "clock     by a time server" in said
    assert "The last 2 sessions, the newest first:" in said
    lines = [line.split() for line in said.splitlines()]
    began = [line for line in lines if line and line[0].startswith("2025-")]
    assert [line[3] for line in began] == ["100", "200"]  # strides, the newest first


def test_one_session_is_one(home: Settings):
    pod = Pod()
    pod.run(10, session=1, strides=200)
    with open_store(home.store_url()) as store:
        store.ensure_runner("me", "Runner", "UTC")
        store.add(messages(pod.pages))
        store.save_state(POD, STATE | {"clock": {"source": "operator"}}, 1_760_000_000_000_000)
    said = run(home).stdout
    assert "Its last session:" in said
    assert "clock     given by hand" in said


def test_for_machines(home: Settings, pod: Pod):
    (said,) = json.loads(run(home, POD, "--json").stdout)
    assert said["state"] == STATE
    assert [one["strides"] for one in said["sessions"]] == [100, 200]
    assert said["foot"] == "left"


def test_a_pod_that_never_said_how_it_is(home: Settings, pod: Pod):
    other = Pod(pod="00000000c0ffee02", log=LOG + 1)
    other.alive(0)
    with open_store(home.store_url()) as store:
        store.add(messages(other.pages, pod=other.pod))
    said = run(home, other.pod).stdout
    assert "never said how it is" in said
    assert "No session of it" in said


def test_of_nobody(home: Settings):
    assert "No pod was heard of yet" in str(run(home).exception)
    assert "never heard of" in str(run(home, POD).exception)
