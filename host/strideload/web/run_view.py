"""One run as its page shows it: what was run, beside what one is used to, how it went on, and on what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from strideload.load.course import MINUTE_S, Stretch, stretch_s
from strideload.load.cued import BAND_SHARE
from strideload.load.day import to_json
from strideload.load.histogram import SHOE_EDGES_G, TIBIA_EDGES_G
from strideload.load.longest import MEASURES
from strideload.load.zones import local_time
from strideload.runner.one_run import OneRun
from strideload.runner.runs import RunRecord
from strideload.store.accounts import Units
from strideload.store.conditions import Shoe, Worn
from strideload.web import load_view, symptoms_view
from strideload.web.load_view import Bar
from strideload.web.symptoms_view import CourseView
from strideload.words import conditions, cues, distance, figures, measures, phrases, quality, rules
from strideload.words.numbers import NOT_KNOWN, THIN_SPACE, duration, long_date, number, short_date
from strideload.words.sentences import capital


@dataclass(frozen=True)
class Line:
    """A figure of a stretch as it is drawn and said."""

    figure: str
    name: str
    unit: str
    axis_unit: str
    factor: float = 1.0  # from the figure's own unit to `unit`
    digits: int = 0

    def value(self, one: Stretch) -> float | None:
        value = getattr(one, self.figure)
        return None if value is None else value * self.factor

    def said(self, value: float | None) -> str:
        return number(value, self.digits)


LINES: Final = (
    Line("cadence_spm", "Cadence", "steps/min", "/min"),
    Line("peak_g", "Peak impact", "g", "g", digits=1),
    Line("contact_s", "Contact time", "ms", "ms", factor=1000.0),
)


@dataclass(frozen=True)
class MeasureView:
    """One measure of the run beside the longest."""

    name: str
    metric: str  # whose definition stands on /metrics
    sentence: str
    bar: Bar | None
    longest: str | None
    band: str | None
    remarks: list[str]


@dataclass(frozen=True)
class LineView:
    id: str
    metric: str
    name: str
    unit: str
    sentence: str
    plot: dict[str, Any]  # read by static/lines.js


@dataclass(frozen=True)
class CourseRow:
    at: str
    values: list[str]  # one a line
    moves: str
    missing: str
    clipped: str


@dataclass(frozen=True)
class HistogramView:
    sentence: str
    plot: dict[str, Any]
    rows: list[tuple[str, str, str]]  # bin, impacts, share
    edges: str
    presets: list[tuple[str, str]]  # (edges, name)


@dataclass(frozen=True)
class Choice:
    value: str
    name: str
    chosen: bool


@dataclass(frozen=True)
class ConditionsView:
    form: str  # its address, which names the run wherever that is by then
    facts: list[tuple[str, str]]
    shoes: list[Choice]
    mounts: list[Choice]
    surfaces: list[Choice]


@dataclass(frozen=True)
class RunPage:
    address: str
    ask: str  # address to say how it was
    title: str
    day_href: str | None
    day_name: str
    sentence: str
    origin_words: list[str]
    facts: list[tuple[str, str, str]]  # name, value, whose definition stands on /metrics
    measures: list[MeasureView]
    evidence: str
    no_comparison: str
    lines: list[LineView]
    step_name: str
    rows: list[CourseRow]
    histogram: HistogramView | None
    sides: figures.Group | None
    one_foot: bool
    groups: list[figures.Group]
    remarks: list[quality.Remark]
    cues: list[str]
    cue_evidence: list[str]
    courses: list[CourseView] | None
    conditions: ConditionsView


def view(found: OneRun, shoes: Sequence[Shoe], units: Units, *, shared: bool) -> RunPage:
    """`shoes`: all of the runner's. `shared`: somebody else looks, who has no page of the day."""
    run = found.record
    day = to_json(found.whole)
    groups = figures.groups(day)
    start, end = (local_time(moment, run.zone) for moment in (run.start_utc_us, run.end_utc_us))
    step_s = stretch_s((run.end_utc_us - run.start_utc_us) / 1e6)
    return RunPage(
        address=f"/run/{run.start_utc_us}",
        ask=symptoms_view.ask_address(run),
        title=f"{long_date(run.date)} {run.date.year}, {start:%H:%M} to {end:%H:%M}",
        day_href=None if shared else f"/?date={run.date.isoformat()}",
        day_name=short_date(run.date),
        sentence=phrases.sentence(day),
        origin_words=phrases.origins(day),
        facts=list(_facts(found, units)),
        measures=_measures(found),
        evidence=rules.evidence("longest_30_days"),
        no_comparison=_no_comparison(run, shared),
        lines=[line for line in (_line(found, one) for one in LINES) if line is not None],
        step_name="minute" if step_s == MINUTE_S else f"{step_s // MINUTE_S} minutes",
        rows=[_row(one) for one in found.course],
        histogram=_histogram(found),
        sides=next((group for group in groups if group.name == figures.SIDES), None),
        one_foot=found.whole.asymmetry is None,
        groups=[group for group in groups if group.name not in (figures.SIDES, figures.BINS, figures.TOTALS)],
        remarks=quality.remarks(day, {}),
        cues=[capital(f"{cues.run(cue)}.") for run_day in day["runs"] for cue in run_day["cues"]],
        cue_evidence=[cues.FADING, cues.EVIDENCE, cues.CAVEAT],
        courses=_courses(found, shared),
        conditions=_conditions(found, shoes),
    )


