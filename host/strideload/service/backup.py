"""One file with all that a host is: store, settings, users and certificates. Made while it runs, and read back.

Pods connect again to what is restored from it on a computer of the same name: they know the host by its name, the
broker by its authority's certificate and the store by its id, and they are known by their passwords.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from strideload import __version__
from strideload.collect import mosquitto
from strideload.host import BROKER_FOLDER, LOCK_NAME
from strideload.progress import Advance
from strideload.service.archive import BackupError, pack, unpack
from strideload.service.folders import sync, workshop
from strideload.settings import STORE_NAME, Settings
from strideload.store.snapshot import Contents, copy_store, examine

# The store goes in as a copy. A lock is no one's but its process's; the rest a managed broker makes anew at its start.
LEFT_OUT: Final = frozenset(
    [
        LOCK_NAME,
        *(f"{STORE_NAME}{ending}" for ending in ("", "-wal", "-shm", "-journal")),
        *(f"{BROKER_FOLDER}/{name}" for name in mosquitto.MADE_ANEW),
    ]
)
# How much of the time each step takes, about.
COPIED, PACKED = 0.2, 0.7


@dataclass(frozen=True)
class Made:
    """A backup that was written and read back. `notes`: what the user should know, a sentence each."""

    file: str
    size_bytes: int
    files: int
    store: Contents
    notes: list[str]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"store": self.store._asdict()}

    def in_words(self) -> str:
        first = (
            f"{self.file}: {self.store.pages} pages and {self.files - 1} other files, {self.size_bytes / 1e6:.1f} MB, "
            "written, read back and compared. It holds keys and passwords: keep it where you would keep these."
        )
        return "\n".join([first, *self.notes])


def backup(settings: Settings, file: Path, *, replace: bool, advance: Advance) -> Made:
    """Write a backup of a host, running or not. BackupError, StoreError; then nothing is there that was not before."""
    store = _store_of(settings)
    target = file.expanduser().absolute()
    if settings.folder.resolve() in target.resolve().parents:
        raise BackupError(f"{target} lies in the folder that is backed up; choose a place elsewhere.")
    if not replace and os.path.lexists(target):
        raise BackupError(f"{target} is there already; choose another name, or say --replace.")
    with workshop(target.with_name(f".{target.name}.unfinished")) as work:
        gathered, draft = work / "gathered", work / "draft"
        gathered.mkdir(mode=0o700)
        copy_store(store, gathered / STORE_NAME)
        advance(COPIED)
        notes = [f"Not in it: {what}." for what in _gather(settings, gathered)]
        contents = examine(gathered / STORE_NAME)
        head = {
            "strideload": __version__,
            "made_utc": datetime.now(UTC).isoformat(timespec="seconds"),
            "store": contents._asdict(),
        }
        files = pack(gathered, head, draft, lambda share: advance(COPIED + (PACKED - COPIED) * share))
        shutil.rmtree(gathered)  # room for what is read back
        _verify(draft, work / "back", contents, lambda share: advance(PACKED + (1 - PACKED) * share))
        _put(draft, target, replace)
    if contents.damaged:
        notes.append(
            f"{contents.damaged} of the pages are damaged in the store itself: keep older backups as well."
        )
    if target.stat().st_mode & 0o077:
        notes.append(f"The disk under {target} keeps no permissions: whoever holds it can read it.")
    return Made(str(target), target.stat().st_size, len(files), contents, notes)


def check(folder: Path, promised: dict[str, Any], file: Path) -> Contents:
    """Hold an unpacked store against what the backup's list says of it. BackupError, StoreError."""
    found = examine(folder / STORE_NAME)
    same = all(
        promised.get(name) == value
        for name, value in found._asdict().items()
        if name != "digest" or value is not None
    )
    if not same:
        raise BackupError(f"{file} is damaged: the store in it is not what its list says.")
    return found


def _store_of(settings: Settings) -> Path:
    where = settings.store_url()
    if not isinstance(where, Path):
        if where.startswith("postgresql"):
            raise BackupError(
                "The store is in PostgreSQL, which has its own tools: back it up with `pg_dump --format=custom`, "
                f"and copy {settings.folder} for settings, users and certificates."
            )
        raise BackupError(
            f"store.url names a store outside of {settings.folder}; "
            f"move it there as {STORE_NAME} and take store.url away."
        )
    if not where.is_file():
        raise BackupError(f"There is no store in {settings.folder}, so there is nothing to back up.")
    return where


def _gather(settings: Settings, target: Path) -> Iterator[str]:
    """Copy all files of the state folder but the store -> what could not be."""
    folder = settings.folder
    for place, folders, names in os.walk(folder):
        here = Path(place)
        for name in folders:
            if (here / name).is_symlink():
                yield f"{here / name}, which is a link to a folder"
        for name in names:
            path = here / name
            relative = path.relative_to(folder)
            if relative.as_posix() in LEFT_OUT:
                continue
            if not path.is_file():
                if path.exists():
                    yield f"{path}, which is no file"
                continue
            copy = target / relative
            copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                shutil.copyfile(path, copy)
            except FileNotFoundError:  # replaced by a finished one at this moment, or removed
                continue
    for path in settings.files():
        if folder.resolve() not in path.resolve().parents:
            yield f"{path}, which the settings name and which lies elsewhere"


def _verify(draft: Path, back: Path, contents: Contents, advance: Advance) -> None:
    promised = unpack(draft, back, advance)["store"]
    if check(back, promised, draft) != contents:
        raise BackupError("The backup was written and came back otherwise: the disk is not to be trusted.")


def _put(draft: Path, target: Path, replace: bool) -> None:
    """Give it its name. BackupError: somebody has taken it meanwhile."""
    if replace:
        os.replace(draft, target)
    else:
        try:
            os.link(draft, target)
        except FileExistsError:
            raise BackupError(f"{target} was made by somebody else meanwhile; choose another name.") from None
        except OSError as error:
            # FAT, as most sticks have it, knows no second name for a file.
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS) or os.path.lexists(target):
                raise
            os.rename(draft, target)
    sync(target.parent)
