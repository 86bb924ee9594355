"""A host's folder, and a firmware whose boards for CircuitPython and MicroPython run without a board."""

import shutil
from pathlib import Path

import pytest

from strideload.pod import firmware
from strideload.settings import Settings, load_settings

FIRMWARE = Path(__file__).parents[2] / "firmware"

# What the check needs of a board, and a bus at which nobody answers.
BARE_BOARD = '''\
"""A board without anything on it, which stops after a round of the loop."""

import machine

from strideload_pod.boards.bare import Bare
from strideload_pod.boards.bare_files import Files


class Bus:
    def try_lock(self):
        return True

    def unlock(self):
        pass

    def writeto(self, address, buffer, *, start=0, end=None):
        raise OSError(19)

    def readfrom_into(self, address, buffer, *, start=0, end=None):
        raise OSError(19)


class Clock:
    def ticks_ms(self):
        return 0

    def sleep_ms(self, ms):
        pass

    def utc_ms(self):
        return None


class Board(Bare):
    def __init__(self):
        self.uid = machine.unique_id()
        self.rounds = 0
        self.settings = {"STRIDELOAD_STORE": "STORE_ID"}
        self.i2c = Bus()
        self.clock = Clock()
        self.files = Files()

    def battery_mv(self):
        return 3300

    def random_u32(self):
        return 7

    def stopping(self):
        self.rounds += 1
        return self.rounds > 1
'''
BARE_FILES = '''\
"""A log's folder on a board's flash."""

import os


class Files:
    def __init__(self):
        try:
            os.mkdir("/log")
        except OSError:
            os.stat("/log")

    def open(self, name, mode):
        return open("/log/" + name, mode)

    def names(self):
        return sorted(os.listdir("/log"))

    def remove(self, name):
        os.remove("/log/" + name)

    def sync(self, file):
        file.flush()
'''
STORE_ID = "5e" * 16


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """A host with a broker of its own that nobody has to make certificates for."""
    folder = tmp_path / "host"
    folder.mkdir()
    (folder / "strideload.toml").write_text('[broker]\nhost = "broker.lan"\n')
    return load_settings(folder)


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The firmware with these boards; its folder."""
    folder = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    boards = folder / "strideload_pod" / "boards"
    for interpreter in ("circuitpython", "micropython"):
        (boards / f"on_{interpreter}.py").write_text(BARE_BOARD.replace("STORE_ID", STORE_ID))
    (boards / "bare_files.py").write_text(BARE_FILES)
    (folder / "boot.py").write_text("import strideload_pod.boards.on_circuitpython\n")
    monkeypatch.setattr(firmware, "_package", lambda: folder / "strideload_pod")
    return folder
