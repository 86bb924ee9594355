"""The report by button and by token, and whose it is."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.reports import Read
from web.api_house import ADA, ADAS_POD, BOB, ApiHouse, api_house

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
