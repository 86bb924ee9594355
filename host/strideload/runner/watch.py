"""How far a run went, and how much up, by what a watch recorded meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from strideload.load.activity import Found, within
from strideload.remembered import Remembered
from strideload.store import Store
from strideload.store.activities import Activity

# A watch is started at the door and a pod sooner: this much of a run lies in its activities. An activity without a
# track tells a run only if so much of it lies in the run; with one it tells what of it does.
RUN_SHARE: Final = 0.5
# So much of a run, and how far it went is known: what a watch saw of three quarters is not the distance of the run.
WHOLE_SHARE: Final = 0.9
ACTIVITY_SHARE: Final = 0.8


@dataclass(frozen=True)
class ByWatch:
    """What a watch tells of one run. None: not known."""

    distance_m: float | None
    ascent_m: float | None
    activities: tuple[str, ...]  # their contents, in order of time


class Watch:
    """The activities of a runner that overlap [start, end)."""

    def __init__(self, store: Store, runner: str, start_utc_us: int, end_utc_us: int) -> None:
        self._store = store
        self._runner = runner
        self._activities = store.activities.between(runner, start_utc_us, end_utc_us)

    def of(self, start_utc_us: int, end_utc_us: int) -> ByWatch:
        """Of the run from start to end. A sum is known only where all of it is."""
        chosen = _matching(self._activities, start_utc_us, end_utc_us)
        contents = tuple(one.content for one in chosen)
        if _covered_us(chosen, start_utc_us, end_utc_us) < WHOLE_SHARE * (end_utc_us - start_utc_us):
            return ByWatch(None, None, contents)
        distances = [self._distance_m(one, start_utc_us, end_utc_us) for one in chosen]
        lies_in = all(_lies_in(one, start_utc_us, end_utc_us) for one in chosen)
        ascents = [one.ascent_m if lies_in else None for one in chosen]
        return ByWatch(_sum(distances), _sum(ascents), contents)

    def _distance_m(self, one: Activity, start_utc_us: int, end_utc_us: int) -> float | None:
        """By its track what of it lies in the run, else the whole of it."""
        if one.has_track:
            low, high = max(one.start_utc_us, start_utc_us), min(one.end_utc_us, end_utc_us)
            found = self._along(one.content, low, high)
            if found is not None:
                return found.distance_m
        return one.distance_m if _lies_in(one, start_utc_us, end_utc_us) else None

    def _along(self, content: str, low_utc_us: int, high_utc_us: int) -> Found | None:
        key = (self._store.store_id, self._runner, content, low_utc_us, high_utc_us)
        found = _along.get(key)
        if found is None:
            found = within(self._store.activities.track_of(self._runner, content), low_utc_us, high_utc_us)
            if found is not None:
                _along.put(key, found)
        return found


_along: Remembered[Found] = Remembered(2000)


def _matching(activities: Sequence[Activity], start_utc_us: int, end_utc_us: int) -> list[Activity]:
    """The activities that tell of a run, not over each other, and of half of it or more."""
    bounds = start_utc_us, end_utc_us
    chosen: list[Activity] = []
    inside = [
        one
        for one in activities
        if _overlap_us(one, *bounds) > 0 and (one.has_track or _lies_in(one, *bounds))
    ]
    for one in sorted(inside, key=lambda one: _by_rank(one, *bounds)):
        if all(
            one.start_utc_us >= other.end_utc_us or one.end_utc_us <= other.start_utc_us for other in chosen
        ):
            chosen.append(one)
    if _covered_us(chosen, *bounds) < RUN_SHARE * (end_utc_us - start_utc_us):
        return []
    return sorted(chosen, key=lambda one: one.start_utc_us)


def _by_rank(one: Activity, start_utc_us: int, end_utc_us: int) -> tuple[int, bool, int, str]:
    """Of a watch's recording and a phone's of the same run first the one that has more of it, to a twentieth; of two
    that have as much, the one that lies in it."""
    overlap_us = _overlap_us(one, start_utc_us, end_utc_us)
    twentieths = round(20 * overlap_us / max(1, end_utc_us - start_utc_us))
    return -twentieths, not _lies_in(one, start_utc_us, end_utc_us), -overlap_us, one.content


def _lies_in(one: Activity, start_utc_us: int, end_utc_us: int) -> bool:
    length_us = one.end_utc_us - one.start_utc_us
    return _overlap_us(one, start_utc_us, end_utc_us) >= ACTIVITY_SHARE * length_us > 0


def _covered_us(chosen: Sequence[Activity], start_utc_us: int, end_utc_us: int) -> int:
    """How much of a run lies in activities that are not over each other."""
    return sum(_overlap_us(one, start_utc_us, end_utc_us) for one in chosen)


def _overlap_us(one: Activity, start_utc_us: int, end_utc_us: int) -> int:
    return min(one.end_utc_us, end_utc_us) - max(one.start_utc_us, start_utc_us)


def _sum(parts: Sequence[float | None]) -> float | None:
    """None: there are none, or one of them is not known."""
    known = [part for part in parts if part is not None]
    return sum(known) if known and len(known) == len(parts) else None
