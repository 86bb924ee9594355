"""A folder with a log that is all but full, made without writing each page through the log."""

from typing import Any

from strideload_pod.log import SEGMENT_PAGES, Log
from strideload_pod.page import PAGE_SIZE, STREAM_STEPS
from support.log_life import POD, page_of

PAGES_8_MB = 8 * 1024 * 1024 // PAGE_SIZE


def fill_folder(files: Any, pages: int) -> None:
    """Whole segments of step pages, as many as fit into so many pages beside what a log keeps free."""
    log = Log(files, POD, pages, lambda: 0xF1F1F1F1)
    log.close()
    page = page_of(log.boot, STREAM_STEPS, 0)
    for first in range(0, log.free() - SEGMENT_PAGES, SEGMENT_PAGES):
        file = files.open(f"{STREAM_STEPS}-{first:08x}.seg", "wb")
        for number in range(first, first + SEGMENT_PAGES):
            file.write(bytes(page.close(log.id, number, number, number)))
        files.sync(file)
        file.close()
