"""Every route of the API, as its document lists them, is refused without a token, with one that ended, and with each
token that lacks one of the scopes that the document names.
"""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from strideload.store.keys import DAY_US
from web.api_house import ADA, ADAS_POD, EVERY, ApiHouse, api_house

SCOPES = set(EVERY)
IDS = {
    "date": "2026-11-22",
    "run": "1795000000000000",
    "entry": "0" * 32,
    "activity": "0" * 32,
    "shoe": "0" * 16,
    "change": "1795000000000000",
    "pod": ADAS_POD,
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiHouse]:
    with api_house(tmp_path_factory.mktemp("scopes") / "store.db") as found:
        found.store.accounts.set_password(
            ADA, "a hash", login="ada"
        )  # so that this computer needs a token, too
        yield found


@pytest.fixture(scope="module")
def routes(house: ApiHouse) -> list[tuple[str, str, set[str]]]:
    """Method, address and the scopes that it needs."""
    with house.program() as asking:
        document: dict[str, Any] = asking.get("openapi.json").json()
    return [
        (
            method.upper(),
            f"{house.url.rstrip('/')}{path.format(**IDS)}",
            set(operation["security"][0]["token"]),
        )
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


def statuses(routes: list[tuple[str, str, set[str]]], token: str | None) -> set[int]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with httpx.Client(headers=headers) as asking:
        return {asking.request(method, address).status_code for method, address, _ in routes}


def test_without_a_token_that_holds_nothing_is_said(
    house: ApiHouse, routes: list[tuple[str, str, set[str]]]
) -> None:
    assert len(routes) > 40
    keys, now = house.store.keys, house.now_us
    ended = keys.add_token(ADA, "ended", EVERY, now - DAY_US, now)
    taken_back = keys.add_token(ADA, "taken back", EVERY, now, None)
    (token,) = [one for one in keys.tokens_of(ADA, now) if one.name == "taken back"]
    keys.end_token(ADA, token.id)
    for none in (None, "A" * 43, ended, taken_back):
        assert statuses(routes, none) == {401}, none


@pytest.mark.parametrize("lacking", EVERY)
def test_without_one_of_its_scopes_a_route_is_refused(
    house: ApiHouse, routes: list[tuple[str, str, set[str]]], lacking: str
) -> None:
    theirs = [route for route in routes if lacking in route[2]]
    if lacking == "keep":
        assert theirs == []  # no route is only for it: it adds the pods of others
        return
    assert statuses(theirs, house.token(ADA, *SCOPES - {lacking})) == {403}
    others = [route for route in routes if lacking not in route[2] and route[0] == "GET"]
    assert 403 not in statuses(others, house.token(ADA, *SCOPES - {lacking}))
