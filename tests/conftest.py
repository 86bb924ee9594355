"""Fixtures for all tests: recordings, a real Mosquitto, a real MicroPython."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support import tools
from support.mosquitto import mosquitto, start_mosquitto  # noqa: F401 - fixtures

# As Hypothesis has it here or under CI, but for what it times: each example, and how soon the first ones are drawn.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def recordings() -> Path:
    return tools.recordings()
