"""A form that lies open while its run is placed anew is still of that run, or is refused with all that stands in it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from runner.world import RUNNER, World
from strideload.page_doors import StoreDays
from strideload.runner.runs import RunRecord
from strideload.store.conditions import Worn
from strideload.web.app import make_app
from strideload.web.doors import Doors
from strideload.web.serve import serve
from web.forms import Forms
from web.house import House

THEN, CORRECTED, NOW = "2026-01-20 18:00", "2026-01-19 07:00", "2026-01-22 12:00"
TRAIL = Worn(mount="insole", surface="trail")


@dataclass
class Home:
    """A run that was placed by hand, in a house with its pages."""

    world: World
    client: httpx.Client
    session: int

    def correct(self) -> None:
        self.world.store.place(self.session, self.world.us(CORRECTED))

    def take_back(self) -> None:
        self.world.store.take_back_place(self.session)

    def another_comes(self) -> RunRecord:
        """Another pod's run, at the very time at which the first one was said to be."""
        self.world.run(THEN, 10, "bb" * 8)
        return self.run(THEN)

    def run(self, local: str) -> RunRecord:
        (found,) = self.world.runs(local[:10])
        return found

    def form(self, page: str, address: str | None = None) -> dict[str, Any]:
        """What stands in the form of a page."""
        return Forms(self.client.get(page).text).standing[address or page]

    def said(self) -> list[tuple[str | None, int | None]]:
        """Of each entry, where its run begins now, and how much it hurt."""
        found = [one.saying for one in self.world.store.diary.entries(RUNNER, 0, 2**62)]
        starts = {self.world.us(local): local for local in (THEN, CORRECTED)}
        return [
            (None if one.run_undated or one.run_utc_us is None else starts[one.run_utc_us], one.pain)
            for one in found
        ]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    world = World(tmp_path / "store.db")
    world.run(THEN, 10, anchored=False)
    (session,) = [one.session_id for one in world.store.undated()]
    world.store.place(session, world.us(THEN))
    days = lambda runner: StoreDays(world.store, runner)  # noqa: E731
    doors = Doors(world.store, House(), days, RUNNER, now=lambda: world.now(NOW))
    with (
        world.store,
        serve(make_app(doors), "127.0.0.1", 0) as server,
        httpx.Client(base_url=server.url) as client,
    ):
        yield Home(world, client, session)


def test_a_tap_goes_to_the_run_that_was_chosen_wherever_it_is_by_now(home: Home) -> None:
    form = home.form("/symptoms") | {"pain": "3", "moment": "during"}
    home.correct()
    home.another_comes()
    assert home.client.post("/symptoms", data=form).status_code == 303
    assert home.said() == [(CORRECTED, 3)]


@pytest.mark.parametrize("by_htmx", [False, True])
def test_a_tap_for_a_run_without_a_time_is_refused_with_all_that_was_chosen(
    home: Home, by_htmx: bool
) -> None:
    form = home.form("/symptoms") | {
        "pain": "3",
        "moment": "during",
        "site": "calf_right",
        "felt": ["dull", "limp"],
        "sign": ["swelling"],
        "note": "after the hill",
    }
    home.take_back()
    other = home.another_comes()
    answer = home.client.post("/symptoms", data=form, headers={"HX-Request": "true"} if by_htmx else {})
    assert answer.status_code == (200 if by_htmx else 422)
    assert "The run that was chosen has no time now" in answer.text
    assert home.said() == []
    standing = Forms(answer.text).standing["/symptoms"]
    assert {name: standing[name] for name in ("site", "moment", "felt", "sign", "note")} == {
        "site": ["calf_right"],
        "moment": ["during"],
        "felt": ["dull", "limp"],
        "sign": ["swelling"],
        "note": ["after the hill"],
    }
    # Sent again as it stands, it is of no other run, nor of none.
    assert home.client.post("/symptoms", data=standing | {"pain": "3"}).status_code == 422
    assert (
        home.client.post("/symptoms", data=standing | {"pain": "3", "run": str(other.name)}).status_code
        == 303
    )
    assert home.said() == [(THEN, 3)]


def test_an_address_of_a_run_that_is_not_there_says_so_and_asks_for_one(home: Home) -> None:
    run = home.run(THEN)
    address = f"/symptoms?run={run.name}&site=calf_right&moment=during"
    assert re.search(r"Right calf, during the run, \w+ 20 Jan", home.client.get(address).text)
    home.correct()
    assert re.search(r"Right calf, during the run, \w+ 19 Jan", home.client.get(address).text)
    home.take_back()
    home.another_comes()
    for asked in (address, address.replace("/symptoms", "/part/symptoms")):
        html = home.client.get(asked).text
        assert "The run that was chosen has no time now" in html
        assert re.search(r"Right calf, during the run\s*<", html)


