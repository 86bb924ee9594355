"""Cadence, contact time, and the right foot beside the left."""

from collections.abc import Callable, Iterator

from strideload.load.cued import BAND_SHARE
from strideload.report import sources
from strideload.report.blocks import Block, column, count, day_name, note, percent, table, text
from strideload.report.content import Cued, DayLoad, Report
from strideload.report.sections import spanned
from strideload.report.spans import Span
from strideload.words.cues import CAVEAT, EVIDENCE
from strideload.words.numbers import THIN_SPACE, number

ONE_FOOT = "Left and right: not known. It takes a pod on each foot."
SIDES = {"contact_s": "Contact", "peak_g": "Peak"}


def blocks(report: Report) -> Iterator[Block]:
    """Of the weeks with a run; none of a period without one."""
    rows = [span for span in spanned.rows(report) if span.runs]
    if not rows:
        return
    has_both = any(day.asymmetry for day in report.days)
    sides = SIDES if has_both else {}
    names = ["Cadence, steps/min", "Contact, ms", "Peak impact, g"]
    names += [f"{side}: {what}" for side in sides.values() for what in ("asymmetry, %", "balance")]
    yield table(
        [column(spanned.heading(report), "left"), *map(column, names)],
        [
            [
                spanned.marked(span, report),
                number(span.middle(lambda day: day.cadence_spm)),
                number(span.middle(lambda day: None if day.contact_s is None else 1000 * day.contact_s)),
                number(span.middle(lambda day: day.peak_g), 1),
                *(cell for side in sides for cell in _side(span, side)),
            ]
            for span in rows
        ],
    )
    if not has_both:
        yield text(ONE_FOOT)
    if report.cued:
        yield text(_cued(report.cued))
    asymmetry = sources.ASYMMETRY if has_both else ""
    if asymmetry or report.cued or report.changes:
        evidence = (EVIDENCE, CAVEAT) if report.cued else ()
        yield note(spanned.note_of_marks(report), asymmetry, *evidence)


def _side(span: Span, side: str) -> tuple[str, str]:
    return number(span.middle(_of(side, "asymmetry_percent")), 1), number(
        span.middle(_of(side, "balance")), 3
    )


def _of(side: str, figure: str) -> Callable[[DayLoad], float | None]:
    def value(day: DayLoad) -> float | None:
        compared = (day.asymmetry or {}).get(side)
        return None if compared is None else getattr(compared, figure)

    return value


def _cued(cued: Cued) -> str:
    target = "not known" if cued.target_spm is None else f"{number(cued.target_spm, 1)}{THIN_SPACE}steps/min"
    stage = "" if cued.programme_run is None else f", run {cued.programme_run} of the programme"
    share = cued.on_target_share
    kept = "" if share is None else f", within {percent(BAND_SHARE)} of it for {percent(share)} of the time"
    return (
        f"A cadence cue was on in {count(cued.runs, 'run')}, the latest on {day_name(cued.date)}: "
        f"target {target}{stage}{kept}."
    )
