"""The run that goes on now."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from strideload.runner.diary import utc_us
from strideload.web import live_run_view
from strideload.web.doors import Doors
from strideload.web.live_run_view import LiveRunView
from strideload.web.rendering import part, whole_page
from strideload.web.visitor import Visitor, needs

HERE = "/live"

Reader = Annotated[Visitor, Depends(needs("read"))]


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    def view(visitor: Visitor) -> LiveRunView:
        return live_run_view.view(doors.live, doors.store, visitor.runner, utc_us(doors.now()))

    @router.get(HERE, response_class=HTMLResponse)
    def page(visitor: Reader) -> str:
        return whole_page("live.html", visitor, HERE, live=view(visitor))

    @router.get("/part/live-run", response_class=HTMLResponse)
    def live_run(visitor: Reader) -> str:
        return part("_live_run.html", live=view(visitor))

    return router
