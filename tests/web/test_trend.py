"""Calendar and trend: known, rest and unknown days, weeks as bounds, averages with what is known of them."""

import re
from datetime import date, timedelta

import httpx
import pytest

from strideload.store.kept import activities
from web.house import RUNNER, TODAY, House, a_session
from web.test_app import Page, read
from web.test_pods import send

Tags = list[tuple[str, dict[str, str | None]]]


def cells(seen: Page) -> dict[str, str]:
    """Each day of the calendar by its address: how it looks."""
    return {
        str(found["href"]): str(found["class"]).split()[1]
        for _, found in seen.tags
        if str(found.get("class")).startswith("day ")
    }


def day(back: int) -> str:
    return f"/?date={TODAY - timedelta(days=back)}"


def test_weeks_begin_with_the_first_known_day_and_are_six_or_more(house: House, client: httpx.Client) -> None:
    seen = read(client, "/trend")
    assert len(cells(seen)) == 6 * 7
    assert "6 weeks to 22 November 2026" in seen.text
    house.sessions.append(a_session(TODAY - timedelta(weeks=9), 33))
    assert len(cells(read(client, "/trend"))) == 10 * 7


def test_days_of_26_weeks_lead_to_their_page_and_look_like_what_is_known(
    house: House, client: httpx.Client
) -> None:
    house.sessions.append(a_session(TODAY - timedelta(weeks=25), 33))
    seen = read(client, "/trend")
    found = cells(seen)
    assert len(found) == 26 * 7
    assert [found[day(back)] for back in (0, 1, 6, 11, 10, 150)] == [
        "run",
        "none",  # a walk
        "none",  # rest
        "unknown",  # ran without the pod
        "run",
        "unknown",
    ]
    labels = [found["aria-label"] for _, found in seen.tags if "aria-label" in found]
    assert any(
        re.fullmatch(r"Sun 22 Nov: 41\u202fmin running, .* steps \(estimated\)\.", str(one)) for one in labels
    )


def test_a_week_with_days_that_are_not_known_is_a_bound(client: httpx.Client) -> None:
    seen = read(client, "/trend").text
    assert "16 Nov ≥ 1 h 52 min not known" in seen.replace("\N{NO-BREAK SPACE}", " ")
    assert "information only" in seen
    assert "a rule of 10 % a week is not justified" in seen


def test_averages_say_how_much_of_them_is_known(client: httpx.Client) -> None:
    seen = read(client, "/trend").text
    assert re.search(r"7-day average: \d+ min a day; \d+ % of its weight is known\.", seen)
    assert "Longest run of the 30 days: 44 min on Sun 8 Nov." in seen
    assert "No ratio is formed and there is no best range." in seen


def test_an_average_of_which_too_little_is_known_is_not_shown(house: House, client: httpx.Client) -> None:
    del house.sessions[:-1]
    house.alive.clear()
    house.notes.clear()
    seen = read(client, "/trend").text
    assert "The 7-day average of running time is not shown: 25 % of its weight is known." in seen
    assert "How the running time of these 7 days compares is not known." in seen


def test_with_nothing_known_it_teaches(house: House, client: httpx.Client) -> None:
    house.sessions.clear()
    house.alive.clear()
    house.notes.clear()
    seen = read(client, "/trend")
    assert "Nothing is known of these weeks." in seen.text
    assert "trend-plot" not in seen.ids
    assert "No run is known in these weeks." in seen.text


@pytest.mark.parametrize(
    ("by", "said"),
    [("steps", r"day average: [\d ]+ steps a day"), ("impact", r"day average: [\d ]+ g a day")],
)
def test_other_measures(client: httpx.Client, by: str, said: str) -> None:
    assert re.search(said, read(client, f"/trend?by={by}").text)


def test_distance_is_known_where_a_watch_told_it_in_the_runners_units(
    house: House, client: httpx.Client
) -> None:
    store = house.store
    assert store
    run = house.sessions[-1]
    row = {
        "runner": RUNNER, "content": "c", "name": "run.gpx", "start_utc_us": run.start_utc_us,
        "end_utc_us": run.end_utc_us, "distance_m": 8046.72, "ascent_m": None, "descent_m": None, "track": b"",
        "imported_utc_us": 0,
    }  # fmt: skip
    with store.engine.begin() as connection:
        connection.execute(activities.insert(), [row])
    store.accounts.set_units(RUNNER, "miles")
    try:
        assert "Longest run of the 30 days: 5.00 mi on Sun 22 Nov." in read(client, "/trend?by=distance").text
    finally:
        store.accounts.set_units(RUNNER, "km")


def test_earlier_weeks_are_a_link_away(house: House, client: httpx.Client) -> None:
    house.sessions.append(a_session(date(2026, 3, 3), 33))
    seen = read(client, "/trend")
    (earlier,) = [str(found["href"]) for tag, found in seen.tags if found.get("rel") == "prev"]
    before = read(client, earlier)
    assert "12 weeks to 24 May 2026" in before.text
    assert cells(before)["/?date=2026-03-03"] == "run"
    (later,) = [str(found["href"]) for tag, found in before.tags if found.get("rel") == "next"]
    assert later == "/trend"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("by=pain", 404),
        ("last=soon", 400),
        (f"last={TODAY + timedelta(days=1)}", 404),
        ("last=1970-01-01", 404),
    ],
)
def test_wrong_questions_are_refused(client: httpx.Client, query: str, status: int) -> None:
    assert client.get(f"/trend?{query}").status_code == status


