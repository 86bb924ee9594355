"""Lets in whoever reaches this computer's own address, as the runner of the settings."""

import secrets

from starlette.types import ASGIApp, Receive, Scope, Send

from strideload.web.visitor import EVERY_RIGHT, Visitor


class Gate:
    """Sets `request.state.visitor` for every request."""

    def __init__(self, app: ASGIApp, runner: str):
        self.app = app
        self._visitor = Visitor(runner, EVERY_RIGHT, "loopback", secrets.token_urlsafe(24))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["visitor"] = self._visitor
        await self.app(scope, receive, send)
