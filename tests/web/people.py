"""A house with two runners behind the gate, and a clock to turn by hand."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher

from strideload.access.passwords import Passwords
from strideload.store import Store, open_store
from strideload.web.app import Entrance, make_app
from strideload.web.arrival import networks
from strideload.web.doors import Doors
from strideload.web.serve import serve
from web.house import ZONE, House, a_season

# As production has them but for the cost: a test is no place for 19 MiB a guess.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = {"me": "correct horse battery staple", "bob": "vier ungleiche blaue Wörter"}
LOGIN = {"me": "ada", "bob": "bob"}
NOW_UTC_US = 1_795_000_000_000_000


@dataclass
class People:
    """A served house. `me` (Ada) keeps it; Bob lives there."""

    store: Store
    url: str
    live: House
    clock: list[int] = field(default_factory=lambda: [NOW_UTC_US])

    def now(self) -> int:
        return self.clock[0]

    def later(self, us: int) -> None:
        self.clock[0] += us

    def browser(self, **more: Any) -> httpx.Client:
        """Like a browser: keeps cookies, and says from which origin it sends."""
        return httpx.Client(base_url=self.url, headers={"Origin": self.url.rstrip("/")}, **more)

    @contextmanager
    def logged_in(self, runner: str, **more: Any) -> Iterator[httpx.Client]:
        with self.browser(**more) as browser:
            answer = log_in(browser, LOGIN[runner], PASSWORD[runner])
            assert answer.status_code == 303, answer.text
            yield browser


def csrf(browser: httpx.Client, page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', browser.get(page).text)
    assert found
    return found[1]


def log_in(browser: httpx.Client, login: str, password: str, **more: str) -> httpx.Response:
    token = csrf(browser, "/log-in")
    return browser.post("/log-in", data={"csrf": token, "login": login, "password": password, **more})


def send(browser: httpx.Client, address: str, page: str = "/account", **data: Any) -> httpx.Response:
    """A form of a page, sent as a browser does."""
    return browser.post(address, data={"csrf": csrf(browser, page), **data})


@contextmanager
def people(
    folder: Path, *, passwords: bool = True, proxies: tuple[str, ...] = (), **more: Any
) -> Iterator[People]:
    with open_store(folder / "house.db") as store:
        store.ensure_runner("me", "Ada", ZONE)
        store.ensure_runner("bob", "Bob", ZONE)
        checked = Passwords(CHEAP)
        for runner, password in PASSWORD.items() if passwords else ():
            store.accounts.set_password(runner, checked.hashed(password), login=LOGIN[runner])
        house = a_season()
        found = People(store, "", house)
        entrance = Entrance(
            proxies=networks(proxies), passwords=checked, now_utc_us=found.now, **more.pop("entrance", {})
        )
        app = make_app(Doors(store, house, lambda _: house, "me"), entrance)
        with serve(app, "127.0.0.1", 0, **more) as server:
            found.url = server.url
            yield found
