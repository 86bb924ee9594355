"""A form that is refused stands on its page again as it was typed, the reason beside it; a password never does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from store.making import NOW_US, POD
from web.forms import Forms
from web.people import PASSWORD, People, people, send

SHOE = "ab" * 8


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    folder: Path = tmp_path_factory.mktemp("refused")
    with people(folder) as found:
        found.store.save_state(POD, {"v": 1, "log": "00000001", "chip": "LSM6DSO32"}, NOW_US)
        shoes = found.store.conditions
        shoes.add_shoe("me", "Blue", found.live.today(), SHOE)
        yield found


@pytest.fixture(scope="module")
def ada(home: People) -> Iterator[httpx.Client]:
    with home.logged_in("me") as browser:
        yield browser


FORMS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "a new runner": (
        "/household",
        "/household/runners",
        {"name": "Cleo", "zone": "Europe/Berlln"},
        "time zone",
    ),
    "a name": ("/household", "/household/runners/bob/name", {"name": "A\x07"}, "name"),
    "a time zone": ("/places", "/places", {"zone": "Europe/Lisbom", "from": "2026-03-04"}, "time zone"),
    "a pair of shoes": (
        "/shoes",
        "/shoes",
        {"name": "Grey", "from": "2999-01-01", "usual": "yes"},
        "A date lies from",
    ),
    "what a pair is": ("/shoes", f"/shoes/{SHOE}", {"name": "Navy", "retired": "1999-01-01"}, "date"),
    "what is usual": (
        "/shoes",
        "/shoes/usual",
        {"shoe": SHOE, "mount": "laces", "surface": "trail", "from": "1999-01-01"},
        "date",
    ),
    "strength": (
        "/strength",
        "/strength",
        {"sets": "3", "repetitions": "8", "effort": "7", "date": "2999-01-01", "note": "slow"},
        "",
    ),
    "the plan's figures": (
        "/plan",
        "/plan",
        {
            "what": "next_run",
            "growth_percent": "999",
            "step_down_percent": "21",
            "greens_needed": "2",
            "set_by": "physiotherapist",
        },
        "whole number",
    ),
    "a login": ("/account", "/account/password", {"login": "ada.l"}, "password"),
    "a link": (
        "/account",
        "/account/links",
        {"name": "Dr Quinn", "first": "2026-11-20", "last": "2026-11-01", "days": "90"},
        "",
    ),
    "a token": (
        "/account",
        "/account/tokens",
        {"name": "", "scope": ["read", "diary"], "days": "365"},
        "name",
    ),
    "who wears a pod": (
        "/pods",
        f"/pods/{POD}/worn",
        {"runner": "bob", "foot": "right", "from": "2999-01-01T00:00"},
        "",
    ),
    "a cue": ("/pods", f"/pods/{POD}/cue", {"percent": "x"}, "not “x”"),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_was_typed_stays_beside_the_reason(ada: httpx.Client, form: str) -> None:
    page, address, typed, reason = FORMS[form]
    secrets = dict.fromkeys(("current", "password", "again"), "not it") if form == "a login" else {}
    answer = send(ada, address, page, group="calves", id="cd" * 8, **typed, **secrets)
    assert answer.status_code in (403, 422)
    seen = Forms(answer.text)
    assert [said for said in seen.alerts if reason in said], seen.alerts
    for name, value in typed.items():
        assert (value if isinstance(value, list) else [value])[-1] in seen.standing[address][name], name
    assert not secrets or "not it" not in answer.text
    assert answer.text.index('role="alert"') > answer.text.index("</h1>")


def test_a_login_that_is_refused_with_an_offer_stays(home: People, ada: httpx.Client) -> None:
    link = send(ada, "/household/runners/bob/password", "/household").text.split("/welcome/")[1].split("<")[0]
    with home.browser(follow_redirects=True) as bob:
        bob.get(f"/welcome/{link}")
        answer = send(bob, "/welcome", "/welcome", login="bobby", password=PASSWORD["bob"], again="x")
    assert Forms(answer.text).standing["/welcome"]["login"] == ["bobby"]


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/trend/note", "/trend"),
        ("/day/note", "/"),
        ("/log-out", "/"),
        ("/household/runners", "/household"),
        ("/account/password", "/account"),
        (f"/pods/{POD}/settings", "/pods"),
        ("/pods/undated/0000000000000001", "/pods/undated"),
        ("/places/2026-11-22/remove", "/places"),
        ("/shoes/usual", "/shoes"),
        (f"/strength/{SHOE}/delete", "/strength"),
        (f"/symptoms/{SHOE}/retract", f"/symptoms/{SHOE}"),
        ("/symptoms/undo", "/symptoms"),
    ],
)
def test_an_address_that_takes_forms_leads_to_its_page(ada: httpx.Client, address: str, page: str) -> None:
    answer = ada.get(address)
    assert (answer.status_code, answer.headers.get("location")) == (303, page)


def test_a_program_is_told_what_an_address_takes(ada: httpx.Client) -> None:
    assert ada.get(f"/api/v1/pods/{POD}/marks").status_code == 405
