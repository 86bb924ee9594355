"""Symptoms over HTTP: said at a tap, changed with a history, taken away; and nobody's who may not see them."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from runner.world import World
from strideload.page_doors import StoreDays
from strideload.runner.runs import RunRecord, runs_of
from strideload.store.diary import Entry, Saying
from strideload.store.ids import new_id
from strideload.web.app import make_app
from strideload.web.doors import Doors
from strideload.web.pages import plan, symptoms, today
from strideload.web.serve import serve
from strideload.web.visitor import Right, Visitor
from strideload_pod import page
from web.forms import Forms
from web.house import RUNNER, TODAY, House, a_session

KNEE = "knee_front_left"
EVER = (0, 2**62)
EPOCH_DAYS = (TODAY - date(1970, 1, 1)).days


def words(html: str) -> str:
    text = unescape(re.sub(r"<[^>]+>", " ", html))
    return " ".join(text.replace("\u202f", " ").split())


def run_of_today(house: House) -> RunRecord:
    assert house.store
    return runs_of(house.store, RUNNER, TODAY, TODAY)[-1]


def entries(house: House) -> list[Entry]:
    assert house.store
    return house.store.diary.entries(RUNNER, *EVER)


def says(house: House, moment: Any, pain: int | None, **more: Any) -> Entry:
    assert house.store
    run = run_of_today(house)
    saying = Saying(KNEE, moment, pain, run.end_utc_us, run.start_utc_us, **more)
    return house.store.diary.write(RUNNER, new_id(), 0, saying, run.end_utc_us)


def field(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, name
    return found[1]


def tapped(client: httpx.Client, pain: str, address: str = "/symptoms", **more: str) -> dict[str, str]:
    """The fields that a browser sends when a number is tapped."""
    standing = Forms(client.get(address).text).standing["/symptoms"]
    return {name: values[-1] for name, values in standing.items()} | {"pain": pain} | more


def tap(client: httpx.Client, pain: str, **more: str) -> httpx.Response:
    return client.post("/symptoms", data=tapped(client, pain, **more))


def test_without_an_entry_the_page_teaches_and_asks_of_the_last_run(client: httpx.Client) -> None:
    html = client.get("/symptoms").text
    assert "Nothing was noted yet." in words(html)
    assert "Front of the left knee, before the run, Sun 22 Nov" in words(html)


def test_a_tap_is_saved_and_the_next_answer_is_asked_for(house: House, client: httpx.Client) -> None:
    for pain, moment in (("1", "before"), ("2", "during"), ("1", "at_60_min")):
        answer = tap(client, pain)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/symptoms?saved=")
        assert (entries(house)[-1].saying.moment, entries(house)[-1].saying.pain) == (moment, int(pain))
    html = client.get(answer.headers["Location"]).text
    assert "Saved. Front of the left knee, 60 minutes after: 1 of 10." in words(html)
    assert "Open: not answered yet: next morning." in words(html)


def test_the_next_mornings_answer_turns_the_run_green(house: House, client: httpx.Client) -> None:
    for moment, pain in (("before", 1), ("during", 2), ("at_60_min", 1)):
        says(house, moment, pain)
    house.date = TODAY.replace(day=23)
    house.clock = "07:10"
    assert "Front of the left knee, next morning, Sun 22 Nov" in words(client.get("/symptoms").text)
    assert re.search(r"morning\s+answer", words(client.get("/").text))
    tap(client, "1")
    assert "Green: " in words(client.get("/symptoms").text)
    assert "Green: " in words(client.get("/?date=2026-11-22").text)


def test_what_has_not_come_cannot_be_chosen_and_is_refused(house: House, client: httpx.Client) -> None:
    run = run_of_today(house)
    html = client.get(f"/symptoms?run={run.start_utc_us}&site={KNEE}&moment=next_morning").text
    assert re.search(r'value="next_morning"[^>]* disabled>next morning \(from Mon 23 Nov, 05:00 on\)', html)
    assert not re.search(r'value="at_60_min"[^>]* disabled', html)
    answer = tap(client, "0", moment="next_morning")
    assert answer.status_code == 422
    assert "can be answered from Mon 23 Nov, 05:00 on" in words(answer.text)
    entry = says(house, "during", 2)
    changed = client.post(f"/symptoms/{entry.id}", data=changing(client, entry, moment="next_morning"))
    assert changed.status_code == 422
    assert [one.saying.moment for one in entries(house)] == ["during"]


def test_a_form_sent_twice_is_one_entry(house: House, client: httpx.Client) -> None:
    data = tapped(client, "3")
    first, second = (client.post("/symptoms", data=data) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert len(entries(house)) == 1


def test_another_tap_on_the_same_question_changes_the_answer_and_keeps_the_words(
    house: House, client: httpx.Client
) -> None:
    says(house, "during", 2, felt=("aching",), note="hill")
    tap(client, "4", moment="during", felt="tight")
    (entry,) = entries(house)
    assert (entry.version, entry.saying.pain, entry.saying.felt, entry.saying.note) == (
        2,
        4,
        ("aching", "tight"),
        "hill",
    )


def test_the_last_answer_lies_pale_beneath_the_buttons(house: House, client: httpx.Client) -> None:
    run = run_of_today(house)
    before = Saying(KNEE, "during", 3, run.start_utc_us - 86_400_000_000)
    assert house.store
    house.store.diary.write(RUNNER, new_id(), 0, before, run.end_utc_us)
    html = client.get(f"/symptoms?run={run.start_utc_us}&site={KNEE}&moment=during").text
    assert re.findall(r'id="pain-(\d+)" class="last"', html) == ["3"]
    assert "Last time 3." in words(html)


@pytest.mark.parametrize("days_ago", [1, 14, 41, 42, 43, 100])
@pytest.mark.parametrize("by", ["the day", "the run"])
def test_the_page_of_a_run_leads_to_its_own_questions_one_after_the_other(
    house: House, client: httpx.Client, days_ago: int, by: str
) -> None:
    """However long it is over, and whatever is due of another run."""
    day = TODAY - timedelta(days=days_ago)
    house.sessions = [
        one for one in house.sessions if one.start_utc_us // 86_400_000_000 != EPOCH_DAYS - days_ago
    ]
    house.sessions.append(a_session(day, 30, at="10:00"))
    assert house.store
    (run,) = runs_of(house.store, RUNNER, day, day)
    page = f"/?date={day}" if by == "the day" else f"/run/{run.start_utc_us}"
    (link,) = re.findall(r'href="([^"]*)">Note ', client.get(page).text)
    data = tapped(client, "1", unescape(link), site=KNEE)
    assert (data["run"], data["moment"]) == (str(run.name), "before")
    for moment in ("before", "during", "at_60_min", "next_morning"):
        assert (data["run"], data["moment"]) == (str(run.name), moment)
        answer = client.post("/symptoms", data=data)
        assert answer.status_code == 303
        data = tapped(client, "2", answer.headers["Location"])
    assert data["run"] == str(run_of_today(house).name)
    assert {one.saying.run_utc_us for one in entries(house)} == {run.start_utc_us}
    assert [one.saying.pain for one in entries(house)] == [1, 2, 2, 2]


def test_the_site_that_was_last_spoken_of_is_chosen(house: House, client: httpx.Client) -> None:
    tap(client, "1", site="calf_right")
    assert re.search(r'value="calf_right" selected', client.get("/symptoms").text)


def test_undo_takes_the_last_tap_back(house: House, client: httpx.Client) -> None:
    location = tap(client, "7").headers["Location"]
    html = client.get(location).text
    undo = re.search(r'class="undo".*?</form>', html, re.S)
    assert undo
    data = {
        "csrf": field(html, "csrf"),
        "entry": field(undo[0], "entry"),
        "version": field(undo[0], "version"),
    }
    for _ in range(2):
        assert client.post("/symptoms/undo", data=data).status_code == 303
    assert entries(house) == []
    # What was undone is offered for undo no more.
    assert "Saved." not in words(client.get(location).text)


def test_by_htmx_the_part_comes_back_with_what_was_saved(client: httpx.Client) -> None:
    answer = client.post("/symptoms", data=tapped(client, "2"), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<main id="content"')
    assert "Saved. Front of the left knee, before the run: 2 of 10." in words(answer.text)


def test_another_site_or_run_is_shown_by_htmx(client: httpx.Client) -> None:
    html = client.get("/part/symptoms?site=hip_left&run=&moment=other").text
    assert "How is the left hip now?" in words(html)


def test_a_sign_is_answered_with_the_advice_to_see_somebody(house: House, client: httpx.Client) -> None:
    location = tap(client, "", moment="during", sign="swelling").headers["Location"]
    assert "Swelling. See a physiotherapist or doctor." in words(client.get(location).text)
    assert "See a physiotherapist or doctor." in words(client.get("/").text)
    assert "No figure while there is: swelling." in words(client.get("/plan").text)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"pain": "11"}, 422),
        ({"pain": "-1"}, 422),
        ({"pain": "9999999999999999999999"}, 422),
        ({"pain": "²"}, 422),
        ({"site": "soul"}, 422),
        ({"moment": "later"}, 422),
        ({"run": "1"}, 422),
        ({"run": "x"}, 422),
        ({"entry": "x"}, 422),
        ({"felt": "funny"}, 422),
        ({"pain": ""}, 422),
    ],
    ids=str,
)
def test_what_cannot_be_said_is_refused_in_words(
    house: House, client: httpx.Client, changes: dict[str, str], status: int
) -> None:
    data = tapped(client, "2") | changes
    answer = client.post("/symptoms", data=data)
    assert answer.status_code == status
    by_htmx = client.post("/symptoms", data=data, headers={"HX-Request": "true"})
    assert by_htmx.status_code == 200
    assert 'role="alert"' in by_htmx.text
    assert "Not known as" not in by_htmx.text
    assert "hex digits" not in by_htmx.text
    assert entries(house) == []


@pytest.mark.parametrize(
    "query", ["run=x&site=y&moment=z", "run=" + "9" * 30, "saved=x", "version=x&saved=y"]
)
def test_no_address_breaks_the_page(client: httpx.Client, query: str) -> None:
    assert client.get(f"/symptoms?{query}").status_code in (200, 404, 422)


def changing(client: httpx.Client, entry: Entry, **more: Any) -> dict[str, Any]:
    """The fields that a browser sends when an entry is saved."""
    address = f"/symptoms/{entry.id}"
    return Forms(client.get(address).text).standing[address] | more


def test_an_entry_is_changed_and_its_history_stands_beneath(house: House, client: httpx.Client) -> None:
    entry = says(house, "during", 2, note="hill")
    answer = client.post(
        f"/symptoms/{entry.id}",
        data=changing(client, entry, pain=5, felt=["dull", "limp"], about="2026-11-22T18:30"),
    )
    assert answer.status_code == 303
    (changed,) = entries(house)
    assert (changed.version, changed.saying.pain, changed.saying.felt) == (2, 5, ("dull", "limp"))
    assert changed.saying.about_utc_us != entry.saying.about_utc_us
    html = words(client.get(f"/symptoms/{entry.id}").text)
    assert "during the run: 5 of 10; dull; made me limp; “hill”." in html
    assert "during the run: 2 of 10; “hill”." in html


def test_a_moment_of_a_run_at_a_time_weeks_away_is_refused(house: House, client: httpx.Client) -> None:
    """At another time it may be so; and a run that was placed anew leaves its next morning behind."""
    entry = says(house, "during", 2)
    for moment in ("before", "during", "at_60_min"):
        sent = changing(client, entry, moment=moment, about="2026-11-01T18:30")
        answer = client.post(f"/symptoms/{entry.id}", data=sent)
        assert answer.status_code == 422
        assert "This time is not of the run of Sun 22 Nov" in words(answer.text)
        assert 'value="2026-11-01T18:30"' in answer.text
    sent = changing(client, entry, moment="other", about="2026-11-01T18:30")
    assert client.post(f"/symptoms/{entry.id}", data=sent).status_code == 303
    left = says(house, "next_morning", 3)
    assert house.store
    saying = replace(left.saying, about_utc_us=left.saying.about_utc_us - 14 * 86_400_000_000)
    left = house.store.diary.write(RUNNER, left.id, 1, saying, left.written_utc_us)
    house.date += timedelta(days=1)
    sent = changing(client, left, note="slept well")
    assert client.post(f"/symptoms/{left.id}", data=sent).status_code == 303


def test_saved_as_it_was_is_no_new_version(house: House, client: httpx.Client) -> None:
    entry = says(house, "during", 2)
    assert client.post(f"/symptoms/{entry.id}", data=changing(client, entry)).status_code == 303
    assert entries(house) == [entry]


def test_an_entry_of_a_run_that_is_not_known_now_keeps_it(house: House, client: httpx.Client) -> None:
    entry = says(house, "during", 2)
    house.sessions.pop()
    assert "A run that is not known now" in client.get(f"/symptoms/{entry.id}").text
    assert client.post(f"/symptoms/{entry.id}", data=changing(client, entry, pain=3)).status_code == 303
    assert entries(house)[0].saying.run_utc_us == entry.saying.run_utc_us
    assert "during the run: 3 of 10" in words(client.get("/symptoms").text)


def test_a_run_that_took_the_place_of_one_without_a_time_can_be_chosen(tmp_path: Path) -> None:
    """Until it is, the entry stays with its own run, whatever else of it is changed."""
    world, then = World(tmp_path / "store.db"), "2026-01-20 18:00"
    world.run(then, 10, anchored=False)
    (session,) = [one.session_id for one in world.store.undated()]
    world.store.place(session, world.us(then))
    entry = world.says("during", 2, run=world.runs(then[:10])[0])
    world.store.take_back_place(session)
    world.run(then, 10, "bb" * 8)
    (other,) = world.runs(then[:10])

    def sent(client: httpx.Client, **more: Any) -> None:
        data = changing(client, world.store.diary.entry(RUNNER, entry.id), **more)
        assert client.post(f"/symptoms/{entry.id}", data=data).status_code == 303

    def joined() -> list[int]:
        found = world.diary("2026-01-22 12:00")
        runs = world.runs("2026-01-19", then[:10])
        return [sum(len(one.entries) for one in found.of_run(run).courses) for run in runs]

    doors = Doors(
        world.store,
        House(),
        lambda runner: StoreDays(world.store, runner),
        RUNNER,
        now=lambda: world.now("2026-01-22 12:00"),
    )
    with (
        world.store,
        serve(make_app(doors), "127.0.0.1", 0) as server,
        httpx.Client(base_url=server.url) as client,
    ):
        html = client.get(f"/symptoms/{entry.id}").text
        assert re.findall(r'<option value="([^"]*)" selected>([^<]*)', html)[1:] == [
            ("same", "A run that is not known now")
        ]
        sent(client, run="same", pain=3)
        assert joined() == [0]
        sent(client, run=str(other.name))
        assert joined() == [1]
        world.store.diary.undo(RUNNER, entry.id, 3)
        assert joined() == [0]
        world.store.place(session, world.us("2026-01-19 18:00"))
        assert joined() == [1, 0]


def test_a_refused_change_does_not_write_over_what_another_changed(
    house: House, client: httpx.Client
) -> None:
    entry = says(house, "during", 2)
    data = changing(client, entry, pain=3)
    assert client.post(f"/symptoms/{entry.id}", data=data).status_code == 303
    late = data | {"pain": "6", "about": "2026-11-30T10:00"}
    refused = client.post(f"/symptoms/{entry.id}", data=late)
    again = data | {"pain": "6", "version": field(refused.text, "version")}
    assert (refused.status_code, client.post(f"/symptoms/{entry.id}", data=again).status_code) == (422, 409)
    assert [one.saying.pain for one in entries(house)] == [3]


@pytest.mark.parametrize("days_ago", [41, 42, 100, 3000])
def test_an_entry_of_long_ago_is_still_changed_and_deleted(
    house: House, client: httpx.Client, days_ago: int
) -> None:
    assert house.store
    about = run_of_today(house).start_utc_us - days_ago * 86_400_000_000
    old = house.store.diary.write(RUNNER, new_id(), 0, Saying(KNEE, "other", 3, about), about)
    assert "3 of 10" in words(client.get(f"/symptoms/{old.id}").text)
    assert client.post(f"/symptoms/{old.id}", data=changing(client, old, pain=4)).status_code == 303
    assert [(one.saying.pain, one.saying.about_utc_us) for one in entries(house)] == [(4, about)]
    token = {"csrf": field(client.get(f"/symptoms/{old.id}").text, "csrf"), "sure": "yes"}
    assert client.post(f"/symptoms/{old.id}/delete", data=token).status_code == 303
    assert entries(house) == []


def test_a_change_over_another_change_is_refused(house: House, client: httpx.Client) -> None:
    entry = says(house, "during", 2)
    data = changing(client, entry, pain=3)
    assert client.post(f"/symptoms/{entry.id}", data=data).status_code == 303
    answer = client.post(
        f"/symptoms/{entry.id}", data=data | {"pain": "6", "note": "after the hill", "felt": "dull"}
    )
    assert answer.status_code == 409
    assert "changed meanwhile" in words(answer.text)
    assert entries(house)[0].saying.pain == 3
    assert "during the run: 3 of 10." in words(answer.text)  # what holds
    assert re.findall(r'name="pain" value="(\d+)" checked', answer.text) == ["6"]  # what was typed
    assert re.findall(r'name="felt" value="(\w+)"[^>]* checked', answer.text) == ["dull"]
    assert ">after the hill</textarea>" in answer.text
    again = data | {"pain": "6", "version": field(answer.text, "version")}
    assert client.post(f"/symptoms/{entry.id}", data=again).status_code == 303
    assert entries(house)[0].saying.pain == 6


def test_taken_back_it_can_come_back_and_deleted_it_cannot(house: House, client: httpx.Client) -> None:
    entry = says(house, "during", 2)
    token = {"csrf": field(client.get(f"/symptoms/{entry.id}").text, "csrf")}
    assert client.post(f"/symptoms/{entry.id}/retract", data=token).status_code == 303
    assert entries(house) == []
    assert "counts no more" in words(client.get(f"/symptoms/{entry.id}").text)
    assert client.post(f"/symptoms/{entry.id}", data=changing(client, entry)).status_code == 303
    assert len(entries(house)) == 1
    unsure = client.post(f"/symptoms/{entry.id}/delete", data=token)
    assert (unsure.status_code, len(entries(house))) == (422, 1)
    assert client.post(f"/symptoms/{entry.id}/delete", data=token | {"sure": "yes"}).status_code == 303
    assert client.get(f"/symptoms/{entry.id}").status_code == 404


def test_the_words_of_a_note_are_never_taken_for_a_page(house: House, client: httpx.Client) -> None:
    entry = says(house, "during", 2, note='<script>alert("x")</script>')
    for address in (f"/symptoms/{entry.id}", f"/symptoms?saved={entry.id}&version=1"):
        assert "<script>alert" not in client.get(address).text


def test_another_runners_entry_is_not_there(house: House, client: httpx.Client) -> None:
    assert house.store
    house.store.ensure_runner("bob", "Bob", "UTC")
    saying = Saying(KNEE, "other", 9, run_of_today(house).end_utc_us, None, (), (), "mine")
    theirs = house.store.diary.write("bob", new_id(), 0, saying, saying.about_utc_us)
    token = {"csrf": field(client.get("/symptoms").text, "csrf"), "sure": "yes", "version": "1"}
    assert client.get(f"/symptoms/{theirs.id}").status_code == 404
    assert client.get(f"/symptoms?saved={theirs.id}&version=1").status_code == 404
    for what in ("", "/retract", "/delete"):
        assert client.post(f"/symptoms/{theirs.id}{what}", data=token).status_code == 404
    assert client.post("/symptoms/undo", data=token | {"entry": theirs.id}).status_code == 404
    assert (
        client.post("/symptoms", data=tapped(client, "1", moment="other") | {"entry": theirs.id}).status_code
        == 404
    )
    assert house.store.diary.history("bob", theirs.id) == [theirs]
    house.store.diary.delete("bob", theirs.id)


class As:
    """Lets everybody in as one visitor."""

    def __init__(self, app: ASGIApp, visitor: Visitor) -> None:
        self.app = app
        self.visitor = visitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["visitor"] = self.visitor
        await self.app(scope, receive, send)


@contextmanager
def visiting(house: House, *rights: Right) -> Iterator[httpx.Client]:
    assert house.store
    doors = Doors(house.store, house, lambda _: house, RUNNER, house.now)
    app = FastAPI()
    for part in (today, symptoms, plan):
        app.include_router(part.routes(doors))
    app.add_middleware(As, visitor=Visitor(RUNNER, frozenset(rights), "token", "x"))
    with serve(app, "127.0.0.1", 0) as server, httpx.Client(base_url=server.url) as client:
        yield client


Ask = Callable[[httpx.Client], httpx.Response]


def test_without_the_right_to_the_diary_nothing_of_it_is_seen(house: House) -> None:
    entry = says(house, "during", 7, note="secret hill", signs=("swelling",))
    asked: list[Ask] = [
        lambda c: c.get("/symptoms"),
        lambda c: c.get("/part/symptoms"),
        lambda c: c.get(f"/symptoms/{entry.id}"),
        lambda c: c.post("/symptoms", data={"pain": "1"}),
        lambda c: c.post("/symptoms/undo", data={"entry": entry.id, "version": "1"}),
        lambda c: c.post(f"/symptoms/{entry.id}", data={"version": "1"}),
        lambda c: c.post(f"/symptoms/{entry.id}/retract"),
        lambda c: c.post(f"/symptoms/{entry.id}/delete", data={"sure": "yes"}),
        lambda c: c.get("/plan"),
        lambda c: c.post("/plan", data={"what": "leave", "set_by": "runner"}),
    ]
    with visiting(house, "read", "write") as reader:
        for address in ("/", "/part/day", "/?date=2026-11-22"):
            text = words(reader.get(address).text)
            assert "41 min running" in text
            assert "shorter than your longest" in text
            for word in ("knee", "secret", "Swelling", "Red", "Next run", "How did it feel"):
                assert word not in text, (address, word)
        for ask in asked:
            answer = ask(reader)
            assert answer.status_code == 403
            assert "secret" not in answer.text
    assert entries(house) == [entry]


def test_who_may_only_read_the_diary_changes_nothing(house: House) -> None:
    entry = says(house, "during", 7)
    with visiting(house, "read", "diary") as reader:
        for address in ("/", "/symptoms", f"/symptoms/{entry.id}", "/plan"):
            answer = reader.get(address)
            assert answer.status_code == 200
            assert "<form" not in answer.text
        for address in ("/symptoms", f"/symptoms/{entry.id}/retract", "/plan", "/day/note"):
            assert reader.post(address).status_code == 403
    assert entries(house) == [entry]


def test_a_walk_is_no_run_to_be_asked_about(house: House, client: httpx.Client) -> None:
    house.sessions.pop()
    house.sessions.append(a_session(TODAY, 30, kind=page.STEP_KIND_WALK))
    assert "How did it feel" not in words(client.get("/").text)
