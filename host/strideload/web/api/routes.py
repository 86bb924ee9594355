"""All routes of the API, and its document, /api/v1/openapi.json."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from strideload import __version__
from strideload.web import problems
from strideload.web.api import (
    activities,
    days,
    export,
    me,
    plan,
    pods,
    report,
    runs,
    shoes,
    strength,
    symptoms,
)
from strideload.web.doors import Doors

PREFIX: Final = "/api/v1"
DOCUMENT: Final = f"{PREFIX}/openapi.json"
SAYS: Final = (
    "The records of one runner, for programs. Figures carry their unit in their name and are defined in "
    "docs/metrics.md; null is not known, never zero. What is another runner's is not there (404). Rules state facts "
    "with their source, and no diagnosis."
)
_PROBLEM: Final = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    status.value: {"description": words, "content": _PROBLEM}
    for status, words in {
        HTTPStatus.BAD_REQUEST: "The body cannot be read.",
        HTTPStatus.UNAUTHORIZED: "There is no token, or it has ended.",
        HTTPStatus.FORBIDDEN: "The token is for something else.",
        HTTPStatus.NOT_FOUND: "There is none, or it is another runner's.",
        HTTPStatus.CONFLICT: "It was changed since it was looked at.",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too long.",
        HTTPStatus.UNPROCESSABLE_ENTITY: "Something cannot be; the sentence says what.",
        HTTPStatus.SERVICE_UNAVAILABLE: "The store is busy or full, or fails.",
    }.items()
}


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(prefix=PREFIX, responses=PROBLEMS)
    for matter in (me, days, runs, symptoms, plan, strength, shoes, activities, pods, report, export):
        router.include_router(matter.routes(doors))
    return router


def document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1 of the routes that are in the schema; made once."""
    if app.openapi_schema is None:
        made = get_openapi(title="Strideload", version=__version__, description=SAYS, routes=app.routes)
        made["components"]["schemas"]["Problem"] = problems.SCHEMA
        app.openapi_schema = made
    return app.openapi_schema
