"""What happens often, said seldom: a sum at most once a minute for each of what it is of."""

import time
from collections.abc import Callable
from typing import Final

EVERY_S: Final = 60.0
# A stranger may make up any number of pods; what has no room is summed without a name.
LIMIT: Final = 256
OTHERS: Final = "others"


class Tally:
    """Counts by name. The first is said at once, what follows within a minute as one sum when the minute is over.

    `say(name, count)` is called by `note` and `tend`, on the thread that calls these.
    """

    def __init__(self, say: Callable[[str, int], None], now_s: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._now_s = now_s
        self._counts: dict[str, int] = {}  # not said yet
        self._said_s: dict[str, float] = {}

    def note(self, name: str, by: int = 1) -> None:
        if by:
            name = name if name in self._said_s or len(self._said_s) < LIMIT else OTHERS
            self._counts[name] = self._counts.get(name, 0) + by
            self._said_s.setdefault(name, self._now_s() - EVERY_S)
            self.tend()

    def tend(self) -> None:
        """Say what is due; to be called often."""
        now_s = self._now_s()
        for name in [name for name, said_s in self._said_s.items() if now_s - said_s >= EVERY_S]:
            if count := self._counts.pop(name, 0):
                self._said_s[name] = now_s
                self._say(name, count)
            else:
                del self._said_s[name]

    def flush(self) -> None:
        """Say all that was not said yet."""
        for name, count in self._counts.items():
            self._say(name, count)
        self._counts.clear()
