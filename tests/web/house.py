"""A house with a runner for the page's tests: days made by the real load functions, a live door to turn by hand."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np

from strideload.days import days_of
from strideload.load.day import Note, summarise, to_json
from strideload.load.steps import STEP, Alive, Foot, Mark, Session, SessionPlace
from strideload.load.zones import day_bounds
from strideload.store import Store
from strideload.web.doors import Health, LivePod
from strideload_pod import page

ZONE = "Europe/Berlin"
TODAY = date(2026, 11, 22)
RUNNER = "me"
POD = "e661a4d41f2c7b35"
Origin = Literal["sensor", "recording", "simulated", "unknown"]


def a_session(
    day: date,
    minutes: float,
    *,
    at: str = "18:02",
    foot: Foot = "left",
    pod: str = POD,
    kind: int = page.STEP_KIND_RUN,
    flags: int = 0,
    origin: Origin = "sensor",
    **more: Any,
) -> Session:
    """A session of one pod: `minutes` of even strides with a little spread, the same for the same arguments."""
    start = datetime.combine(day, datetime.strptime(at, "%H:%M").time(), ZoneInfo(ZONE))
    start_us = int(start.timestamp()) * 1_000_000
    stride_s = 0.708 if kind == page.STEP_KIND_RUN else 1.1
    random = np.random.default_rng(int(day.toordinal() + 1000 * minutes))
    n = int(minutes * 60 / stride_s)
    steps = np.zeros(n, STEP)
    steps["stride_s"] = random.normal(stride_s, 0.012, n)
    steps["ic_utc_us"] = start_us + np.concatenate(([0], np.cumsum(steps["stride_s"])[:-1])) * 1e6
    steps["contact_s"] = steps["stride_s"] * (0.36 if kind == page.STEP_KIND_RUN else 0.62)
    steps["peak_g"] = random.gamma(20, 0.45, n)
    steps["rise_g_s"] = steps["peak_g"] * 60
    steps["kind"] = kind
    steps["flags"] = flags
    facts = {"odr_hz": 833, "acc_range_g": 32, "chip": "LSM6DSO32", "resampled": False, "open": False} | more
    return Session(
        session_id=int(start_us // 1_000_000 * 10 + len(foot)),
        pod=pod,
        foot=foot,
        start_utc_us=start_us,
        end_utc_us=start_us + int(minutes * 60e6),
        origin=origin,
        steps=steps,
        **facts,
    )


class House:
    """The page's doors, with all that can change behind them in the open."""

    def __init__(self) -> None:
        self.date = TODAY
        self.clock = "22:30"
        self.store: Store | None = None  # what the runner says as well
        self.sessions: list[Session] = []
        self.alive: list[date] = []
        self.marks: list[Mark] = []
        self.notes: dict[date, Note] = {}
        self.live: list[LivePod] = []
        self.health_now: Health = {
            "trouble": None,
            "rejections": {},
            "pages_waiting": 0,
            "counters": {},
        }

    def today(self) -> date:
        return self.date

    def now(self) -> datetime:
        """Late in the evening, unless `clock` says another time of the day."""
        return datetime.combine(self.date, datetime.strptime(self.clock, "%H:%M").time(), ZoneInfo(ZONE))

    def days(self, first: date, last: date) -> Sequence[Mapping[str, Any]]:
        if self.store:
            return [to_json(day) for day in days_of(self.store, RUNNER, first, last)]
        return [self._day(first + timedelta(days=n)) for n in range((last - first).days + 1)]

    def pods(self) -> Sequence[LivePod]:
        return self.live

    def health(self) -> Health:
        return self.health_now

    def _day(self, day: date) -> Mapping[str, Any]:
        start, end = day_bounds(day, lambda _: ZONE)
        own = [s for s in self.sessions if s.start_utc_us < end and s.end_utc_us >= start]
        alive = [Alive(start + 1)] if day in self.alive else []
        note = self.notes.get(day)
        return to_json(summarise(day, ZONE, start, end, own, alive, note, marks=self.marks))


class HouseStore(Store):
    """A real store of what the runner says, over the sessions and notes of a house."""

    house: House

    def version(self) -> Hashable:
        """What the house holds is part of it."""
        held = self.house
        contents = tuple(_told(session).content for session in held.sessions)
        noted = tuple(sorted(held.notes.items()))
        return super().version(), contents, tuple(held.alive), tuple(held.marks), noted

    def sessions(self, runner: str, start_utc_us: int, end_utc_us: int) -> list[Session]:
        return [_told(s) for s in self._touching(start_utc_us, end_utc_us)]

    def session_places(self, runner: str, start_utc_us: int, end_utc_us: int) -> list[SessionPlace]:
        return [
            SessionPlace(s.start_utc_us, s.end_utc_us, s.foot, s.session_id, _told(s).content)
            for s in self._touching(start_utc_us, end_utc_us)
        ]

    def alive(self, runner: str, start_utc_us: int, end_utc_us: int) -> list[Alive]:
        found = [Alive(day_bounds(day, lambda _: ZONE)[0] + 1) for day in sorted(self.house.alive)]
        return [one for one in found if start_utc_us <= one.utc_us < end_utc_us]

    def marks(self, runner: str, start_utc_us: int, end_utc_us: int) -> list[Mark]:
        return [mark for mark in self.house.marks if start_utc_us <= mark.at_utc_us < end_utc_us]

    def notes(self, runner: str, first_date: date, last_date: date) -> dict[date, str]:
        held = {day: str(note) for day, note in self.house.notes.items() if first_date <= day <= last_date}
        return held | super().notes(runner, first_date, last_date)

    def _touching(self, start_utc_us: int, end_utc_us: int) -> list[Session]:
        found = [
            s for s in self.house.sessions if s.start_utc_us < end_utc_us and s.end_utc_us >= start_utc_us
        ]
        return sorted(found, key=lambda s: s.start_utc_us)


def _told(session: Session) -> Session:
    facts = repr([value for name, value in sorted(vars(session).items()) if name != "steps"]).encode()
    return replace(session, content=blake2b(facts + session.steps.tobytes()).hexdigest())


def a_live_pod(**changes: Any) -> LivePod:
    pod: dict[str, Any] = {
        "pod": POD,
        "foot": "left",
        "online": True,
        "age_s": 0.4,
        "cadence_spm": 168.2,
        "peak_g": 9.1,
        "steps": 1234,
        "kind": "run",
        "origin": "sensor",
        "recording": True,
        "why_not": None,
        "free_pages": 900,
        "raw": None,
        "raw_free_pages": None,
        "raw_dropped": None,
        "rest_mg": None,
        "cue": None,
        "settings": None,
        "battery_mv": None,
        "waiting": None,
        "faults": {},
    }
    return LivePod(**(pod | changes))


def a_season() -> House:
    """Over six weeks: runs, walks, rest, days that a pod watched, a run without it, days of which nothing is known."""
    house = House()
    plan = "20 w a 24 n 30 - r a 28 w 33 a - 35 u u 26 a w 38 r 40 a 31 w - 44 a 29 x 36 a w 42 r - 38 a 33 w"
    for back, what in enumerate(reversed(plan.split()), start=1):
        day = TODAY - timedelta(days=back)
        if what.isdigit():
            house.sessions.append(a_session(day, int(what)))
        elif what == "w":
            house.sessions.append(a_session(day, 25, kind=page.STEP_KIND_WALK))
        elif what == "a":
            house.alive.append(day)
        elif what in "rx":
            house.notes[day] = "rest" if what == "r" else "ran_without"
    house.sessions.append(a_session(TODAY, 41, foot="left"))
    return house
