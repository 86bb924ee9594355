"""Every number stands under a link to its definition, on each page of a household in which there is something of all.

A figure in a table leads there by its row, its column, or the heading over it; one in a list by what it is called, or
by that heading; a number that is set by its name. Whatever part of a page says a number holds such a link. What needs
none is named here.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from store.making import LOG, T0_MS, Pod, messages
from strideload.load.steps import Cue
from strideload.load.zones import date_at
from strideload.store import open_store
from strideload.store.diary import Saying
from strideload.store.ids import new_id
from strideload.store.keys import DAY_US
from strideload.web.app import make_app
from strideload.web.doors import Doors
from strideload.web.navigation import PLACES
from strideload.web.serve import serve
from strideload_pod import page as pages
from web.browsing import new_page
from web.house import POD, RUNNER, TODAY, ZONE, HouseStore, a_live_pod, a_season, a_session
from web.people import people
from web.people import send as send_form
from web.test_pods import send

DEFINITIONS: Final = "/metrics#"
PASSPHRASE: Final = "five small monkeys in a wood"
WITHIN: Final = "#"  # in a file that is opened by itself
# Names, which may have digits in them.
NAMES: Final = ("Sensor", "Firmware", "Id", "Shoe")
# Parts of pages without a figure, by the label of a section or the heading of a page: a name of a shoe, dates, an
# address, a count of what a page lists.
PARTS: Final = (
    "worn",
    "since",
    "tokens-name",
    "Shoes",
    "Pods",
    "Report for a physiotherapist",
    "Diary of Ada",
)
# A number that is set, by a rule that has another name.
SET_BY: Final = {"percent": "cadence_target"}

# [that lead nowhere, the links to definitions]
FIND: Final = """([definitions, names, parts, setBy]) => {
  const leads = (place) => Boolean(place?.querySelector(`a[href^="${definitions}"]`));
  const counts = (place) => /\\d/.test(place.textContent);
  const said = (place) => place.textContent.replace(/\\s+/g, " ").trim().slice(0, 60);
  function under(figure) {
    for (let place = figure.parentElement; place; place = place.parentElement) {
      if (place.matches("section, article") && leads(place.querySelector("h1, h2, h3"))) return true;
    }
    return false;
  }
  const bare = [];
  for (const cell of document.querySelectorAll("tbody td")) {
    const heads = [cell.parentElement.querySelector("th"), cell.closest("table").tHead?.rows[0].cells[cell.cellIndex]];
    const named = heads.some((one) => one && names.includes(said(one)));
    if (counts(cell) && !named && !heads.some(leads) && !under(cell)) bare.push(`cell: ${said(cell.parentElement)}`);
  }
  for (const term of document.querySelectorAll("dt")) {
    const about = [term];
    for (let next = term.nextElementSibling; next?.tagName === "DD"; next = next.nextElementSibling) about.push(next);
    const named = names.includes(said(term));
    if (about.some(counts) && !named && !leads(term) && !under(term)) bare.push(`term: ${said(term)}`);
  }
  for (const field of document.querySelectorAll("input[type=number]")) {
    const rule = `a[href="${definitions}${setBy[field.name] ?? field.name}"]`;
    if (!document.querySelector(rule)) bare.push(`field: ${field.name}`);
  }
  for (const part of document.querySelectorAll("main section:not(.metric), main > div, #live")) {
    const words = part.cloneNode(true);
    words.querySelectorAll("form, section").forEach((one) => one.remove());
    const heading = part.querySelector(":scope > h1");
    const name = part.getAttribute("aria-labelledby") ?? (heading ? said(heading) : "");
    const isNone = parts.some((one) => name.startsWith(one));
    if (counts(words) && !leads(part) && !isNone) bare.push(`part ${name}: ${said(words)}`);
  }
  const links = [...document.querySelectorAll(`a[href^="${definitions}"]`)].map((one) => one.getAttribute("href"));
  return [bare, links];
}"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a house with something of everything."""
    house = a_season()
    clipped = pages.STEP_CLIPPED | pages.STEP_PEAK_UNRELIABLE
    start = house.sessions[-1].start_utc_us
    cue = Cue(start + 600_000_000, 17_250, 16_480, "given", 1, 100)
    house.sessions[-1] = a_session(
        TODAY, 41, foot="left", cues=(cue,), faults={"bus_errors": 1}, pages_lost=2
    )
    house.sessions += [
        a_session(TODAY, 41, foot="right", pod="00" * 8, flags=clipped),
        a_session(TODAY, 20, at="22:10", open=True),
    ]
    house.live = [a_live_pod(waiting=12, faults={"bus_errors": 3}, cue={"target_cspm": 17_500, "run": 3})]
    lost = Pod()
    lost.run(100, 1, anchored=False)
    with open_store(tmp_path_factory.mktemp("definitions") / "house.db") as opened:
        store = HouseStore(opened.engine, opened.store_id)
        store.house, house.store = house, store
        store.ensure_runner(RUNNER, "Ada", ZONE)
        told = {"v": 1, "log": f"{LOG:08x}", "chip": "LSM6DSO32", "battery_mv": 3920, "free_pages": 900}
        store.save_state(POD, told, start)
        store.add(messages(lost.pages))
        store.derive()
        for moment, pain in (("before", 1), ("during", 4), ("at_60_min", 3)):
            said = Saying("knee_front_left", moment, pain, start + 3_000_000_000, start)
            store.diary.write(RUNNER, new_id(), 0, said, start + 7_200_000_000)
        apart = Saying("heel_right", "other", 2, start - 86_400_000_000, None)
        store.diary.write(RUNNER, new_id(), 0, apart, start)
        doors = Doors(store, house, lambda _: house, RUNNER, lambda: house.now())
        with (
            serve(make_app(doors), "127.0.0.1", 0) as running,
            httpx.Client(base_url=running.url, follow_redirects=True) as client,
        ):
            day = {"date": TODAY.isoformat()}
            send(
                client, "/strength", "/strength", entry=new_id(), group="calves", sets="3", effort="7", **day
            )
            shoe = {
                "id": "00" * 8,
                "name": "Blue 40",
                "from": str(TODAY - timedelta(days=30)),
                "usual": "yes",
            }
            send(client, "/shoes", "/shoes", **shoe)
            yield running.url.rstrip("/")


