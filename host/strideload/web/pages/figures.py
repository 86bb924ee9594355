"""What the figures mean, and the rules that set them beside each other."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from strideload.load.evidence import RULES
from strideload.load.metrics import EVERY_METRIC
from strideload.web.rendering import whole_page
from strideload.web.visitor import Visitor, needs
from strideload.words.rules import NAMES


def routes() -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/metrics", response_class=HTMLResponse)
    def metrics(visitor: Annotated[Visitor, Depends(needs("read"))]) -> str:
        return whole_page("metrics.html", visitor, "/metrics", metrics=EVERY_METRIC, rules=RULES, names=NAMES)

    return router