@pytest.mark.parametrize("becomes", ["corrected", "taken back"])
def test_an_entry_whose_run_was_left_as_it_was_keeps_it(home: Home, becomes: str) -> None:
    """And its time, which the form shows as it was."""
    entry = home.world.says("during", 2, run=home.run(THEN))
    form = home.form(f"/symptoms/{entry.id}")
    if becomes == "corrected":
        home.correct()
    else:
        home.take_back()
    home.another_comes()
    assert home.client.post(f"/symptoms/{entry.id}", data=form | {"pain": "4"}).status_code == 303
    now = home.run(CORRECTED) if becomes == "corrected" else None
    assert home.said() == [(now and CORRECTED, 4)]
    (changed,) = home.world.store.diary.entries(RUNNER, 0, 2**62)
    assert changed.saying.about_utc_us == (now.end_utc_us if now else entry.saying.about_utc_us)
    home.correct()
    assert home.said() == [(CORRECTED, 4)]


def test_an_entry_for_which_a_run_without_a_time_was_chosen_is_refused_with_all_that_was_typed(
    home: Home,
) -> None:
    apart = home.world.says("other", 2, at=THEN)
    typed = {
        "pain": "5",
        "site": "calf_right",
        "moment": "during",
        "about": "2026-01-20T18:07",
        "felt": ["dull", "limp"],
        "sign": ["swelling"],
        "note": "after the hill",
    }
    form = home.form(f"/symptoms/{apart.id}") | typed | {"run": str(home.run(THEN).name)}
    home.take_back()
    other = home.another_comes()
    answer = home.client.post(f"/symptoms/{apart.id}", data=form)
    assert answer.status_code == 422
    assert "The run that was chosen has no time now" in answer.text
    standing = Forms(answer.text).standing[f"/symptoms/{apart.id}"]
    assert {name: standing[name] for name in typed} == {
        name: value if isinstance(value, list) else [value] for name, value in typed.items()
    }
    assert home.client.post(f"/symptoms/{apart.id}", data=standing).status_code == 422
    assert home.said() == [(None, 2)]
    sent = home.client.post(f"/symptoms/{apart.id}", data=standing | {"run": str(other.name)})
    assert (sent.status_code, home.said()) == (303, [(THEN, 5)])


def test_over_another_change_what_was_left_as_it_was_is_said_as_well(home: Home) -> None:
    """One took the entry off its run, the other one's form still had it."""
    entry = home.world.says("during", 2, run=home.run(THEN))
    address = f"/symptoms/{entry.id}"
    form = home.form(address)
    assert home.client.post(address, data=form | {"run": "", "moment": "other"}).status_code == 303
    answer = home.client.post(address, data=form | {"pain": "4"})
    assert answer.status_code == 409
    standing = Forms(answer.text).standing[address]
    assert (standing["run"], standing["moment"]) == ([str(home.run(THEN).name)], ["during"])
    assert home.client.post(address, data=standing).status_code == 303
    assert home.said() == [(THEN, 4)]


def test_what_was_worn_goes_to_the_run_of_the_page_wherever_it_is_by_now(home: Home) -> None:
    address = home.run(THEN)
    form, conditions = worn_form(home, address)
    home.correct()
    home.another_comes()
    answer = home.client.post(conditions, data=form)
    assert answer.headers["Location"] == f"/run/{home.run(CORRECTED).start_utc_us}#worn"
    assert [home.run(local).worn for local in (THEN, CORRECTED)] == [Worn(), TRAIL]


def test_what_was_worn_in_a_run_without_a_time_waits_until_it_has_one(home: Home) -> None:
    form, conditions = worn_form(home, home.run(THEN))
    assert home.client.post(conditions, data=form | {"surface": "sand"}).status_code == 303
    home.take_back()
    home.another_comes()
    answer = home.client.post(conditions, data=form, follow_redirects=True)
    assert (answer.status_code, answer.url.path) == (200, "/pods/undated")
    assert "What you said of this run is kept." in answer.text
    assert home.run(THEN).worn == Worn()
    home.correct()
    assert [home.run(local).worn for local in (THEN, CORRECTED)] == [Worn(), TRAIL]
    assert home.world.store.conditions.of_all_runs(RUNNER) == [(home.world.us(CORRECTED), TRAIL)]


def test_what_was_worn_in_a_run_that_is_not_there_is_refused(home: Home) -> None:
    form, conditions = worn_form(home, home.run(THEN))
    for name in (f"{home.world.us(THEN)}.{'12' * 8}", f"{home.world.us(THEN)}"):
        assert home.client.post(f"/run/{name}/conditions", data=form).status_code == 404
    home.world.store.ensure_runner("bob", "Bob", "UTC")
    home.world.store.assign("aa" * 8, "bob", "left", 0)
    assert home.client.post(conditions, data=form).status_code == 404
    assert home.world.store.conditions.of_all_runs(RUNNER) == []


def worn_form(home: Home, run: RunRecord) -> tuple[dict[str, Any], str]:
    """What stands in the form on a run's page, with a trail chosen, and where it is sent."""
    forms = Forms(home.client.get(f"/run/{run.start_utc_us}").text).standing
    (address,) = [one for one in forms if one.endswith("/conditions")]
    return forms[address] | {"mount": TRAIL.mount, "surface": TRAIL.surface}, address
