"""Symptoms: pain at a tap, the 24-hour course of each run, and each entry with its history."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from strideload import days
from strideload.load.symptoms import PAIN_MOST
from strideload.load.zones import FIRST_DAY, date_at
from strideload.runner import diary as diaries
from strideload.runner import records
from strideload.runner.diary import Diary
from strideload.runner.runs import RunName
from strideload.store.diary import WHENS, Entry, EntryChanged, EntryInvalid
from strideload.store.errors import StoreError
from strideload.web import symptoms_view as views
from strideload.web.doors import Doors
from strideload.web.forms import Form
from strideload.web.problems import status_of
from strideload.web.rendering import part, whole_page
from strideload.web.symptoms_form import (
    RunGone,
    beside_newer,
    fields_of,
    keeps_run,
    read_entry,
    read_tap,
    read_wanted,
    read_words,
    sent_fields,
    whole,
)
from strideload.web.symptoms_view import NOTHING_TYPED, EntryFields, Wanted, Words
from strideload.web.visitor import Visitor, needs

HERE: Final = "/symptoms"
DAYS_SHOWN: Final = timedelta(days=6 * 7 - 1)
# An entry that is older than what is shown is still changed among the runs of its time.
AROUND: Final = timedelta(days=2)

Reader = Annotated[Visitor, Depends(needs("diary"))]


def writer(visitor: Reader, _write: Annotated[Visitor, Depends(needs("write"))]) -> Visitor:
    """A dependency: the visitor, who may read the diary and write in it. HTTPException 403."""
    return visitor


Writer = Annotated[Visitor, Depends(writer)]


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    kept = doors.store.diary

    def values_of(
        visitor: Visitor,
        wanted: Wanted,
        entry: Entry | None = None,
        problem: StoreError | None = None,
        typed: Words = NOTHING_TYPED,
    ) -> dict[str, Any]:
        """What the page shows; after an `entry` of a run what is missing of that, then what is due of others."""
        diary = _read(doors, visitor, wanted.run)
        if entry is not None and not views.has_open(diary, wanted):
            diary, wanted = _read(doors, visitor), Wanted(site=wanted.site)
        seen = views.view(diary, wanted, typed)
        return {
            "symptoms": seen,
            "saved": views.saved(entry) if entry else None,
            "problem": problem or (RunGone() if seen.form.is_of_gone_run else None),
            "words_stay": problem is not None,
            "may_write": visitor.may("write"),
        }

    def answered(
        request: Request,
        visitor: Visitor,
        wanted: Wanted,
        entry: Entry | None = None,
        problem: StoreError | None = None,
        typed: Words = NOTHING_TYPED,
    ) -> Response:
        """The part, for who sent it by htmx; else the page, by an address that can be loaded again.

        With a `problem` it has what was `typed`.
        """
        by_htmx = "hx-request" in request.headers
        if problem is None and not by_htmx:
            about = {"site": wanted.site or "", "run": wanted.run or ""}
            query = {"saved": entry.id, "version": entry.version, **about} if entry else {}
            return RedirectResponse(f"{HERE}?{urlencode(query)}" if query else HERE, HTTPStatus.SEE_OTHER)
        values = values_of(visitor, wanted, entry, problem, typed)
        if by_htmx:
            return HTMLResponse(part("_symptoms.html", visitor=visitor, **values))
        html = whole_page("symptoms.html", visitor, HERE, **values)
        return HTMLResponse(html, status_of(problem) if problem else HTTPStatus.OK)

    @router.get(HERE, response_class=HTMLResponse)
    def page(
        visitor: Reader,
        run: str | None = None,
        site: str | None = None,
        moment: str | None = None,
        saved: str | None = None,
        version: int = 0,
    ) -> str:
        entry = kept.entry(visitor.runner, saved) if saved else None
        still = entry if entry and entry.version == version else None
        values = values_of(visitor, read_wanted(run, site, moment), still)
        return whole_page("symptoms.html", visitor, HERE, **values)

    @router.get("/part/symptoms", response_class=HTMLResponse)
    def form_part(
        visitor: Reader, run: str | None = None, site: str | None = None, moment: str | None = None
    ) -> str:
        """The form for another site, run or moment; the words that were chosen and typed already stay."""
        values = values_of(visitor, read_wanted(run, site, moment))
        return part("_symptoms.html", visitor=visitor, **values | {"words_stay": True})

    @router.post(HERE)
    def say(request: Request, visitor: Writer, form: Form) -> Response:
        wanted = read_wanted(form.one("run"), form.one("site"), form.one("moment"))
        found = _read(doors, visitor, wanted.run)
        try:
            run, saying = read_tap(form, found)
            entry = diaries.tap(doors.store, found, form.one("entry"), run, saying)
        except StoreError as problem:
            return answered(request, visitor, wanted, problem=problem, typed=read_words(form))
        return answered(request, visitor, Wanted(wanted.site, wanted.run), entry)

    @router.post(f"{HERE}/undo")
    def undo(request: Request, visitor: Writer, form: Form) -> Response:
        wanted = Wanted()
        try:
            entry = kept.undo(visitor.runner, form.one("entry"), whole(form.one("version")))
            said = entry.saying
            run = None if said.run_utc_us is None or said.run_undated else RunName(said.run_utc_us)
            wanted = Wanted(said.site, run, said.moment)
        except StoreError as problem:
            return answered(request, visitor, wanted, problem=problem)
        return answered(request, visitor, wanted)

    @router.get(f"{HERE}/undo")
    def undone(_: Reader) -> Response:
        """An entry has no such id: it is the form's address, loaded again."""
        return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)

    @router.get(f"{HERE}/{{entry}}", response_class=HTMLResponse)
    def entry_page(visitor: Reader, entry: str) -> str:
        return _entry_page(doors, visitor, kept.entry(visitor.runner, entry))

    @router.post(f"{HERE}/{{entry}}")
    def change(visitor: Writer, entry: str, form: Form) -> Response:
        held = kept.entry(visitor.runner, entry)
        diary = _around(doors, visitor, held)
        try:
            run, saying = read_entry(form, diary, held)
            diaries.refuse_time(diary.records, run, saying, held.saying, diary.now_utc_us)
            seen = whole(form.one("version"))
            written = kept.write(visitor.runner, entry, seen, saying, keeps_run=keeps_run(form))
        except EntryChanged as problem:
            newest, versions = problem.newest, kept.history(visitor.runner, entry)
            looked_at = next((one for one in versions if str(one.version) == form.one("version")), newest)
            fields = beside_newer(sent_fields(form), _around(doors, visitor, newest), looked_at, newest)
            html = _entry_page(doors, visitor, newest, problem, fields)
            return HTMLResponse(html, status_of(problem))
        except StoreError as problem:
            html = _entry_page(doors, visitor, held, problem, sent_fields(form), form.one("version"))
            return HTMLResponse(html, status_of(problem))
        query = urlencode({"saved": written.id, "version": written.version})
        return RedirectResponse(f"{HERE}?{query}", HTTPStatus.SEE_OTHER)

    @router.post(f"{HERE}/{{entry}}/retract")
    def retract(visitor: Writer, entry: str) -> Response:
        kept.retract(visitor.runner, entry)
        return RedirectResponse(f"{HERE}/{entry}", HTTPStatus.SEE_OTHER)

    @router.post(f"{HERE}/{{entry}}/delete")
    def delete(visitor: Writer, entry: str, form: Form) -> Response:
        if form.one("sure") != "yes":
            problem = EntryInvalid("Tick that it is to be deleted for good; nothing was deleted.")
            html = _entry_page(doors, visitor, kept.entry(visitor.runner, entry), problem)
            return HTMLResponse(html, HTTPStatus.UNPROCESSABLE_ENTITY)
        kept.delete(visitor.runner, entry)
        return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)

    return router


