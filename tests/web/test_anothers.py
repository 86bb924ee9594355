"""Another's diary, plan, pages and report: refused by id, by a link after its end, by a token, by a pod's MQTT user."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from strideload.collect.credentials import Users
from strideload.store.diary import Saying
from strideload.store.ids import new_id
from strideload.store.keys import DAY_US
from web.api_house import ADA, BOB
from web.house import TODAY
from web.people import People, people, send

TURNED_AWAY = (303, 401)
DIARY = ["symptoms", "api/v1/symptoms", "part/symptoms"]
PLAN = ["plan", "api/v1/plan"]
PAGES = [
    "",
    "pods",
    "places",
    "trend",
    "run/1795000000000000",
    "data",
    "data/export.zip",
    "account",
    "api/v1/days",
]
REPORT = ["report", "report.pdf", "api/v1/report.pdf", "api/v1/export.json"]
ALL = {"diary": DIARY, "plan": PLAN, "pages": PAGES, "report": REPORT}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with people(tmp_path_factory.mktemp("anothers")) as found:
        yield found


@pytest.mark.parametrize("what", ALL)
def test_by_a_link_after_its_end(home: People, what: str) -> None:
    secret = home.store.keys.share(ADA, "Dr Quinn", TODAY, TODAY, home.now(), home.now() + DAY_US)
    with home.browser() as link:
        assert link.get(f"/share/{secret}").status_code == 303
        home.later(2 * DAY_US)
        for address in ALL[what]:
            assert link.get(f"/{address}").status_code in TURNED_AWAY, address
        assert link.get(f"/share/{secret}").status_code == 404


@pytest.mark.parametrize("what", ["diary", "plan", "report"])
def test_a_link_that_holds_opens_neither(home: People, what: str) -> None:
    secret = home.store.keys.share(ADA, "Dr Quinn", TODAY, TODAY, home.now(), home.now() + DAY_US)
    with home.browser() as link:
        link.get(f"/share/{secret}")
        for address in ALL[what]:
            assert link.get(f"/{address}").status_code in TURNED_AWAY, address


@pytest.mark.parametrize("what", ["diary", "plan", "report"])
def test_by_a_token_of_the_wrong_scope(home: People, what: str) -> None:
    secret = home.store.keys.add_token(ADA, "test", ["read", "write", "keep"], home.now(), None)
    for address in ALL[what]:
        answer = httpx.get(f"{home.url}{address}", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == 403, address


@pytest.mark.parametrize("what", ALL)
def test_by_a_pods_mqtt_user(home: People, tmp_path: Path, what: str) -> None:
    pod = "aa" * 8
    password = Users(tmp_path).add_pod(pod)
    for address in ALL[what]:
        assert httpx.get(f"{home.url}{address}", auth=(pod, password)).status_code in TURNED_AWAY, address
        bearer = {"Authorization": f"Bearer {password}"}
        assert httpx.get(f"{home.url}{address}", headers=bearer).status_code == 401, address


def test_a_diary_by_id(home: People) -> None:
    """On the pages; test_api.py has the same for programs."""
    said = Saying("knee_front_left", "other", 3, home.now(), note="of nobody's business")
    entry = home.store.diary.write(ADA, new_id(), 0, said, home.now())
    with home.logged_in(BOB) as bob:
        answer = bob.get(f"/symptoms/{entry.id}")
        assert answer.status_code == 404
        assert "nobody's business" not in answer.text
        for address in ("", "/retract", "/delete"):
            sent = send(bob, f"/symptoms/{entry.id}{address}", version="1", site="other", sure="yes")
            assert sent.status_code == 404, address
    assert home.store.diary.history(ADA, entry.id) == [entry]
