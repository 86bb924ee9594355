"""All that is a runner's, in a JSON document and in CSV files; and nothing of anybody else."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from runner.world import RUNNER, World
from store.making import T0_MS
from strideload import activity_file
from strideload.cli import app
from strideload.export import archive, formats, tables
from strideload.host import open_home
from strideload.load.strength import Exercise
from strideload.runner import activities
from strideload.settings import load_settings
from strideload.store.conditions import Worn
from strideload.store.ids import new_id
from test_activity_file import gpx

POD = "aa" * 8
NOW = "2026-11-23 12:00"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A runner with something of everything, and a friend with the same pod a day later."""
    made = World(tmp_path / "store.db")
    with made.store as store:
        made.run("2026-11-20 18:00", 3)
        made.run("2026-11-21 23:58", 5)  # over midnight
        made.run("2026-11-22 18:02", 10)
        store.ensure_runner("friend", "A friend", "UTC")
        store.assign(POD, "friend", "left", made.us("2026-11-23 00:00"))
        made.run("2026-11-23 08:00", 3)
        (run,) = made.runs("2026-11-20")
        entry = made.says("during", 3, run=run, note='a "sharp", ünusual\nline')
        store.diary.retract(RUNNER, entry.id)
        store.note_day(RUNNER, date(2026, 11, 19), "rest")
        store.note_day("friend", date(2026, 11, 18), "ran_without")
        store.strength.add(RUNNER, new_id(), date(2026, 11, 19), Exercise("calves", 3, 12))
        shoe = store.conditions.add_shoe(RUNNER, "Blue", date(2026, 11, 1))
        store.conditions.set_usual(RUNNER, made.us("2026-11-01 00:00"), Worn(shoe.id, "laces"))
        store.conditions.set_run(RUNNER, run.start_utc_us, Worn(surface="trail"))
        store.plans.set(RUNNER, {"v": 1}, "runner", None)
        activities.take(store, RUNNER, activity_file.read(gpx(), "x.gpx"))
        yield made


def document(world: World, runner: str = RUNNER) -> dict[str, Any]:
    return json.loads(b"".join(formats.pieces(world.store, runner, ".json", world.now(NOW))))


def files(world: World) -> dict[str, list[dict[str, str]]]:
    data = b"".join(formats.pieces(world.store, RUNNER, ".zip", world.now(NOW)))
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.testzip() is None
        return {
            name: list(csv.DictReader(io.StringIO(packed.read(name).decode(), newline="")))
            for name in packed.namelist()
        }


def test_a_document_has_all_of_it(world: World) -> None:
    found = document(world)
    assert (found["format"], found["version"], found["runner"]) == ("strideload-export", 1, RUNNER)
    assert [day["date"] for day in found["days"]] == [
        "2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22",
    ]  # fmt: skip
    assert [run["date"] for run in found["runs"]] == ["2026-11-20", "2026-11-21", "2026-11-22"]
    assert [(one["version"], one["retracted"]) for one in found["symptoms"]] == [(1, False), (2, True)]
    assert [note["what"] for note in found["notes"]] == ["rest"]
    assert found["strength"][0]["group"] == "calves"
    assert found["shoes"][0]["name"] == "Blue"
    assert found["usual_conditions"][0]["mount"] == "laces"
    assert found["run_conditions"][0]["surface"] == "trail"
    assert found["plans"][0]["settings"] == {"v": 1}
    assert found["activities"][0]["name"] == "Evening run"
    assert len(found["tracks"]) == 61
    assert found["zones"] == [{"from_date": "0001-01-01", "zone": "Europe/Berlin"}]
    assert (found["account"][0]["name"], found["account"][0]["password_set_utc"]) == ("Me", None)
    world.store.accounts.set_password(RUNNER, "hash", login="me")
    assert document(world)["account"][0]["password_set_utc"] > "2026"


def test_a_run_without_a_time_is_undated(tmp_path: Path) -> None:
    world, then = World(tmp_path / "store.db"), "2026-01-20 18:00"
    world.run(then, 5, anchored=False)
    (session,) = [one.session_id for one in world.store.undated()]
    world.store.place(session, world.us(then))
    world.says("during", 2, run=world.runs(then[:10])[0])
    world.store.take_back_place(session)
    assert [one["run"] for one in document(world)["symptoms"]] == ["undated"]
    assert [row["run"] for row in files(world)["symptoms.csv"]] == ["undated"]
    world.store.close()


def test_each_cue_is_in_it(world: World) -> None:
    pod, second = world.pods[POD], world.us("2026-11-22 19:00") / 1e6 - T0_MS / 1e3
    pod.start(second, 90)
    pod.anchor(second)
    pod.steps(second, 100)
    pod.cue(second + 30, run=4, share=75)
    pod.end(second + 72)
    world.send(POD)
    (cue,) = document(world)["cues"]
    assert cue["at_local"].startswith("2026-11-22T19:00:30")
    assert cue["session_id"] in [one["session_id"] for one in document(world)["sessions"]]
    assert [cue[name] for name in ("target_spm", "cadence_spm", "outcome", "programme_run", "share_percent")] == [
        172.5, 164.8, "given", 4, 75,
    ]  # fmt: skip
    assert document(world, "friend")["cues"] == []


def test_each_log_in_that_holds_is_in_it(world: World) -> None:
    made_us = world.us("2026-11-23 11:00")
    world.store.keys.log_in("friend", made_us)
    secret = world.store.keys.log_in(RUNNER, made_us)
    found = document(world)
    assert [row["made_utc"] for row in found["log_ins"]] == ["2026-11-23T10:00:00.000+00:00"]
    assert secret not in json.dumps(found)


