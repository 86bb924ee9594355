"""One run: how it went on, what it is compared with, what it did, and on what it was run, which is said here."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from strideload.load.histogram import SHOE_EDGES_G, EdgesInvalid, edges_of
from strideload.load.zones import EARLIEST, LATEST
from strideload.runner import one_run
from strideload.runner.one_run import OneRun
from strideload.store.conditions import ShoeInvalid, Worn
from strideload.web import run_view
from strideload.web.doors import Doors
from strideload.web.forms import Fields, Form
from strideload.web.rendering import whole_page
from strideload.web.visitor import Visitor, needs
from strideload.words.conditions import MOUNTS, SURFACES

NO_RUN: Final = "There is no such run of yours."

Reader = Annotated[Visitor, Depends(needs("read"))]
Writer = Annotated[Visitor, Depends(needs("write"))]


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    store = doors.store

    @router.get("/run/{start}", response_class=HTMLResponse)
    def run(visitor: Reader, start: str, edges: str | None = None) -> Response:
        problem, edges_g = None, SHOE_EDGES_G
        try:
            edges_g = SHOE_EDGES_G if edges is None else edges_of(edges)
        except EdgesInvalid as error:
            problem = str(error)
        found = _run(doors, visitor, start, doors.now(), edges_g)
        shared = visitor.by == "share"
        units = store.accounts.units_of(visitor.runner)
        view = run_view.view(found, store.conditions.shoes(visitor.runner), units, shared=shared)
        html = whole_page("run.html", visitor, "", run=view, shared=shared, problem=problem)
        return HTMLResponse(html, HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK)

    @router.post("/run/{start}/conditions")
    def set_conditions(visitor: Writer, start: str, form: Form) -> Response:
        found = _run(doors, visitor, start, doors.now())
        worn = Worn(
            form.one("shoe") or None,
            _one_of(form, "mount", MOUNTS),
            _one_of(form, "surface", SURFACES),
        )
        try:
            store.conditions.set_run(visitor.runner, found.noted_utc_us, worn)
        except ShoeInvalid as error:
            raise HTTPException(HTTPStatus.NOT_FOUND, str(error)) from error
        return RedirectResponse(f"/run/{found.record.start_utc_us}#worn", HTTPStatus.SEE_OTHER)

    return router


def _run(
    doors: Doors,
    visitor: Visitor,
    start: str,
    now: datetime,
    edges_g: tuple[float, ...] = SHOE_EDGES_G,
) -> OneRun:
    """HTTPException 404: there is none, it is another's, or it is not shared; nobody learns which."""
    if not (start.isascii() and start.isdecimal() and len(start) < 20):
        raise HTTPException(HTTPStatus.NOT_FOUND, NO_RUN)
    diary = visitor.may("diary")
    found = one_run.find(
        doors.store,
        visitor.runner,
        int(start),
        now,
        diary=diary,
        said_first=visitor.first or EARLIEST,
        said_last=visitor.last or LATEST,
    )
    if found is None or not visitor.sees(found[1].date):
        raise HTTPException(HTTPStatus.NOT_FOUND, NO_RUN)
    return one_run.read(doors.store, *found, now, diary=diary, seen_since=visitor.first, edges_g=edges_g)


def _one_of(form: Fields, name: str, words: object) -> str | None:
    """None: as usual. HTTPException 422: it is none of these."""
    said = form.one(name)
    known = [str(word) for word in words] if isinstance(words, dict) else []
    if said and said not in known:
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"A {name} is one of {', '.join(known)}.")
    return said or None
