"""Cadence: one's own, and the target of who chose to have one."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from strideload.runner import cadence
from strideload.web import cadence_view
from strideload.web.doors import Doors
from strideload.web.rendering import whole_page
from strideload.web.visitor import Visitor, needs

HERE = "/cadence"


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get(HERE, response_class=HTMLResponse)
    def page(visitor: Annotated[Visitor, Depends(needs("read"))]) -> str:
        found = cadence.read(doors.store, visitor.runner, doors.now())
        view = cadence_view.view(found, doors.store.accounts.units_of(visitor.runner))
        return whole_page("cadence.html", visitor, HERE, cadence=view, weeks=cadence.WEEKS)

    return router
