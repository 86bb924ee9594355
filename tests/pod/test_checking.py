"""`strideload pod check` of pods on this computer: processes of their own, a simulated chip behind the real smbus2."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from strideload.cli import app
from strideload.pod import checking
from strideload.settings import Settings
from strideload.store import open_store
from strideload_pod.boards.on_linux import LOCK_NAME
from support.mosquitto import Mosquitto
from support.ports import free_port
from support.waiting import PATIENCE_S, until

POD = "00000000c4ec0002"
# The pod's clock and the chip's are one that moves only while the pod sleeps: no computer is too busy for the samples.
PREAMBLE = """
import numpy as np
from strideload.simulate.chip import Chip
from strideload.simulate.i2c_dev import i2c_dev
from strideload.simulate.pod import StillClock
from strideload_pod.boards.on_linux import Clock

def at_rest(t_s):
    values = np.zeros((len(t_s), 6))
    values[:, 2] = 1.0
    return values

clock = StillClock(0)
Clock.ticks_ms = lambda self: clock.ticks_ms()
Clock.sleep_ms = lambda self, ms: clock.sleep_ms(ms)
chip = Chip({part!r}, at_rest, clock.clock_us, noise=True, seed=1)
held = i2c_dev({{{address}: chip}})
held.__enter__()
"""
ALL = {"Pod", "Settings", "Chip", "1 g", "Noise", "Rate", "Log", "Pairing", "Battery", "Clock", "Broker"}

Bad = dict[str, str]


@pytest.fixture
def check(home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Bad]:
    """check(part=..., address=..., before=..., settings=...) -> what `pod check` finds bad, in words."""
    folder = tmp_path / "pod"
    folder.mkdir()
    with open_store(home.store_url()) as store:
        store_id = store.store_id

    def run(part: str = "LSM6DSO32", address: int = 0x6A, before: str = "", **more: Any) -> Bad:
        settings = {"STRIDELOAD_POD_ID": POD, "STRIDELOAD_STORE": store_id}
        settings.update({f"STRIDELOAD_{name.upper()}": value for name, value in more.items()})
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        (folder / "settings.toml").write_text("".join(lines))
        program = before + PREAMBLE.format(part=part, address=address) + checking_program
        monkeypatch.setattr(checking, "ON_LINUX", program)
        words = ["pod", "check", "--to", str(folder), "--dir", str(home.folder), "--json"]
        done = CliRunner().invoke(app, words)
        assert done.stdout, done.exception
        said = json.loads(done.stdout)
        bad = {one["name"]: one["words"] for one in said["findings"] if not one["good"]}
        assert done.exit_code == (1 if bad else 0)
        assert said["good"] == (not bad)
        assert said["report"]["pod"] == POD
        assert {one["name"] for one in said["findings"]} <= ALL
        return bad

    checking_program = checking.ON_LINUX
    return run


@pytest.fixture
def broker(start_mosquitto: Callable[..., Mosquitto]) -> dict[str, Any]:
    """A broker that lets in this pod with one password, as settings."""
    broker = start_mosquitto(users={POD: "right"})
    return {"broker_host": broker.host, "broker_port": broker.port, "broker_user": POD}


def test_a_pod_that_is_well(check: Callable[..., Bad], broker: dict[str, Any]):
    assert check(**broker, broker_password="right") == {}


def test_each_fault_is_told_beside_the_others(check: Callable[..., Bad], broker: dict[str, Any]):
    """A swapped part shows 2 g; the kernel refuses what goes beyond 300 bytes of a file; the password is wrong."""
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))\n"
    bad = check(part="LSM6DSOX", before=limit, **broker, broker_password="wrong")
    assert set(bad) == {"1 g", "Log", "Broker"}
    assert "Set STRIDELOAD_CHIP to LSM6DSOX" in bad["1 g"]
    assert "File too large" in bad["Log"]
    assert "Not authorized" in bad["Broker"]


def test_nobody_on_the_bus_and_no_broker(check: Callable[..., Bad]):
    bad = check(address=0x55, broker_host="127.0.0.1", broker_port=free_port())
    assert set(bad) == {"Chip", "Broker"}
    assert "four wires" in bad["Chip"]
    assert "does not let the pod in" in bad["Broker"]


def test_no_such_bus(check: Callable[..., Bad]):
    assert "STRIDELOAD_I2C_BUS" in check(i2c_bus=7)["Chip"]


def test_a_pod_that_runs_is_not_disturbed(home: Settings, tmp_path: Path):
    """Two in one folder would give the same numbers to different pages."""
    folder = tmp_path / "pod"
    folder.mkdir()
    (folder / "settings.toml").write_text(f'STRIDELOAD_POD_ID = "{POD}"\n')
    pod = subprocess.Popen(
        [sys.executable, "-m", "strideload.simulate.live", str(folder), "--plan", "stand:60"]
    )
    try:
        until((folder / "log" / "0-00000000.seg").exists)
        words = ["pod", "check", "--to", str(folder), "--dir", str(home.folder)]
        done = CliRunner().invoke(app, words)
        assert "a pod runs in" in str(done.exception)
        assert "Traceback" not in str(done.exception)
    finally:
        pod.terminate()
        assert pod.wait(PATIENCE_S) == 0
    assert (folder / LOCK_NAME).exists()


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("print('hello')", "there is none"),
        ("print('{')", "no report"),
        ("print('{\"check\": 99}')", "check"),
        ("print('{' + ' ' * 9000)", "8192"),
        ("raise SystemExit('out of memory')", "out of memory"),
    ],
)
def test_what_is_no_report_is_said(
    program: str, says: str, home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "settings.toml").write_text(f'STRIDELOAD_POD_ID = "{POD}"\n')
    monkeypatch.setattr(checking, "TELL", program)
    done = CliRunner().invoke(app, ["pod", "check", "--to", str(tmp_path), "--dir", str(home.folder)])
    assert says in str(done.exception)


def test_a_check_that_does_not_end(home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "settings.toml").write_text(f'STRIDELOAD_POD_ID = "{POD}"\n')
    monkeypatch.setattr(checking, "TELL", "import time; time.sleep(60)")
    monkeypatch.setattr(checking, "WITHIN_S", 1)
    done = CliRunner().invoke(app, ["pod", "check", "--to", str(tmp_path), "--dir", str(home.folder)])
    assert "did not end within 1 s" in str(done.exception)
