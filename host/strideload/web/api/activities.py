"""What watches recorded: FIT and GPX files, by which a run has a distance."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from strideload.days import zoning
from strideload.load.zones import day_bounds
from strideload.runner import activities as taking
from strideload.runner.as_json import activity_json
from strideload.store.activities import Activity
from strideload.web import watch_files
from strideload.web.api import bounds
from strideload.web.api.bounds import USUAL_A_PAGE, First, Last, Limit, Offset, Page
from strideload.web.api.entry import Reader, Writer
from strideload.web.api.shapes import Instant
from strideload.web.doors import Doors
from strideload.web.visitor import Visitor

Content = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
Name = Annotated[
    str, Query(max_length=120, description="The file's name, where the file has no title itself.")
]
FILE = {"schema": {"type": "string", "format": "binary"}}
BODY = {"requestBody": {"required": True, "content": {"application/octet-stream": FILE}}}


class ActivityJson(BaseModel):
    """One recording of a watch; null: its file does not tell."""

    id: str = Field(description="A digest of the file.")
    name: str
    start_utc: Instant
    start_local: Instant
    end_utc: Instant
    end_local: Instant
    distance_m: float | None
    ascent_m: float | None
    descent_m: float | None
    has_track: bool = Field(description="It tells of a part of its time, too.")


class Activities(Page):
    activities: list[ActivityJson]


class Taken(BaseModel):
    activity: ActivityJson
    is_new: bool = Field(description="false: it was there already, from a file of the same content.")
    runs: list[int] = Field(
        description="`id` of each run of which it tells; none: no run was recorded meanwhile."
    )
    sentence: str


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["activities"])
    kept = doors.store.activities

    def take(visitor: Visitor, data: bytes, name: str) -> Taken:
        taken = taking.take(doors.store, visitor.runner, watch_files.read(data, name))
        return Taken(
            activity=_activity(doors, visitor.runner, taken.activity),
            is_new=taken.is_new,
            runs=[run.start_utc_us for run in taken.runs],
            sentence=taken.in_words(),
        )

    @router.get("/activities")
    def activities(
        visitor: Reader,
        first: First = None,
        last: Last = None,
        limit: Limit = USUAL_A_PAGE,
        offset: Offset = 0,
    ) -> Activities:
        """Those of a period, in order of time."""
        span = bounds.period(first, last, doors.days(visitor.runner).today())
        zone_of = zoning(doors.store, visitor.runner)
        start, end = day_bounds(span[0], zone_of)[0], day_bounds(span[1], zone_of)[1]
        about, page = bounds.page_of(kept.between(visitor.runner, start, end), limit, offset)
        shown = [ActivityJson(**activity_json(one, zone_of)) for one in page]
        return Activities(**about, activities=shown)

    @router.post("/activities", status_code=HTTPStatus.CREATED, openapi_extra=BODY)
    async def upload(request: Request, response: Response, visitor: Writer, name: Name = "activity") -> Taken:
        """Take a FIT or GPX file, gzipped or not: the body is the file. 16 MB at most."""
        data = await request.body()
        taken = await run_in_threadpool(take, visitor, data, name)
        if not taken.is_new:
            response.status_code = HTTPStatus.OK
        return taken

    @router.get("/activities/{activity}")
    def one(visitor: Reader, activity: Content) -> ActivityJson:
        """One of them."""
        return _activity(doors, visitor.runner, kept.find(visitor.runner, activity))

    @router.delete("/activities/{activity}", status_code=HTTPStatus.NO_CONTENT)
    def delete(visitor: Writer, activity: Content) -> None:
        """Delete one for good: the runs of which it told have no distance by it any more."""
        kept.delete(visitor.runner, activity)

    return router


def _activity(doors: Doors, runner: str, one: Activity) -> ActivityJson:
    return ActivityJson(**activity_json(one, zoning(doors.store, runner)))
