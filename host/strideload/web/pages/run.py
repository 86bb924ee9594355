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
from strideload.runner.runs import RunName, read_name
from strideload.store import StoreError
from strideload.store.conditions import ShoeInvalid, Worn
from strideload.web import pods_view, run_view
from strideload.web.doors import Doors
from strideload.web.forms import NONE_REFUSED, Fields, Form, Refused
from strideload.web.problems import sentence_of
from strideload.web.rendering import whole_page
from strideload.web.visitor import Visitor, needs
from strideload.words.conditions import MOUNTS, SURFACES

NO_RUN: Final = "There is no such run of yours."

Reader = Annotated[Visitor, Depends(needs("read"))]
Writer = Annotated[Visitor, Depends(needs("write"))]


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    store = doors.store

    def shown(
        visitor: Visitor,
        found: OneRun,
        status: int,
        problem: str | None = None,
        error: StoreError | None = None,
        form: Fields | None = None,
    ) -> Response:
        """`problem`: of the edges. `error`: for which the `form` of conditions was not taken."""
        shared = visitor.by == "share"
        units = store.accounts.units_of(visitor.runner)
        view = run_view.view(found, store.conditions.shoes(visitor.runner), units, shared=shared)
        why = Refused(view.conditions.form, sentence_of(error), form) if error and form else NONE_REFUSED
        html = whole_page("run.html", visitor, "", run=view, shared=shared, problem=problem, refused=why)
        return HTMLResponse(html, status)

    @router.get("/run/{start}", response_class=HTMLResponse)
    def run(visitor: Reader, start: str, edges: str | None = None) -> Response:
        problem, edges_g, status = None, SHOE_EDGES_G, HTTPStatus.OK
        try:
            edges_g = SHOE_EDGES_G if edges is None else edges_of(edges)
        except EdgesInvalid as error:
            problem, status = str(error), HTTPStatus.UNPROCESSABLE_ENTITY
        return shown(visitor, _run(doors, visitor, start, doors.now(), edges_g), status, problem)

    @router.post("/run/{name}/conditions")
    def set_conditions(visitor: Writer, name: str, form: Form) -> Response:
        """Of the run that the form's page was of, wherever its sessions are by now."""
        named, diary = read_name(name), visitor.may("diary")
        worn = Worn(
            form.one("shoe") or None,
            _one_of(form, "mount", MOUNTS),
            _one_of(form, "surface", SURFACES),
        )
        if named is None or not named.sessions:
            raise HTTPException(HTTPStatus.NOT_FOUND, NO_RUN)
        found = one_run.find_named(store, visitor.runner, named, doors.now(), diary=diary)
        if found is None:
            session_id = _without_time(doors, visitor, named)
            store.conditions.set_undated(visitor.runner, session_id, named.start_utc_us, worn)
            return RedirectResponse("/pods/undated?kept=yes", HTTPStatus.SEE_OTHER)
        run = one_run.read(store, *found, doors.now(), diary=diary)
        try:
            store.conditions.set_run(visitor.runner, run.noted_utc_us, worn)
        except ShoeInvalid as error:
            return shown(visitor, run, HTTPStatus.NOT_FOUND, error=error, form=form)
        return RedirectResponse(f"/run/{run.record.start_utc_us}#worn", HTTPStatus.SEE_OTHER)

    return router


def _without_time(doors: Doors, visitor: Visitor, name: RunName) -> int:
    """A session of a run that has lost its time. HTTPException 404: it has none such, or they are another's."""
    for one in doors.store.undated():
        is_of_it = one.placed_utc_us is None and f"{one.session_id:016x}" in name.sessions
        if is_of_it and pods_view.may_place(doors.store, visitor, one):
            return one.session_id
    raise HTTPException(HTTPStatus.NOT_FOUND, NO_RUN)


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
