"""What systemd takes, and asking it: shared by the host's service and the pod's."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from strideload.errors import StrideloadError

UNIT_FOLDER: Final = Path("/etc/systemd/system")
BOOTED: Final = Path("/run/systemd/system")  # [sd_booted(3)]
TIMEOUT_S: Final = 360.0  # longer than a unit of ours may take to start


class ServiceError(StrideloadError):
    """A service that cannot be installed, removed or looked at."""


def quoted(text: str) -> str:
    """A word as a unit has it. [systemd.syntax(7)] StrideloadError: it cannot be one."""
    if not text.isprintable():
        raise StrideloadError(f"{text!r} cannot stand in a systemd unit: choose another folder.")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def command(*words: str) -> str:
    """A command line of a unit, in which a dollar would name a variable. [systemd.service(5)]"""
    return " ".join(quoted(word).replace("$", "$$") for word in words)


def need_systemd() -> str:
    """Path of systemctl. ServiceError: systemd does not run this computer."""
    found = shutil.which("systemctl")
    if found is None or not BOOTED.is_dir():
        raise ServiceError(
            "systemd does not run this computer, so there is no service to install: have its own means start "
            "`strideload up`."
        )
    return found


def need_root(what: str) -> None:
    if os.geteuid() != 0:
        raise ServiceError(f"To {what} needs root: put sudo before the command.")


def ask(*words: str) -> str:
    """What systemctl prints. ServiceError: with its own words, if it refuses."""
    try:
        done = subprocess.run(
            [need_systemd(), "--no-pager", *words], capture_output=True, text=True, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        raise ServiceError(f"systemctl {words[0]} did not end within {TIMEOUT_S:.0f} s.") from None
    if done.returncode != 0:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        raise ServiceError(f"systemctl {words[0]} failed: {said}")
    return done.stdout
