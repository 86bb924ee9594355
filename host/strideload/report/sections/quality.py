"""How far the data can be trusted: what is not known, who measured, what is marked, what changed."""

from collections.abc import Iterator

from strideload.report.blocks import (
    LONGEST_NAME,
    Block,
    clean,
    count,
    dates,
    day_name,
    from_to,
    percent,
    points,
)
from strideload.report.content import Change, Report, Sensor
from strideload.report.spans import Span
from strideload.words.numbers import THIN_SPACE, duration, number
from strideload.words.quality import FAULTS, FEET

MOST_SENSORS = 4
MOST_FAULTS = 4


def blocks(report: Report, most_changes: int) -> Iterator[Block]:
    changes = _changes(report, most_changes)
    yield from points([*_unknown(report), *_sensors(report), *_estimates(report), *_marks(report), *changes])


def _unknown(report: Report) -> Iterator[str]:
    if days := [day.date for day in report.days if day.state == "unknown"]:
        yield f"Not known: {dates(days)}."
    if days := [day.date for day in report.days if day.state == "ran_without"]:
        yield f"Ran without a pod, and how much is not known: {dates(days)}."
    if left_out := report.quality.days_left_out:
        yield f"{count(left_out, 'day')} with figures of another origin (played back or simulated) stand as not known."
    if more := report.quality.days_with_more:
        yield f"{count(more, 'day')} with a pod and also a run without one: their sums are lower bounds."


def _sensors(report: Report) -> Iterator[str]:
    yield from map(_sensor, report.sensors[:MOST_SENSORS])
    if (more := len(report.sensors) - MOST_SENSORS) > 0:
        yield f"{count(more, 'more pod or set-up', 'more pods or set-ups')}."


def _sensor(one: Sensor) -> str:
    range_g = "range not known" if one.acc_range_g is None else f"±{one.acc_range_g}{THIN_SPACE}g"
    return (
        f"Pod {one.pod[-4:]}, {FEET[one.foot]}: {one.chip}, {one.odr_hz}{THIN_SPACE}Hz, {range_g}; "
        f"{count(one.sessions, 'session')}, {from_to(one.first, one.last)}."
    )


def _estimates(report: Report) -> Iterator[str]:
    whole = Span(report.first, report.last, report.days)
    steps, estimated = whole.total("steps"), whole.total("steps_estimated") or 0
    if not steps:
        return
    if estimated == steps:
        yield "All steps are estimated: one pod sees one foot, and its steps and impacts count twice."
    elif estimated:
        yield f"{percent(estimated / steps)} of the steps are estimated, from times with one pod."
    else:
        yield "All steps were counted, by a pod on each foot."


def _marks(report: Report) -> Iterator[str]:
    quality = report.quality
    if quality.gaps:
        yield f"{count(quality.gaps, 'gap')}, {duration(quality.gap_s)} in all; what fell into them is not counted."
    if quality.pages_lost:
        yield f"{count(quality.pages_lost, 'page')} lost, of up to 16 strides each: sums are lower bounds."
    if quality.clipped_share:
        yield f"{percent(quality.clipped_share)} of impacts reached the sensor's limit: peaks there are lower bounds."
    if quality.unreliable_share:
        yield f"{percent(quality.unreliable_share)} of the peaks read low, as rate or range was too small; times hold."
    if quality.strides_set_aside:
        yield f"{count(quality.strides_set_aside, 'stride')} of one more pod at the same time not added."
    if quality.resampled:
        yield "Recordings were brought to the sensor's rate: times hold, peaks are rounded off."
    yield from _faults(report)
    if report.sensors and not (quality.gaps or quality.pages_lost or quality.clipped_share or quality.faults):
        yield "Nothing was lost or clipped, and no pod counted a fault."


def _faults(report: Report) -> Iterator[str]:
    faults = sorted(report.quality.faults.items(), key=lambda fault: -fault[1])
    for name, times in faults[:MOST_FAULTS]:
        what = FAULTS[name][0] if name in FAULTS else "This version has no words for a fault."
        yield f"{what} ({name}: {number(times)})"
    if (more := len(faults) - MOST_FAULTS) > 0:
        yield f"{count(more, 'more kind of fault', 'more kinds of fault')}; each day's page has them."


def _changes(report: Report, most: int) -> Iterator[str]:
    shown = report.changes[-most:]
    if left_out := len(report.changes) - len(shown):
        yield f"{count(left_out, 'earlier change')} of pod, sensor, mount, shoe or surface not listed."
    yield from (f"{day_name(one.date)}: {_change(one)}." for one in shown)


def _change(one: Change) -> str:
    foot = "" if one.foot == "unknown" else f", {FEET[one.foot]}"
    before, after = (clean(side, LONGEST_NAME) or "not known" for side in (one.before, one.after))
    return f"other {clean(one.what, LONGEST_NAME)}{foot}: {after}, before it {before}"
