"""Watches' files that come in over the network: one is read at a time, so that many at once do not eat the memory."""

import threading
from typing import Final

from strideload import activity_file
from strideload.activity_file import Activity
from strideload.errors import StrideloadError

WAIT_S: Final = 10.0

_reading = threading.Lock()


class ReaderBusy(StrideloadError):
    """Others' files are being read."""

    def __init__(self) -> None:
        super().__init__("Another file is being read here. Send this one again in a minute.")


def read(data: bytes, name: str) -> Activity:
    """What a file of a watch holds. ReaderBusy: its turn did not come; ActivityFileError."""
    if not _reading.acquire(timeout=WAIT_S):
        raise ReaderBusy
    try:
        return activity_file.read(data, name)
    finally:
        _reading.release()
