"""Today and any other day, and what is live."""

from datetime import date
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from strideload.load.zones import FIRST_DAY
from strideload.runner.diary import utc_us
from strideload.web import live_view
from strideload.web.day_notes import refuse_rest
from strideload.web.day_part import DayParts
from strideload.web.doors import Doors
from strideload.web.forms import Form
from strideload.web.rendering import part, whole_page
from strideload.web.visitor import Visitor, needs

Reader = Annotated[Visitor, Depends(needs("read"))]


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    parts = DayParts(doors)

    def day_of(visitor: Visitor, wanted: str | None) -> dict[str, Any]:
        """What the day's part shows, and where it asks for what is new."""
        today = doors.days(visitor.runner).today()
        shown = read_date(wanted, today)
        values = parts.of(visitor, shown, today)
        address = f"date={shown.isoformat()}&" if wanted else ""
        return {**values, "poll": f"/part/day?{address}seen={values['seen']}"}

    def live_of(visitor: Visitor) -> live_view.LiveView:
        own = live_view.own_pods(doors.live, doors.store, visitor.runner, utc_us(doors.now()))
        return live_view.view(own, doors.live.health()["trouble"])

    @router.get("/", response_class=HTMLResponse)
    def today(visitor: Reader, date: str | None = None) -> str:
        day = day_of(visitor, date)
        return whole_page("today.html", visitor, "/", live=live_of(visitor), **day)

    @router.get("/part/day", response_class=HTMLResponse)
    def part_day(visitor: Reader, date: str | None = None, seen: str = "") -> Response:
        """The day's part, or 204 while it is what the asker has already."""
        day = day_of(visitor, date)
        if day["seen"] == seen:
            return Response(status_code=204)
        return HTMLResponse(part("_day.html", visitor=visitor, **day))

    @router.get("/part/live", response_class=HTMLResponse)
    def part_live(visitor: Reader) -> str:
        return part("_live.html", live=live_of(visitor))

    @router.post("/day/note")
    def note(request: Request, visitor: Annotated[Visitor, Depends(needs("write"))], form: Form) -> Response:
        """The runner says what a day was of which no pod tells."""
        wanted = form.one("date")
        day = read_date(wanted, doors.days(visitor.runner).today())
        refuse_rest(doors.days(visitor.runner), [day], form.one("what"))
        doors.store.note_day(visitor.runner, day, form.one("what") or None)
        if "hx-request" in request.headers:
            return HTMLResponse(part("_day.html", visitor=visitor, **day_of(visitor, wanted)))
        return RedirectResponse(f"/?date={day.isoformat()}", HTTPStatus.SEE_OTHER)

    return router


def read_date(wanted: str | None, today: date) -> date:
    """The day asked for, today when none is. HTTPException 400: not a date; 404: a day out of reach."""
    if wanted is None:
        return today
    try:
        shown = date.fromisoformat(wanted)
    except ValueError:
        raise HTTPException(
            400, f"“{wanted[:40]}” is not a date. Write it like {today.isoformat()}."
        ) from None
    if shown > today:
        raise HTTPException(404, "This day has not come yet.")
    if shown < FIRST_DAY:
        raise HTTPException(404, f"Days are shown from the year {FIRST_DAY.year} on.")
    return shown
