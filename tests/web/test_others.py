"""What others see of a runner's runs, shoes and strength: nothing by id, and by a link its own days only."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from markupsafe import Markup

from store.making import T0_MS, Pod, messages
from strideload.load.strength import Exercise
from strideload.load.zones import date_at
from strideload.page_doors import StoreDays
from strideload.runner.runs import runs_of
from strideload.store.diary import Saying
from strideload.store.ids import new_id
from strideload.store.keys import DAY_US
from strideload.web.pages.sharing import shared_days
from strideload.web.rendering import part
from strideload.web.sealed import STYLE
from strideload.words.numbers import NOT_KNOWN
from web.browsing import PHONE, new_page
from web.house import ZONE
from web.people import People, people, send
from web.test_app import Page

DAY_S = 86_400
SHARED, BEFORE = 40, 37  # days after the pod began: of the run that is shared, and of one before it
KNEE = "knee_front_left"


def day(number: int) -> date:
    return date_at(T0_MS * 1000 + number * DAY_S * 1_000_000, ZONE)


def start_us(number: int) -> int:
    return T0_MS * 1000 + number * DAY_S * 1_000_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """Ada ran on two days, has a pair of shoes, trained on both days, and said something of both runs."""
    folder: Path = tmp_path_factory.mktemp("others")
    with people(folder) as found:
        store, pod = found.store, Pod()
        for session, number in enumerate((BEFORE, SHARED), 1):
            pod.run(number * DAY_S, session, 900)
        store.add(messages(pod.pages))
        store.derive()
        for number, note in ((BEFORE, "private"), (SHARED, "shown")):
            store.strength.add("me", new_id(), day(number), Exercise("calves", 3, 12), note)
            begun = start_us(number)
            saying = Saying(KNEE, "during", 2, begun + 60_000_000, begun)
            store.diary.write("me", new_id(), 0, saying, begun + DAY_US)
        store.conditions.add_shoe("me", "Blue", day(BEFORE), "ab" * 8)
        yield found


@pytest.fixture
def guest(home: People) -> Iterator[httpx.Client]:
    """Somebody with a link to a week that holds one of the two runs."""
    now = home.now()
    secret = home.store.keys.share("me", "Dr Quinn", day(SHARED - 1), day(SHARED + 5), now, now + DAY_US)
    with home.browser() as browser:
        browser.get(f"/share/{secret}")
        yield browser


def test_the_runner_sees_both(home: People) -> None:
    with home.logged_in("me") as ada:
        for number in (BEFORE, SHARED):
            page = ada.get(f"/run/{start_us(number)}")
            assert page.status_code == 200
            assert "Front of the left knee" in page.text


def test_anothers_run_is_as_if_it_were_not_there(home: People) -> None:
    with home.logged_in("bob") as bob:
        answer = bob.get(f"/run/{start_us(SHARED)}")
        assert answer.status_code == 404
        assert "There is no such run of yours." in answer.text
        (run,) = runs_of(home.store, "me", day(SHARED), day(SHARED))
        set_to = send(bob, f"/run/{run.name}/conditions", mount="laces")
        assert set_to.status_code == 404
        assert "/run/" not in bob.get(f"/trend?last={day(SHARED)}").text
    assert home.store.conditions.of_runs("me", 0, 2**62) == {}


def test_anothers_shoe_is_as_if_it_were_not_there(home: People) -> None:
    with home.logged_in("bob") as bob:
        assert "Blue" not in bob.get("/shoes").text
        for address, fields in (
            (f"/shoes/{'ab' * 8}", {"name": "Mine", "retired": ""}),
            (f"/shoes/{'ab' * 8}/delete", {}),
            ("/shoes/usual", {"shoe": "ab" * 8, "from": day(SHARED).isoformat()}),
        ):
            assert send(bob, address, **fields).status_code == 404, address
        # An id that is drawn twice would be one in 2**64; said on purpose, it gives nothing away.
        taken = send(bob, "/shoes", id="ab" * 8, name="Mine", **{"from": day(SHARED).isoformat()})
        assert taken.status_code == 422
    assert [shoe.name for shoe in home.store.conditions.shoes("me")] == ["Blue"]
    assert home.store.conditions.shoes("bob") == []


def test_anothers_time_with_a_pod_is_neither_given_nor_taken_back(home: People) -> None:
    pod, then, now = "cd" * 8, start_us(50), start_us(60)
    home.store.assign(pod, "me", "left", then)
    home.store.assign(pod, "bob", "left", now)
    held = home.store.assignments(pod)
    with home.logged_in("bob") as bob:
        assert send(bob, f"/pods/{pod}/worn/{then}/remove").status_code == 404
        given = {"runner": "me", "foot": "left", "from": "2026-01-01T08:00"}
        assert send(bob, f"/pods/{pod}/worn", **given).status_code == 403
        assert home.store.assignments(pod) == held
        assert send(bob, f"/pods/{pod}/worn/{now}/remove").status_code == 303
    assert home.store.assignments(pod) == held[:1]
    home.store.unassign(pod, then)


def test_anothers_strength_entry_is_as_if_it_were_not_there(home: People) -> None:
    entry = home.store.strength.everything("me")[0].id
    with home.logged_in("bob") as bob:
        assert "Calves: 3 sets" not in bob.get("/strength").text
        assert send(bob, f"/strength/{entry}/delete").status_code == 404
        assert bob.get("/strength", params={"change": entry}).status_code == 404
        assert send(bob, f"/strength/{entry}", seen="1", group="calves", sets="1").status_code == 404
        fields = {"entry": entry, "group": "calves", "sets": "1", "date": day(SHARED).isoformat()}
        assert send(bob, "/strength", **fields).status_code == 404
    assert len(home.store.strength.everything("me")) == 2


def test_a_link_shows_the_runs_of_its_days(guest: httpx.Client) -> None:
    page = guest.get(f"/run/{start_us(SHARED)}")
    assert page.status_code == 200
    seen = Page(page.text)
    assert "11 min running" in seen.text
    assert "Front of the left knee" in seen.text
    # What lies before its days is not told, not even as the longest run.
    assert "The 30 days before are not all shared, so there is nothing to set it beside." in seen.text
    assert "longest known run" not in seen.text
    assert all(not link.startswith(("/symptoms", "/?date", "/shoes")) for link in seen.links)
    assert all(tag != "form" or found.get("method") == "get" for tag, found in seen.tags)


@pytest.mark.parametrize("media", ["screen", "print"])
def test_each_course_is_read_whole_on_a_phone_and_on_paper_without_scripts(
    home: People, guest: httpx.Client, browser: Any, media: str
) -> None:
    shared = guest.get("/share").text.replace("<head>", f"<head><style>{STYLE}</style>", 1)
    days = StoreDays(home.store, "me")
    values = shared_days(home.store, days, "me", day(SHARED - 1), day(SHARED + 5))
    filed = part("share_file.html", style=Markup(STYLE), written="today", **values)
    with new_page(browser, PHONE, java_script_enabled=False) as page:
        page.emulate_media(media=media)
        for html in (shared, filed):
            page.set_content(html)
            (course,) = page.locator(".told").all()
            assert re.split(r"\n+", course.inner_text())[1:] == [
                *(
                    "Front of the left knee",
                    "before",
                    NOT_KNOWN,
                    "during",
                    "2",
                    "60 min",
                    NOT_KNOWN,
                    "morning",
                    NOT_KNOWN,
                ),
                "Open: not answered yet: before the run, 60 minutes after, next morning.",
            ]
            for one in course.locator("dt, dd, p").all():
                box = one.bounding_box()
                assert box["x"] + box["width"] <= PHONE
            table = page.locator("table").bounding_box()
            assert table["x"] + table["width"] <= PHONE


def test_a_link_shows_no_other_run(guest: httpx.Client) -> None:
    assert guest.get(f"/run/{start_us(BEFORE)}").status_code == 404
    assert guest.post(f"/run/{start_us(SHARED)}/conditions", data={"mount": "laces"}).status_code in (
        401,
        403,
    )


def test_a_link_shows_the_trend_of_its_days_only(guest: httpx.Client) -> None:
    seen = Page(guest.get("/trend").text)
    days = [found["aria-label"] for _, found in seen.tags if str(found.get("class")).startswith("day ")]
    assert len(days) == 7
    assert re.findall(r"/run/\d+", " ".join(seen.links)) == [f"/run/{start_us(SHARED)}"] * 2
    assert all(not link.startswith("/?date") for link in seen.links)
    assert "Say what" not in seen.text
    assert "Not all of these 14 days are shared" in seen.text
    assert "The averages are left out: they would need the days before, which are not shared." in seen.text
    assert "day average" not in seen.text
    assert "of its weight" not in seen.text
    assert "Longest run of the days that are shared: " in seen.text
    assert guest.get(f"/trend?last={day(BEFORE)}").status_code == 404
    assert "Later" not in seen.text  # no link leads past the days that are shared
    assert guest.post("/trend/note", data={"date": str(day(SHARED)), "what": "rest"}).status_code in (
        401,
        403,
    )


def test_a_link_shows_the_strength_of_its_days_only(guest: httpx.Client) -> None:
    seen = Page(guest.get("/strength").text)
    assert "shown" in seen.text
    assert "private" not in seen.text
    assert "This week" not in seen.text  # the last week that is shared is long gone
    assert re.search(r"Week of Mon \d+ \w+: 1 session;", seen.text)
    assert all(tag != "form" for tag, _ in seen.tags)


def by_link(home: People, first: date, last: date, address: str) -> str:
    secret = home.store.keys.share("me", "Dr Quinn", first, last, home.now(), home.now() + DAY_US)
    with home.browser() as browser:
        browser.get(f"/share/{secret}")
        return Page(browser.get(address).text).text


def test_a_link_that_begins_within_a_week_tells_nothing_of_its_days_before(home: People) -> None:
    assert day(BEFORE).isocalendar().week == day(BEFORE + 1).isocalendar().week
    weeks = by_link(home, day(BEFORE + 1), day(SHARED), "/strength")
    assert weeks.count("11 min") == 1  # the run that is shared


def test_a_link_to_days_that_have_not_come_tells_nothing_of_today(home: People) -> None:
    today = StoreDays(home.store, "me").today()
    entry = home.store.strength.add("me", new_id(), today, Exercise("calves", 3), "of today")
    soon = today + timedelta(days=2)
    assert "of today" not in by_link(home, soon, soon, "/strength")
    home.store.strength.delete("me", entry.id)


@pytest.mark.parametrize("address", ["/shoes", "/cadence", "/live", "/part/live-run"])
def test_a_link_opens_no_page_that_keeps_to_no_days(guest: httpx.Client, address: str) -> None:
    assert guest.get(address).status_code == 303


def test_a_link_leads_from_page_to_page(guest: httpx.Client) -> None:
    for address in ("/share", "/trend", "/strength"):
        links = Page(guest.get(address).text).links
        assert {"/share", "/trend", "/strength"} <= set(links)


@pytest.mark.parametrize(
    "address", ["/trend", "/strength", "/shoes", "/cadence", "/live", "/run/1", "/part/live-run"]
)
def test_a_stranger_sees_none_of_it(home: People, address: str) -> None:
    with home.browser() as stranger:
        assert stranger.get(address).status_code == 303


def test_a_token_to_read_changes_nothing(home: People) -> None:
    secret = home.store.keys.add_token("me", "reader", frozenset({"read"}), home.now(), None)
    bearer = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=home.url, headers=bearer) as program:
        page = program.get(f"/run/{start_us(SHARED)}")
        assert page.status_code == 200
        assert "Front of the left knee" not in page.text  # that takes the right to the diary
        for address in ("/strength", "/shoes", "/trend/note", f"/run/{start_us(SHARED)}/conditions"):
            assert program.post(address, data={}).status_code == 403, address
