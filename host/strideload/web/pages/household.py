"""Who lives here: the keeper adds runners, names them, and gives them a link to set a password."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from strideload.access.entry import Entry
from strideload.store import StoreError
from strideload.store.accounts import Account
from strideload.web.doors import Doors
from strideload.web.forms import NONE_REFUSED, Fields, Form, problem_of, refused
from strideload.web.rendering import whole_page
from strideload.web.visitor import Visitor, needs, themselves


def keeper(
    _: Annotated[Visitor, Depends(themselves)], found: Annotated[Visitor, Depends(needs("keep"))]
) -> Visitor:
    """A dependency: whoever keeps the house, in person. HTTPException 403."""
    return found


Keeper = Annotated[Visitor, Depends(keeper)]


def routes(doors: Doors, entry: Entry, now_utc_us: Callable[[], int]) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    accounts, keys = doors.store.accounts, doors.store.keys

    def page(visitor: Visitor, status: int = 200, headers: Any = None, **values: Any) -> Response:
        shown = {
            "accounts": accounts.all(),
            "counters": entry.counters,
            "zone": doors.store.zone_of(visitor.runner, doors.days(visitor.runner).today()),
            "refused": NONE_REFUSED,
            "offer": None,
            "offered_to": None,
        }
        return HTMLResponse(
            whole_page("household.html", visitor, "/household", **shown | values), status, headers
        )

    def done(visitor: Visitor, form: Fields, change: Callable[[], object]) -> Response:
        try:
            change()
        except StoreError as error:
            status, headers = problem_of(error)
            return page(visitor, status, headers, refused=refused(form, error))
        return RedirectResponse("/household", HTTPStatus.SEE_OTHER)

    def known(runner: str) -> Account:
        found = accounts.find(runner)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such runner here.")
        return found

    @router.get("/household")
    def household(visitor: Keeper) -> Response:
        return page(visitor)

    @router.post("/household/runners")
    def add(visitor: Keeper, form: Form) -> Response:
        return done(visitor, form, lambda: accounts.add(form.one("name"), form.one("zone")))

    @router.post("/household/runners/{runner}/name")
    def rename(visitor: Keeper, found: Annotated[Account, Depends(known)], form: Form) -> Response:
        return done(visitor, form, lambda: accounts.rename(found.runner, form.one("name")))

    @router.post("/household/runners/{runner}/keeper")
    def make_keeper(visitor: Keeper, found: Annotated[Account, Depends(known)], form: Form) -> Response:
        is_keeper = form.one("keeper") == "yes"
        return done(visitor, form, lambda: accounts.set_keeper(found.runner, is_keeper))

    @router.post("/household/runners/{runner}/password")
    def offer(request: Request, visitor: Keeper, found: Annotated[Account, Depends(known)]) -> Response:
        """A link, shown once. The password of before holds until it is used."""
        secret = keys.offer_password(found.runner, now_utc_us())
        link = f"{request.url.scheme}://{request.headers['host']}/welcome/{secret}"
        return page(visitor, offer=link, offered_to=found.name)

    return router
