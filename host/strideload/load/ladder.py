"""The walk-run ladder and where the runner stands on it (rule ladder): an opinion that can be set.

LEVELS: 30 minutes each. Level 0 is the entry, a walk of 30 minutes without pain or limp; level 1 is (1 run + 9 walk)
x 3, and so on by a minute up to level 9, (9 run + 1 walk) x 3; level 10 is 30 minutes of running. The protocol gives
the entry, the last two levels and that there are ten; the even steps between are this program's, as nothing favours
others.

A session counts towards the level that the runner stands on when it was done on it, its status is green, and a day of
rest lay before it. Then, in order of dates:

- enough of them: one level up, and the count begins anew;
- amber: the session is repeated, what was counted stays;
- red, on any level: one level down, and the count begins anew;
- open: nothing moves until it is answered for.

The entry asks for one session and no pain at all.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from strideload.errors import StrideloadError
from strideload.load.evidence import RuleId
from strideload.load.plan import SetBy
from strideload.load.symptoms import SIGNS, Colour, Sign

Move = Literal["up", "down", "finished"]
# What became of the last session: it counted, or why it did not.
Verdict = Literal[
    "counted", "open", "amber", "red", "not_done", "no_rest_before", "other_level", "pain_at_entry"
]

# A session in which so much of a level's running was measured was done: the pods' first and last strides are missing.
DONE_SHARE: Final = 0.9

_ONE_DAY: Final = timedelta(days=1)


class LadderInvalid(StrideloadError):
    """Levels or figures of a ladder that make none; says which."""


@dataclass(frozen=True)
class Level:
    """(`run_min` running + `walk_min` walking) x `repeats`."""

    run_min: int
    walk_min: int
    repeats: int = 1

    def __post_init__(self) -> None:
        if self.run_min < 0 or self.walk_min < 0 or self.repeats < 1 or self.total_min < 1:
            raise LadderInvalid(
                f"({self.run_min} run + {self.walk_min} walk) x {self.repeats} is no session."
            )

    @property
    def running_min(self) -> int:
        return self.run_min * self.repeats

    @property
    def total_min(self) -> int:
        return (self.run_min + self.walk_min) * self.repeats

    def is_done_by(self, running_s: float) -> bool:
        """Whether so much running, s, is enough for this level; for a walk any is."""
        return running_s >= DONE_SHARE * 60 * self.running_min


ENTRY: Final = Level(0, 30)
BOUNDS: Final = {"sessions_each": (3, 10), "sessions_at_entry": (1, 10), "rest_days": (1, 7)}
LEVELS: Final = (ENTRY, *(Level(run_min, 10 - run_min, 3) for run_min in range(1, 10)), Level(30, 0))


@dataclass(frozen=True)
class LadderSettings:
    """What a runner or physiotherapist can set. LadderInvalid. The first level is the entry."""

    levels: tuple[Level, ...] = LEVELS
    sessions_each: int = 3
    sessions_at_entry: int = 1
    rest_days: int = 1
    start_level: int = 0
    set_by: SetBy = "default"

    def __post_init__(self) -> None:
        if len(self.levels) < 2:
            raise LadderInvalid("A ladder has two levels or more.")
        pairs = zip(self.levels[:-1], self.levels[1:], strict=True)
        if any(low.running_min > high.running_min for low, high in pairs):
            raise LadderInvalid("No level of a ladder has less running than the one below it.")
        for name, (least, most) in {**BOUNDS, "start_level": (0, len(self.levels) - 1)}.items():
            value: object = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise LadderInvalid(f"{name} is a whole number of {least} to {most}, not {value!r}.")

    def needed(self, level: int) -> int:
        return self.sessions_at_entry if level == 0 else self.sessions_each


DEFAULTS: Final = LadderSettings()


@dataclass(frozen=True)
class LadderSession:
    """A session that the runner did for a level."""

    date: date
    level: int
    colour: Colour = "open"
    done: bool = True  # the whole of it: `Level.is_done_by`, or the runner's word
    pain_during: int | None = None  # the highest of any site; the entry asks for none
    signs: tuple[Sign, ...] = ()


@dataclass(frozen=True)
class NextSession:
    """What comes next. `not_before`: the first date with enough rest behind it; None: no session lies behind."""

    level: int
    session: Level
    not_before: date | None


@dataclass(frozen=True)
class Standing:
    """Where the runner stands. `next`: None with a sign for a physiotherapist or doctor, and once finished."""

    level: int
    counted: int  # sessions that count at this level
    needed: int
    next: NextSession | None
    last_verdict: Verdict | None  # None: there was no session
    last_move: Move | None  # that the last session brought
    offer_physiotherapist: bool
    signs: tuple[Sign, ...]
    settings: LadderSettings
    evidence: RuleId = "ladder"

    @property
    def finished(self) -> bool:
        return self.counted >= self.needed


class Climb:
    """The way of one runner over the ladder; its sessions are taken in order of dates."""

    def __init__(self, settings: LadderSettings = DEFAULTS, runs: Iterable[date] = ()) -> None:
        """`runs`: dates of all runs, as another run is no rest."""
        self.level = settings.start_level
        self._settings = settings
        self._runs = set(runs)
        self._counted = 0
        self._last: LadderSession | None = None
        self._answered: LadderSession | None = None  # the last that was answered for
        self._colour: Colour = "open"  # of the last that is not open
        self._verdict: Verdict | None = None
        self._move: Move | None = None

    def take(self, session: LadderSession) -> None:
        """Those of one date in the order in which they were done."""
        verdict, needed = self._judge(session), self._settings.needed(self.level)
        self._verdict, self._move = verdict, None
        if verdict == "red":
            self._move = "down" if self.level > 0 else None
            self.level, self._counted = max(0, self.level - 1), 0
        elif verdict == "counted" and self._counted < needed:
            self._counted += 1
            if self._counted == needed:
                self._move, self.level, self._counted = _up(self.level, self._counted, self._settings)
        self._last = session
        if session.colour != "open" or session.signs:
            self._answered = session
        if session.colour != "open":
            self._colour = session.colour

    def standing(self) -> Standing:
        needed = self._settings.needed(self.level)
        signs = () if self._answered is None else _in_order(self._answered.signs)
        ran = {*self._runs, *([self._last.date] if self._last else [])}
        return Standing(
            level=self.level,
            counted=self._counted,
            needed=needed,
            next=None if signs or self._counted >= needed else _next(self.level, ran, self._settings),
            last_verdict=self._verdict,
            last_move=self._move,
            offer_physiotherapist=self._colour == "red",
            signs=signs,
            settings=self._settings,
        )

    def _judge(self, session: LadderSession) -> Verdict:
        """What a session does at the level where the runner stands."""
        if session.colour == "red":
            return "red"
        if session.colour == "amber":
            return "amber"
        if session.level != self.level:
            return "other_level"
        if not session.done:
            return "not_done"
        if session.colour == "open":
            return "open"
        if self.level == 0 and session.pain_during:
            return "pain_at_entry"
        if not self._has_rested(session.date):
            return "no_rest_before"
        return "counted"

    def _has_rested(self, day: date) -> bool:
        days_off = self._settings.rest_days
        if self._last is not None and day - self._last.date <= days_off * _ONE_DAY:
            return False
        return not any(day - back * _ONE_DAY in self._runs for back in range(1, days_off + 1))


def standing(
    sessions: Iterable[LadderSession], settings: LadderSettings = DEFAULTS, runs: Iterable[date] = ()
) -> Standing:
    """Where all sessions so far have brought the runner; those of one date are taken in the order given.

    `runs`: dates of all runs, as another run is no rest.
    """
    climb = Climb(settings, runs)
    for session in sorted(sessions, key=lambda session: session.date):
        climb.take(session)
    return climb.standing()


def _up(level: int, counted: int, settings: LadderSettings) -> tuple[Move, int, int]:
    """After the last level nothing comes: its count stays full."""
    if level == len(settings.levels) - 1:
        return "finished", level, counted
    return "up", level + 1, 0


def _next(level: int, ran: Set[date], settings: LadderSettings) -> NextSession:
    rested = max(ran) + (settings.rest_days + 1) * _ONE_DAY if ran else None
    return NextSession(level, settings.levels[level], rested)


def _in_order(signs: Iterable[Sign]) -> tuple[Sign, ...]:
    found = set(signs)
    return tuple(sign for sign in SIGNS if sign in found)
