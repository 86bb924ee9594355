"""The strength page: an entry in a tap, undone, and each week beside its running."""

import re
from datetime import timedelta

import httpx
import pytest

from strideload.load.strength import Exercise
from strideload.store.ids import new_id
from web.house import RUNNER, TODAY, House
from web.test_app import Page, read
from web.test_pods import send

PAGE = "/strength"
SQUATS = {"group": "quadriceps", "sets": "3", "repetitions": "12", "effort": "7", "date": TODAY.isoformat()}


def log(client: httpx.Client, **fields: str) -> httpx.Response:
    return send(client, PAGE, PAGE, **{"entry": new_id(), **SQUATS, **fields})


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_tap_is_an_entry_and_the_next_one_is_filled_in_alike(house: House, client: httpx.Client) -> None:
    assert "Nothing yet." in read(client, PAGE).text
    assert log(client).status_code == 303
    seen = read(client, PAGE)
    assert "Sun 22 Nov Quadriceps: 3 sets of 12, effort 7 of 10" in seen.text
    fields = {found["name"]: found.get("value") for tag, found in seen.tags if tag == "input"}
    assert (fields["sets"], fields["repetitions"], fields["date"]) == ("3", "12", "2026-11-22")
    assert "This week: 1 session; not logged: gluteals, hamstrings, calves." in seen.text


def test_the_same_form_sent_twice_is_one_entry(house: House, client: httpx.Client) -> None:
    entry = new_id()
    for _ in range(2):
        log(client, entry=entry)
    assert house.store
    assert len(house.store.strength.everything(RUNNER)) == 1


def test_weeks_stand_beside_their_running(client: httpx.Client) -> None:
    log(client)
    log(client, group="calves", repetitions="", effort="", date=(TODAY - timedelta(days=7)).isoformat())
    seen = plain(read(client, PAGE).text)
    assert "16 Nov 1 h 52 min 3 sets, 36 repetitions not logged" in seen  # today is this week's last day
    assert re.search(
        r"9 Nov ≥ 1 h 47 min not logged not logged not logged 3 sets \(3 without a count\)", seen
    )


def test_what_is_deleted_can_be_put_back_whole(house: House, client: httpx.Client) -> None:
    store = house.store
    assert store
    log(client, note="slow")
    (made,) = store.strength.everything(RUNNER)
    answer = send(client, PAGE, f"{PAGE}/{made.id}/delete")
    seen = Page(answer.text)
    assert "Deleted. Sunday 22 November, Quadriceps: 3 sets of 12, effort 7 of 10; slow." in seen.text
    assert store.strength.everything(RUNNER) == []
    undo = answer.text.split("Deleted.")[1].split("</form>")[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', undo))
    send(client, PAGE, PAGE, **{name: value for name, value in fields.items() if name != "csrf"})
    (back,) = store.strength.everything(RUNNER)
    assert (back.id, back.exercise, back.note) == (made.id, Exercise("quadriceps", 3, 12, 7), "slow")


def test_an_entry_is_changed_in_the_same_form(house: House, client: httpx.Client) -> None:
    assert house.store
    store = house.store.strength
    made = store.add(RUNNER, new_id(), TODAY, Exercise("quadriceps", 3, 12, 7), "slow")
    (link,) = [one for one in read(client, PAGE).links if "change=" in one]
    html = client.get(link).text
    assert "Change an entry" in Page(html).text
    form = html.split(f'action="{PAGE}/{made.id}"')[1].split("</form>")[0]
    fields = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', form)) | {"effort": "7", "group": "calves"}
    assert (fields["sets"], fields["note"]) == ("3", "slow")
    refused = send(client, PAGE, f"{PAGE}/{made.id}", **fields | {"sets": "21", "note": "slower"})
    assert (refused.status_code, 'value="slower"' in refused.text) == (422, True)
    fields["sets"] = "4"
    assert send(client, PAGE, f"{PAGE}/{made.id}", **fields).status_code == 303
    (held,) = store.everything(RUNNER)
    assert (held.id, held.exercise, held.note) == (made.id, Exercise("calves", 4, 12, 7), "slow")
    assert send(client, PAGE, f"{PAGE}/{made.id}", **fields).status_code == 303  # the same again
    late = send(client, PAGE, f"{PAGE}/{made.id}", **fields | {"sets": "5"})
    assert (late.status_code, "was changed meanwhile" in late.text) == (409, True)
    assert store.everything(RUNNER) == [held]


def test_a_refused_form_does_not_write_over_what_another_changed(house: House, client: httpx.Client) -> None:
    assert house.store
    store = house.store.strength
    made = store.add(RUNNER, new_id(), TODAY, Exercise("quadriceps", 3, 12, 7), "slow")
    address = f"{PAGE}/{made.id}"
    theirs = store.change(RUNNER, made.id, made.written_utc_us, TODAY, Exercise("calves", 5, 5, 5), "theirs")
    fields = SQUATS | {"seen": str(made.written_utc_us)}
    refused = send(client, PAGE, address, **fields | {"sets": "21"})
    again = send(client, PAGE, address, **fields | {"seen": seen_in(refused)})
    assert (refused.status_code, again.status_code) == (422, 409)
    assert store.everything(RUNNER) == [theirs]
    assert send(client, PAGE, address, **fields | {"seen": seen_in(again)}).status_code == 303  # it was said


def seen_in(answer: httpx.Response) -> str:
    return re.findall(r'name="seen" value="(\d+)"', answer.text)[0]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"group": "ears"}, "Group is one of"),
        ({"group": ""}, "Group is one of"),
        ({"sets": ""}, "Sets is a whole number"),
        ({"sets": "0"}, "1 to 20"),
        ({"sets": "three"}, "Sets is a whole number"),
        ({"repetitions": "201"}, "1 to 200"),
        ({"repetitions": "-1"}, "Repetitions is a whole number"),
        ({"effort": "11"}, "0 to 10"),
        ({"date": "soon"}, "“soon” is not a date"),
        ({"date": "2026-11-23"}, "has not come yet"),
        ({"note": "x" * 501}, "500 characters"),
        ({"entry": "none"}, "This form is not whole"),
    ],
)
def test_wrong_entries_are_refused_with_the_reason(
    house: House, client: httpx.Client, fields: dict[str, str], said: str
) -> None:
    answer = log(client, **fields)
    assert answer.status_code == 422
    assert said in Page(answer.text).text
    assert house.store
    assert house.store.strength.everything(RUNNER) == []


def test_an_entry_that_is_not_there(client: httpx.Client) -> None:
    for answer in (
        send(client, PAGE, f"{PAGE}/{new_id()}/delete"),
        send(client, PAGE, f"{PAGE}/{new_id()}", seen="1"),
        client.get(PAGE, params={"change": new_id()}),
    ):
        assert answer.status_code == 404
        assert "This entry is not there" in Page(answer.text).text
