"""Says of each request who is asking, and turns away whoever may not.

On this computer itself, as long as nobody has a password: the runner of the settings, who may do everything. Else
whoever has logged in; for programs, whoever has a token; and for somebody else's eyes, whoever has a link that holds.
"""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Final, cast
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from strideload.store import Store
from strideload.store.keys import SECRET, new_secret
from strideload.web import cookies, forgery
from strideload.web.arrival import Arrival, Networks, arrival
from strideload.web.rendering import API, refusal
from strideload.web.visitor import EVERY_RIGHT, OWN_RIGHTS, SHARED_RIGHTS, Right, Visitor

# Whoever has not logged in sees these, and no runner's day is in them.
ASSETS: Final = re.compile(r"/static/.*|/favicon\.ico")
FOR_ANYBODY: Final = re.compile(r"/log-in|/welcome(/.*)?|/share(/.*)?")
# What the holder of a share sees beside /share: pages that keep to the visitor's `first` and `last`.
SHARED: Final = re.compile(r"/metrics|/trend|/run/[0-9]+|/strength")
WATCHED: Final = ("/healthz", "/openmetrics")  # by programs on this computer; nothing of a runner is there

NO_PASSWORD: Final = (
    "Nobody has a password here yet, so nobody is let in over the network. Set one at the computer that runs "
    "Strideload: `strideload runner password`."
)
LOG_IN: Final = "Log in to see this page."
NO_TOKEN: Final = "This needs a token: Authorization: Bearer TOKEN."
BAD_TOKEN: Final = "This token is not known here, or it has ended."


class Gate:
    """Sets `request.state.visitor` and `request.state.arrival` for every request."""

    def __init__(
        self,
        app: ASGIApp,
        store: Store,
        runner: str,
        proxies: Networks = (),
        now_utc_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        demo: bool = False,
    ) -> None:
        self.app = app
        self._accounts = store.accounts
        self._keys = store.keys
        self._home = Visitor(runner, EVERY_RIGHT, "loopback", new_secret())
        self._proxies = proxies
        self._now_utc_us = now_utc_us
        self._demo = demo

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            came = arrival(scope, self._proxies)
            scope["scheme"] = "https" if came.secure else "http"
            scope.setdefault("state", {})["arrival"] = came
            if ASSETS.fullmatch(request.url.path):
                visitor = self._nobody(request)
            else:
                visitor = await run_in_threadpool(self._visitor, request, came)
            if request.method not in forgery.READING and visitor.by != "token":
                receive = await forgery.check(request, visitor.csrf)
        except HTTPException as error:
            refused = refusal(request.url.path, error.status_code, error.detail, error.headers)
            await refused(scope, receive, send)
            return
        scope["state"]["visitor"] = replace(visitor, demo=self._demo)
        await self.app(scope, receive, send)

    def _visitor(self, request: Request, came: Arrival) -> Visitor:
        """HTTPException: whoever asks is not let in."""
        path, now_utc_us = request.url.path, self._now_utc_us()
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self._by_token(secret.strip(), now_utc_us)
        if path == "/share" or path.startswith("/share/"):
            return self._by_share(request, now_utc_us) or self._nobody(request)
        guarded = self._accounts.any_password()
        if came.at_home and not guarded:
            return self._home
        found = self._by_login(request, now_utc_us)
        if found is None and SHARED.fullmatch(path):
            found = self._by_share(request, now_utc_us)
        if found is not None:
            return found
        if FOR_ANYBODY.fullmatch(path) or (path in WATCHED and came.at_home):
            return self._nobody(request)
        raise self._turned_away(request, guarded)

    def _by_token(self, secret: str, now_utc_us: int) -> Visitor:
        token = self._keys.token(secret, now_utc_us)
        if token is None:
            challenge = 'Bearer realm="strideload", error="invalid_token"'
            raise HTTPException(HTTPStatus.UNAUTHORIZED, BAD_TOKEN, {"WWW-Authenticate": challenge})
        rights = self._rights(token.runner) & cast(frozenset[Right], token.scopes)
        return Visitor(token.runner, rights, "token", "", key=token.id)

    def _by_login(self, request: Request, now_utc_us: int) -> Visitor | None:
        login = self._keys.login(cookies.read(request, cookies.LOGIN), now_utc_us)
        if login is None:
            return None
        return Visitor(login.runner, self._rights(login.runner), "login", login.csrf, key=login.id)

    def _by_share(self, request: Request, now_utc_us: int) -> Visitor | None:
        """A share is for reading: without a token of its own, nothing that it sends is taken."""
        share = self._keys.shared(cookies.read(request, cookies.SHARE), now_utc_us)
        if share is None:
            return None
        return Visitor(share.runner, SHARED_RIGHTS, "share", "", share.first, share.last, share.id)

    def _rights(self, runner: str) -> frozenset[Right]:
        return EVERY_RIGHT if self._accounts.is_keeper(runner) else OWN_RIGHTS

    def _nobody(self, request: Request) -> Visitor:
        """Its token against forgery is the cookie that goes with the form to log in."""
        kept = cookies.read(request, cookies.FORM)
        return Visitor("", frozenset(), "nobody", kept if SECRET.fullmatch(kept) else new_secret())

    def _turned_away(self, request: Request, guarded: bool) -> HTTPException:
        if request.url.path.startswith(API):
            return HTTPException(
                HTTPStatus.UNAUTHORIZED, NO_TOKEN, {"WWW-Authenticate": 'Bearer realm="strideload"'}
            )
        if not guarded:
            return HTTPException(HTTPStatus.FORBIDDEN, NO_PASSWORD)
        if (
            "hx-request" in request.headers
        ):  # a part of a page whose log-in has ended: the whole page goes there
            return HTTPException(HTTPStatus.UNAUTHORIZED, LOG_IN, {"HX-Redirect": "/log-in"})
        if request.method != "GET":
            return HTTPException(HTTPStatus.UNAUTHORIZED, LOG_IN)
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return HTTPException(
            HTTPStatus.SEE_OTHER, LOG_IN, {"Location": f"/log-in?next={quote(here, safe='')}"}
        )
