"""One run's page: what it says of the run, what is said there, and whose it is."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from strideload.load.steps import Cue
from strideload.runner.runs import runs_of
from strideload.store.conditions import Worn
from strideload.store.diary import Saying
from strideload.store.ids import new_id
from strideload.store.kept import activities
from web.forms import Forms
from web.house import RUNNER, TODAY, House, a_session
from web.test_app import Page, read
from web.test_pods import send


def address(house: House, place: int = -1) -> str:
    return f"/run/{house.sessions[place].start_utc_us}"


def worn(house: House) -> str:
    """Where the form of the last run's conditions is sent."""
    return f"/run/{runs_of(house.store, RUNNER, TODAY, TODAY)[-1].name}/conditions" if house.store else ""


def test_the_day_leads_to_its_runs(house: House, client: httpx.Client) -> None:
    links = [link for link in read(client).links if link.startswith("/run/")]
    assert links == [address(house)]
    assert "41 min running" in read(client, links[0]).text


def test_a_run_over_midnight_is_one_run_from_either_day(house: House, client: httpx.Client) -> None:
    house.sessions.pop()
    house.sessions.append(a_session(TODAY - timedelta(days=1), 60, at="23:30"))
    links = [
        [link for link in read(client, page).links if link.startswith("/run/")]
        for page in (f"/?date={TODAY - timedelta(days=1)}", "/")
    ]
    pages = [read(client, found[-1]).text for found in links]
    assert all("1 h running" in page.replace("\N{NO-BREAK SPACE}", " ") for page in pages)
    assert all("Saturday 21 November 2026, 23:30 to 00:30" in page for page in pages)


def test_it_is_set_beside_the_longest_by_each_measure_with_band_source_and_caveat(
    house: House, client: httpx.Client
) -> None:
    seen = read(client, address(house)).text
    assert "Running time. 7 % shorter than your longest known run in 30 days." in seen
    assert "Steps. 7 % fewer steps than in your known run with the most in 30 days." in seen
    assert "Distance. The distance of this run is not known." in seen
    assert "The study was on distance; on running time this is unvalidated." in seen
    assert "Schuster Brandt Frandsen, BJSM 2025" in seen
    assert "not causal" in seen


def test_each_plot_has_a_table_and_a_text(house: House, client: httpx.Client) -> None:
    seen = read(client, address(house))
    plots = [found for _, found in seen.tags if "data-plot" in found]
    assert [found["aria-label"] for found in plots] == [
        "Cadence over the run",
        "Peak impact over the run",
        "Contact time over the run",
        "Impacts by their peak",
    ]
    assert {"course-table", "bins-table"} <= set(seen.ids)
    assert re.search(r"0 min running 1[67]\d \d\.\d 2\d\d 1 min running", seen.text)


def test_impacts_are_counted_by_the_edges_that_are_asked_for(house: House, client: httpx.Client) -> None:
    seen = read(client, f"{address(house)}?edges=0,6,21")
    assert [seen.text.count(f"{name}") > 0 for name in ("0 to 6 g", "6 to 21 g", "21 g and more")] == [
        True
    ] * 3
    answer = client.get(f"{address(house)}?edges=6,0")
    assert answer.status_code == 422
    assert "Each edge is higher than the one before." in Page(answer.text).text


def test_left_and_right_are_compared_where_two_pods_recorded(house: House, client: httpx.Client) -> None:
    assert "It takes a pod on each foot." in read(client, address(house)).text
    house.sessions.append(a_session(TODAY, 41, foot="right", pod="00" * 8))
    seen = read(client, address(house)).text
    assert "Right beside left, in running asymmetry balance" in seen
    assert "(estimated)" not in seen.split("In figures")[0].split("Beside your longest")[0]


def test_a_cue_with_its_target_band_and_stage(house: House, client: httpx.Client) -> None:
    run = house.sessions[-1]
    cue = Cue(run.start_utc_us + 60_000_000, 17_000, 16_000, "given", 5, 75)
    house.sessions[-1] = replace(run, cues=(cue,))
    seen = read(client, address(house))
    assert "Cue at 170.0 steps/min (run 5, cues in 75 %): 1 given; within 2.5 % of it for" in seen.text
    assert '"band": [165.75, 174.25]' in str(
        next(
            found["data-plot"] for _, found in seen.tags if found.get("aria-label") == "Cadence over the run"
        )
    )


