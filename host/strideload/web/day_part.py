"""All that the part of a day shows, made anew only when it may be another: an open page asks for it every 3 s.

What is remembered is remembered by all that it is made from: the store's version, who looks, the dates, and what is
told of pods. It holds until the first moment at which an answer falls due or is missed.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from strideload import days
from strideload.load.zones import FIRST_DAY
from strideload.remembered import RememberedOfVersion
from strideload.runner.diary import utc_us
from strideload.web import day_view, training_view, weeks_view
from strideload.web.doors import Doors
from strideload.web.visitor import Visitor

DAYS_SHOWN: Final = 6 * 7
REMEMBERED: Final = 32  # a house looks at few days at once


class _Made(NamedTuple):
    values: Mapping[str, Any]
    at_utc_us: int
    until_utc_us: int | None  # None: for good

    def holds(self, now_utc_us: int) -> bool:
        """False before it was made, as well: a clock may be set back."""
        return self.at_utc_us <= now_utc_us and (self.until_utc_us is None or now_utc_us < self.until_utc_us)


class DayParts:
    """The parts of all days behind some doors."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._made: RememberedOfVersion[_Made] = RememberedOfVersion(REMEMBERED)

    def of(self, visitor: Visitor, shown: date, today: date) -> Mapping[str, Any]:
        """What `_day.html` is given, and `seen`, which changes when any of it does."""
        doors, now = self._doors, self._doors.now()
        version = doors.store.version()
        rejections = doors.live.health()["rejections"] if shown == today else {}
        has_pods = bool(doors.live.pods())
        said_today = days.today(doors.store, visitor.runner, now)
        key = (
            *(visitor.runner, visitor.rights, shown, today, said_today),
            *(has_pods, tuple(sorted(rejections.items()))),
        )
        made = self._made.get(version, key)
        if made is None or not made.holds(utc_us(now)):
            made = self._make(visitor, shown, today, now, rejections, has_pods)
            self._made.put(version, key, made)
        return made.values

    def _make(
        self,
        visitor: Visitor,
        shown: date,
        today: date,
        now: datetime,
        rejections: Mapping[str, int],
        has_pods: bool,
    ) -> _Made:
        first = shown - timedelta(days=DAYS_SHOWN - 1)
        known = self._doors.days(visitor.runner).days(first, shown)
        is_new = not has_pods and all(one["known"] == "unknown" for one in known)
        day = day_view.view(known[-1], today, FIRST_DAY, rejections, is_new)
        training, until_utc_us = training_view.view(self._doors, visitor, shown, today, now)
        weeks = weeks_view.view(known, training.longest_s)
        seen = blake2b(repr((day, weeks, training)).encode(), digest_size=8).hexdigest()
        values = {
            "day": day,
            "date": shown.isoformat(),
            "weeks": weeks,
            "training": training,
            "seen": seen,
        }
        return _Made(values, utc_us(now), until_utc_us)
