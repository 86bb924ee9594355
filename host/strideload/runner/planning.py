"""What comes next: how long the next run may be, and where the runner stands on the walk-run ladder. Opinions, both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from strideload import days
from strideload.load import ladder, plan
from strideload.load.ladder import Climb, LadderSession, LadderSettings, Level, Standing
from strideload.load.plan import TROUBLE, NextRun, Noted, PastRun, PlanSettings
from strideload.runner import records as kept_records
from strideload.runner.diary import DAY_US, SIGN_HOLDS_US, Diary, RunSymptoms, diary_of
from strideload.runner.records import BASELINE, Records
from strideload.store import Store
from strideload.store.diary import Entry
from strideload.store.plans import PlanSet, SetBy

# Shorter walks are a way to somewhere.
LEAST_WALK_S: Final = 10 * 60.0
# No ladder takes longer, and no more than that is read: whoever is on one for years has forgotten it.
LADDER_LASTS: Final = timedelta(days=400)


@dataclass(frozen=True)
class LadderPlan:
    """The ladder that a runner is on, since a date."""

    from_date: date
    settings: LadderSettings
    from_utc_us: int | None = None  # what began before it is no session; None: all of `from_date` counts


@dataclass(frozen=True)
class Settings:
    """What a runner or physiotherapist set. `ladder`: None of one who is on none."""

    next_run: PlanSettings = plan.DEFAULTS
    ladder: LadderPlan | None = None

    def to_json(self) -> dict[str, Any]:
        figures = {name: getattr(self.next_run, name) for name in (*plan.BOUNDS, "set_by")}
        return {"v": 1, "next_run": figures, "ladder": _ladder_json(self.ladder) if self.ladder else None}


@dataclass(frozen=True)
class Plan:
    """What comes next on `date`."""

    date: date
    settings: Settings
    set: PlanSet | None  # None: nothing was ever set
    next_run: NextRun
    ladder: Standing | None

    @property
    def minutes(self) -> int | None:
        """Of running at most, by the one recommendation; None: nothing is said."""
        on = self.ladder
        if on is None or on.finished or self.next_run.outcome in plan.WAITING:
            return self.next_run.minutes
        if on.next is None:
            return None
        level = on.next.session.running_min
        return level if self.next_run.minutes is None else min(level, self.next_run.minutes)


def read(store: Store, runner: str, now: datetime | None = None) -> tuple[Records, Diary, Plan]:
    """All of a runner's that today's plan is made from, and the plan."""
    today = days.today(store, runner, now)
    held = settings_of(store.plans.current(runner))
    found = kept_records.read(store, runner, first_date(held, today), today, now)
    diary = diary_of(found, now)
    return found, diary, plan_of(found, diary)


def first_date(settings: Settings, today: date) -> date:
    """From when on runs count for the plan of today: for the 30 days and, by those before them, for what they began
    with; for a ladder since it began.
    """
    needed = today - BASELINE
    on = _ladder_on(settings, today)
    return needed if on is None else min(needed, on.from_date)


def plan_of(records: Records, diary: Diary) -> Plan:
    """The plan for today, from records that begin by `first_date`."""
    settings = settings_of(records.plan)
    today = records.today
    on = _ladder_on(settings, today)
    strong = [_noted(diary, entry, entry.saying.about_utc_us + DAY_US) for entry in diary.strong]
    past = [PastRun(one.run.figures, one.status, one.run.is_run) for one in diary.of_runs if _counts(one)]
    return Plan(
        date=today,
        settings=settings,
        set=records.plan,
        next_run=_with_signs(
            plan.next_run(today, past, records.known_days, settings.next_run, diary.signs, strong), diary
        ),
        ladder=None if on is None else _standing(on, diary.of_runs, records),
    )


def _ladder_on(settings: Settings, day: date) -> LadderPlan | None:
    """The ladder that the runner is on; None: on none, or on one that began so long ago that it is over."""
    on = settings.ladder
    return None if on is None or on.from_date < day - LADDER_LASTS else on


def _with_signs(found: NextRun, diary: Diary) -> NextRun:
    """With the entries that its signs stand in: those apart from a run, and those of the last run answered for."""
    if not found.signs:
        return found
    answered = next((one for one in reversed(diary.of_runs) if one.status), None)
    of_run = {
        entry.id: entry
        for course in (answered.courses if answered else ())
        for entry in course.entries
        if entry.saying.signs
    }
    apart = [_noted(diary, entry, entry.saying.about_utc_us + SIGN_HOLDS_US) for entry in diary.signs_apart]
    return replace(found, noted=(*apart, *(_noted(diary, entry, None) for entry in of_run.values())))


def _noted(diary: Diary, entry: Entry, ends_utc_us: int | None) -> Noted:
    said = entry.saying
    ends = None if ends_utc_us is None else diary.local_of(ends_utc_us)
    return Noted(entry.id, said.site, diary.local_of(said.about_utc_us), said.pain, said.signs, ends)


def set_plan(
    store: Store, runner: str, settings: Settings, set_by: SetBy, seen_utc_us: int | None
) -> PlanSet:
    """Set the plan that was looked at as it was set at `seen_utc_us`. PlanChanged and the store's errors."""
    return store.plans.set(runner, settings.to_json(), set_by, seen_utc_us)


