"""What was cued in a run, and how much of the run was on target."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.load.cued import BAND_SHARE, WINDOW_S, on_target_share
from strideload.load.day import summarise, to_json
from strideload.load.steps import Cue, CueOutcome, Session
from strideload_pod import page
from support.sessions import SECOND_US, session, steps

START = 1_800_000_000 * SECOND_US
TARGET_CSPM = 17_000


def cue(
    second: float, outcome: CueOutcome = "given", *, target: int | None = TARGET_CSPM, run: int = 1
) -> Cue:
    return Cue(START + round(second * SECOND_US), target, 16_000, outcome, run, 100)


def rows_at(*parts: tuple[float, float]) -> np.ndarray:
    """Strides back to back: seconds at a cadence, one part after the other."""
    stride_s = np.concatenate([np.full(round(seconds * spm / 120), 120 / spm) for seconds, spm in parts])
    ends_us = np.rint(np.cumsum(stride_s) * SECOND_US).astype(np.int64)
    return steps((START + np.concatenate(([0], ends_us[:-1]))).tolist(), stride_s=stride_s.tolist())


def runs(*sessions: Session) -> list[dict]:
    return to_json(summarise(date(2027, 1, 15), "UTC", START, START + 86_400 * SECOND_US, sessions))["runs"]


def test_cues_are_counted_by_run_and_pod():
    cues = (cue(5), cue(25), cue(45, "faded"), cue(65, "failed"), cue(85, "unknown"))
    left = session(START, 400, foot="left", cues=cues)
    right = session(START, 400, foot="right", cues=(cue(30, run=5),))
    later = session(START + 3600 * SECOND_US, 100, foot="left", cues=(cue(3610, target=17_500),))
    first, second = runs(left, right, later)
    assert [
        (one["pod"], one["cues_given"], one["cues_faded"], one["cues_failed"]) for one in first["cues"]
    ] == [
        ("aa" * 8, 2, 1, 1),
        ("bb" * 8, 1, 0, 0),
    ]
    assert [one["programme_run"] for one in first["cues"]] == [1, 5]
    assert [(one["target_spm"], one["cues_given"]) for one in second["cues"]] == [(175.0, 1)]


def test_a_run_without_a_cue_says_nothing_of_them():
    assert [run["cues"] for run in runs(session(START, 400))] == [[]]


def test_cues_of_another_origin_are_not_counted():
    simulated = session(START, 400, origin="simulated", cues=(cue(5),), pod="dd" * 8)
    assert [run["cues"] for run in runs(session(START, 400), simulated)] == [[]]


@pytest.mark.parametrize(
    ("spm", "share"),
    [
        (170.0, 1.0),
        (170.0 * (1 + BAND_SHARE) - 0.01, 1.0),
        (170.0 * (1 + BAND_SHARE) + 0.01, 0.0),
        (170.0 * (1 - BAND_SHARE) + 0.01, 1.0),
        (170.0 * (1 - BAND_SHARE) - 0.01, 0.0),
    ],
)
def test_the_band_is_two_and_a_half_percent_to_either_side(spm, share):
    assert on_target_share(rows_at((120, spm)), [cue(1)]) == share


def test_the_share_is_of_the_time_after_ten_seconds_of_running():
    """A minute off the target, then one on it: the mean follows within its ten seconds."""
    share = on_target_share(rows_at((60, 150), (60, 170)), [cue(11)])
    assert share == pytest.approx((60 - 8) / (120 - WINDOW_S), abs=0.02)


def test_before_the_first_cue_its_target_holds_and_then_the_newest():
    rows = rows_at((120, 160), (120, 170))
    cues = [cue(30, target=16_000), cue(120, target=17_000)]
    assert on_target_share(rows, cues) == pytest.approx(1 - 8 / 230, abs=0.03)
    assert on_target_share(rows, list(cues[1:])) == pytest.approx(112 / 230, abs=0.03)


def broken(rows: np.ndarray, where: int, how: str) -> np.ndarray:
    rows = rows.copy()
    if how == "walk":
        rows["kind"][where] = page.STEP_KIND_WALK
    elif how == "gap":
        rows["flags"][where] = page.STEP_AFTER_GAP
    elif how == "unknown":
        rows["stride_s"][where] = np.nan
    else:
        rows["ic_utc_us"][where:] += 5 * SECOND_US
    return rows


@pytest.mark.parametrize("how", ["walk", "gap", "unknown", "pause"])
def test_what_breaks_the_running_breaks_the_mean(how):
    """Ten seconds after a break nothing is compared: nine seconds, a break and nine seconds are no ten."""
    rows = rows_at((18, 160))
    assert on_target_share(rows, [cue(1)]) == 0.0
    assert on_target_share(broken(rows, len(rows) // 2, how), [cue(1)]) is None


@pytest.mark.parametrize(
    ("rows", "cues"),
    [
        (rows_at((120, 170)), []),
        (rows_at((120, 170)), [cue(5, target=None)]),
        (rows_at((9, 170)), [cue(5)]),
        (steps([]), [cue(5)]),
        (steps([START]), [cue(5)]),
    ],
    ids=["no cue", "no target", "nine seconds", "no step", "one step"],
)
def test_what_is_not_known_is_none(rows, cues):
    assert on_target_share(rows, cues) is None


@given(
    st.lists(st.tuples(st.floats(0.3, 2.5), st.sampled_from([1, 2, 2, 2, 2])), max_size=80),
    st.lists(st.integers(12_000, 24_000), min_size=1, max_size=4),
)
def test_the_share_is_one_as_the_pod_would_count_it(strides, targets):
    """By the plain way: a list of the last strides, forgotten at each break."""
    stride_s = [stride for stride, _ in strides]
    at_s = np.concatenate(([0.0], np.cumsum(stride_s)))[: len(strides)]
    times = [START + round(second * SECOND_US) for second in at_s]
    rows = steps(times, stride_s=stride_s, kind=[kind for _, kind in strides])
    cues = [cue(20 * i, target=target) for i, target in enumerate(targets)]
    share = on_target_share(rows, cues)
    good = every = 0.0
    last: list[float] = []
    for second, (stride, kind) in zip(at_s, strides, strict=True):
        if kind != page.STEP_KIND_RUN:
            last = []
            continue
        last.append(stride)
        while sum(last[1:]) >= WINDOW_S:
            last.pop(0)
        if sum(last) < WINDOW_S:
            continue
        end_us = round((second + stride) * SECOND_US) + START
        known = [one for one in cues if one.utc_us <= end_us] or cues[:1]
        target = (known[-1].target_cspm or 0) / 100
        every += stride
        good += stride * (abs(120 * len(last) / sum(last) - target) <= BAND_SHARE * target)
    assert share == (pytest.approx(good / every, abs=1e-6) if every else None)
