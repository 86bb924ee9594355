"""Which contacts count when several pods recorded at the same time, and for how many steps.

A runner has two feet. At any moment at most one pod stands for the left foot, one for the right, and two in
all; samples of different origin (a sensor's, a recording's, the simulated runner's) are never taken for one
run. What is over is set aside and counted, not added. Where two pods count, each contact is one step; where
one does, it stands for two and the steps are estimated.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from strideload.load.intervals import Intervals, difference, intersection, union
from strideload.load.steps import Session

ORIGINS = ("sensor", "recording", "simulated", "unknown")  # the first that covers a moment holds it


@dataclass(frozen=True)
class Coverage:
    """Whom each moment belongs to."""

    sessions: tuple[Session, ...]  # in order of precedence, the same for any order that they came in
    kept: tuple[Intervals, ...]  # the part of each session that counts
    both_feet: Intervals  # where two pods count

    @property
    def recorded(self) -> Intervals:
        """All time in which a pod recorded."""
        return union(interval for intervals in self.kept for interval in intervals)


def precedence(session: Session) -> tuple[int, bool, int, str, int]:
    """Sort key: origin, then pods whose foot is known, then who began first."""
    rank = ORIGINS.index(session.origin)
    return rank, session.foot == "unknown", session.start_utc_us, session.pod, session.session_id


def cover(sessions: Sequence[Session]) -> Coverage:
    """Share out the time among sessions that overlap; of none, nothing is covered."""
    ordered = tuple(sorted(sessions, key=precedence))
    kept: list[Intervals] = []
    both_feet: Intervals = []
    for origin in ORIGINS:
        other_origins = union(interval for intervals in kept for interval in intervals)
        one: Intervals = []
        two: Intervals = []
        held: defaultdict[str, Intervals] = defaultdict(list)  # by foot and by pod
        for session in (s for s in ordered if s.origin == origin):
            slots = [session.pod] if session.foot == "unknown" else [session.pod, session.foot]
            taken = union([*other_origins, *two, *(interval for slot in slots for interval in held[slot])])
            free = difference([(session.start_utc_us, session.end_utc_us)], taken)
            for slot in slots:
                held[slot] = union([*held[slot], *free])
            two = union([*two, *intersection(one, free)])
            one = union([*one, *free])
            kept.append(free)
        both_feet = union([*both_feet, *two])
    return Coverage(ordered, tuple(kept), both_feet)
