"""Whether whoever sends something means to: no other site can have a visitor's browser send it (CSRF)."""

import hmac
import re
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER: Final = "x-csrf-token"
FIELD: Final = "csrf"
FORM: Final = "application/x-www-form-urlencoded"
FORM_MOST: Final = 256 * 1024
# The token is the first field of a form with files, so that no more than this is held back to look for it.
FIRST_PART_MOST: Final = 4096
FIRST_PART: Final = re.compile(
    rb'--[^\r\n]{1,200}\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n([^\r\n]{1,200})\r\n', re.I
)
REFUSED: Final = (
    "This was not sent from a page of Strideload that is still good. Reload the page and send it again."
)


async def check(request: Request, csrf: str) -> Receive:
    """-> what the request's body is to be read from. HTTPException 403: not meant; 413: a form without an end."""
    headers = request.headers
    if not _same_origin(request.url.scheme, headers):
        raise HTTPException(HTTPStatus.FORBIDDEN, REFUSED)
    receive = request.receive
    if HEADER in headers:
        token = headers[HEADER]
    else:
        token, receive = await _field(headers.get("content-type", ""), receive)
    if not csrf or not hmac.compare_digest(token.encode(), csrf.encode()):
        raise HTTPException(HTTPStatus.FORBIDDEN, REFUSED)
    return receive


def _same_origin(scheme: str, headers: Headers) -> bool:
    """By what a browser says of itself; a program that says nothing still needs the token."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        said = urlsplit(origin)
    except ValueError:
        return False
    return (said.scheme, said.netloc.lower()) == (scheme, headers.get("host", "").lower())


async def _field(kind: str, receive: Receive) -> tuple[str, Receive]:
    """The token of a form's field, and the whole body again. "": there is none."""
    kind = kind.partition(";")[0].strip().lower()
    if kind == FORM:
        body, seen = await _read(receive, FORM_MOST)
        if len(body) > FORM_MOST:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "This form is too long.")
        try:
            fields = parse_qs(body.decode(), max_num_fields=500)
        except ValueError:
            fields = {}
        return fields.get(FIELD, [""])[0], _again(seen, receive)
    if kind == "multipart/form-data":
        body, seen = await _read(receive, FIRST_PART_MOST)
        found = FIRST_PART.match(body)
        return found[1].decode(errors="replace") if found else "", _again(seen, receive)
    return "", receive


async def _read(receive: Receive, most: int) -> tuple[bytes, list[Message]]:
    """The body until its end, or until there is more of it than `most`; and the messages that it came in."""
    seen: list[Message] = []
    body = b""
    while len(body) <= most:
        message = await receive()
        seen.append(message)
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    return body, seen


def _again(seen: list[Message], receive: Receive) -> Receive:
    waiting = list(reversed(seen))

    async def received() -> Message:
        return waiting.pop() if waiting else await receive()

    return received
