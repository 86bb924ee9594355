"""A runner has two feet: what counts when several pods recorded at once."""

from itertools import permutations

import pytest

from strideload.load.coverage import cover
from strideload.load.intervals import total_s
from support.sessions import SECOND_US, session

START = 1_800_000_000 * SECOND_US


def part(start_s, end_s, **fields):
    return session(START + start_s * SECOND_US, 0, length_us=(end_s - start_s) * SECOND_US, **fields)


def seconds(intervals):
    return [((start - START) / 1e6, (end - START) / 1e6) for start, end in intervals]


# name, sessions, what each keeps (in the order given), where both feet count
CASES = [
    ("one pod", [part(0, 60)], [[(0, 60)]], []),
    (
        "left and right",
        [part(0, 60, foot="left"), part(10, 70, foot="right")],
        [[(0, 60)], [(10, 70)]],
        [(10, 60)],
    ),
    (
        "two pods of unknown feet are two feet",
        [part(0, 60, pod="01"), part(10, 70, pod="02")],
        [[(0, 60)], [(10, 70)]],
        [(10, 60)],
    ),
    (
        "a foot and an unknown one",
        [part(10, 70), part(0, 60, foot="right")],
        [[(10, 70)], [(0, 60)]],
        [(10, 60)],
    ),
    (
        "two pods on the left: the first holds its time",
        [part(0, 60, foot="left", pod="01"), part(10, 70, foot="left", pod="02")],
        [[(0, 60)], [(60, 70)]],
        [],
    ),
    (
        "a third pod is over",
        [part(0, 60, foot="left"), part(0, 60, foot="right"), part(50, 80)],
        [[(0, 60)], [(0, 60)], [(60, 80)]],
        [(0, 60)],
    ),
    (
        "one pod is never two feet",
        [part(0, 60, pod="01"), part(50, 70, pod="01")],
        [[(0, 60)], [(60, 70)]],
        [],
    ),
]


@pytest.mark.parametrize(
    ("sessions", "kept", "both"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_each_moment_belongs_to_two_feet_at_most(sessions, kept, both):
    coverage = cover(sessions)
    by_session = {id(s): seconds(k) for s, k in zip(coverage.sessions, coverage.kept, strict=True)}
    assert [by_session[id(s)] for s in sessions] == kept
    assert seconds(coverage.both_feet) == both


@pytest.mark.parametrize("sessions", [case[1] for case in CASES], ids=[case[0] for case in CASES])
def test_the_order_of_arrival_changes_nothing(sessions):
    assert len({str(cover(order)) for order in permutations(sessions)}) == 1


def test_of_no_session_nothing_is_covered():
    coverage = cover([])
    assert coverage.sessions == ()
    assert total_s(coverage.recorded) == 0
