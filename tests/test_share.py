"""`strideload share` as a person types it."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from strideload.cli import app
from strideload.errors import StrideloadError
from strideload.host import open_home
from strideload.settings import load_settings

PASSPHRASE = "four words of no kin"


@pytest.fixture
def type_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The command in a folder of its own, with a runner and nothing else; errors come as they are."""
    monkeypatch.setenv("STRIDELOAD_DIR", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    open_home(load_settings()).close()

    def share(*typed: str, passphrase: str = PASSPHRASE):
        words = ["share", "--passphrase-stdin", *typed]
        return CliRunner().invoke(app, words, input=f"{passphrase}\n", catch_exceptions=False)

    return share


def test_it_writes_the_days_encrypted_and_says_which(type_, tmp_path):
    file = tmp_path / "diary.html"
    done = type_("--to-file", str(file), "--from", "2026-01-01", "--to", "2026-01-31")
    assert done.stdout.startswith(f"{file}: 2026-01-01 to 2026-01-31, encrypted.")
    html = file.read_text()
    assert html.startswith("<!doctype html>")
    assert "January" not in html


def test_of_the_first_weeks_it_writes_the_days_that_there_are(type_, tmp_path):
    done = type_("--to-file", str(tmp_path / "diary.html"), "--to", "2000-01-10")
    assert "2000-01-01 to 2000-01-10, encrypted." in done.stdout


def test_a_disk_that_fails_leaves_the_former_file(type_, tmp_path, monkeypatch):
    file = tmp_path / "diary.html"
    file.write_text("the former one")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StrideloadError, match=r"diary\.html cannot be written: No space left on device\.$"):
        type_("--to-file", str(file))
    assert file.read_text() == "the former one"


@pytest.mark.parametrize(
    ("typed", "passphrase", "said"),
    [
        (("--from", "2026-02-01", "--to", "2026-01-01"), PASSPHRASE, "the first day is after the last"),
        ((), "short", "15 characters or more"),
        (("--runner", "nobody"), PASSPHRASE, "There is no runner 'nobody'"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(type_, tmp_path, typed, passphrase, said):
    with pytest.raises(StrideloadError, match=said):
        type_("--to-file", str(tmp_path / "diary.html"), *typed, passphrase=passphrase)
    assert not (tmp_path / "diary.html").exists()
