"""`strideload report` as a person types it."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from runner.world import RUNNER, World
from strideload import activity_file
from strideload.cli import app
from strideload.errors import StrideloadError
from strideload.host import open_home
from strideload.runner import activities
from strideload.settings import load_settings
from support.reports import Read
from test_activity_file import gpx


@pytest.fixture
def type_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The command in a folder of its own, with a runner and nothing else; errors come as they are."""
    monkeypatch.setenv("STRIDELOAD_DIR", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    open_home(load_settings()).close()

    def report(*typed: str):
        return CliRunner().invoke(app, ["report", *typed], catch_exceptions=False)

    return report


def test_it_writes_a_pdf_and_says_so_in_one_line(type_, tmp_path):
    file = tmp_path / "report.pdf"
    done = type_(
        "--out",
        str(file),
        "--from",
        "2026-01-01",
        "--to",
        "2026-01-31",
        "--paper",
        "letter",
        "--units",
        "miles",
    )
    assert done.exit_code == 0
    assert done.stdout == f"{file}: 1 page on 1 to 31 Jan; 0 of 31 days known, 0 with a run.\n"
    read = Read(file.read_bytes())
    assert "Thursday 1 January 2026 to Saturday 31 January 2026" in read.text
    assert float(read.pdf.pages[0].mediabox.width) == 612


@pytest.mark.parametrize(("typed", "unit"), [((), "mi"), (("--units", "km"), "km")])
def test_distances_are_in_the_runners_unit_unless_another_is_named(
    type_, tmp_path, typed: tuple[str, ...], unit: str
):
    world = World(tmp_path / "state" / "strideload.db")
    with world.store as store:
        world.run("2026-11-22 18:02", 10)
        activities.take(store, RUNNER, activity_file.read(gpx(), "x.gpx"))
        store.accounts.set_units(RUNNER, "miles")
    file = tmp_path / "report.pdf"
    type_("--out", str(file), "--from", "2026-11-16", "--to", "2026-11-22", *typed)
    assert f"Distance, {unit}" in Read(file.read_bytes()).text


def test_for_machines_it_prints_json(type_, tmp_path):
    file = tmp_path / "report.pdf"
    told = json.loads(type_("--out", str(file), "--json").stdout)
    first, last = date.fromisoformat(told["from"]), date.fromisoformat(told["to"])
    assert (told["file"], told["pages"], last - first) == (str(file), 1, timedelta(41))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--from", "yesterday"), "--from is no date: 'yesterday'. Write it as 2026-11-22."),
        (("--to", "2026-13-01"), "--to is no date: '2026-13-01'. Write it as 2026-11-22."),
        (("--from", "2026-02-01", "--to", "2026-01-01"), "has its end before its beginning."),
        (("--to", "2199-01-01"), "A report cannot go to 2199-01-01: today is"),
        (("--from", "2020-01-01", "--to", "2026-01-01"), "366 days at most"),
        (("--from", "1960-01-01", "--to", "1960-01-02"), "is outside of 1970-01-03"),
        (("--runner", "nobody"), "There is no runner 'nobody'; there are me."),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(type_, tmp_path, typed, said):
    with pytest.raises(StrideloadError) as refused:
        type_("--out", str(tmp_path / "report.pdf"), *typed)
    assert said in str(refused.value)
    assert not (tmp_path / "report.pdf").exists()


def test_a_place_that_cannot_be_written_is_refused_in_a_sentence(type_, tmp_path):
    with pytest.raises(StrideloadError, match=r"report\.pdf cannot be written: No such file or directory\.$"):
        type_("--out", str(tmp_path / "none" / "report.pdf"))


@pytest.mark.parametrize("typed", [("--paper", "a3"), ("--units", "furlongs"), ()])
def test_other_words_are_explained(type_, typed):
    assert type_(*typed, *(("--out", "x.pdf") if typed else ())).exit_code == 2
