"""Pods: how they are, what they are set to, what they cue, who wears them; sessions to place, and where a runner is."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from strideload import cueing, pod_settings
from strideload.errors import StrideloadError
from strideload.load.zones import FIRST_DAY
from strideload.pod_settings import KnownPod
from strideload.protocol.pod_settings import OWN_NAMES
from strideload.runner.diary import utc_us
from strideload.store.people import SINCE_EVER
from strideload.web import pods_view
from strideload.web.doors import Doors
from strideload.web.forms import NONE_REFUSED, Fields, Form, Refused, problem_of, refused
from strideload.web.local_times import field_value, read_local, write_local
from strideload.web.rendering import whole_page
from strideload.web.visitor import Visitor, needs
from strideload.words.numbers import duration, long_date, number
from strideload.words.pods import pod_name

Reader = Annotated[Visitor, Depends(needs("read"))]
Writer = Annotated[Visitor, Depends(needs("write"))]
CODE = 1  # of a mark from the page
Theirs = Callable[[Visitor, KnownPod], bool]
ZONES_AHEAD = timedelta(days=1)  # further east that day may have come

NUMBERS: Final = {"odr_hz": "The rate", "range_g": "The range", "gyro_dps": "The range of rotation"}


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    store = doors.store

    def pods_page(visitor: Visitor, why: Refused = NONE_REFUSED, status: int = 200) -> Response:
        live = {pod["pod"]: pod for pod in doors.live.pods()}
        seen = pods_view.view(store, live, visitor, utc_us(doors.now()))
        return HTMLResponse(whole_page("pods.html", visitor, "/pods", view=seen, refused=why), status)

    def undated_page(
        visitor: Visitor, why: Refused = NONE_REFUSED, status: int = 200, *, kept: bool = False
    ) -> Response:
        rows = [
            {
                "id": f"{one.session_id:016x}",
                "form": f"/pods/undated/{one.session_id:016x}",
                "pod": pod_name(one.pod, store.wearing(one.pod, one.received_utc_us or 0).foot),
                "length": duration(None if one.duration_us is None else one.duration_us / 1e6),
                "strides": number(one.strides),
                "came": write_local(store, visitor.runner, one.received_utc_us or 0),
                "latest": field_value(store, visitor.runner, one.received_utc_us or 0),
                "placed": None
                if one.placed_utc_us is None
                else write_local(store, visitor.runner, one.placed_utc_us),
                "start": ""
                if one.placed_utc_us is None
                else field_value(store, visitor.runner, one.placed_utc_us),
                "placeable": one.duration_us is not None,
            }
            for one in store.undated()
            if pods_view.may_place(store, visitor, one)
        ]
        html = whole_page("undated.html", visitor, "/pods", rows=rows, refused=why, kept=kept)
        return HTMLResponse(html, status)

    def places_page(visitor: Visitor, why: Refused = NONE_REFUSED, status: int = 200) -> Response:
        rows = [
            {
                "date": since.isoformat(),
                "since": "from the first day on"
                if since == SINCE_EVER
                else f"from {long_date(since)} {since.year} on",
                "zone": zone,
                "first": since == SINCE_EVER,
            }
            for since, zone in reversed(store.zones(visitor.runner))
        ]
        today = doors.days(visitor.runner).today().isoformat()
        html = whole_page(
            "places.html", visitor, "/pods", rows=rows, today=today, first_day=FIRST_DAY, refused=why
        )
        return HTMLResponse(html, status)

    def own(visitor: Visitor, pod: str, theirs: Theirs) -> None:
        """HTTPException 404: there is no such pod, or it is somebody else's; nobody learns which."""
        every = {one.pod: one for one in pod_settings.known_pods(store, utc_us(doors.now()))}
        if pod not in every or not theirs(visitor, every[pod]):
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such pod of yours.")

    def changed(
        visitor: Visitor,
        pod: str,
        form: Fields | None,
        change: Callable[[], object],
        theirs: Theirs = pods_view.is_theirs,
    ) -> Response:
        own(visitor, pod, theirs)
        return _after(change, form, f"/pods#pod-{pod}", partial(pods_page, visitor))

    @router.get("/pods")
    def pods(visitor: Reader) -> Response:
        return pods_page(visitor)

    @router.post("/pods/{pod}/settings")
    def set_pod(visitor: Writer, pod: str, form: Form) -> Response:
        return changed(visitor, pod, form, lambda: pod_settings.change(store, pod, **_settings(form)))

    @router.post("/pods/{pod}/mark")
    def mark(visitor: Writer, pod: str) -> Response:
        return changed(visitor, pod, None, lambda: pod_settings.mark(store, pod, CODE))

    @router.post("/pods/{pod}/cue")
    def cue(visitor: Writer, pod: str, form: Form) -> Response:
        def change() -> None:
            if form.one("cue") == "off":
                cueing.switch_off(store, pod)
            else:
                cueing.switch_on(store, pod, _number(form.one("percent"), "How far above your own cadence"))

        return changed(visitor, pod, form, change, pods_view.wears)

    @router.post("/pods/{pod}/worn")
    def wear(visitor: Writer, pod: str, form: Form) -> Response:
        def change() -> None:
            runner = form.one("runner") or visitor.runner
            if runner != visitor.runner and not visitor.may("keep"):
                raise HTTPException(
                    HTTPStatus.FORBIDDEN, "Only whoever keeps the house gives pods to others."
                )
            from_utc_us = read_local(store, visitor.runner, form.one("from"))
            if from_utc_us > utc_us(doors.now()):
                raise StrideloadError("Who wears a pod is said once it is so: that time has not come yet.")
            if visitor.may("keep"):
                store.assign(pod, runner, form.one("foot"), from_utc_us)
            else:
                store.set_foot(pod, runner, form.one("foot"), from_utc_us)

        return changed(visitor, pod, form, change)

    @router.post("/pods/{pod}/worn/{from_utc_us}/remove")
    def unwear(visitor: Writer, pod: str, from_utc_us: int) -> Response:
        def change() -> None:
            theirs = [one for one in store.assignments(pod) if one.from_utc_us == from_utc_us]
            if not theirs or (theirs[0].runner != visitor.runner and not visitor.may("keep")):
                raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such entry of yours.")
            store.unassign(pod, from_utc_us)

        return changed(visitor, pod, None, change)

    @router.get("/pods/undated")
    def undated(visitor: Reader, kept: str = "") -> Response:
        """`kept`: something was said of a run that has lost its time."""
        return undated_page(visitor, kept=bool(kept))

    @router.post("/pods/undated/{session}")
    def place(visitor: Writer, session: str, form: Form) -> Response:
        theirs = {one.session_id for one in store.undated() if pods_view.may_place(store, visitor, one)}
        session_id = _hex(session)
        if session_id not in theirs:
            raise HTTPException(HTTPStatus.NOT_FOUND, "There is no such session of yours without a date.")

        def change() -> None:
            if form.has("take-back"):
                store.take_back_place(session_id)
            else:
                runner = None if visitor.may("keep") else visitor.runner
                store.place(session_id, read_local(store, visitor.runner, form.one("start")), runner)

        return _after(change, form, "/pods/undated", partial(undated_page, visitor))

    @router.get("/places")
    def places(visitor: Reader) -> Response:
        return places_page(visitor)

    @router.post("/places")
    def be_at(visitor: Writer, form: Form) -> Response:
        def change() -> None:
            since = SINCE_EVER if form.has("first") else _date(form.one("from"))
            if since < FIRST_DAY and not form.has("first"):
                raise StrideloadError(f"Days are known from the year {FIRST_DAY.year} on, not from {since}.")
            if since > doors.days(visitor.runner).today() + ZONES_AHEAD:
                raise StrideloadError("Where you are is said once you are there: that day has not come yet.")
            store.set_zone(visitor.runner, since, form.one("zone").strip())

        return _after(change, form, "/places", partial(places_page, visitor))

    @router.post("/places/{since}/remove")
    def not_be_at(visitor: Writer, since: str) -> Response:
        return _after(
            lambda: store.unset_zone(visitor.runner, _date(since)),
            None,
            "/places",
            partial(places_page, visitor),
        )

    return router


