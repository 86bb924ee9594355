"""The plan and the day's own words over HTTP: what comes next, how it is set, and what a day was."""

import re
from typing import Any

import httpx
import pytest

from strideload.store.diary import Saying
from strideload.store.ids import new_id
from web.house import RUNNER, TODAY, House
from web.test_symptoms import field, words


def send(client: httpx.Client, what: str, **more: Any) -> httpx.Response:
    html = client.get("/plan").text
    data = {"csrf": field(html, "csrf"), "what": what, "seen": field(html, "seen"), "set_by": "runner"}
    return client.post("/plan", data=data | more)


FIGURES = {"growth_percent": "5", "step_down_percent": "40", "greens_needed": "3"}


def test_the_plan_says_what_it_is(client: httpx.Client) -> None:
    said = words(client.get("/plan").text)
    assert "Next run opinion" in said
    assert "Walk-run ladder opinion" in said
    assert "Not studied as a whole." in said
    assert re.search(r"Up to \d+ min of running, easy", said)


def test_figures_are_set_and_who_set_them_is_said(house: House, client: httpx.Client) -> None:
    assert send(client, "next_run", set_by="physiotherapist", **FIGURES).status_code == 303
    said = words(client.get("/plan").text)
    assert "Figures now: set by the physiotherapist." in said
    assert "5 % more after 3 green, 40 % less after red" in said
    assert send(client, "usual").status_code == 303
    assert "Figures now: usual figures." in words(client.get("/plan").text)
    assert house.store
    assert len(house.store.plans.history(RUNNER)) == 2


def test_the_ladder_is_begun_and_left(client: httpx.Client) -> None:
    level = {"start_level": "4", "sessions_each": "3", "rest_days": "1"}
    assert send(client, "ladder", **level).status_code == 303
    html = client.get("/plan").text
    assert re.search(r'<li aria-current="step">.*Level [45]', html)
    assert "Level" in words(client.get("/").text)
    assert send(client, "leave").status_code == 303
    assert "You are on no ladder." in words(client.get("/plan").text)


def test_today_plan_and_report_recommend_the_same_on_a_ladder(client: httpx.Client) -> None:
    level = {"start_level": "4", "sessions_each": "3", "rest_days": "1", "set_by": "physiotherapist"}
    assert send(client, "ladder", **level).status_code == 303
    plan = client.get("/plan").text
    lead = re.search(r'<p class="lead">(.*?)</p>', plan, re.S)
    assert lead
    session = words(lead[1])
    assert session.startswith("Level 4 of 10: (4 min running + 6 min walking)")
    assert "0 of 3 sessions." in session
    assert f"Next run opinion {session}" in words(client.get("/").text)
    # The run of today was before the ladder began.
    assert "of another level" not in words(plan)
    assert "Figures now: usual figures." in words(plan)
    assert "Levels: set by the physiotherapist." in words(plan)


def test_strong_pain_and_signs_are_said_on_today_and_plan_with_their_entry(
    house: House, client: httpx.Client
) -> None:
    house.clock = "22:30"
    assert house.store
    about = round(house.now().timestamp() - 3600) * 1_000_000
    strong = house.store.diary.write(RUNNER, new_id(), 0, Saying("knee_front_left", "other", 9, about), about)
    for address in ("/", "/plan"):
        html = client.get(address).text
        assert "Pain 9 at the front of the left knee, Sun 22 Nov, 21:30: no figure" in words(html)
        assert f'href="/symptoms/{strong.id}"' in html
        assert "min of running, easy" not in words(html)
    sign = house.store.diary.write(
        RUNNER, new_id(), 0, Saying("hip_left", "other", 1, about, signs=("swelling",)), about
    )
    for address in ("/", "/plan"):
        html = client.get(address).text
        assert "No figure while there is: swelling." in words(html)
        assert f'href="/symptoms/{sign.id}"' in html
        assert re.search("it holds until .*, or until the entry is changed or taken back", words(html))


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("next_run", FIGURES | {"growth_percent": "31"}),
        ("next_run", FIGURES | {"greens_needed": "0"}),
        ("next_run", FIGURES | {"greens_needed": "x"}),
        ("next_run", {}),
        ("next_run", FIGURES | {"set_by": "neighbour"}),
        ("ladder", {"start_level": "11", "sessions_each": "3", "rest_days": "1"}),
        ("ladder", {"start_level": "0", "sessions_each": "1", "rest_days": "1"}),
        ("nothing", {}),
        ("next_run", FIGURES | {"seen": "x"}),
    ],
    ids=str,
)
def test_what_cannot_be_set_is_refused_in_words(
    house: House, client: httpx.Client, what: str, changes: dict[str, str]
) -> None:
    answer = send(client, what, **changes)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert house.store
    assert house.store.plans.current(RUNNER) is None


