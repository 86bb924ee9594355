"""A runner's diary as somebody else sees it, by a link: some days, to read, for a while."""

from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup
from starlette.exceptions import HTTPException

from strideload.load.evidence import RULES, RuleId
from strideload.load.metrics import EVERY_METRIC
from strideload.store import Store
from strideload.store.keys import check_days
from strideload.web import cookies, courses_view, weeks_view
from strideload.web.doors import Days, Doors
from strideload.web.local_times import write_local
from strideload.web.rendering import part, whole_page
from strideload.web.sealed import STYLE, encrypt_page
from strideload.web.visitor import Visiting
from strideload.words.numbers import long_date
from strideload.words.rules import NAMES

NO_LINK: Final = (
    "This link has ended, was taken back, or was never one. Ask whoever gave it to you for another."
)

# What stands in shared days. A file defines it within itself, as nothing else is in reach where it is opened.
FIGURES: Final = ("running_s", "steps", "impact_sum_g", "pain")
STATUS_RULES: Final[tuple[RuleId, ...]] = ("green", "amber", "red")


def routes(doors: Doors, now_utc_us: Callable[[], int]) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    keys = doors.store.keys

    @router.get("/share/{secret}")
    def open_link(request: Request, secret: str) -> Response:
        """From the address into a cookie at once, where neither history nor a glance at the screen finds it."""
        now = now_utc_us()
        share = keys.shared(secret, now)
        if share is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, NO_LINK)
        response = RedirectResponse("/share", HTTPStatus.SEE_OTHER)
        cookies.put(request, response, cookies.SHARE, secret, share.expires_utc_us - now)
        return response

    @router.get("/share")
    def share(request: Request, visitor: Visiting) -> Response:
        found = keys.shared(cookies.read(request, cookies.SHARE), now_utc_us())
        if visitor.by != "share" or found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, NO_LINK)
        days = doors.days(found.runner)
        values = shared_days(doors.store, days, found.runner, found.first, found.last)
        until = write_local(doors.store, visitor.runner, found.expires_utc_us)
        return HTMLResponse(
            whole_page("share.html", visitor, "/share", share_name=found.name, until=until, **values)
        )

    return router


def shared_days(store: Store, days: Days, runner: str, first: date, last: date) -> dict[str, Any]:
    """What is shown of the days first..last, of which none is after today."""
    account = store.accounts.find(runner)
    reached = days.days(first, min(last, days.today()))
    return {
        "name": account.name if account else runner,
        "range": f"{long_date(first)} {first.year} to {long_date(last)} {last.year}",
        "weeks": weeks_view.view(reached, None) if reached else None,
        "courses": courses_view.of_days(store, runner, first, min(last, days.today())) if reached else [],
        "metrics": [one for one in EVERY_METRIC if one.id in FIGURES],
        "rules": [RULES[one] for one in STATUS_RULES],
        "names": NAMES,
    }


def sealed_days(
    store: Store, days: Days, runner: str, first: date, last: date, passphrase: str, now_utc_us: int
) -> bytes:
    """The same as a file that the passphrase opens. PasswordRefused; StoreError: days that run backwards."""
    check_days(first, last)
    shown = shared_days(store, days, runner, first, last)
    written = write_local(store, runner, now_utc_us)
    return encrypt_page(part("share_file.html", style=Markup(STYLE), written=written, **shown), passphrase)