def _facts(found: OneRun, units: Units) -> Iterator[tuple[str, str, str]]:
    run, whole = found.record, found.whole
    yield "Running", duration(whole.running_s), "running_s"
    if whole.walking_s:
        yield "Walking", duration(whole.walking_s), "walking_s"
    steps = phrases.basis(vars(whole))
    yield "Steps", number(whole.steps) + (f" ({steps})" if steps else ""), "steps"
    together = whole.together
    yield (
        "Impact load",
        measures.amount("impact", together.impact_sum_g if together else None),
        "impact_sum_g",
    )
    if run.distance_m is None:
        yield "Distance", "not known: no watch's file matches", "distance_m"
        return
    moving_s = run.run.running_s + run.run.walking_s
    yield "Distance", distance.distance(run.distance_m, units), "distance_m"
    yield "Pace", distance.pace(run.distance_m / moving_s if moving_s else None, units), "pace"
    if run.ascent_m is not None:
        yield "Ascent", distance.height(run.ascent_m, units), "ascent_m"


def _measures(found: OneRun) -> list[MeasureView]:
    if found.compared is None:
        return []
    return [
        MeasureView(
            name=capital(rules.MEASURES[measure]),
            metric=measures.METRICS[measure],
            sentence=rules.comparison(one),
            bar=load_view.bar_of(one),
            longest=None if one.longest is None else f"That run was on {short_date(one.longest.date)}.",
            band=rules.band(one),
            remarks=rules.remarks(one),
        )
        for measure in MEASURES
        for one in [found.compared.by[measure]]
    ]


def _no_comparison(run: RunRecord, shared: bool) -> str:
    if not run.is_run:
        return "A walk is not set beside runs."
    return "The 30 days before are not all shared, so there is nothing to set it beside." if shared else ""


def _line(found: OneRun, line: Line) -> LineView | None:
    """None: nothing of it is known."""
    values = [line.value(one) for one in found.course]
    known = [value for value in values if value is not None]
    if not known:
        return None
    low, high = line.said(min(known)), line.said(max(known))
    reach = f"{low} to {high}" if low != high else low
    return LineView(
        id=line.figure.split("_")[0],
        metric=line.figure,
        name=line.name,
        unit=line.unit,
        sentence=f"{reach}{THIN_SPACE}{line.unit}.",
        plot={
            "x": [one.from_s / 60 for one in found.course],
            "unit": line.axis_unit,
            "lines": [{"name": line.name, "values": [None if v is None else round(v, 2) for v in values]}],
            "texts": [
                f"{_at(one)}: {line.said(value)}{THIN_SPACE}{line.unit}{_faults(one)}"
                for one, value in zip(found.course, values, strict=True)
            ],
            "band": _band(found) if line.figure == "cadence_spm" else None,
        },
    )


def _band(found: OneRun) -> list[float] | None:
    """The cue's, where all pods cued at one target."""
    targets = {one.target_spm for run in found.whole.runs for one in run.cues}
    if len(targets) != 1 or None in targets:
        return None
    (target,) = targets
    return [round((target or 0.0) * (1 + side * BAND_SHARE), 2) for side in (-1, 1)]