def test_a_figure_is_named_as_the_page_names_it(client: httpx.Client) -> None:
    far = send(client, "next_run", **(FIGURES | {"growth_percent": "31"})).text
    assert "“Most growth after green runs” is a whole number of 0 to 30." in far
    ladder = {"start_level": "x", "sessions_each": "3", "rest_days": "1"}
    assert "“Begin at level” is a whole number of 0 to 10." in send(client, "ladder", **ladder).text
    said = words(client.get("/plan").text)
    assert not any(name in said for name in (*["longest_30_days", "next_run_"], "rules longest"))


def test_a_plan_that_was_set_meanwhile_is_not_set_over(client: httpx.Client) -> None:
    assert send(client, "next_run", **FIGURES).status_code == 303
    answer = send(client, "next_run", **(FIGURES | {"growth_percent": "7"}), seen="")
    assert answer.status_code == 409
    assert "set meanwhile" in words(answer.text)


def test_a_refused_form_does_not_set_over_what_another_set(client: httpx.Client) -> None:
    seen = field(client.get("/plan").text, "seen")
    assert send(client, "next_run", set_by="physiotherapist", **FIGURES).status_code == 303
    refused = send(client, "next_run", **(FIGURES | {"growth_percent": "31"}), seen=seen)
    form = refused.text.split('value="next_run"')[1]
    again = send(client, "next_run", **(FIGURES | {"growth_percent": "7"}), seen=field(form, "seen"))
    assert (refused.status_code, again.status_code) == (422, 409)
    assert "Figures now: set by the physiotherapist." in words(client.get("/plan").text)


def note(client: httpx.Client, day: str, what: str, **headers: str) -> httpx.Response:
    html = client.get(f"/?date={day}").text
    token = re.search(r'X-CSRF-Token": "([^"]+)"', html)
    assert token
    return client.post("/day/note", data={"csrf": token[1], "date": day, "what": what}, headers=headers)


def test_an_unknown_day_is_noted_and_the_note_taken_back(client: httpx.Client) -> None:
    """59 days back nothing is known."""
    day = "2026-09-24"
    assert "It was a rest day" in words(client.get(f"/?date={day}").text)
    assert note(client, day, "rest").headers["Location"] == f"/?date={day}"
    said = words(client.get(f"/?date={day}").text)
    assert "A rest day." in said
    assert "Take back what was noted" in said
    by_htmx = note(client, day, "ran_without", **{"HX-Request": "true"})
    assert "A run without the pod; how much is not known." in words(by_htmx.text)
    assert note(client, day, "").status_code == 303
    assert "Not known." in words(client.get(f"/?date={day}").text)


@pytest.mark.parametrize(
    ("day", "what", "status"),
    [("2026-09-24", "holiday", 422), ("2030-01-01", "rest", 404), ("x", "rest", 400)],
)
def test_a_note_that_is_none_is_refused(client: httpx.Client, day: str, what: str, status: int) -> None:
    html = client.get("/").text
    token = re.search(r'X-CSRF-Token": "([^"]+)"', html)
    assert token
    answer = client.post("/day/note", data={"csrf": token[1], "date": day, "what": what})
    assert answer.status_code == status


def test_a_day_that_was_recorded_is_not_asked_about(client: httpx.Client) -> None:
    assert "rest day" not in words(client.get("/").text)


def test_today_says_what_comes_next_and_the_past_does_not(client: httpx.Client) -> None:
    assert re.search(r"Next run opinion Up to \d+ min of running", words(client.get("/").text))
    assert "Next run" not in words(client.get(f"/?date={TODAY.replace(day=20)}").text)
