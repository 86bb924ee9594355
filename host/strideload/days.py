"""The days of a runner, out of the store."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from typing import Any, NamedTuple, Protocol, cast

from strideload.load.day import Day, Note, summarise, to_json
from strideload.load.steps import Alive, Mark, Session, SessionPlace
from strideload.load.zones import EPOCH, date_at, day_bounds
from strideload.remembered import Remembered

DAYS_REMEMBERED = 4000  # some 6 kB each and 8 for its JSON: three years of a household
DAYS_A_READ = 31  # steps of so many days lie in memory at once

NO_ZONE = "UTC"
ONE_DAY = timedelta(days=1)


class DayStore(Protocol):
    """What is asked of a store; `strideload.store.Store` has it."""

    def session_places(self, runner: str, start_utc_us: int, end_utc_us: int) -> Sequence[SessionPlace]: ...
    def sessions(self, runner: str, start_utc_us: int, end_utc_us: int) -> Sequence[Session]: ...
    def alive(self, runner: str, start_utc_us: int, end_utc_us: int) -> Sequence[Alive]: ...
    def marks(self, runner: str, start_utc_us: int, end_utc_us: int) -> Sequence[Mark]: ...
    def notes(self, runner: str, first_date: date, last_date: date) -> Mapping[date, str]: ...
    def zones(self, runner: str) -> Sequence[tuple[date, str]]: ...


class _Facts(NamedTuple):
    """All that a day's summary is made from, but for the steps."""

    day: date
    zone: str
    window: tuple[int, int]
    sessions: tuple[SessionPlace, ...]
    alive: tuple[Alive, ...]
    marks: tuple[Mark, ...]
    note: Note | None


def today(store: DayStore, runner: str, now: datetime | None = None) -> date:
    """The date where the runner is; `now` with a zone, by default this computer's."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    zone_of = zoning(store, runner)
    # A journey may have moved the runner's day by up to one date either way from that of UTC.
    now_utc_us = (moment - EPOCH) // timedelta(microseconds=1)
    near = [moment.date() + timedelta(days=n) for n in (-1, 0, 1)]
    within = [day for day in near if _holds(day_bounds(day, zone_of), now_utc_us)]
    return within[0] if within else date_at(now_utc_us, zone_of(moment.date()))


def zoning(store: DayStore, runner: str) -> Callable[[date], str]:
    """Names the runner's time zone on a date; UTC before the first that is known."""
    zones = store.zones(runner)
    since = [day for day, _ in zones]

    def zone_of(day: date) -> str:
        place = bisect_left(since, day + ONE_DAY)
        return zones[place - 1][1] if place else NO_ZONE

    return cache(zone_of)


def day_of(store: DayStore, runner: str, day: date) -> Day:
    """One day's load. DateOutOfRange, ZoneUnknown and the store's errors."""
    return days_of(store, runner, day, day)[0]


def days_of(store: DayStore, runner: str, first: date, last: date) -> list[Day]:
    """The load of each day from `first` to `last`, both included; [] if that is backwards. Errors as day_of."""
    return [made.day for made in _made(store, runner, first, last)]


def json_of_days(store: DayStore, runner: str, first: date, last: date) -> list[Mapping[str, Any]]:
    """The same as `load.day.to_json` gives them. Whoever asks shares them with others, and changes nothing in them."""
    return [made.json for made in _made(store, runner, first, last)]


class _Made:
    """A day, and its JSON from when that was first asked for."""

    def __init__(self, day: Day) -> None:
        self.day = day

    @cached_property
    def json(self) -> Mapping[str, Any]:
        return to_json(self.day)


def _made(store: DayStore, runner: str, first: date, last: date) -> list[_Made]:
    facts = _facts(store, runner, first, last)
    # By all that it is made from: a late sync or another zone is another key.
    found = [_summaries.get(one) for one in facts]
    for stretch in _missing(found):
        made = _summarised(store, runner, [facts[place] for place in stretch])
        for place, day in zip(stretch, made, strict=True):
            found[place] = day
    return [day for day in found if day is not None]


