"""What the figures mean."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from strideload.load.metrics import METRICS, OF_A_WATCH
from strideload.web.rendering import whole_page
from strideload.web.visitor import Visitor, needs


def routes() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/metrics", response_class=HTMLResponse)
    def metrics(visitor: Annotated[Visitor, Depends(needs("read"))]) -> str:
        return whole_page("metrics.html", visitor, "/metrics", metrics=METRICS + OF_A_WATCH)

    return router
