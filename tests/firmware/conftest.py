"""What the tests of the firmware share."""

from unittest.mock import patch

import adafruit_lsm6ds
import pytest


@pytest.fixture(scope="module")
def no_waiting():
    """Adafruit's driver sleeps for 0.2 s after each range."""
    with patch.object(adafruit_lsm6ds, "sleep", lambda seconds: None):
        yield
