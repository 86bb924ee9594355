"""The fields of a plain form, and what to answer when it cannot be taken."""

import math
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Request

from strideload.access.entry import HeldBack, NotLetIn
from strideload.access.passwords import TooBusy
from strideload.errors import StrideloadError
from strideload.store import StoreBusy, StoreFailed, StoreFull


async def fields(request: Request) -> dict[str, list[str]]:
    """Each field with its values; the gate has bounded the form. {}: it is no text."""
    try:
        return parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=500)
    except ValueError:
        return {}


class Fields:
    """A form's fields, by name."""

    def __init__(self, values: Annotated[dict[str, list[str]], Depends(fields)]) -> None:
        self._values = values

    def one(self, name: str) -> str:
        """The last value; "": there is none."""
        return self._values.get(name, [""])[-1]

    def all(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def has(self, name: str) -> bool:
        return name in self._values


Form = Annotated[Fields, Depends()]


def problem_of(error: StrideloadError) -> tuple[int, dict[str, str] | None]:
    """Status and headers that go with what a form was refused for."""
    match error:
        case HeldBack():
            return HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(math.ceil(error.wait_s))}
        case NotLetIn():
            return HTTPStatus.FORBIDDEN, None
        case TooBusy() | StoreBusy() | StoreFull() | StoreFailed():
            return HTTPStatus.SERVICE_UNAVAILABLE, None
        case _:
            return HTTPStatus.BAD_REQUEST, None
