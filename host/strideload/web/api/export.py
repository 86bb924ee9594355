"""All that is the runner's, to take along."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from strideload.export import formats
from strideload.web.api.entry import AllReader
from strideload.web.doors import Doors

FILES: Final[dict[str, dict[str, Any]]] = {
    ".json": {"schema": {"type": "object"}},
    ".zip": {"schema": {"type": "string", "format": "binary"}},
}


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(tags=["export"])

    def answer(runner: str, ending: str) -> StreamingResponse:
        return file_of(formats.pieces(doors.store, runner, ending, doors.now()), ending)

    @router.get("/export.json", response_class=StreamingResponse, responses=_answers(".json"))
    def document(visitor: AllReader) -> StreamingResponse:
        """One JSON document; docs/export.md says what stands in it."""
        return answer(visitor.runner, ".json")

    @router.get("/export.zip", response_class=StreamingResponse, responses=_answers(".zip"))
    def archive(visitor: AllReader) -> StreamingResponse:
        """CSV files in a zip."""
        return answer(visitor.runner, ".zip")

    return router


def file_of(pieces: Iterator[bytes], ending: str) -> StreamingResponse:
    """A download. What fails at the very first piece is answered as a fault, not as half a file."""
    first = next(pieces)

    def whole() -> Iterator[bytes]:
        yield first
        yield from pieces

    headers = {"Content-Disposition": f'attachment; filename="strideload{ending}"'}
    return StreamingResponse(whole(), media_type=formats.MEDIA_TYPES[ending], headers=headers)


def _answers(ending: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "The file.", "content": {formats.MEDIA_TYPES[ending]: FILES[ending]}}}
