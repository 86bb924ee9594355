"""The strength log, a row an exercise."""

import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from strideload.load.strength import EFFORT, REPETITIONS, SETS, Exercise, Group
from strideload.runner.as_json import strength_json
from strideload.store.ids import PATTERN, new_id
from strideload.store.strength import NOTE_LIMIT, StrengthEntry
from strideload.web.api import bounds
from strideload.web.api.bounds import LAST_UTC_US, USUAL_A_PAGE, Day, First, Last, Limit, Offset, Page
from strideload.web.api.entry import Reader, Writer
from strideload.web.api.shapes import Instant
from strideload.web.doors import Doors

ID = f"^{PATTERN}$"
EntryId = Annotated[str, Path(pattern=ID)]


class StrengthIn(BaseModel):
    group: Group
    sets: int = Field(ge=SETS[0], le=SETS[1])
    repetitions: Annotated[int, Field(ge=REPETITIONS[0], le=REPETITIONS[1])] | None = Field(
        None, description="In each set; null: not counted."
    )
    effort: Annotated[int, Field(ge=EFFORT[0], le=EFFORT[1])] | None = Field(None, description="As felt.")
    note: str = Field("", max_length=NOTE_LIMIT, description="One line.")


class NewStrength(StrengthIn):
    date: Day | None = Field(None, description="By default today.")
    id: Annotated[str, Field(pattern=ID)] | None = Field(
        None, description="Drawn by who asks, so that what is sent twice makes one entry."
    )


class ChangedStrength(StrengthIn):
    date: Day
    seen: int = Field(ge=0, lt=LAST_UTC_US, description="`written_utc_us` of what was looked at.")


class StrengthJson(BaseModel):
    """Sets for one muscle group on a date."""

    id: str
    date: datetime.date
    group: Group
    sets: int
    repetitions: int | None
    effort: int | None
    note: str
    written_utc: Instant
    written_utc_us: int = Field(description="The same; it names what was looked at.")


class StrengthLog(Page):
    strength: list[StrengthJson]


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["strength"])
    kept = doors.store.strength

    @router.get("/strength")
    def strength(
        visitor: Reader,
        first: First = None,
        last: Last = None,
        limit: Limit = USUAL_A_PAGE,
        offset: Offset = 0,
    ) -> StrengthLog:
        """What was logged of a period, in order of dates. What nobody logged is not logged, never not done."""
        span = bounds.period(first, last, doors.days(visitor.runner).today())
        about, page = bounds.page_of(kept.entries(visitor.runner, *span), limit, offset)
        return StrengthLog(**about, strength=[_shown(one) for one in page])

    @router.post("/strength", status_code=HTTPStatus.CREATED)
    def log(visitor: Writer, new: NewStrength) -> StrengthJson:
        """Log an exercise. The same `id` again is no change."""
        today = doors.days(visitor.runner).today()
        made = kept.add(
            visitor.runner, new.id or new_id(), new.date or today, _exercise(new), new.note, today
        )
        return _shown(made)

    @router.put("/strength/{entry}")
    def change(visitor: Writer, entry: EntryId, said: ChangedStrength) -> StrengthJson:
        """Change an entry; of what it said before nothing is kept."""
        today = doors.days(visitor.runner).today()
        return _shown(
            kept.change(visitor.runner, entry, said.seen, said.date, _exercise(said), said.note, today)
        )

    @router.delete("/strength/{entry}", status_code=HTTPStatus.NO_CONTENT)
    def delete(visitor: Writer, entry: EntryId) -> None:
        """Delete an entry for good."""
        kept.delete(visitor.runner, entry)

    return router


def _exercise(said: StrengthIn) -> Exercise:
    return Exercise(said.group, said.sets, said.repetitions, said.effort)


def _shown(entry: StrengthEntry) -> StrengthJson:
    return StrengthJson(**strength_json(entry), written_utc_us=entry.written_utc_us)
