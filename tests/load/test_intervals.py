"""Stretches of time are shared out without loss."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload.load.intervals import clip, contains, difference, intersection, total_s, union

interval = st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))
some = st.lists(interval, max_size=6).map(union)


def inner_moments(intervals):
    """Halves between whole numbers, so that no moment lies on an edge."""
    return {t for t in range(90) for start, end in intervals if start <= t < end}


@settings(deadline=None)
@given(st.lists(interval, max_size=6))
def test_a_union_is_sorted_disjoint_and_covers_the_same(intervals):
    merged = union(intervals)
    assert inner_moments(merged) == inner_moments(intervals)
    assert all(a[1] < b[0] for a, b in pairwise(merged))


@settings(deadline=None)
@given(some, some)
def test_intersection_and_difference_are_those_of_sets(a, b):
    assert inner_moments(intersection(a, b)) == inner_moments(a) & inner_moments(b)
    assert inner_moments(difference(a, b)) == inner_moments(a) - inner_moments(b)


@settings(deadline=None)
@given(some, some)
def test_what_is_in_both_and_what_is_in_one_is_the_whole(a, b):
    assert total_s(intersection(a, b)) + total_s(difference(a, b)) == pytest.approx(total_s(a))


@settings(deadline=None)
@given(some, st.integers(0, 80))
def test_a_cut_loses_nothing(a, cut):
    assert total_s(clip(a, 0, cut)) + total_s(clip(a, cut, 90)) == pytest.approx(total_s(a))


def test_a_gap_is_bridged_when_it_is_shorter_only():
    assert union([(0, 10), (19, 30)], gap_us=10) == [(0, 30)]
    assert union([(0, 10), (20, 30)], gap_us=10) == [(0, 10), (20, 30)]


def test_both_ends_are_within():
    assert contains([(2, 4), (6, 6)], np.array([1, 2, 4, 5, 6, 7])).tolist() == [
        False,
        True,
        True,
        False,
        True,
        False,
    ]
    assert contains([], np.array([1])).tolist() == [False]