def test_faults_gaps_and_clipping_are_said(house: House, client: httpx.Client) -> None:
    run = house.sessions.pop()
    at_us = run.start_utc_us + 90_000_000
    house.sessions.append(
        a_session(TODAY, 41, flags=1, faults={"bus_errors": 2}, gaps=((at_us, 2_000_000),), pages_lost=1)
    )
    seen = read(client, address(house)).text
    for said in ("Missing. 1 gap, 2.0 s in all", "(bus_errors: 2)", "Clipped. 100", "Lost. 1 page"):
        assert said in seen


def test_distance_pace_and_ascent_in_the_runners_units(house: House, client: httpx.Client) -> None:
    store, run = house.store, house.sessions[-1]
    assert store
    row: dict[str, Any] = {
        "runner": RUNNER, "content": "c", "name": "run.gpx", "start_utc_us": run.start_utc_us,
        "end_utc_us": run.end_utc_us, "distance_m": 8046.72, "ascent_m": 120.0, "descent_m": None, "track": b"",
        "imported_utc_us": 0,
    }  # fmt: skip
    with store.engine.begin() as connection:
        connection.execute(activities.insert(), [row])
    seen = read(client, address(house)).text
    assert "Distance 8.05 km Pace 5:06 a km Ascent 120 m" in seen
    store.accounts.set_units(RUNNER, "miles")
    try:
        assert "Distance 5.00 mi Pace 8:12 a mile Ascent 394 ft" in read(client, address(house)).text
    finally:
        store.accounts.set_units(RUNNER, "km")


def test_its_symptoms_stand_with_it(house: House, client: httpx.Client) -> None:
    assert house.store
    start = house.sessions[-1].start_utc_us
    saying = Saying("knee_front_left", "during", 2, start + 1, start)
    house.store.diary.write(RUNNER, new_id(), 0, saying, start + 10**10)
    seen = read(client, address(house)).text
    assert re.search(r"Front of the left knee .*during.* 2", seen)


def test_conditions_are_said_there_and_hold_for_this_run_alone(house: House, client: httpx.Client) -> None:
    store, page = house.store, address(house)
    assert store
    blue = store.conditions.add_shoe(RUNNER, "Blue", TODAY - timedelta(days=60))
    start = house.sessions[-2].start_utc_us
    store.conditions.set_usual(RUNNER, start - 1, Worn(blue.id, "laces", None))
    assert (
        "Shoe Blue, as usual Pod's mount on the laces, as usual Surface not noted" in read(client, page).text
    )
    answer = send(client, page, worn(house), shoe="", mount="ankle", surface="trail")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}#worn")
    assert "Shoe Blue, as usual Pod's mount at the ankle Surface trail" in read(client, page).text
    assert "Pod's mount on the laces, as usual" in read(client, address(house, -2)).text


def test_conditions_of_a_run_whose_start_has_moved_are_changed_and_not_doubled(
    house: House, client: httpx.Client
) -> None:
    """Noted when only a later part of the run had come."""
    store, run = house.store, house.sessions[-1]
    assert store
    store.conditions.set_run(RUNNER, run.start_utc_us + 60_000_000, Worn(surface="track"))
    page = address(house)
    assert "Surface track" in read(client, page).text
    send(client, page, worn(house), surface="grass")
    assert "Surface grass" in read(client, page).text
    assert len(store.conditions.of_runs(RUNNER, 0, 2**62)) == 1


@pytest.mark.parametrize(
    ("fields", "status"), [({"mount": "hat"}, 422), ({"surface": "lava"}, 422), ({"shoe": "00" * 8}, 404)]
)
def test_wrong_conditions_are_refused(
    house: House, client: httpx.Client, fields: dict[str, str], status: int
) -> None:
    assert send(client, address(house), worn(house), **fields).status_code == status
    assert house.store
    assert house.store.conditions.of_runs(RUNNER, 0, 2**62) == {}


def test_conditions_that_are_refused_stand_in_their_form_beside_the_reason(
    house: House, client: httpx.Client
) -> None:
    """The pair was deleted meanwhile, on another page."""
    answer = send(client, address(house), worn(house), shoe="00" * 8, mount="ankle", surface="trail")
    forms = Forms(answer.text)
    assert [said for said in forms.alerts if "This pair of shoes is not there." in said]
    assert [forms.standing[worn(house)][name] for name in ("mount", "surface")] == [["ankle"], ["trail"]]


@pytest.mark.parametrize("start", ["0", "-1", "soon", "1795000000000000", "9" * 18, "9" * 40, "²"])
def test_a_run_that_is_not_there(client: httpx.Client, start: str) -> None:
    answer = client.get(f"/run/{start}")
    assert answer.status_code == 404
    assert "There is no such run of yours." in Page(answer.text).text