@pytest.fixture(scope="module")
def defined(home: str) -> set[str]:
    return {f"{DEFINITIONS}{one}" for one in re.findall(r'id="(\w+)"', httpx.get(f"{home}/metrics").text)}


PAGES: Final = (
    *(place.href for place in PLACES if place.href != "/metrics"),
    *("a run", "an entry", "/pods/undated", "/data", "/report", "/places"),
    *("/trend?by=steps", "/trend?by=impact", "/trend?by=distance"),
)


@pytest.mark.parametrize("name", PAGES)
def test_every_number_leads_to_its_definition(browser: Any, home: str, defined: set[str], name: str) -> None:
    with new_page(browser) as page:
        page.goto(home + _address(home, name))
        bare, links = _found(page)
    assert bare == []
    assert set(links) <= defined


def test_what_leads_nowhere_is_found(browser: Any) -> None:
    with new_page(browser) as page:
        page.set_content(
            "<main><section><h2>How much</h2><p>12 km</p><dl><dt>Steps<dd>6</dl><input type=number name=sets>"
            "<table><thead><tr><th>Day<th>Load<tbody><tr><th>Mon<td>5 g</table></section></main>"
        )
        bare, links = _found(page)
    assert [one.split(":")[0] for one in bare] == ["cell", "term", "field", "part "]
    assert links == []


def _found(page: Any, definitions: str = DEFINITIONS) -> list[list[str]]:
    return page.evaluate(FIND, [definitions, NAMES, PARTS, SET_BY])


def test_what_is_shared_leads_to_definitions_as_well(browser: Any, tmp_path: Path) -> None:
    """By a link to those of the host, in a file to its own."""
    with people(tmp_path) as shared, shared.logged_in("me") as ada, new_page(browser) as page:
        pod, start = Pod(), T0_MS * 1000
        pod.run(0, 1, 900)
        shared.store.add(messages(pod.pages))
        shared.store.derive()
        said = Saying("knee_front_left", "during", 2, start + 60_000_000, start)
        shared.store.diary.write("me", new_id(), 0, said, start + DAY_US)
        day = date_at(start, ZONE)
        days = {"first": day.isoformat(), "last": day.isoformat()}
        link = re.search(
            r"/share/[\w-]+", send_form(ada, "/account/links", name="Dr Quinn", days="7", **days).text
        )
        assert link
        page.goto(shared.url.rstrip("/") + link[0])
        seen = page.content()
        bare, links = _found(page)
        sealed = tmp_path / "days.html"
        phrase = {"passphrase": PASSPHRASE, "again": PASSPHRASE}
        sealed.write_bytes(send_form(ada, "/account/file", **phrase, **days).content)
    assert "Front of the left knee" in seen
    assert bare == []
    assert f"{DEFINITIONS}pain" in links
    with new_page(browser) as page:
        page.goto(sealed.as_uri())
        page.fill("#passphrase", PASSPHRASE)
        page.click("button")
        page.locator("h1", has_text="Diary of Ada").wait_for()
        bare, links = _found(page, WITHIN)
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => `#${one.id}`)")
    assert bare == []
    assert f"{WITHIN}pain" in links
    assert set(links) <= set(ids)


def _address(home: str, name: str) -> str:
    within = {"a run": ("/", r"/run/\d+"), "an entry": ("/symptoms", r"/symptoms/[0-9a-f]{8,}")}
    if name not in within:
        return name
    page, address = within[name]
    found = re.search(address, httpx.get(home + page).text)
    assert found
    return found[0]
