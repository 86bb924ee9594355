"""Calendar and trend: half a year of days, weeks and averages; what the unknown days were is said here."""

from datetime import date
from http import HTTPStatus
from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from strideload import days
from strideload.load.longest import MEASURES, Measure
from strideload.load.zones import FIRST_DAY
from strideload.runner import records
from strideload.web import trend_view
from strideload.web.day_notes import NoteRefused, refuse_rest
from strideload.web.doors import Doors
from strideload.web.forms import NONE_REFUSED, Form, Refused, refused
from strideload.web.pages.today import read_date
from strideload.web.rendering import whole_page
from strideload.web.visitor import Visitor, needs
from strideload.words import rules

HERE: Final = "/trend"
NOTES: Final = ("rest", "ran_without")

Reader = Annotated[Visitor, Depends(needs("read"))]
Writer = Annotated[Visitor, Depends(needs("write"))]


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    store = doors.store

    def page(visitor: Visitor, measure: Measure, until: date, why: Refused = NONE_REFUSED) -> str:
        now = doors.now()
        since = trend_view.first_shown(until) - trend_view.WARM_UP
        found = records.read(store, visitor.runner, since, until, now, diary=False)
        seen = found.clipped(visitor.first, visitor.last)
        units = store.accounts.units_of(visitor.runner)
        view = trend_view.view(seen, measure, units, visitor, visitor.first or FIRST_DAY)
        shown = until.isoformat()
        return whole_page("trend.html", visitor, HERE, trend=view, measure=measure, last=shown, refused=why)

    @router.get(HERE, response_class=HTMLResponse)
    def trend(visitor: Reader, by: str = MEASURES[0], last: str | None = None) -> str:
        today = days.today(store, visitor.runner, doors.now())
        return page(visitor, _measure(by), _last(visitor, last, today))

    @router.post(f"{HERE}/note")
    def note(visitor: Writer, form: Form) -> Response:
        today = days.today(store, visitor.runner, doors.now())
        chosen = [read_date(written, today) for written in form.all("date")]
        what = form.one("what")
        if what not in NOTES:
            raise HTTPException(
                HTTPStatus.UNPROCESSABLE_ENTITY, "A day was a rest day, or run without the pod."
            )
        measure = _measure(form.one("by") or MEASURES[0])
        until = read_date(form.one("last") or None, today)
        try:
            if not chosen:
                raise NoteRefused("Tick the days that it was so; none is ticked.")
            refuse_rest(doors.days(visitor.runner), chosen, what)
        except NoteRefused as problem:
            html = page(visitor, measure, until, refused(form, problem))
            return HTMLResponse(html, HTTPStatus.UNPROCESSABLE_ENTITY)
        store.note_days(visitor.runner, chosen, what)
        return RedirectResponse(trend_view.address(measure, until, today), HTTPStatus.SEE_OTHER)

    return router


def _measure(by: str) -> Measure:
    """HTTPException 404: there is no such measure."""
    if by not in MEASURES:
        raise HTTPException(HTTPStatus.NOT_FOUND, f"A trend is of {', '.join(rules.MEASURES.values())}.")
    return cast(Measure, by)


def _last(visitor: Visitor, wanted: str | None, today: date) -> date:
    """The last day that is shown. HTTPException: not a date, or none that the visitor sees."""
    latest = min(today, visitor.last or today)
    last = latest if wanted is None else read_date(wanted, today)
    if wanted is not None and not visitor.sees(last):
        raise HTTPException(HTTPStatus.NOT_FOUND, "This day is not among those that are shared.")
    return last
