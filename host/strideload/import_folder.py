"""A folder that was copied off a pod becomes pages in the store, by the same door as the collector's.

What came by MQTT before is no change; other bytes under a key that is there are set aside. The folder is only read.
"""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from strideload.errors import StrideloadError
from strideload.host import make_folder, open_home
from strideload.pod import log_files
from strideload.pod.log_files import Segment
from strideload.progress import Progress
from strideload.protocol.messages import MAX_PAYLOAD
from strideload.settings import Settings
from strideload.store import Received, Store
from strideload_pod.page import PAGE_SIZE, key

StreamKey = tuple[str, int, int]  # pod, log, stream

READ_BYTES: Final = 2**20  # a multiple of a page: a file may be of any size
NAMES_SHOWN: Final = 5


@dataclass
class StreamImported:
    """What came of one stream: whole pages, those that were new, and the next page that the host wants now."""

    pages: int = 0
    stored: int = 0
    wanted: int = 0


@dataclass
class Imported:
    """What an import found and did."""

    folder: str
    pages: int = 0  # whole pages found
    stored: int = 0  # of these new to the store
    repeated: int = 0  # of these in the store already
    conflicts: int = 0  # of these in the store with other bytes: set aside
    erased: int = 0  # of these were a runner's who had them erased: not kept
    spoilt: int = 0  # places of a page that hold none, or one with a wrong CRC
    misplaced: int = 0  # pages where the log does not look for them
    torn: int = 0  # files that end within a page
    sessions: int = 0  # that were derived from what is new
    segments: int = 0  # files of a log
    others: list[str] = field(default_factory=list[str])  # files that are not a log's, by their paths
    unreadable: list[str] = field(
        default_factory=list[str]
    )  # files and folders that could not be read to the end
    streams: dict[StreamKey, StreamImported] = field(default_factory=dict[StreamKey, StreamImported])

    def as_dict(self) -> dict[str, Any]:
        streams = [
            {"pod": pod, "log": f"{log:08x}", "stream": stream, **asdict(found)}
            for (pod, log, stream), found in self.streams.items()
        ]
        return {**asdict(self), "streams": streams, "changed": self.stored > 0}

    def in_words(self) -> str:
        files = _count(self.segments, "file")
        lines = [f"{self.folder}: {_count(self.pages, 'whole page')} in {files} of a pod's log."]
        for (pod, log, stream), found in self.streams.items():
            what = "steps" if stream == 0 else "raw samples" if stream == 1 else f"stream {stream}"
            lines.append(
                f"  Pod {pod}, log {log:08x}, {what}: {found.stored} new of {found.pages}; "
                f"next wanted {found.wanted}."
            )
        if self.conflicts:
            lines.append(
                f"{_count(self.conflicts, 'page')} had other bytes than the store has under the same number. "
                "The store keeps what it had, and set them aside."
            )
        if self.erased:
            lines.append(f"{_count(self.erased, 'page')} of a runner who had all erased: not kept.")
        if self.spoilt:
            lines.append(
                f"Not readable: {_count(self.spoilt, 'page')} with a wrong checksum. Copy the folder once more, or let "
                "the pod sync: what it cannot read itself it declares lost."
            )
        if self.misplaced:
            lines.append(f"Left out: {_count(self.misplaced, 'page')} that the log itself had given up.")
        if self.torn:
            ends = "ends" if self.torn == 1 else "end"
            lines.append(
                f"{_count(self.torn, 'file')} {ends} within a page, as a pulled battery leaves it; no whole page is "
                "missing by it."
            )
        if self.unreadable:
            lines.append(f"Not read to the end, copy again: {_listed(self.unreadable)}.")
        if self.others:
            lines.append(f"Not of a log, and ignored: {_listed(self.others)}.")
        lines.append(self._conclusion())
        return "\n".join(lines)

    def _conclusion(self) -> str:
        if self.stored:
            return f"{_count(self.stored, 'new page')} in the store now, {_count(self.sessions, 'session')} derived."
        if not self.pages:
            return "Nothing could be taken: no file holds a whole page of a log."
        if self.spoilt or self.unreadable:
            return "No change: the store had all that could be read."
        return "No change: the store had all of it."


