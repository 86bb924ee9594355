"""A season of training in a real browser, over a real host: what a runner sees and does, and every page at each width.

What one page does in detail is tested beside that page; here each is held to what all of them promise.
"""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from strideload.load.metrics import METRICS, OF_A_WATCH
from strideload.web.navigation import PLACES
from support import axe
from support.reports import Read
from web.browsing import (
    DESK,
    HEIGHT,
    OPEN_ALL,
    PHONE,
    Open,
    arrives,
    fits,
    hold_offers,
    new_page,
    watched_pages,
)
from web.house import TODAY as HOUSE_TODAY
from web.people import People, people, send
from web.season import RUNNER, Season, season

# A page's own requests that go on for ever; held back while a page is looked at.
POLLS = "**/part/**"
PASSPHRASE = "five small monkeys in a wood"
# Rows of a table are made alike: of long ones so many are looked at.
ROWS = 12
SHORTEN = """(most) => {
  for (const body of document.querySelectorAll("tbody")) {
    for (const row of [...body.rows].slice(most)) row.remove();
  }
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Season]:
    with season(tmp_path_factory.mktemp("season")) as found:
        yield found


@pytest.fixture
def demo(served: Season) -> Iterator[Season]:
    """The season in the morning after its last run. What a test notes in its diary is gone after it."""
    served.at("07:10")
    diary = served.host.store.diary

    def entries() -> set[str]:
        return {entry.id for entry in diary.everything(RUNNER)}

    known = entries()
    yield served
    for entry in entries() - known:
        diary.delete(RUNNER, entry)


@pytest.fixture
def open_page(browser: Any, demo: Season) -> Iterator[Open]:
    with watched_pages(browser, demo.url, PHONE) as open_page:
        yield open_page


def addresses(demo: Season) -> dict[str, str]:
    """Each page by a name: all places of the navigation, and those that lie behind them."""
    diary = demo.host.store.diary.everything(RUNNER)
    return {place.href: place.href for place in PLACES} | {
        "a day": "/?date=2026-11-11",
        "a day of which nothing is known": "/?date=2026-11-03",
        "a run": f"/run/{demo.last_run.start_utc_us}",
        "something said": f"/symptoms/{diary[-1].id}",
        "the report": "/report",
        "the runner's data": "/data",
        "sessions without a date": "/pods/undated",
    }


NAMES = [
    *(place.href for place in PLACES),
    "a day",
    "a day of which nothing is known",
    "a run",
    "something said",
    "the report",
    "the runner's data",
    "sessions without a date",
]


def said(page: Any, selector: str) -> str:
    return re.sub(
        r"[\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]", " ", page.locator(selector).first.inner_text()
    )


def test_a_season_is_seen(demo: Season, open_page: Open) -> None:
    page = open_page("/?date=2026-11-11", DESK)
    assert said(page, ".top").startswith("Strideload demo, simulated")
    assert "simulated" not in said(page, "h1")  # once at the head of the page is enough
    assert said(page, "#lead").startswith("1 h 18 min running")
    assert "% farther than your farthest known run in 30 days." in said(page, ".beside")
    page.locator("#beside-more summary").click()
    assert "Schuster Brandt Frandsen, BJSM 2025" in said(page, "#beside-more")
    assert "Red: pain 3 next morning, higher than the 0 before the run." in said(page, ".sites")
    expect(page.locator("#plot canvas")).to_be_visible()

    page.locator(".runs a").click()
    page.locator("#course").wait_for()
    assert "1 h 18 min running" in said(page, "#lead")
    expect(page.locator("[data-lines] canvas")).to_have_count(3)
    page.get_by_role("link", name="Trend").first.click()
    page.locator("#trend-plot canvas").wait_for()
    assert page.locator(".calendar .day.run").count() >= 29
    assert page.locator(".calendar .day.unknown").count() >= 3


def test_a_run_that_is_synced_appears_without_reload(demo: Season, open_page: Open) -> None:
    demo.at("19:30")
    page = open_page()
    page.evaluate("window.notReloaded = true")
    assert "running" not in said(page, "#lead")
    demo.sync([("walk", 60.0, 5.6), ("run", 900.0, 10.2)])
    arrives(page, "[data-run].arrived", "18:05 to 18:2")
    assert said(page, "#lead").startswith("15 min running")
    assert page.evaluate("window.notReloaded")


def test_pain_is_entered_on_a_phone_and_undone(demo: Season, open_page: Open) -> None:
    """In two taps."""
    page = open_page("/symptoms", has_touch=True)
    hold_offers(page)
    buttons = page.locator(".pain button")
    expect(buttons).to_have_text([str(pain) for pain in range(11)])
    for box in (button.bounding_box() for button in buttons.all()):
        assert min(box["width"], box["height"]) >= 44
    page.goto(demo.url)
    page.get_by_role("link", name="morning: answer").first.tap()
    page.locator("#pain-0").tap()
    arrives(page, "#saved", "next morning: 0 of 10")
    page.locator("#undo").tap()
    expect(page.locator("#saved")).to_have_count(0)
    arrives(page, ".course", "Open: not answered yet: next morning")


def test_the_next_mornings_answer_turns_the_run_green(demo: Season, open_page: Open) -> None:
    page = open_page("/?date=2026-11-22")
    arrives(page, ".sites", "Open: not answered yet: next morning")
    page.get_by_role("link", name="morning: answer").first.click()
    page.locator("#pain-0").click()
    arrives(page, "#saved", "next morning: 0 of 10")
    page.goto(f"{demo.url}?date=2026-11-22")
    arrives(page, ".sites", "Green: ")


def test_the_report_opens(demo: Season, open_page: Open) -> None:
    page = open_page("/symptoms")
    page.get_by_role("link", name="A report for a physiotherapist").click()
    page.fill("#from", "2026-11-01")
    page.fill("#to", "2026-11-22")
    page.get_by_role("button", name="Open the report").wait_for()
    opened: list[bytes] = []

    def keep(route: Any) -> None:
        """In place of the viewer, which is not every Chromium's."""
        answer = route.fetch()
        assert answer.headers["content-type"] == "application/pdf"
        opened.append(answer.body())
        route.fulfill(status=204)

    page.route("**/report.pdf?*", keep)
    with page.expect_response("**/report.pdf?*"):
        page.get_by_role("button", name="Open the report").click()
    report = Read(opened[0])
    assert "Demo runner" in report.text
    assert "simulated" in report.text.lower()
    assert "higher than the 0 before the run" in report.text
    assert 1 <= len(report.pages) <= 3


