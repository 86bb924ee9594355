"""The plan: the next run, the walk-run ladder, and both set by runner or physiotherapist."""

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Final, cast

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from strideload.errors import StrideloadError
from strideload.load import ladder as ladders
from strideload.load.ladder import LadderInvalid, LadderSettings
from strideload.load.plan import BOUNDS, PlanSettingOutOfRange, PlanSettings
from strideload.runner import planning
from strideload.runner.diary import utc_us
from strideload.runner.planning import LadderPlan, Plan, Settings
from strideload.store.plans import PlanChanged, SetBy
from strideload.web import plan_view
from strideload.web.doors import Doors
from strideload.web.forms import NONE_REFUSED, Fields, Form, Refused
from strideload.web.pages.symptoms import Reader, writer
from strideload.web.problems import sentence_of
from strideload.web.rendering import whole_page
from strideload.web.visitor import Visitor

HERE: Final = "/plan"
NOT_WHOLE: Final = "This form is not whole. Reload the page and send it again."

Writer = Annotated[Visitor, Depends(writer)]


class FormBroken(StrideloadError):
    """A form that no page of ours has."""


def routes(doors: Doors) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    def shown(visitor: Visitor, why: Refused = NONE_REFUSED) -> str:
        plan = planning.read(doors.store, visitor.runner, doors.now())[2]
        return whole_page(
            "plan.html",
            visitor,
            HERE,
            plan=plan_view.view(plan),
            refused=why,
            may_write=visitor.may("write"),
        )

    @router.get(HERE, response_class=HTMLResponse)
    def page(visitor: Reader) -> str:
        return shown(visitor)

    @router.post(HERE)
    def adjust(visitor: Writer, form: Form) -> Response:
        plan = planning.read(doors.store, visitor.runner, doors.now())[2]
        try:
            set_by = _set_by(form)
            settings = _changed(plan, form, set_by, utc_us(doors.now()))
            planning.set_plan(doors.store, visitor.runner, settings, set_by, _seen(form))
        except (PlanSettingOutOfRange, LadderInvalid, FormBroken) as problem:
            return HTMLResponse(shown(visitor, _refused(form, problem)), HTTPStatus.UNPROCESSABLE_ENTITY)
        except PlanChanged as problem:  # said once: sent again it is meant
            return HTMLResponse(shown(visitor, _refused(form.without("seen"), problem)), HTTPStatus.CONFLICT)
        return RedirectResponse(HERE, HTTPStatus.SEE_OTHER)

    return router


def _refused(form: Fields, problem: StrideloadError) -> Refused:
    """All forms of this page go to one address; two of them have fields."""
    what = form.one("what")
    return Refused(what if what in ("next_run", "ladder") else "", sentence_of(problem), form)


def _changed(plan: Plan, form: Fields, set_by: SetBy, now_utc_us: int) -> Settings:
    """What is set, changed by the form that was sent. PlanSettingOutOfRange, LadderInvalid, FormBroken."""
    held = plan.settings
    match form.one("what"):
        case "next_run":
            figures = {name: _whole(form, name, *bounds) for name, bounds in BOUNDS.items()}
            return replace(held, next_run=PlanSettings(**figures, set_by=set_by))
        case "usual":
            return replace(held, next_run=PlanSettings())
        case "ladder":
            return replace(held, ladder=_ladder(plan, form, set_by, now_utc_us))
        case "leave":
            return replace(held, ladder=None)
        case _:
            raise FormBroken(NOT_WHOLE)


def _ladder(plan: Plan, form: Fields, set_by: SetBy, now_utc_us: int) -> LadderPlan:
    """The ladder, begun anew now."""
    before = plan.settings.ladder.settings if plan.settings.ladder else ladders.DEFAULTS
    settings = LadderSettings(
        levels=before.levels,
        sessions_each=_whole(form, "sessions_each", *ladders.BOUNDS["sessions_each"]),
        sessions_at_entry=before.sessions_at_entry,
        rest_days=_whole(form, "rest_days", *ladders.BOUNDS["rest_days"]),
        start_level=_whole(form, "start_level", 0, len(before.levels) - 1),
        set_by=set_by,
    )
    return LadderPlan(plan.date, settings, now_utc_us)


def _set_by(form: Fields) -> SetBy:
    """FormBroken."""
    said = form.one("set_by")
    if said not in ("runner", "physiotherapist"):
        raise FormBroken("Say who sets it: the runner or the physiotherapist.")
    return cast(SetBy, said)


def _seen(form: Fields) -> int | None:
    """FormBroken."""
    if not form.one("seen"):
        return None
    seen = _number(form, "seen")
    if seen is None:
        raise FormBroken(NOT_WHOLE)
    return seen


def _whole(form: Fields, name: str, least: int, most: int) -> int:
    """FormBroken."""
    number = _number(form, name)
    if number is None or not least <= number <= most:
        raise FormBroken(f"“{plan_view.LABELS[name]}” is a whole number of {least} to {most}.")
    return number


def _number(form: Fields, name: str) -> int | None:
    """None: it is none."""
    text = form.one(name)
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 20 else None
