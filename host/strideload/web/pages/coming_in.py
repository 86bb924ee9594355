"""Logging in and out, and the link by which a runner sets a password."""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from strideload.access.entry import Entry, HeldBack, NotLetIn
from strideload.access.passwords import LEAST, PasswordRefused, TooBusy
from strideload.store import Store, StoreError
from strideload.store.keys import LOGIN_LIFE_US, OFFER_LIFE_US, OfferEnded
from strideload.web import cookies
from strideload.web.forms import Form, problem_of
from strideload.web.rendering import whole_page
from strideload.web.visitor import InPerson, Visiting

# A place on this page, never another site: browsers read a second slash of either kind as the start of a host.
NEXT: Final = re.compile(r"/(?![/\\])[\x21-\x7e]*")
NO_OFFER: Final = (
    "This link has ended, was used, or was never one. Whoever keeps this house can make you another on the page "
    "“Household”."
)


def routes(store: Store, entry: Entry, now_utc_us: Callable[[], int]) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    keys = store.keys

    def let_in(request: Request, response: Response, runner: str) -> Response:
        """Always by a new secret: one that a browser brought along is never taken over."""
        cookies.put(request, response, cookies.LOGIN, keys.log_in(runner, now_utc_us()), LOGIN_LIFE_US)
        cookies.drop(request, response, cookies.FORM)
        return response

    @router.get("/log-in")
    def log_in_page(request: Request, visitor: Visiting, next: str = "/") -> Response:
        if visitor.by != "nobody":
            return RedirectResponse(_place(next), HTTPStatus.SEE_OTHER)
        return _form(request, "log_in.html", visitor, next=_place(next))

    @router.post("/log-in")
    def log_in(request: Request, visitor: Visiting, form: Form) -> Response:
        went_to = _place(form.one("next"))
        try:
            runner = entry.check(form.one("login"), form.one("password"), request.state.arrival.address)
        except (NotLetIn, HeldBack, TooBusy) as error:
            status, headers = problem_of(error)
            values = {"next": went_to, "login": form.one("login")[:64], "problem": str(error)}
            return _form(request, "log_in.html", visitor, status, headers, **values)
        if visitor.by == "login":
            keys.end_login(visitor.runner, visitor.key)
        return let_in(request, RedirectResponse(went_to, HTTPStatus.SEE_OTHER), runner)

    @router.post("/log-out")
    def log_out(request: Request, visitor: InPerson) -> Response:
        keys.end_login(visitor.runner, visitor.key)
        return _out(request)

    @router.post("/log-out/everywhere")
    def log_out_everywhere(request: Request, visitor: InPerson) -> Response:
        keys.end_logins(visitor.runner)
        return _out(request)

    @router.get("/welcome/{secret}")
    def open_offer(request: Request, secret: str) -> Response:
        """From the address into a cookie at once, where neither history nor a glance at the screen finds it."""
        if keys.offered(secret, now_utc_us()) is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, NO_OFFER)
        response = RedirectResponse("/welcome", HTTPStatus.SEE_OTHER)
        cookies.put(request, response, cookies.OFFER, secret, OFFER_LIFE_US)
        return response

    def offered(request: Request) -> str:
        runner = keys.offered(cookies.read(request, cookies.OFFER), now_utc_us())
        if runner is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, NO_OFFER)
        return runner

    @router.get("/welcome")
    def welcome(request: Request, visitor: Visiting, runner: Annotated[str, Depends(offered)]) -> Response:
        return _form(request, "welcome.html", visitor, account=store.accounts.find(runner))

    @router.post("/welcome")
    def set_password(
        request: Request, visitor: Visiting, runner: Annotated[str, Depends(offered)], form: Form
    ) -> Response:
        account = store.accounts.find(runner)
        try:
            if form.one("password") != form.one("again"):
                raise PasswordRefused("The two passwords differ.")
            secret = cookies.read(request, cookies.OFFER)
            entry.use_offer(secret, now_utc_us(), form.one("password"), form.one("login"))
        except OfferEnded as error:  # somebody else used it meanwhile
            raise HTTPException(HTTPStatus.NOT_FOUND, NO_OFFER) from error
        except (PasswordRefused, StoreError, TooBusy) as error:
            status, headers = problem_of(error)
            values = {"account": account, "login": form.one("login")[:64], "problem": str(error)}
            return _form(request, "welcome.html", visitor, status, headers, **values)
        response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        cookies.drop(request, response, cookies.OFFER)
        return let_in(request, response, runner)

    return router


def _form(
    request: Request, template: str, visitor: Any, status: int = 200, headers: Any = None, **values: Any
) -> Response:
    """A form for somebody who may not have logged in: its token against forgery goes with a cookie."""
    shown = {"problem": None, "login": "", "least": LEAST} | values
    response = HTMLResponse(whole_page(template, visitor, "", **shown), status, headers)
    if visitor.by == "nobody":
        cookies.put(request, response, cookies.FORM, visitor.csrf)
    return response


def _out(request: Request) -> Response:
    response = RedirectResponse("/log-in", HTTPStatus.SEE_OTHER)
    cookies.drop(request, response, cookies.LOGIN)
    return response


def _place(wanted: str) -> str:
    return wanted if NEXT.fullmatch(wanted) else "/"
