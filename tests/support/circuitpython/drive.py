"""The CIRCUITPY drive and a card: os, open and storage, over FAT in memory."""

from __future__ import annotations

import errno
import io
import os
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .machine import Machine

CLUSTER = 512
IS_FOLDER, IS_FILE = 0x4000, 0x8000


class Volume:
    """A FAT file system of `size` bytes: folders one deep, names without regard to their case, one handle a file."""

    def __init__(self, size: int, *, write_protected: bool = False) -> None:
        self.size = size
        self.write_protected = write_protected
        self.content: dict[str, bytearray] = {}  # path without the first slash
        self.synced: dict[str, bytes] = {}
        self.folders: set[str] = {""}
        self.handles: dict[str, Handle] = {}
        self.flushed: set[str] = set()

    def read(self, path: str) -> bytes:
        return bytes(self.content[path])

    def write(self, path: str, data: bytes) -> None:
        """As a computer writes."""
        folder = path.rpartition("/")[0]
        self.folders.add(folder)
        self.content[path] = bytearray(data)
        self.synced[path] = data

    def free(self) -> int:
        return self.size - sum(-(-len(data) // CLUSTER) * CLUSTER for data in self.content.values())

    def cut_power(self) -> None:
        """What was not synced is gone."""
        self.handles = {}
        self.content = {path: bytearray(self.synced.get(path, b"")) for path in self.content}

    def sync(self) -> None:
        for path in self.flushed & set(self.content):
            self.synced[path] = bytes(self.content[path])
        self.flushed = set()


class Drive:
    """What is mounted where. `writable`: for the program; the computer's otherwise."""

    def __init__(self, size: int) -> None:
        self.root = Volume(size)
        self.mounts: dict[str, Volume] = {}
        self.reset()

    def reset(self) -> None:
        self.mounts = {"": self.root}
        self.root.handles = {}
        self.writable = False

    def find(self, path: str) -> tuple[Volume, str]:
        """(volume, path on it) of a whole path."""
        if not path.startswith("/"):
            path = "/" + path
        for mount, volume in self.mounts.items():
            if mount and (path == mount or path.startswith(mount + "/")):
                return volume, path[len(mount) + 1 :]
        return self.root, path[1:]

    def need_writable(self, volume: Volume) -> None:
        if volume.write_protected or (volume is self.root and not self.writable):
            raise OSError(errno.EROFS, "Read-only filesystem")

    def open(self, path: str, mode: str = "r") -> Any:
        volume, name = self.find(path)
        if mode == "r":
            if name not in volume.content:
                raise OSError(errno.ENOENT, path)
            return io.StringIO(volume.read(name).decode())
        if mode not in ("rb", "wb", "ab"):
            raise ValueError(f"no test needs mode {mode!r}")
        if name.rpartition("/")[0] not in volume.folders or (mode == "rb" and name not in volume.content):
            raise OSError(errno.ENOENT, path)
        if name in volume.handles:
            raise OSError(errno.EACCES, path)  # FatFs locks a file against a second handle
        if mode != "rb":
            self.need_writable(volume)
        if mode == "wb" or name not in volume.content:
            volume.content[name] = bytearray()
        return Handle(volume, name, mode != "rb")


class Handle:
    """A file in binary mode. It has no number, and nothing to cut it short."""

    def __init__(self, volume: Volume, name: str, writes: bool) -> None:
        self._volume = volume
        self._name = name
        self._writes = writes
        self._at = len(volume.content[name]) if writes else 0
        volume.handles[name] = self

    def __enter__(self) -> Handle:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.close()

    def write(self, data: Any) -> int:
        if not self._writes:
            raise OSError(errno.EACCES, self._name)
        data = bytes(data)
        room = self._volume.free() + -len(self._volume.content[self._name]) % CLUSTER
        self._volume.content[self._name] += data[:room]
        if len(data) > room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (len(self._volume.content[self._name]) if whence == 2 else 0)
        return self._at

    def read(self, size: int = -1) -> bytes:
        content = self._volume.content[self._name]
        data = bytes(content[self._at :] if size < 0 else content[self._at : self._at + size])
        self._at += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def flush(self) -> None:
        self._volume.flushed.add(self._name)

    def close(self) -> None:
        self.flush()
        self._volume.handles.pop(self._name, None)


def os_module(machine: Machine) -> ModuleType:
    from .machine import module

    drive = machine.drive

    def mkdir(path: str) -> None:
        volume, name = drive.find(path)
        if name in volume.folders or name in volume.content:
            raise OSError(errno.EEXIST, path)
        drive.need_writable(volume)
        volume.folders.add(name)

    def listdir(path: str) -> list[str]:
        volume, name = drive.find(path)
        if name not in volume.folders:
            raise OSError(errno.ENOENT, path)
        below = name + "/" if name else ""
        found = [*volume.content, *volume.folders]
        return [
            p[len(below) :] for p in found if p != name and p.startswith(below) and "/" not in p[len(below) :]
        ]

    def stat(path: str) -> tuple[int, ...]:
        volume, name = drive.find(path)
        if name in volume.folders:
            return (IS_FOLDER, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        if name not in volume.content:
            raise OSError(errno.ENOENT, path)
        return (IS_FILE, 0, 0, 0, 0, 0, len(volume.content[name]), 0, 0, 0)

    def remove(path: str) -> None:
        volume, name = drive.find(path)
        if name not in volume.content:
            raise OSError(errno.ENOENT, path)
        drive.need_writable(volume)
        if name in volume.handles:
            raise OSError(errno.EACCES, path)
        del volume.content[name]
        volume.synced.pop(name, None)

    def statvfs(path: str) -> tuple[int, ...]:
        volume, _ = drive.find(path)
        return (
            CLUSTER,
            CLUSTER,
            volume.size // CLUSTER,
            max(0, volume.free() // CLUSTER),
            0,
            0,
            0,
            0,
            0,
            255,
        )

    def sync() -> None:
        for volume in drive.mounts.values():
            volume.sync()

    return module(
        "os",
        getenv=machine.getenv,
        listdir=listdir,
        mkdir=mkdir,
        remove=remove,
        stat=stat,
        statvfs=statvfs,
        sync=sync,
        urandom=os.urandom,
    )


def storage_module(machine: Machine) -> ModuleType:
    from .machine import module

    drive = machine.drive

    class VfsFat:
        def __init__(self, block_device: Any) -> None:
            self.volume: Volume = block_device.volume

        @property
        def readonly(self) -> bool:
            return self.volume.write_protected or (self.volume is drive.root and not drive.writable)

    class Root(VfsFat):
        def __init__(self) -> None:
            self.volume = drive.root

    def getmount(path: str) -> VfsFat:
        if path != "/":
            raise OSError(errno.EINVAL, path)
        return Root()

    def remount(path: str, readonly: bool = False) -> None:
        if path != "/":
            raise OSError(errno.EINVAL, path)
        if not machine.booting and machine.usb and not drive.writable:
            raise RuntimeError("Cannot remount path when visible via USB.")
        drive.writable = not readonly

    def mount(filesystem: VfsFat, path: str, *, readonly: bool = False) -> None:
        if path.strip("/") not in drive.root.folders:
            raise RuntimeError("Mount point directory missing")
        if path in drive.mounts:
            raise OSError(errno.EPERM, path)
        drive.mounts[path] = filesystem.volume

    return module("storage", VfsFat=VfsFat, getmount=getmount, remount=remount, mount=mount)
