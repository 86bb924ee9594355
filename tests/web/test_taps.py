"""What is tapped, chosen or focused counts, whatever the page receives just then and however slow the line is."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect

from web.browsing import OPEN_ALL, PHONE, Open, arrives, sent_by
from web.house import House, a_live_pod

CHOICES, ANSWERS = "**/part/symptoms?*", "**/symptoms"
# As soon as the page was renewed, and before anything else happens in it.
TAP_ONCE_RENEWED = """(id) => new MutationObserver((_, observer) => {
  observer.disconnect();
  document.getElementById(id).click();
}).observe(document.body, { childList: true })"""


class Line:
    """Holds what a page asks for, until it is let through."""

    def __init__(self, page: Any, pattern: str) -> None:
        self._held: list[Any] = []
        self._is_open = False
        page.route(pattern, self._take)

    def _take(self, route: Any) -> None:
        if self._is_open:
            route.continue_()
        else:
            self._held.append(route)

    def let_through(self) -> None:
        """What is held, and from now on all."""
        self._is_open = True
        for route in self._held:
            route.continue_()


def test_what_is_tapped_at_once_in_a_renewed_page_needs_no_reload(open_page: Open) -> None:
    page = open_page("symptoms", PHONE)
    page.evaluate("window.notReloaded = true")
    page.evaluate(TAP_ONCE_RENEWED, "pain-3")
    page.locator("#site").select_option("calf_left")
    arrives(page, "#saved", "Left calf, before the run: 3 of 10")
    assert page.evaluate("window.notReloaded")


def test_what_is_chosen_at_once_in_a_renewed_page_is_asked_about(open_page: Open) -> None:
    page = open_page("symptoms", PHONE)
    page.evaluate(TAP_ONCE_RENEWED, "say-moment-during")
    page.locator("#site").select_option("calf_left")
    arrives(page, "#question", "Left calf, during the run")


def test_what_is_chosen_before_the_last_choice_was_shown_is_asked_about(open_page: Open) -> None:
    page = open_page("symptoms", PHONE, expected="htmx")
    line = Line(page, CHOICES)
    with page.expect_request(CHOICES):
        page.locator("#site").select_option("calf_left")
    page.locator("#say-moment-during").check()
    line.let_through()
    arrives(page, "#question", "Left calf, during the run")
    expect(page.locator("#unsaved")).to_be_hidden()


def test_what_is_chosen_before_the_scripts_are_there_is_asked_about(open_page: Open) -> None:
    page = open_page("symptoms", PHONE)
    line = Line(page, "**/htmx.min.js*")
    page.goto(page.url, wait_until="commit")
    page.locator("#site").select_option("calf_left")
    line.let_through()
    arrives(page, "#question", "Left calf, before the run")


def test_what_the_browser_fills_in_again_is_asked_about(open_page: Open) -> None:
    """Going back, it has the choice that was made, and the question that the server wrote before that."""
    page = open_page("symptoms", PHONE)
    page.locator("#site").select_option("calf_left")
    arrives(page, "#question", "Left calf")
    page.get_by_role("link", name="Strideload").click()
    page.locator("#plot").wait_for()
    page.go_back()
    arrives(page, "#question", "Left calf")
    expect(page.locator("#site")).to_have_value("calf_left")


def test_an_answer_is_seen_to_be_saved_though_a_choice_was_on_its_way(open_page: Open) -> None:
    page = open_page("symptoms", PHONE, expected="htmx")
    Line(page, CHOICES)
    with page.expect_request(CHOICES):
        page.locator("#site").select_option("calf_left")
    with page.expect_event("requestfailed", lambda request: "/part/symptoms" in request.url):
        page.locator("#pain-3").click()
    arrives(page, "#saved", "Left calf, before the run: 3 of 10")
    expect(page.locator("#unsaved")).to_be_hidden()


def test_nothing_is_chosen_while_an_answer_is_on_its_way(open_page: Open) -> None:
    page = open_page("symptoms", PHONE)
    answers = Line(page, ANSWERS)
    with page.expect_request(ANSWERS):
        page.locator("#pain-3").click()
    expect(page.locator(".about")).to_have_attribute("inert", "")
    answers.let_through()
    arrives(page, "#saved", "before the run: 3 of 10")
    page.locator("#say-moment-before").check()
    arrives(page, "#question", "before the run")


@pytest.mark.parametrize(
    ("path", "field", "keys", "button", "said"),
    [
        ("symptoms", "#say-moment-before", ["Enter"], "#pain-7", "pain=7"),
        ("symptoms", "#more-words [type=checkbox]", ["Space", "Enter"], "#pain-7", "pain=7"),
        ("strength", "#sets", ["Enter"], "#group-calves", "group=calves"),
        ("strength", "#date", ["Enter"], "#group-calves", "group=calves"),
        ("trend", "#say [type=checkbox]", ["Space", "Enter"], "#say [value=ran_without]", "what=ran_without"),
    ],
)
def test_enter_in_a_field_presses_none_of_several_buttons(
    open_page: Open, path: str, field: str, keys: list[str], button: str, said: str
) -> None:
    page = open_page(path)
    page.evaluate(OPEN_ALL)
    sent = sent_by(page)
    for key in keys:
        page.locator(field).first.press(key)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.locator(button).click()
    (form,) = sent
    assert said in form.split("&")


def test_a_press_that_lasts_while_the_live_part_is_renewed_is_a_click(house: House, open_page: Open) -> None:
    house.live = [a_live_pod(faults={"pages_dropped": 3})]
    page = open_page()
    summary, details = page.locator("#live summary"), page.locator("#live details")
    summary.hover()
    page.mouse.down()
    house.live = [a_live_pod(faults={"pages_dropped": 4})]
    for _ in range(2):  # the first may have been asked for before
        with page.expect_response("**/part/live"):
            pass
    page.mouse.up()
    expect(details).to_have_attribute("open", "")
    arrives(page, "#live dt", "pages_dropped.*4")
    expect(details).to_have_attribute("open", "")


def test_a_link_keeps_the_focus_while_the_live_part_is_renewed(house: House, open_page: Open) -> None:
    house.live = [a_live_pod(cadence_spm=161.0, faults={"pages_dropped": 3})]
    page = open_page()
    page.locator("#live summary").click()
    link = page.locator("#live").get_by_role("link", name="pages_dropped")
    link.focus()
    house.live = [a_live_pod(cadence_spm=172.0, faults={"pages_dropped": 3})]
    arrives(page, "[data-live=cadence]", "^172$")
    expect(link).to_be_focused()


@pytest.mark.parametrize("part", ["live", "live-run"])
def test_all_that_takes_the_focus_in_a_live_part_is_known_again(
    house: House, client: httpx.Client, part: str
) -> None:
    """By its id, for every second it is another."""
    pod = {"cue": {"target_cspm": 17_000, "run": 3}, "faults": {"pages_dropped": 3, "bus_errors": 1}}
    house.live = [a_live_pod(**pod), a_live_pod(**pod, pod="00" * 8, foot="right")]
    html = client.get(f"part/{part}").text
    ids = re.findall(r'<(?:a|summary|button|input)\b[^>]* id="([^"]+)"', html)
    assert len(ids) == len(re.findall(r"<(?:a|summary|button|input)\b", html)) >= 6
    assert len(set(ids)) == len(ids)
