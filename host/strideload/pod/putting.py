"""Files onto a pod so that a pulled cable leaves the old firmware, or one that says what is the matter.

The new files are written beside the old ones and read back. Only then main.py is exchanged for a word that the firmware
is not complete, the files change places, which takes a moment, and main.py comes last.
"""

from collections.abc import Collection, Mapping
from typing import Final

from strideload.errors import StrideloadError
from strideload.pod.places import Place
from strideload.progress import Advance

BESIDE: Final = ".new"
ENTRY: Final = "main.py"
UNFINISHED: Final = (
    b'print("The firmware was not put on to its end. Run `strideload pod install` once more.")\n'
)
# What a file takes beyond its content: the rest of a block, and entries of folders.
FILE_ROOM_BYTES: Final = 4096
SOURCES: Final = (".py", ".mpy")


class NotPut(StrideloadError):
    """The files are not on the pod."""


def put(place: Place, files: Mapping[str, bytes], packages: Collection[str], advance: Advance) -> list[str]:
    """Bring these files onto the pod -> paths that were written. NotPut.

    `packages`: folders, and modules without their suffix, that are the firmware's: what else is in them goes.
    """
    try:
        return _put(place, files, packages, advance)
    except OSError as error:
        raise NotPut(
            f"{place.where} took not all of it ({error.strerror or error}). Plug the pod in anew and run "
            "`strideload pod install` once more; the log is untouched."
        ) from error


def _put(place: Place, files: Mapping[str, bytes], packages: Collection[str], advance: Advance) -> list[str]:
    for path in _leftovers(place, files):
        place.remove(path)
    new = {path: data for path, data in files.items() if not place.holds(path, data)}
    stale = _stale(place, files, packages)
    if not new and not stale:
        return []
    _need_room(place, new)
    for count, (path, data) in enumerate(new.items(), 1):
        place.write(path + BESIDE, data)
        if not place.holds(path + BESIDE, data):
            raise NotPut(
                f"{path} reads back otherwise than it was written to {place.where}: its memory is bad."
            )
        advance(count / (len(new) + 1))
    if ENTRY in files:
        place.write(ENTRY + ".stop", UNFINISHED)
        place.replace(ENTRY, ENTRY + ".stop")
    for path in stale:
        place.remove(path)
    for path in new:
        if path != ENTRY:
            place.replace(path, path + BESIDE)
    if ENTRY in files:
        if ENTRY not in new:
            place.write(ENTRY + BESIDE, files[ENTRY])
        place.replace(ENTRY, ENTRY + BESIDE)
    for path, data in files.items():
        if not place.holds(path, data):
            raise NotPut(f"{path} on {place.where} is not what was written there: its memory is bad.")
    advance(1.0)
    return list(new)


def _folders(files: Mapping[str, bytes]) -> set[str]:
    return {path.rpartition("/")[0] for path in files}


def _leftovers(place: Place, files: Mapping[str, bytes]) -> list[str]:
    """Files of an earlier attempt that was broken off."""
    ours = {path + BESIDE for path in files} | {ENTRY + ".stop"}
    found = [_join(folder, name) for folder in _folders(files) for name in place.sizes(folder)]
    return [path for path in found if path in ours or (path.endswith(BESIDE) and "/" in path)]


def _stale(place: Place, files: Mapping[str, bytes], packages: Collection[str]) -> list[str]:
    """Modules of these packages that are none any more: an old .py would be imported before the new .mpy."""
    found: list[str] = []
    for folder in sorted(_folders(files)):
        for name in place.sizes(folder):
            path = _join(folder, name)
            base = path.removesuffix(".mpy").removesuffix(".py")
            is_ours = any(path.startswith(f"{package}/") or base == package for package in packages)
            if is_ours and path.endswith(SOURCES) and path not in files:
                found.append(path)
    return found


def _need_room(place: Place, new: Mapping[str, bytes]) -> None:
    needed = sum(len(data) + FILE_ROOM_BYTES for data in new.values())
    free = place.free_bytes()
    if needed > free:
        raise NotPut(
            f"{place.where} has {free // 1024} kB free, and {needed // 1024} kB are needed while old and new files lie "
            "side by side: remove files that are not the pod's, or let it sync first."
        )


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
