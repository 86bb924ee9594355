"""Shoes: what each pair has been through, and which is usual, with what mount and surface."""

import re
from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from strideload import days
from strideload.errors import StrideloadError
from strideload.load.zones import FIRST_DAY
from strideload.runner import shoes
from strideload.store.conditions import Shoe, Worn
from strideload.web import shoes_view
from strideload.web.doors import Doors
from strideload.web.forms import NONE_REFUSED, Fields, Form, Refused, problem_of, refused
from strideload.web.local_times import write_local
from strideload.web.rendering import whole_page
from strideload.web.visitor import Visitor, needs
from strideload.words.conditions import MOUNTS, SURFACES

HERE: Final = "/shoes"

_ID: Final = re.compile(r"[0-9a-f]{16}")

Reader = Annotated[Visitor, Depends(needs("read"))]
Writer = Annotated[Visitor, Depends(needs("write"))]


class ShoeFormInvalid(StrideloadError):
    """A form that cannot be taken; says why."""


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    store = doors.store

    def shown(visitor: Visitor, why: Refused = NONE_REFUSED, status: int = HTTPStatus.OK) -> Response:
        found = shoes.read(store, visitor.runner, doors.now())
        units = store.accounts.units_of(visitor.runner)
        view = shoes_view.view(found, units, lambda at: write_local(store, visitor.runner, at))
        html = whole_page(
            "shoes.html", visitor, HERE, shoes=view, refused=why, may_write=visitor.may("write")
        )
        return HTMLResponse(html, status)

    def changed(visitor: Visitor, form: Fields | None, change: Callable[[], object]) -> Response:
        try:
            change()
        except StrideloadError as problem:
            return shown(visitor, refused(form, problem), problem_of(problem)[0])
        return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)

    def own(visitor: Visitor, shoe: str) -> Shoe:
        """HTTPException 404: there is no such pair, or it is another's; nobody learns which."""
        found = [one for one in store.conditions.shoes(visitor.runner) if one.id == shoe]
        if not found:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such pair of yours.")
        return found[0]

    def today(visitor: Visitor) -> date:
        return days.today(store, visitor.runner, doors.now())

    @router.get(HERE)
    def page(visitor: Reader) -> Response:
        return shown(visitor)

    @router.post(HERE)
    def add(visitor: Writer, form: Form) -> Response:
        def change() -> None:
            new_id = form.one("id")
            if not _ID.fullmatch(new_id):
                raise ShoeFormInvalid("This form is not whole. Reload the page and send it again.")
            since = _date(form, "from", today(visitor))
            made = store.conditions.add_shoe(visitor.runner, form.one("name"), since, new_id)
            if form.has("usual"):
                before = shoes.usual_on(store, visitor.runner, since)
                shoes.set_usual(store, visitor.runner, since, before._replace(shoe=made.id))

        return changed(visitor, form, change)

    @router.post(f"{HERE}/usual")
    def set_usual(visitor: Writer, form: Form) -> Response:
        def change() -> None:
            worn = Worn(
                form.one("shoe") or None, _one_of(form, "mount", MOUNTS), _one_of(form, "surface", SURFACES)
            )
            if worn.shoe is not None:
                own(visitor, worn.shoe)
            shoes.set_usual(store, visitor.runner, _date(form, "from", today(visitor)), worn)

        return changed(visitor, form, change)

    @router.post(f"{HERE}/usual/{{from_utc_us}}/remove")
    def unset_usual(visitor: Writer, from_utc_us: str) -> Response:
        held = {str(one.from_utc_us): one for one in store.conditions.usual(visitor.runner)}
        if from_utc_us not in held:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such entry of yours.")
        return changed(
            visitor, None, lambda: store.conditions.unset_usual(visitor.runner, held[from_utc_us].from_utc_us)
        )

    @router.post(f"{HERE}/{{shoe}}")
    def change_shoe(visitor: Writer, shoe: str, form: Form) -> Response:
        own(visitor, shoe)

        def change() -> None:
            retired = _date(form, "retired", today(visitor)) if form.one("retired") else None
            store.conditions.change_shoe(visitor.runner, shoe, name=form.one("name"), retired_date=retired)

        return changed(visitor, form, change)

    @router.post(f"{HERE}/{{shoe}}/delete")
    def delete(visitor: Writer, shoe: str) -> Response:
        own(visitor, shoe)
        return changed(visitor, None, lambda: shoes.delete(store, visitor.runner, shoe, doors.now()))

    return router


def _date(form: Fields, name: str, today: date) -> date:
    """ShoeFormInvalid."""
    written = form.one(name)
    try:
        found = date.fromisoformat(written)
    except ValueError:
        raise ShoeFormInvalid(f"“{written[:40]}” is not a date. Write it like {today.isoformat()}.") from None
    if not FIRST_DAY <= found <= today:
        raise ShoeFormInvalid(f"A date lies from the year {FIRST_DAY.year} to today.")
    return found


def _one_of(form: Fields, name: str, words: object) -> str | None:
    """None: not known. ShoeFormInvalid."""
    known = [str(word) for word in words] if isinstance(words, dict) else []
    said = form.one(name)
    if said and said not in known:
        raise ShoeFormInvalid(f"A {name} is one of {', '.join(known)}.")
    return said or None
