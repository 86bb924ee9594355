"""Templates into pages, and the addresses of the files that they need."""

from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from strideload.web.navigation import places_of
from strideload.web.problems import problem
from strideload.web.visitor import Visitor

HERE = Path(__file__).parent
STATIC = HERE / "static"
HEADINGS = {
    400: "Not understood",
    401: "Log in",
    403: "Not yours",
    404: "Not here",
    413: "Too long",
    422: "Not understood",
    429: "Later",
    500: "A fault in Strideload",
}
API = "/api/"


def whole_page(template: str, visitor: Visitor, here: str, **values: Any) -> str:
    """A whole page, with the places that the visitor may go to. `here`: its address among them."""
    return part(template, visitor=visitor, here=here, places=places_of(visitor), **values)


def part(template: str, **values: Any) -> str:
    """A part of a page, which htmx puts in its place."""
    return _TEMPLATES.get_template(template).render(values)


def error_page(status: int, sentence: str, headers: Any = None) -> HTMLResponse:
    """A page that says what went wrong. It may be for somebody whom the gate did not let in."""
    return message_page(HEADINGS.get(status, HTTPStatus(status).phrase), sentence, status, headers)


def message_page(heading: str, sentence: str, status: int = 200, headers: Any = None) -> HTMLResponse:
    """A page for anybody, with nobody's places."""
    html = part("error.html", visitor=None, here="", places=[], heading=heading, sentence=sentence)
    return HTMLResponse(html, status, headers)


def refusal(path: str, status: int, sentence: str, headers: Any = None) -> Response:
    """What went wrong, as whoever asks can read it: a program JSON, a person a page."""
    if path.startswith(API):
        return problem(status, sentence, headers)
    if status == HTTPStatus.SEE_OTHER:
        return Response(None, status, headers)
    return error_page(status, sentence, headers)


def asset(name: str) -> str:
    """A file's address, which changes with its content."""
    return f"/static/{name}?v={_DIGESTS[name]}"


def _digest(path: Path) -> str:
    return blake2b(path.read_bytes(), digest_size=6).hexdigest()


_DIGESTS = {
    path.relative_to(STATIC).as_posix(): _digest(path) for path in STATIC.rglob("*") if path.is_file()
}
_TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals["asset"] = asset
