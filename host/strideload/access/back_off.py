"""Patience with those who guess: after a few failures each next attempt has to wait longer."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

FORGOTTEN_AFTER_S: Final = 3600.0
KEYS_LIMIT: Final = 10_000


@dataclass
class _Failures:
    count: int
    last_s: float
    next_s: float


class BackOff:
    """Counts failures by key. The first `free` cost nothing; then 1 s, 2 s, 4 s and so on, `limit_s` at most."""

    def __init__(self, free: int, limit_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._free = free
        self._limit_s = limit_s
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._lock = Lock()

    def begin(self, key: str) -> float:
        """0: go on, and it counts as a failure until `succeeded`; else the seconds to wait, and nothing is counted.

        Counted beforehand, so that many attempts at once are no way around it.
        """
        now_s = self._clock()
        with self._lock:
            known = self._failures.get(key)
            if known is None or now_s - known.last_s > FORGOTTEN_AFTER_S:
                known = _Failures(0, now_s, now_s)
            if now_s < known.next_s:
                return known.next_s - now_s
            known.count += 1
            known.last_s = now_s
            known.next_s = now_s + self._wait_s(known.count)
            self._failures[key] = known
            self._failures.move_to_end(key)
            while len(self._failures) > KEYS_LIMIT:
                self._failures.popitem(last=False)
            return 0.0

    def succeeded(self, key: str) -> None:
        """Forget its failures."""
        with self._lock:
            self._failures.pop(key, None)

    def take_back(self, key: str) -> None:
        """The last attempt was no failure; those before it stand."""
        with self._lock:
            known = self._failures.get(key)
            if known is not None:
                known.count -= 1
                known.next_s = min(known.next_s, known.last_s)

    def count(self, key: str) -> int:
        with self._lock:
            known = self._failures.get(key)
            return known.count if known else 0

    def _wait_s(self, count: int) -> float:
        over = count - self._free
        return 0.0 if over < 0 else min(self._limit_s, 2.0 ** min(over, 30))
