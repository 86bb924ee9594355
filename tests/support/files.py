"""A flash folder in memory whose power fails at any chosen point.

Points are counted: one for each byte of a write, one for each creation, emptying, removal and sync. What is left after
the cut depends on the file system, so there are several answers (`LEFT`), and a log must survive each of them.
"""

import errno
import io
from collections.abc import Iterator

LEFT = ("written", "synced", "grown")
SECTOR = 512


class PowerCut(Exception):
    """The power failed. Not an OSError: nobody may catch it and go on."""


class Flash:
    """`files` of a board: open, names, remove, sync. Refuses what FAT refuses, and two handles on one file.

    `cut_at`: power fails at this point. `full_at`: bytes that fit, then OSError ENOSPC in mid-write. `syncs` False: a
    sync raises OSError EIO. A handle that met one of these also fails to close, as a buffered file does.
    """

    def __init__(self, content: dict[str, bytes] | None = None, cut_at: int | None = None):
        self.content = {name: bytearray(data) for name, data in (content or {}).items()}
        self.synced = {name: bytes(data) for name, data in self.content.items()}
        self.cut_at = cut_at
        self.full_at: int | None = None
        self.syncs = True
        self.points = 0
        self.bytes_read = 0
        self.torn_name: str | None = None
        self._handles: dict[str, _Handle] = {}

    def open(self, name: str, mode: str) -> "_Handle":
        self._check_alive()
        if not name or "/" in name or name.startswith("."):
            raise OSError(errno.EINVAL, name)
        if mode not in ("rb", "wb", "ab"):
            raise ValueError(f"mode {mode!r}")
        if name in self._handles:
            raise AssertionError(f"{name} is open already: FAT allows one handle")
        if mode == "rb" and name not in self.content:
            raise OSError(errno.ENOENT, name)
        if mode == "wb" or name not in self.content:
            self._pass_point()
            self.content[name] = bytearray()
        handle = self._handles[name] = _Handle(self, name, mode)
        return handle

    def names(self) -> list[str]:
        self._check_alive()
        return sorted(self.content)

    def remove(self, name: str) -> None:
        if name in self._handles:
            raise AssertionError(f"{name} is open: FAT does not remove it")
        if name not in self.content:
            raise OSError(errno.ENOENT, name)
        self._pass_point()
        del self.content[name]
        self.synced.pop(name, None)

    def sync(self, file: "_Handle") -> None:
        self._pass_point()
        if not self.syncs:
            raise file.refuse(errno.EIO)
        self.synced[file.name] = bytes(self.content[file.name])

    def left(self, how: str) -> dict[str, bytes]:
        """What the next boot finds. `written`: all that was written up to the cut. `synced`: only what was synced.
        `grown`: the file cut in mid-write has its new length, to a whole sector, and noise for content."""
        if how == "synced":
            return {name: self.synced.get(name, b"") for name in self.content}
        left = {name: bytes(data) for name, data in self.content.items()}
        if how == "grown" and self.torn_name is not None:
            data = left[self.torn_name]
            left[self.torn_name] = data + b"\xa5" * (-len(data) % SECTOR)
        return left

    def restarted(self) -> "Flash":
        """The flash as a new process finds it that was started without a power cut: what was not synced is still there,
        and still not synced."""
        flash = Flash(self.left("written"))
        flash.synced = dict(self.synced)
        return flash

    def reset(self) -> None:
        """The pod starts anew: handles of the former boot are gone, the flash stays as it is."""
        self._handles.clear()

    def write(self, name: str, data: bytes) -> int:
        """-> bytes that were written: fewer when the disk is full."""
        self._check_alive()
        fits = (
            len(data) if self.full_at is None else max(0, self.full_at - sum(map(len, self.content.values())))
        )
        powered = len(data) if self.cut_at is None else self.cut_at - self.points
        written = min(len(data), fits, powered)
        self.content[name] += data[:written]
        self.points += written
        if written < len(data):
            self.torn_name = name
            self._check_alive()
        return written

    def forget(self, name: str) -> None:
        self._handles.pop(name, None)

    def _pass_point(self) -> None:
        self._check_alive()
        self.points += 1

    def _check_alive(self) -> None:
        if self.cut_at is not None and self.points >= self.cut_at:
            raise PowerCut(f"at point {self.cut_at}")


class _Handle:
    """An open file: `rb` reads, `wb` and `ab` write at the end."""

    def __init__(self, flash: Flash, name: str, mode: str):
        self.name = name
        self._flash = flash
        self._writes = mode != "rb"
        self._at = 0
        self._refused: OSError | None = None

    def write(self, data: bytes) -> int:
        if not self._writes:
            raise OSError(errno.EBADF, self.name)
        written = self._flash.write(self.name, bytes(data))
        if written < len(data):
            raise self.refuse(errno.ENOSPC)
        return written

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + (len(self._flash.content[self.name]) if whence == io.SEEK_END else 0)
        return self._at

    def read(self) -> bytes:
        if self._writes:
            raise OSError(errno.EBADF, self.name)
        data = bytes(self._flash.content[self.name][self._at :])
        self._flash.bytes_read += len(data)
        self._at += len(data)
        return data

    def readinto(self, buffer: bytearray | memoryview) -> int:
        if self._writes:
            raise OSError(errno.EBADF, self.name)
        data = bytes(self._flash.content[self.name][self._at : self._at + len(buffer)])
        buffer[: len(data)] = data
        self._flash.bytes_read += len(data)
        self._at += len(data)
        return len(data)

    def refuse(self, number: int) -> OSError:
        """The error that this handle answers with, now and when it is closed."""
        self._refused = OSError(number, self.name)
        return self._refused

    def close(self) -> None:
        self._flash.forget(self.name)
        if self._refused is not None:
            raise self._refused


def flips(data: bytes, every: int = 1) -> Iterator[bytes]:
    """`data` with one bit flipped, at every so many bits."""
    for bit in range(0, 8 * len(data), every):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        yield bytes(flipped)