def _at(one: Stretch) -> str:
    minutes = one.from_s // 60
    return f"{minutes // 60}:{minutes % 60:02d}" if minutes >= 60 else f"{minutes}{THIN_SPACE}min"


def _faults(one: Stretch) -> str:
    missing = f", {number(one.missing_s, 1)}{THIN_SPACE}s missing" if one.missing_s else ""
    return missing + (f", {number(one.clipped)} peaks clipped" if one.clipped else "")


def _row(one: Stretch) -> CourseRow:
    return CourseRow(
        at=_at(one),
        values=[line.said(line.value(one)) for line in LINES],
        moves=one.moves or NOT_KNOWN,
        missing=f"{number(one.missing_s, 1)}{THIN_SPACE}s" if one.missing_s else "",
        clipped=number(one.clipped) if one.clipped else "",
    )


def _histogram(found: OneRun) -> HistogramView | None:
    load = found.whole.together
    if load is None or not load.strides:
        return None
    total = sum(one.impacts for one in load.bins)
    bins = [vars(one) for one in load.bins]
    names = [figures.bin_name(one) for one in bins]
    shares = [one.impacts / total if total else 0.0 for one in load.bins]
    most = max(range(len(bins)), key=lambda place: bins[place]["impacts"])
    estimated = phrases.basis(vars(found.whole))
    said = f" ({estimated})" if estimated else ""
    return HistogramView(
        sentence=f"{number(total)} impacts{said}, most of them of {names[most]}."
        if total
        else "No impact reaches the lowest edge.",
        plot={
            "names": [_short(one) for one in bins],
            "values": [one.impacts for one in load.bins],
            "texts": [
                f"{name}: {number(one.impacts)} impacts, {_percent(share)}"
                for name, one, share in zip(names, load.bins, shares, strict=True)
            ],
        },
        rows=[
            (name, number(one.impacts), _percent(share))
            for name, one, share in zip(names, load.bins, shares, strict=True)
        ],
        edges=_written(found.whole.parameters.bin_edges_g),
        presets=[
            (_written(SHOE_EDGES_G), "every 2 g, for the shoe"),
            (_written(TIBIA_EDGES_G), "0, 6 and 21 g, made for the tibia"),
        ],
    )


def _short(one: dict[str, Any]) -> str:
    return f"{one['from_g']:g}+" if one["to_g"] is None else f"{one['from_g']:g}"


def _written(edges: Sequence[float]) -> str:
    return ", ".join(f"{edge:g}" for edge in edges)


def _percent(share: float) -> str:
    return f"{number(100 * share, 1)}{THIN_SPACE}%"


def _courses(found: OneRun, shared: bool) -> list[CourseView] | None:
    if found.symptoms is None:
        return None
    courses = [one for one in found.symptoms.courses if one.entries or not shared]
    return [symptoms_view.course_view(one) for one in courses]


def _conditions(found: OneRun, shoes: Sequence[Shoe]) -> ConditionsView:
    worn, noted = found.record.worn, found.noted
    names = {shoe.id: shoe.name for shoe in shoes}
    in_use = [shoe for shoe in shoes if _is_worn_on(shoe, found.record.date) or shoe.id == noted.shoe]
    return ConditionsView(
        form=f"/run/{found.record.name}/conditions",
        facts=[
            ("Shoe", _said(names.get(worn.shoe or "", conditions.NOT_NOTED), worn, noted, "shoe")),
            ("Pod's mount", _said(conditions.mount(worn.mount), worn, noted, "mount")),
            ("Surface", _said(conditions.surface(worn.surface), worn, noted, "surface")),
        ],
        shoes=_choices([(shoe.id, shoe.name) for shoe in in_use], noted.shoe),
        mounts=_choices(conditions.MOUNTS.items(), noted.mount),
        surfaces=_choices(conditions.SURFACES.items(), noted.surface),
    )


def _is_worn_on(shoe: Shoe, day: date) -> bool:
    return shoe.from_date <= day and (shoe.retired_date is None or day < shoe.retired_date)


def _said(name: str, worn: Worn, noted: Worn, what: str) -> str:
    usual = getattr(worn, what) is not None and getattr(noted, what) is None
    return f"{name}, as usual" if usual else name


def _choices(options: Any, noted: str | None) -> list[Choice]:
    return [Choice("", "as usual", noted is None), *(Choice(v, n, v == noted) for v, n in options)]
