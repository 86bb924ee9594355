"""Stretches of time as sorted, disjoint, closed (start, end) pairs of microseconds; a day has few of them."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Interval = tuple[int, int]
Intervals = list[Interval]


def union(intervals: Iterable[Interval], gap_us: int = 0) -> Intervals:
    """Merge intervals that overlap or touch, or lie less than `gap_us` apart. [] of nothing."""
    merged: Intervals = []
    for start, end in sorted(intervals):
        if merged and (start <= merged[-1][1] or start - merged[-1][1] < gap_us):
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def intersection(a: Intervals, b: Intervals) -> Intervals:
    """What lies in both; a shared point alone is no stretch of time."""
    shared = ((max(s, t), min(e, f)) for s, e in a for t, f in b)
    return union((start, end) for start, end in shared if start < end)


def difference(a: Intervals, b: Intervals) -> Intervals:
    """What of `a` is not in `b`; a lone moment of `a` stays unless it lies within `b`."""
    rest = a
    for start, end in b:
        rest = [piece for interval in rest for piece in _without(interval, start, end)]
    return rest


def _without(interval: Interval, start: int, end: int) -> Intervals:
    first, last = interval
    if last < start or end < first or (first < last and (last == start or first == end)):
        return [interval]
    return [piece for piece in ((first, start), (end, last)) if piece[0] < piece[1]]


def clip(intervals: Intervals, start: int, end: int) -> Intervals:
    """The part within [start, end); what only ends at `start` is not in it."""
    return [(max(s, start), min(e, end)) for s, e in intervals if touches(s, e, start, end)]


def touches(first: int, last: int, start: int, end: int) -> bool:
    """Whether something of [first, last] lies in [start, end), or all of it if it is a lone moment."""
    return first < end and (last > start or first >= start)


def total_s(intervals: Intervals) -> float:
    """Seconds that the intervals last; 0.0 of none."""
    return sum(end - start for start, end in intervals) / 1e6


def contains(intervals: Intervals, moments: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which moments, shape (n,), lie within; both ends count."""
    if not intervals:
        return np.zeros(len(moments), np.bool_)
    edges = np.array(intervals, np.int64)
    place = np.searchsorted(edges[:, 0], moments, side="right") - 1
    return (place >= 0) & (moments <= edges[place, 1])
