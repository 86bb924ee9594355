"""A set of numbers as its ranges: a pod that declares four thousand million pages gone costs one entry."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]


class Ranges:
    """Disjoint half-open ranges [first, end), in order; neighbours are joined."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._firsts: list[int] = []
        self._ends: list[int] = []
        for first, end in ranges:
            self.add(first, end)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(zip(self._firsts, self._ends, strict=True))

    def __bool__(self) -> bool:
        return bool(self._firsts)

    @property
    def end(self) -> int:
        """One past the highest number; 0: empty."""
        return self._ends[-1] if self._ends else 0

    @property
    def frontier(self) -> int:
        """The lowest number, from 0 on, that is not in the set."""
        return self._ends[0] if self._firsts and self._firsts[0] == 0 else 0

    def add(self, first: int, end: int) -> None:
        """Put in [first, end)."""
        if first >= end:
            return
        low = bisect_left(self._ends, first)
        high = bisect_right(self._firsts, end)
        if low < high:
            first, end = min(first, self._firsts[low]), max(end, self._ends[high - 1])
        self._firsts[low:high] = [first]
        self._ends[low:high] = [end]

    def add_numbers(self, numbers: Numbers) -> None:
        """Put in numbers, (n,) and rising."""
        for first, end in runs(numbers):
            self.add(first, end)

    def remove(self, number: int) -> None:
        """Take out one number, if it is there."""
        at = bisect_right(self._firsts, number) - 1
        if at < 0 or number >= self._ends[at]:
            return
        first, end = self._firsts[at], self._ends[at]
        parts = [(a, b) for a, b in ((first, number), (number + 1, end)) if a < b]
        self._firsts[at : at + 1] = [a for a, _ in parts]
        self._ends[at : at + 1] = [b for _, b in parts]

    def missing(self, first: int, end: int) -> list[tuple[int, int]]:
        """The parts of [first, end) that are not in the set."""
        found: list[tuple[int, int]] = []
        for at in range(bisect_right(self._ends, first), len(self._firsts)):
            if self._firsts[at] >= end:
                break
            if first < self._firsts[at]:
                found.append((first, self._firsts[at]))
            first = self._ends[at]
        if first < end:
            found.append((first, end))
        return found

    def touching(self, first: int, end: int) -> list[tuple[int, int]]:
        """The ranges that overlap [first, end) or lie next to it."""
        low, high = bisect_left(self._ends, first), bisect_right(self._firsts, end)
        return list(zip(self._firsts[low:high], self._ends[low:high], strict=True))

    def has(self, numbers: Numbers) -> npt.NDArray[np.bool_]:
        """Which of these are in the set, (n,)."""
        if not self._firsts:
            return np.zeros(len(numbers), bool)
        at = np.searchsorted(np.array(self._firsts, np.int64), numbers, side="right") - 1
        return (at >= 0) & (numbers < np.array(self._ends, np.int64)[at])


def runs(numbers: Numbers) -> list[tuple[int, int]]:
    """Rising numbers, (n,), as [first, end) of each unbroken run."""
    if not len(numbers):
        return []
    breaks = np.flatnonzero(np.diff(numbers) != 1)
    firsts = numbers[np.concatenate(([0], breaks + 1))]
    ends = numbers[np.concatenate((breaks, [len(numbers) - 1]))] + 1
    return list(zip(firsts.tolist(), ends.tolist(), strict=True))
