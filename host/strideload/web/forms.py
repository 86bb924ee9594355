"""The fields of a plain form, and what to answer when it cannot be taken."""

import math
from dataclasses import dataclass, field
from typing import Annotated, Final
from urllib.parse import parse_qs

from fastapi import Depends, Request

from strideload.access.entry import HeldBack
from strideload.errors import StrideloadError
from strideload.web.problems import sentence_of, status_of


class Fields:
    """A form's fields, by name, and the address that it was sent to."""

    def __init__(self, values: dict[str, list[str]], address: str = "") -> None:
        self._values = values
        self.address = address

    def one(self, name: str) -> str:
        """The last value; "": there is none."""
        return self._values.get(name, [""])[-1]

    def all(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def has(self, name: str) -> bool:
        return name in self._values

    def without(self, name: str) -> "Fields":
        return Fields({one: values for one, values in self._values.items() if one != name}, self.address)


async def fields(request: Request) -> Fields:
    """Those that were sent; the gate has bounded the form. None of them: it is no text."""
    try:
        values = parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=500)
    except ValueError:
        values = {}
    return Fields(values, request.url.path)


Form = Annotated[Fields, Depends(fields)]


@dataclass(frozen=True)
class Refused:
    """A form that was not taken: it stands on its page again as it was sent, with the reason beside it.

    `form`: which of the page's, by its address or a name; "": one without fields, whose reason heads the page.
    """

    form: str = ""
    sentence: str = ""
    fields: Fields = field(default_factory=lambda: Fields({}))

    def value(self, form: str, name: str, otherwise: object) -> object:
        """What was sent in this field; `otherwise` where no such form was."""
        return self.fields.one(name) if self._has(form, name) else otherwise

    def ticked(self, form: str, name: str, value: str, otherwise: bool) -> bool:
        return value in self.fields.all(name) if form == self.form else otherwise

    def _has(self, form: str, name: str) -> bool:
        return form == self.form and self.fields.has(name)


NONE_REFUSED: Final = Refused()


def refused(form: Fields | None, error: StrideloadError) -> Refused:
    """`form` None: it has no fields."""
    said = sentence_of(error)
    return Refused(form.address, said, form) if form else Refused(sentence=said)


def problem_of(error: StrideloadError) -> tuple[int, dict[str, str] | None]:
    """Status and headers that go with what a form was refused for."""
    again = {"Retry-After": str(math.ceil(error.wait_s))} if isinstance(error, HeldBack) else None
    return status_of(error), again
