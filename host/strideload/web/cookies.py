"""Cookies: what the gate reads them by, and how they are set."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

LOGIN: Final = "strideload"
FORM: Final = "strideload-form"  # before anybody has logged in: goes with the form to log in
SHARE: Final = "strideload-share"
OFFER: Final = "strideload-offer"


def name(kind: str, secure: bool) -> str:
    """`__Host-`: a browser takes it by HTTPS only, for this host alone, and no other host can plant one."""
    return f"__Host-{kind}" if secure else kind


def read(request: Request, kind: str) -> str:
    """ "": there is none."""
    return request.cookies.get(name(kind, request.url.scheme == "https"), "")


def put(request: Request, response: Response, kind: str, value: str, life_us: int | None = None) -> None:
    """Out of reach of scripts, and not sent with what other sites ask for. `life_us` None: until the browser ends."""
    secure = request.url.scheme == "https"
    response.set_cookie(
        name(kind, secure),
        value,
        max_age=None if life_us is None else life_us // 1_000_000,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def drop(request: Request, response: Response, kind: str) -> None:
    secure = request.url.scheme == "https"
    response.delete_cookie(name(kind, secure), path="/", secure=secure, httponly=True, samesite="lax")
