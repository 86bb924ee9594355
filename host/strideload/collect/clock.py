"""The time that pods may take from this computer: only while the computer knows it itself."""

import time
from collections.abc import Callable

from strideload_pod.boards.on_linux import is_synchronised

TimeSource = Callable[[], int | None]


def utc_ms() -> int:
    """What the clock says, right or wrong; ms since 1970."""
    return time.time_ns() // 1_000_000


def synchronised_utc_ms() -> int | None:
    """ms since 1970; None while the kernel says that nothing sets this clock, or where it cannot be asked."""
    return utc_ms() if is_synchronised() else None
