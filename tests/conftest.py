"""Fixtures for all tests: recordings, a real Mosquitto, a real MicroPython."""

from pathlib import Path

import pytest

from support import tools
from support.mosquitto import mosquitto, start_mosquitto  # noqa: F401 - fixtures


@pytest.fixture(scope="session")
def recordings() -> Path:
    return tools.recordings()