def _read(doors: Doors, visitor: Visitor, run: RunName | None = None) -> Diary:
    """Of the last six weeks; of a `run` of before, of the days around it."""
    now = doors.now()
    today = days.today(doors.store, visitor.runner, now)
    first, last = today - DAYS_SHOWN, today
    on = today if run is None else date_at(run.start_utc_us, "UTC")
    if FIRST_DAY <= on <= first:  # where the runner was, it may have been the day before
        first, last = on - AROUND, on + AROUND
    return diaries.diary_of(records.read(doors.store, visitor.runner, first, last, now), now)


def _around(doors: Doors, visitor: Visitor, entry: Entry) -> Diary:
    """The records in which an entry can be changed: those shown, or of its own time."""
    shown = _read(doors, visitor)
    on = shown.local_of(entry.saying.about_utc_us).date()
    if on >= shown.records.first:
        return shown
    now = doors.now()
    found = records.read(doors.store, visitor.runner, on - AROUND, on + AROUND, now)
    return diaries.diary_of(found, now)


def _entry_page(
    doors: Doors,
    visitor: Visitor,
    entry: Entry,
    problem: StoreError | None = None,
    sent: EntryFields | None = None,
    seen: str | None = None,
) -> str:
    """`sent`: what was refused; it stays in the fields. `seen`: the version that it changes, by default the entry's."""
    diary = _around(doors, visitor, entry)
    fields = sent or fields_of(diary, entry)
    run = views.chosen_run(diary, fields.run, entry)
    felt, signs = views.boxes(fields.words)
    return whole_page(
        "entry.html",
        visitor,
        HERE,
        entry=entry,
        seen=entry.version if seen is None else seen,
        said=views.said(entry),
        advice=views.symptoms.signs(entry.saying.signs),
        fields=fields,
        is_changed=isinstance(problem, EntryChanged),
        sites=views.sites(fields.site),
        runs=views.runs_to_choose(diary, fields.run, entry),
        moments=[views.moment_choice(diary, run, one, fields.moment) for one in WHENS],
        pains=range(PAIN_MOST + 1),
        felt=felt,
        signs=signs,
        note_limit=views.NOTE_LIMIT,
        versions=[
            views.version_view(diary, one)
            for one in reversed(doors.store.diary.history(visitor.runner, entry.id))
        ],
        problem=problem,
        may_write=visitor.may("write"),
    )
