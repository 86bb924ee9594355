"""What is said of a day's data beside its figures."""

from datetime import date

import pytest

from strideload.load.day import summarise, to_json
from strideload.load.steps import Alive
from strideload.load.zones import day_bounds
from strideload.words import phrases, quality
from support.sessions import SECOND_US, session

SUNDAY = date(2026, 11, 22)
START, END = day_bounds(SUNDAY, lambda _: "UTC")
MORNING = START + 8 * 3600 * SECOND_US
SENSOR = session(MORNING, 100, foot="left")
SIMULATED = session(MORNING + 3600 * SECOND_US, 100, origin="simulated")

# name, sessions, alive records, words of the origin beside the date, each remark's word
DAYS = [
    ("a sensor", [SENSOR], [], [], ["Recorded", "Estimated", "No faults"]),
    (
        "a sensor, and simulated",
        [SENSOR, SIMULATED],
        [],
        [],
        ["Recorded", "Simulated", "Not added", "Estimated", "Set aside"],
    ),
    ("simulated", [SIMULATED], [], ["simulated"], ["Simulated", "Estimated", "No faults"]),
    ("a sensor on watch", [], [Alive(MORNING)], [], []),
    ("a simulated watch", [], [Alive(MORNING, origin="simulated")], ["simulated"], ["Simulated"]),
    ("nobody could watch", [], [Alive(MORNING, watching=False)], [], ["Not watched"]),
]


@pytest.mark.parametrize(
    ("sessions", "alive", "origins", "remarks"), [case[1:] for case in DAYS], ids=[case[0] for case in DAYS]
)
def test_origin_and_watch_are_said(sessions, alive, origins, remarks):
    day = to_json(summarise(SUNDAY, "UTC", START, END, sessions, alive))
    assert phrases.origins(day) == origins
    assert [remark.word for remark in quality.remarks(day, {})] == remarks


def test_what_is_not_added_is_named():
    day = to_json(summarise(SUNDAY, "UTC", START, END, [SIMULATED, SENSOR]))
    said = {remark.word: remark.text for remark in quality.remarks(day, {})}
    assert said["Not added"] == (
        "All sums are of what is marked “Recorded”; what is marked “Simulated” is listed and not added."
    )
    assert said["Set aside"].startswith("100 strides")
