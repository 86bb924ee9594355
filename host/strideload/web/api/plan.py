"""The plan: the next run and the walk-run ladder. Both are opinion, set by runner or physiotherapist."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, Field

from strideload.errors import StrideloadError
from strideload.load import ladder as ladders
from strideload.load import plan as plans
from strideload.load.evidence import RuleId
from strideload.load.ladder import LadderSettings, Level, Move, Standing, Verdict
from strideload.load.plan import Outcome, PlanSettings, Suggestion
from strideload.load.symptoms import Colour, Sign
from strideload.runner import planning
from strideload.runner.diary import utc_us
from strideload.runner.planning import LADDER_LASTS, LadderPlan, Plan, Settings
from strideload.store.plans import SetBy
from strideload.web.api.bounds import Day, UtcUs
from strideload.web.api.entry import DiaryReader, DiaryWriter
from strideload.web.doors import Doors
from strideload.words import plan as words
from strideload.words import rules

MOST_LEVELS: Final = 40
MOST_MINUTES: Final = 600
MOST_REPEATS: Final = 100


class LadderRefused(StrideloadError):
    """A ladder that cannot be begun then."""


def _within(name: str, bounds: dict[str, tuple[int, int]]) -> Any:
    least, most = bounds[name]
    return Field(ge=least, le=most)


class NextRunSettings(BaseModel):
    growth_percent: Annotated[int, _within("growth_percent", plans.BOUNDS)] = plans.DEFAULTS.growth_percent
    step_down_percent: Annotated[int, _within("step_down_percent", plans.BOUNDS)] = (
        plans.DEFAULTS.step_down_percent
    )
    greens_needed: Annotated[int, _within("greens_needed", plans.BOUNDS)] = plans.DEFAULTS.greens_needed


class LevelJson(BaseModel):
    """(`run_min` running + `walk_min` walking) x `repeats`, minutes."""

    run_min: int = Field(ge=0, le=MOST_MINUTES)
    walk_min: int = Field(ge=0, le=MOST_MINUTES)
    repeats: int = Field(1, ge=1, le=MOST_REPEATS)

    def level(self) -> Level:
        return Level(self.run_min, self.walk_min, self.repeats)


class LadderIn(BaseModel):
    from_date: Day | None = Field(
        None,
        description="Sessions count from it on; by default from now on.",
    )
    levels: list[LevelJson] | None = Field(
        None, min_length=2, max_length=MOST_LEVELS, description="By default the eleven of the rule."
    )
    sessions_each: Annotated[int, _within("sessions_each", ladders.BOUNDS)] = ladders.DEFAULTS.sessions_each
    sessions_at_entry: Annotated[int, _within("sessions_at_entry", ladders.BOUNDS)] = (
        ladders.DEFAULTS.sessions_at_entry
    )
    rest_days: Annotated[int, _within("rest_days", ladders.BOUNDS)] = ladders.DEFAULTS.rest_days
    start_level: int = Field(0, ge=0, le=MOST_LEVELS - 1)


class PlanIn(BaseModel):
    next_run: NextRunSettings = NextRunSettings()
    ladder: LadderIn | None = Field(None, description="null: on none.")
    set_by: SetBy
    seen: UtcUs | None = Field(
        None, description="`set_utc_us` of the plan that was looked at; null: none was ever set."
    )


class NextRunJson(BaseModel):
    outcome: Outcome
    sentence: str
    remarks: list[str]
    entries: list[str] = Field(description="For which nothing is said: a sign, or strong pain.")
    minutes: int | None = Field(description="Of running, at most; null: nothing is said.")
    basis_run: int | None = Field(description="`id` of the run that the minutes come from.")
    greens_in_row: int
    colours: list[Colour] = Field(description="Of the runs of 30 days, the last one last.")
    offer_physiotherapist: bool
    signs: list[Sign]
    suggestions: list[Suggestion]
    unknown_days: int
    ran_without_days: int
    rule: RuleId
    evidence: str


class NextSessionJson(BaseModel):
    level: int
    session: LevelJson
    not_before: date | None


class StandingJson(BaseModel):
    sentence: str
    what_next: list[str]
    level: int
    counted: int
    needed: int
    finished: bool
    next: NextSessionJson | None
    last_verdict: Verdict | None
    last_move: Move | None
    offer_physiotherapist: bool
    signs: list[Sign]
    rule: RuleId
    evidence: str


class LadderSet(BaseModel):
    from_date: date
    levels: list[LevelJson]
    sessions_each: int
    sessions_at_entry: int
    rest_days: int
    start_level: int


class PlanJson(BaseModel):
    date: date
    recommendation: str = Field(
        description="What comes next, the same everywhere: of who is on a ladder its session, else the next run."
    )
    minutes: int | None = Field(description="Of running at most, by it; null: nothing is said.")
    next_run: NextRunJson
    ladder: StandingJson | None = Field(description="null: on none, or on one that is over.")
    next_run_settings: NextRunSettings
    ladder_settings: LadderSet | None = Field(description="null: on none.")
    next_run_set_by: plans.SetBy
    ladder_set_by: plans.SetBy | None = Field(description="null: on none.")
    set_by: SetBy | None = Field(description="null: nothing was ever set, and the rules' own figures hold.")
    set_utc_us: int | None


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["plan"])

    @router.get("/plan")
    def plan(visitor: DiaryReader) -> PlanJson:
        """What comes next, of today."""
        return _plan(planning.read(doors.store, visitor.runner, doors.now())[2])

    @router.put("/plan")
    def set_plan(visitor: DiaryWriter, wanted: PlanIn) -> PlanJson:
        """Set the plan as a whole. What stays as it was stays set by who set it."""
        today = doors.days(visitor.runner).today()
        held = planning.settings_of(doors.store.plans.current(visitor.runner))
        figures = PlanSettings(**wanted.next_run.model_dump(), set_by=wanted.set_by)
        if figures == replace(held.next_run, set_by=wanted.set_by):
            figures = held.next_run
        ladder = _ladder(wanted.ladder, today, wanted.set_by, utc_us(doors.now()))
        if ladder and held.ladder and _stays(ladder, held.ladder):
            ladder = held.ladder
        elif ladder:
            _refuse(ladder.from_date, today)
        settings = Settings(figures, ladder)
        planning.set_plan(doors.store, visitor.runner, settings, wanted.set_by, wanted.seen)
        return _plan(planning.read(doors.store, visitor.runner, doors.now())[2])

    return router


def _stays(wanted: LadderPlan, held: LadderPlan) -> bool:
    """Whether a ladder that is asked for from a date is the one that is held."""
    as_held = replace(wanted.settings, set_by=held.settings.set_by)
    return wanted.from_utc_us is None and wanted.from_date == held.from_date and as_held == held.settings


def _ladder(wanted: LadderIn | None, today: date, set_by: SetBy, now_utc_us: int) -> LadderPlan | None:
    """LadderInvalid."""
    if wanted is None:
        return None
    levels = ladders.LEVELS if wanted.levels is None else tuple(one.level() for one in wanted.levels)
    return LadderPlan(
        wanted.from_date or today,
        LadderSettings(
            levels=levels,
            sessions_each=wanted.sessions_each,
            sessions_at_entry=wanted.sessions_at_entry,
            rest_days=wanted.rest_days,
            start_level=wanted.start_level,
            set_by=set_by,
        ),
        now_utc_us if wanted.from_date is None else None,
    )


def _refuse(from_date: date, today: date) -> None:
    """LadderRefused: none is begun on that date."""
    if from_date > today:
        raise LadderRefused("A ladder begins today or before: sessions count from that date on.")
    if from_date < today - LADDER_LASTS:
        raise LadderRefused(
            f"A ladder lasts {LADDER_LASTS.days} days: one that began on {from_date} is over."
        )


def _plan(plan: Plan) -> PlanJson:
    figures = plan.settings.next_run
    on = plan.settings.ladder if plan.ladder else None  # one that is over is none
    return PlanJson(
        date=plan.date,
        recommendation=words.recommendation(plan.next_run, plan.ladder),
        minutes=plan.minutes,
        next_run=_next_run(plan),
        ladder=_standing(plan.ladder) if plan.ladder else None,
        next_run_settings=NextRunSettings(**{name: getattr(figures, name) for name in plans.BOUNDS}),
        ladder_settings=_ladder_set(on) if on else None,
        next_run_set_by=figures.set_by,
        ladder_set_by=on.settings.set_by if on else None,
        set_by=plan.set.set_by if plan.set else None,
        set_utc_us=plan.set.set_utc_us if plan.set else None,
    )


def _next_run(plan: Plan) -> NextRunJson:
    found = plan.next_run
    return NextRunJson(
        outcome=found.outcome,
        sentence=words.next_run(found),
        remarks=[*words.told(found), *words.remarks(found)],
        entries=[one.entry for one in found.noted],
        minutes=found.minutes,
        basis_run=found.basis.start_utc_us if found.basis else None,
        greens_in_row=found.greens_in_row,
        colours=list(found.colours),
        offer_physiotherapist=found.offer_physiotherapist,
        signs=list(found.signs),
        suggestions=list(found.suggestions),
        unknown_days=found.gaps.unknown_days,
        ran_without_days=found.gaps.ran_without_days,
        rule=found.evidence,
        evidence=rules.evidence(found.evidence),
    )


def _standing(found: Standing) -> StandingJson:
    comes = found.next
    return StandingJson(
        sentence=words.standing(found),
        what_next=words.what_next(found),
        level=found.level,
        counted=found.counted,
        needed=found.needed,
        finished=found.finished,
        next=None
        if comes is None
        else NextSessionJson(level=comes.level, session=_level(comes.session), not_before=comes.not_before),
        last_verdict=found.last_verdict,
        last_move=found.last_move,
        offer_physiotherapist=found.offer_physiotherapist,
        signs=list(found.signs),
        rule=found.evidence,
        evidence=rules.evidence(found.evidence),
    )


def _ladder_set(on: LadderPlan) -> LadderSet:
    held = on.settings
    return LadderSet(
        from_date=on.from_date,
        levels=[_level(one) for one in held.levels],
        sessions_each=held.sessions_each,
        sessions_at_entry=held.sessions_at_entry,
        rest_days=held.rest_days,
        start_level=held.start_level,
    )


def _level(level: Level) -> LevelJson:
    return LevelJson(run_min=level.run_min, walk_min=level.walk_min, repeats=level.repeats)
