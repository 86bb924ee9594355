"""The page in a real browser: narrow and wide, dark, alive, with scripts and without."""

import re

import pytest
from playwright.sync_api import expect

from web.browsing import DESK, OPEN_ALL, PHONE, Open, arrives, fits, hold_offers
from web.house import TODAY, House, a_live_pod, a_session


@pytest.mark.parametrize("path", ["", "?date=2026-09-24", "metrics", "symptoms", "plan"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_nothing_is_wider_than_the_screen(house: House, open_page: Open, path: str, width: int) -> None:
    house.live = [a_live_pod()]
    house.sessions.append(a_session(TODAY, 30, foot="right", pod="00" * 8, faults={"bus_errors": 1}))
    page = open_page(path, width)
    page.evaluate(OPEN_ALL)
    assert fits(page)


def test_the_live_number_ticks(house: House, open_page: Open) -> None:
    page = open_page()
    arrives(page, "#live", "No pod has reported yet")
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
    expect(page.locator("#live details")).to_have_attribute("open", "")
    expect(page.locator("#live summary")).to_be_focused()


def test_a_new_run_appears_without_reload_and_leaves_the_reader_where_he_was(
    house: House, open_page: Open
) -> None:
    page = open_page()
    page.evaluate("window.notReloaded = true")
    page.locator("#weeks-table summary").click()
    page.locator("#plot").focus()
    house.sessions.append(a_session(TODAY, 12, at="07:30"))
    arrives(page, "[data-run].arrived", "07:30 to 07:42")
    expect(page.locator("[data-run].arrived")).to_have_count(1)
    expect(page.locator("#news")).to_contain_text("53\u202fmin running")
    expect(page.locator("#weeks-table")).to_have_attribute("open", "")
    expect(page.locator(".uplot")).to_have_count(1)
    expect(page.locator("#plot")).to_be_focused()
    assert page.evaluate("window.notReloaded")


def test_a_server_that_is_away_is_said_and_forgotten_when_it_is_back(open_page: Open) -> None:
    page = open_page(expected="503")
    page.route("**/part/**", lambda route: route.fulfill(status=503))
    stale = page.locator("#stale")
    expect(stale).to_be_visible()
    expect(page.locator("#lead")).to_contain_text("running")
    page.unroute("**/part/**")
    expect(stale).to_be_hidden()


def test_the_plot_is_read_by_keyboard_day_by_day(open_page: Open) -> None:
    page = open_page()
    plot = page.locator("#plot")
    readout = page.locator("#readout")
    expect(readout).to_have_text(re.compile("^Sun 22 Nov: 41"))
    plot.focus()
    page.keyboard.press("ArrowLeft")
    saturday = re.compile("^Sat 21 Nov: No running; 25")
    expect(readout).to_have_text(saturday)
    expect(plot).to_have_attribute("aria-valuetext", saturday)
    page.keyboard.press("Home")
    expect(readout).to_have_text(re.compile("^Mon 12 Oct"))
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?date=2026-11-21")


def test_the_plot_tells_known_rest_and_unknown_days_apart_without_colour(open_page: Open) -> None:
    """In grey, a recorded day's column is full, a rest day's all but empty, an unknown day's in between."""
    page = open_page(width=DESK)
    page.locator("#plot canvas").wait_for()
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
    expect(page.locator("body")).to_have_css("background-color", paper)


@pytest.mark.parametrize(("motion", "name"), [("reduce", "none"), ("no-preference", "arrive")])
def test_what_moves_stands_still_where_motion_is_not_wanted(open_page: Open, motion: str, name: str) -> None:
    page = open_page(reduced_motion=motion)
    run = page.locator("[data-run]").first
    run.evaluate("one => one.classList.add('arrived')")
    expect(run).to_have_css("animation-name", name)


def test_without_scripts_the_facts_are_there(house: House, open_page: Open) -> None:
    house.live = [a_live_pod()]
    page = open_page(java_script_enabled=False)
    expect(page.locator("#lead")).to_contain_text("41\u202fmin running")
    expect(page.locator("#live")).to_contain_text("168")
    expect(page.locator("#plot")).to_be_hidden()
    page.locator("#weeks-table summary").click()
    expect(page.locator("#weeks-table tbody tr").filter(visible=True)).to_have_count(42)
    expect(page.locator("noscript")).to_contain_text("reload it", use_inner_text=True)


def test_everything_can_be_reached_by_keyboard_and_the_focus_is_seen(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
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
    page = open_page(width=PHONE, has_touch=True)
    page.get_by_role("link", name="Note it").tap()
    page.wait_for_url(re.compile("/symptoms"))  # with its styles: until they are there, a button is smaller
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
    page = open_page("symptoms", PHONE)
    page.locator("#pain-7").click()
    arrives(page, "#saved", "7 of 10")
    undo = page.locator("#undo")
    expect(page.locator(".undo")).to_have_css("animation-delay", "10s")
    # What the browser plays in ten seconds, at once; a finger on it would hold it.
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    undo.evaluate("button => button.form.getAnimations().forEach((one) => one.finish())")
    expect(undo).to_be_hidden()
    expect(page.locator("#saved")).to_be_visible()
    page.reload()
    hold_offers(page)
    page.locator("#pain-6").click()
    arrives(page, "#saved", "6 of 10")
    undo.click()
    expect(page.locator("#saved")).to_have_count(0)


def test_without_scripts_pain_is_a_plain_form(open_page: Open) -> None:
    page = open_page("symptoms", PHONE, java_script_enabled=False)
    page.locator("#pain-3").click()
    expect(page.locator("#saved")).to_contain_text("3 of 10")
    expect(page.locator("#question")).to_contain_text("during the run")


def test_another_site_is_asked_about_and_the_keyboard_stays_where_it_is(open_page: Open) -> None:
    page = open_page("symptoms")
    page.locator("#site").select_option("calf_left")
    arrives(page, "#question", "Left calf, before the run")
    page.locator("#say-moment-before").focus()
    page.keyboard.press("ArrowDown")
    arrives(page, "#question", "Left calf, during the run")
    expect(page.locator("#say-moment-during")).to_be_focused()
    page.locator("#pain-7").click()
    arrives(page, "#saved", "Left calf, during the run: 7 of 10")


def test_words_that_were_chosen_stay_while_another_moment_is_chosen(house: House, open_page: Open) -> None:
    page = open_page("symptoms", PHONE)
    page.locator("#more-words-summary").click()
    page.get_by_label("made me limp").check()
    page.get_by_label("swelling", exact=False).check()
    page.locator("#note").fill("on the stairs")
    page.locator("#say-moment-during").check()
    arrives(page, "#question", "during the run")
    expect(page.get_by_label("made me limp")).to_be_visible()
    page.locator("#pain-1").click()
    arrives(page, "#saved", "during the run: 1 of 10; made me limp; swelling; “on the stairs”")
    expect(page.locator("#more-words input:checked")).to_have_count(0)  # those of the next answer are its own
    expect(page.locator("#note")).to_have_value("")


@pytest.mark.parametrize("button", ["#pain-3", "#pain-none"])
def test_what_was_saved_is_in_sight_wherever_it_was_tapped(open_page: Open, button: str) -> None:
    page = open_page("symptoms", PHONE)
    page.locator("#more-words-summary").click()
    page.get_by_label("swelling", exact=False).check()
    page.locator(button).evaluate("one => one.scrollIntoView()")
    assert page.evaluate("scrollY") > 0
    page.locator(button).click()
    advice = page.locator("#saved", has_text="See a physiotherapist or doctor.")
    expect(advice).to_be_in_viewport()


def test_an_answer_that_did_not_arrive_is_said_and_can_be_given_again(house: House, open_page: Open) -> None:
    page = open_page("symptoms", PHONE, expected="htmx|Failed to load|403")
    unsaved = page.locator("#unsaved")
    page.locator("#more-words-summary").click()
    page.get_by_label("made me limp").check()
    page.context.set_offline(True)
    page.locator("#pain-3").click()
    unsaved.filter(has_text="Strideload does not answer").wait_for()
    expect(unsaved).to_be_in_viewport(ratio=1)  # wherever the page was scrolled to
    page.context.set_offline(False)
    page.locator("#pain-3").click()
    arrives(page, "#saved", "before the run: 3 of 10; made me limp")
    expect(unsaved).to_be_hidden()
    page.route("**/symptoms", lambda route: route.fulfill(status=403))
    page.locator("#pain-2").click()
    unsaved.filter(has_text="This was not saved. Reload the page").wait_for()


def test_a_choice_that_could_not_be_shown_is_no_answer_that_was_not_saved(open_page: Open) -> None:
    page = open_page("symptoms", PHONE, expected="htmx|Failed to load|500")
    unsaved = page.locator("#unsaved")
    page.context.set_offline(True)
    page.locator("#site").select_option("hip_left")
    unsaved.filter(has_text="Strideload does not answer, so the page does not show what you chose").wait_for()
    page.context.set_offline(False)
    page.route("**/part/symptoms*", lambda route: route.fulfill(status=500))
    page.locator("#site").select_option("hip_right")
    unsaved.filter(has_text="What you chose cannot be shown. Reload the page").wait_for()
    page.unroute("**/part/symptoms*")
    page.locator("#site").select_option("hip_left")
    arrives(page, "#question", "Left hip")
    expect(unsaved).to_be_hidden()


def test_an_unknown_day_is_noted_without_reload(open_page: Open) -> None:
    page = open_page("?date=2026-09-24")
    page.evaluate("window.notReloaded = true")
    page.get_by_role("button", name="It was a rest day").click()
    arrives(page, "#lead", "A rest day")
    assert page.evaluate("window.notReloaded")