def import_folder(settings: Settings, folder: Path, progress: Progress) -> Imported:
    """Put the whole pages of every log below `folder` into the store. StrideloadError, StoreError."""
    imported = Imported(str(folder))
    logs = list(_logs(folder, imported))
    if not logs:
        raise StrideloadError(
            f"{folder} has no pages of a pod: they lie in files such as 0-00000000.seg. "
            "Copy the pod's `log` folder, or name its drive."
        )
    total = sum(segment.size for _, found in logs for segment in found)
    make_folder(settings)
    with open_home(settings) as store, progress("Importing") as advance:
        done = 0
        for path, found in logs:
            for segment in found:
                _import_segment(store, path, segment, imported)
                done += segment.size
                advance(done / max(1, total))
        imported.sessions = store.derive()
        for (pod, log, stream), one in imported.streams.items():
            one.wanted = store.wanted(pod, log, stream)
    return imported


def _logs(folder: Path, imported: Imported) -> Iterator[tuple[Path, list[Segment]]]:
    """Every folder at or below this one that holds a log, links not followed. StrideloadError: no such folder."""

    def refuse(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise StrideloadError(f"{folder} cannot be read: {error.strerror}.") from error
        imported.unreadable.append(str(Path(error.filename).relative_to(folder)))

    for path, folders, names in os.walk(folder, onerror=refuse):
        folders.sort()
        sizes = {name: _size(Path(path, name)) for name in sorted(names)}
        found = log_files.segments({name: size for name, size in sizes.items() if size is not None})
        ours = {segment.name for segment in found} | log_files.BESIDE_SEGMENTS
        imported.others += [str(Path(path, name).relative_to(folder)) for name in sizes if name not in ours]
        if found:
            imported.segments += len(found)
            yield Path(path), found


def _size(file: Path) -> int | None:
    """None: no file with content of its own."""
    return file.stat().st_size if file.is_file() and not file.is_symlink() else None


def _import_segment(store: Store, path: Path, segment: Segment, imported: Imported) -> None:
    try:
        for part, data in _parts(path / segment.name, segment):
            judged = log_files.judge(part, data)
            imported.spoilt += judged.spoilt
            imported.misplaced += judged.misplaced
            imported.torn += judged.torn_bytes > 0
            _add(store, judged.pages, imported)
    except OSError:
        imported.unreadable.append(segment.name)


def _parts(file: Path, segment: Segment) -> Iterator[tuple[Segment, bytes]]:
    """A file in parts that fit into memory, each a segment of its own."""
    with file.open("rb") as opened:
        first = segment.first
        while data := opened.read(READ_BYTES):
            yield segment._replace(first=first), data
            first += len(data) // PAGE_SIZE


def _add(store: Store, pages: Sequence[bytes], imported: Imported) -> None:
    """Pages of one part, as messages of the pods that wrote them."""
    streams: dict[StreamKey, list[bytes]] = {}
    for page in pages:
        streams.setdefault(key(page)[:3], []).append(page)
    for stream, of_stream in streams.items():
        outcome = store.add(list(_messages(stream[0], of_stream)))
        one = imported.streams.setdefault(stream, StreamImported())
        one.pages += len(of_stream)
        one.stored += outcome.stored
        imported.pages += len(of_stream)
        imported.stored += outcome.stored
        imported.repeated += outcome.repeated
        imported.conflicts += outcome.conflicting
        imported.erased += outcome.erased


def _messages(pod: str, pages: Sequence[bytes]) -> Iterator[Received]:
    now_utc_us = time.time_ns() // 1000
    a_message = MAX_PAYLOAD // PAGE_SIZE
    for at in range(0, len(pages), a_message):
        yield Received(pod, b"".join(pages[at : at + a_message]), now_utc_us, heard=False)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
