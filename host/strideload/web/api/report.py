"""The report for a physiotherapist, as a PDF."""

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from fastapi.responses import Response

from strideload.report import pdf
from strideload.report.joined import report_of
from strideload.report.pdf import Paper
from strideload.store.accounts import Units
from strideload.web.api.bounds import First, Last
from strideload.web.api.entry import AllReader
from strideload.web.doors import Doors
from strideload.web.visitor import Visitor

PDF: Final = "application/pdf"
ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The PDF.",
        "content": {PDF: {"schema": {"type": "string", "format": "binary"}}},
    }
}


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["report"])

    @router.get("/report.pdf", response_class=Response, responses=ANSWERS)
    def report(
        visitor: AllReader,
        first: First = None,
        last: Last = None,
        paper: Annotated[Paper, Query()] = "a4",
        units: Annotated[Units | None, Query(description="Of distances; by default the runner's.")] = None,
    ) -> Response:
        """An accessible PDF of one to three pages on up to a year: load, symptoms, strength, plan, data quality."""
        return report_file(doors, visitor, first, last, paper, units)

    return router


def report_file(
    doors: Doors, visitor: Visitor, first: date | None, last: date | None, paper: Paper, units: Units | None
) -> Response:
    """A download. PeriodRefused, DateOutOfRange."""
    content = report_of(doors.store, visitor.runner, first, last, doors.now())
    made = pdf.make(content, paper, units or doors.store.accounts.units_of(visitor.runner))
    name = f"strideload_{content.first}_{content.last}.pdf"
    return Response(made.data, 200, {"Content-Disposition": f'inline; filename="{name}"'}, PDF)
