"""What went wrong, as a program reads it: problem+json [RFC 9457] with one sentence for a person."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from strideload.access.entry import HeldBack, NotLetIn
from strideload.access.passwords import TooBusy
from strideload.errors import StrideloadError
from strideload.store import StoreBusy, StoreFailed, StoreFull
from strideload.store.activities import NoSuchActivity
from strideload.store.diary import EntryChanged, NoSuchEntry
from strideload.store.plans import PlanChanged
from strideload.store.strength import NoSuchStrengthEntry, StrengthEntryChanged
from strideload.web.watch_files import ReaderBusy
from strideload.words.sentences import capital

MEDIA_TYPE: Final = "application/problem+json"
SCHEMA: Final = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong [RFC 9457].",
    "properties": {
        "title": {"type": "string", "description": "Of the status."},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for a person."},
    },
    "required": ["title", "status", "detail"],
}

_DATE: Final = "this is no date; write it as 2026-11-22"
_MOMENT: Final = "this is no moment; write it with its zone, as 2026-11-22T18:05:00+01:00"
_NUMBER: Final = "this is no whole number"
PLAINLY: Final = {
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "date_parsing": _DATE,
    "date_type": _DATE,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_type": _MOMENT,
    "timezone_aware": _MOMENT,
    "int_parsing": _NUMBER,
    "int_parsing_size": _NUMBER,
    "int_type": _NUMBER,
    "int_from_float": _NUMBER,
    "bool_parsing": "this is neither true nor false",
    "bool_type": "this is neither true nor false",
    "string_pattern_mismatch": "this is not written as an id is",
    "missing": "this is missing",
    "json_invalid": "this is no JSON",
}  # by pydantic's type of error; what stands not here is said in its words


def problem(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    said = {"title": HTTPStatus(status).phrase, "status": int(status), "detail": sentence}
    return JSONResponse(said, status, dict(headers or {}), MEDIA_TYPE)


def status_of(error: StrideloadError) -> int:
    """Of what the store, a rule or the entry refuses."""
    match error:
        case NoSuchEntry() | NoSuchStrengthEntry() | NoSuchActivity():
            return HTTPStatus.NOT_FOUND
        case EntryChanged() | PlanChanged() | StrengthEntryChanged():
            return HTTPStatus.CONFLICT
        case HeldBack():
            return HTTPStatus.TOO_MANY_REQUESTS
        case NotLetIn():
            return HTTPStatus.FORBIDDEN
        case StoreBusy() | StoreFull() | StoreFailed() | ReaderBusy() | TooBusy():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            return HTTPStatus.UNPROCESSABLE_ENTITY


def sentence_of(error: Exception) -> str:
    """The store speaks in half sentences, for the terminal."""
    return f"{capital(str(error).rstrip('.'))}."


def not_understood(error: RequestValidationError) -> str:
    """ "“from”: input should be a valid date." Of the first thing that is wrong; what was sent is not repeated."""
    first: dict[str, Any] = error.errors()[0]
    where, *path = (str(step) for step in first["loc"])
    named = ".".join(path) if path and first["type"] != "json_invalid" else where
    said = PLAINLY.get(first["type"]) or str(first["msg"]).removeprefix("Value error, ")
    return f"“{named[:60]}”: {said[:1].lower()}{said[1:].rstrip('.')}."
