"""Days as an encrypted file, from the terminal."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from strideload import share
from strideload.errors import StrideloadError
from strideload.store import Store, open_store
from strideload.web import sealed

PASSPHRASE = "a long passphrase of words"
DAY = date(2026, 11, 22)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(sealed, "ITERATIONS", 1000)
    with open_store(tmp_path / "store.db") as found:
        found.ensure_runner("me", "Ada", "Europe/London")
        yield found


def test_six_weeks_are_written_unless_said_otherwise(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "diary.html"
    said = share.write(store, "me", None, DAY, PASSPHRASE, file)
    assert f"{file}: 2026-10-12 to 2026-11-22, encrypted." in said
    assert b"Running, day by day" not in file.read_bytes()


@pytest.mark.parametrize(
    ("runner", "first", "last", "passphrase", "says"),
    [
        ("nobody", DAY, DAY, PASSPHRASE, "There is no runner 'nobody'"),
        ("me", DAY, date(2026, 11, 21), PASSPHRASE, "the first day is after the last"),
        ("me", date(2001, 1, 1), DAY, PASSPHRASE, "no more than 732 days"),
        ("me", DAY, DAY, "too short", "15 characters or more"),
    ],
)
def test_what_cannot_be_written_leaves_no_file(
    store: Store, tmp_path: Path, runner: str, first: date, last: date, passphrase: str, says: str
) -> None:
    with pytest.raises(StrideloadError, match=says):
        share.write(store, runner, first, last, passphrase, tmp_path / "diary.html")
    assert not (tmp_path / "diary.html").exists()
