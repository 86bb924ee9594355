"""What a runner sets for themselves: login and password, units, dashboards, log-ins, tokens, links to their diary."""

from collections.abc import Callable
from datetime import date, timedelta
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from strideload.access.entry import Entry, HeldBack, NotLetIn
from strideload.access.passwords import LEAST, PasswordRefused, TooBusy
from strideload.store import StoreError
from strideload.store.keys import DAY_US, LOGIN_LIFE_US
from strideload.web import cookies
from strideload.web.doors import Doors
from strideload.web.forms import NONE_REFUSED, Fields, Form, problem_of
from strideload.web.forms import refused as refusal
from strideload.web.local_times import write_local
from strideload.web.pages.sharing import sealed_days
from strideload.web.rendering import whole_page
from strideload.web.visitor import InPerson, Right, Visitor
from strideload.words.numbers import short_date

SHARED_DAYS: Final = 6 * 7  # what a new link shows, unless other days are chosen
LINK_LIVES: Final = {"7": "a week", "30": "30 days", "90": "90 days"}
TOKEN_LIVES: Final = {"30": "30 days", "365": "a year", "": "until it is ended here"}
SCOPE_WORDS: Final[dict[Right, str]] = {
    "read": "days, runs and load",
    "diary": "symptoms, too",
    "write": "to say something in your name",
    "keep": "runners, pods and settings",
}
REFUSALS: Final = (PasswordRefused, StoreError, NotLetIn, HeldBack, TooBusy)


def routes(doors: Doors, entry: Entry, now_utc_us: Callable[[], int]) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    accounts, keys = doors.store.accounts, doors.store.keys

    def page(visitor: Visitor, status: int = 200, headers: Any = None, **values: Any) -> Response:
        now, runner = now_utc_us(), visitor.runner
        today = doors.days(runner).today()
        shown = {
            "account": accounts.find(runner),
            "logins": keys.logins_of(runner, now),
            "offer": keys.offer_of(runner, now),
            "tokens": keys.tokens_of(runner, now),
            "shares": keys.shares_of(runner, now),
            "scopes": {name: SCOPE_WORDS[name] for name in SCOPE_WORDS if visitor.may(name)},
            "link_lives": LINK_LIVES,
            "token_lives": TOKEN_LIVES,
            "first": today - timedelta(days=SHARED_DAYS - 1),
            "last": today,
            "when": lambda at: "never" if at is None else write_local(doors.store, runner, at),
            "day": lambda day: f"{short_date(day)} {day.year}",
            "least": LEAST,
            "refused": NONE_REFUSED,
            "new_token": None,
            "new_link": None,
        }
        return HTMLResponse(
            whole_page("account.html", visitor, "/account", **shown | values), status, headers
        )

    def refused(visitor: Visitor, form: Fields, error: Any) -> Response:
        status, headers = problem_of(error)
        return page(visitor, status, headers, refused=refusal(form, error))

    @router.get("/account")
    def account(visitor: InPerson) -> Response:
        return page(visitor)

    @router.post("/account/password")
    def password(request: Request, visitor: InPerson, form: Form) -> Response:
        """All log-ins end, and this browser has a new one."""
        found = accounts.find(visitor.runner)
        try:
            if found and found.has_password and found.login:
                entry.check(found.login, form.one("current"), request.state.arrival.address)
            if form.one("password") != form.one("again"):
                raise PasswordRefused("The two passwords differ.")
            entry.set_password(visitor.runner, form.one("password"), form.one("login"))
        except REFUSALS as error:
            return refused(visitor, form, error)
        response = _back("password")
        secret = keys.log_in(visitor.runner, now_utc_us())
        cookies.put(request, response, cookies.LOGIN, secret, LOGIN_LIFE_US)
        return response

    @router.post("/account/units")
    def units(visitor: InPerson, form: Form) -> Response:
        try:
            accounts.set_units(visitor.runner, form.one("units"))
        except StoreError as error:
            return refused(visitor, form, error)
        return _back("units")

    @router.post("/account/dashboards")
    def dashboards(visitor: InPerson, form: Form) -> Response:
        day = form.has("day")
        accounts.set_publishes(visitor.runner, day, day and form.has("symptoms"))
        return _back("dashboards")

    @router.post("/account/log-ins/{login_id}/end")
    def end_login(visitor: InPerson, login_id: str) -> Response:
        return _ended(keys.end_login(visitor.runner, login_id), "log-ins")

    @router.post("/account/tokens")
    def add_token(visitor: InPerson, form: Form) -> Response:
        now = now_utc_us()
        scopes = set(form.all("scope"))
        if not scopes <= visitor.rights:
            raise HTTPException(HTTPStatus.FORBIDDEN, "A token may do no more than you may.")
        try:
            expires = _later(now, form.one("days"), TOKEN_LIVES)
            secret = keys.add_token(visitor.runner, form.one("name"), scopes, now, expires)
        except StoreError as error:
            return refused(visitor, form, error)
        return page(visitor, new_token=secret)

    @router.post("/account/tokens/{token_id}/end")
    def end_token(visitor: InPerson, token_id: str) -> Response:
        return _ended(keys.end_token(visitor.runner, token_id), "tokens")

    @router.post("/account/links")
    def add_link(request: Request, visitor: InPerson, form: Form) -> Response:
        now = now_utc_us()
        try:
            first, last = _date(form.one("first")), _date(form.one("last"))
            expires = _later(now, form.one("days"), LINK_LIVES)
            secret = keys.share(visitor.runner, form.one("name"), first, last, now, expires or now)
        except StoreError as error:
            return refused(visitor, form, error)
        link = f"{request.url.scheme}://{request.headers['host']}/share/{secret}"
        return page(visitor, new_link=link, only_here=request.state.arrival.at_home)

    @router.post("/account/file")
    def sealed_file(visitor: InPerson, form: Form) -> Response:
        """For somebody who does not reach this computer."""
        store, days = doors.store, doors.days(visitor.runner)
        try:
            if form.one("passphrase") != form.one("again"):
                raise PasswordRefused("The two passphrases differ.")
            first, last = _date(form.one("first")), _date(form.one("last"))
            file = sealed_days(store, days, visitor.runner, first, last, form.one("passphrase"), now_utc_us())
        except REFUSALS as error:
            return refused(visitor, form, error)
        name = f"strideload-{first}-{last}.html"
        return Response(
            file, media_type="text/html", headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )

    @router.post("/account/links/{share_id}/end")
    def end_link(visitor: InPerson, share_id: str) -> Response:
        return _ended(keys.end_share(visitor.runner, share_id), "links")

    return router


def _back(section: str) -> RedirectResponse:
    return RedirectResponse(f"/account#{section}", HTTPStatus.SEE_OTHER)


def _ended(found: bool, section: str) -> Response:
    if not found:
        raise HTTPException(
            HTTPStatus.NOT_FOUND, "There is none of that name here; it may have ended already."
        )
    return _back(section)


def _later(now_utc_us: int, days: str, offered: dict[str, str]) -> int | None:
    """None: without an end. StoreError: not one of those that are offered."""
    if days not in offered:
        raise StoreError("choose how long it holds")
    return now_utc_us + int(days) * DAY_US if days else None


def _date(text: str) -> date:
    """StoreError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise StoreError(f"“{text[:40]}” is not a date") from None
