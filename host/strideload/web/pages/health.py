"""How things go, for programs that watch."""

from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from strideload import __version__
from strideload.web.doors import Live


def routes(live: Live) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    def healthz() -> JSONResponse:
        health = live.health()
        status = HTTPStatus.OK if health["trouble"] is None else HTTPStatus.SERVICE_UNAVAILABLE
        well = {"ok": health["trouble"] is None, "version": __version__}
        return JSONResponse({**well, **health, "pods": list(live.pods())}, status)

    return router
