"""Shoes, and the shoe, mount and surface that are usual from a moment on."""

import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from strideload.days import zoning
from strideload.runner import shoes as pairs
from strideload.runner.as_json import usual_json
from strideload.runner.diary import utc_us
from strideload.store.conditions import NAME_LIMIT, Shoe, ShoeInvalid, Usual
from strideload.web.api import bounds
from strideload.web.api.bounds import FIRST_UTC_US, LAST_UTC_US, Day, Moment
from strideload.web.api.entry import Reader, Writer
from strideload.web.api.runs import WornJson
from strideload.web.api.shapes import Instant
from strideload.web.doors import Doors

ID = "^[0-9a-f]{16}$"
ShoeId = Annotated[str, Path(pattern=ID)]
Name = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT)]
FromUtcUs = Annotated[int, Path(ge=FIRST_UTC_US, lt=LAST_UTC_US)]


class NewShoe(BaseModel):
    name: Name
    from_date: Day | None = Field(None, description="New on it; by default today.")
    id: Annotated[str, Field(pattern=ID)] | None = Field(
        None, description="Drawn by who asks, so that what is sent twice adds one pair."
    )


class ChangedShoe(BaseModel):
    name: Name
    retired_date: Day | None = Field(None, description="The first day on which it is not worn any more.")


class ShoeJson(BaseModel):
    """A pair of shoes."""

    id: str
    name: str
    from_date: datetime.date
    retired_date: datetime.date | None


class Shoes(BaseModel):
    shoes: list[ShoeJson]


class NewUsual(WornJson):
    from_utc: Moment


class UsualJson(WornJson):
    """What is usual from then on, until another change."""

    id: int = Field(description="Names the change: its moment, us since 1970.")
    from_utc: Instant
    from_local: Instant


class Conditions(BaseModel):
    usual: list[UsualJson]


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["shoes and conditions"])
    kept = doors.store.conditions

    def own(runner: str, shoe: str) -> Shoe:
        """HTTPException 404: there is none, or it is another runner's."""
        found = next((one for one in kept.shoes(runner) if one.id == shoe), None)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such pair of shoes of yours.")
        return found

    def shown(runner: str, one: Usual) -> UsualJson:
        return UsualJson(**usual_json(one, zoning(doors.store, runner)))

    @router.get("/shoes")
    def shoes(visitor: Reader) -> Shoes:
        """All pairs, in the order in which they were new."""
        return Shoes(shoes=[_shoe(one) for one in kept.shoes(visitor.runner)])

    @router.post("/shoes", status_code=HTTPStatus.CREATED)
    def add(visitor: Writer, new: NewShoe) -> ShoeJson:
        """A pair of shoes."""
        today = doors.days(visitor.runner).today()
        from_date = new.from_date or today
        _refuse_later(from_date, today)
        return _shoe(kept.add_shoe(visitor.runner, new.name, from_date, new.id))

    @router.put("/shoes/{shoe}")
    def change(visitor: Writer, shoe: ShoeId, changed: ChangedShoe) -> ShoeJson:
        """Rename, retire or take back a pair."""
        own(visitor.runner, shoe)
        _refuse_later(changed.retired_date, doors.days(visitor.runner).today())
        return _shoe(
            kept.change_shoe(visitor.runner, shoe, name=changed.name, retired_date=changed.retired_date)
        )

    @router.delete("/shoes/{shoe}", status_code=HTTPStatus.NO_CONTENT)
    def delete(visitor: Writer, shoe: ShoeId) -> None:
        """Delete a pair for good that was never worn; one that was is retired instead."""
        own(visitor.runner, shoe)
        pairs.delete(doors.store, visitor.runner, shoe, doors.now())

    @router.get("/conditions")
    def conditions(visitor: Reader) -> Conditions:
        """All changes of what is usual, in order of time."""
        return Conditions(usual=[shown(visitor.runner, one) for one in kept.usual(visitor.runner)])

    @router.post("/conditions", status_code=HTTPStatus.CREATED)
    def set_usual(visitor: Writer, new: NewUsual) -> UsualJson:
        """What is usual from a moment on. Of the same moment, it takes the place of what was said."""
        one = Usual(bounds.utc_us_of(new.from_utc), new.worn())
        if one.from_utc_us > utc_us(doors.now()):
            raise ShoeInvalid("What is usual is said once it is so: that moment has not come yet.")
        kept.set_usual(visitor.runner, *one)
        return shown(visitor.runner, one)

    @router.delete("/conditions/{change}", status_code=HTTPStatus.NO_CONTENT)
    def unset_usual(visitor: Writer, change: FromUtcUs) -> None:
        """Take back a change: what was usual before it goes on."""
        if not any(one.from_utc_us == change for one in kept.usual(visitor.runner)):
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such change of yours.")
        kept.unset_usual(visitor.runner, change)

    return router


def _refuse_later(said: datetime.date | None, today: datetime.date) -> None:
    """ShoeInvalid: a day that has not come yet."""
    if said and said > today:
        raise ShoeInvalid(f"{said} has not come yet.")


def _shoe(shoe: Shoe) -> ShoeJson:
    return ShoeJson(**vars(shoe))
