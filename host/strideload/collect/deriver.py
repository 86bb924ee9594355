"""Derives sessions and steps from new pages, beside collecting and never in its way."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from strideload.errors import StrideloadError

QUIET_S: Final = 0.3  # no page for so long: the pod has sent what it had
LATEST_S: Final = 5.0  # under a steady flow, so that a long sync is seen to grow
RETRY_S: Final = 5.0

log = logging.getLogger(__name__)


class Deriver:
    """A thread that calls `derive` when pages are new and none has come for a moment, or at the latest after a while.

    `trouble` is the last error in words, None after a success.
    """

    def __init__(self, derive: Callable[[], object]) -> None:
        self.trouble: str | None = None
        self._derive = derive
        self._stopping = threading.Event()
        self._is_new = threading.Event()
        self._last_new_s = 0.0
        self._thread = threading.Thread(target=self._work, name="derive", daemon=True)

    def start(self) -> None:
        self._is_new.set()  # what came before the last stop may not be derived yet
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._is_new.set()
        if self._thread.is_alive():
            self._thread.join()

    def alive(self) -> bool:
        return self._thread.is_alive()

    def note_new(self) -> None:
        """Pages were stored just now."""
        self._last_new_s = time.monotonic()
        self._is_new.set()

    def _work(self) -> None:
        while self._is_new.wait() and not self._stopping.is_set():
            self._wait_for_quiet()
            self._is_new.clear()
            try:
                self._derive()
                self.trouble = None
            except Exception as error:
                # Pages are stored and acknowledged whatever happens here; deriving them is tried again.
                if not isinstance(error, StrideloadError):
                    log.exception("pages could not be derived")
                self.trouble = f"Sessions and steps cannot be derived: {error}"
                self._is_new.set()
                self._stopping.wait(RETRY_S)

    def _wait_for_quiet(self) -> None:
        latest_s = time.monotonic() + LATEST_S
        while True:
            now_s = time.monotonic()
            until_s = min(self._last_new_s + QUIET_S, latest_s)
            if now_s >= until_s or self._stopping.wait(until_s - now_s):
                return
