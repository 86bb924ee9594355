"""A page that is really served, and a real browser to look at it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from playwright.sync_api import sync_playwright

from strideload.store import open_store
from strideload.store.kept import (
    activities,
    plans,
    run_conditions,
    shoes,
    strength,
    symptoms,
    usual_conditions,
)
from strideload.store.schema import day_notes, pod_settings, pods
from strideload.web.app import make_app
from strideload.web.doors import Doors
from strideload.web.serve import Server, serve
from support import tools
from support.waiting import PATIENCE_S
from web.browsing import DESK, Open, watched_pages
from web.house import RUNNER, ZONE, House, HouseStore, a_season

# In place of five seconds, in which a busy computer makes not every page.
DEFAULT_TIMEOUT_CONFIG.__init__(PATIENCE_S)

# What tests let the runner say, before the rows that these lean on.
SAID = (
    *(symptoms, plans, day_notes, usual_conditions, run_conditions, shoes, strength, activities),
    *(pods, pod_settings),
)

BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Server]]:
    house = House()
    with open_store(tmp_path_factory.mktemp("house") / "house.db") as opened:
        store = HouseStore(opened.engine, opened.store_id)
        store.house = house
        store.ensure_runner(RUNNER, "Ada", ZONE)
        doors = Doors(store, house, lambda _: house, RUNNER, lambda: house.now())
        with serve(make_app(doors), "127.0.0.1", 0) as running:
            house.store = store
            yield house, running


@pytest.fixture
def house(served: tuple[House, Server]) -> House:
    """The house behind the page, put back to the season at the start of each test, with nothing said."""
    house, _ = served
    store = house.store
    assert store
    with store.engine.begin() as connection:
        for table in SAID:
            connection.execute(table.delete())
    house.__dict__ = vars(a_season()) | {"store": store}
    return house


@pytest.fixture
def server(served: tuple[House, Server], house: House) -> Server:
    return served[1]


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url) as asking:
        yield asking


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty store: a copy of it is quicker than its migrations."""
    file = tmp_path_factory.mktemp("empty") / "store.db"
    open_store(file).close()
    return file


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=tools.program("chromium"), args=BROWSER_ARGUMENTS
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any, server: Server) -> Iterator[Open]:
    with watched_pages(browser, server.url, DESK) as open_page:
        yield open_page
