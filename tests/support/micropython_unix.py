"""The pod's board on a real MicroPython with sockets: a folder is its flash, fakes are its chip's own modules.

CPython drives the process, and stands for the world: the chip on the bus, the broker, Wi-Fi.
"""

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from strideload.simulate.bus import Device
from strideload.simulate.chip import Nack
from support import tools
from support.waiting import PATIENCE_S

FIRMWARE = Path(__file__).parents[2] / "firmware"
UNIX = tools.MICROPYTHON_DIR / "unix"
REQUEST = struct.Struct("<BHH")  # address, bytes written, bytes to read


def command() -> list[str]:
    """What runs MicroPython for Unix."""
    if not (UNIX / "installed.sh").exists():
        tools.missing(
            "MicroPython with sockets is not there: run tests/micropython/get_unix.sh (x86-64 Debian)"
        )
    usr = UNIX / "usr"
    loader = [str(usr / "lib/ld-linux.so.2"), "--library-path", str(usr / "lib/i386-linux-gnu")]
    return [*loader, str(usr / "bin/micropython")]


class Flash:
    """A board's flash in `folder`: firmware, and the fakes of `port`. `settings`: its settings.toml."""

    def __init__(self, folder: Path, port: str = "rp2", settings: str = "") -> None:
        self.folder = folder
        self.port = port
        ignored = shutil.ignore_patterns("__pycache__", "on_linux.py")
        shutil.copytree(FIRMWARE, folder, dirs_exist_ok=True, ignore=ignored)
        shutil.copytree(tools.MICROPYTHON_DIR / "fakes", folder / "fakes", ignore=ignored)
        # The board asks for its port by sys.platform, and that is "linux" here.
        (folder / "strideload_pod/boards/port_linux.py").write_text(
            f"from strideload_pod.boards.port_{port} import *\n"
        )
        (folder / "settings.toml").write_text(settings)

    def start(self, script: str, *words: str, **environment: str) -> subprocess.Popen[str]:
        """A process of MicroPython that runs `script`; what it prints comes by its stdout, errors as well."""
        (self.folder / "script.py").write_text(script)
        return subprocess.Popen(
            [*command(), *words, str(tools.MICROPYTHON_DIR / "boot_unix.py"), str(self.folder), "script"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PORT": self.port, **environment},
            restore_signals=False,  # SIGPIPE stays ignored: on a board a line that broke is an error, no more
        )

    def run(self, script: str, **environment: str) -> str:
        """What a script printed. AssertionError if it raised: its traceback."""
        process = self.start(script, **environment)
        try:
            printed, _ = process.communicate(timeout=PATIENCE_S)
        finally:
            process.kill()
        assert process.returncode == 0, printed
        return printed


@contextlib.contextmanager
def chip_server(devices: Mapping[int, Device]) -> Iterator[str]:
    """Within it, transfers of the fake I2C meet `devices`. -> CHIP_PORT of the process's environment."""
    listener = socket.create_server(("127.0.0.1", 0))
    lock = threading.Lock()

    def serve(line: socket.socket) -> None:
        with (
            contextlib.suppress(OSError),
            line,
            line.makefile("rb") as requests,
        ):  # a pod that is killed hangs up
            while len(head := requests.read(REQUEST.size)) == REQUEST.size:
                address, written, count = REQUEST.unpack(head)
                out = requests.read(written)
                with lock:
                    answer = _transfer(devices, address, out, count)
                line.sendall(answer)

    def accept() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=serve, args=(line,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield str(listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _transfer(devices: Mapping[int, Device], address: int, out: bytes, count: int) -> bytes:
    """A zero and what was read, or a one: nobody answered."""
    device = devices.get(address)
    if device is None:
        return b"\x01"
    try:
        if out or not count:
            device.write(out)
        return b"\x00" + (device.read(count) if count else b"")
    except Nack:
        return b"\x01"
