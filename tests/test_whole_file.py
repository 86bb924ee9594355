"""A file is written whole or not at all."""

import os
from pathlib import Path

import pytest

from strideload.whole_file import NotWritten, write


def test_a_file_is_replaced_whole(tmp_path):
    file = tmp_path / "report.pdf"
    file.write_bytes(b"old")
    write(file, [b"n", b"ew"])
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


def test_a_disk_that_fails_leaves_the_former_file(tmp_path, monkeypatch):
    file = tmp_path / "report.pdf"
    file.write_bytes(b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NotWritten, match=r"report\.pdf cannot be written: No space left on device\."):
        write(file, [b"n", b"ew"])
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("", "it is no file"),
        ("none/report.pdf", "No such file or directory"),
        ("x" * 300, "File name too long"),
    ],
)
def test_a_place_that_takes_no_file_is_refused(tmp_path, place, why):
    with pytest.raises(NotWritten, match=rf"cannot be written: {why}\.$"):
        write(tmp_path / place, [b"new"])
    assert list(tmp_path.iterdir()) == []


def test_a_device_is_not_replaced():
    with pytest.raises(NotWritten, match="it is no file"):
        write(Path("/dev/null"), [b"new"])
