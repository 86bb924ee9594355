"""The page of a runner's data: taken along, watches' files brought in, all of it erased."""

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from store.making import messages
from strideload import activity_file
from strideload.web import watch_files
from support.waiting import PATIENCE_S
from test_activity_file import FIT, gpx
from web.api_house import ADA, ADAS_POD, BOB, BOBS_POD, api_house
from web.people import LOGIN, PASSWORD, People, csrf, log_in, people, send


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with people(tmp_path_factory.mktemp("data")) as found:
        yield found


@pytest.fixture
def bob(home: People) -> Iterator[httpx.Client]:
    with home.logged_in(BOB) as browser:
        yield browser


def upload(browser: httpx.Client, *files: tuple[str, bytes], **more: Any) -> httpx.Response:
    parts: list[Any] = [("csrf", (None, csrf(browser, "/data")))]
    return browser.post("/data/activities", files=[*parts, *(("file", one) for one in files)], **more)


def test_it_is_taken_along_in_either_form(bob: httpx.Client) -> None:
    page = bob.get("/data").text
    for address in ("/data/export.zip", "/data/export.json", "/report"):
        assert f'href="{address}"' in page
    answer = bob.get("/data/export.json")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="strideload.json"'
    assert json.loads(answer.content)["runner"] == BOB
    with zipfile.ZipFile(io.BytesIO(bob.get("/data/export.zip").content)) as packed:
        assert "symptoms.csv" in packed.namelist()
    assert bob.get("/data/export.exe").status_code == 404


