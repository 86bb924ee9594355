"""The pods' page over a real store: how a pod is, its settings, who wears it, where a session without a date was."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from store.making import LOG, NOW_US, POD, T0_MS, Pod, messages
from strideload.load.zones import date_at
from strideload.pod_settings import known_pod
from strideload.protocol.pod_settings import CueTarget
from strideload.store import Store, StoreBusy, StoreError, open_store
from strideload.store.people import SINCE_EVER
from strideload.web.app import make_app
from strideload.web.doors import Doors
from strideload.web.serve import serve
from web.house import House, a_live_pod
from web.test_app import Page

RUNNER = "me"
T0_US = T0_MS * 1000


def a_state(**more: Any) -> dict[str, Any]:
    """What a pod says of itself, as the collector keeps it."""
    return {"v": 1, "log": f"{LOG:08x}", **more}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store.db") as found:
        found.ensure_runner(RUNNER, "Me", "Europe/Berlin")
        yield found


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def client(store: Store, house: House) -> Iterator[httpx.Client]:
    doors = Doors(store, house, lambda _: house, RUNNER)
    with (
        serve(make_app(doors), "127.0.0.1", 0) as running,
        httpx.Client(base_url=running.url, follow_redirects=True) as asking,
    ):
        yield asking


def send(client: httpx.Client, page: str, address: str, **fields: Any) -> httpx.Response:
    """Send a form of a page as a browser does."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', client.get(page).text)
    assert csrf
    return client.post(
        address, data={"csrf": csrf[1], **fields}, headers={"Origin": str(client.base_url).rstrip("/")}
    )


def words(answer: httpx.Response) -> str:
    return Page(answer.text).text


@pytest.fixture
def pod(store: Store, house: House) -> str:
    store.save_state(POD, a_state(chip="LSM6DSO32", battery_mv=3920, firmware="0.4.0"), NOW_US)
    house.live = [a_live_pod(pod=POD, waiting=12, faults={"bus_errors": 3})]
    return POD


def test_without_a_pod_it_teaches(client: httpx.Client) -> None:
    assert "No pod is yours yet." in words(client.get("/pods"))


def test_how_a_pod_is(client: httpx.Client, pod: str) -> None:
    said = words(client.get("/pods"))
    assert "It runs and records." in said
    assert "Battery 3.92 V" in said
    assert "Pages still to come 12" in said
    assert "Sensor LSM6DSO32" in said
    assert "bus_errors 3" in said
    assert "Last page none yet" in said


def test_a_battery_that_no_pod_told_of_is_not_known(store: Store, house: House, client: httpx.Client) -> None:
    store.save_state(POD, a_state(chip="LSM6DSO32", firmware="0.4.0"), NOW_US)
    house.live = [a_live_pod(pod=POD)]
    assert "Battery not known" in words(client.get("/pods"))


def test_settings_reach_the_store(client: httpx.Client, store: Store, pod: str) -> None:
    answer = send(
        client, "/pods", f"/pods/{pod}/settings", odr_hz="416", range_g="", raw="yes", recording="off"
    )
    assert answer.status_code == 200
    (wanted,) = store.wanted_settings()
    assert wanted.settings.as_dict() == {"odr_hz": 416, "raw": True, "recording": "off", "cue": None}
    assert "has not confirmed its settings 1" in words(answer)


def test_what_was_set_is_the_pods_own_again(client: httpx.Client, store: Store, pod: str) -> None:
    store.change_settings(POD, odr_hz=416, raw=True, recording="off")
    answer = send(client, "/pods", f"/pods/{pod}/settings", odr_hz="own", raw="own", recording="auto")
    assert "the pod's own" in words(answer)
    (wanted,) = store.wanted_settings()
    assert wanted.settings.as_dict() == {"recording": "auto", "cue": None}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Nothing was set: every choice stands at “as it is”."),
        ({"odr_hz": "417"}, "not 417"),
        ({"odr_hz": "fast"}, "not “fast”"),
        ({"odr_hz": "nan"}, "not “nan”"),
        ({"range_g": "1e999"}, "not “1e999”"),
        ({"range_g": "2"}, "of this pod has"),
        ({"recording": "maybe"}, "not 'maybe'"),
        ({"raw": "perhaps"}, "yes or no"),
    ],
)
def test_wrong_settings_are_refused(
    client: httpx.Client, store: Store, pod: str, fields: dict[str, str], said: str
) -> None:
    answer = send(client, "/pods", f"/pods/{pod}/settings", **fields)
    assert answer.status_code == 422
    assert said in words(answer)
    assert store.wanted_settings() == []


