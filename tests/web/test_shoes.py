"""Shoes: what each has been through, which is usual since when, and what cannot be."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from strideload.store import Store
from strideload.store.conditions import Worn
from web.house import RUNNER, TODAY, House
from web.test_app import Page, read
from web.test_pods import send

PAGE = "/shoes"
SINCE = (TODAY - timedelta(days=30)).isoformat()


@pytest.fixture
def store(house: House) -> Store:
    assert house.store
    return house.store


def add(client: httpx.Client, store: Store, name: str, since: str = SINCE, **more: str) -> str:
    form: dict[str, Any] = {"id": f"{len(store.conditions.shoes(RUNNER)):016x}", "name": name, "from": since}
    answer = send(client, PAGE, PAGE, **form, **more)
    assert answer.status_code == 303, answer.text
    return form["id"]


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_without_a_pair_it_teaches(client: httpx.Client) -> None:
    seen = read(client, PAGE)
    assert "No shoe is known yet." in seen.text
    assert "Add the pair that carries the pod" in seen.text
    usual = next(found for tag, found in seen.tags if found.get("name") == "usual")
    assert "checked" in usual


def test_runs_are_counted_to_the_pair_that_was_usual_then(client: httpx.Client, store: Store) -> None:
    blue = add(client, store, "Blue", usual="yes")
    grey = add(client, store, "Grey", (TODAY - timedelta(days=7)).isoformat(), usual="yes")
    seen = plain(read(client, PAGE).text)
    assert "Usual now: shoe Grey, pod mount not known, surface not known." in seen
    for said in ("Blue 12 outings", "Grey usual", "(100 % estimated).", "day with a run without the pod."):
        assert said in seen
    runs = store.conditions.usual(RUNNER)
    assert [one.worn.shoe for one in runs] == [blue, grey]
    assert "Of no known pair: " in seen  # what was before the first pair


def test_what_was_worn_in_one_run_counts_for_that_one(
    house: House, client: httpx.Client, store: Store
) -> None:
    add(client, store, "Blue", usual="yes")
    grey = add(client, store, "Grey")
    assert "Nothing was recorded in it yet." in read(client, PAGE).text
    store.conditions.set_run(RUNNER, house.sessions[-1].start_utc_us, Worn(grey))
    assert "Grey 1 outing, 41 min running" in plain(read(client, PAGE).text)


def test_mount_and_surface_that_are_usual(client: httpx.Client, store: Store) -> None:
    blue = add(client, store, "Blue")
    send(client, PAGE, "/shoes/usual", shoe=blue, mount="laces", surface="road", **{"from": SINCE})
    (usual,) = store.conditions.usual(RUNNER)
    assert usual.worn == Worn(blue, "laces", "road")
    seen = read(client, PAGE).text
    assert "Fri 23 Oct 2026, 00:00 shoe Blue, pod on the laces, surface road" in seen
    assert send(client, PAGE, f"/shoes/usual/{usual.from_utc_us}/remove").status_code == 303
    assert store.conditions.usual(RUNNER) == []
    assert send(client, PAGE, f"/shoes/usual/{usual.from_utc_us}/remove").status_code == 404


def test_renamed_and_retired(client: httpx.Client, store: Store) -> None:
    blue = add(client, store, "Blue", usual="yes")
    send(client, PAGE, f"/shoes/{blue}", name="Blue, old", retired=TODAY.isoformat())
    (shoe,) = store.conditions.shoes(RUNNER)
    assert (shoe.name, shoe.retired_date) == ("Blue, old", TODAY)
    seen = read(client, PAGE).text
    assert "Retired: 1 Blue, old" in seen
    assert "It is retired and still the usual one" in seen
    send(client, PAGE, f"/shoes/{blue}", name="Blue", retired="")
    assert store.conditions.shoes(RUNNER)[0].retired_date is None


def test_only_what_was_never_worn_is_deleted(client: httpx.Client, store: Store) -> None:
    blue, grey = add(client, store, "Blue", usual="yes"), add(client, store, "Grey")
    answer = send(client, PAGE, f"/shoes/{blue}/delete")
    assert answer.status_code == 422
    assert "retire it instead" in Page(answer.text).text
    assert send(client, PAGE, f"/shoes/{grey}/delete").status_code == 303
    assert [shoe.id for shoe in store.conditions.shoes(RUNNER)] == [blue]


def test_a_form_sent_twice_adds_one(client: httpx.Client, store: Store) -> None:
    for _ in range(2):
        send(client, PAGE, PAGE, id="ab" * 8, name="Blue", **{"from": SINCE})
    assert len(store.conditions.shoes(RUNNER)) == 1


@pytest.mark.parametrize(
    ("address", "fields", "said"),
    [
        (PAGE, {"name": "  ", "from": SINCE, "id": "ab" * 8}, "1 to 60 characters"),
        (PAGE, {"name": "x" * 61, "from": SINCE, "id": "ab" * 8}, "1 to 60 characters"),
        (PAGE, {"name": "Blue", "from": "soon", "id": "ab" * 8}, "“soon” is not a date"),
        (PAGE, {"name": "Blue", "from": "2026-11-23", "id": "ab" * 8}, "to today"),
        (PAGE, {"name": "Blue", "from": "1999-12-31", "id": "ab" * 8}, "from the year 2000"),
        (PAGE, {"name": "Blue", "from": SINCE, "id": "../x"}, "This form is not whole"),
        ("/shoes/usual", {"mount": "hat", "from": SINCE}, "A mount is one of"),
        ("/shoes/usual", {"surface": "lava", "from": SINCE}, "A surface is one of"),
    ],
)
def test_wrong_forms_are_refused_with_the_reason(
    client: httpx.Client, store: Store, address: str, fields: dict[str, str], said: str
) -> None:
    answer = send(client, PAGE, address, **fields)
    assert answer.status_code == 422
    assert said in Page(answer.text).text
    assert (store.conditions.shoes(RUNNER), store.conditions.usual(RUNNER)) == ([], [])


def test_a_pair_is_not_retired_before_it_was_new(client: httpx.Client, store: Store) -> None:
    blue = add(client, store, "Blue")
    answer = send(client, PAGE, f"/shoes/{blue}", name="Blue", retired="2026-01-01")
    assert answer.status_code == 422
    assert "before it was new" in Page(answer.text).text


@pytest.mark.parametrize("address", [f"/shoes/{'00' * 8}", f"/shoes/{'00' * 8}/delete"])
def test_a_pair_that_is_not_there(client: httpx.Client, address: str) -> None:
    assert send(client, PAGE, address, name="Mine", retired="").status_code == 404


def test_the_usual_pair_is_one_of_the_runners_own(client: httpx.Client, store: Store) -> None:
    assert send(client, PAGE, "/shoes/usual", shoe="00" * 8, **{"from": SINCE}).status_code == 404