def settings_of(held: PlanSet | None) -> Settings:
    """As they were set; the rules' own where nothing was."""
    if held is None:
        return Settings()
    on = held.settings["ladder"]
    return Settings(PlanSettings(**held.settings["next_run"]), None if on is None else _ladder_of(on))


def _ladder_json(on: LadderPlan) -> dict[str, Any]:
    held = on.settings
    return {
        "from_date": on.from_date.isoformat(),
        "from_utc_us": on.from_utc_us,
        "start_level": held.start_level,
        "sessions_each": held.sessions_each,
        "sessions_at_entry": held.sessions_at_entry,
        "rest_days": held.rest_days,
        "set_by": held.set_by,
        "levels": [[level.run_min, level.walk_min, level.repeats] for level in held.levels],
    }


def _ladder_of(on: Mapping[str, Any]) -> LadderPlan:
    return LadderPlan(
        date.fromisoformat(on["from_date"]),
        LadderSettings(
            levels=tuple(Level(*level) for level in on["levels"]),
            sessions_each=on["sessions_each"],
            sessions_at_entry=on["sessions_at_entry"],
            rest_days=on["rest_days"],
            start_level=on["start_level"],
            set_by=on["set_by"],
        ),
        on.get("from_utc_us"),
    )


def _counts(one: RunSymptoms) -> bool:
    """A walk that nobody answered for is no run, and no open one."""
    return one.run.is_run or one.status is not None


def _standing(on: LadderPlan, runs: Sequence[RunSymptoms], records: Records) -> Standing:
    """Each run since the ladder began is a session: of the level that it is nearest to, from where the runner stood on.

    What was run before counts neither for nor against. A run without a pod is no session, and no rest.
    """
    began = [
        one for one in runs if one.run.date >= on.from_date and one.run.start_utc_us >= (on.from_utc_us or 0)
    ]
    without = [day.date for day in records.known_days if day.ran_without and day.date >= on.from_date]
    climb = Climb(on.settings, without)
    for one in sorted(began, key=lambda one: one.run.date):
        if one.run.is_run or _is_session(one, on.settings.levels[climb.level]):
            climb.take(_session(one, climb.level, on.settings))
    return climb.standing()


def _is_session(walk: RunSymptoms, stood: Level) -> bool:
    """On a level without running a walk is what was asked; on others it counts only where it hurt."""
    hurt = walk.status is not None and walk.status.colour in TROUBLE
    return walk.run.run.walking_s >= LEAST_WALK_S and (stood.running_min == 0 or hurt)


def _session(one: RunSymptoms, stood: int, settings: LadderSettings) -> LadderSession:
    run, levels = one.run.run, settings.levels
    level = min(
        range(stood, len(levels)), key=lambda place: abs(60 * levels[place].running_min - run.running_s)
    )
    pains = [answer.pain for course in one.courses for answer in course.answers if answer.moment == "during"]
    return LadderSession(
        date=one.run.date,
        level=level,
        colour=one.status.colour if one.status else "open",
        done=level > stood or _is_done(levels[stood], run.running_s, run.walking_s),
        pain_during=max((pain for pain in pains if pain is not None), default=None),
        signs=one.status.signs if one.status else (),
    )


def _is_done(level: Level, running_s: float, walking_s: float) -> bool:
    """Of a level without running, the time on the feet tells."""
    if level.running_min:
        return level.is_done_by(running_s)
    return running_s + walking_s >= ladder.DONE_SHARE * 60 * level.total_min
