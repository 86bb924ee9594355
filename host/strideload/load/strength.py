"""What was trained for strength, by muscle group and calendar week.

The whole leg takes up load: quadriceps, gluteals, hamstrings, calves. No source here gives a number of sets to reach,
so none is asked for: the weeks show what was logged. What nobody logged is "not logged", never "not done".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, get_args

from strideload.errors import StrideloadError

Group = Literal["quadriceps", "gluteals", "hamstrings", "calves", "other"]

GROUPS: Final[tuple[Group, ...]] = get_args(Group)
OF_THE_LEG: Final[tuple[Group, ...]] = ("quadriceps", "gluteals", "hamstrings", "calves")

# Bounds of an entry: more is a slip of the finger.
SETS: Final = (1, 20)
REPETITIONS: Final = (1, 200)
EFFORT: Final = (0, 10)


class StrengthInvalid(StrideloadError):
    """An entry that cannot be one: which figure, what came, and what it may be."""

    def __init__(self, name: str, value: object, may_be: str) -> None:
        super().__init__(f"{name} is {may_be}, not {value!r}.")
        self.name, self.value, self.may_be = name, value, may_be


@dataclass(frozen=True)
class Exercise:
    """Sets for one group. StrengthInvalid."""

    group: Group
    sets: int
    repetitions: int | None = None  # in each set; None: not counted, as in holding
    effort: int | None = None  # 0 to 10, as felt

    def __post_init__(self) -> None:
        if self.group not in GROUPS:
            raise StrengthInvalid("group", self.group, f"one of {', '.join(GROUPS)}")
        _check("sets", self.sets, SETS)
        if self.repetitions is not None:
            _check("repetitions", self.repetitions, REPETITIONS)
        if self.effort is not None:
            _check("effort", self.effort, EFFORT)


@dataclass(frozen=True)
class StrengthSession:
    """What was trained on a date, in one go."""

    date: date
    exercises: tuple[Exercise, ...]


@dataclass(frozen=True)
class GroupWork:
    """What a week holds of one group."""

    sessions: int = 0
    sets: int = 0
    repetitions: int = 0  # of the sets in which they were counted
    sets_uncounted: int = 0  # without repetitions


@dataclass(frozen=True)
class WeekCoverage:
    """One week of ISO 8601, Monday to Sunday."""

    monday: date
    sessions: int
    groups: dict[Group, GroupWork]  # each of GROUPS

    @property
    def not_logged(self) -> tuple[Group, ...]:
        """Groups of the leg without an entry in this week."""
        return tuple(group for group in OF_THE_LEG if not self.groups[group].sessions)


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def coverage(sessions: Iterable[StrengthSession], first: date, last: date) -> list[WeekCoverage]:
    """Each week that holds a date from `first` to `last`, whole; [] if that is backwards."""
    by_week: dict[date, list[StrengthSession]] = {}
    for session in sessions:
        by_week.setdefault(monday_of(session.date), []).append(session)
    weeks = (monday_of(last) - monday_of(first)).days // 7 + 1 if first <= last else 0
    mondays = [monday_of(first) + timedelta(weeks=n) for n in range(weeks)]
    return [_week(monday, by_week.get(monday, [])) for monday in mondays]


def _week(monday: date, sessions: list[StrengthSession]) -> WeekCoverage:
    return WeekCoverage(
        monday,
        sum(bool(session.exercises) for session in sessions),
        {group: _work(group, sessions) for group in GROUPS},
    )


def _work(group: Group, sessions: list[StrengthSession]) -> GroupWork:
    per_session = [[one for one in session.exercises if one.group == group] for session in sessions]
    exercises = [one for own in per_session for one in own]
    return GroupWork(
        sessions=sum(bool(own) for own in per_session),
        sets=sum(one.sets for one in exercises),
        repetitions=sum(one.sets * (one.repetitions or 0) for one in exercises),
        sets_uncounted=sum(one.sets for one in exercises if one.repetitions is None),
    )


def _check(name: str, value: object, bounds: tuple[int, int]) -> None:
    least, most = bounds
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise StrengthInvalid(name, value, f"a whole number of {least} to {most}")