def test_a_program_takes_it_along_by_a_token_for_all_of_it(home: People) -> None:
    for scopes, status in ((["read", "diary"], 200), (["read"], 403), (["diary"], 403)):
        secret = home.store.keys.add_token(BOB, "test", scopes, home.now(), None)
        answer = httpx.get(f"{home.url}api/v1/export.json", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status_code == status
        if status == 200:
            assert answer.json()["runner"] == BOB


def test_only_the_runner_in_person_comes_here(home: People) -> None:
    secret = home.store.keys.add_token(BOB, "all", ["read", "diary", "write"], home.now(), None)
    bearer = {"Authorization": f"Bearer {secret}"}
    for method, address in (("GET", "data"), ("GET", "data/export.zip"), ("POST", "data/erase")):
        assert httpx.request(method, f"{home.url}{address}", headers=bearer).status_code == 403
        answer = httpx.request(method, f"{home.url}{address}")
        assert answer.status_code in (303, 401)
    assert BOB in home.store.runners()


def test_one_file_is_read_at_a_time(bob: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another's is being read, one waits, then is told to come again."""
    begun, over = threading.Event(), threading.Event()

    def slow(data: bytes, name: str) -> activity_file.Activity:
        begun.set()
        assert over.wait(PATIENCE_S)
        return real(data, name)

    real = activity_file.read
    monkeypatch.setattr(activity_file, "read", slow)
    reader = threading.Thread(target=watch_files.read, args=(gpx(), "another's.gpx"))
    reader.start()
    try:
        assert begun.wait(PATIENCE_S)
        monkeypatch.setattr(watch_files, "WAIT_S", 0.01)
        answer = upload(bob, ("a.gpx", gpx()), ("b.fit", FIT))
    finally:
        over.set()
        reader.join()
    assert answer.status_code == 503
    assert answer.text.count("Another file is being read here.") == 1


def test_each_file_is_taken_or_refused_by_itself(home: People, bob: httpx.Client) -> None:
    answer = upload(bob, ("a.gpx", gpx()), ("b.fit", FIT), ("<i>.txt", b"hello"))
    assert answer.status_code == 200
    assert (
        "Evening run: Sun 22 Nov 2026, 1.8\u202fkm. No run that a pod recorded lies in its time."
        in answer.text
    )
    assert "&lt;i&gt;.txt is neither a FIT nor a GPX file." in answer.text
    assert len(home.store.activities.all(BOB)) == 2
    assert home.store.activities.all(ADA) == []
    assert "It was there already." in upload(bob, ("again.gpx", gpx())).text
    for one in home.store.activities.all(BOB):
        assert send(bob, f"/data/activities/{one.content}/delete", page="/data").status_code == 303
    assert home.store.activities.all(BOB) == []


def test_none_is_taken_of_what_is_none(home: People, bob: httpx.Client) -> None:
    assert upload(bob, ("b.fit", b"")).status_code == 422
    assert "No file was chosen." in upload(bob).text
    assert upload(bob, ("big.fit", b"x" * 17_000_000)).status_code == 413
    assert upload(bob, *[(f"{n}.gpx", b"x") for n in range(21)]).status_code == 400
    assert home.store.activities.all(BOB) == []


def test_anothers_file_cannot_be_deleted(home: People, bob: httpx.Client) -> None:
    with home.logged_in(ADA) as ada:
        upload(ada, ("a.gpx", gpx()))
    (one,) = home.store.activities.all(ADA)
    assert send(bob, f"/data/activities/{one.content}/delete", page="/data").status_code == 404
    assert home.store.activities.all(ADA) == [one]


@pytest.mark.parametrize(
    ("typed", "password", "status", "said"),
    [
        ("bob", PASSWORD[BOB], 422, "not the name of this account"),
        ("", PASSWORD[BOB], 422, "not the name of this account"),
        ("Ada", PASSWORD[BOB], 422, "not the name of this account"),
        ("Bob", PASSWORD[ADA], 403, "do not belong together"),
        ("Bob", "", 403, "do not belong together"),
    ],
)
def test_nothing_is_erased_by_mistake(
    home: People, bob: httpx.Client, typed: str, password: str, status: int, said: str
) -> None:
    answer = send(bob, "/data/erase", page="/data", name=typed, password=password)
    assert answer.status_code == status
    assert said in answer.text
    assert BOB in home.store.runners()


def test_who_is_erased_is_out_everywhere(tmp_path: Path) -> None:
    with people(tmp_path) as home, home.logged_in(BOB) as here, home.logged_in(BOB) as other:
        secret = home.store.keys.add_token(BOB, "test", ["read"], home.now(), None)
        answer = send(here, "/data/erase", page="/data", name="Bob", password=PASSWORD[BOB])
        assert answer.status_code == 200
        assert "Erased for good" in answer.text
        assert home.store.runners() == [ADA]
        for browser in (here, other):
            assert browser.get("/metrics").status_code == 303
        token = {"Authorization": f"Bearer {secret}"}
        assert httpx.get(f"{home.url}api/v1/me", headers=token).status_code == 401
        with home.browser() as again:
            assert log_in(again, LOGIN[BOB], PASSWORD[BOB]).status_code == 403
        with home.logged_in(ADA) as ada:
            assert "Bob" not in ada.get("/household").text


def test_what_a_pod_resends_stays_deleted(empty: Path, tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.write_bytes(empty.read_bytes())
    with api_house(file) as house, httpx.Client(base_url=house.url) as browser:
        house.world.run("2026-11-20 18:00", 3, ADAS_POD)
        house.world.run("2026-11-20 18:00", 3, BOBS_POD)
        pages = house.store.page_count()
        origin = {"Origin": house.url.rstrip("/")}
        data = {"csrf": csrf(browser, "/data"), "name": "Me"}
        assert browser.post("/data/erase", data=data, headers=origin).status_code == 200
        assert house.store.runners() == [BOB, ADA]  # nobody has a password here: who sits here begins anew
        left = house.store.page_count()
        assert 0 < left < pages
        outcome = house.store.add(messages(house.world.pods[ADAS_POD].pages, pod=ADAS_POD))
        house.store.derive()
        assert (outcome.stored, house.store.page_count()) == (0, left)
        with house.program(BOB) as asking:
            assert asking.get("runs").json()["total"] == 1
        with house.program(ADA) as asking:
            assert asking.get("runs").json()["total"] == 0
