"""Who is asking, and what they may."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

# read: days, runs, load. diary: symptoms, too. write: say something of one's own. keep: runners, pods, settings.
Right = Literal["read", "diary", "write", "keep"]
EVERY_RIGHT: frozenset[Right] = frozenset({"read", "diary", "write", "keep"})


@dataclass(frozen=True)
class Visitor:
    """Somebody whom the gate let in. `csrf` has to come back with whatever they send."""

    runner: str  # whose page they see
    rights: frozenset[Right]
    by: Literal["loopback", "login", "token", "share"]
    csrf: str

    def may(self, right: Right) -> bool:
        return right in self.rights


def visitor(request: Request) -> Visitor:
    """The one whom the gate let in."""
    return request.state.visitor


Visiting = Annotated[Visitor, Depends(visitor)]


def needs(right: Right) -> Callable[[Request], Visitor]:
    """A dependency: the visitor, who has that right. HTTPException 403."""

    def checked(request: Request) -> Visitor:
        found = visitor(request)
        if not found.may(right):
            raise HTTPException(HTTPStatus.FORBIDDEN, "This is not yours to see or change.")
        return found

    return checked
