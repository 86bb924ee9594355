"""A served house over a real store with runs: Ada keeps it, Bob lives there; programs ask with tokens."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx

from runner.world import ZONE, World
from strideload.page_doors import StoreDays
from strideload.remembered import forget_everything
from strideload.store import Store
from strideload.store.keys import DAY_US
from strideload.store.schema import meta, metadata
from strideload.web.app import Entrance, make_app
from strideload.web.doors import Doors
from strideload.web.serve import serve
from web.house import House, a_live_pod

ADA, BOB = "me", "bob"
ADAS_POD, BOBS_POD = "aa" * 8, "bb" * 8
NOW = "2026-11-22 20:00"
EVERY = ("read", "diary", "write", "keep")


@dataclass
class ApiHouse:
    world: World
    url: str
    now_us: int

    @property
    def store(self) -> Store:
        return self.world.store

    def token(self, runner: str, *scopes: str) -> str:
        return self.store.keys.add_token(runner, "test", scopes or EVERY, self.now_us, self.now_us + DAY_US)

    def begin_anew(self) -> None:
        """As it was at first: two runners, a pod each, and nothing said or run."""
        with self.store.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                if table is not meta:
                    connection.execute(table.delete())
        self.store._ledger.forget()
        self.world.pods.clear()
        self.world._sent.clear()
        forget_everything()
        self.settle()

    def settle(self) -> None:
        self.store.ensure_runner(ADA, "Me", ZONE)
        self.store.ensure_runner(BOB, "Bob", ZONE)
        self.store.assign(ADAS_POD, ADA, "left", 0)
        self.store.assign(BOBS_POD, BOB, "left", 0)

    @contextmanager
    def program(self, runner: str = ADA, *scopes: str) -> Iterator[httpx.Client]:
        """Asks as the runner, with these scopes or all."""
        headers = {"Authorization": f"Bearer {self.token(runner, *scopes)}"}
        with httpx.Client(base_url=f"{self.url}api/v1/", headers=headers) as asking:
            yield asking


@contextmanager
def api_house(file: Path) -> Iterator[ApiHouse]:
    world = World(file)
    house = House()
    house.live = [a_live_pod(pod=ADAS_POD, waiting=3), a_live_pod(pod=BOBS_POD)]
    with world.store as store:
        doors = Doors(store, house, lambda runner: TheirDays(store, runner), ADA, lambda: world.now(NOW))
        now_us = world.us(NOW)
        with serve(make_app(doors, Entrance(now_utc_us=lambda: now_us)), "127.0.0.1", 0) as server:
            found = ApiHouse(world, server.url, now_us)
            found.settle()
            yield found


class TheirDays(StoreDays):
    """On the day of NOW."""

    def today(self) -> date:
        return date.fromisoformat(NOW[:10])
