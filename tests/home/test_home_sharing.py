"""Opting in and out, as the commands do it: nothing is shared until said, and symptoms only by a second word."""

from pathlib import Path

import pytest

from strideload.errors import StrideloadError
from strideload.home_sharing import Shared, in_words, share, shared, stop
from strideload.settings import HomeSection, RunnerSection, Settings


def test_a_runner_goes_in_and_out(tmp_path: Path) -> None:
    settings = Settings(folder=tmp_path, runner=RunnerSection(id="ada", name="Ada"))
    assert shared(settings) == []
    assert "load, and no symptoms," in share(settings, None, symptoms=False)
    [one] = shared(settings)
    assert (one.day, one.symptoms) == (True, False)
    assert "load and symptoms" in share(settings, "ada", symptoms=True)
    assert in_words(shared(settings)) == f"Ada (ada): load and symptoms, as {one.id}"
    assert "nothing of Ada any more" in stop(settings, "ada")
    assert shared(settings) == [Shared("ada", "Ada", False, False, None)]
    assert in_words(shared(settings)) == "Ada (ada): nothing"


def test_it_is_said_where_nothing_is_told_anyhow(tmp_path: Path) -> None:
    assert "home.enabled" in share(Settings(folder=tmp_path), None, symptoms=False)
    on = Settings(folder=tmp_path, home=HomeSection(enabled=True))
    assert "home.enabled" not in share(on, None, symptoms=False)


def test_nobody_else_is_there(tmp_path: Path) -> None:
    for change in (
        lambda who: share(Settings(folder=tmp_path), who, symptoms=False),
        lambda who: stop(Settings(folder=tmp_path), who),
    ):
        with pytest.raises(StrideloadError, match="no runner 'nobody'"):
            change("nobody")
