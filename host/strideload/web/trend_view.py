"""Half a year as the page shows it: a calendar of weeks, two averages, and the longest run of 30 days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from strideload.load.day import Day
from strideload.load.longest import MEASURES, Measure
from strideload.load.strength import monday_of
from strideload.load.trend import SPANS, WEEK_DAYS, Average, DayAmount, WeekOverWeek, ewma, week_over_week
from strideload.load.zones import FIRST_DAY
from strideload.runner import amounts
from strideload.runner.records import BASELINE, Records
from strideload.runner.runs import RunRecord
from strideload.store.accounts import Units
from strideload.web.day_view import Link
from strideload.web.visitor import Visitor
from strideload.web.weeks_view import NOTED_WORDS, STATE_WORDS
from strideload.words import measures, phrases, rules
from strideload.words.numbers import (
    AT_LEAST,
    AT_MOST,
    MONTHS,
    NOT_KNOWN,
    THIN_SPACE,
    WEEKDAYS,
    duration,
    number,
    short_date,
)

WEEKS: Final = 26
FEWEST_WEEKS: Final = 6
NOT_SHARED: Final = "not shared"
NOT_ALL_SHARED: Final = "Not all of these 14 days are shared, so there is nothing to set beside each other."
AVERAGES_NOT_SHARED: Final = (
    "The averages are left out: they would need the days before, which are not shared."
)
WARM_UP: Final = timedelta(days=84)  # three times the longer span: what lies before weighs less than 0.3 %
FEWEST_DRAWN: Final = 6  # weeks of the plot
HEIGHTS: Final = 10  # steps in which a day's bar is drawn

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Cell:
    """A day of the calendar. `look`: run, none, unknown, or nothing: not come yet, or not shared."""

    look: str
    height: int  # of HEIGHTS
    label: str
    href: str | None


@dataclass(frozen=True)
class WeekRow:
    name: str
    cells: list[Cell]
    total: str
    change: str  # "so far": the week is not over


@dataclass(frozen=True)
class DayRow:
    name: str
    href: str | None
    state: str
    amount: str
    averages: list[tuple[str, str]]  # (value, known share), one a span


@dataclass(frozen=True)
class RunRow:
    href: str
    when: str
    running: str
    amount: str


@dataclass(frozen=True)
class Choice:
    href: str
    name: str
    here: bool


@dataclass(frozen=True)
class TrendView:
    range: str
    lead: str
    weeks_evidence: str
    choices: list[Choice]
    heading: str  # of the measure
    metric: str  # whose definition stands on /metrics
    weekdays: list[str]
    weeks: list[WeekRow]  # newest first
    before: Link | None
    after: Link | None
    averages: list[str]
    averages_evidence: str
    spans: list[int]  # of the averages that are shown
    longest: str | None
    longest_href: str | None
    plot: dict[str, Any] | None  # read by static/trend.js; None while nothing is known
    rows: list[DayRow]  # newest first
    runs: list[RunRow]
    unknown: list[tuple[str, str]]  # (date, name) of days to say something of


def first_shown(last: date) -> date:
    """The Monday with which the weeks begin that end with the week of `last`."""
    return monday_of(last) - timedelta(weeks=WEEKS - 1)


def view(records: Records, measure: Measure, units: Units, visitor: Visitor, first_day: date) -> TrendView:
    """`records`: from WARM_UP before the first day shown, to the last. `first_day`: no link leads further back."""
    last = records.last
    earliest = first_shown(last)
    first = _first_worth_showing(records, earliest, visitor)
    held = amounts.amounts(records, measure)
    by_date = {one.date: one for one in held}
    days = {day.date: day for day in records.days if day.date >= first}
    spans = SPANS if visitor.first is None else ()
    averages = {span: {one.date: one for one in ewma(held, span)} for span in spans}
    longest = amounts.longest(records, last, measure)
    runs = [run for run in records.runs if run.date >= first and run.is_run]
    shown = _Shown(measure, units, visitor, records.today)
    latest = min(records.today, visitor.last or records.today)
    weeks = _mondays(first, last)
    return TrendView(
        range=f"{len(weeks)} weeks to {last.day} {MONTHS[last.month - 1]} {last.year}",
        lead=rules.week_over_week(week_over_week(last, held), measure)
        if shown.sees_back(last, 2 * WEEK_DAYS)
        else NOT_ALL_SHARED,
        weeks_evidence=rules.evidence("week_over_week"),
        choices=[_choice(one, measure, last, records.today) for one in MEASURES],
        heading=measures.TITLES[measure],
        metric=measures.METRICS[measure],
        weekdays=[name[:3] for name in WEEKDAYS],
        weeks=[_week(shown, monday, days, by_date, held) for monday in weeks],
        before=_link(earliest - _ONE_DAY, measure, records.today, "Earlier")
        if earliest > first_day
        else None,
        after=_link(min(last + timedelta(weeks=WEEKS), latest), measure, records.today, "Later")
        if last < latest
        else None,
        averages=[_average(averages[span].get(last), span, shown) for span in spans] or [AVERAGES_NOT_SHARED],
        averages_evidence=rules.evidence("ewma"),
        spans=list(spans),
        longest=_longest(longest, shown, last),
        longest_href=None if longest is None else f"/run/{longest.start_utc_us}",
        plot=_plot(shown, days, by_date, averages, longest),
        rows=[_row(shown, days[on], by_date[on], averages) for on in sorted(days, reverse=True)],
        runs=[_run(shown, run) for run in reversed(runs)],
        unknown=_unknown(records, first) if visitor.may("write") else [],
    )


@dataclass(frozen=True)
class _Shown:
    """How amounts are said, to whom."""

    measure: Measure
    units: Units
    visitor: Visitor
    today: date

    def amount(self, value: float | None) -> str:
        return measures.amount(self.measure, value, self.units)

    def plotted(self, value: float | None) -> float | None:
        return measures.plotted(self.measure, value, self.units)

    def href(self, day: date) -> str | None:
        """A day's page; whoever has a share has none, nor has a day before all that are shown."""
        return None if self.visitor.by == "share" or day < FIRST_DAY else f"/?date={day.isoformat()}"

    def sees_back(self, last: date, days: int) -> bool:
        """Whether the visitor sees all of the days up to `last`; one that has not come yet is none of them."""
        end = min(last, self.today)
        return self.visitor.sees(end) and self.visitor.sees(last - (days - 1) * _ONE_DAY)


