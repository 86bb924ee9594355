"""Where the log goes: a line each to stderr, in the journal's form where the journal reads it.

What is logged names pods, counts and reasons. Passwords, tokens, names of runners and what they said of themselves
are handed to no logger.
"""

import logging
import os
import sys
import threading
import traceback
from typing import Any, Final, Literal, get_args

Level = Literal["debug", "info", "warning", "error"]
LEVELS: Final = get_args(Level)

# [sd-daemon(3)]
PRIORITIES: Final = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
    (logging.DEBUG, 7),
)
FRAMES: Final = 6  # of an error that nobody foresaw, the innermost


def set_up(level: Level) -> None:
    """Log to stderr from now on: what is of that level or above of ours, and warnings of others."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine(is_journal(sys.stderr.fileno())))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("strideload").setLevel(level.upper())
    threading.excepthook = _log_death


def is_journal(descriptor: int) -> bool:
    """Whether the journal reads that descriptor. [systemd.exec(5), JOURNAL_STREAM]"""
    found = os.fstat(descriptor)
    return os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


class OneLine(logging.Formatter):
    """A record as one line: with its priority for the journal, which keeps the time itself; else with both in words."""

    def __init__(self, for_journal: bool) -> None:
        super().__init__("%(message)s" if for_journal else "%(asctime)s %(levelname)s %(message)s")
        self._for_journal = for_journal

    def format(self, record: logging.LogRecord) -> str:
        words = " ".join(super().format(record).split())
        line = "".join(letter if letter.isprintable() else "?" for letter in words)
        if not self._for_journal:
            return line
        priority = next((number for level, number in PRIORITIES if record.levelno >= level), 7)
        return f"<{priority}>{line}"

    def formatException(self, ei: Any) -> str:
        """Of what kind it was and where, innermost first; its text may hold what somebody wrote, and stays out."""
        error = ei[1]
        if error is None:
            return ""
        frames = reversed(traceback.extract_tb(error.__traceback__)[-FRAMES:])
        places = ", ".join(f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in frames)
        system = f", {os.strerror(error.errno)}" if isinstance(error, OSError) and error.errno else ""
        return f"({type(error).__name__}{system}; at {places})"


def _log_death(died: threading.ExceptHookArgs) -> None:
    name = died.thread.name if died.thread else "?"
    logging.getLogger(__name__).critical("the thread %s died", name, exc_info=died.exc_value)
