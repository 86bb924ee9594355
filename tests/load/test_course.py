"""A run stretch by stretch, and the edges by which its impacts are counted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.load.course import course, stretch_s
from strideload.load.histogram import MOST_EDGES, SHOE_EDGES_G, EdgesInvalid, edges_of
from strideload.load.steps import STEP, Foot, Session
from strideload_pod import page

START_US = 1_795_000_000_000_000
SECOND_US = 1_000_000


def session(
    minutes: float,
    *,
    from_s: float = 0.0,
    stride_s: float = 0.75,
    kind: int = page.STEP_KIND_RUN,
    foot: Foot = "left",
    **more: object,
) -> Session:
    n = round(minutes * 60 / stride_s)
    steps = np.zeros(n, STEP)
    steps["ic_utc_us"] = START_US + (from_s + np.arange(n) * stride_s) * SECOND_US
    steps["stride_s"], steps["contact_s"], steps["peak_g"], steps["kind"] = stride_s, 0.25, 10.0, kind
    start = START_US + round(from_s * SECOND_US)
    return Session(
        session_id=start + len(foot), pod=foot, foot=foot, start_utc_us=start,
        end_utc_us=start + round(minutes * 60 * SECOND_US), odr_hz=833, acc_range_g=32, chip="LSM6DSO32",
        origin="sensor", resampled=False, open=False, steps=steps, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_each_minute_has_its_medians() -> None:
    walk = session(2, stride_s=1.2, kind=page.STEP_KIND_WALK)
    run = session(3, from_s=120)
    found = course([walk, run], START_US, run.end_utc_us)
    assert [one.from_s for one in found] == [0, 60, 120, 180, 240]
    assert [one.cadence_spm for one in found] == pytest.approx([100, 100, 160, 160, 160])
    assert [one.moves for one in found] == ["walking", "walking", "running", "running", "running"]
    assert [one.strides for one in found] == [50, 50, 80, 80, 80]
    assert (found[-1].contact_s, found[-1].peak_g) == (0.25, 10.0)


def test_a_minute_without_a_stride_is_not_known_and_not_zero() -> None:
    found = course([session(1), session(1, from_s=180)], START_US, START_US + 240 * SECOND_US)
    assert [one.cadence_spm for one in found] == [160.0, None, None, 160.0]
    assert [one.moves for one in found][1:3] == [None, None]


def test_what_is_missing_and_clipped_stands_in_its_minute() -> None:
    run = session(
        3, gaps=((START_US + 70 * SECOND_US, 4 * SECOND_US), (START_US + 119 * SECOND_US, 3 * SECOND_US))
    )
    run.steps["flags"][:5] = page.STEP_CLIPPED
    found = course([run], START_US, run.end_utc_us)
    assert [one.missing_s for one in found] == [0.0, 5.0, 2.0]
    assert [one.clipped for one in found] == [5, 0, 0]


def test_two_pods_are_one_run_and_no_stride_is_counted_in_two_minutes() -> None:
    feet = [session(5), session(5, foot="right", from_s=0.3)]
    found = course(feet, START_US, feet[1].end_utc_us)
    assert sum(one.strides for one in found) == sum(len(foot.steps) for foot in feet)


def test_a_stride_that_begins_as_the_run_ends_is_of_its_last_minute() -> None:
    (only,) = course([session(2)], START_US, START_US + 60 * SECOND_US)
    assert only.strides == 81


def test_nothing_recorded_is_one_stretch_of_nothing() -> None:
    (only,) = course([session(0)], START_US, START_US)
    assert (only.strides, only.cadence_spm, only.moves) == (0, None, None)


@pytest.mark.parametrize(("hours", "seconds"), [(0, 60), (4, 60), (4.01, 120), (96, 1440)])
def test_a_long_run_is_divided_into_longer_stretches(hours: float, seconds: int) -> None:
    assert stretch_s(hours * 3600) == seconds


@given(st.floats(0, 96 * 3600))
def test_a_run_never_has_more_stretches_than_a_plot_can_show(duration_s: float) -> None:
    assert duration_s / stretch_s(duration_s) <= 240


@pytest.mark.parametrize(
    ("written", "edges"),
    [("0, 6, 21", (0.0, 6.0, 21.0)), ("0;6; 21", (0.0, 6.0, 21.0)), ("7.5", (7.5,)), (" 0 ,2,", (0.0, 2.0))],
)
def test_edges(written: str, edges: tuple[float, ...]) -> None:
    assert edges_of(written) == edges


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "1 to 40 edges"),
        (", ,", "1 to 40 edges"),
        (",".join(map(str, range(MOST_EDGES + 1))), "1 to 40 edges"),
        ("six", "numbers in g"),
        ("0, nan", "0 to 200 g"),
        ("0, inf", "0 to 200 g"),
        ("-1, 6", "0 to 200 g"),
        ("0, 201", "0 to 200 g"),
        ("0, 6, 6", "higher than the one before"),
        ("6, 0", "higher than the one before"),
    ],
)
def test_wrong_edges_are_refused(written: str, said: str) -> None:
    with pytest.raises(EdgesInvalid, match=said):
        edges_of(written)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=MOST_EDGES, unique=True).map(sorted))
def test_what_is_written_is_read_again(edges: list[int]) -> None:
    assert edges_of(", ".join(map(str, edges))) == tuple(map(float, edges))


def test_the_shoes_own_edges_may_be_written() -> None:
    assert edges_of(", ".join(f"{edge:g}" for edge in SHOE_EDGES_G)) == SHOE_EDGES_G