def test_a_cue_without_a_baseline_is_refused_with_the_reason(
    client: httpx.Client, store: Store, pod: str
) -> None:
    answer = send(client, "/pods", f"/pods/{pod}/cue", percent="7")
    assert answer.status_code == 422
    assert "There is no cadence of your own yet" in words(answer)
    assert store.wanted_settings() == []


def test_a_cue_that_is_on_already_is_refused_with_the_reason(
    client: httpx.Client, store: Store, pod: str
) -> None:
    """As from a second tab: the form is not on the page any more."""
    store.change_settings(pod, cue=CueTarget(17_351))
    seen = words(send(client, "/pods", f"/pods/{pod}/cue", percent="x"))
    assert "Cadence cue: on" in seen
    assert "How far above your own cadence is a number, not “x”." in seen


def test_a_mark_of_a_pod_out_of_reach_is_refused(client: httpx.Client, pod: str) -> None:
    answer = send(client, "/pods", f"/pods/{pod}/mark")
    assert answer.status_code == 422
    assert "is out of reach" in words(answer)


def test_a_mark(client: httpx.Client, store: Store, pod: str) -> None:
    store.save_state(POD, a_state(), time.time_ns() // 1000)
    assert send(client, "/pods", f"/pods/{pod}/mark").status_code == 200
    assert [one.mark_code for one in store.wanted_settings()] == [1]


def test_who_wears_it_is_said_by_date(client: httpx.Client, store: Store, pod: str) -> None:
    store.ensure_runner("you", "You", "Europe/Paris")
    assert send(
        client, "/pods", f"/pods/{pod}/worn", runner="you", foot="left", **{"from": "2026-11-20T08:00"}
    )
    answer = send(
        client, "/pods", f"/pods/{pod}/worn", runner=RUNNER, foot="right", **{"from": "2026-11-21T08:00"}
    )
    assert "Who wears it: Me, right foot" in words(answer)
    said = store.assignments(pod)
    assert [(one.runner, one.foot) for one in said] == [("you", "left"), (RUNNER, "right")]
    assert date_at(said[0].from_utc_us, "Europe/Berlin") == date(2026, 11, 20)
    answer = send(client, "/pods", f"/pods/{pod}/worn/{said[1].from_utc_us}/remove")
    assert "Who wears it: You, left foot" in words(answer)


def test_who_will_wear_it_stands_after_who_does(client: httpx.Client, store: Store, pod: str) -> None:
    """A store may hold what is to come, said at another clock."""
    store.ensure_runner("you", "You", "Europe/Paris")
    store.assign(pod, "you", "left", T0_US + 200 * 365 * 86_400_000_000 // 2)
    assert "Who wears it: Me, foot not known" in words(client.get("/pods"))
    store.assign(pod, RUNNER, "right", T0_US)
    seen = words(client.get("/pods"))
    assert "Who wears it: Me, right foot" in seen
    assert re.search(r"Me, right foot, since .* You, left foot, from .* on", seen)


def test_who_wears_it_now_is_asked_of_the_pages_clock(store: Store, house: House, pod: str) -> None:
    store.ensure_runner("you", "You", "Europe/Paris")
    store.assign(pod, RUNNER, "right", T0_US)
    store.assign(pod, "you", "left", T0_US + 100 * 365 * 86_400_000_000)
    for year, wearer in ((2026, "Me, right foot"), (2150, "You, left foot")):
        now = datetime(year, 12, 24, tzinfo=UTC)
        doors = Doors(store, house, lambda _: house, RUNNER, now=lambda now=now: now)
        with serve(make_app(doors), "127.0.0.1", 0) as running:
            seen = words(httpx.get(f"{running.url}pods"))
        assert f"Who wears it: {wearer}" in seen


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"foot": "left", "from": "soon"}, "“soon” is not a time"),
        ({"foot": "left", "from": "2026-11-20T08:00+01:00"}, "without a zone"),
        ({"foot": "left", "from": "2026-03-29T02:30"}, "02:30 did not come on that day"),
        ({"foot": "left", "from": "9999-12-31T23:59"}, "not in 9999"),
        ({"foot": "left", "from": "2199-11-20T08:00"}, "that time has not come yet"),
        ({"foot": "tail", "from": "2026-11-20T08:00"}, "A foot is one of"),
        ({"foot": "left", "from": "2026-11-20T08:00", "runner": "nobody"}, "There is no runner 'nobody'"),
    ],
)
def test_wrong_assignments_are_refused(
    client: httpx.Client, store: Store, pod: str, fields: dict[str, str], said: str
) -> None:
    answer = send(client, "/pods", f"/pods/{pod}/worn", **fields)
    assert answer.status_code == 422
    assert said in words(answer)
    assert store.assignments(pod) == []


