"""Today and any other day, and what is live."""

from datetime import date, timedelta
from hashlib import blake2b
from typing import Any

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from strideload.web import day_view, live_view, weeks_view
from strideload.web.doors import Days, Doors, Live
from strideload.web.rendering import part, whole_page
from strideload.web.visitor import Visiting

DAYS_SHOWN = 6 * 7
BASELINE_DAYS = 30
# No pod is older, and no time zone's rules are asked for years that they do not know.
FIRST_DAY = date(2000, 1, 1)


def routes(doors: Doors) -> APIRouter:
    router = APIRouter()
    live = doors.live

    @router.get("/", response_class=HTMLResponse)
    def today(visitor: Visiting, date: str | None = None) -> str:
        day = _day(doors.days(visitor.runner), live, date)
        return whole_page("today.html", visitor, "/", live=live_view.view(live), **day)

    @router.get("/part/day", response_class=HTMLResponse)
    def part_day(visitor: Visiting, date: str | None = None, seen: str = "") -> Response:
        """The day's part, or 204 while it is what the asker has already."""
        day = _day(doors.days(visitor.runner), live, date)
        return Response(status_code=204) if day["seen"] == seen else HTMLResponse(part("_day.html", **day))

    @router.get("/part/live", response_class=HTMLResponse)
    def part_live(visitor: Visiting) -> str:
        return part("_live.html", live=live_view.view(live))

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


def _day(days: Days, live: Live, wanted: str | None) -> dict[str, Any]:
    """All that the day's part shows, and `seen`, which changes when any of it does."""
    today = days.today()
    shown = read_date(wanted, today)
    known = days.days(shown - timedelta(days=max(DAYS_SHOWN - 1, BASELINE_DAYS)), shown)
    before = known[:-1][-BASELINE_DAYS:]
    rejections = live.health()["rejections"] if shown == today else {}
    day = day_view.view(known[-1], before, today, FIRST_DAY, rejections, bool(live.pods()))
    longest = day_view.longest_run(before)
    weeks = weeks_view.view(known[-DAYS_SHOWN:], longest["longest_run_s"] if longest else None)
    seen = blake2b(repr((day, weeks)).encode(), digest_size=8).hexdigest()
    address = f"date={shown.isoformat()}&" if wanted else ""
    return {"day": day, "weeks": weeks, "seen": seen, "poll": f"/part/day?{address}seen={seen}"}
