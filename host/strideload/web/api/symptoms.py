"""The diary: entries with their history, and the 24-hour course of each site after a run."""

from dataclasses import replace
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from strideload.days import zoning
from strideload.load.evidence import RuleId
from strideload.load.symptoms import FELT, PAIN_MOST, SIGNS, SITES, Colour, Felt, Moment, Sign, Status
from strideload.load.zones import day_bounds
from strideload.runner import diary as diaries
from strideload.runner import one_run, records
from strideload.runner.as_json import UNDATED, symptom_json
from strideload.runner.diary import Asked, Course, RunSymptoms
from strideload.runner.records import Records
from strideload.runner.runs import RunRecord
from strideload.store.diary import NOTE_LIMIT, Entry, EntryChanged, EntryInvalid, NoSuchEntry, Saying, When
from strideload.store.ids import PATTERN, new_id
from strideload.web.api import bounds
from strideload.web.api.bounds import USUAL_A_PAGE, First, Last, Limit, Offset, Page, RunId, UtcUs
from strideload.web.api.entry import DiaryReader, DiaryWriter
from strideload.web.api.runs import found_run
from strideload.web.api.shapes import Instant
from strideload.web.doors import Doors
from strideload.words import symptoms as words

ONE_DAY: Final = timedelta(days=1)
ID: Final = f"^{PATTERN}$"
OF_NO_RUN: Final = "This entry is of no run. Name the one that it is about, or none."
EntryId = Annotated[str, Path(pattern=ID)]
Pain = Annotated[int, Field(ge=0, le=PAIN_MOST, description="0 to 10 (NPRS); null: not said.")]
Site = Annotated[str, Field(json_schema_extra={"enum": list(SITES)})]


class SymptomIn(BaseModel):
    site: Site
    moment: When = Field(description="other: of no moment of a run.")
    pain: Pain | None = None
    about_utc: bounds.Moment | None = Field(
        None,
        description="When it was so; by default the moment of the run, else now. Changed, an entry that stays with "
        "its run or names none keeps its time by default.",
    )
    felt: list[Felt] = Field([], max_length=len(FELT))
    signs: list[Sign] = Field(
        [], max_length=len(SIGNS), description="Each is a reason to see a physiotherapist or doctor."
    )
    note: str = Field("", max_length=NOTE_LIMIT)


class NewSymptom(SymptomIn):
    run: UtcUs | None = Field(
        None, description="`id` of the run that it is about; null: of none in particular."
    )
    id: Annotated[str, Field(pattern=ID)] | None = Field(
        None, description="Drawn by who asks, so that what is sent twice makes one entry."
    )


class ChangedSymptom(SymptomIn):
    run: UtcUs | Literal["undated"] | None = Field(
        None,
        description="`id` of the run that it is about; null: of none in particular. Left out, or undated: it stays "
        "with the run that it is of, whenever that was.",
    )
    seen: int = Field(ge=1, le=2**31 - 1, description="The version that was looked at.")

    @property
    def keeps_run(self) -> bool:
        return "run" not in self.model_fields_set or self.run == UNDATED


class Symptom(BaseModel):
    """One version of an entry."""

    id: str
    version: int
    site: Site
    moment: When
    pain: Pain | None
    run: int | Literal["undated"] | None = Field(
        description="`id` of the run that it is about; undated: nobody knows when that was; null: of none in "
        "particular. `PUT` takes all three."
    )
    about_utc: Instant
    about_local: Instant
    felt: list[Felt]
    signs: list[Sign]
    note: str
    retracted: bool = Field(description="Taken back: it counts no more, and its history stays.")
    written_utc: Instant


class Symptoms(Page):
    symptoms: list[Symptom]


class History(BaseModel):
    versions: list[Symptom]


class StatusJson(BaseModel):
    """What became of a site, or of all: green, amber, red or open. No diagnosis."""

    colour: Colour
    sentence: str
    missing: list[Moment]
    signs: list[Sign]
    rules: list[RuleId]


class AnswerJson(BaseModel):
    moment: Moment
    asked: Asked
    pain: Pain | None
    entry: str | None


class CourseJson(BaseModel):
    site: Site
    answers: list[AnswerJson]
    status: StatusJson
    others: list[str] = Field(description="Further entries of these 24 hours.")