def test_every_step_is_in_it_once(world: World) -> None:
    found = document(world)
    strides = sum(len(session["rows"]) for session in found["steps"])
    assert strides == sum(len(one.steps) for one in world.store.sessions(RUNNER, 0, 2**62))
    assert strides == sum(one["strides"] for one in found["sessions"])
    moments = [row[0] for session in found["steps"] for row in session["rows"]]
    assert len(set(moments)) == len(moments)
    assert dict(zip(found["step_columns"], found["steps"][0]["rows"][0], strict=True))["kind"] == "run"


def test_no_text_is_a_formula_in_the_files_and_the_document_has_it_as_typed(world: World) -> None:
    world.store.conditions.add_shoe(RUNNER, '=HYPERLINK("x")', date(2026, 11, 2))
    names = [row["name"] for row in files(world)["shoes.csv"]]
    assert '\'=HYPERLINK("x")' in names
    assert '=HYPERLINK("x")' in [row["name"] for row in document(world)["shoes"]]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        *((sign + "1", f"'{sign}1") for sign in "=+-@\t\r"),
        (["=a", "b"], "'=a b"),
        ("a=b", "a=b"),
        ("'tis", "'tis"),
        (-1, "-1"),
        (-0.5, "-0.5"),
        ({"v": -1}, '{"v": -1}'),
    ],
)
def test_only_text_that_begins_with_a_sign_has_an_apostrophe(value: object, cell: str) -> None:
    table = SimpleNamespace(name="one", columns=("it",), rows=lambda: [{"it": value}])
    export: Any = SimpleNamespace(made_utc_us=1_700_000_000_000_000, tables=lambda: [table], steps=list)
    with zipfile.ZipFile(io.BytesIO(b"".join(archive.archive(export)))) as packed:
        text = packed.read("one.csv").decode()
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["it"], [cell]]


def test_the_files_say_the_same(world: World) -> None:
    whole, tables = document(world), files(world)
    names = {name.removesuffix(".csv") for name in tables if "/" not in name}
    assert names == {name for name, value in whole.items() if isinstance(value, list)} - {
        "steps", "step_columns",
    }  # fmt: skip
    for name in names:
        assert len(tables[f"{name}.csv"]) == len(whole[name]), name
    assert tables["symptoms.csv"][0]["note"] == 'a "sharp", ünusual\nline'
    day = tables["days.csv"][1]
    assert float(day["running_s"]) == whole["days"][1]["running_s"]
    assert day["together.running.cadence_spm"]
    assert tables["days.csv"][0]["together.running.cadence_spm"] == ""
    steps = {name: rows for name, rows in tables.items() if name.startswith("steps/")}
    assert len(steps) == 3
    assert all(rows[0]["ic_utc_us"] for rows in steps.values())


def test_nothing_of_anybody_else_is_in_it(world: World) -> None:
    found = document(world, "friend")
    assert [day["date"] for day in found["days"]] == ["2026-11-18", "2026-11-23"]
    for name in ("symptoms", "strength", "shoes", "usual_conditions", "plans", "activities", "tracks"):
        assert found[name] == []
    assert "friend" not in json.dumps(document(world))


def test_a_day_long_ago_costs_nothing(world: World) -> None:
    """Only dates of which anything may be known are looked at."""
    world.store.note_day(RUNNER, date(1970, 1, 3), "rest")
    world.store.note_day(RUNNER, date(2199, 12, 30), "rest")
    export = tables.Export(world.store, RUNNER, world.now(NOW))
    assert len(export._spans) == 2
    found = document(world)
    dates = [day["date"] for day in found["days"]]
    assert (len(dates), dates[0], dates[-1][:4]) == (5, "1970-01-03", "2026")
    assert found["notes"][-1] == {"date": "2199-12-30", "what": "rest"}  # said all the same


def test_of_nobody_who_did_anything_it_is_empty(tmp_path: Path) -> None:
    made = World(tmp_path / "store.db")
    with made.store:
        assert document(made)["days"] == []
        assert files(made)["days.csv"] == []


def test_the_command_writes_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIDELOAD_DIR", str(tmp_path / "state"))
    (tmp_path / "state").mkdir()
    open_home(load_settings()).close()
    for name in ("all.json", "all.zip"):
        done = CliRunner().invoke(app, ["export", "--out", str(tmp_path / name)])
        assert done.exit_code == 0, done.output
        assert "all that is me's" in done.output
        assert (tmp_path / name).stat().st_size
    assert json.loads((tmp_path / "all.json").read_bytes())["runner"] == "me"
    wrong = CliRunner().invoke(app, ["export", "--out", str(tmp_path / "all.txt")])
    assert "ends in neither .json (one document) nor .zip" in str(wrong.exception)


def test_each_table_and_column_is_documented(world: World) -> None:
    document = (Path(__file__).parents[1] / "docs" / "export.md").read_text()
    rows = {
        cells[1].strip(" `"): cells[3] for line in document.splitlines() if len(cells := line.split("|")) == 5
    }
    for table in tables.Export(world.store, RUNNER, world.now(NOW)).tables():
        assert re.findall("`([^`]+)`", rows[table.name]) == list(table.columns), table.name
    for column in tables.STEP_COLUMNS:
        assert f"`{column}`" in document
