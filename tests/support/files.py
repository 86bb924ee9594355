"""A flash folder in memory whose power fails at any chosen point.

Points are counted: one for each byte of a write, one for each creation, emptying, removal and sync. What is left after
the cut depends on the file system, so there are several answers (`LEFT`), and a log must survive each of them. A life
lived once can be looked at as it would have been left by a cut at any of its points (`cuts`).
"""

import errno
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LEFT = ("written", "synced", "grown")
SECTOR = 512


class PowerCut(Exception):
    """The power failed. Not an OSError: nobody may catch it and go on."""


@dataclass
class Power:
    """What folders of one pod share: it fails for all of them at point `cut_at`. `history`: what each point did."""

    cut_at: int | None = None
    points: int = 0
    history: list[tuple[Any, str, str, bytes]] = field(default_factory=list)

    def check(self) -> None:
        if self.cut_at is not None and self.points >= self.cut_at:
            raise PowerCut(f"at point {self.cut_at}")

    def pass_point(self, flash: "Flash", what: str, name: str) -> None:
        self.check()
        self.points += 1
        self.history.append((flash, what, name, b""))


class Flash:
    """`files` of a board: open, names, remove, sync. Refuses what FAT refuses, and two handles on one file.

    `cut_at`: power fails at this point. `full_at`: bytes that fit, then OSError ENOSPC in mid-write. `syncs` False: a
    sync raises OSError EIO. A handle that met one of these also fails to close, as a buffered file does.
    """

    def __init__(
        self,
        content: Mapping[str, bytes] | None = None,
        cut_at: int | None = None,
        power: Power | None = None,
    ):
        self.content = {name: bytearray(data) for name, data in (content or {}).items()}
        self.synced = {name: bytes(data) for name, data in self.content.items()}
        self.power = power or Power(cut_at)
        self.full_at: int | None = None
        self.syncs = True
        self.bytes_read = 0
        self.calls = dict.fromkeys(("open", "names", "remove", "sync"), 0)
        self.torn_name: str | None = None
        self._handles: dict[str, _Handle] = {}

    @property
    def points(self) -> int:
        return self.power.points

    @property
    def cut_at(self) -> int | None:
        return self.power.cut_at

    @cut_at.setter
    def cut_at(self, point: int | None) -> None:
        self.power.cut_at = point

    def open(self, name: str, mode: str) -> "_Handle":
        self.power.check()
        self.calls["open"] += 1
        if not name or "/" in name or name.startswith("."):
            raise OSError(errno.EINVAL, name)
        if mode not in ("rb", "wb", "ab"):
            raise ValueError(f"mode {mode!r}")
        if name in self._handles:
            raise AssertionError(f"{name} is open already: FAT allows one handle")
        if mode == "rb" and name not in self.content:
            raise OSError(errno.ENOENT, name)
        if mode == "wb" or name not in self.content:
            self.power.pass_point(self, "empty", name)
            self.content[name] = bytearray()
        handle = self._handles[name] = _Handle(self, name, mode)
        return handle

    def names(self) -> list[str]:
        self.power.check()
        self.calls["names"] += 1
        return sorted(self.content)

    def remove(self, name: str) -> None:
        if name in self._handles:
            raise AssertionError(f"{name} is open: FAT does not remove it")
        if name not in self.content:
            raise OSError(errno.ENOENT, name)
        self.calls["remove"] += 1
        self.power.pass_point(self, "remove", name)
        del self.content[name]
        self.synced.pop(name, None)

    def sync(self, file: "_Handle") -> None:
        self.calls["sync"] += 1
        self.power.pass_point(self, "sync" if self.syncs else "nothing", file.name)
        if not self.syncs:
            raise file.refuse(errno.EIO)
        self.synced[file.name] = bytes(self.content[file.name])

    def left(self, how: str) -> dict[str, bytes]:
        """What the next boot finds. `written`: all that was written up to the cut. `synced`: only what was synced,
        names too. `grown`: the file cut in mid-write has its new length, to a whole sector, and noise for content."""
        return _left(self.content, self.synced, self.torn_name, how)

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
        self.power.check()
        fits = (
            len(data) if self.full_at is None else max(0, self.full_at - sum(map(len, self.content.values())))
        )
        powered = len(data) if self.cut_at is None else self.cut_at - self.points
        written = min(len(data), fits, powered)
        self.content[name] += data[:written]
        self.power.points += written
        self.power.history.append((self, "write", name, data[:written]))
        if written < len(data):
            self.torn_name = name
            self.power.check()
        return written

    def forget(self, name: str) -> None:
        self._handles.pop(name, None)


def _left(
    content: Mapping[str, bytes | bytearray], synced: Mapping[str, bytes], torn_name: str | None, how: str
) -> dict[str, bytes]:
    if how == "synced":
        return {name: synced[name] for name in content if name in synced}
    left = {name: bytes(data) for name, data in content.items()}
    if how == "grown" and torn_name is not None:
        data = left[torn_name]
        left[torn_name] = data + b"\xa5" * (-len(data) % SECTOR)
    return left


@dataclass
class Cut:
    """What a cut of the power leaves in some folders, by the model `how`, at any point from `first` to `last`."""

    how: str
    left: list[Any]
    first: int
    last: int


def cuts(flashes: Sequence[Flash], before: Sequence[Mapping[str, bytes]]) -> Iterator[Cut]:
    """What each of `flashes` holds after a cut at every point of their life; `before`: what they held at its begin."""
    open_cuts: dict[str, Cut] = {}
    for point, moment in enumerate(_moments(flashes, before)):
        for how in LEFT:
            left = [_left(*folder, how) for folder in moment]
            cut = open_cuts.get(how)
            if cut is not None and cut.left == left:
                cut.last = point
                continue
            if cut is not None:
                yield cut
            open_cuts[how] = Cut(how, left, point, point)
    yield from open_cuts.values()


def _moments(flashes: Sequence[Flash], before: Sequence[Mapping[str, bytes]]) -> Iterator[list[tuple]]:
    """(content, what of it is synced, name of the file in mid-write) of each folder, at each point."""
    contents = [dict(held) for held in before]
    syncs = [dict(held) for held in before]
    torn: list[str | None] = [None for _ in flashes]
    for flash, what, name, data in flashes[0].power.history:
        at = flashes.index(flash)
        content, synced = contents[at], syncs[at]
        if what == "write":
            held = content[name]
            torn[at] = name
            for size in range(len(data)):
                content[name] = held + data[:size]
                yield list(zip(contents, syncs, torn, strict=True))
            torn[at] = None
            content[name] = held + data
            continue
        yield list(zip(contents, syncs, torn, strict=True))
        if what == "empty":
            content[name] = b""
        elif what == "remove":
            del content[name]
            synced.pop(name, None)
        elif what == "sync":
            synced[name] = content[name]
    yield list(zip(contents, syncs, torn, strict=True))


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
