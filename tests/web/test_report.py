"""The report by button and by token: whose it is, and who does not get it."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from strideload.collect.credentials import Users
from strideload.store.keys import DAY_US
from support.reports import Read
from web.api_house import ADA, ADAS_POD, BOB, ApiHouse, api_house
from web.house import TODAY
from web.people import People, people

DAYS = {"from": "2026-11-16", "to": "2026-11-22"}


@pytest.fixture
def house(empty: Path, tmp_path: Path) -> Iterator[ApiHouse]:
    file = tmp_path / "store.db"
    file.write_bytes(empty.read_bytes())
    with api_house(file) as found:
        found.world.run("2026-11-20 18:00", 10, ADAS_POD)
        (run,) = found.world.runs("2026-11-20")
        found.world.answers(run, 0, 4, 0, 0)
        yield found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with people(tmp_path_factory.mktemp("report")) as found:
        yield found


def test_a_button_opens_it(house: ApiHouse) -> None:
    with httpx.Client(base_url=house.url) as browser:
        page = browser.get("/report", params=DAYS).text
        assert 'action="/report.pdf"' in page
        assert 'value="2026-11-16"' in page
        answer = browser.get("/report.pdf", params=DAYS)
        assert answer.headers["Content-Type"] == "application/pdf"
        assert "strideload_2026-11-16_2026-11-22.pdf" in answer.headers["Content-Disposition"]
        text = Read(answer.content).text
        assert "Monday 16 November 2026 to Sunday 22 November 2026" in text
        assert "Pain 4 during the run" in text
        refused = browser.get("/report.pdf", params={"to": "2026-11-23"})
        assert refused.status_code == 422
        assert "A report cannot go to 2026-11-23: today is 2026-11-22" in refused.text


def test_by_a_token_each_gets_their_own(house: ApiHouse) -> None:
    with house.program(BOB) as asking:
        text = Read(asking.get("report.pdf", params=DAYS).content).text
    assert "Bob" in text
    assert "Pain 4" not in text
    with house.program(ADA, "read", "diary") as asking:
        assert "Pain 4" in Read(asking.get("report.pdf", params=DAYS | {"paper": "letter"}).content).text
        assert asking.get("report.pdf", params={"paper": "a3"}).status_code == 422


def test_a_token_of_the_wrong_scope_gets_none(house: ApiHouse) -> None:
    for scopes in (("read",), ("diary",), ("write",), ("read", "write", "keep")):
        with house.program(ADA, *scopes) as asking:
            assert asking.get("report.pdf").status_code == 403


@pytest.mark.parametrize("address", ["report", "report.pdf", "api/v1/report.pdf"])
def test_nobody_else_gets_one(home: People, tmp_path: Path, address: str) -> None:
    """Not without a log-in, not as a pod, and by a link neither while it holds nor after."""
    turned_away = (401, 303)
    assert httpx.get(f"{home.url}{address}").status_code in turned_away
    password = Users(tmp_path).add_pod(ADAS_POD)
    assert httpx.get(f"{home.url}{address}", auth=(ADAS_POD, password)).status_code in turned_away
    bearer = {"Authorization": f"Bearer {password}"}
    assert httpx.get(f"{home.url}{address}", headers=bearer).status_code == 401
    secret = home.store.keys.share(ADA, "Dr Quinn", TODAY, TODAY, home.now(), home.now() + DAY_US)
    with home.browser() as link:
        assert link.get(f"/share/{secret}").status_code == 303
        assert link.get(f"/{address}").status_code in turned_away
        home.later(2 * DAY_US)
        assert link.get(f"/{address}").status_code in turned_away


@pytest.mark.parametrize(
    "address", ["symptoms", "plan", "pods", "run/1795000000000000", "data", "api/v1/plan"]
)
def test_a_link_that_has_ended_opens_nothing(home: People, address: str) -> None:
    secret = home.store.keys.share(ADA, "Dr Quinn", TODAY, TODAY, home.now(), home.now() + DAY_US)
    with home.browser() as link:
        assert link.get(f"/share/{secret}").status_code == 303
        home.later(2 * DAY_US)
        assert link.get(f"/{address}").status_code in (401, 303)
        assert link.get(f"/share/{secret}").status_code == 404