class RunCourses(BaseModel):
    run: int
    date: date
    status: StatusJson | None = Field(description="null while nothing was answered.")
    courses: list[CourseJson]


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["symptoms"])
    kept = doors.store.diary

    def shown(runner: str, entry: Entry) -> Symptom:
        return Symptom(**symptom_json(entry, zoning(doors.store, runner)))

    def around(runner: str) -> Records:
        """The records of now, in which an answer that names no run would find its own."""
        today = doors.days(runner).today()
        return records.read(doors.store, runner, today - ONE_DAY, today, doors.now(), diary=False)

    def kept_run(runner: str, held: Saying) -> tuple[Records, RunRecord | None]:
        """The run of an entry, as it is now. None: it names none, or nothing is known of it now."""
        found = None
        if held.run_utc_us is not None and not held.run_undated:
            found = one_run.find(doors.store, runner, held.run_utc_us, doors.now(), diary=False)
        return found or (around(runner), None)

    def sent_before(runner: str, said: NewSymptom) -> Entry | None:
        """What an entry says already that is sent again under the id that was drawn for it."""
        try:
            return kept.entry(runner, said.id) if said.id else None
        except NoSuchEntry:
            return None

    def saying(
        runner: str, said: NewSymptom | ChangedSymptom, held: Entry | None, *, keeps_run: bool = False
    ) -> tuple[Saying, bool]:
        """What is meant, and whether the entry that is there already, `held`, keeps its run.

        EntryInvalid, NotYet, HTTPException 404: no such run.
        """
        if said.site not in SITES:
            raise EntryInvalid("A site is one of those that the document lists.")
        now_utc_us = diaries.utc_us(doors.now())
        if isinstance(said.run, int):
            found, run = found_run(doors, runner, said.run)
            of = diaries.saying_of(found, run, said.site, said.moment, said.pain, now_utc_us)
            if held is not None and run is diaries.run_of(held, found):
                keeps_run = held.saying.run_utc_us is not None
                of = replace(held.saying, run_utc_us=held.saying.run_utc_us or of.run_utc_us)
        elif held is not None and keeps_run:
            found, run = kept_run(runner, held.saying)
            of = held.saying
        else:
            found, run = around(runner), None
            about_utc_us = held.saying.about_utc_us if held else now_utc_us
            of = Saying(said.site, said.moment, said.pain, about_utc_us)
        meant = Saying(
            said.site,
            said.moment,
            said.pain,
            _about_utc_us(said, of),
            of.run_utc_us,
            tuple(said.felt),
            tuple(said.signs),
            said.note,
            of.run_undated,
        )
        diaries.refuse_time(found, run, meant, held.saying if held else None, now_utc_us)
        return meant, keeps_run

    @router.get("/symptoms")
    def symptoms(
        visitor: DiaryReader,
        first: First = None,
        last: Last = None,
        retracted: bool = False,
        limit: Limit = USUAL_A_PAGE,
        offset: Offset = 0,
    ) -> Symptoms:
        """The entries that are about a period, in order of time; with `retracted`, what was taken back as well."""
        span = bounds.period(first, last, doors.days(visitor.runner).today())
        zone_of = zoning(doors.store, visitor.runner)
        start, end = day_bounds(span[0], zone_of)[0], day_bounds(span[1], zone_of)[1]
        found = kept.entries(visitor.runner, start, end, retracted=retracted)
        about, page = bounds.page_of(found, limit, offset)
        return Symptoms(**about, symptoms=[Symptom(**symptom_json(one, zone_of)) for one in page])

    @router.post("/symptoms", status_code=HTTPStatus.CREATED)
    def say(visitor: DiaryWriter, said: NewSymptom) -> Symptom:
        """Write an entry. The same again under the same `id` is no change."""
        meant, keeps_run = saying(visitor.runner, said, sent_before(visitor.runner, said))
        entry = kept.write(visitor.runner, said.id or new_id(), 0, meant, keeps_run=keeps_run)
        return shown(visitor.runner, entry)

    @router.get("/symptoms/{entry}")
    def one(visitor: DiaryReader, entry: EntryId) -> Symptom:
        """What holds of an entry."""
        return shown(visitor.runner, kept.entry(visitor.runner, entry))

    @router.put("/symptoms/{entry}")
    def change(visitor: DiaryWriter, entry: EntryId, said: ChangedSymptom) -> Symptom:
        """Change an entry; what it said before stays in its history. One that was taken back counts again."""
        held = kept.entry(visitor.runner, entry)
        if said.run == UNDATED and held.saying.run_utc_us is None:
            raise EntryInvalid(OF_NO_RUN) if held.version == said.seen else EntryChanged(held)
        meant, keeps_run = saying(visitor.runner, said, held, keeps_run=said.keeps_run)
        written = kept.write(visitor.runner, entry, said.seen, meant, keeps_run=keeps_run)
        return shown(visitor.runner, written)

    @router.delete("/symptoms/{entry}", status_code=HTTPStatus.NO_CONTENT)
    def delete(visitor: DiaryWriter, entry: EntryId) -> None:
        """Delete an entry for good, with its history."""
        kept.delete(visitor.runner, entry)

    @router.post("/symptoms/{entry}/retract")
    def retract(visitor: DiaryWriter, entry: EntryId) -> Symptom:
        """Take an entry back; its history stays."""
        return shown(visitor.runner, kept.retract(visitor.runner, entry))

    @router.get("/symptoms/{entry}/history")
    def history(visitor: DiaryReader, entry: EntryId) -> History:
        """All versions of an entry, the first one first."""
        versions = kept.history(visitor.runner, entry)
        return History(versions=[shown(visitor.runner, one) for one in versions])

    @router.get("/runs/{run}/symptoms")
    def courses(visitor: DiaryReader, run: RunId) -> RunCourses:
        """The 24-hour course of each site after a run, with its status."""
        found, record = found_run(doors, visitor.runner, run, diary=True)
        return _courses(diaries.diary_of(found, doors.now()).of_run(record))

    return router


def _about_utc_us(said: SymptomIn, otherwise: Saying) -> int:
    """When it was so. An answer's moments have milliseconds: what is put back as it was read is no other one."""
    if said.about_utc is None:
        return otherwise.about_utc_us
    said_utc_us = bounds.utc_us_of(said.about_utc)
    is_same = said_utc_us // 1000 == otherwise.about_utc_us // 1000
    return otherwise.about_utc_us if is_same else said_utc_us


def _courses(found: RunSymptoms) -> RunCourses:
    return RunCourses(
        run=found.run.start_utc_us,
        date=found.run.date,
        status=_status(found.status) if found.status else None,
        courses=[_course(course) for course in found.courses],
    )


def _course(course: Course) -> CourseJson:
    return CourseJson(
        site=course.site,
        answers=[
            AnswerJson(
                moment=one.moment, asked=one.asked, pain=one.pain, entry=one.entry.id if one.entry else None
            )
            for one in course.answers
        ],
        status=_status(course.status),
        others=[entry.id for entry in course.others],
    )


def _status(status: Status) -> StatusJson:
    return StatusJson(
        colour=status.colour,
        sentence=words.status(status),
        missing=list(status.missing),
        signs=list(status.signs),
        rules=list(status.evidence),
    )
