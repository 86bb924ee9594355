"""Shoes as their page shows them: what each has been through, and what is usual since when."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from strideload.load.shoes import Mileage
from strideload.runner.shoes import ShoeRecord, Shoes
from strideload.store.accounts import Units
from strideload.store.conditions import NAME_LIMIT, Usual, Worn
from strideload.web.run_view import Choice
from strideload.words import conditions, distance, measures, training
from strideload.words.numbers import AT_LEAST, MONTHS, number

NO_SHOE = "not known"


@dataclass(frozen=True)
class ShoeView:
    id: str
    name: str
    since: str
    from_date: str
    retired_date: str  # "": in use
    sentence: str
    facts: list[tuple[str, str, str]]  # name, value, whose definition stands on /metrics
    gaps: list[str]
    is_usual: bool
    still_usual: bool  # though it is retired
    deletable: bool


@dataclass(frozen=True)
class UsualView:
    from_utc_us: int
    since: str
    said: str


@dataclass(frozen=True)
class ShoesView:
    lead: str
    pairs: list[ShoeView]
    retired: list[ShoeView]
    unassigned: str | None
    usual: list[UsualView]  # newest first
    new_id: str
    today: str
    first: bool  # there is no pair yet
    name_limit: int
    shoes: list[Choice]
    mounts: list[Choice]
    surfaces: list[Choice]


def view(found: Shoes, units: Units, moment: Callable[[int], str]) -> ShoesView:
    """`moment` says us since 1970 in words."""
    pairs = [_shoe(one, found, units) for one in found.pairs]
    names = {one.shoe.id: one.shoe.name for one in found.pairs}
    in_use = [pair for pair in pairs if not _is_retired(pair, found.today)]
    return ShoesView(
        lead=_lead(found.now, names),
        pairs=in_use,
        retired=[pair for pair in pairs if pair not in in_use],
        unassigned=None if found.unassigned is None else _unassigned(found.unassigned),
        usual=[_usual(one, names, moment) for one in reversed(found.usual)],
        new_id=secrets.token_hex(8),
        today=found.today.isoformat(),
        first=not pairs,
        name_limit=NAME_LIMIT,
        shoes=_choices([(pair.id, pair.name) for pair in in_use], found.now.shoe),
        mounts=_choices(list(conditions.MOUNTS.items()), found.now.mount),
        surfaces=_choices(list(conditions.SURFACES.items()), found.now.surface),
    )


def _shoe(one: ShoeRecord, found: Shoes, units: Units) -> ShoeView:
    shoe, load = one.shoe, one.mileage
    retired = shoe.retired_date
    usual = found.now.shoe == shoe.id
    return ShoeView(
        id=shoe.id,
        name=shoe.name,
        since=f"Since {_date(shoe.from_date)}" + (f", retired {_date(retired)}" if retired else ""),
        from_date=shoe.from_date.isoformat(),
        retired_date=retired.isoformat() if retired else "",
        sentence=f"{training.mileage(load)}." if load.runs else "Nothing was recorded in it yet.",
        facts=_facts(load, units) if load.runs else [],
        gaps=training.mileage_gaps(load) if load.runs else [],
        is_usual=usual,
        still_usual=usual and retired is not None and retired <= found.today,
        deletable=not one.worn,
    )


def _facts(load: Mileage, units: Units) -> list[tuple[str, str, str]]:
    impact = measures.amount("impact", load.impact_sum_g)
    far = distance.distance(load.distance_m, units)
    bound = AT_LEAST if load.runs_without_impact and load.impact_sum_g is not None else ""
    bound_far = AT_LEAST if load.runs_without_distance and load.distance_m is not None else ""
    estimated = load.steps_estimated
    facts = [("Steps", number(load.steps) + (" (estimated)" if estimated == load.steps else ""), "steps")]
    if 0 < estimated < load.steps:
        facts.append(("of them estimated", number(estimated), "steps_estimated"))
    return [
        *facts,
        ("Impact load", f"{bound}{impact}", "impact_sum_g"),
        ("Distance", f"{bound_far}{far}" if load.distance_m is not None else "not known", "distance_m"),
    ]


def _unassigned(load: Mileage) -> str:
    return f"Of no known pair: {training.mileage(load)}."


def _is_retired(pair: ShoeView, today: date) -> bool:
    return bool(pair.retired_date) and pair.retired_date <= today.isoformat()


def _lead(now: Worn, names: dict[str, str]) -> str:
    if not names:
        return "No shoe is known yet."
    if now == Worn():
        return "Nothing is usual yet."
    return f"Usual now: {_said(now, names)}."


def _usual(one: Usual, names: dict[str, str], moment: Callable[[int], str]) -> UsualView:
    return UsualView(one.from_utc_us, moment(one.from_utc_us), _said(one.worn, names))


def _said(worn: Worn, names: dict[str, str]) -> str:
    shoe = NO_SHOE if worn.shoe is None else names.get(worn.shoe, NO_SHOE)
    return (
        f"shoe {shoe}, pod {conditions.mount(worn.mount) if worn.mount else 'mount not known'}, "
        f"surface {conditions.surface(worn.surface) if worn.surface else 'not known'}"
    )


def _choices(options: Sequence[tuple[str, str]], held: str | None) -> list[Choice]:
    return [
        Choice("", NO_SHOE, held is None),
        *(Choice(value, name, value == held) for value, name in options),
    ]


def _date(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}"
