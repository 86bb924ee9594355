"""The file that a backup is: a gzipped tar of one folder, its list of contents first, so that it is read in one sweep.

[gzip: RFC 1952; tar: POSIX.1-2001] A reader takes nothing on trust: names, sizes and digests are those of the list, and
whatever is not on it makes the file a wrong one.
"""

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, NamedTuple

from strideload.errors import StrideloadError

LIST_NAME: Final = "strideload-backup.json"
FORMAT: Final = 1
LIST_LIMIT: Final = 4 * 2**20
CHUNK: Final = 2**20
# Pages hold hardly anything twice: a higher level costs a Raspberry Pi minutes, and saves next to nothing.
LEVEL: Final = 1

_SHA256 = re.compile(r"[0-9a-f]{64}")


class BackupError(StrideloadError):
    """A backup that cannot be made or read; nothing was touched."""


class Kept(NamedTuple):
    """One file of a backup."""

    size: int  # bytes
    sha256: str


def pack(
    folder: Path, head: Mapping[str, Any], target: Path, advance: Callable[[float], None]
) -> dict[str, Kept]:
    """Write all files of a folder into a new file -> name: what was kept. `head` goes onto the list."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    files = {name: _kept(folder / name) for name in names}
    listed = {"format": FORMAT, **head, "files": {name: kept._asdict() for name, kept in files.items()}}
    words = json.dumps(listed).encode()
    total = max(1, sum(kept.size for kept in files.values()))
    done = 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as raw:
        with (
            gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=LEVEL, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
        ):
            _add(tar, LIST_NAME, len(words), io.BytesIO(words))
            for name, kept in files.items():
                with (folder / name).open("rb") as content:
                    _add(tar, name, kept.size, content)
                done += kept.size
                advance(done / total)
        raw.flush()
        os.fsync(raw.fileno())
    return files


def unpack(file: Path, folder: Path, advance: Callable[[float], None]) -> dict[str, Any]:
    """Write a backup's files into a new folder, each checked -> its list. BackupError: it is none, or not whole."""
    try:
        with file.open("rb") as raw, gzip.GzipFile(fileobj=raw, mode="rb") as packed:
            size = max(1, os.fstat(raw.fileno()).st_size)
            with tarfile.open(fileobj=packed, mode="r|") as tar:
                found = _unpack(file, tar, folder, lambda: advance(raw.tell() / size))
            while packed.read(CHUNK):  # to its end, where its checksum stands
                pass
    except (gzip.BadGzipFile, tarfile.ReadError) as error:
        raise BackupError(f"{file} is no backup of Strideload, or it is damaged: {error}.") from error
    except (EOFError, zlib.error, tarfile.TarError) as error:
        raise BackupError(f"{file} is damaged or was cut short: {error}.") from error
    except (FileExistsError, NotADirectoryError) as error:
        raise BackupError(f"{file} is damaged: {error.filename} cannot be made.") from error
    return found


def _unpack(file: Path, tar: tarfile.TarFile, folder: Path, advance: Callable[[], None]) -> dict[str, Any]:
    members = iter(tar)
    found, files = _list_of(file, tar, next(members, None))
    folder.mkdir(mode=0o700)
    left = dict(files)
    for member in members:
        kept = left.pop(member.name, None)
        content = tar.extractfile(member) if member.isreg() else None
        if kept is None or content is None or member.size != kept.size:
            raise BackupError(f"{file} is damaged: {member.name[:80]!r} is not what its list says.")
        if _write(content, folder / member.name) != kept:
            raise BackupError(f"{file} is damaged: {member.name} has other bytes than were written.")
        advance()
    if left:
        raise BackupError(f"{file} is damaged: {next(iter(left))} is missing.")
    return found


def _list_of(
    file: Path, tar: tarfile.TarFile, member: tarfile.TarInfo | None
) -> tuple[dict[str, Any], dict[str, Kept]]:
    """The list of contents, judged."""
    content = tar.extractfile(member) if member is not None and member.isreg() else None
    if member is None or content is None or member.name != LIST_NAME or member.size > LIST_LIMIT:
        raise BackupError(f"{file} is no backup of Strideload.")
    try:
        found = json.loads(content.read())
        if found["format"] != FORMAT:
            raise BackupError(
                f"{file} was made by another version of Strideload (its form is {found['format']!r}, ours {FORMAT})."
            )
        files = {_safe(name): _read_kept(kept) for name, kept in found["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BackupError(f"{file} is damaged: its list of contents cannot be read.") from error
    return found, files


def _safe(name: str) -> str:
    """A name that stays within the folder. ValueError."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\0" in name or str(PurePosixPath(name)) != name:
        raise ValueError(name)
    return name


def _read_kept(kept: Mapping[str, Any]) -> Kept:
    size, sha256 = kept["size"], kept["sha256"]
    if not isinstance(size, int) or size < 0 or not _SHA256.fullmatch(sha256):
        raise ValueError(kept)
    return Kept(size, sha256)


def _add(tar: tarfile.TarFile, name: str, size: int, content: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o600
    tar.addfile(member, content)


def _kept(file: Path) -> Kept:
    with file.open("rb") as content:
        return Kept(file.stat().st_size, hashlib.file_digest(content, "sha256").hexdigest())


def _write(content: IO[bytes], file: Path) -> Kept:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while data := content.read(CHUNK):
            out.write(data)
            digest.update(data)
            size += len(data)
        out.flush()
        os.fsync(out.fileno())
    return Kept(size, digest.hexdigest())
