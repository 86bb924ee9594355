"""The days of a runner, out of the store."""

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import blake2b
from threading import Lock
from typing import Protocol, cast

from strideload.load.day import Day, Note, summarise
from strideload.load.steps import Alive, Mark, Session
from strideload.load.zones import EPOCH, date_at, day_bounds

DAYS_REMEMBERED = 1000  # some 10 kB each

ONE_DAY = timedelta(days=1)


class DayStore(Protocol):
    """What is asked of a store; `strideload.store.Store` has it."""

    def sessions(self, runner: str, start_utc_us: int, end_utc_us: int) -> Sequence[Session]: ...
    def alive(self, runner: str, start_utc_us: int, end_utc_us: int) -> Sequence[Alive]: ...
    def marks(self, runner: str, start_utc_us: int, end_utc_us: int) -> Sequence[Mark]: ...
    def notes(self, runner: str, first_date: date, last_date: date) -> Mapping[date, str]: ...
    def zone_of(self, runner: str, day: date) -> str: ...


def today(store: DayStore, runner: str, now: datetime | None = None) -> date:
    """The date where the runner is; `now` with a zone, by default this computer's."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    # A journey may have moved the runner's day by up to one date either way from that of UTC.
    now_utc_us = (moment - EPOCH) // timedelta(microseconds=1)
    near = [moment.date() + timedelta(days=n) for n in (-1, 0, 1)]
    within = [
        day for day in near if _holds(day_bounds(day, lambda on: store.zone_of(runner, on)), now_utc_us)
    ]
    return within[0] if within else date_at(now_utc_us, store.zone_of(runner, moment.date()))


def day_of(store: DayStore, runner: str, day: date) -> Day:
    """One day's load. DateOutOfRange, ZoneUnknown and the store's errors."""
    return days_of(store, runner, day, day)[0]


def days_of(store: DayStore, runner: str, first: date, last: date) -> list[Day]:
    """The load of each day from `first` to `last`, both included; [] if that is backwards. Errors as day_of."""
    days = [first + n * ONE_DAY for n in range((last - first).days + 1)]
    if not days:
        return []
    zone_of = cache(lambda on: store.zone_of(runner, on))
    bounds = [day_bounds(day, zone_of) for day in days]
    start, end = bounds[0][0], bounds[-1][1]
    sessions = store.sessions(runner, start, end)
    alive = store.alive(runner, start, end)
    marks = store.marks(runner, start, end)
    notes = store.notes(runner, first, last)
    digests = {session.session_id: _digest(session) for session in sessions}
    return [
        _remembered(
            day,
            zone_of(day),
            window,
            [
                (s, digests[s.session_id])
                for s in sessions
                if s.start_utc_us < window[1] and s.end_utc_us >= window[0]
            ],
            [one for one in alive if _holds(window, one.utc_us)],
            [mark for mark in marks if _holds(window, mark.at_utc_us)],
            cast(Note | None, notes.get(day)),  # the store takes no others
        )
        for day, window in zip(days, bounds, strict=True)
    ]


_summaries: OrderedDict[Hashable, Day] = OrderedDict()
_lock = Lock()


def forget() -> None:
    """Remember no summary, as in a new process."""
    with _lock:
        _summaries.clear()


def _remembered(
    day: date,
    zone: str,
    window: tuple[int, int],
    sessions: list[tuple[Session, bytes]],
    alive: list[Alive],
    marks: list[Mark],
    note: Note | None,
) -> Day:
    """The summary, remembered by all that it is made from: a late sync or another zone is another key."""
    key = (
        day,
        zone,
        window,
        tuple(sorted(digest for _, digest in sessions)),
        tuple(alive),
        tuple(marks),
        note,
    )
    with _lock:
        found = _summaries.get(key)
        if found is not None:
            _summaries.move_to_end(key)
            return found
    summary = summarise(day, zone, *window, [session for session, _ in sessions], alive, note, marks=marks)
    with _lock:
        _summaries[key] = summary
        while len(_summaries) > DAYS_REMEMBERED:
            _summaries.popitem(last=False)
    return summary


def _digest(session: Session) -> bytes:
    """Of all that a session says: two that differ in anything have different ones."""
    facts = [value for name, value in sorted(vars(session).items()) if name != "steps"]
    digest = blake2b(repr(facts).encode(), digest_size=16)
    digest.update(session.steps.tobytes())
    return digest.digest()


def _holds(window: tuple[int, int], utc_us: int) -> bool:
    return window[0] <= utc_us < window[1]
