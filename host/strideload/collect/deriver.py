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
STOP_TIMEOUT_S: Final = 10.0

log = logging.getLogger(__name__)


class Deriver:
    """A thread that calls `derive` when pages are new and none has come for a moment, or at the latest after a while.

    `is_busy` tells whether pages wait to be stored. `trouble` is the last error in words, None after a success.
    """

    def __init__(self, derive: Callable[[], object], is_busy: Callable[[], bool]) -> None:
        self.trouble: str | None = None
        self._derive = derive
        self._is_busy = is_busy
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
            self._thread.join(STOP_TIMEOUT_S)  # deriving is done in turns; what is not done stays due

    def alive(self) -> bool:
        return self._thread.is_alive()

    def note_new(self) -> None:
        """Pages were stored just now."""
        self._last_new_s = time.monotonic()
        self._is_new.set()

    def _work(self) -> None:
        while True:
            self._is_new.wait()
            self._wait_for_quiet()
            self._is_new.clear()
            if self._stopping.is_set():  # looked at after the clear, which may have taken back `stop`'s call
                return
            try:
                self._derive()
                self.trouble = None
            except Exception as error:
                # Pages are stored and acknowledged whatever happens here; deriving them is tried again.
                trouble = f"Sessions and steps cannot be derived: {error}"
                # Once, not at each try; what is foreseen is said by whoever shows `trouble`.
                if trouble != self.trouble and not isinstance(error, StrideloadError):
                    log.exception("pages could not be derived")
                self.trouble = trouble
                self._is_new.set()
                self._stopping.wait(RETRY_S)

    def _wait_for_quiet(self) -> None:
        latest_s = time.monotonic() + LATEST_S
        while (now_s := time.monotonic()) < latest_s:
            quiet_s = 0.0 if self._is_busy() else now_s - self._last_new_s
            if quiet_s >= QUIET_S or self._stopping.wait(QUIET_S - quiet_s):
                return
