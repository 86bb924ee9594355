"""What programs are told and may say, over a real store; and that what is another's is not there."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from strideload.load.ladder import LadderSettings
from strideload.protocol.pod_settings import CueTarget
from strideload.runner.planning import LadderPlan, Settings, set_plan
from strideload.store.diary import Saying
from strideload.web import watch_files
from test_activity_file import gpx
from web.api_house import ADA, ADAS_POD, BOB, BOBS_POD, ApiHouse, api_house

KNEE = {"site": "knee_front_left", "moment": "during", "pain": 2}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiHouse]:
    with api_house(tmp_path_factory.mktemp("api") / "store.db") as found:
        yield found


@pytest.fixture
def house(served: ApiHouse) -> ApiHouse:
    served.begin_anew()
    return served


@pytest.fixture
def ada(house: ApiHouse) -> Iterator[httpx.Client]:
    with house.program() as asking:
        yield asking


@pytest.fixture
def bob(house: ApiHouse) -> Iterator[httpx.Client]:
    with house.program(BOB) as asking:
        yield asking


def a_run(house: ApiHouse, local: str = "2026-11-21 18:00", minutes: float = 5, pod: str = ADAS_POD) -> int:
    """-> its id."""
    house.world.run(local, minutes, pod)
    runner = ADA if pod == ADAS_POD else BOB
    with house.program(runner) as asking:
        return asking.get("runs").json()["runs"][-1]["id"]


def ok(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def problem(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == status
    assert not said["detail"][0].islower()
    assert said["detail"].endswith(".")
    return said["detail"]


def test_who_asks_is_told_what_they_may(house: ApiHouse) -> None:
    with house.program(BOB, "read", "keep") as asking:
        me = ok(asking.get("me"))
    assert (me["runner"], me["name"], me["keeper"], me["rights"]) == (BOB, "Bob", False, ["read"])
    assert (me["today"], me["zone"]) == ("2026-11-22", "Europe/Berlin")


def test_days_are_those_of_the_store(house: ApiHouse, ada: httpx.Client, bob: httpx.Client) -> None:
    a_run(house)
    days = ok(ada.get("days", params={"from": "2026-11-20", "to": "2026-11-22"}))["days"]
    assert [(day["date"], day["known"]) for day in days] == [
        ("2026-11-20", "unknown"), ("2026-11-21", "recorded"), ("2026-11-22", "unknown"),
    ]  # fmt: skip
    assert days[0]["running_s"] is None
    assert days[1]["start_local"].endswith("+01:00")
    assert ok(ada.get("days/2026-11-21")) == days[1]
    assert ok(bob.get("days/2026-11-21"))["known"] == "unknown"
    assert len(ok(ada.get("days"))["days"]) == 42


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"from": "2026-11-22", "to": "2026-11-21"}, "The first day is after the last."),
        ({"from": "2025-11-21", "to": "2026-11-22"}, "An answer covers 366 days at most, and these are 367."),
        ({"from": "1999-12-31"}, "“from”: days lie within 2000-01-01 to 2199-12-30."),
        ({"to": "yesterday"}, "“to”: this is no date; write it as 2026-11-22."),
    ],
)
def test_what_is_asked_for_at_once_is_bounded(ada: httpx.Client, asked: dict[str, str], said: str) -> None:
    for matter in ("days", "runs", "symptoms", "notes", "activities"):
        assert said in problem(ada.get(matter, params=asked), 422)


def test_what_the_runner_says_of_a_day(house: ApiHouse, ada: httpx.Client, bob: httpx.Client) -> None:
    assert ok(ada.put("notes/2026-11-20", json={"what": "rest"})) == {"date": "2026-11-20", "what": "rest"}
    assert ok(ada.get("notes"))["notes"] == [{"date": "2026-11-20", "what": "rest"}]
    assert ok(ada.get("days/2026-11-20"))["known"] == "rest"
    assert ok(bob.get("notes"))["notes"] == []
    ok(bob.delete("notes/2026-11-20"), 204)
    assert ok(ada.get("days/2026-11-20"))["known"] == "rest"
    ok(ada.delete("notes/2026-11-20"), 204)
    assert ok(ada.get("days/2026-11-20"))["known"] == "unknown"
    problem(ada.put("notes/2026-11-20", json={"what": "tired"}), 422)
    a_run(house, "2026-11-19 18:00", 10)
    assert "no rest day" in problem(ada.put("notes/2026-11-19", json={"what": "rest"}), 422)
    ok(ada.put("notes/2026-11-19", json={"what": "ran_without"}))
    for day, said in (("2026-11-23", "within 2000-01-01 and today"), ("1999-12-31", "within 2000-01-01 to")):
        assert said in problem(ada.put(f"notes/{day}", json={"what": "rest"}), 422)


def test_a_run_is_compared_by_each_measure(house: ApiHouse, ada: httpx.Client) -> None:
    first, second = a_run(house, "2026-11-14 18:00", 10), a_run(house, "2026-11-21 18:00", 12)
    run = ok(ada.get(f"runs/{second + 60_000_000}"))  # any moment in it
    assert run["id"] == second
    assert run["figures"]["running_s"] == pytest.approx(720, abs=3)
    by = {one["measure"]: one for one in run["comparisons"]}
    assert by["duration"]["ratio"] == pytest.approx(1.2, abs=0.01)
    assert by["duration"]["sentence"] == "20\u202f% longer than your longest known run in 30 days."
    assert by["duration"]["band"]["hazard_rate_ratio"] == 1.64
    assert (by["duration"]["longest_run"], by["duration"]["unknown_days"]) == (first, 29)
    assert by["distance"]["outcome"] == "not_measured"
    assert run["evidence"].startswith("Cohort study.")


def test_lists_come_in_pages(house: ApiHouse, ada: httpx.Client) -> None:
    ids = [a_run(house, f"2026-11-{day} 18:00", 2) for day in (18, 19, 20)]
    page = ok(ada.get("runs", params={"limit": 2, "offset": 1}))
    assert (page["total"], page["offset"], [run["id"] for run in page["runs"]]) == (3, 1, ids[1:])
    for wrong in ({"limit": 0}, {"limit": 501}, {"offset": -1}):
        problem(ada.get("runs", params=wrong), 422)


def test_an_entry_lives_with_its_history(house: ApiHouse, ada: httpx.Client) -> None:
    run = a_run(house)
    entry = ok(ada.post("symptoms", json={**KNEE, "run": run, "id": "ab" * 16}), 201)
    assert (entry["id"], entry["version"], entry["run"]) == ("ab" * 16, 1, run)
    assert entry["about_local"].startswith("2026-11-21T18:0")  # the end of the run
    again = ok(ada.post("symptoms", json={**KNEE, "run": run, "id": "ab" * 16}), 201)
    assert again == entry  # sent twice: one entry
    changed = {**KNEE, "run": run, "pain": 3, "felt": ["dull"], "seen": 1}
    assert ok(ada.put(f"symptoms/{entry['id']}", json=changed))["version"] == 2
    assert "changed meanwhile" in problem(
        ada.put(f"symptoms/{entry['id']}", json={**changed, "pain": 9}), 409
    )
    assert ok(ada.post(f"symptoms/{entry['id']}/retract"))["retracted"]
    assert ok(ada.get("symptoms"))["total"] == 0
    assert ok(ada.get("symptoms", params={"retracted": True}))["total"] == 1
    versions = ok(ada.get(f"symptoms/{entry['id']}/history"))["versions"]
    assert [(one["version"], one["pain"], one["retracted"]) for one in versions] == [
        (1, 2, False), (2, 3, False), (3, 3, True),
    ]  # fmt: skip
    ok(ada.delete(f"symptoms/{entry['id']}"), 204)
    assert "deleted, or never was" in problem(ada.get(f"symptoms/{entry['id']}/history"), 404)


CANNOT_BE_SAID: list[tuple[dict[str, Any], int]] = [
    ({"pain": 11}, 422),
    ({"pain": -1}, 422),
    ({"site": "soul"}, 422),
    ({"moment": "someday"}, 422),
    ({"felt": ["numb"]}, 422),
    ({"note": "x" * 2001}, 422),
    ({"note": "\0"}, 422),
    ({"pain": None}, 422),
    ({"about_utc": "2099-01-01T00:00:00Z"}, 422),
    ({"about_utc": "0001-01-01T00:00:00+14:00"}, 422),
    ({"about_utc": "2026-11-20T18:00:00"}, 422),
    ({"run": 1_700_000_000_000_000}, 404),
    ({"run": 2**63}, 422),
]


def test_what_cannot_be_said_is_refused(ada: httpx.Client) -> None:
    for said, status in CANNOT_BE_SAID:
        problem(ada.post("symptoms", json=KNEE | said), status)
    assert ok(ada.get("symptoms"))["total"] == 0


def test_what_was_said_of_a_run_days_later_is_of_it(house: ApiHouse, ada: httpx.Client) -> None:
    run = a_run(house, "2026-11-15 18:00")
    late = ok(ada.post("symptoms", json={**KNEE, "moment": "other", "felt": ["limp"], "run": run}), 201)
    assert late["about_local"].startswith("2026-11-22")
    found = ok(ada.get(f"runs/{run}/symptoms"))
    assert (found["status"]["colour"], found["courses"][0]["others"]) == ("red", [late["id"]])


def test_a_moment_of_a_run_was_near_it_whenever_it_is_said(house: ApiHouse, ada: httpx.Client) -> None:
    run, other = a_run(house, "2026-11-01 18:00"), a_run(house, "2026-11-21 18:00")
    far = {**KNEE, "run": run, "about_utc": "2026-11-21T18:00:00Z"}
    assert "This time is not of the run of Sun 1 Nov" in problem(ada.post("symptoms", json=far), 422)
    entry = ok(ada.post("symptoms", json={**KNEE, "run": run}), 201)
    assert entry["about_local"].startswith("2026-11-01T18:")
    address = f"symptoms/{entry['id']}"
    problem(ada.put(address, json={**far, "seen": 1}), 422)
    moved = ok(ada.put(address, json={**KNEE, "run": other, "seen": 1}))
    assert moved["about_local"].startswith("2026-11-21T18:")


def test_what_has_not_come_is_refused(house: ApiHouse, ada: httpx.Client) -> None:
    run = a_run(house, "2026-11-22 18:00")
    early = {**KNEE, "moment": "next_morning", "pain": 0}
    for of in (run, None):
        said = problem(ada.post("symptoms", json={**early, "run": of}), 422)
        assert "can be answered from Mon 23 Nov, 05:00 on" in said
    entry = ok(ada.post("symptoms", json={**KNEE, "run": run}), 201)["id"]
    for of in (run, None):
        problem(ada.put(f"symptoms/{entry}", json={**early, "run": of, "seen": 1}), 422)
    assert ok(ada.get(f"symptoms/{entry}"))["version"] == 1


def test_a_refusal_is_one_plain_sentence(ada: httpx.Client) -> None:
    for said, sentence in (
        ({"id": "x"}, "“id”: this is not written as an id is."),
        (
            {"about_utc": "soon"},
            "“about_utc”: this is no moment; write it with its zone, as 2026-11-22T18:05:00+01:00.",
        ),
        ({"pain": "much"}, "“pain”: this is no whole number."),
    ):
        assert sentence in problem(ada.post("symptoms", json=KNEE | said), 422)
    assert "“limit”: this is no whole number." in problem(ada.get("runs", params={"limit": "x"}), 422)


def test_a_database_that_fails_is_not_put_down_to_who_asks(house: ApiHouse, ada: httpx.Client) -> None:
    def rename(name: str, to: str) -> None:
        with house.store.engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {name} RENAME TO {to}")

    rename("strength", "elsewhere")
    try:
        problem(ada.get("strength"), 503)
        assert httpx.get(f"{house.url}strength").status_code == 503
    finally:
        rename("elsewhere", "strength")


def test_the_course_of_a_run(house: ApiHouse, ada: httpx.Client) -> None:
    run = a_run(house)
    for moment, pain in {"before": 0, "during": 2, "at_60_min": 0, "next_morning": 0}.items():
        ok(ada.post("symptoms", json={**KNEE, "moment": moment, "pain": pain, "run": run}), 201)
    found = ok(ada.get(f"runs/{run}/symptoms"))
    assert found["status"]["colour"] == "green"
    assert [one["pain"] for one in found["courses"][0]["answers"]] == [0, 2, 0, 0]
    with house.program(ADA, "read") as other:
        problem(other.get(f"runs/{run}/symptoms"), 403)


def test_what_is_said_of_a_run_without_a_time_is_of_none_that_took_its_place(
    house: ApiHouse, ada: httpx.Client
) -> None:
    store, then, days = house.store, "2026-01-20 18:00", {"from": "2026-01-18", "to": "2026-01-22"}
    house.world.run(then, 5, ADAS_POD, anchored=False)
    session = store.undated()[0].session_id
    store.place(session, house.world.us(then))
    hip = {**KNEE, "site": "hip_left", "run": house.world.us(then)}
    stays = ok(ada.post("symptoms", json={**KNEE, "run": house.world.us(then)}), 201)
    joins = ok(ada.post("symptoms", json=hip), 201)
    store.take_back_place(session)
    store.assign(other_pod := "0c" * 8, ADA, "left", 0)
    house.world.run(then, 5, other_pod)
    (other,) = [run["id"] for run in ok(ada.get("runs", params=days))["runs"]]
    assert [one["run"] for one in ok(ada.get("symptoms", params=days))["symptoms"]] == ["undated"] * 2
    changed = ok(ada.put(f"symptoms/{stays['id']}", json={**KNEE, "pain": 3, "seen": 1}))
    assert (changed["run"], changed["about_utc"]) == ("undated", stays["about_utc"])
    assert ok(ada.get(f"runs/{other}/symptoms"))["courses"] == []
    assert ok(ada.put(f"symptoms/{joins['id']}", json={**hip, "run": other, "seen": 1}))["run"] == other
    assert [one["site"] for one in ok(ada.get(f"runs/{other}/symptoms"))["courses"]] == ["hip_left"]
    store.place(session, house.world.us("2026-01-19 18:00"))
    found = [ok(ada.get(f"symptoms/{one['id']}"))["run"] for one in (stays, joins)]
    assert found == [house.world.us("2026-01-19 18:00"), other]


@pytest.fixture(params=["dated", "undated"])
def placed(house: ApiHouse, request: pytest.FixtureRequest) -> tuple[str, int | str, int]:
    """An entry of a run that was placed by hand, what names that run to the API, and its session."""
    then, store = "2026-01-20 18:00", house.store
    house.world.run(then, 5, ADAS_POD, anchored=False)
    session = store.undated()[0].session_id
    store.place(session, house.world.us(then))
    with house.program() as ada:
        entry = ok(ada.post("symptoms", json={**KNEE, "run": house.world.us(then)}), 201)
    if request.param == "dated":
        return entry["id"], entry["run"], session
    store.take_back_place(session)
    return entry["id"], "undated", session


def test_an_entry_that_is_read_and_put_back_keeps_its_run(
    house: ApiHouse, ada: httpx.Client, placed: tuple[str, int | str, int]
) -> None:
    """Whatever becomes of the run's time meanwhile; and so does one whose run is left out."""
    entry, run, session = placed
    held = ok(ada.get(f"symptoms/{entry}"))
    assert held["run"] == run
    changed = {**held, "pain": 5, "seen": 1}
    again = [ok(ada.put(f"symptoms/{entry}", json=changed)) for _ in range(2)]
    assert again == [{**held, "pain": 5, "version": 2, "written_utc": again[0]["written_utc"]}] * 2
    house.store.place(session, now := house.world.us("2026-01-19 18:00"))
    assert ok(ada.get(f"symptoms/{entry}"))["run"] == now
    late = {name: value for name, value in again[0].items() if name not in ("run", "about_utc")}
    assert ok(ada.put(f"symptoms/{entry}", json={**late, "pain": 6, "seen": 2}))["run"] == now
    if run == "undated":
        assert ok(ada.put(f"symptoms/{entry}", json={**late, "run": run, "seen": 3}))["run"] == now


