"""What happens often is said seldom, and all of it."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from strideload.collect.tally import EVERY_S, LIMIT, OTHERS, Tally


class Desk:
    """A tally on a clock that is turned by hand."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.said: list[tuple[float, str, int]] = []
        self.tally = Tally(
            lambda name, count: self.said.append((self.now_s, name, count)), lambda: self.now_s
        )


def test_the_first_is_said_at_once_and_what_follows_a_minute_later_as_one() -> None:
    desk = Desk()
    desk.tally.note("a", 3)
    assert desk.said == [(1000, "a", 3)]
    for _ in range(5):
        desk.now_s += 1
        desk.tally.note("a", 2)
    assert len(desk.said) == 1
    desk.now_s = 1000 + EVERY_S
    desk.tally.tend()
    assert desk.said[1:] == [(1000 + EVERY_S, "a", 10)]
    desk.now_s += 10 * EVERY_S
    desk.tally.tend()
    desk.tally.note("a")
    assert desk.said[2:] == [(desk.now_s, "a", 1)]


def test_nothing_is_not_said() -> None:
    desk = Desk()
    desk.tally.note("a", 0)
    desk.tally.flush()
    assert desk.said == []


def test_names_without_end_are_summed_without_a_name() -> None:
    desk = Desk()
    for number in range(3 * LIMIT):
        desk.tally.note(f"pod {number}")
    desk.tally.flush()
    said: Counter[str] = Counter()
    for _, name, count in desk.said:
        said[name] += count
    assert len(said) == LIMIT + 1
    assert said[OTHERS] == 2 * LIMIT


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.floats(0, 90))))
def test_all_is_said_and_each_at_most_once_a_minute(noted: list[tuple[str, int, float]]) -> None:
    desk = Desk()
    for name, by, later_s in noted:
        desk.tally.note(name, by)
        desk.now_s += later_s
        desk.tally.tend()
    for name in "abc":
        times = [at_s for at_s, said, _ in desk.said if said == name]
        assert all(later - earlier >= EVERY_S for earlier, later in pairwise(times))
    desk.tally.flush()
    for name in "abc":
        assert sum(count for _, said, count in desk.said if said == name) == sum(
            by for noted_name, by, _ in noted if noted_name == name
        )
