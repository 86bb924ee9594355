"""Symptoms: pain at a tap, the 24-hour course of each run, and each entry with its history."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from strideload.load.symptoms import PAIN_MOST
from strideload.runner import diary as diaries
from strideload.runner import records
from strideload.runner.diary import Diary
from strideload.runner.runs import RunRecord
from strideload.store.diary import WHENS, Entry, EntryChanged, EntryInvalid, NoSuchEntry, Saying, When
from strideload.store.errors import StoreError
from strideload.web import symptoms_view as views
from strideload.web.doors import Doors
from strideload.web.forms import Fields, Form
from strideload.web.rendering import part, whole_page
from strideload.web.symptoms_view import Wanted
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

    def answered(
        request: Request,
        visitor: Visitor,
        wanted: Wanted,
        entry: Entry | None = None,
        problem: StoreError | None = None,
    ) -> Response:
        """The part, for who sent it by htmx; else the page, by an address that can be loaded again."""
        if "hx-request" in request.headers:
            values = _values(_read(doors, visitor), visitor, wanted, entry, problem)
            return HTMLResponse(part("_symptoms.html", **values))
        if problem is not None:
            raise HTTPException(_status(problem), str(problem)) from problem
        query = {"saved": entry.id, "version": entry.version} if entry else {}
        return RedirectResponse(f"{HERE}?{urlencode(query)}" if query else HERE, HTTPStatus.SEE_OTHER)

    @router.get(HERE, response_class=HTMLResponse)
    def page(
        visitor: Reader,
        run: str | None = None,
        site: str | None = None,
        moment: str | None = None,
        saved: str | None = None,
        version: int = 0,
    ) -> str:
        entry = _entry(doors, visitor, saved) if saved else None
        still = entry if entry and entry.version == version else None
        values = _values(_read(doors, visitor), visitor, _wanted(run, site, moment), still)
        return whole_page(
            "symptoms.html", visitor, HERE, **{k: v for k, v in values.items() if k != "visitor"}
        )

    @router.get("/part/symptoms", response_class=HTMLResponse)
    def form_part(
        visitor: Reader, run: str | None = None, site: str | None = None, moment: str | None = None
    ) -> str:
        """The form for another site, run or moment."""
        values = _values(_read(doors, visitor), visitor, _wanted(run, site, moment))
        return part("_symptoms.html", **values)

    @router.post(HERE)
    def say(request: Request, visitor: Writer, form: Form) -> Response:
        found = _read(doors, visitor)
        wanted = _wanted(form.one("run"), form.one("site"), form.one("moment"))
        try:
            entry = _say(doors, visitor, found, form)
        except StoreError as problem:
            return answered(request, visitor, wanted, problem=problem)
        return answered(request, visitor, Wanted(site=wanted.site), entry)

    @router.post(f"{HERE}/undo")
    def undo(request: Request, visitor: Writer, form: Form) -> Response:
        wanted = Wanted()
        try:
            entry = kept.undo(visitor.runner, form.one("entry"), _whole(form.one("version")))
            wanted = Wanted(entry.saying.site, entry.saying.run_utc_us, entry.saying.moment)
        except StoreError as problem:
            return answered(request, visitor, wanted, problem=problem)
        return answered(request, visitor, wanted)

    @router.get(f"{HERE}/{{entry}}", response_class=HTMLResponse)
    def entry_page(visitor: Reader, entry: str) -> str:
        return _entry_page(doors, visitor, _entry(doors, visitor, entry))

    @router.post(f"{HERE}/{{entry}}")
    def change(visitor: Writer, entry: str, form: Form) -> Response:
        held = _entry(doors, visitor, entry)
        try:
            saying = _saying_in(form, _around(doors, visitor, held), held)
            written = kept.write(visitor.runner, entry, _whole(form.one("version")), saying)
        except StoreError as problem:
            html = _entry_page(doors, visitor, _entry(doors, visitor, entry), problem)
            return HTMLResponse(html, _status(problem))
        query = urlencode({"saved": written.id, "version": written.version})
        return RedirectResponse(f"{HERE}?{query}", HTTPStatus.SEE_OTHER)

    @router.post(f"{HERE}/{{entry}}/retract")
    def retract(visitor: Writer, entry: str) -> Response:
        _or_refused(lambda: kept.retract(visitor.runner, entry))
        return RedirectResponse(f"{HERE}/{entry}", HTTPStatus.SEE_OTHER)

    @router.post(f"{HERE}/{{entry}}/delete")
    def delete(visitor: Writer, entry: str, form: Form) -> Response:
        if form.one("sure") != "yes":
            problem = EntryInvalid("Tick that it is to be deleted for good; nothing was deleted.")
            html = _entry_page(doors, visitor, _entry(doors, visitor, entry), problem)
            return HTMLResponse(html, HTTPStatus.UNPROCESSABLE_ENTITY)
        _or_refused(lambda: kept.delete(visitor.runner, entry))
        return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)

    return router


def _read(doors: Doors, visitor: Visitor) -> Diary:
    now = doors.now()
    today = records.days.today(doors.store, visitor.runner, now)
    found = records.read(doors.store, visitor.runner, today - DAYS_SHOWN, today, now)
    return diaries.diary_of(found, now)


def _around(doors: Doors, visitor: Visitor, entry: Entry) -> Diary:
    """The records in which an entry can be changed: those shown, or of its own time."""
    shown = _read(doors, visitor)
    on = views.local_of(shown, entry.saying.about_utc_us).date()
    if on >= shown.records.first:
        return shown
    now = doors.now()
    found = records.read(doors.store, visitor.runner, on - AROUND, on + AROUND, now)
    return diaries.diary_of(found, now)


def _values(
    diary: Diary,
    visitor: Visitor,
    wanted: Wanted,
    entry: Entry | None = None,
    problem: StoreError | None = None,
) -> dict[str, Any]:
    return {
        "visitor": visitor,
        "symptoms": views.view(diary, wanted),
        "saved": views.saved(entry) if entry else None,
        "problem": problem,
        "may_write": visitor.may("write"),
    }


def _wanted(run: str | None, site: str | None, moment: str | None) -> Wanted:
    """As the address or form has it; what is none is passed over."""
    return Wanted(
        site=site if site in views.symptoms.SITE_NAMES else None,
        run_utc_us=_run(run),
        moment=cast(When, moment) if moment in WHENS else None,
        is_of_no_run=run == "",
    )


def _run(run: str | None) -> int | None:
    return int(run) if run and len(run) < 20 and run.isdecimal() and run.isascii() else None


def _whole(text: str) -> int:
    """EntryInvalid."""
    if not (text.isdecimal() and text.isascii() and len(text) < 10):
        raise EntryInvalid("This form is not whole. Reload the page and send it again.")
    return int(text)


def _pain(text: str) -> int | None:
    """EntryInvalid; None: not said."""
    if not text:
        return None
    pain = _whole(text)
    if pain > PAIN_MOST:
        raise EntryInvalid(f"Pain is a whole number of 0 to {PAIN_MOST}.")
    return pain


def _moment(text: str) -> When:
    """EntryInvalid."""
    if text not in WHENS:
        raise EntryInvalid("Say when it was so: before the run, during it, after it or at another time.")
    return cast(When, text)


def _say(doors: Doors, visitor: Visitor, diary: Diary, form: Fields) -> Entry:
    """What was tapped; of an answer that is there already, a change. The store's errors."""
    run = _chosen_run(diary, form)
    moment = _moment(form.one("moment")) if run is not None else "other"
    site, pain = form.one("site"), _pain(form.one("pain"))
    new = diaries.saying_of(diary.records, run, site, moment, pain, diary.now_utc_us)
    new = replace(
        new, felt=tuple(form.all("felt")), signs=tuple(form.all("sign")), note=form.one("note").strip()
    )
    held = _held(diary, run, site, moment)
    if held is None:
        return diaries.say(doors.store, visitor.runner, form.one("entry"), new)
    return diaries.say(doors.store, visitor.runner, held.id, _added(held.saying, new))


