"""The page's addresses: today and any other day, what is live, what the figures mean, and how things go."""

from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from strideload import __version__
from strideload.load.metrics import METRICS
from strideload.web import day_view, live_view, openmetrics, weeks_view
from strideload.web.doors import Days, Live, Watch
from strideload.web.shield import HEADERS, LASTING, LOOPBACK_HOSTS, PRIVATE, Shield

HERE = Path(__file__).parent
STATIC = HERE / "static"
DAYS_SHOWN = 6 * 7
BASELINE_DAYS = 30
# No pod is older, and no time zone's rules are asked for years that they do not know.
FIRST_DAY = date(2000, 1, 1)
HEADINGS = {400: "Not understood", 404: "Not here", 500: "A fault in Strideload"}


def make_app(
    days: Days, live: Live, *, watch: Watch | None = None, hosts: Sequence[str] = LOOPBACK_HOSTS
) -> FastAPI:
    """The web application over these doors; `hosts` are the names under which it may be asked."""
    app = FastAPI(title="Strideload", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", _Assets(directory=STATIC), name="static")
    _add_pages(app, days, live)
    if watch is not None:
        openmetrics.add(app, watch)
    _add_errors(app)
    app.add_middleware(GZipMiddleware, compresslevel=6)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)
    app.add_middleware(Shield)
    return app


def _add_pages(app: FastAPI, days: Days, live: Live) -> None:
    @app.get("/", response_class=HTMLResponse)
    def today(date: str | None = None) -> str:
        return _page("today.html", here="/", live=live_view.view(live), **_day(days, live, date))

    @app.get("/part/day", response_class=HTMLResponse)
    def part_day(date: str | None = None, seen: str = "") -> Response:
        """The day's part, or 204 while it is what the asker has already."""
        part = _day(days, live, date)
        return Response(status_code=204) if part["seen"] == seen else HTMLResponse(_page("_day.html", **part))

    @app.get("/part/live", response_class=HTMLResponse)
    def part_live() -> str:
        return _page("_live.html", live=live_view.view(live))

    @app.get("/metrics", response_class=HTMLResponse)
    def metrics() -> str:
        return _page("metrics.html", here="/metrics", metrics=METRICS)

    @app.get("/healthz")
    def healthz() -> JSONResponse:
        """Whether all is well, and nothing of any runner: whoever reaches this computer may ask."""
        well = live.health()["trouble"] is None
        status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse({"ok": well, "version": __version__}, status)

    @app.get("/favicon.ico")
    def favicon() -> FileResponse:
        return FileResponse(STATIC / "favicon.ico", media_type="image/x-icon")


def _day(days: Days, live: Live, wanted: str | None) -> dict[str, Any]:
    """All that the day's part shows, and `seen`, which changes when any of it does."""
    today = days.today()
    shown = _read_date(wanted, today)
    known = days.days(shown - timedelta(days=max(DAYS_SHOWN - 1, BASELINE_DAYS)), shown)
    before = known[:-1][-BASELINE_DAYS:]
    rejections = live.health()["rejections"] if shown == today else {}
    day = day_view.view(known[-1], before, today, FIRST_DAY, rejections, bool(live.pods()))
    longest = day_view.longest_run(before)
    weeks = weeks_view.view(known[-DAYS_SHOWN:], longest["longest_run_s"] if longest else None)
    seen = blake2b(repr((day, weeks)).encode(), digest_size=8).hexdigest()
    address = f"date={shown.isoformat()}&" if wanted else ""
    return {"day": day, "weeks": weeks, "seen": seen, "poll": f"/part/day?{address}seen={seen}"}


def _read_date(wanted: str | None, today: date) -> date:
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


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> HTMLResponse:
        known = error.detail != HTTPStatus(error.status_code).phrase
        return _error(
            error.status_code, error.detail if known else "There is no page at this address.", error.headers
        )

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> HTMLResponse:
        sentence = (
            "The page could not be made. What is stored is untouched; the reason stands in the terminal."
        )
        # This answer is made outside the shield, so it brings its headers itself.
        return _error(500, sentence, {**HEADERS, "Cache-Control": PRIVATE})


def _error(status: int, sentence: str, headers: Any = None) -> HTMLResponse:
    heading = HEADINGS.get(status, HTTPStatus(status).phrase)
    return HTMLResponse(_page("error.html", here="", heading=heading, sentence=sentence), status, headers)


class _Assets(StaticFiles):
    """Files whose address carries their content's digest, so that a browser may keep them for good."""

    async def get_response(self, path: str, scope: Any) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = LASTING if b"v=" in scope["query_string"] else "no-cache"
        return response


def _asset(name: str) -> str:
    return f"/static/{name}?v={_DIGESTS[name]}"


def _digest(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=6).hexdigest()


def _page(template: str, **values: Any) -> str:
    return _TEMPLATES.get_template(template).render(values)


_DIGESTS = {
    path.relative_to(STATIC).as_posix(): _digest(path) for path in STATIC.rglob("*") if path.is_file()
}
_TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals["asset"] = _asset
