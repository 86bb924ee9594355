"""Strength: what was trained, in a tap, and each week beside its running."""

from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from strideload import days
from strideload.load.strength import Exercise, Group, StrengthInvalid, monday_of
from strideload.load.zones import FIRST_DAY
from strideload.runner import records
from strideload.store.strength import StrengthEntry, StrengthEntryChanged, StrengthEntryInvalid
from strideload.web import strength_view
from strideload.web.doors import Doors
from strideload.web.forms import NONE_REFUSED, Fields, Form, Refused, refused
from strideload.web.problems import status_of
from strideload.web.rendering import whole_page
from strideload.web.visitor import Visitor, needs

HERE: Final = "/strength"
WEEKS: Final = 8

Reader = Annotated[Visitor, Depends(needs("read"))]
Writer = Annotated[Visitor, Depends(needs("write"))]


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    store = doors.store

    def shown(
        visitor: Visitor,
        why: Refused = NONE_REFUSED,
        gone: StrengthEntry | None = None,
        changing: StrengthEntry | None = None,
    ) -> str:
        now = doors.now()
        today = days.today(store, visitor.runner, now)
        last = min(today, visitor.last or today)
        first = max(monday_of(last) - timedelta(weeks=WEEKS - 1), min(visitor.first or FIRST_DAY, last))
        found = records.read(store, visitor.runner, first, last, now, diary=False)
        entries = [
            one for one in store.strength.entries(visitor.runner, first, last) if visitor.sees(one.date)
        ]
        newest = max(entries, key=lambda one: one.written_utc_us, default=None)
        view = strength_view.view(found.clipped(visitor.first, visitor.last), entries, newest, changing)
        return whole_page(
            "strength.html",
            visitor,
            HERE,
            strength=view,
            refused=why,
            gone=strength_view.gone(gone) if gone else None,
            may_write=visitor.may("write"),
        )

    @router.get(HERE, response_class=HTMLResponse)
    def strength(visitor: Reader, change: str | None = None) -> str:
        """`change`: the entry that the form is to change."""
        held = store.strength.entry(visitor.runner, change) if change and visitor.may("write") else None
        return shown(visitor, changing=held)

    @router.post(HERE)
    def log(visitor: Writer, form: Form) -> Response:
        """Also what was deleted comes back so, under its id."""
        today = days.today(store, visitor.runner, doors.now())
        try:
            store.strength.add(
                visitor.runner, form.one("entry"), _date(form), _exercise(form), form.one("note"), today
            )
        except (StrengthInvalid, StrengthEntryInvalid) as problem:
            return HTMLResponse(shown(visitor, refused(form, problem)), HTTPStatus.UNPROCESSABLE_ENTITY)
        return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)

    @router.post(f"{HERE}/{{entry}}")
    def change(visitor: Writer, entry: str, form: Form) -> Response:
        held = store.strength.entry(visitor.runner, entry)
        today = days.today(store, visitor.runner, doors.now())
        try:
            seen = _whole(form, "seen", digits=20)
            if seen is None:
                raise StrengthEntryInvalid("This form is not whole. Reload the page and send it again.")
            store.strength.change(
                visitor.runner, entry, seen, _date(form), _exercise(form), form.one("note"), today
            )
        except (StrengthInvalid, StrengthEntryInvalid) as problem:
            return HTMLResponse(shown(visitor, refused(form, problem), changing=held), status_of(problem))
        except StrengthEntryChanged as problem:  # said once: sent again it is meant
            why, newest = refused(form.without("seen"), problem), store.strength.entry(visitor.runner, entry)
            return HTMLResponse(shown(visitor, why, changing=newest), status_of(problem))
        return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)

    @router.post(f"{HERE}/{{entry}}/delete")
    def delete(visitor: Writer, entry: str) -> Response:
        return HTMLResponse(shown(visitor, gone=store.strength.delete(visitor.runner, entry)))

    return router


def _exercise(form: Fields) -> Exercise:
    """StrengthInvalid."""
    sets = _whole(form, "sets")
    if sets is None:
        raise StrengthInvalid("sets", "", "a whole number")
    return Exercise(cast(Group, form.one("group")), sets, _whole(form, "repetitions"), _whole(form, "effort"))


def _whole(form: Fields, name: str, digits: int = 5) -> int | None:
    """None: left empty. StrengthInvalid."""
    written = form.one(name).strip()
    if not written:
        return None
    if not (written.isascii() and written.isdecimal() and len(written) <= digits):
        raise StrengthInvalid(name, written[:20], "a whole number")
    return int(written)


def _date(form: Fields) -> date:
    """StrengthEntryInvalid."""
    written = form.one("date")
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise StrengthEntryInvalid(f"“{written[:40]}” is not a date. Write it like 2026-11-22.") from None
