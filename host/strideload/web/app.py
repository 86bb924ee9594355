"""The web application: its pages behind the gate, its files, and what it says when something goes wrong."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from strideload import __version__
from strideload.web.doors import Doors
from strideload.web.gate import Gate
from strideload.web.pages import figures, health, plan, symptoms, today
from strideload.web.rendering import STATIC, error_page
from strideload.web.shield import HEADERS, LASTING, LOOPBACK_HOSTS, PRIVATE, Shield


def make_app(doors: Doors, *, hosts: Sequence[str] = LOOPBACK_HOSTS) -> FastAPI:
    """The web application over these doors; `hosts` are the names under which it may be asked."""
    app = FastAPI(title="Strideload", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", _Assets(directory=STATIC), name="static")
    for router in (
        today.routes(doors),
        symptoms.routes(doors),
        plan.routes(doors),
        figures.routes(),
        health.routes(doors.live),
    ):
        app.include_router(router)
    _add_icon(app)
    _add_errors(app)
    app.add_middleware(Gate, runner=doors.runner)
    app.add_middleware(GZipMiddleware, compresslevel=6)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)
    app.add_middleware(Shield)
    return app


def _add_icon(app: FastAPI) -> None:
    @app.get("/favicon.ico")
    def favicon() -> FileResponse:
        return FileResponse(STATIC / "favicon.ico", media_type="image/x-icon")


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> HTMLResponse:
        known = error.detail != HTTPStatus(error.status_code).phrase
        sentence = error.detail if known else "There is no page at this address."
        return error_page(error.status_code, sentence, error.headers)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> HTMLResponse:
        sentence = (
            "The page could not be made. What is stored is untouched; the reason stands in the terminal."
        )
        # This answer is made outside the shield, so it brings its headers itself.
        return error_page(500, sentence, {**HEADERS, "Cache-Control": PRIVATE})


class _Assets(StaticFiles):
    """Files whose address carries their content's digest, so that a browser may keep them for good."""

    async def get_response(self, path: str, scope: Any) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = LASTING if b"v=" in scope["query_string"] else "no-cache"
        return response
