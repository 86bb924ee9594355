"""The web application: its pages behind the gate, its files, and what it says when something goes wrong."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Match

from strideload import __version__
from strideload.access.entry import Entry
from strideload.access.passwords import Passwords
from strideload.errors import StrideloadError
from strideload.web import openmetrics
from strideload.web.api import routes as api
from strideload.web.api.routes import DOCUMENT, document
from strideload.web.arrival import Networks
from strideload.web.doors import Doors
from strideload.web.gate import Gate
from strideload.web.pages import (
    account,
    cadence,
    coming_in,
    data,
    figures,
    health,
    household,
    live,
    plan,
    pods,
    report,
    run,
    sharing,
    shoes,
    strength,
    symptoms,
    today,
    trend,
)
from strideload.web.problems import not_understood, sentence_of, status_of
from strideload.web.rendering import API, STATIC, refusal
from strideload.web.shield import HEADERS, LASTING, LOOPBACK_HOSTS, PRIVATE, Shield
from strideload.web.uploads import Bounded

FAILED: Final = "This could not be made. What is stored is untouched; the reason stands in the terminal."
UNKNOWN: Final = {
    404: "There is no page at this address.",
    405: "This address does not take what was sent to it.",
}


@dataclass(frozen=True)
class Entrance:
    """How people come in. `hosts`: the names under which it may be asked; `proxies`: those who may say for whom."""

    hosts: Sequence[str] = LOOPBACK_HOSTS
    proxies: Networks = ()
    lasting_https: bool = True  # tell browsers to come by HTTPS only, from now on (HSTS)
    passwords: Passwords = field(default_factory=Passwords)
    now_utc_us: Callable[[], int] = lambda: time.time_ns() // 1000


def make_app(doors: Doors, entrance: Entrance | None = None) -> FastAPI:
    """The web application over these doors; without an entrance, for this computer only."""
    entrance = entrance or Entrance()
    app = FastAPI(
        title="Strideload", version=__version__, docs_url=None, redoc_url=None, openapi_url=DOCUMENT
    )
    app.openapi = partial(document, app)
    app.mount("/static", _Assets(directory=STATIC), name="static")
    entry = Entry(doors.store, entrance.passwords)
    for router in (
        today.routes(doors),
        trend.routes(doors),
        run.routes(doors),
        strength.routes(doors),
        shoes.routes(doors),
        cadence.routes(doors),
        live.routes(doors),
        symptoms.routes(doors),
        plan.routes(doors),
        pods.routes(doors),
        figures.routes(),
        health.routes(doors.live),
        coming_in.routes(doors.store, entry, entrance.now_utc_us),
        account.routes(doors, entry, entrance.now_utc_us),
        data.routes(doors, entry),
        report.routes(doors),
        household.routes(doors, entry, entrance.now_utc_us),
        sharing.routes(doors, entrance.now_utc_us),
        api.routes(doors),
    ):
        app.include_router(router)
    if doors.watch is not None:
        app.include_router(openmetrics.routes(doors.watch))
    _add_icon(app)
    _add_errors(app)
    app.add_middleware(
        Gate,
        store=doors.store,
        runner=doors.runner,
        proxies=entrance.proxies,
        now_utc_us=entrance.now_utc_us,
        demo=doors.demo,
    )
    app.add_middleware(Bounded)
    app.add_middleware(GZipMiddleware, compresslevel=6)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(entrance.hosts), www_redirect=False)
    app.add_middleware(Shield, lasting_https=entrance.lasting_https)
    return app


def _add_icon(app: FastAPI) -> None:
    @app.get("/favicon.ico", include_in_schema=False)
    def favicon() -> FileResponse:
        return FileResponse(STATIC / "favicon.ico", media_type="image/x-icon")


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and _is_looked_at(request):
            return RedirectResponse(_page_above(app, request.url.path), HTTPStatus.SEE_OTHER)
        known = error.detail != HTTPStatus(error.status_code).phrase
        sentence = error.detail if known else UNKNOWN.get(error.status_code, error.detail)
        return refusal(request.url.path, error.status_code, sentence, error.headers)

    @app.exception_handler(RequestValidationError)
    async def misunderstood(request: Request, error: RequestValidationError) -> Response:
        return refusal(request.url.path, HTTPStatus.UNPROCESSABLE_ENTITY, not_understood(error))

    @app.exception_handler(StrideloadError)
    async def cannot_be(request: Request, error: StrideloadError) -> Response:
        return refusal(request.url.path, status_of(error), sentence_of(error))

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        # This answer is made outside the shield, so it brings its headers itself.
        return refusal(request.url.path, 500, FAILED, {**HEADERS, "Cache-Control": PRIVATE})


def _is_looked_at(request: Request) -> bool:
    """By a person: an address that only takes forms, loaded again or pasted."""
    return request.method in ("GET", "HEAD") and not request.url.path.startswith(API)


def _page_above(app: FastAPI, address: str) -> str:
    """The page whose form goes to this address: the nearest above it that can be looked at."""
    asked = {"type": "http", "method": "GET", "root_path": "", "headers": []}
    while address != "/":
        address = address.rpartition("/")[0] or "/"
        if any(route.matches({**asked, "path": address})[0] is Match.FULL for route in app.routes):
            break
    return address


class _Assets(StaticFiles):
    """Files whose address carries their content's digest, so that a browser may keep them for good."""

    async def get_response(self, path: str, scope: Any) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = LASTING if b"v=" in scope["query_string"] else "no-cache"
        return response
