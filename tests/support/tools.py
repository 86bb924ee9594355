"""Real programs that tests need: a visible skip on a user's machine, a failure under CI."""

import os
import shutil
from pathlib import Path

import pytest

MICROPYTHON_DIR = Path(__file__).parents[1] / "micropython"


def missing(reason: str) -> None:
    """Skip with the reason, or fail where nothing may be missing (CI)."""
    if os.environ.get("CI"):
        pytest.fail(f"CI has everything installed, but: {reason}")
    pytest.skip(reason)


def program(name: str) -> str:
    """Path of a program, /usr/sbin included (Mosquitto lives there on Debian)."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        missing(f"{name} is not installed")
    assert found is not None
    return found


def recordings() -> Path:
    """The folder of real recordings, from STRIDELOAD_RECORDINGS."""
    folder = os.environ.get("STRIDELOAD_RECORDINGS")
    if not folder or not Path(folder).is_dir():
        missing("STRIDELOAD_RECORDINGS names no folder of recordings")
    assert folder is not None
    return Path(folder)
