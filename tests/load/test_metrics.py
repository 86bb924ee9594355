"""Every figure is defined, in the program and in the document, and the two say the same."""

from datetime import date
from pathlib import Path

import pytest

from strideload.load.day import summarise, to_json
from strideload.load.formulas import LONGEST_STRIDE_S, SHORTEST_STRIDE_S
from strideload.load.gait import DEFAULTS
from strideload.load.metrics import EVERY_METRIC, METRICS
from strideload.load.plan import MISSED_S
from strideload.load.runs import PAUSE_US, RUN_GAP_US
from strideload.load.steps import Cue, Mark
from support.sessions import SECOND_US, session

DOCUMENT = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
NOT_A_METRIC = {
    # names, instants and settings
    *(
        "date",
        "zone",
        "reason",
        "note",
        "origins",
        "origin",
        "steps_basis",
        "session_id",
        "pod",
        "foot",
        "chip",
    ),
    *("start_utc", "start_local", "end_utc", "end_local", "odr_hz", "acc_range_g", "resampled", "open"),
    *("began_before", "goes_on", "reference_g", "exponent", "bin_edges_g", "from_g", "to_g", "impacts"),
    # groups, and the two sides of a comparison
    *(
        "together",
        "left",
        "right",
        "unknown",
        "running",
        "walking",
        "uncertain",
        "asymmetry",
        "runs",
        "sessions",
    ),
    "parameters",
    # cues of a run, and marks
    *("cues", "marks", "at_utc", "at_local", "source", "code"),
}


def rows():
    lines = [line for line in DOCUMENT.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return {row[0].strip("` "): row for row in cells if len(row) == 6}


@pytest.mark.parametrize("metric", EVERY_METRIC, ids=lambda metric: metric.id)
def test_the_document_says_what_the_program_says(metric):
    row = [cell.rstrip(" |") for cell in rows()[metric.id]]
    assert row[1:] == [metric.name, metric.unit or "-", metric.definition, metric.source, metric.caveat]


def test_the_document_defines_nothing_else():
    ids = [metric.id for metric in EVERY_METRIC]
    assert list(rows()) == ids
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("metric", EVERY_METRIC, ids=lambda metric: metric.id)
def test_a_metric_says_all_and_promises_nothing(metric):
    text = " ".join((metric.name, metric.definition, metric.source, metric.caveat))
    assert all((metric.name, metric.definition, metric.source, metric.caveat))
    assert not {"risk", "safe", "score", "injury", "prevent"} & set(text.lower().replace(",", " ").split())


def test_the_plans_minutes_are_rounded_as_it_rounds_them():
    (minutes,) = [metric for metric in EVERY_METRIC if metric.id == "next_run_min"]
    assert f"a run that lacks {MISSED_S} s or less of a whole minute" in minutes.definition


def full_day():
    start = 1_800_000_000 * SECOND_US
    cues = (Cue(start + SECOND_US, 17_250, 16_480, "given", 1, 100),)
    both = [session(start, 50, foot=foot, faults={"bus_errors": 1}, cues=cues) for foot in ("left", "right")]
    marks = [Mark(start, "aa" * 8, "button", 1)]
    return to_json(summarise(date(2027, 1, 15), "UTC", start, start + 86_400 * SECOND_US, both, marks=marks))


def keys(value, inside=""):
    if isinstance(value, list):
        return set().union(*(keys(item) for item in value))
    if isinstance(value, dict) and inside != "faults":
        return set(value).union(*(keys(item, name) for name, item in value.items()))
    return set()


def test_every_figure_of_the_json_is_a_metric_and_every_metric_is_there():
    assert keys(full_day()) - NOT_A_METRIC == {metric.id for metric in METRICS}


@pytest.mark.parametrize("key", sorted(keys(full_day())))
def test_every_key_of_the_json_is_in_the_document(key):
    assert f"`{key}`" in DOCUMENT.split("## The day as JSON")[1]


def test_the_document_has_the_constants_of_the_program():
    assert (SHORTEST_STRIDE_S, LONGEST_STRIDE_S) == (0.3, 2.5)
    assert "less than 0.3 s or more than 2.5 s" in DOCUMENT
    assert (RUN_GAP_US, PAUSE_US) == (15 * 60 * SECOND_US, 3 * SECOND_US)
    assert "less than 15 minutes between them" in DOCUMENT
    assert "at most 3 s between two" in DOCUMENT
    assert (DEFAULTS.reference_g, DEFAULTS.exponent, DEFAULTS.bin_edges_g) == (10, 4, (0, 6, 21))
    assert "(p / 10 g)^4" in DOCUMENT
    assert "The edges 0, 6 and 21 g" in DOCUMENT
