"""A board behind a serial port: the real mpremote and a real MicroPython, on a pseudo-terminal."""

import json
import os
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import serial
from mpremote import transport_serial
from typer.testing import CliRunner

from pod.conftest import STORE_ID
from store.making import POD, Pod
from strideload.cli import app
from strideload.errors import StrideloadError
from strideload.pod import boards, checking, logs, places, serial_port
from strideload.pod.boards import Kind
from strideload.pod.putting import UNFINISHED
from strideload.settings import Settings
from strideload_pod.sync import CONNECT_MS
from support.serial_board import SerialBoard, serial_board
from support.waiting import PATIENCE_S

MACHINE = "JS with Emscripten"  # what this MicroPython calls its board
KIND = Kind(name="webassembly", title="MicroPython on WebAssembly", machines=(MACHINE,))
UNIQUE_ID = f"def unique_id():\n    return bytes.fromhex({POD!r})\n"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "KINDS", (*boards.KINDS, KIND))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """mpremote sends slowly, since a real port may have no flow control; a pseudo-terminal has it."""
    monkeypatch.setattr(
        transport_serial, "time", SimpleNamespace(monotonic=time.monotonic, sleep=lambda s: None)
    )


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real board has its processor for itself."""
    monkeypatch.setattr(serial_port, "READ_S", PATIENCE_S)
    monkeypatch.setattr(serial_port, "ANSWER_S", PATIENCE_S)


def fresh(flash: Path) -> Path:
    """The flash of a board that somebody used for something else."""
    flash.mkdir()
    (flash / "machine.py").write_text(UNIQUE_ID)
    (flash / "main.py").write_text("print('the program of the user')\n")
    return flash


@pytest.fixture
def board(tmp_path: Path) -> Iterator[SerialBoard]:
    with serial_board(fresh(tmp_path / "flash")) as one:
        yield one


WIFI = ("--wifi", "Zuhause")


def run(home: Settings, *words: object):
    return CliRunner().invoke(
        app,
        ["pod", *map(str, words), "--dir", str(home.folder)],
        env={"STRIDELOAD_WIFI_PASSWORD": "wlan geheim"},
    )


def test_a_board_is_made_a_pod_over_its_port(home: Settings, tmp_path: Path, built: Path, known: None):
    """Compiled firmware, libraries and settings arrive; then it is checked by the firmware that was put on."""
    flash = fresh(tmp_path / "flash")
    with serial_board(flash) as board:
        done = run(home, "install", "--to", board.port, *WIFI, "--foot", "left", "--json")
        assert done.exit_code == 1, done.exception  # a board without a chip is not well
        said = json.loads(done.stdout)
        assert (said["board"], said["pod"]) == ("webassembly", POD)
        assert "strideload_pod/pod.mpy" in said["written"]
        bad = {one["name"]: one["words"] for one in said["findings"] if not one["good"]}
        assert set(bad) == {"Chip", "Pairing", "Battery"}
        assert "four wires" in bad["Chip"]
        assert bad["Battery"] == "3300 mV: charge it"

        # The pod ran since, and wrote down that it lives.
        again = run(home, "install", "--to", board.port, "--no-check", "--json")
        assert "has 1 pages that this host has not got" in str(again.exception)
        again = run(home, "install", "--to", board.port, "--no-check", "--json", "--anyway")
        assert json.loads(again.stdout)["written"] == []

        checked = json.loads(run(home, "check", "--to", board.port, "--json").stdout)
        assert checked["report"]["settings"]["store"] == STORE_ID
        assert not checked["good"]
        assert "not e6" in str(run(home, "check", "e6" * 8, "--to", board.port).exception)
    assert (flash / "main.py").read_bytes() == (built / "main.py").read_bytes()
    assert (flash / "main.before-strideload.py").is_file()
    assert (flash / "strideload_pod" / "check.mpy").read_bytes()[:2] == b"M\x06"
    assert (flash / "strideload_pod" / "lsm6ds_fields.mpy").is_file()
    assert not (flash / "lib" / "adafruit_lsm6ds").exists()
    settings = tomllib.loads((flash / "settings.toml").read_text())
    assert settings["STRIDELOAD_WIFI_SSID"] == "Zuhause"
    assert not list(flash.rglob("*.new"))


def test_an_unknown_board_is_refused(home: Settings, board: SerialBoard):
    done = run(home, "install", "--to", board.port)
    assert MACHINE in str(done.exception)
    assert "feather-esp32-s3" in str(done.exception)


def test_pages_on_the_board_that_this_host_has_not_got(
    home: Settings, tmp_path: Path, built: Path, known: None
):
    pod = Pod()
    pod.run(0, session=1)
    flash = tmp_path / "flash"
    (flash / "log").mkdir(parents=True)
    (flash / "machine.py").write_text(UNIQUE_ID)
    (flash / "log" / "0-00000000.seg").write_bytes(b"".join(pod.pages))
    with serial_board(flash) as one:
        done = run(home, "install", "--to", one.port)
    assert f"{len(pod.pages)} pages that this host has not got" in str(done.exception)
    assert not (flash / "main.py").exists()


def test_a_board_that_goes_away_is_a_sentence(
    home: Settings, board: SerialBoard, built: Path, known: None, monkeypatch: pytest.MonkeyPatch
):
    """In mid-copy; what is on it then is the old program, or one that says that it is not complete."""
    write = places.PortPlace.write

    def pulled(self: places.PortPlace, path: str, data: bytes) -> None:
        if "imu" in path:
            board.process.kill()
            board.process.wait()
            self._port._transport.serial.timeout = 0.2
        write(self, path, data)

    monkeypatch.setattr(places.PortPlace, "write", pulled)
    done = run(home, "install", "--to", board.port, "--no-wifi")
    assert "plug it in anew" in str(done.exception)
    assert (board.flash / "main.py").read_bytes() != UNFINISHED


def test_a_port_that_is_not_there(home: Settings):
    for command in ("install", "check", "logs"):
        assert "cannot be opened" in str(run(home, command, "--to", "/dev/ttyNONE0").exception)


def test_a_port_at_which_nobody_answers(home: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(serial_port, "READ_S", 0.2)
    monkeypatch.setattr(serial_port, "ANSWER_S", 0.5)
    master, slave = os.openpty()
    try:
        assert "does not answer" in str(run(home, "check", "--to", os.ttyname(slave)).exception)
    finally:
        os.close(slave)
        os.close(master)


def test_the_console_is_shown_as_it_comes(monkeypatch: pytest.MonkeyPatch):
    """Line by line, without what a terminal would obey, until the pod is pulled."""
    master, slave = os.openpty()
    is_open, is_seen = threading.Event(), threading.Event()
    seen: list[str] = []

    class Opened(serial.Serial):
        """Says when it is open: what came before is thrown away."""

        def open(self) -> None:
            super().open()
            is_open.set()

    def see(line: str) -> None:
        seen.append(line)
        if len(seen) == 2:
            is_seen.set()

    def talk() -> None:
        is_open.wait(PATIENCE_S)
        for text in (b"No board for x\r\n", b"\x1b[2Jlog full", b": 3\r\nhalf"):
            os.write(master, text)
        is_seen.wait(PATIENCE_S)
        os.close(master)

    monkeypatch.setattr(serial, "Serial", Opened)
    talker = threading.Thread(target=talk, daemon=True)
    talker.start()
    try:
        with pytest.raises(StrideloadError, match="is gone"):
            logs.follow(os.ttyname(slave), see)
    finally:
        talker.join(PATIENCE_S)
        os.close(slave)
    assert seen == ["No board for x", "?[2Jlog full: 3"]


def test_the_check_waits_longer_than_the_broker_may_take():
    assert checking.WITHIN_S > CONNECT_MS / 1000 + 10