def test_pain_is_noted_with_the_keyboard_alone(demo: Season, open_page: Open) -> None:
    page = open_page("/", DESK)
    hold_offers(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    assert _tab_to(page, lambda name: name == "Symptoms") < 8
    page.keyboard.press("Enter")
    page.wait_for_url("**/symptoms")
    _tab_to(page, lambda name: name == "3")
    page.keyboard.press("Enter")
    arrives(page, "#saved", "3 of 10")
    page.evaluate("document.activeElement.blur()")
    _tab_to(page, lambda name: name == "Undo")
    page.keyboard.press("Enter")
    expect(page.locator("#saved")).to_have_count(0)


def _tab_to(page: Any, wanted: Callable[[str], bool]) -> int:
    """Presses Tab until something of that name has the focus, which is seen -> how often."""
    for presses in range(1, 120):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.textContent.trim()")
        if wanted(name):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none"
            return presses
    raise AssertionError("it is not reached by Tab")


@pytest.mark.parametrize("name", NAMES)
def test_every_page_fits_a_phone_and_asks_only_its_own_host(demo: Season, open_page: Open, name: str) -> None:
    page = open_page(addresses(demo)[name])
    assert fits(page)
    page.evaluate(OPEN_ALL)
    assert fits(page)


def test_axe_sees_what_is_wrong(browser: Any) -> None:
    with new_page(browser) as page:
        page.set_content("<p style='color: #bbb; background: #ddd'>pale</p><input>")
        axe.add_to(page)
        found = {line.split(":")[0] for line in axe.complaints(page)}
        assert {"color-contrast", "label", "document-title"} <= found
        assert {line.split(":")[0] for line in axe.complaints(page, axe.OF_COLOUR)} == {"color-contrast"}


@pytest.mark.parametrize("name", NAMES)
def test_axe_finds_nothing_on_any_page_by_day_and_by_night(demo: Season, browser: Any, name: str) -> None:
    assert _complaints(browser, demo.url.rstrip("/") + addresses(demo)[name]) == []


def test_axe_finds_nothing_on_what_strangers_see(browser: Any, tmp_path: Path) -> None:
    with people(tmp_path) as home:
        shared, offered, file = _invited(home)
        sealed = tmp_path / "days.html"
        sealed.write_bytes(file)
        urls = [
            f"{home.url}{path}" for path in ("log-in", f"share/{shared}", f"welcome/{offered}", "nowhere")
        ]
        for url in [*urls, sealed.as_uri()]:
            assert _complaints(browser, url) == [], url
        assert _complaints(browser, sealed.as_uri(), _unseal) == []


def _unseal(page: Any) -> None:
    page.fill("#passphrase", PASSPHRASE)
    page.click("button")
    page.locator("h1", has_text="Diary of Ada").wait_for()


def _invited(home: People) -> tuple[str, str, bytes]:
    """Secrets of a link to Ada's diary and of one by which Bob sets a password; her diary as an encrypted file."""
    with home.logged_in("me") as ada:
        days = {"first": str(HOUSE_TODAY - timedelta(days=20)), "last": str(HOUSE_TODAY)}
        link = send(ada, "/account/links", name="Dr Quinn", days="7", **days).text
        offer = send(ada, "/household/runners/bob/password", "/household").text
        file = send(ada, "/account/file", passphrase=PASSPHRASE, again=PASSPHRASE, **days).content
        shared, offered = re.search(r"/share/([\w-]+)", link), re.search(r"/welcome/([\w-]+)", offer)
        assert shared
        assert offered
        return shared[1], offered[1], file


def _complaints(browser: Any, url: str, prepare: Callable[[Any], None] = lambda page: None) -> list[str]:
    """All rules at both widths by day; by night those of colours."""
    found: list[str] = []
    with new_page(browser, PHONE, bypass_csp=True, reduced_motion="reduce") as page:
        page.route(POLLS, lambda route: None)
        page.goto(url)
        prepare(page)
        axe.add_to(page)
        page.evaluate(OPEN_ALL)
        page.evaluate(SHORTEN, ROWS)
        for scheme, rules in (("light", ()), ("dark", axe.OF_COLOUR)):
            page.emulate_media(color_scheme=scheme)
            for width in (PHONE, DESK):
                page.set_viewport_size({"width": width, "height": HEIGHT})
                found += [f"{scheme}, {width} px: {one}" for one in axe.complaints(page, rules)]
    return found


@pytest.mark.parametrize("name", ["/", "a run"])
def test_every_figure_has_its_unit_and_leads_to_its_definition(
    demo: Season, open_page: Open, name: str
) -> None:
    """In tables by name and unit, in sentences by the words around it; a date, a time or a count needs none."""
    known = {one.id: one for one in METRICS + OF_A_WATCH}
    page = open_page("/?date=2026-11-22" if name == "/" else addresses(demo)[name])
    rows = page.locator("[aria-labelledby=figures] tbody tr")
    assert rows.count() > 10
    for row in rows.all():
        header = row.locator("th")
        metric = known[header.locator("a").get_attribute("href").removeprefix("/metrics#")]
        assert metric.definition
        if metric.unit and metric.unit != "s":
            assert header.locator(".unit").count() or re.search(r"\d.*[^\d\s]", said(row, "th")), metric.id
    for fact in page.locator("#content > div:first-child .facts > div").all():
        value = said(fact, "dd")
        assert re.search(r"\d ?(h|min|s|g|km|m|mi|ft)\b|\d:\d\d a |^\d[\d ]*( \(|$)|not known", value), value
        link = fact.locator("dt a").get_attribute("href")
        assert known[link.removeprefix("/metrics#")].definition


@pytest.mark.parametrize("name", ["/", "/trend", "a run"])
def test_without_scripts_the_tables_hold_what_the_plots_show(
    demo: Season, open_page: Open, name: str
) -> None:
    page = open_page(addresses(demo)[name], java_script_enabled=False)
    assert page.locator("[data-plot]").count() > 0
    for plot in page.locator("[data-plot]").all():
        expect(plot).to_be_hidden()
        table = plot.locator("xpath=ancestor::section").locator("details:has(table)").first
        table.locator("summary").click()
        expect(table.locator("tbody tr").filter(visible=True).nth(5)).to_be_visible()
        table.locator("summary").click()


def test_the_first_view_weighs_less_than_100_kb(demo: Season) -> None:
    """The page and all that it loads, as they come over the line to a browser that has nothing yet."""
    accepted = {"Accept-Encoding": "gzip"}
    with httpx.Client(base_url=demo.url) as client:
        html, weight = _fetched(client, "/", accepted)
        assets = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', html.decode()))
        assert len(assets) >= 6
        for address in assets:
            weight += _fetched(client, address, accepted)[1]
    assert weight < 100_000


def _fetched(client: httpx.Client, address: str, headers: dict[str, str]) -> tuple[bytes, int]:
    """What it holds, and the bytes of head and body that came over the line."""
    with client.stream("GET", address, headers=headers) as answer:
        assert answer.status_code == 200, address
        content = b"".join(answer.iter_bytes())
        head = sum(len(name) + len(value) + 4 for name, value in answer.headers.raw)
        return content, answer.num_bytes_downloaded + head
