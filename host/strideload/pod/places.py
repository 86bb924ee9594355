"""Where a pod's files lie: a folder of this computer, such as the CIRCUITPY drive, or a board behind a serial port.

Paths are relative to the pod's root and use slashes. What is written is read back. OSError: it could not be done.
"""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Protocol

from strideload.pod.serial_port import Port

READ_BYTES = 4096

# The size is in the listing, but for file systems of other systems.
_SIZES = """
def sizes(folder):
    try:
        files = [e for e in os.ilistdir(folder) if e[1] & 0x8000]
    except OSError:
        return []
    return [(e[0], e[3] if len(e) > 3 else os.stat(folder + "/" + e[0])[6]) for e in files]
"""


class Place(Protocol):
    """A pod's files."""

    @property
    def where(self) -> str:
        """As a person calls it."""
        ...

    def sizes(self, folder: str) -> dict[str, int]:
        """Files right in a folder, and their sizes in bytes; none where there is no such folder."""
        ...

    def read(self, path: str, most: int | None = None) -> bytes:
        """A file, or its first `most` bytes."""
        ...

    def holds(self, path: str, data: bytes) -> bool:
        """True when the file is there with just these bytes."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Write a whole file; its folder is made."""
        ...

    def replace(self, path: str, by: str) -> None:
        """Put the file `by` in the place of `path`."""
        ...

    def remove(self, path: str) -> None: ...

    def free_bytes(self) -> int: ...


class FolderPlace:
    """A folder of this computer. What was written outlives a pulled cable."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def where(self) -> str:
        return str(self.folder)

    def sizes(self, folder: str) -> dict[str, int]:
        try:
            entries = list(os.scandir(self.folder / folder))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        return {entry.name: entry.stat().st_size for entry in entries if entry.is_file(follow_symlinks=False)}

    def read(self, path: str, most: int | None = None) -> bytes:
        with (self.folder / path).open("rb") as file:
            return file.read(-1 if most is None else most)

    def holds(self, path: str, data: bytes) -> bool:
        try:
            return self.read(path) == data
        except FileNotFoundError:
            return False

    def write(self, path: str, data: bytes) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            if hasattr(os, "posix_fadvise"):  # what is read back comes from the drive, not from memory
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)

    def replace(self, path: str, by: str) -> None:
        (self.folder / by).replace(self.folder / path)
        self._sync(path)

    def remove(self, path: str) -> None:
        (self.folder / path).unlink()
        self._sync(path)

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.folder).free

    def _sync(self, path: str) -> None:
        """The folder's own entries, where the system has a way to."""
        try:
            folder = os.open((self.folder / path).parent, os.O_RDONLY)
        except OSError:
            return
        try:
            os.fsync(folder)
        except OSError:
            pass
        finally:
            os.close(folder)


class PortPlace:
    """A MicroPython board behind a serial port, whose program is stopped."""

    def __init__(self, port: Port) -> None:
        self._port = port

    @property
    def where(self) -> str:
        return self._port.name

    def sizes(self, folder: str) -> dict[str, int]:
        return dict(self._port.ask(_SIZES, f"sizes({'/' + folder!r})"))

    def read(self, path: str, most: int | None = None) -> bytes:
        self._port.run(f"file = open({'/' + path!r}, 'rb')")
        data = b""
        while most is None or len(data) < most:
            part = self._port.ask("", f"file.read({READ_BYTES if most is None else most - len(data)})")
            if not part:
                break
            data += part
        self._port.run("file.close()")
        return data

    def holds(self, path: str, data: bytes) -> bool:
        """By size, and then by the hash that the board makes of it, so that little goes over the line."""
        folder, _, name = path.rpartition("/")
        if self.sizes(folder).get(name) != len(data):
            return False
        return self._port.hash_of("/" + path) == hashlib.sha256(data).digest()

    def write(self, path: str, data: bytes) -> None:
        folder = path.rpartition("/")[0]
        parts = folder.split("/") if folder else []
        for count in range(1, len(parts) + 1):
            self._port.make_folder("/" + "/".join(parts[:count]))
        self._port.write("/" + path, data)

    def replace(self, path: str, by: str) -> None:
        self._port.run(f"os.rename({'/' + by!r}, {'/' + path!r})")

    def remove(self, path: str) -> None:
        self._port.run(f"os.remove({'/' + path!r})")

    def free_bytes(self) -> int:
        return int(self._port.ask("", "os.statvfs('/')[0] * os.statvfs('/')[3]"))
