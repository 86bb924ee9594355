"""The page in a real browser: narrow and wide, dark, alive, with scripts and without."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from strideload.web.serve import Server
from web.house import TODAY, House, a_live_pod, a_session

WAIT_MS = 15_000  # the page asks every 1 and 3 seconds; a busy machine may take longer to answer

Open = Callable[..., Any]


@pytest.fixture
def open_page(browser: Any, server: Server) -> Iterator[Open]:
    """Opens the page; at the end nothing may have gone wrong in it, nor been asked of another origin."""
    faults: list[str] = []
    asked: list[str] = []
    contexts: list[Any] = []
    expected_faults: list[str] = []

    def open_page(path: str = "", width: int = 1280, expected: str = "(?!)", **options: Any) -> Any:
        expected_faults.append(expected)
        context = browser.new_context(viewport={"width": width, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(server.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [fault for fault in faults if not re.search("|".join(expected_faults), fault)] == []
    assert [url for url in asked if not url.startswith(server.url)] == []


def arrives(page: Any, selector: str, text: str) -> None:
    page.locator(selector, has_text=re.compile(text)).first.wait_for()


@pytest.mark.parametrize("path", ["", "?date=2026-09-24", "metrics", "symptoms", "plan"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(house: House, open_page: Open, path: str, width: int) -> None:
    house.live = [a_live_pod()]
    house.sessions.append(a_session(TODAY, 30, foot="right", pod="00" * 8, faults={"bus_errors": 1}))
    page = open_page(path, width)
    for details in page.locator("summary:visible").all():
        details.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_live_number_ticks(house: House, open_page: Open) -> None:
    page = open_page()
    assert "No pod has reported yet" in page.locator("#live").inner_text()
    house.live = [a_live_pod(cadence_spm=161.0)]
    arrives(page, "[data-live=cadence]", "^161$")
    house.live = [a_live_pod(cadence_spm=172.0)]
    arrives(page, "[data-live=cadence]", "^172$")
    house.live = [a_live_pod(online=False, age_s=60.0)]
    arrives(page, "#live", "No pod is running")


def test_what_is_open_stays_open_while_the_live_part_is_renewed(house: House, open_page: Open) -> None:
    house.live = [a_live_pod(faults={"pages_dropped": 3})]
    page = open_page()
    page.locator("#live summary").click()
    house.live = [a_live_pod(faults={"pages_dropped": 4})]
    arrives(page, "#live dt", "pages_dropped.*4")
    assert page.locator("#live details").get_attribute("open") is not None
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


def test_a_new_run_appears_without_reload_and_leaves_the_reader_where_he_was(
    house: House, open_page: Open
) -> None:
    page = open_page()
    page.evaluate("window.notReloaded = true")
    page.locator("#weeks-table summary").click()
    house.sessions.append(a_session(TODAY, 12, at="07:30"))
    arrives(page, "[data-run].arrived", "07:30 to 07:42")
    assert page.locator("[data-run].arrived").count() == 1
    assert "53\u202fmin running" in page.locator("#news").text_content()
    assert page.locator("#weeks-table").get_attribute("open") is not None
    assert page.locator(".uplot").count() == 1
    assert page.evaluate("window.notReloaded")


def test_a_server_that_is_away_is_said_and_forgotten_when_it_is_back(open_page: Open) -> None:
    page = open_page(expected="503")
    page.route("**/part/**", lambda route: route.fulfill(status=503))
    page.locator("#stale").wait_for(state="visible")
    assert "running" in page.locator("#lead").inner_text()
    page.unroute("**/part/**")
    page.locator("#stale").wait_for(state="hidden")


def test_the_plot_is_read_by_keyboard_day_by_day(open_page: Open) -> None:
    page = open_page()
    plot = page.locator("#plot")
    readout = page.locator("#readout")
    assert readout.inner_text().startswith("Sun 22 Nov: 41")
    plot.focus()
    page.keyboard.press("ArrowLeft")
    assert readout.inner_text().startswith("Sat 21 Nov: No running; 25")
    assert plot.get_attribute("aria-valuetext") == readout.inner_text()
    page.keyboard.press("Home")
    assert readout.inner_text().startswith("Mon 12 Oct")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?date=2026-11-21")


def test_the_plot_tells_known_rest_and_unknown_days_apart_without_colour(open_page: Open) -> None:
    """In grey, a recorded day's column is full, a rest day's all but empty, an unknown day's in between."""
    page = open_page(width=1280)
    darkness = page.evaluate(
        """() => {
          const canvas = document.querySelector(".uplot canvas");
          const context = canvas.getContext("2d");
          const days = JSON.parse(document.getElementById("plot").dataset.plot).days;
          const over = document.querySelector(".u-over").getBoundingClientRect();
          const at = canvas.getBoundingClientRect();
          const found = {};
          days.forEach((day, index) => {
            const x = over.left - at.left + over.width * (index + 0.7) / (days.length + 0.4);
            const strip = context.getImageData(Math.round(x) - 2, over.bottom - at.top - 60, 4, 50).data;
            let ink = 0;
            for (let i = 3; i < strip.length; i += 4) ink += strip[i] > 60;
            (found[day.state] ??= []).push(ink / 200);
          });
          return found;
        }"""
    )
    assert min(darkness["run"]) > 0.95
    assert max(darkness["none"]) < 0.1
    assert 0.1 < min(darkness["unknown"]) <= max(darkness["unknown"]) < 0.8


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(251, 250, 247)"), ("dark", "rgb(20, 22, 26)")])
def test_the_page_follows_the_readers_scheme(open_page: Open, scheme: str, paper: str) -> None:
    page = open_page(color_scheme=scheme)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper


@pytest.mark.parametrize(("motion", "name"), [("reduce", "none"), ("no-preference", "arrive")])
def test_what_moves_stands_still_where_motion_is_not_wanted(open_page: Open, motion: str, name: str) -> None:
    page = open_page(reduced_motion=motion)
    page.evaluate("document.querySelector('[data-run]').classList.add('arrived')")
    assert page.evaluate("getComputedStyle(document.querySelector('[data-run]')).animationName") == name


def test_without_scripts_the_facts_are_there(house: House, open_page: Open) -> None:
    house.live = [a_live_pod()]
    page = open_page(java_script_enabled=False)
    assert "41\u202fmin running" in page.locator("#lead").inner_text()
    assert "168" in page.locator("#live").inner_text()
    assert page.locator("#plot").is_hidden()
    page.locator("#weeks-table summary").click()
    assert page.locator("#weeks-table tbody tr").count() == 42
    assert "reload it" in page.locator("noscript").inner_text()


def test_everything_can_be_reached_by_keyboard_and_the_focus_is_seen(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    reached = set()
    while True:
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    assert {"plot", "before", "A", "SUMMARY"} <= reached


def test_pain_is_entered_at_phone_width_and_the_next_morning_turns_the_run_green(
    house: House, open_page: Open
) -> None:
    page = open_page(width=360, has_touch=True)
    page.get_by_role("link", name="Note it").tap()
    page.locator("#pain-0").wait_for()
    page.wait_for_load_state()  # until the styles are there, a button is smaller
    page.evaluate("window.notReloaded = true")
    for pain, moment in ((1, "before the run"), (2, "during the run"), (1, "60 minutes after")):
        arrives(page, "#question", moment)
        button = page.locator(f"#pain-{pain}")
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 44
        button.tap()
        arrives(page, "#saved", f"{moment}: {pain} of 10")
    assert page.evaluate("window.notReloaded")
    arrives(page, ".course", "Open: not answered yet: next morning")

    house.date = TODAY.replace(day=23)
    house.clock = "06:50"
    page.goto(page.url.split("/symptoms")[0])
    arrives(page, ".sites", "Open: not answered yet: next morning")
    page.get_by_role("link", name="morning: answer").tap()
    page.locator("#pain-1").tap()
    arrives(page, ".course", "Green: ")
    page.goto(page.url.split("/symptoms")[0])
    arrives(page, ".sites", "Green: .*Sun 22 Nov, 18:02, 41\u202fmin running")
    page.goto(page.url + "?date=2026-11-22")
    arrives(page, ".sites", "Green: ")


def test_a_tap_is_undone_and_the_offer_goes_after_ten_seconds(open_page: Open) -> None:
    page = open_page("symptoms", 360)
    page.locator("#pain-7").click()
    arrives(page, "#saved", "7 of 10")
    undo = page.locator("#undo")
    assert undo.evaluate("button => getComputedStyle(button.form).animationDelay") == "10s"
    # What the browser plays in ten seconds, at once; a finger on it would hold it.
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    undo.evaluate("button => button.form.getAnimations().forEach((one) => one.finish())")
    assert undo.is_hidden()
    page.reload()
    page.locator("#pain-6").click()
    arrives(page, "#saved", "6 of 10")
    page.locator("#undo").click()
    page.locator("#saved").wait_for(state="detached")


def test_without_scripts_pain_is_a_plain_form(open_page: Open) -> None:
    page = open_page("symptoms", 360, java_script_enabled=False)
    page.locator("#pain-3").click()
    assert "3 of 10" in page.locator("#saved").inner_text()
    assert "during the run" in page.locator("#question").inner_text()


def test_another_site_is_asked_about_and_the_keyboard_stays_where_it_is(open_page: Open) -> None:
    page = open_page("symptoms")
    page.locator("#site").select_option("calf_left")
    arrives(page, "#question", "Left calf, before the run")
    page.locator("#say-moment-before").focus()
    page.keyboard.press("ArrowDown")
    arrives(page, "#question", "Left calf, during the run")
    assert page.evaluate("document.activeElement.id") == "say-moment-during"
    page.keyboard.press("Enter")
    assert page.locator("#saved").count() == 0


def test_words_that_were_chosen_stay_while_another_moment_is_chosen(house: House, open_page: Open) -> None:
    page = open_page("symptoms", 360)
    page.locator("#more-words-summary").click()
    page.get_by_label("made me limp").check()
    page.get_by_label("swelling", exact=False).check()
    page.locator("#note").fill("on the stairs")
    page.locator("#say-moment-during").check()
    arrives(page, "#question", "during the run")
    assert page.get_by_label("made me limp").is_visible()
    page.locator("#pain-1").click()
    arrives(page, "#saved", "during the run: 1 of 10; made me limp; swelling; “on the stairs”")
    assert page.locator("#more-words input:checked").count() == 0  # those of the next answer are its own
    assert page.locator("#note").input_value() == ""


@pytest.mark.parametrize("button", ["#pain-3", "#pain-none"])
def test_what_was_saved_is_in_sight_wherever_it_was_tapped(open_page: Open, button: str) -> None:
    page = open_page("symptoms", 360)
    page.locator("#more-words-summary").click()
    page.get_by_label("swelling", exact=False).check()
    page.locator(button).evaluate("one => one.scrollIntoView()")
    assert page.evaluate("scrollY") > 0
    page.locator(button).click()
    advice = page.locator("#saved", has_text="See a physiotherapist or doctor.")
    pytest.importorskip("playwright.sync_api").expect(advice).to_be_in_viewport(timeout=WAIT_MS)


def test_an_answer_that_did_not_arrive_is_said_and_can_be_given_again(house: House, open_page: Open) -> None:
    page = open_page("symptoms", 360, expected="htmx|Failed to load|403")
    unsaved = page.locator("#unsaved")
    page.locator("#more-words-summary").click()
    page.get_by_label("made me limp").check()
    page.context.set_offline(True)
    page.locator("#pain-3").click()
    unsaved.filter(has_text="Strideload does not answer").wait_for()
    assert unsaved.bounding_box()["y"] >= 0  # in sight, wherever the page was scrolled to
    page.context.set_offline(False)
    page.locator("#pain-3").click()
    arrives(page, "#saved", "before the run: 3 of 10; made me limp")
    assert unsaved.is_hidden()
    page.route("**/symptoms", lambda route: route.fulfill(status=403))
    page.locator("#pain-2").click()
    unsaved.filter(has_text="This was not saved. Reload the page").wait_for()


def test_a_choice_that_could_not_be_shown_is_no_answer_that_was_not_saved(open_page: Open) -> None:
    page = open_page("symptoms", 360, expected="htmx|Failed to load|500")
    unsaved = page.locator("#unsaved")
    page.context.set_offline(True)
    page.locator("#site").select_option("hip_left")
    unsaved.filter(has_text="Strideload does not answer, so the page does not show what you chose").wait_for()
    page.context.set_offline(False)
    page.route("**/part/symptoms*", lambda route: route.fulfill(status=500))
    page.locator("#site").select_option("hip_right")
    unsaved.filter(has_text="What you chose cannot be shown. Reload the page").wait_for()
    page.unroute("**/part/symptoms*")
    with page.expect_response("**/part/symptoms*") as shown:
        page.locator("#site").select_option("hip_left")
    assert shown.value.ok
    assert unsaved.is_hidden()


def test_an_unknown_day_is_noted_without_reload(open_page: Open) -> None:
    page = open_page("?date=2026-09-24")
    page.evaluate("window.notReloaded = true")
    page.get_by_role("button", name="It was a rest day").click()
    arrives(page, "#lead", "A rest day")
    assert page.evaluate("window.notReloaded")
