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
        """Whether all is well, and nothing of any runner: whoever reaches this computer may ask."""
        well = live.health()["trouble"] is None
        status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
        return JSONResponse({"ok": well, "version": __version__}, status)

    return router
