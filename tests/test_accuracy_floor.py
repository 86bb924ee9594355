"""No figure falls below the recorded one: a quick subset of `./run bench accuracy`, by this Python."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from accuracy import document, floor, peers, table
from accuracy.detection import Steps
from accuracy.figures import Case, Row, Truth, cadence_errors, f1, pairs, score
from accuracy.turned import random_rotation
from support import tools


def held(rows: Sequence[Row], about: str) -> None:
    before = {key: row for key, row in floor.recorded().items() if str(row["set"]).startswith(about)}
    now = {floor.key(row): row for row in rows if str(row["set"]).startswith(about)}
    assert set(now) == set(before), "sets were added or left out: ./run bench accuracy --record-floor"
    worse = {key: floor.fallen(now[key], before[key]) for key in before}
    assert not {key: words for key, words in worse.items() if words}


def test_simulated_figures_do_not_fall() -> None:
    held([*floor.simulated_rows()], "simulated")


def test_figures_on_real_recordings_do_not_fall() -> None:
    held([*floor.real_rows(tools.recordings())], "real")


@pytest.mark.parametrize(
    ("name", "old", "new", "falls"),
    [
        ("f1_25ms", 0.99, 0.985, True),
        ("f1_25ms", 0.99, 0.989, False),
        ("f1_25ms", 0.99, None, True),
        ("ic_bias_ms", -2.0, 2.1, False),
        ("ic_bias_ms", -2.0, 2.5, True),
        ("to_within_robust_sd_ms", 4.0, 5.0, True),
        ("to_within_robust_sd_ms", 4.0, 1.0, False),
        ("false_per_hour", 0.0, 60.0, True),
        ("found", 5, 4, False),
    ],
)
def test_what_falls_and_what_does_not(name: str, old: float, new: float | None, falls: bool) -> None:
    assert bool(floor.fallen({name: new}, {name: old})) == falls


def steps(ic_s: Sequence[float], contact_s: float = math.nan, peak_g: float = math.nan) -> Steps:
    n = len(ic_s)
    stride_s = np.append(np.diff(ic_s), np.nan)
    return Steps(np.array(ic_s), np.full(n, contact_s), stride_s, np.full(n, peak_g), np.full(n, 2))


def truth(ic_s: Sequence[float], contact_s: float, peak_g: float) -> Truth:
    at = np.array(ic_s, float)
    return Truth(at, at + contact_s, np.full(len(at), peak_g), np.full(len(at), 2, np.uint8))


@pytest.mark.parametrize(
    ("found", "true", "hits"),
    [
        ([], [1.0], 0),
        ([1.0], [], 0),
        ([1.02], [1.0], 1),
        ([1.06], [1.0], 0),
        ([0.99, 1.01], [1.0], 1),
        ([1.0, 2.0, 3.0], [1.01, 3.01], 2),
        ([1.0, 1.8], [1.01, 1.79, 2.5], 2),
    ],
)
def test_each_found_and_each_true_contact_counts_once(
    found: list[float], true: list[float], hits: int
) -> None:
    assert len(pairs(np.array(found), np.array(true), 0.05)) == hits


def test_f1_is_over_all_recordings_together() -> None:
    one = (np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    other = (np.array([1.0]), np.array([5.0]))
    assert f1([one, other], 0.025) == pytest.approx(4 / 6)
    assert f1([(np.array([]), np.array([]))], 0.025) is None


def test_bias_and_spread_are_those_that_were_put_in() -> None:
    true = np.arange(1, 200) * 0.7
    off = np.where(np.arange(len(true)) % 2, 0.006, 0.0)
    found = steps((true + off).tolist(), contact_s=0.25, peak_g=9.0)
    row = score([Case(found, truth(true.tolist(), 0.24, 10.0), 140.0)])
    assert row["f1_25ms"] == 1
    assert row["ic_sd_ms"] == pytest.approx(3.0, abs=0.05)
    assert row["contact_bias_ms"] == pytest.approx(10.0)
    assert row["to_sd_ms"] == pytest.approx(3.0, abs=0.05)
    assert row["peak_bias_pct"] == pytest.approx(-10.0)
    assert row["kind_right"] == 1


def test_cadence_is_judged_where_the_pace_is_steady() -> None:
    """A window with a stop is left out; a window whose steps lack is off without bound."""
    true = np.concatenate([np.arange(0.5, 20, 0.7), np.arange(40.5, 60, 0.7)])
    errors = cadence_errors(steps(true[true < 50].tolist()), truth(true.tolist(), 0.25, 9.0), 60.0)
    assert np.abs(errors[:2]).max() < 1e-9
    assert np.isinf(errors[2])
    assert len(errors) == 3


@pytest.mark.parametrize("stride_s", [0.62, 0.707, 0.85])
def test_autocorrelation_finds_a_stride_within_a_hundredth_of_its_sample(stride_s: float) -> None:
    t = np.arange(1000) / 100
    length = 1 + np.cos(2 * np.pi * t / stride_s) + 0.5 * np.cos(4 * np.pi * t / stride_s)
    acc_g = np.stack([np.zeros(1000), np.zeros(1000), length], axis=1)
    assert peers.stride_by_autocorrelation_s(acc_g, 100.0, 0.6, 1.0) == pytest.approx(stride_s, abs=0.002)
    assert math.isnan(peers.stride_by_autocorrelation_s(np.ones((1000, 3)), 100.0, 0.6, 1.0))


def test_a_random_mounting_is_a_rotation() -> None:
    turn = random_rotation(np.random.default_rng(1))
    assert turn @ turn.T == pytest.approx(np.eye(3))
    assert np.linalg.det(turn) == pytest.approx(1)


def test_the_table_says_every_row_once() -> None:
    rows: list[Row] = [
        {"set": "a", "f1_50ms": 0.5, "f1_25ms": 0.25, "gyro": True},
        {"set": "b", "f1_50ms": 0.5, "peer": "p"},
        {"set": "c", "false_per_hour": 1.5, "found": 3, "hours": 2.0},
        {"set": "d", "skipped": "not there"},
        {"set": "e", "strides_a_minute": 85.0},
    ]
    told = table.markdown(rows)
    assert [told.count(f"| {name} |") for name in "abcde"] == [1] * 5
    assert "| 0.250 |" in told
    assert "| yes |" in told
    assert "not there" in table.text(rows)


def test_the_document_holds_the_recorded_table() -> None:
    """docs/validation.md and table.json come from one run: ./run bench accuracy --document."""
    assert document.replaced(document.PAGE.read_text(), "table", document.told()) == document.PAGE.read_text()


def test_a_page_without_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="likeness"):
        document.replaced("# Validation", "likeness", "x")