def test_unknown_days_are_said_to_be_rest_or_run_without(house: House, client: httpx.Client) -> None:
    seen = read(client, "/trend")
    boxes = [str(found["value"]) for _, found in seen.tags if found.get("type") == "checkbox"]
    assert boxes
    answer = send(client, "/trend", "/trend/note", date=boxes[:2], what="rest")
    assert (answer.status_code, answer.headers["location"]) == (303, "/trend")
    after = cells(read(client, "/trend"))
    assert [after[f"/?date={iso}"] for iso in boxes[:2]] == ["none", "none"]
    send(client, "/trend", "/trend/note", date=boxes[0], what="ran_without")
    assert cells(read(client, "/trend"))[f"/?date={boxes[0]}"] == "unknown"


def test_a_day_that_a_pod_recorded_was_no_rest_day(house: House, client: httpx.Client) -> None:
    """Nor is any other of those sent with it noted; a run without the pod may have been besides."""
    assert house.store
    recorded, not_known = TODAY, TODAY - timedelta(days=150)
    answer = send(client, "/trend", "/trend/note", date=[str(not_known), str(recorded)], what="rest")
    assert answer.status_code == 422
    assert "A pod recorded on Sunday 22 November 2026, so it was no rest day." in Page(answer.text).text
    answer = send(client, "/trend", "/day/note", date=str(recorded), what="rest")
    assert (answer.status_code, "no rest day" in Page(answer.text).text) == (422, True)
    assert not {not_known, recorded} & house.store.notes(RUNNER, not_known, TODAY).keys()
    send(client, "/trend", "/day/note", date=str(recorded), what="ran_without")
    assert house.store.notes(RUNNER, recorded, recorded) == {recorded: "ran_without"}


def test_no_link_leads_before_the_first_day(house: House, client: httpx.Client) -> None:
    house.alive.append(date(2000, 1, 1))
    for page in ("/?date=2000-01-01", "/trend?last=2000-01-05"):
        seen = read(client, page)
        assert "Fri 31 Dec" in seen.text
        assert not [link for link in seen.links if "=1999" in link], page
        assert "1999" not in client.get(page).text.replace("w3.org/1999", ""), page


def test_a_form_without_a_day_says_so_on_the_same_page(house: House, client: httpx.Client) -> None:
    answer = send(client, "/trend", "/trend/note", what="rest", by="impact", last="2026-11-15")
    seen = Page(answer.text)
    assert answer.status_code == 422
    assert 'aria-label="Impact load, day by day"' in answer.text
    assert "to 15 November 2026" in seen.text
    assert "Tick the days that it was so; none is ticked." in seen.text
    assert any(found.get("id") == "say" and "open" in found for _, found in seen.tags)


def test_a_form_that_is_gone_meanwhile_is_answered_in_words(client: httpx.Client) -> None:
    """As from a second tab: by now every day is known."""
    boxes = [found["value"] for _, found in read(client, "/trend").tags if found.get("type") == "checkbox"]
    assert send(client, "/trend", "/trend/note", date=boxes, what="rest").status_code == 303
    seen = Page(send(client, "/account", "/trend/note", what="rest").text)
    assert not [found for _, found in seen.tags if found.get("id") == "say"]
    assert "Tick the days that it was so; none is ticked." in seen.text


def test_a_day_that_is_refused_leaves_the_others_ticked(client: httpx.Client) -> None:
    boxes = [
        str(found["value"]) for _, found in read(client, "/trend").tags if found.get("type") == "checkbox"
    ]
    sent = [*boxes[:2], str(TODAY)]
    seen = Page(send(client, "/trend", "/trend/note", date=sent, what="rest").text)
    assert [str(found["value"]) for _, found in seen.tags if "checked" in found] == boxes[:2]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"date": "2026-11-20", "what": "flew"}, 422),
        ({"date": "2026-11-20"}, 422),
        ({"what": "rest"}, 422),
        ({"date": ["2026-11-20", "soon"], "what": "rest"}, 400),
        ({"date": "2026-11-23", "what": "rest"}, 404),
    ],
)
def test_wrong_notes_are_refused_whole(
    house: House, client: httpx.Client, fields: dict[str, str], status: int
) -> None:
    assert send(client, "/trend", "/trend/note", **fields).status_code == status
    assert house.store
    assert house.store.notes(RUNNER, TODAY - timedelta(days=2), TODAY) == {}


def test_the_page_is_small(client: httpx.Client) -> None:
    with client.stream("GET", "/trend", headers={"Accept-Encoding": "gzip"}) as raw:
        assert len(b"".join(raw.iter_raw())) < 25_000
