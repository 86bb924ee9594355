"""A serial port behind which a real MicroPython answers (its WebAssembly build under Node), on a pseudo-terminal."""

import os
import subprocess
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support import tools
from support.micropython import PACKAGE
from support.waiting import PATIENCE_S

CHUNK = 4096


@dataclass(frozen=True)
class SerialBoard:
    """`port` is what a program opens; `flash` holds the board's files once it was reset softly or has ended."""

    port: str
    flash: Path
    process: subprocess.Popen[bytes]


@contextmanager
def serial_board(flash: Path) -> Iterator[SerialBoard]:
    """A board whose flash begins as the folder is, until the end of the block."""
    node = tools.program("node")
    if not (tools.MICROPYTHON_DIR / "node_modules" / PACKAGE).is_dir():
        tools.missing("MicroPython is not installed: run `npm ci` in tests/micropython")
    flash.mkdir(parents=True, exist_ok=True)
    master, slave = os.openpty()
    tty.setraw(slave)
    process = subprocess.Popen(
        [node, "board.mjs", str(flash)],
        cwd=tools.MICROPYTHON_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    os.write(master, os.read(process.stdout.fileno(), CHUNK))  # its greeting: it is up
    threads = [
        threading.Thread(target=_pump, args=(master, process.stdin.fileno()), daemon=True),
        threading.Thread(target=_pump, args=(process.stdout.fileno(), master), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield SerialBoard(os.ttyname(slave), flash, process)
    finally:
        os.close(slave)  # the last end that a program could hold: the pump from the port ends
        threads[0].join(PATIENCE_S)
        process.stdin.close()
        try:
            process.wait(PATIENCE_S)
        finally:
            process.kill()
            process.wait(PATIENCE_S)
            threads[1].join(PATIENCE_S)
            process.stdout.close()
            os.close(master)


def _pump(source: int, sink: int) -> None:
    """Bytes from one end to the other, until one of them is closed."""
    try:
        while data := os.read(source, CHUNK):
            while data:
                data = data[os.write(sink, data) :]
    except OSError:
        pass