def test_who_keeps_the_house_learns_nothing_of_anothers_cadence(
    client: httpx.Client, store: Store, house: House, pod: str
) -> None:
    """A cue's target is made of its runner's own: neither what it is, nor what it rests on."""
    store.change_settings(pod, cue=CueTarget(17_351), odr_hz=416)
    house.live = [a_live_pod(pod=pod, settings=known_pod(store, pod).settings)]
    assert "cue at 173.5" in words(client.get("/pods"))
    assert "Cadence cue: on" in words(client.get("/pods"))
    store.ensure_runner("bob", "Bob", "Europe/Berlin")
    store.assign(pod, "bob", "left", 0)
    store.change_settings(pod, cue=CueTarget(17_351), odr_hz=416)
    house.live = [a_live_pod(pod=pod, settings=known_pod(store, pod).settings)]
    seen = words(client.get("/pods"))
    assert "Bob, left foot" in seen
    assert "rate 416" in seen
    assert "173.5" not in seen
    assert not re.search(r"\bcues?\b", seen)
    assert "own cadence" not in seen
    assert send(client, "/pods", f"/pods/{pod}/cue", cue="off").status_code == 404
    assert known_pod(store, pod).settings["wanted"]["cue"]["target_cspm"] == 17_351  # type: ignore[index]


@pytest.mark.parametrize("what", ["settings", "mark", "cue", "worn"])
def test_a_pod_that_is_not_there(client: httpx.Client, pod: str, what: str) -> None:
    answer = send(client, "/pods", f"/pods/{'00' * 8}/{what}", odr_hz="416")
    assert answer.status_code == 404
    assert "no such pod of yours" in words(answer)


@pytest.fixture
def lost(store: Store) -> str:
    """A session whose boot never learned the time; its id."""
    pod = Pod()
    pod.run(100, 1, anchored=False)
    store.add(messages(pod.pages))
    store.derive()
    return f"{store.undated()[0].session_id:016x}"


def test_a_session_is_placed_moved_and_taken_back(client: httpx.Client, store: Store, lost: str) -> None:
    page, address = "/pods/undated", f"/pods/undated/{lost}"
    assert "100 strides" in words(client.get(page))
    answer = send(client, page, address, start="2025-10-09T18:02")
    assert "Placed by hand: Thu 9 Oct 2025, 18:02." in words(answer)
    (session,) = store.sessions(RUNNER, 0, 2**62)
    assert date_at(session.start_utc_us, "Europe/Berlin") == date(2025, 10, 9)
    assert "18:05" in words(send(client, page, address, start="2025-10-09T18:05"))
    answer = send(client, page, address, **{"take-back": "yes"})
    assert "Placed by hand" not in words(answer)
    assert store.sessions(RUNNER, 0, 2**62) == []


