"""Who is asking, and what they may."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

# read: days, runs, load. diary: symptoms, too. write: say something of one's own. keep: runners, pods, settings.
Right = Literal["read", "diary", "write", "keep"]
EVERY_RIGHT: frozenset[Right] = frozenset({"read", "diary", "write", "keep"})
OWN_RIGHTS: frozenset[Right] = frozenset({"read", "diary", "write"})
SHARED_RIGHTS: frozenset[Right] = frozenset({"read", "diary"})


@dataclass(frozen=True)
class Visitor:
    """Somebody whom the gate let in. `csrf` has to come back with whatever they send.

    By a share they see the days from `first` to `last` only; None: no bound.
    """

    runner: str  # whose page they see; "": nobody's
    rights: frozenset[Right]
    by: Literal["loopback", "login", "token", "share", "nobody"]
    csrf: str
    first: date | None = None
    last: date | None = None
    key: str = ""  # id of the log-in, token or share
    demo: bool = False  # all that they see is simulated

    def may(self, right: Right) -> bool:
        return right in self.rights

    def sees(self, day: date) -> bool:
        """Whether a day is among those that the visitor is shown."""
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)


def visitor(request: Request) -> Visitor:
    """The one whom the gate let in."""
    return request.state.visitor


Visiting = Annotated[Visitor, Depends(visitor)]


def needs(right: Right) -> Callable[[Request], Visitor]:
    """A dependency: the visitor, who has that right. HTTPException 403."""

    def checked(request: Request) -> Visitor:
        found = visitor(request)
        if not found.may(right):
            # What a token lacks is said to the program that has it [RFC 6750, 3.1].
            challenge = f'Bearer error="insufficient_scope", scope="{right}"'
            headers = {"WWW-Authenticate": challenge} if found.by == "token" else None
            raise HTTPException(HTTPStatus.FORBIDDEN, "This is not yours to see or change.", headers)
        return found

    return checked


def themselves(request: Request) -> Visitor:
    """A dependency: the visitor, who is the runner in person, not a token or a link. HTTPException 403."""
    found = visitor(request)
    if found.by not in ("loopback", "login"):
        raise HTTPException(HTTPStatus.FORBIDDEN, "Only the runner in person can see or change this.")
    return found


InPerson = Annotated[Visitor, Depends(themselves)]
