"""Which contacts count when several pods recorded, and for how many steps.

A day's sums are of one origin: a sensor's samples, a recording's and the simulated runner's are never added. A runner
has two feet: at any moment at most one pod stands for the left foot, one for the right, and two in all. What is over is
set aside and counted, not added. Where two pods count, each contact is one step; where one does, it stands for two and
the steps are estimated.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from strideload.load.intervals import Intervals, difference, intersection, union
from strideload.load.steps import Origin, Session

ORIGINS: tuple[Origin, ...] = ("sensor", "recording", "simulated", "unknown")  # the first of them counts


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


def in_rank(origins: Collection[Origin]) -> tuple[Origin, ...]:
    """Each origin once, the one that counts first."""
    return tuple(origin for origin in ORIGINS if origin in origins)


def precedence(session: Session) -> tuple[bool, int, str, int]:
    """Sort key: pods whose foot is known, then who began first."""
    return session.foot == "unknown", session.start_utc_us, session.pod, session.session_id


def cover(sessions: Sequence[Session]) -> Coverage:
    """Share out the time among sessions of one origin that overlap; of none, nothing is covered."""
    ordered = tuple(sorted(sessions, key=precedence))
    kept: list[Intervals] = []
    one: Intervals = []
    two: Intervals = []
    held: defaultdict[str, Intervals] = defaultdict(list)  # by foot and by pod
    for session in ordered:
        slots = [session.pod] if session.foot == "unknown" else [session.pod, session.foot]
        taken = union([*two, *(interval for slot in slots for interval in held[slot])])
        free = difference([(session.start_utc_us, session.end_utc_us)], taken)
        for slot in slots:
            held[slot] = union([*held[slot], *free])
        two = union([*two, *intersection(one, free)])
        one = union([*one, *free])
        kept.append(free)
    return Coverage(ordered, tuple(kept), two)
