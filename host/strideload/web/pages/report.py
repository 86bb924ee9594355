"""The report for a physiotherapist: its days are chosen, and the PDF is opened."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response

from strideload.report.pdf import Paper
from strideload.report.period import MOST_DAYS, USUAL_DAYS
from strideload.web.api.bounds import First, Last
from strideload.web.api.entry import asks
from strideload.web.api.report import report_file
from strideload.web.doors import Doors
from strideload.web.rendering import whole_page
from strideload.web.visitor import Visitor

Reader = Annotated[Visitor, Depends(asks("read", "diary"))]


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/report", response_class=HTMLResponse)
    def page(visitor: Reader, first: First = None, last: Last = None) -> str:
        """The days as the address has them, else the six weeks up to today."""
        today = doors.days(visitor.runner).today()
        until = last or today
        return whole_page(
            "report.html",
            visitor,
            "/account",
            first=first or until - timedelta(days=USUAL_DAYS - 1),
            last=until,
            today=today,
            most_days=MOST_DAYS,
        )

    @router.get("/report.pdf")
    def report(visitor: Reader, first: First = None, last: Last = None, paper: Paper = "a4") -> Response:
        return report_file(doors, visitor, first, last, paper, None)

    return router
