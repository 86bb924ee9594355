"""Copying onto a pod: the cable is pulled at every step, and what is left is the old firmware or says what is wrong."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from strideload.pod.places import FolderPlace
from strideload.pod.putting import UNFINISHED, NotPut, put

OLD = {
    "main.py": b"import strideload_pod.a\n",
    "strideload_pod/__init__.py": b"",
    "strideload_pod/a.py": b"old a\n",
    "strideload_pod/gone.py": b"gone\n",
    "lib/adafruit_x.py": b"old x\n",
}
NEW = {
    "main.py": b"import strideload_pod.a, strideload_pod.b\n",
    "strideload_pod/__init__.mpy": b"M\x06init",
    "strideload_pod/a.mpy": b"M\x06new a",
    "strideload_pod/boards/b.mpy": b"M\x06b",
    "lib/adafruit_x.mpy": b"M\x06x",
}
USERS = {"notes.txt": b"mine", "lib/other.py": b"mine too", "log/0-00000000.seg": bytes(512)}
PACKAGES = ("strideload_pod", "lib/adafruit_x")


class Pulled(FolderPlace):
    """A drive whose cable is pulled at the `cut`-th thing that is done to it; a write is cut in its middle."""

    def __init__(self, folder: Path, cut: int = 1 << 30) -> None:
        super().__init__(folder)
        self.left = cut

    def _use(self) -> None:
        if self.left <= 0:
            raise OSError(errno.EIO, "Input/output error")
        self.left -= 1

    def write(self, path: str, data: bytes) -> None:
        if self.left == 1:
            super().write(path, data[: len(data) // 2])
            self.left = 0
        self._use()
        super().write(path, data)

    def replace(self, path: str, by: str) -> None:
        self._use()
        super().replace(path, by)

    def remove(self, path: str) -> None:
        self._use()
        super().remove(path)

    def holds(self, path: str, data: bytes) -> bool:
        if self.left <= 0:
            self._use()
        return super().holds(path, data)


def fill(folder: Path, files: dict[str, bytes]) -> Path:
    place = FolderPlace(folder)
    for path, data in files.items():
        place.write(path, data)
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def bring(place: FolderPlace) -> list[str]:
    return put(place, NEW, PACKAGES, lambda share: None)


def test_the_new_firmware_takes_the_place_of_the_old(tmp_path: Path):
    """What the old one had goes, an old source before all; what is the user's stays. Again is no change."""
    folder = fill(tmp_path, OLD | USERS)
    assert set(bring(FolderPlace(folder))) == set(NEW)
    assert content(folder) == dict(sorted((NEW | USERS).items()))
    place = Pulled(folder, cut=0)
    place.holds = FolderPlace(folder).holds  # type: ignore[method-assign]
    assert bring(place) == []


def test_a_pulled_cable_leaves_the_old_firmware_or_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """At every write, exchange and removal; and the next attempt completes it."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # a thousand of them
    cuts = 0
    for cut in range(1, 1000):
        folder = fill(tmp_path / str(cut), OLD | USERS)
        try:
            bring(Pulled(folder, cut))
            break
        except NotPut:
            cuts += 1
        left = content(folder)
        whole_old = all(left.get(path) == data for path, data in OLD.items())
        whole_new = all(left.get(path) == data for path, data in NEW.items())
        assert whole_old or whole_new or left["main.py"] == UNFINISHED, cut
        assert {path: left[path] for path in USERS} == USERS
        bring(FolderPlace(folder))
        assert content(folder) == dict(sorted((NEW | USERS).items())), cut
        shutil.rmtree(folder)
    assert cuts > 2 * len(NEW)


class Forgetful(FolderPlace):
    """Flash in which a bit of one file does not hold."""

    def write(self, path: str, data: bytes) -> None:
        super().write(path, data.replace(b"new a", b"new b"))


def test_what_reads_back_otherwise_is_not_put_on(tmp_path: Path):
    folder = fill(tmp_path, OLD)
    with pytest.raises(NotPut, match="reads back otherwise"):
        bring(Forgetful(folder))
    assert content(folder)["main.py"] == OLD["main.py"]


class Small(FolderPlace):
    def free_bytes(self) -> int:
        return 8000


def test_without_room_nothing_is_touched(tmp_path: Path):
    folder = fill(tmp_path, OLD)
    with pytest.raises(NotPut, match="7 kB free"):
        bring(Small(folder))
    assert content(folder) == dict(sorted(OLD.items()))
