"""The terminal says a day in a sentence and aligned figures."""

import io
import re
from datetime import date

import pytest
from rich.console import Console

from strideload.load.day import summarise
from strideload.load.steps import Alive, Cue, Mark
from strideload.load.zones import day_bounds
from strideload.report_day import show
from strideload_pod import page
from support.sessions import SECOND_US, session

SUNDAY = date(2026, 11, 22)
MIDNIGHT, NEXT_MIDNIGHT = day_bounds(SUNDAY, lambda _: "Europe/Berlin")
MORNING = MIDNIGHT + 8 * 3600 * SECOND_US


def shown(*sessions, terminal=False, alive=(), note=None, width=100, marks=()):
    day = summarise(SUNDAY, "Europe/Berlin", MIDNIGHT, NEXT_MIDNIGHT, sessions, alive, note, marks=marks)
    out = io.StringIO()
    show(day, Console(file=out, force_terminal=terminal, width=width, highlight=False))
    return out.getvalue().replace("\u202f", " ")


def test_a_day_of_one_pod():
    text = shown(session(MORNING, 3000, foot="left"))
    lines = text.splitlines()
    assert lines[0] == "Sunday 22 November 2026 · Europe/Berlin"
    assert lines[1] == "36 min running, 6 000 steps (estimated)."
    assert re.search(r"08:00 +08:36 +36 min +0 s +36 min +6 000 +167 /min +54 000 g", text)
    assert re.search(r"Cumulative impact +27 000 +54 000 +g", text)
    assert re.search(r"Contact time +240 +ms", text)
    assert "None" not in text
    assert "nan" not in text


def test_columns_are_aligned():
    text = shown(session(MORNING, 3000, foot="left"), session(MORNING, 3000, foot="right", peak_g=11.0))
    lines = text.splitlines()
    at = lines.index("Impact load")
    header, *rows = lines[at + 1 : at + 5]
    right_edges = [{match.end() for match in re.finditer(r"\S+(?: \S+)*", row)} for row in (header, *rows)]
    assert header.split() == ["left", "right", "both"]
    assert all(right_edges[0] <= edges for edges in right_edges[1:])


def test_no_name_is_broken_over_lines():
    lines = shown(session(MORNING, 3000), width=80).splitlines()
    assert any(line.strip().startswith("21 g and more") for line in lines)


def test_colour_is_for_terminals_only():
    one = session(MORNING, 300)
    assert "\x1b[" in shown(one, terminal=True)
    assert "\x1b[" not in shown(one)


@pytest.mark.parametrize(
    ("there", "sentence", "reason"),
    [
        ({}, "Not known.", "No pod reported and nothing was noted."),
        (
            {"alive": [Alive(MORNING)]},
            "No run; the pod was on watch.",
            "A pod was on watch and recorded no session.",
        ),
        ({"note": "rest"}, "A rest day.", "The runner noted a rest day."),
        ({"note": "ran_without"}, "A run without the pod; how much is not known.", "The runner noted a run"),
    ],
)
def test_a_day_without_a_session_says_why(there, sentence, reason):
    lines = shown(**there).splitlines()
    assert lines[1] == sentence
    assert lines[2].startswith(reason)
    assert len(lines) == 3


def test_what_is_wrong_with_the_data_is_said():
    text = shown(
        session(
            MORNING,
            100,
            origin="simulated",
            faults={"fifo_overruns": 3},
            pages_lost=2,
            gaps=((MORNING, SECOND_US),),
            flags=page.STEP_CLIPPED | page.STEP_PEAK_UNRELIABLE,
        )
    )
    assert "· simulated" in text.splitlines()[0]
    for word in ("Simulated", "Estimated", "Missing", "Lost", "Clipped", "Peaks marked", "fifo_overruns: 3"):
        assert word in text


def test_cues_and_marks_have_their_lines():
    cues = (
        Cue(MORNING + 30 * SECOND_US, 17_250, 16_600, "given", 1, 100),
        Cue(MORNING + 60 * SECOND_US, 17_250, 16_600, "failed", 1, 100),
    )
    unknown = Cue(MORNING + 7_200 * SECOND_US, None, None, "given", None, None)
    marks = [
        Mark(MORNING + 61 * SECOND_US, "aa" * 8, "button", 1),
        Mark(MORNING + 62 * SECOND_US, "aa" * 8, "host", 7, "simulated"),
    ]
    later = session(MORNING + 7_200 * SECOND_US, 5, cues=(unknown,))
    text = shown(session(MORNING, 3000, cues=cues), later, marks=marks, width=160)
    assert (
        "08:00  cue at 172.5 steps/min (run 1, cues in 100 %): 1 given, 1 that the motor did not give; "
        "within 2.5 % of it for 0 % of the time" in text
    )
    lines = [line.strip() for line in text.splitlines()]
    assert "10:00  cue at a target that is not known: 1 given" in lines
    assert "08:01:01 by the button, code 1" in lines
    assert "08:01:02 by the host, code 7 (simulated)" in lines
    assert "Cadence cue" not in shown(session(MORNING, 3000))


def test_a_narrow_terminal_still_shows_every_figure():
    text = shown(session(MORNING, 3000, foot="left"), width=60)
    assert max(map(len, text.splitlines())) <= 60
    assert "27 000" in text
