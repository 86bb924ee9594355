"""Running the firmware's own check, on this computer or on the board behind a port, and reading what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from strideload.errors import StrideloadError
from strideload.pod.boards import LINUX, MICROPYTHON
from strideload.pod.finding import Found
from strideload.pod.report import NoReport, Report, read_report
from strideload_pod.sync import CONNECT_MS

# Two seconds of samples, and as long as the broker may take; a board compiles sources first.
WITHIN_S: Final = 30 + CONNECT_MS // 1000

IMPORT_TELL: Final = "from strideload_pod.check import tell\n"
ON_BOARD: Final = f"{IMPORT_TELL}from main import open_board\nboard = open_board()\n"
ON_LINUX: Final = f"{IMPORT_TELL}from strideload_pod.boards.on_linux import Board\nboard = Board()\n"
TELL: Final = "tell(board)\n"
TELL_WITHOUT_BROKER: Final = "tell(board, with_broker=False)\n"

_REFUSED: Final = re.compile(r"\bBoard(?:Error|Busy): ")


def check(found: Found, with_broker: bool = True) -> Report:
    """What the pod says of itself; its program runs on afterwards. StrideloadError, NoReport."""
    tell = TELL if with_broker else TELL_WITHOUT_BROKER
    if found.interpreter == LINUX:
        return _check_linux(Path(found.place.where), tell)
    if found.port is None:
        raise StrideloadError(
            f"{found.place.where} is the pod's drive; the check runs over its serial port: name that with --to."
        )
    if found.interpreter == MICROPYTHON:
        found.port.begin_anew()  # what the loop had loaded leaves little memory
    return read_report(found.port.run(ON_BOARD + tell, within_s=WITHIN_S))


def _check_linux(folder: Path, tell: str) -> Report:
    """The check of a pod on this computer, in a process of its own. StrideloadError, NoReport."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", ON_LINUX + tell],
            env={**os.environ, "STRIDELOAD_POD_DIR": str(folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StrideloadError(f"The check in {folder} did not end within {WITHIN_S} s.") from error
    if done.returncode:
        *_, why = _REFUSED.split(done.stderr)
        if why != done.stderr:
            raise StrideloadError(f"The pod cannot be checked: {why.strip()}.")
        raise NoReport("the check failed", done.stderr)
    return read_report(done.stdout)