def test_what_is_sent_again_later_is_there_once(
    house: ApiHouse, ada: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a program that got no answer: what it left out was taken from the time of the first."""
    run, now = a_run(house), house.world.now
    sent = [
        {**KNEE, "moment": "other", "id": "ab" * 16},
        {**KNEE, "moment": "other", "run": run, "id": "cd" * 16},
        {**KNEE, "moment": "next_morning", "run": run, "id": "ef" * 16},
    ]
    monkeypatch.setattr(house.world, "now", lambda local: now("2026-11-22 07:00"))
    first = [ok(ada.post("symptoms", json=one), 201) for one in sent]
    monkeypatch.setattr(house.world, "now", lambda local: now("2026-11-22 07:03"))
    assert [ok(ada.post("symptoms", json=one), 201) for one in sent] == first
    assert "changed meanwhile" in problem(ada.post("symptoms", json={**sent[0], "pain": 3}), 409)


def test_what_is_put_back_as_it_was_read_is_no_new_version(house: ApiHouse, ada: httpx.Client) -> None:
    """A moment is written in milliseconds and kept in microseconds; a run's start moves when more of it comes."""
    run = a_run(house)
    house.store.diary.write(
        ADA, "ab" * 16, 0, Saying("knee_front_left", "next_morning", 1, run + 10**10 + 1, run)
    )
    house.store.assign(other_pod := "0c" * 8, ADA, "right", 0)
    house.world.run("2026-11-21 17:58", 5, other_pod)
    (moved,) = ok(ada.get("runs"))["runs"]
    assert moved["id"] < run
    for named in (run, moved["id"]):
        held = ok(ada.get(f"symptoms/{'ab' * 16}"))
        assert ok(ada.put(f"symptoms/{'ab' * 16}", json={**held, "run": named, "seen": 1})) == held
    assert len(house.store.diary.history(ADA, "ab" * 16)) == 1


def test_null_is_no_run(house: ApiHouse, ada: httpx.Client, placed: tuple[str, int | str, int]) -> None:
    """It stays so, when the run has a time again; and is no run whose time nobody knows."""
    entry, _, session = placed
    held = ok(ada.get(f"symptoms/{entry}"))
    changed = ok(ada.put(f"symptoms/{entry}", json={**held, "run": None, "seen": 1}))
    assert (changed["run"], changed["version"], changed["about_utc"]) == (None, 2, held["about_utc"])
    house.store.place(session, house.world.us("2026-01-19 18:00"))
    assert ok(ada.get(f"symptoms/{entry}"))["run"] is None
    wrong = {**changed, "run": "undated", "seen": 2}
    assert "of no run" in problem(ada.put(f"symptoms/{entry}", json=wrong), 422)
    assert "changed meanwhile" in problem(ada.put(f"symptoms/{entry}", json={**wrong, "seen": 1}), 409)
    assert ok(ada.put(f"symptoms/{entry}", json={**changed, "pain": 3, "seen": 2}))["run"] is None
    problem(ada.post("symptoms", json={**KNEE, "run": "undated"}), 422)


def test_the_plan_is_read_and_set_by_who_looked(house: ApiHouse, ada: httpx.Client) -> None:
    a_run(house)
    plan = ok(ada.get("plan"))
    assert (plan["set_by"], plan["next_run"]["outcome"], plan["ladder"]) == (None, "same", None)
    wanted = {"set_by": "physiotherapist", "next_run": {"growth_percent": 5}, "ladder": {"start_level": 3}}
    held = ok(ada.put("plan", json=wanted))
    assert (held["set_by"], held["next_run_settings"]["growth_percent"]) == ("physiotherapist", 5)
    assert (held["ladder"]["level"], held["ladder_settings"]["from_date"]) == (3, "2026-11-22")
    assert (held["next_run_set_by"], held["ladder_set_by"], held["minutes"]) == (*["physiotherapist"] * 2, 5)
    assert held["recommendation"].startswith(held["ladder"]["sentence"])
    assert "set meanwhile" in problem(ada.put("plan", json={"set_by": "runner"}), 409)
    on = held["ladder_settings"]
    apart = {"set_by": "runner", "next_run": {"growth_percent": 7}, "ladder": on, "seen": held["set_utc_us"]}
    held = ok(ada.put("plan", json={**apart, "ladder": {**on, "start_level": 2}}))
    assert (held["next_run_set_by"], held["ladder_set_by"]) == ("runner", "runner")
    again = {
        **apart,
        "set_by": "physiotherapist",
        "ladder": {**on, "start_level": 3},
        "seen": held["set_utc_us"],
    }
    held = ok(ada.put("plan", json=again))
    assert (held["next_run_set_by"], held["ladder_set_by"]) == ("runner", "physiotherapist")
    ok(ada.put("plan", json={"set_by": "runner", "seen": held["set_utc_us"]}))
    for wrong in (
        {"set_by": "nobody"},
        {"set_by": "runner", "next_run": {"growth_percent": 31}},
        {"set_by": "runner", "ladder": {"from_date": "2026-11-23"}},
        {"set_by": "runner", "ladder": {"from_date": "2025-10-17"}},
        {"set_by": "runner", "ladder": {"levels": [{"run_min": 0, "walk_min": 0}] * 2}},
        {"set_by": "runner", "ladder": {"start_level": 11}},
    ):
        problem(ada.put("plan", json=wrong), 422)


def test_a_ladder_that_is_over_is_none(house: ApiHouse, ada: httpx.Client) -> None:
    """A plan that was read while it lasted is set again all the same, with that ladder."""
    over = LadderPlan(date(2025, 10, 17), LadderSettings(start_level=3, set_by="physiotherapist"))
    set_plan(house.store, ADA, Settings(ladder=over), "physiotherapist", None)
    held = ok(ada.get("plan"))
    assert (held["ladder"], held["ladder_settings"], held["ladder_set_by"]) == (None, None, None)
    same = {"set_by": "runner", "ladder": {"from_date": "2025-10-17", "start_level": 3}}
    held = ok(ada.put("plan", json={**same, "seen": held["set_utc_us"]}))
    assert (held["set_by"], held["ladder_settings"]) == ("runner", None)
    again = {"set_by": "runner", "ladder": {"from_date": "2025-10-17"}, "seen": held["set_utc_us"]}
    assert "is over" in problem(ada.put("plan", json=again), 422)
    held = ok(ada.put("plan", json={"set_by": "runner", "seen": held["set_utc_us"]}))
    assert held["ladder_settings"] is None


def test_shoes_and_what_was_worn(house: ApiHouse, ada: httpx.Client) -> None:
    run = a_run(house)
    shoe = ok(ada.post("shoes", json={"name": "Blue", "from_date": "2026-11-01"}), 201)
    usual = {"from_utc": "2026-11-01T00:00:00Z", "shoe": shoe["id"], "surface": "road"}
    change = ok(ada.post("conditions", json=usual), 201)
    assert ok(ada.get("conditions"))["usual"] == [change]
    worn = ok(ada.put(f"runs/{run}/worn", json={"surface": "trail"}))["worn"]
    assert worn == {"shoe": shoe["id"], "mount": None, "surface": "trail"}
    renamed = ok(ada.put(f"shoes/{shoe['id']}", json={"name": "Old blue", "retired_date": "2026-11-22"}))
    assert ok(ada.get("shoes"))["shoes"] == [renamed]
    problem(ada.put(f"shoes/{shoe['id']}", json={"name": "x", "retired_date": "2026-10-01"}), 422)
    problem(ada.delete(f"shoes/{shoe['id']}"), 422)
    ok(ada.delete(f"conditions/{change['id']}"), 204)
    problem(ada.delete(f"conditions/{change['id']}"), 404)
    ok(ada.delete(f"shoes/{shoe['id']}"), 204)
    assert ok(ada.get("shoes"))["shoes"] == []


@pytest.mark.parametrize("when", ["1999-12-31", "2026-11-23"])
def test_nothing_is_worn_before_all_days_or_on_one_to_come(ada: httpx.Client, when: str) -> None:
    shoe = ok(ada.post("shoes", json={"name": "Blue", "from_date": "2000-01-01"}), 201)["id"]
    problem(ada.post("shoes", json={"name": "Grey", "from_date": when}), 422)
    problem(ada.put(f"shoes/{shoe}", json={"name": "Blue", "retired_date": when}), 422)
    problem(ada.post("conditions", json={"from_utc": f"{when}T12:00:00Z", "mount": "laces"}), 422)
    problem(ada.put("plan", json={"set_by": "runner", "ladder": {"from_date": when}}), 422)


def test_a_strength_entry_is_changed_by_who_saw_it(ada: httpx.Client, bob: httpx.Client) -> None:
    logged = {"date": "2026-11-20", "group": "calves", "sets": 3}
    made = ok(ada.post("strength", json=logged), 201)
    change = {**logged, "sets": 4, "note": "slow", "seen": made["written_utc_us"]}
    problem(bob.put(f"strength/{made['id']}", json=change), 404)
    held = ok(ada.put(f"strength/{made['id']}", json=change))
    assert (held["id"], held["sets"], held["note"]) == (made["id"], 4, "slow")
    assert ok(ada.put(f"strength/{made['id']}", json=change)) == held
    assert "changed meanwhile" in problem(ada.put(f"strength/{made['id']}", json={**change, "sets": 5}), 409)
    problem(ada.put(f"strength/{made['id']}", json={**change, "date": "2026-11-23"}), 422)
    assert ok(ada.get("strength"))["strength"] == [held]


def test_a_watchs_file_is_taken_and_tells_of_a_run(house: ApiHouse, ada: httpx.Client) -> None:
    run = a_run(house, "2026-11-22 18:00", 5)
    taken = ok(ada.post("activities", content=gpx(), params={"name": "x.gpx"}), 201)
    assert (taken["is_new"], taken["runs"]) == (True, [run])
    assert taken["sentence"].endswith("It tells of the run at 18:00.")
    assert ok(ada.get(f"runs/{run}"))["activities"] == [taken["activity"]["id"]]
    assert not ok(ada.post("activities", content=gpx()))["is_new"]
    assert ok(ada.get("activities"))["activities"] == [taken["activity"]]
    ok(ada.delete(f"activities/{taken['activity']['id']}"), 204)
    assert ok(ada.get(f"runs/{run}"))["distance_m"] is None


def test_a_file_whose_turn_does_not_come_is_to_be_sent_again(
    ada: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(data: bytes, name: str) -> None:
        raise watch_files.ReaderBusy

    monkeypatch.setattr(watch_files, "read", busy)
    assert "Send this one again" in problem(ada.post("activities", content=gpx()), 503)


def test_a_file_that_is_none_or_too_long_is_refused(ada: httpx.Client) -> None:
    assert "neither a FIT nor a GPX file" in problem(ada.post("activities", content=b"hello"), 422)
    assert "up to 16 MB" in problem(ada.post("activities", content=b"x" * 17_000_000), 413)

    def endless() -> Iterator[bytes]:
        yield from (b"x" * 1_000_000 for _ in range(20))

    assert "up to 16 MB" in problem(ada.post("activities", content=endless()), 413)
    assert "up to 256 kB" in problem(ada.post("symptoms", content=b" " * 300_000), 413)
    problem(ada.post("symptoms", content=b"{"), 422)


def test_pods_are_seen_and_set_by_who_wears_them(house: ApiHouse, bob: httpx.Client) -> None:
    pods = ok(bob.get("pods"))["pods"]
    assert [(pod["pod"], pod["runner"], pod["online"]) for pod in pods] == [(BOBS_POD, BOB, True)]
    changed = ok(bob.patch(f"pods/{BOBS_POD}/settings", json={"odr_hz": 416}))
    assert changed["settings"]["wanted"] == {"odr_hz": 416, "cue": None}
    assert changed["settings"]["status"] == "pending"
    problem(bob.patch(f"pods/{BOBS_POD}/settings", json={}), 422)
    problem(bob.patch(f"pods/{BOBS_POD}/settings", json={"odr_hz": 417}), 422)
    problem(bob.patch(f"pods/{BOBS_POD}/settings", json={"own": ["cue"]}), 422)
    taken_back = ok(bob.patch(f"pods/{BOBS_POD}/settings", json={"own": ["odr_hz"]}))
    assert taken_back["settings"]["wanted"] == {"cue": None}
    assert "out of reach" in problem(bob.post(f"pods/{BOBS_POD}/marks", json={"code": 1}), 422)
    assert ok(bob.get(f"pods/{BOBS_POD}/cue"))["target_spm"] is None
    problem(bob.put(f"pods/{BOBS_POD}/cue", json={}), 422)  # no cadence of one's own yet
    ok(bob.delete(f"pods/{BOBS_POD}/cue"))


def test_who_keeps_the_house_sees_all_pods_by_a_token_for_it(house: ApiHouse, ada: httpx.Client) -> None:
    assert [pod["pod"] for pod in ok(ada.get("pods"))["pods"]] == [ADAS_POD, BOBS_POD]
    with house.program(ADA, "read", "write") as other:
        assert [pod["pod"] for pod in ok(other.get("pods"))["pods"]] == [ADAS_POD]
        problem(other.patch(f"pods/{BOBS_POD}/settings", json={"odr_hz": 416}), 404)


def test_who_keeps_the_house_learns_nothing_of_anothers_cadence(house: ApiHouse, ada: httpx.Client) -> None:
    house.store.change_settings(BOBS_POD, cue=CueTarget(17_351), odr_hz=416)
    with house.program(BOB) as bob:
        assert ok(bob.get(f"pods/{BOBS_POD}/cue"))["target_spm"] == 173.51
        assert ok(bob.get(f"pods/{BOBS_POD}"))["settings"]["wanted"]["cue"]["target_cspm"] == 17_351
    told = ok(ada.get(f"pods/{BOBS_POD}"))
    assert told["settings"]["wanted"] == {"odr_hz": 416}
    assert told in ok(ada.get("pods"))["pods"]
    changed = ok(ada.patch(f"pods/{BOBS_POD}/settings", json={"odr_hz": 833}))
    assert changed["settings"]["wanted"] == {"odr_hz": 833}
    for method, body in (("GET", None), ("PUT", {}), ("DELETE", None)):
        problem(ada.request(method, f"pods/{BOBS_POD}/cue", json=body), 404)
    with house.program(BOB) as bob:
        assert ok(bob.get(f"pods/{BOBS_POD}/cue"))["target_spm"] == 173.51


# Another's


@pytest.fixture
def adas(house: ApiHouse, ada: httpx.Client) -> dict[str, Any]:
    """Ids of what is hers."""
    run = a_run(house)
    entry = ok(ada.post("symptoms", json={**KNEE, "run": run}), 201)["id"]
    shoe = ok(ada.post("shoes", json={"name": "Blue"}), 201)["id"]
    activity = ok(ada.post("activities", content=gpx()), 201)["activity"]["id"]
    change = ok(ada.post("conditions", json={"from_utc": "2026-11-01T00:00:00Z", "mount": "laces"}), 201)[
        "id"
    ]
    ids = {"run": run, "entry": entry, "shoe": shoe, "activity": activity, "change": change}
    return ids | {"pod": ADAS_POD}


ANOTHERS: dict[str, list[tuple[str, str, Any]]] = {
    "runs": [
        ("GET", "runs/{run}", None),
        ("PUT", "runs/{run}/worn", {}),
    ],
    "diary": [
        ("GET", "runs/{run}/symptoms", None),
        ("POST", "symptoms", {**KNEE, "run": "{run}"}),
        ("POST", "symptoms", {**KNEE, "id": "{entry}"}),
        ("GET", "symptoms/{entry}", None),
        ("PUT", "symptoms/{entry}", {**KNEE, "seen": 1}),
        ("POST", "symptoms/{entry}/retract", None),
        ("DELETE", "symptoms/{entry}", None),
        ("GET", "symptoms/{entry}/history", None),
    ],
    "shoes": [
        ("PUT", "shoes/{shoe}", {"name": "Mine"}),
        ("DELETE", "shoes/{shoe}", None),
        ("DELETE", "conditions/{change}", None),
    ],
    "activities": [
        ("GET", "activities/{activity}", None),
        ("DELETE", "activities/{activity}", None),
    ],
    "pods": [
        ("GET", "pods/{pod}", None),
        ("PATCH", "pods/{pod}/settings", {"odr_hz": 416}),
        ("POST", "pods/{pod}/marks", {}),
        ("GET", "pods/{pod}/cue", None),
        ("PUT", "pods/{pod}/cue", {}),
        ("DELETE", "pods/{pod}/cue", None),
    ],
}


@pytest.mark.parametrize("matter", ANOTHERS)
def test_anothers_is_not_there(house: ApiHouse, adas: dict[str, Any], bob: httpx.Client, matter: str) -> None:
    before = house.store.diary.everything(ADA)
    named = {"{run}": adas["run"], "{entry}": adas["entry"]}
    for method, address, body in ANOTHERS[matter]:
        sent = None if body is None else {key: named.get(str(value), value) for key, value in body.items()}
        problem(bob.request(method, address.format(**adas), json=sent), 404)
    assert house.store.diary.everything(ADA) == before
    assert house.store.diary.everything(BOB) == []
    assert house.store.wanted_settings() == []
    assert len(house.store.activities.all(ADA)) == len(house.store.conditions.shoes(ADA)) == 1


def test_anothers_shoe_is_worn_by_nobody_else(
    house: ApiHouse, adas: dict[str, Any], bob: httpx.Client
) -> None:
    usual = {"from_utc": "2026-11-01T00:00:00Z", "shoe": adas["shoe"]}
    assert "not there" in problem(bob.post("conditions", json=usual), 422)
    own = a_run(house, "2026-11-20 18:00", pod=BOBS_POD)
    problem(bob.put(f"runs/{own}/worn", json={"shoe": adas["shoe"]}), 422)


def test_lists_hold_nothing_of_anothers(adas: dict[str, Any], bob: httpx.Client) -> None:
    for matter in ("runs", "symptoms", "activities"):
        assert ok(bob.get(matter))["total"] == 0
    assert ok(bob.get("shoes")) == {"shoes": []}
    assert ok(bob.get("conditions")) == {"usual": []}
    assert ok(bob.get("plan"))["next_run"]["outcome"] == "no_baseline"


WRITING = [
    ("PUT", "notes/2026-11-20"), ("DELETE", "notes/2026-11-20"), ("POST", "symptoms"), ("PUT", "plan"),
    ("POST", "shoes"), ("POST", "conditions"), ("POST", "activities"), ("PATCH", f"pods/{ADAS_POD}/settings"),
    ("POST", f"pods/{ADAS_POD}/marks"), ("PUT", f"pods/{ADAS_POD}/cue"),
]  # fmt: skip
DIARY = [("GET", "symptoms"), ("GET", "plan"), ("GET", "symptoms/" + "ab" * 16)]


def test_a_token_of_the_wrong_scope_is_refused(house: ApiHouse) -> None:
    with house.program(ADA, "read", "diary") as reading:
        for method, address in WRITING:
            problem(reading.request(method, address, json={}), 403)
    with house.program(ADA, "read", "write") as without_diary:
        for method, address in DIARY:
            problem(without_diary.request(method, address), 403)
    with house.program(ADA, "write") as writing:  # "beside the scope that reads it"
        for method, address in WRITING:
            problem(writing.request(method, address, json={}), 403)
    with house.program(ADA, "diary") as diary:
        for address in ("days", "runs", "shoes", "activities", "pods", "notes"):
            problem(diary.get(address), 403)
