"""The report's content out of records: days, comparisons, sensors and quality. What people said is handed in."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import TypeVar

from strideload.load.coverage import in_rank
from strideload.load.day import Day, SessionPart
from strideload.load.longest import DayKnown, compare
from strideload.load.steps import Foot, Origin
from strideload.report.content import (
    Change,
    Comparison,
    Cued,
    DayLoad,
    Plan,
    Quality,
    Report,
    Sensor,
    StrengthEntry,
    SymptomEntry,
)
from strideload.runner import amounts
from strideload.runner.records import Records
from strideload.runner.runs import RunRecord

Dated = TypeVar("Dated", SymptomEntry, StrengthEntry, Change)


def _in_order(dated: Iterable[Dated]) -> tuple[Dated, ...]:
    """By date; those of one date stay as they came."""
    return tuple(sorted(dated, key=lambda one: one.date))


def gather(
    records: Records,
    *,
    name: str,
    made_on: date,
    symptoms: Sequence[SymptomEntry] | None = None,
    strength: Sequence[StrengthEntry] | None = None,
    plan: Plan | None = None,
    changes: Sequence[Change] = (),
) -> Report:
    """The report on the dates that the records are of.

    All figures are of one origin, the first-ranking one of the period: days of another are left out and counted.
    """
    first, last = records.first, records.last
    within = records.shown_days
    origins = in_rank({origin for day in within for origin in day.origins[:1]})
    origin = origins[0] if origins else None
    kept = [day for day in within if _is_of(day, origin)]
    runs = [run for run in records.runs if run.origin == origin]
    return Report(
        runner=name,
        first=first,
        last=last,
        made_on=made_on,
        zone=records.zones[last],
        days=tuple(_load(day, origin, runs) for day in within),
        origin=origin,
        comparisons=tuple(_comparisons(records, runs, origin)),
        symptoms=_within(symptoms, first, last),
        strength=_within(strength, first, last),
        plan=plan,
        cued=_cued(kept),
        quality=replace(_quality(kept), days_left_out=len(within) - len(kept)),
        sensors=tuple(_sensors(kept, origin)),
        changes=_in_order([*_changes(kept, origin), *(_within(changes, first, last) or ())]),
    )


def _is_of(day: Day, origin: Origin | None) -> bool:
    """A day that only the runner spoke of is of any origin."""
    return not day.origins or day.origins[0] == origin


def _within(entries: Sequence[Dated] | None, first: date, last: date) -> tuple[Dated, ...] | None:
    return None if entries is None else _in_order(one for one in entries if first <= one.date <= last)


def _load(day: Day, origin: Origin | None, runs: Sequence[RunRecord]) -> DayLoad:
    if not _is_of(day, origin):
        return DayLoad(day.date, "unknown")
    running = day.together.running if day.together else None
    return DayLoad(
        date=day.date,
        known=day.known,
        running_s=day.running_s,
        longest_run_s=day.longest_run_s,
        distance_m=amounts.distance_m(run for run in runs if run.date == day.date),
        steps=day.steps,
        steps_estimated=day.steps_estimated,
        impact_sum_g=day.together.impact_sum_g if day.together else None,
        cadence_spm=running.cadence_spm if running else None,
        contact_s=running.contact_s if running else None,
        peak_g=running.peak_g if running else None,
        asymmetry=day.asymmetry,
    )


def _comparisons(records: Records, runs: Sequence[RunRecord], origin: Origin | None) -> Iterator[Comparison]:
    figures = [run.figures for run in runs if run.is_run]
    known = [
        DayKnown(day.date, day.known, day.note) if _is_of(day, origin) else DayKnown(day.date, "unknown")
        for day in records.days
    ]
    for run in runs:
        if run.date >= records.first and run.is_run:
            by_rule = compare(run.figures, figures, known)["duration"]
            yield Comparison(run.date, run.run.running_s, by_rule)


def _cued(days: Sequence[Day]) -> Cued | None:
    runs = [(day.date, run.cues[-1]) for day in days for run in day.runs if run.cues]
    if not runs:
        return None
    on, latest = runs[-1]
    return Cued(len(runs), on, latest.target_spm, latest.programme_run, latest.on_target_share)


def _quality(days: Sequence[Day]) -> Quality:
    faults: Counter[str] = Counter()
    for day in days:
        faults.update(day.faults)
    return Quality(
        gaps=sum(day.gaps for day in days),
        gap_s=sum(day.gap_s for day in days),
        pages_lost=sum(day.pages_lost for day in days),
        clipped_share=_share([_marked(day, "clipped_share") for day in days]),
        unreliable_share=_share([_marked(day, "unreliable_share") for day in days]),
        strides_set_aside=sum(day.strides_set_aside for day in days),
        resampled=any(session.resampled for day in days for session in day.sessions),
        days_with_more=sum(day.known == "recorded" and day.note == "ran_without" for day in days),
        faults=dict(sorted(faults.items())),
    )


def _marked(day: Day, share: str) -> tuple[float, int]:
    """(Strides marked, strides measured) of a day."""
    load = day.together
    known = None if load is None else getattr(load, share)
    return (0.0, 0) if load is None or known is None else (known * load.strides, load.strides)


def _share(parts: Sequence[tuple[float, int]]) -> float | None:
    strides = sum(n for _, n in parts)
    return sum(marked for marked, _ in parts) / strides if strides else None


def _sessions(days: Sequence[Day], origin: Origin | None) -> list[tuple[date, SessionPart]]:
    return [(day.date, one) for day in days for one in day.sessions if one.origin == origin]


def _sensors(days: Sequence[Day], origin: Origin | None) -> Iterator[Sensor]:
    def by_set_up(part: tuple[date, SessionPart]) -> tuple[str, Foot, str, int, int]:
        one = part[1]
        return one.pod, one.foot, one.chip, one.odr_hz, one.acc_range_g or 0

    parts = sorted(_sessions(days, origin), key=by_set_up)
    for (pod, foot, chip, odr_hz, range_g), group in groupby(parts, by_set_up):
        of_one = list(group)
        dates = [on for on, _ in of_one]
        sessions = len({one.session_id for _, one in of_one})
        yield Sensor(pod, foot, chip, odr_hz, range_g or None, min(dates), max(dates), sessions)


def _changes(days: Sequence[Day], origin: Origin | None) -> Iterator[Change]:
    """Another pod on a foot, or the same one set up otherwise."""
    last: dict[Foot, SessionPart] = {}
    for on, one in _sessions(days, origin):
        former = last.get(one.foot)
        last[one.foot] = one
        if former is None:
            continue
        if former.pod != one.pod:
            yield Change(on, "pod", former.pod, one.pod, one.foot)
        if _set_up(former) != _set_up(one):
            yield Change(on, "sensor", _set_up(former), _set_up(one), one.foot)


def _set_up(session: SessionPart) -> str:
    range_g = "range not known" if session.acc_range_g is None else f"±{session.acc_range_g} g"
    return f"{session.chip} {session.odr_hz} Hz {range_g}"
