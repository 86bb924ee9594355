"""The plan as the page shows it: the next run with its reasons, and the ladder with where the runner stands."""

from dataclasses import dataclass

from strideload.load import ladder
from strideload.load.evidence import RULES
from strideload.load.ladder import LadderSettings, Standing
from strideload.load.metrics import BEYOND_A_DAY
from strideload.load.plan import BOUNDS, SORE_RULE, Noted, PlanSettings
from strideload.runner.planning import Plan
from strideload.words import plan as words
from strideload.words import rules, symptoms
from strideload.words.numbers import short_date

LADDER_FIGURES = ("start_level", "sessions_each", "rest_days")
DEFINED = {metric.id: metric for metric in BEYOND_A_DAY}
LABELS = {name: DEFINED[name].name for name in (*BOUNDS, *LADDER_FIGURES)}


@dataclass(frozen=True)
class Field:
    name: str
    label: str
    unit: str
    value: int
    least: int
    most: int


@dataclass(frozen=True)
class Rung:
    name: str
    here: bool
    behind: bool
    note: str


@dataclass(frozen=True)
class LadderView:
    sentence: str
    said: list[str]
    rungs: list[Rung]


@dataclass(frozen=True)
class NotedView:
    """An entry for which no length is given, to be looked at."""

    text: str  # "": the sentence says it
    name: str
    href: str


@dataclass(frozen=True)
class PlanView:
    sentence: str
    noted: list[NotedView]
    remarks: list[str]
    past: list[str]  # the last runs' colours, in words
    sore: list[str]
    sore_evidence: str
    evidence: str
    ladder: LadderView | None
    ladder_evidence: str
    ladder_rule: str
    levels: list[str]
    fields: list[Field]
    set_by: str
    ladder_set_by: str
    seen: str
    ladder_fields: list[Field]


def view(plan: Plan) -> PlanView:
    next_run = plan.next_run
    held = plan.settings.ladder.settings if plan.settings.ladder else ladder.DEFAULTS
    return PlanView(
        sentence=line(plan),
        noted=noted(plan),
        remarks=words.remarks(next_run),
        past=[symptoms.COLOURS[colour] for colour in next_run.colours[-6:]],
        sore=[words.SUGGESTIONS[one] for one in next_run.suggestions],
        sore_evidence=rules.evidence(SORE_RULE),
        evidence=rules.evidence(next_run.evidence),
        ladder=_ladder(plan.ladder) if plan.ladder else None,
        ladder_evidence=rules.evidence("ladder"),
        ladder_rule=RULES["ladder"].rule,
        levels=[words.level(place, level) for place, level in enumerate(held.levels)],
        fields=_fields(plan.settings.next_run),
        set_by=words.SET_BY[plan.settings.next_run.set_by],
        ladder_set_by=words.SET_BY[held.set_by],
        seen="" if plan.set is None else str(plan.set.set_utc_us),
        ladder_fields=_ladder_fields(held),
    )


def line(plan: Plan) -> str:
    """The one recommendation, as everywhere."""
    return words.recommendation(plan.next_run, plan.ladder)


def noted(plan: Plan) -> list[NotedView]:
    """The entries for which no length is given; the sentence has said what of strong pain is to be said."""
    found = plan.next_run
    return [
        NotedView(words.noted(one) if found.signs else "", _name(one), f"/symptoms/{one.entry}")
        for one in found.noted
    ]


def _name(one: Noted) -> str:
    return f"The entry of {short_date(one.at.date())}, {one.at:%H:%M}"


def _fields(settings: PlanSettings) -> list[Field]:
    return [_field(name, getattr(settings, name), bounds) for name, bounds in BOUNDS.items()]


def _ladder_fields(held: LadderSettings) -> list[Field]:
    bounds = {**ladder.BOUNDS, "start_level": (0, len(held.levels) - 1)}
    return [_field(name, getattr(held, name), bounds[name]) for name in LADDER_FIGURES]


def _field(name: str, value: int, bounds: tuple[int, int]) -> Field:
    return Field(name, LABELS[name], DEFINED[name].unit, value, *bounds)


def _ladder(found: Standing) -> LadderView:
    return LadderView(
        sentence=words.standing(found),
        said=words.what_next(found),
        rungs=[_rung(found, found.settings, place) for place in range(len(found.settings.levels))],
    )


def _rung(found: Standing, settings: LadderSettings, place: int) -> Rung:
    here = place == found.level
    note = ""
    if here:
        note = "done" if found.finished else f"you stand here, {found.counted} of {found.needed}"
    return Rung(words.level(place, settings.levels[place]), here, place < found.level, note)
