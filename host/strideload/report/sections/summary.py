"""What stands first: how much is known, how much was run, and how each site fared."""

from collections.abc import Iterator, Sequence

from strideload.report.blocks import Block, count, day_name, from_to, level, percent, points, text
from strideload.report.content import Report, SymptomEntry, highest
from strideload.report.sections import compared, symptoms
from strideload.report.spans import Span
from strideload.words.numbers import duration, number
from strideload.words.sentences import capital

ORIGINS = {
    "recording": "All measured figures are from recordings that were played back.",
    "simulated": "All measured figures are simulated: they are of no person.",
    "unknown": "The pods do not say where the measured figures come from.",
}
MOST_SITES = 6
NOTHING = "Nothing is known of these days: no pod reported, and nothing was noted."


def blocks(report: Report) -> Iterator[Block]:
    whole = Span(report.first, report.last, report.days)
    yield text(_coverage(whole))
    if report.origin in ORIGINS:
        yield text(ORIGINS[report.origin])
    yield from points([*_amounts(report, whole), *_sites(report)])


def conclusion(report: Report, pages: int) -> str:
    """One line for the terminal."""
    whole = Span(report.first, report.last, report.days)
    known = len(whole.days) - whole.unknown
    return (
        f"{count(pages, 'page')} on {from_to(report.first, report.last)}; "
        f"{known} of {count(len(whole.days), 'day')} known, {whole.runs} with a run."
    )


def _coverage(whole: Span) -> str:
    if all(day.known == "unknown" for day in whole.days):
        return NOTHING
    return (
        f"{count(len(whole.days), 'day')}: {whole.runs} with a run, {whole.rests} known without one, "
        f"{whole.unknown} not known{_without(whole)}."
    )


def _without(whole: Span) -> str:
    ran = sum(day.state == "ran_without" for day in whole.days)
    return f" ({ran} of them with a run without a pod)" if ran else ""


def _amounts(report: Report, whole: Span) -> Iterator[str]:
    if not whole.runs:
        return
    least = "At least " if whole.unknown else ""
    steps, estimated = whole.total("steps"), whole.total("steps_estimated")
    how = ""
    if steps and estimated:
        how = ", all estimated" if estimated == steps else f", {percent(estimated / steps)} of them estimated"
    yield f"{least}{duration(whole.total('running_s'))} running, {number(steps)} steps{how}."
    if report.comparisons:
        longest = max(report.comparisons, key=lambda one: one.running_s)
        yield f"Longest run: {duration(longest.running_s)} on {day_name(longest.date)}, {compared.beside(longest)}."
        last = report.comparisons[-1]
        if last is not longest:
            yield f"Last run: {duration(last.running_s)} on {day_name(last.date)}, {compared.beside(last)}."


def _sites(report: Report) -> Iterator[str]:
    """Those with most entries first."""
    sites = sorted(symptoms.by_site(report).items(), key=lambda site: -len(site[1]))
    yield from (_site(name, entries) for name, entries in sites[:MOST_SITES])
    if others := sites[MOST_SITES:]:
        entries = [entry for _, of_site in others for entry in of_site]
        yield f"{count(len(others), 'more site')}: {symptoms.counted(entries)}."


def _site(name: str, entries: Sequence[SymptomEntry]) -> str:
    during, morning = (level(highest(entries, when)) for when in ("during", "next_morning"))
    others = [pain for entry in entries for _, pain in entry.others]
    other = f", at another time {max(others)}" if others else ""
    return (
        f"{capital(name)}: {symptoms.counted(entries)}. "
        f"Highest pain during a run {during}, next morning {morning}{other}."
    )