def _facts(store: DayStore, runner: str, first: date, last: date) -> list[_Facts]:
    days = [first + n * ONE_DAY for n in range((last - first).days + 1)]
    if not days:
        return []
    zone_of = zoning(store, runner)
    bounds = [day_bounds(day, zone_of) for day in days]
    start, end = bounds[0][0], bounds[-1][1]
    places = store.session_places(runner, start, end)
    alive = store.alive(runner, start, end)
    marks = store.marks(runner, start, end)
    notes = store.notes(runner, first, last)
    alive_us = [one.utc_us for one in alive]
    marks_us = [mark.at_utc_us for mark in marks]
    touching = _touching(places, bounds)
    return [
        _Facts(
            day,
            zone_of(day),
            window,
            touching[place],
            tuple(alive[slice(*_between(alive_us, window))]),
            tuple(marks[slice(*_between(marks_us, window))]),
            cast(Note | None, notes.get(day)),  # the store takes no others
        )
        for place, (day, window) in enumerate(zip(days, bounds, strict=True))
    ]


def _touching(
    places: Iterable[SessionPlace], bounds: Sequence[tuple[int, int]]
) -> list[tuple[SessionPlace, ...]]:
    """The sessions that touch each day; days follow each other without a gap."""
    found: list[list[SessionPlace]] = [[] for _ in bounds]
    ends = [end for _, end in bounds]
    for one in places:
        at = bisect_left(ends, one.start_utc_us)  # one that begins as a day ends touches the next
        while at < len(bounds) and bounds[at][0] <= one.end_utc_us:
            if one.start_utc_us < bounds[at][1]:
                found[at].append(one)
            at += 1
    return [tuple(sorted(day)) for day in found]


def _missing(found: Sequence[_Made | None]) -> list[list[int]]:
    """Places without a day, as stretches of neighbours of no more than are read at once."""
    stretches: list[list[int]] = []
    for place, day in enumerate(found):
        if day is not None:
            continue
        if stretches and stretches[-1][-1] == place - 1 and len(stretches[-1]) < DAYS_A_READ:
            stretches[-1].append(place)
        else:
            stretches.append([place])
    return stretches


def _summarised(store: DayStore, runner: str, stretch: Sequence[_Facts]) -> list[_Made]:
    """The summaries of neighbouring days, out of one read of their sessions."""
    start, end = stretch[0].window[0], stretch[-1].window[1]
    any_session = any(one.sessions for one in stretch)
    sessions = store.sessions(runner, start, end) if any_session else []
    return [_summary(one, sessions) for one in stretch]


def _summary(facts: _Facts, sessions: Iterable[Session]) -> _Made:
    start, end = facts.window
    own = [s for s in sessions if s.start_utc_us < end and s.end_utc_us >= start]
    made = _Made(
        summarise(facts.day, facts.zone, start, end, own, facts.alive, facts.note, marks=facts.marks)
    )
    # A sync may have come between: it is remembered by what was read. Without a content, that may change unseen.
    if all(session.content is not None for session in own):
        _summaries.put(facts._replace(sessions=tuple(sorted(map(_place, own)))), made)
    return made


def _place(session: Session) -> SessionPlace:
    return SessionPlace(
        session.start_utc_us, session.end_utc_us, session.foot, session.session_id, session.content
    )


_summaries: Remembered[_Made] = Remembered(DAYS_REMEMBERED)


def _between(moments_us: Sequence[int], window: tuple[int, int]) -> tuple[int, int]:
    """The places, in order, of those that lie in [start, end)."""
    return bisect_left(moments_us, window[0]), bisect_left(moments_us, window[1])


def _holds(window: tuple[int, int], utc_us: int) -> bool:
    return window[0] <= utc_us < window[1]