def _after(
    change: Callable[[], object], form: Fields | None, then: str, again: Callable[[Refused, int], Response]
) -> Response:
    """Do it and lead on; where it is refused, show the page `again`, with the reason and its status.

    `form`: None has no fields.
    """
    try:
        change()
    except StrideloadError as error:
        return again(refused(form, error), problem_of(error)[0])
    return RedirectResponse(then, HTTPStatus.SEE_OTHER)


def _settings(form: Fields) -> dict[str, Any]:
    """What the form names, as `pod_settings.change` takes it. StrideloadError: nothing, or a value that is none."""
    sent = {name: form.one(name) for name in OWN_NAMES if form.one(name)}
    own = [name for name, value in sent.items() if value == pods_view.OWN]
    found: dict[str, Any] = {"own": own} if own else {}
    said = {name: value for name, value in sent.items() if name not in own}
    for name in NUMBERS:
        if value := said.get(name):
            if not value.isdecimal():
                raise StrideloadError(f"{NUMBERS[name]} is a whole number, not “{value[:40]}”.")
            found[name] = int(value)
    if recording := said.get("recording"):
        found["recording"] = recording
    if raw := said.get("raw"):
        if raw not in pods_view.YES_NO:
            raise StrideloadError("Raw samples are kept, yes or no.")
        found["raw"] = pods_view.YES_NO[raw]
    if not found:
        raise StrideloadError("Nothing was set: every choice stands at “as it is”.")
    return found


def _number(written: str, what: str) -> float:
    try:
        return float(written)
    except ValueError:
        raise StrideloadError(f"{what} is a number, not “{written[:40]}”.") from None


def _date(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise StrideloadError(f"“{written[:40]}” is not a date. Write it like 2026-11-22.") from None


def _hex(written: str) -> int:
    try:
        return int(written, 16)
    except ValueError:
        return -1
