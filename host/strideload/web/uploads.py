"""How much of a request is read: no body is without an end."""

from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from strideload.web.forgery import FORM_MOST
from strideload.web.rendering import refusal

UPLOAD_MOST: Final = 16 * 1024 * 1024
UPLOADS: Final = frozenset({"/api/v1/activities", "/data/activities"})
MULTIPART_MORE: Final = 64 * 1024  # of the parts' heads


class Bounded:
    """Refuses a body that says that it is too long, and stops reading one that does not say so (413)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        most = UPLOAD_MOST + MULTIPART_MORE if request.url.path in UPLOADS else FORM_MOST
        said = request.headers.get("content-length", "")
        if said.isdecimal() and int(said) > most:
            refused = refusal(request.url.path, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _too_long(most))
            await refused(scope, receive, send)
            return
        read = 0

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _too_long(most))
            return message

        await self.app(scope, bounded, send)


def _too_long(most: int) -> str:
    size = f"{most // 2**20} MB" if most >= 2**20 else f"{most // 1024} kB"
    return f"This is too long: up to {size} are taken here at once."
