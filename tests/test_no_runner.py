"""A store without runners: what only reads makes none, and says so; what brings something in makes the settings'."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from strideload import demo
from strideload.cli import app
from strideload.errors import StrideloadError
from strideload.host import open_home
from strideload.runners import NOBODY
from strideload.settings import load_settings
from strideload.store import open_store

OF_A_RUNNER = (("day",), ("report", "--out", "x.pdf"), ("export", "--out", "x.json"), ("home", "stop"))
OF_ALL = (("runner", "list"), ("home", "list"), ("pod", "list"), ("rebuild",), ("doctor",))


def runners(folder: Path) -> list[str]:
    with open_store(folder / "strideload.db") as store:
        return store.runners()


@pytest.mark.parametrize("words", [*OF_A_RUNNER, *OF_ALL], ids=" ".join)
def test_what_only_reads_makes_no_runner(words: tuple[str, ...], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [*words, "--dir", str(tmp_path)])
    assert runners(tmp_path) == []
    if words in OF_A_RUNNER:
        assert isinstance(done.exception, StrideloadError)
        assert str(done.exception) == NOBODY
    elif words[-1] == "list" and words[0] != "pod":
        assert done.output.strip() == NOBODY
    assert not list(tmp_path.glob("x.*"))


def test_an_erased_runner_does_not_come_back_by_reading(tmp_path: Path) -> None:
    with open_home(load_settings(tmp_path)) as store:
        store.ensure_runner("ada", "Ada", "UTC")
    erased, day, listed = (
        CliRunner().invoke(app, [*words, "--dir", str(tmp_path)])
        for words in (["runner", "erase", "me", "--yes"], ["day"], ["runner", "list"])
    )
    assert erased.exit_code == 0
    assert str(day.exception) == "There is no runner 'me'; there are ada."
    assert listed.output.startswith("ada  Ada, ")
    assert runners(tmp_path) == ["ada"]
    open_home(load_settings(tmp_path)).close()  # as the next `up`
    assert runners(tmp_path) == ["ada", "me"]


def test_a_name_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    open_home(load_settings(tmp_path)).close()
    done = CliRunner().invoke(app, ["day", "--runner", "nobody", "--dir", str(tmp_path)])
    assert str(done.exception) == "There is no runner 'nobody'; there are me."


def test_a_folder_that_a_demo_had_is_the_demo_runners_for_every_command(tmp_path: Path) -> None:
    with demo._folder(tmp_path / "kept") as folder:
        settings = demo._settings(folder)
    found = load_settings(folder)
    assert found.runner == settings.runner
    open_home(found).close()
    done = CliRunner().invoke(app, ["day", "--dir", str(folder)])
    assert done.exit_code == 0, done.output
    assert runners(folder) == ["demo"]
    (folder / "strideload.toml").write_text('[runner]\nid = "demo"\nname = "Ada"\n')
    demo._settings(folder)
    assert load_settings(folder).runner.name == "Ada"  # what its user wrote stays
