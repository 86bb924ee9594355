"""The documents show every page: docs/pictures/make.py takes its pictures, and docs/pages.md has them."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from strideload.web.navigation import PLACES

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def make() -> dict[str, Any]:
    pytest.importorskip("playwright.sync_api")
    return runpy.run_path(str(DOCS / "pictures" / "make.py"))


def test_every_place_has_its_pictures_and_each_is_shown(make: dict[str, Any]) -> None:
    assert {place.href for place in PLACES} <= set(make["PAGES"].values())
    document = (DOCS / "pages.md").read_text()
    for page in make["PAGES"]:
        for name, *_ in make["views"](page):
            assert (DOCS / "pictures" / f"{name}.png").is_file(), name
            assert f"(pictures/{name}.png)" in document


def test_pictures_are_small() -> None:
    assert max(picture.stat().st_size for picture in (DOCS / "pictures").glob("*.png")) < 100_000