def _held(diary: Diary, run: RunRecord | None, site: str, moment: When) -> Entry | None:
    """The answer of that very run, which another tap changes."""
    if run is None or moment == "other":
        return None
    return next(
        (
            answer.entry
            for course in diary.of_run(run).courses
            for answer in course.answers
            if (course.site, answer.moment) == (site, moment)
            and answer.entry is not None
            and _is_of(diary, answer.entry, run)
        ),
        None,
    )


def _is_of(diary: Diary, entry: Entry, run: RunRecord) -> bool:
    """What was said of the morning after a later run is that run's answer."""
    about = entry.saying.run_utc_us
    return about is None or diaries.run_at(diary.records.runs, about) is run


def _added(held: Saying, new: Saying) -> Saying:
    """The new level; words are added to those before."""
    return replace(
        held,
        pain=held.pain if new.pain is None else new.pain,
        run_utc_us=new.run_utc_us,
        felt=(*held.felt, *new.felt),
        signs=(*held.signs, *new.signs),
        note=new.note or held.note,
    )


def _chosen_run(diary: Diary, form: Fields) -> RunRecord | None:
    """EntryInvalid: a run that is not there."""
    chosen = form.one("run")
    if not chosen:
        return None
    start = _run(chosen)
    found = None if start is None else diaries.run_at(diary.records.runs, start)
    if found is None:
        raise EntryInvalid("This run is not there any more. Choose another one, or none.")
    return found


