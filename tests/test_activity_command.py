"""`strideload activity` as a person types it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from strideload.cli import app
from test_activity_file import FIT, gpx


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRIDELOAD_DIR", str(tmp_path / "state"))
    (tmp_path / "a.gpx").write_bytes(gpx())
    (tmp_path / "b.fit").write_bytes(FIT)
    (tmp_path / "c.txt").write_bytes(b"hello")
    return tmp_path


def type_(folder: Path, *names: str) -> Any:
    return CliRunner().invoke(app, ["activity", *(str(folder / name) for name in names)])


def test_each_file_has_its_sentence(folder: Path) -> None:
    done = type_(folder, "a.gpx", "c.txt", "none.gpx", "b.fit", "a.gpx")
    assert done.exit_code == 0
    first, second, again = done.stdout.splitlines()
    assert first.startswith("Evening run: Sun 22 Nov 2026, 1.8\u202fkm. No run that a pod recorded")
    assert second.startswith("b.fit: Sun 22 Nov 2026")
    assert "It was there already." in again
    assert "c.txt is neither a FIT nor a GPX file." in done.stderr
    assert "none.gpx cannot be read: No such file or directory." in done.stderr


def test_it_fails_only_if_none_was_taken(folder: Path) -> None:
    assert type_(folder, "c.txt").exit_code == 1


def test_for_machines_it_prints_json(folder: Path) -> None:
    done = CliRunner().invoke(app, ["activity", "--json", str(folder / "a.gpx"), str(folder / "c.txt")])
    assert json.loads(done.stdout) == [{"file": str(folder / "a.gpx"), "new": True, "runs": []}]
