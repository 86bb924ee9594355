"""Trend, run, strength, shoes, cadence and live in a real browser: narrow and wide, by keyboard, alive, calm."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from strideload.load.strength import Exercise
from strideload.store.ids import new_id
from web.browsing import DESK, OPEN_ALL, PHONE, Open, arrives, fits
from web.house import RUNNER, TODAY, House, a_live_pod

LONG_AGO = TODAY - timedelta(days=90)
PLACES = ["trend", "run", "strength", "shoes", "cadence", "live"]


def said(house: House) -> None:
    """Something to show on each page."""
    assert house.store
    house.live = [a_live_pod(cue={"target_cspm": 17_000, "run": 3})]
    house.store.conditions.add_shoe(RUNNER, "Donaudampfschifffahrtslaufschuhe" + "-" * 28, LONG_AGO)
    address = "https://example.org/" + "w" * 200
    house.store.strength.add(RUNNER, new_id(), TODAY, Exercise("hamstrings", 3, 12, 7), address)


def address(house: House, place: str) -> str:
    return f"run/{house.sessions[-1].start_utc_us}" if place == "run" else place


@pytest.mark.parametrize("place", PLACES)
def test_nothing_is_wider_than_a_phone(house: House, open_page: Open, place: str) -> None:
    said(house)
    page = open_page(address(house, place), PHONE)
    page.evaluate(OPEN_ALL)
    assert fits(page)


@pytest.mark.parametrize("width", [320, 360, 390])
def test_the_names_of_weekdays_do_not_touch(open_page: Open, width: int) -> None:
    ends = open_page("trend", width).evaluate(
        """() => [...document.querySelectorAll(".calendar thead th")].slice(1, -1).map((name) => {
            const range = document.createRange();
            range.selectNodeContents(name);
            const box = range.getBoundingClientRect();
            return [box.left, box.right];
        })"""
    )
    assert all(right + 3 < left for (_, right), (left, _) in pairwise(ends))


def test_on_a_phone_the_head_is_one_line_and_opens(open_page: Open) -> None:
    page = open_page("trend", PHONE)
    head = page.locator(".top")
    assert head.bounding_box()["height"] < 90
    page.locator(".menu summary").click()
    page.locator(".menu").get_by_role("link", name="Strength").click()
    page.wait_for_url("**/strength")


def test_on_a_desk_the_head_is_one_line(open_page: Open) -> None:
    page = open_page("trend", DESK)
    assert page.locator(".top").bounding_box()["height"] < 90
    expect(page.locator(".menu")).to_be_hidden()
    expect(page.locator(".spread [aria-current]")).to_have_text("Trend")


def test_the_trend_is_read_by_keyboard_day_by_day(open_page: Open) -> None:
    page = open_page("trend")
    plot, readout = page.locator("#trend-plot"), page.locator("#trend-readout")
    expect(readout).to_have_text(
        re.compile(r"^Sun 22 Nov: 41\u202fmin\. 7-day average [\d.]+\u202fmin, 28-day average")
    )
    plot.focus()
    page.keyboard.press("ArrowLeft")
    saturday = re.compile("^Sat 21 Nov: No running; 25")
    expect(readout).to_have_text(saturday)
    expect(plot).to_have_attribute("aria-valuetext", saturday)
    page.keyboard.press("Home")
    expect(readout).to_have_text(re.compile(r"^Mon 12 Oct: 20\u202fmin\. 7-day average not shown"))
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?date=2026-11-22")


def test_a_day_of_the_calendar_is_a_tap_away(open_page: Open) -> None:
    page = open_page("trend", PHONE)
    cell = page.get_by_label("Sun 8 Nov: 44\u202fmin running", exact=False)
    box = cell.bounding_box()
    assert min(box["width"], box["height"]) >= 24  # WCAG 2.2, 2.5.8
    cell.click()
    page.wait_for_url("**/?date=2026-11-08")


def test_each_plot_of_a_run_is_drawn_and_read_by_keyboard(house: House, open_page: Open) -> None:
    page = open_page(address(house, "run"))
    expect(page.locator(".uplot")).to_have_count(4)
    page.get_by_role("slider", name="Cadence over the run").focus()
    page.keyboard.press("Home")
    expect(page.locator("#cadence-readout")).to_have_text(re.compile(r"^0\u202fmin: 1[67]\d\u202fsteps/min"))
    page.get_by_role("slider", name="Impacts by their peak").focus()
    page.keyboard.press("Home")
    expect(page.locator("#bins-readout")).to_have_text(re.compile("^0 to 2\u202fg: "))


def test_without_scripts_the_tables_hold_it(house: House, open_page: Open) -> None:
    page = open_page(address(house, "run"), java_script_enabled=False)
    expect(page.locator(".plot").first).to_be_hidden()
    page.locator("#course-table summary").click()
    expect(page.locator("#course-table tbody tr").filter(visible=True)).to_have_count(41)


def test_strength_is_logged_in_one_tap_and_undone(house: House, open_page: Open) -> None:
    page = open_page("strength", PHONE)
    page.locator("#group-calves").click()
    entry = page.locator(".held", has_text="Calves: 3 sets of 10")
    entry.get_by_role("button", name="Delete: ").click()
    page.get_by_role("button", name="Undo").click()
    entry.wait_for()
    assert house.store
    assert len(house.store.strength.everything(RUNNER)) == 1


def test_the_weeks_of_strength_are_read_whole_on_a_phone(house: House, open_page: Open) -> None:
    said(house)
    page = open_page("strength", PHONE)
    assert page.locator(".wide").first.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_the_legend_draws_the_long_average_as_the_plot_does(open_page: Open) -> None:
    page = open_page("trend")
    drawn = page.locator(".swatch.dotted").evaluate("one => getComputedStyle(one).backgroundImage")
    assert drawn.startswith("repeating-linear-gradient")


def test_the_live_number_ticks_and_leaves_a_line(house: House, open_page: Open) -> None:
    house.live = [a_live_pod(cadence_spm=161.0, cue={"target_cspm": 17_000, "run": 3})]
    page = open_page("live")
    arrives(page, "[data-live=cadence]", "^161$")
    house.live = [a_live_pod(cadence_spm=172.0, cue={"target_cspm": 17_000, "run": 3})]
    arrives(page, "[data-live=cadence]", "^172$")
    arrives(page, "#live-said", r"161 to 172\u202fsteps/min; within the target band for \d+\u202f% of it")
    expect(page.locator("#live-plot .uplot")).to_have_count(1)
    page.locator("#live-table summary").click()
    expect(page.locator("#live-rows tr").first).to_be_visible()
    page.reload()
    arrives(page, "#live-said", "161 to 172")  # kept in the tab
    house.live = []
    arrives(page, "#now", "No pod has reported yet")


def test_where_motion_is_not_wanted_the_line_moves_every_ten_seconds(house: House, open_page: Open) -> None:
    house.live = [a_live_pod(cadence_spm=161.0)]
    page = open_page("live", reduced_motion="reduce")
    began_s = page.evaluate("Date.now() / 1000")
    page.clock.set_fixed_time(began_s)
    page.reload()
    expect(page.locator("#live-said")).to_have_text("161\u202fsteps/min.")
    page.clock.set_fixed_time(began_s + 5)
    house.live = [a_live_pod(cadence_spm=172.0)]
    arrives(page, "[data-live=cadence]", "^172$")
    expect(page.locator("#live-said")).to_have_text("161\u202fsteps/min.")
    page.clock.set_fixed_time(began_s + 10)
    expect(page.locator("#live-said")).to_have_text("161 to 172\u202fsteps/min.")
