"""Days of load, and what the runner says of days that no pod recorded."""

import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel

from strideload.errors import StrideloadError
from strideload.load import day
from strideload.load.day import Note
from strideload.load.zones import FIRST_DAY
from strideload.web.api import bounds
from strideload.web.api.bounds import Day, First, Last
from strideload.web.api.entry import Reader, Writer
from strideload.web.api.shapes import As
from strideload.web.day_notes import refuse_rest
from strideload.web.doors import Doors

DayShape = Annotated[Any, As(day.Day)]


class DayRefused(StrideloadError):
    """A day of which nothing can be said."""


class Days(BaseModel):
    days: list[DayShape]


class Said(BaseModel):
    what: Note


class DayNote(BaseModel):
    date: datetime.date
    what: Note


class Notes(BaseModel):
    notes: list[DayNote]


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["days"])

    @router.get("/days", response_model=Days)
    def days(visitor: Reader, first: First = None, last: Last = None) -> Any:
        """Each day of a period, in order. A day of which nothing is known is unknown, never zero."""
        own = doors.days(visitor.runner)
        return {"days": list(own.days(*bounds.period(first, last, own.today())))}

    @router.get("/days/{date}", response_model=DayShape)
    def one(visitor: Reader, date: Day) -> Any:
        """One day."""
        return doors.days(visitor.runner).days(date, date)[0]

    @router.get("/notes")
    def notes(visitor: Reader, first: First = None, last: Last = None) -> Notes:
        """What the runner said of days."""
        span = bounds.period(first, last, doors.days(visitor.runner).today())
        found: Any = doors.store.notes(visitor.runner, *span)
        return Notes(notes=[DayNote(date=on, what=what) for on, what in found.items()])

    @router.put("/notes/{date}")
    def note(visitor: Writer, date: Day, said: Said) -> DayNote:
        """Say that a day was rest, or had a run without the pod; none that has not come yet, and no rest of a day that
        a pod recorded.
        """
        own = doors.days(visitor.runner)
        today = own.today()
        if not FIRST_DAY <= date <= today:
            raise DayRefused(f"A day of which you say something lies within {FIRST_DAY} and today, {today}.")
        refuse_rest(own, [date], said.what)
        doors.store.note_day(visitor.runner, date, said.what)
        return DayNote(date=date, what=said.what)

    @router.delete("/notes/{date}", status_code=HTTPStatus.NO_CONTENT)
    def take_back(visitor: Writer, date: Day) -> None:
        """Take back what was said of a day. Where nothing was said, nothing changes."""
        doors.store.note_day(visitor.runner, date, None)

    return router