def _saying_in(form: Fields, diary: Diary, held: Entry) -> Saying:
    """The whole entry as its page has it. EntryInvalid."""
    run = _chosen_run(diary, form)
    about = held.saying.about_utc_us
    if form.one("about") != _local_field(diary, about):
        about = _about(diary, form.one("about"))
    return Saying(
        site=form.one("site"),
        moment=_moment(form.one("moment")),
        pain=_pain(form.one("pain")),
        about_utc_us=about,
        run_utc_us=None if run is None else run.start_utc_us,
        felt=cast(Any, tuple(form.all("felt"))),
        signs=cast(Any, tuple(form.all("sign"))),
        note=form.one("note"),
    )


def _local_field(diary: Diary, utc_us: int) -> str:
    return f"{views.local_of(diary, utc_us):%Y-%m-%dT%H:%M}"


def _about(diary: Diary, text: str) -> int:
    """EntryInvalid."""
    try:
        local = datetime.strptime(text, "%Y-%m-%dT%H:%M")
        zone = diary.records.zones.get(local.date()) or diary.records.zones[diary.records.last]
        return diaries.utc_us(local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC))
    except (ValueError, OverflowError):
        raise EntryInvalid("When it was so is a date and a time.") from None


def _entry(doors: Doors, visitor: Visitor, entry: str) -> Entry:
    """HTTPException 404: there is none, or it is another runner's."""
    return _or_refused(lambda: doors.store.diary.entry(visitor.runner, entry))


def _or_refused(do: Callable[[], Any]) -> Any:
    """HTTPException: what the diary refuses."""
    try:
        return do()
    except (NoSuchEntry, EntryInvalid, EntryChanged) as error:
        raise HTTPException(_status(error), str(error)) from error


def _status(problem: StoreError) -> int:
    match problem:
        case NoSuchEntry():
            return HTTPStatus.NOT_FOUND
        case EntryChanged():
            return HTTPStatus.CONFLICT
        case EntryInvalid():
            return HTTPStatus.UNPROCESSABLE_ENTITY
        case _:
            return HTTPStatus.SERVICE_UNAVAILABLE


def _entry_page(doors: Doors, visitor: Visitor, entry: Entry, problem: StoreError | None = None) -> str:
    diary = _around(doors, visitor, entry)
    saying = entry.saying
    run = None if saying.run_utc_us is None else diaries.run_at(diary.records.runs, saying.run_utc_us)
    felt, signs = views.words(saying.felt, saying.signs)
    return whole_page(
        "entry.html",
        visitor,
        HERE,
        entry=entry,
        said=views.said(entry),
        advice=views.symptoms.signs(saying.signs),
        sites=views.sites(saying.site),
        runs=views.runs_to_choose(diary, None if run is None else run.start_utc_us),
        moments=[views.Choice(one, views.moment_name(one), one == saying.moment) for one in WHENS],
        pains=range(PAIN_MOST + 1),
        felt=felt,
        signs=signs,
        about=_local_field(diary, saying.about_utc_us),
        note_limit=views.NOTE_LIMIT,
        versions=[
            views.version_view(diary, one)
            for one in reversed(doors.store.diary.history(visitor.runner, entry.id))
        ],
        problem=problem,
        may_write=visitor.may("write"),
    )
