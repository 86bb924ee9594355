"""Waiting for what another thread, process or broker does."""

import time
from collections.abc import Callable

# So long waits only what fails: none of it takes more than seconds, and on a computer that is five times as slow, or
# busy with other tests, it is in time as well.
PATIENCE_S = 90.0


def until(condition: Callable[[], object], every_s: float = 0.01) -> None:
    """Wait until something holds; fail when it does not in time."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "it did not come about in time"
        time.sleep(every_s)


def until_or_give_up(condition: Callable[[], object], within_s: float) -> None:
    """Wait until something holds, but no longer than that."""
    deadline_s = time.monotonic() + within_s
    while not condition() and time.monotonic() < deadline_s:
        time.sleep(0.01)
