"""Worlds that are closed at the end of a test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.world import ZONE, Make, World
from strideload.store import open_store


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty store: a copy of it is quicker than its migrations."""
    file = tmp_path_factory.mktemp("empty") / "store.db"
    open_store(file).close()
    return file


@pytest.fixture
def make(empty: Path, tmp_path: Path) -> Iterator[Make]:
    made: list[World] = []

    def world(zone: str = ZONE) -> World:
        file = tmp_path / f"{len(made)}.db"
        shutil.copy(empty, file)
        made.append(World(file, zone))
        return made[-1]

    yield world
    for one in made:
        one.store.close()


@pytest.fixture
def world(make: Make) -> World:
    return make()
