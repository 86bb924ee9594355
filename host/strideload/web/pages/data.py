"""A runner's data: taken along, watches' files brought in, and all of it erased for good."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from strideload.access.entry import Entry
from strideload.erase import erase, in_words
from strideload.errors import StrideloadError
from strideload.export import formats
from strideload.runner import activities as taking
from strideload.store.accounts import Account, clean_name
from strideload.store.errors import StoreError
from strideload.web import cookies, watch_files
from strideload.web.api.export import file_of
from strideload.web.doors import Doors
from strideload.web.forms import Form, problem_of
from strideload.web.pages.account import REFUSALS
from strideload.web.problems import sentence_of
from strideload.web.rendering import message_page, whole_page
from strideload.web.visitor import InPerson, Visitor
from strideload.words import distance
from strideload.words.numbers import short_date

MOST_FILES: Final = 20
SHOWN: Final = 50
WRONG_NAME: Final = "That is not the name of this account, so nothing was erased."


def routes(doors: Doors, entry: Entry) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    store = doors.store

    def page(visitor: Visitor, status: int = 200, headers: Any = None, **values: Any) -> Response:
        shown = {
            "account": own(visitor),
            "activities": _rows(doors, visitor),
            "most_files": MOST_FILES,
            "said": [],
            "problem": None,
        }
        html = whole_page("data.html", visitor, "/account", **shown | values)
        return HTMLResponse(html, status, headers)

    def own(visitor: Visitor) -> Account:
        """HTTPException 404: erased meanwhile."""
        found = store.accounts.find(visitor.runner)
        if found is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such runner here any more.")
        return found

    @router.get("/data")
    def data(visitor: InPerson) -> Response:
        return page(visitor)

    @router.get("/data/export{ending}")
    def export(visitor: InPerson, ending: str) -> StreamingResponse:
        if ending not in formats.FORMS:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such file.")
        return file_of(formats.pieces(store, visitor.runner, ending, doors.now()), ending)

    @router.post("/data/activities")
    async def upload(request: Request, visitor: InPerson) -> Response:
        """The files of a form; each is taken or refused by itself."""
        async with request.form(max_files=MOST_FILES, max_fields=5) as form:
            files = [one for one in form.getlist("file") if isinstance(one, UploadFile) and one.filename]
            sent = [(one.filename or "", await one.read()) for one in files]
        said, status = await run_in_threadpool(_take, doors, visitor.runner, sent)
        return await run_in_threadpool(page, visitor, status, said=said)

    @router.post("/data/activities/{content}/delete")
    def delete(visitor: InPerson, content: str) -> Response:
        store.activities.delete(visitor.runner, content)
        return RedirectResponse("/data#activities", HTTPStatus.SEE_OTHER)

    @router.post("/data/erase")
    def erase_all(request: Request, visitor: InPerson, form: Form) -> Response:
        """With the account's name typed, and its password where it has one."""
        account = own(visitor)
        try:
            if not _is_name(form.one("name"), account):
                raise StoreError(WRONG_NAME)
            if account.has_password and account.login:
                entry.check(account.login, form.one("password"), request.state.arrival.address)
            erased = erase(store, visitor.runner, doors.runner)
        except REFUSALS as error:
            status, headers = problem_of(error)
            return page(visitor, status, headers, problem=sentence_of(error))
        response = message_page("Erased", in_words(erased))
        cookies.drop(request, response, cookies.LOGIN)
        return response

    return router


def _take(doors: Doors, runner: str, sent: Sequence[tuple[str, bytes]]) -> tuple[list[str], HTTPStatus]:
    """A sentence a file, up to one whose turn did not come; the status is of the best that became of one."""
    said: list[str] = []
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    for name, data in sent:
        try:
            said.append(taking.take(doors.store, runner, watch_files.read(data, name[:120])).in_words())
            status = HTTPStatus.OK
        except watch_files.ReaderBusy as error:
            said.append(sentence_of(error))
            return said, HTTPStatus.SERVICE_UNAVAILABLE if status != HTTPStatus.OK else status
        except StrideloadError as error:
            said.append(sentence_of(error))
    return said or ["No file was chosen."], status


def _rows(doors: Doors, visitor: Visitor) -> list[dict[str, str]]:
    """The newest first."""
    units = doors.store.accounts.units_of(visitor.runner)
    rows: list[dict[str, str]] = []
    for one in reversed(doors.store.activities.all(visitor.runner)[-SHOWN:]):
        day = taking.date_of(doors.store, visitor.runner, one)
        metres = one.distance_m
        rows.append(
            {
                "content": one.content,
                "name": one.name,
                "day": f"{short_date(day)} {day.year}",
                "distance": "distance not known" if metres is None else distance.distance(metres, units),
            }
        )
    return rows


def _is_name(typed: str, account: Account) -> bool:
    try:
        return clean_name(typed) == account.name
    except StoreError:
        return False
