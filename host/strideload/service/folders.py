"""Folders that change their names as a whole: made beside their place, put there in one step."""

import ctypes
import fcntl
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from strideload.service.archive import BackupError

AT_FDCWD: Final = -100  # linux/fcntl.h
RENAME_EXCHANGE: Final = 2  # linux/fs.h


@contextmanager
def workshop(folder: Path) -> Iterator[Path]:
    """A private folder for what is not finished, removed at the end. What a killed process left there goes first.

    BackupError: another process works in it, or somebody else has made it.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise BackupError(f"{folder} belongs to somebody else; remove it first.")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"Another strideload works in {folder}.") from None
        try:
            _empty(folder)
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change places in one step, so that each name has a whole one at any time.

    False: this system or file system cannot. [renameat2(2)]
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "renameat2"):
        return False
    names = AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other)
    return libc.renameat2(*names, RENAME_EXCHANGE) == 0


def put_in_place(made: Path, folder: Path, aside: Path | None) -> None:
    """Give a finished folder its name; `aside`: what was there goes there. The same file system has all of them."""
    if aside is None:
        os.rename(made, folder)  # an empty folder may be there
    else:
        os.rename(made, aside)
        if not exchange(aside, folder):
            os.rename(aside, made)
            os.rename(folder, aside)
            os.rename(made, folder)
    sync(folder.parent)


def sync_all(folder: Path) -> None:
    """Have the disk take all names of a folder; its files are synced already."""
    for place, _, _ in os.walk(folder):
        sync(Path(place))


def sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def give(folder: Path, owner: os.stat_result) -> None:
    """As root: let a folder and all in it belong to whom something else belongs."""
    for place, _, names in os.walk(folder):
        for path in (place, *(os.path.join(place, name) for name in names)):
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _empty(folder: Path) -> None:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)
