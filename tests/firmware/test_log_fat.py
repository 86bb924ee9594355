"""The log on FAT, by the driver that the boards' interpreters have: MicroPython for Unix mounts it on a card in memory."""

import subprocess
from pathlib import Path

import pytest

from support import tools

micropython_unix = pytest.importorskip(
    "support.micropython_unix", reason="nothing here installs MicroPython for Unix"
)
FIRMWARE = Path(__file__).parents[2] / "firmware"
TIMEOUT_S = 120


def test_power_may_fail_in_any_sector() -> None:
    """Before it and in the midst of it, old bytes behind new ones: FAT mounts, and the log keeps what it promised."""
    script = tools.MICROPYTHON_DIR / "fat_cuts.py"
    done = subprocess.run(
        [*micropython_unix.command(), "-X", "heapsize=64m", str(script), str(FIRMWARE)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    cuts, *words = done.stdout.split()
    assert (int(cuts) > 500, words) == (True, ["cuts,", "63", "and", "63", "freed"]), done.stdout
