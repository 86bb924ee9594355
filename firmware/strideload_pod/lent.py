"""The pod while its drive is the computer's: nothing is recorded, the lamp says so, and what is on the drive is sent.

The log is opened over a drive that nobody writes to: what the log notes about itself stays in memory, and a page is
refused, so that nothing of this boot is ever stored or sent under a number that the next one gives out again.
"""

import errno

from strideload_pod import FIRMWARE_VERSION
from strideload_pod.log import Log, LogError
from strideload_pod.page import PAGE_SIZE
from strideload_pod.sync import Sync

LOG_PAGES = 16384
LOOK_MS = 50
# Two flashes, then dark: no state of a pod that has its drive looks like it.
FLASHES_MS = (100, 300)
PATTERN_MS = 2000
FLASH_MS = 100


def run(board):
    """Flash and sync until the board is stopping."""
    sync = open_sync(board)
    try:
        while not board.stopping():
            now_ms = board.clock.ticks_ms()
            board.light(any(0 <= now_ms % PATTERN_MS - at < FLASH_MS for at in FLASHES_MS))
            if sync is not None:
                sync.step(now_ms)
            board.clock.sleep_ms(LOOK_MS)
    finally:
        board.light(False)
        if sync is not None:
            sync.close()


def open_sync(board):
    """The way to the host for what is on the drive; None: no broker, or no log that can be read."""
    client = board.client()
    if client is None:
        return None
    store = board.settings.get("STRIDELOAD_STORE")
    try:
        log = Log(Unwritten(board.files), board.uid, LOG_PAGES, board.random_u32)
        if store and log.store != store:
            log.pair(store)
    except (LogError, ValueError) as error:
        print("No log to send: %s" % error)
        return None
    return Sync(log, client, lambda: state(board), board.random_u32)


def state(board):
    """The board's part of the `state` message."""
    return {
        "firmware": "%d.%d.%d" % FIRMWARE_VERSION,
        "recording": False,
        "battery_mv": board.battery_mv(),
        "faults": {},
        "clock": {"source": None, "utc_ms": None, "tick_ms": board.clock.ticks_ms()},
    }


class Unwritten:
    """`files` as they are. What the log changes lives in memory, and a page is refused: OSError."""

    def __init__(self, files):
        self._files = files
        self._notes = {}
        self._removed = set()

    def open(self, name, mode):
        if mode == "rb" and name in self._notes:
            return Note(self._notes[name])
        if mode != "wb" and name in self._files.names() and name not in self._removed:
            return self._files.open(
                name, "rb"
            )  # also to append to: the log looks how long it is, and may not write
        if mode == "rb":
            raise OSError(errno.ENOENT, name)
        self._notes[name] = bytearray()
        return Note(self._notes[name])

    def names(self):
        return sorted((set(self._files.names()) - self._removed) | set(self._notes))

    def remove(self, name):
        self._notes.pop(name, None)
        self._removed.add(name)

    def sync(self, file):
        pass


class Note:
    """A file of a few bytes in memory."""

    def __init__(self, data):
        self._data = data
        self._at = 0

    def write(self, data):
        if len(self._data) + len(data) >= PAGE_SIZE:
            raise OSError(errno.EACCES, "the drive is the computer's")
        self._data.extend(data)
        return len(data)

    def seek(self, offset, whence=0):
        self._at = offset + (len(self._data) if whence == 2 else 0)
        return self._at

    def read(self):
        return bytes(self._data[self._at :])

    def readinto(self, buffer):
        data = self._data[self._at : self._at + len(buffer)]
        buffer[: len(data)] = data
        return len(data)

    def close(self):
        pass
