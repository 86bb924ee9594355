"""Ranges are a set of numbers, whatever is put in and taken out."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from strideload.store.ranges import Ranges, runs

SMALL = st.integers(0, 40)


@given(st.lists(st.tuples(st.sampled_from(["add", "remove"]), SMALL, SMALL)))
def test_ranges_are_a_set(steps: list[tuple[str, int, int]]) -> None:
    """Membership, frontier, end and what is missing agree with Python's own set after any changes."""
    ranges, numbers = Ranges(), set[int]()
    for what, first, end in steps:
        if what == "add":
            ranges.add(first, end)
            numbers |= set(range(first, end))
        else:
            ranges.remove(first)
            numbers.discard(first)
    everything = np.arange(45)
    assert set(everything[ranges.has(everything)].tolist()) == numbers
    assert ranges.end == max(numbers, default=-1) + 1
    assert ranges.frontier == min(set(range(45)) - numbers)
    assert bool(ranges) == bool(numbers)
    listed = list(ranges)
    assert all(a < b for a, b in listed)
    assert all(left[1] < right[0] for left, right in pairwise(listed))
    gaps = [n for first, end in ranges.missing(5, 30) for n in range(first, end)]
    assert gaps == [n for n in range(5, 30) if n not in numbers]


@given(st.sets(SMALL))
def test_runs(numbers: set[int]) -> None:
    """Runs cover exactly the numbers, and none of them could be joined."""
    found = runs(np.array(sorted(numbers), np.int64))
    assert [n for first, end in found for n in range(first, end)] == sorted(numbers)
    assert all(left[1] < right[0] for left, right in pairwise(found))


def test_four_thousand_million_numbers_cost_nothing() -> None:
    ranges = Ranges([(10, 2**32)])
    ranges.remove(2**31)
    assert list(ranges) == [(10, 2**31), (2**31 + 1, 2**32)]
