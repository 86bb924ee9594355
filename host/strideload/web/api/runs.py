"""Runs: each whole, compared by each measure with the longest of the 30 days before, and what was worn in it."""

import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from strideload.load import longest
from strideload.load import runs as load_runs
from strideload.load.evidence import Band, RuleId
from strideload.load.longest import Comparison, Condition, Measure, Outcome
from strideload.load.steps import Origin
from strideload.runner import comparing, one_run
from strideload.runner.as_json import run_json
from strideload.runner.records import Records
from strideload.runner.runs import MOVED_US, RunRecord, runs_of
from strideload.store.conditions import Worn
from strideload.web.api import bounds
from strideload.web.api.bounds import USUAL_A_PAGE, First, Last, Limit, Offset, Page, RunId
from strideload.web.api.entry import Reader, Writer
from strideload.web.api.shapes import As, Instant
from strideload.web.doors import Doors
from strideload.words import rules

NO_RUN = "There is no run of yours that holds this moment."

Named = Annotated[str, Field(min_length=1, max_length=60)]


class WornJson(BaseModel):
    """Shoe, mount and surface; null: not known."""

    shoe: Annotated[str, Field(pattern="^[0-9a-f]{16}$")] | None = None
    mount: Named | None = Field(None, description="laces, heel_clip, insole, ankle, or a word of your own.")
    surface: Named | None = Field(
        None, description="road, trail, track, treadmill, grass, sand, mixed, or a word of your own."
    )

    def worn(self) -> Worn:
        return Worn(self.shoe, self.mount, self.surface)


class RunJson(BaseModel):
    id: int = Field(
        description="Names the run here: its start, us since 1970. It moves if a pod syncs later."
    )
    date: datetime.date = Field(description="On which it began, where the runner was.")
    zone: str
    start_utc: Instant
    start_local: Instant
    end_utc: Instant
    end_local: Instant
    origin: Origin
    is_run: bool = Field(description="Not a walk.")
    is_open: bool = Field(description="A session of it has no end yet.")
    figures: Annotated[Any, As(load_runs.Run)]
    distance_m: float | None = Field(description="By a watch's activities; null: not known.")
    ascent_m: float | None
    activities: list[str] = Field(description="Which tell of it.")
    pods: list[str]
    worn: WornJson


class Runs(Page):
    runs: list[RunJson]


class BandJson(BaseModel):
    """The study's band in which the ratio lies, and its hazard rate ratio against the reference band."""

    band: Band
    above: float
    to: float | None
    hazard_rate_ratio: float | None
    interval_95: tuple[float, float] | None


class ComparisonJson(BaseModel):
    measure: Measure
    outcome: Outcome
    sentence: str
    remarks: list[str]
    ratio: float | None
    is_upper_bound: bool = Field(description="There may have been a longer run of which nothing is known.")
    validated: bool = Field(description="The study was on this measure.")
    band: BandJson | None
    longest_run: int | None = Field(description="`id` of the run that it is set beside.")
    longest_date: datetime.date | None
    runs_before: int
    runs_unmeasured: int
    unknown_days: int
    ran_without_days: int
    estimated: bool
    differing: list[Condition]
    not_noted: list[Condition]
    rule: RuleId


class ComparedRun(RunJson):
    first_measure: Measure = Field(description="By which it is compared in the first place.")
    comparisons: list[ComparisonJson]
    evidence: str


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["runs"])

    @router.get("/runs")
    def runs(
        visitor: Reader,
        first: First = None,
        last: Last = None,
        limit: Limit = USUAL_A_PAGE,
        offset: Offset = 0,
    ) -> Runs:
        """The runs and walks that began in a period, in order of time."""
        span = bounds.period(first, last, doors.days(visitor.runner).today())
        about, shown = bounds.page_of(runs_of(doors.store, visitor.runner, *span), limit, offset)
        return Runs(**about, runs=[RunJson(**run_json(run)) for run in shown])

    @router.get("/runs/{run}")
    def one(visitor: Reader, run: RunId) -> ComparedRun:
        """One run, by its start or any moment within it, beside the longest of the 30 days before."""
        return _compared(*found_run(doors, visitor.runner, run))

    @router.put("/runs/{run}/worn")
    def wear(visitor: Writer, run: RunId, worn: WornJson) -> ComparedRun:
        """Say what was worn in this run; what is null is as usual."""
        found, record = found_run(doors, visitor.runner, run)
        kept = doors.store.conditions
        noted = kept.of_runs(visitor.runner, record.start_utc_us - MOVED_US, record.end_utc_us + MOVED_US)
        kept.set_run(visitor.runner, one_run.noted_as(found.runs, noted, record), worn.worn())
        return _compared(*found_run(doors, visitor.runner, run))

    return router


def found_run(doors: Doors, runner: str, utc_us: int, *, diary: bool = False) -> tuple[Records, RunRecord]:
    """A run by a moment in it, among the records of its time. HTTPException 404."""
    found = one_run.find(doors.store, runner, utc_us, doors.now(), diary=diary)
    if found is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, NO_RUN)
    return found


def comparison_json(one: Comparison) -> dict[str, Any]:
    return {
        "measure": one.measure,
        "outcome": one.outcome,
        "sentence": rules.comparison(one),
        "remarks": rules.remarks(one),
        "ratio": None if one.ratio is None else round(one.ratio, 6),
        "is_upper_bound": one.is_upper_bound,
        "validated": one.validated,
        "band": None
        if one.band is None
        else {
            **vars(one.band),
            "above": float(one.band.above),
            "to": None if one.band.to is None else float(one.band.to),
        },
        "longest_run": one.longest.start_utc_us if one.longest else None,
        "longest_date": one.longest.date if one.longest else None,
        "runs_before": one.runs_before,
        "runs_unmeasured": one.runs_unmeasured,
        "unknown_days": one.gaps.unknown_days,
        "ran_without_days": one.gaps.ran_without_days,
        "estimated": one.estimated,
        "differing": list(one.differing),
        "not_noted": list(one.not_noted),
        "rule": one.evidence,
    }


def _compared(found: Records, run: RunRecord) -> ComparedRun:
    compared = comparing.of_run(found, run)
    return ComparedRun(
        **run_json(run),
        first_measure=compared.measure,
        comparisons=[ComparisonJson(**comparison_json(compared.by[measure])) for measure in longest.MEASURES],
        evidence=rules.evidence(longest.RULE),
    )