def test_a_session_cannot_have_been_after_it_came(client: httpx.Client, lost: str) -> None:
    answer = send(client, "/pods/undated", f"/pods/undated/{lost}", start="2026-11-20T18:02")
    assert answer.status_code == 422
    assert "It was here before the time that you say." in words(answer)


def test_a_session_that_has_its_date_meanwhile_is_answered_in_words(
    client: httpx.Client, store: Store, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dated(*_: Any) -> None:
        monkeypatch.setattr(store, "undated", list)
        raise StoreError("its pod dates it")

    monkeypatch.setattr(store, "place", dated)
    answer = send(client, "/pods/undated", f"/pods/undated/{lost}", start="2025-10-09T18:02")
    seen = words(answer)
    assert "Every session has its date." in seen
    assert seen.count("Its pod dates it.") == 1


@pytest.mark.parametrize("session", ["00" * 8, "no hex", "ff" * 40])
def test_a_session_that_is_not_there(client: httpx.Client, lost: str, session: str) -> None:
    assert (
        send(client, "/pods/undated", f"/pods/undated/{session}", start="2025-10-09T18:02").status_code == 404
    )


def test_time_zones_hold_from_their_date(client: httpx.Client, store: Store) -> None:
    answer = send(client, "/places", "/places", zone="Asia/Tokyo", **{"from": "2026-11-01"})
    assert "Asia/Tokyo, from Sunday 1 November 2026 on" in words(answer)
    assert store.zone_of(RUNNER, date(2026, 11, 2)) == "Asia/Tokyo"
    send(client, "/places", "/places/2026-11-01/remove")
    assert store.zones(RUNNER) == [(SINCE_EVER, "Europe/Berlin")]


@pytest.mark.parametrize(
    ("method", "page", "fields"),
    [
        ("change_settings", f"/pods/{POD}/settings", {"odr_hz": "416"}),
        ("place", "/pods/undated/{lost}", {"start": "2025-10-09T18:02"}),
        ("set_zone", "/places", {"zone": "Asia/Tokyo", "from": "2026-11-01"}),
        ("unset_zone", "/places/2026-11-01/remove", {}),
    ],
)
def test_a_store_that_does_not_answer_is_no_mistake_of_whoever_asked(
    client: httpx.Client, store: Store, pod: str, lost: str, monkeypatch: pytest.MonkeyPatch,
    method: str, page: str, fields: dict[str, str],
) -> None:  # fmt: skip
    def busy(*_: Any, **__: Any) -> None:
        raise StoreBusy("the store: database is locked")

    monkeypatch.setattr(store, method, busy)
    answer = send(client, "/pods/undated", page.format(lost=lost), **fields)
    assert answer.status_code == 503
    assert "The store: database is locked." in words(answer)


@pytest.mark.parametrize(
    ("address", "fields", "said"),
    [
        ("/places", {"zone": "Mars/Base", "from": "2026-11-01"}, "'Mars/Base' is no time zone"),
        ("/places", {"zone": "Asia/Tokyo", "from": "1800-01-01"}, "Days are known from the year 2000 on"),
        ("/places", {"zone": "Asia/Tokyo", "from": "0001-01-01"}, "Days are known from the year 2000 on"),
        ("/places", {"zone": "Asia/Tokyo", "from": "soon"}, "“soon” is not a date"),
        ("/places", {"zone": "Asia/Tokyo", "from": "2026-11-24"}, "that day has not come yet"),
        ("/places/0001-01-01/remove", {}, "A runner has a time zone"),
    ],
)
def test_wrong_places_are_refused(
    client: httpx.Client, store: Store, address: str, fields: dict[str, str], said: str
) -> None:
    answer = send(client, "/places", address, **fields)
    assert answer.status_code == 422
    assert said in words(answer)
    assert store.zones(RUNNER) == [(SINCE_EVER, "Europe/Berlin")]
