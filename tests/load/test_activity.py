"""The distance of a run, out of what a watch recorded meanwhile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.load import activity

SECOND_US = 1_000_000
# A kilometre in five minutes, a rest of one, and another kilometre.
TRACK = activity.track([0, 300 * SECOND_US, 360 * SECOND_US, 660 * SECOND_US], [0, 1000, 1000, 2000])

points = st.lists(st.tuples(st.integers(0, 10**15), st.floats(0, 1e6)), max_size=40)


@pytest.mark.parametrize(
    ("start_s", "end_s", "distance_m", "share"),
    [
        (0, 660, 2000, 1),
        (150, 660, 1500, 1),
        (300, 360, 0, 1),
        (-100, 660, 2000, 660 / 760),
        (330, 990, 1000, 0.5),
        (-660, 661, None, None),
        (700, 900, None, None),
        (100, 100, None, None),
        (200, 100, None, None),
    ],
    ids=[
        "whole",
        "from its middle",
        "a rest",
        "begun late",
        "half of it",
        "less",
        "after it",
        "empty",
        "backwards",
    ],
)
def test_within(start_s: int, end_s: int, distance_m: float | None, share: float | None) -> None:
    found = activity.within(TRACK, start_s * SECOND_US, end_s * SECOND_US)
    if distance_m is None:
        assert found is None
    else:
        assert found is not None
        assert (found.distance_m, found.share) == (pytest.approx(distance_m), pytest.approx(share))


def test_no_line() -> None:
    assert activity.within(activity.track([], []), 0, SECOND_US) is None
    assert activity.within(activity.track([5], [3]), 0, SECOND_US) is None


def test_of_two_points_at_one_moment_the_farthest_counts() -> None:
    made = activity.track([0, SECOND_US, SECOND_US], [0, 3, 4])
    assert made["distance_mm"].tolist() == [0, 4000]


@given(points)
def test_a_track_rises_and_survives_packing(some: list[tuple[int, float]]) -> None:
    made = activity.track([at for at, _ in some], [distance for _, distance in some])
    assert (made["utc_us"][1:] > made["utc_us"][:-1]).all()
    assert (made["distance_mm"][1:] >= made["distance_mm"][:-1]).all()
    assert activity.unpack(activity.pack(made)).tolist() == made.tolist()


@given(points, st.integers(0, 10**15), st.integers(0, 10**15), st.integers(0, 10**15))
def test_parts_add_up(some: list[tuple[int, float]], a: int, b: int, c: int) -> None:
    """The distance of a stretch is that of its two parts, wherever it is cut; and it is never negative."""
    low, cut, high = sorted((a, b, c))
    made = activity.track([at for at, _ in some], [distance for _, distance in some])
    whole, first, second = (activity.within(made, *ends) for ends in ((low, high), (low, cut), (cut, high)))
    if whole and first and second:
        assert whole.distance_m == pytest.approx(first.distance_m + second.distance_m, abs=0.01)
        assert min(first.distance_m, second.distance_m) >= 0


@pytest.mark.parametrize("data", [b"", b"no track", b"\x78\x9c"])
def test_what_is_no_track(data: bytes) -> None:
    with pytest.raises(ValueError, match="no track"):
        activity.unpack(data)
