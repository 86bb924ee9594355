"""The time that pods may take from this computer: only while the computer knows it itself."""

import ctypes
import sys
import time
from collections.abc import Callable
from typing import Final

TIME_ERROR: Final = 5  # linux/timex.h: the clock is not synchronised
TIMEX_BYTES: Final = 512  # struct timex has 208 on 64 bits; all zero, it asks and sets nothing

TimeSource = Callable[[], int | None]


def utc_ms() -> int:
    """What the clock says, right or wrong; ms since 1970."""
    return time.time_ns() // 1_000_000


def synchronised_utc_ms() -> int | None:
    """ms since 1970; None while the kernel says that nothing sets this clock, or where it cannot be asked."""
    if sys.platform != "linux":
        return None
    state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES))
    return None if state in (-1, TIME_ERROR) else utc_ms()