def _first_worth_showing(records: Records, earliest: date, visitor: Visitor) -> date:
    """The Monday of the first day of which anything is known, or that is shared; some weeks stand in any case."""
    known = [day.date for day in records.days if day.known != "unknown" and day.date >= earliest]
    begin = visitor.first or min(known, default=records.last)
    return max(earliest, min(monday_of(begin), monday_of(records.last) - timedelta(weeks=FEWEST_WEEKS - 1)))


def _mondays(first: date, last: date) -> list[date]:
    """Newest first."""
    return [first + timedelta(weeks=n) for n in range((last - first).days // WEEK_DAYS, -1, -1)]


def address(measure: Measure, last: date, today: date) -> str:
    query = {} if measure == MEASURES[0] else {"by": measure}
    query |= {} if last == today else {"last": last.isoformat()}
    return f"/trend?{urlencode(query)}" if query else "/trend"


def _choice(one: Measure, chosen: Measure, last: date, today: date) -> Choice:
    return Choice(address(one, last, today), measures.TITLES[one], one == chosen)


def _link(last: date, measure: Measure, today: date, name: str) -> Link:
    return Link(address(measure, last, today), name)


def _week(
    shown: _Shown,
    monday: date,
    days: Mapping[date, Day],
    by_date: Mapping[date, DayAmount],
    held: Sequence[DayAmount],
) -> WeekRow:
    dates = [monday + n * _ONE_DAY for n in range(WEEK_DAYS)]
    most = max((one.recorded or 0.0 for on, one in by_date.items() if on in days), default=0.0)
    beside = week_over_week(dates[-1], held)
    total = beside.this.at_least
    is_over = dates[-1] <= shown.today
    unseen = sum(not shown.visitor.sees(on) for on in dates)
    whole = beside.this.unknown_days == unseen
    bound = AT_LEAST if is_over and total is not None and not whole else ""
    return WeekRow(
        name=f"{monday.day} {MONTHS[monday.month - 1][:3]}",
        cells=[_cell(shown, on, days.get(on), by_date.get(on), most) for on in dates],
        total="" if unseen == WEEK_DAYS else f"{bound}{shown.amount(total)}",
        change=_beside_the_week_before(shown, beside, is_over=is_over),
    )


def _cell(shown: _Shown, on: date, day: Day | None, held: DayAmount | None, most: float) -> Cell:
    if day is None or held is None:
        return Cell("", 0, f"{short_date(on)}: {NOT_SHARED}", None)
    said = vars(day)
    look = phrases.state(said)
    height = 0
    if look == "run":
        share = (held.recorded or 0.0) / most if most else 0.0
        height = max(1, round(share * HEIGHTS))
    return Cell(look, height, f"{short_date(on)}: {phrases.sentence(said)}", shown.href(on))


def _beside_the_week_before(shown: _Shown, beside: WeekOverWeek, *, is_over: bool) -> str:
    if not shown.sees_back(beside.this.last, 2 * WEEK_DAYS):
        return NOT_SHARED if not shown.sees_back(beside.this.last, WEEK_DAYS) else "week before not shared"
    return _change(beside) if is_over else "so far"


def _change(beside: WeekOverWeek) -> str:
    """ "+12 %" beside the week before, as a bound where days are not known."""
    if beside.bound == "nothing_before":
        return "none before"
    if beside.change is None:
        return "not known"
    percent = number(100 * beside.change)
    sign = "+" if beside.change > 0 and percent != "0" else ""
    bound = {"at_least": AT_LEAST, "at_most": AT_MOST}.get(beside.bound, "")
    return f"{bound}{sign}{percent}{THIN_SPACE}%"


def _average(one: Average | None, span: int, shown: _Shown) -> str:
    if one is None:
        return f"The {span}-day average is not shown: nothing is known of these days."
    if one.value is None:
        return rules.average(one, shown.measure)
    return f"{span}-day average: {shown.amount(one.value)} a day; {_share(one)} of its weight is known."


def _share(one: Average) -> str:
    return f"{number(100 * one.known_share)}{THIN_SPACE}%"


def _longest(run: RunRecord | None, shown: _Shown, last: date) -> str | None:
    if run is None:
        return None
    amount = shown.amount(amounts.of_run(run, shown.measure))
    days = "30 days" if shown.sees_back(last, BASELINE.days) else "days that are shared"
    return f"Longest run of the {days}: {amount} on {short_date(run.date)}."


def _plot(
    shown: _Shown,
    days: Mapping[date, Day],
    by_date: Mapping[date, DayAmount],
    averages: Mapping[int, Mapping[date, Average]],
    longest: RunRecord | None,
) -> dict[str, Any] | None:
    if all(day.known == "unknown" for day in days.values()):
        return None
    top = None if longest is None else amounts.of_run(longest, shown.measure)
    drawn = _drawn(days)
    return {
        "unit": measures.plot_unit(shown.measure, shown.units),
        "longest": shown.plotted(top),
        "days": [_mark(shown, days[on], by_date[on]) for on in drawn],
        "averages": [
            {
                "name": f"{span}-day average",
                "values": [_plotted_average(shown, averages[span].get(on)) for on in drawn],
            }
            for span in averages
        ],
    }


def _drawn(days: Mapping[date, Day]) -> list[date]:
    """From the week of the first day that is known, so that nothing is drawn of the time before there was a pod."""
    known = min(on for on, day in days.items() if day.known != "unknown")
    first = min(monday_of(known), monday_of(max(days)) - timedelta(weeks=FEWEST_DRAWN - 1))
    return [on for on in sorted(days) if on >= first]


def _plotted_average(shown: _Shown, one: Average | None) -> float | None:
    return None if one is None else shown.plotted(one.value)


def _mark(shown: _Shown, day: Day, held: DayAmount) -> dict[str, Any]:
    state = phrases.state(vars(day))
    return {
        "href": shown.href(day.date),
        "monday": day.date.weekday() == 0,
        "short": f"{day.date.day} {MONTHS[day.date.month - 1][:3]}",
        "state": state,
        "min": shown.plotted(held.recorded) if state == "run" else None,
        "text": f"{short_date(day.date)}: {_said(shown, day, held)}",
    }


def _said(shown: _Shown, day: Day, held: DayAmount) -> str:
    if phrases.state(vars(day)) == "run":
        return shown.amount(held.recorded)
    return phrases.sentence(vars(day)).rstrip(".")


def _row(shown: _Shown, day: Day, held: DayAmount, averages: Mapping[int, Mapping[date, Average]]) -> DayRow:
    found = [of_span.get(day.date) for of_span in averages.values()]
    return DayRow(
        name=short_date(day.date),
        href=shown.href(day.date),
        state=NOTED_WORDS.get(day.known, STATE_WORDS[phrases.state(vars(day))]),
        amount=shown.amount(held.at_least),
        averages=[
            (NOT_KNOWN, NOT_KNOWN) if one is None else (shown.amount(one.value), _share(one)) for one in found
        ],
    )


def _run(shown: _Shown, run: RunRecord) -> RunRow:
    return RunRow(
        href=f"/run/{run.start_utc_us}",
        when=short_date(run.date),
        running=duration(run.run.running_s),
        amount=shown.amount(amounts.of_run(run, shown.measure)),
    )


def _unknown(records: Records, first: date) -> list[tuple[str, str]]:
    """Days since the first of which anything is known, before today; newest first."""
    known = [day.date for day in records.days if day.known != "unknown"]
    since = max(first, min(known, default=records.today))
    return [
        (day.date.isoformat(), short_date(day.date))
        for day in reversed(records.days)
        if day.known == "unknown" and since <= day.date < records.today
    ]
