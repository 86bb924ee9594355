"""Load rules in words: a run beside the longest of 30 days, weeks, averages, and what a rule rests on."""

from fractions import Fraction

from strideload.load.evidence import HAZARD_BANDS, RULES, HazardBand, RuleId
from strideload.load.longest import DAYS, Comparison, Condition, Gaps, Measure
from strideload.load.trend import WEEK_DAYS, Average, WeekOverWeek
from strideload.words.numbers import THIN_SPACE, number

MEASURES: dict[Measure, str] = {
    "duration": "running time",
    "steps": "steps",
    "impact": "impact load",
    "distance": "distance",
}
# What is known of it, or not.
AMOUNTS: dict[Measure, str] = {**MEASURES, "steps": "number of steps"}
CONDITIONS: dict[Condition, str] = {
    "sensors": "pods or their settings",
    "mount": "mount",
    "surface": "surface",
    "shoe": "shoe",
}

# What a rule is called over its definition.
NAMES: dict[RuleId, str] = {
    "longest_30_days": "Beside the longest run of 30 days",
    "week_over_week": "Beside the week before",
    "ewma": "Averages of 7 and 28 days",
    "green": "Green",
    "red": "Red",
    "amber": "Amber",
    "next_run": "Next run",
    "spread_load": "While it is sore",
    "ladder": "Walk-run ladder",
    "cadence_target": "Target of cadence",
    "cue_fading": "Fading of a cue",
}

# More, less, as much, times as much; then what it is set beside, {} for "known " where some of it is not.
_PHRASES: dict[Measure, tuple[str, str, str, str, str]] = {
    "duration": ("longer than", "shorter than", "As long as", "times as long as", "your longest {}run"),
    "steps": (
        *("more steps than", "fewer steps than", "As many steps as", "times as many steps as"),
        "in your {}run with the most",
    ),
    "impact": (
        *("more impact load than", "less impact load than", "As much impact load as"),
        *("times as much impact load as", "in your {}run with the most"),
    ),
    "distance": (
        *("farther than", "less far than", "As far as", "times as far as"),
        "your farthest {}run",
    ),
}
_EDGES_PERCENT = tuple(round((band.to - 1) * 100) for band in HAZARD_BANDS if band.to is not None)
_IN_TIMES = 3  # from here on "3.2 times" is easier to grasp than "220 %"


def comparison(compared: Comparison) -> str:
    """ "12 % longer than your longest run in 30 days." """
    if compared.outcome == "not_measured":
        return f"The {AMOUNTS[compared.measure]} of this run is not known."
    if compared.outcome == "no_baseline" or compared.exact_ratio is None:
        return f"No baseline: no run with a known {AMOUNTS[compared.measure]} in the {DAYS} days before."
    more, less, same, times, beside = _PHRASES[compared.measure]
    longest = f"{beside.format('known ' if compared.is_upper_bound else '')} in {DAYS} days."
    ratio = compared.exact_ratio
    if ratio >= _IN_TIMES:
        return f"{number(float(ratio), 1)} {times} {longest}"
    said = percent(ratio)
    return f"{same} {longest}" if said is None else f"{said} {more if ratio > 1 else less} {longest}"


def band(compared: Comparison) -> str | None:
    """What the study found for such runs; None: nothing is compared."""
    if compared.band is None:
        return None
    found = f"{_band(compared.band)}: {_hazard(compared.band)}."
    if compared.validated:
        return found
    return f"{found} The study was on distance; on {MEASURES[compared.measure]} this is unvalidated."


def remarks(compared: Comparison) -> list[str]:
    """What to know of a comparison: days that are not known, estimates, other conditions."""
    found = gaps(compared.gaps)
    if compared.runs_unmeasured:
        measure = AMOUNTS[compared.measure]
        found.append(f"{_count(compared.runs_unmeasured, 'run')} before without a known {measure}.")
    if compared.estimated:
        found.append("Estimated: one pod stood for both feet.")
    if compared.differing:
        found.append(f"Not alike in {_listed([CONDITIONS[name] for name in compared.differing])}.")
    if compared.not_noted and compared.outcome == "compared":
        found.append(f"Not noted in both: {_listed([CONDITIONS[name] for name in compared.not_noted])}.")
    return found


def gaps(missing: Gaps) -> list[str]:
    """ "7 of the 30 days are not known." """
    found: list[str] = []
    if missing.unknown_days:
        verb = "is" if missing.unknown_days == 1 else "are"
        found.append(f"{missing.unknown_days} of the {DAYS} days {verb} not known.")
    if missing.ran_without_days:
        found.append(
            f"{_count(missing.ran_without_days, 'day')} with a run without the pod, of unknown length."
        )
    return found


def week_over_week(weeks: WeekOverWeek, measure: Measure) -> str:
    """ "12 % more running time in these 7 days than in the 7 before." """
    if weeks.bound == "nothing_before":
        return f"No {MEASURES[measure]} in the {WEEK_DAYS} days before, so nothing to compare with."
    if weeks.change is None:
        return f"How the {AMOUNTS[measure]} of these {WEEK_DAYS} days compares is not known."
    percent = number(abs(100 * weeks.change))
    if percent == "0":
        amount = f"As much {MEASURES[measure]}"
        than = "as"
    else:
        amount = f"{percent}{THIN_SPACE}% {'more' if weeks.change > 0 else 'less'} {MEASURES[measure]}"
        than = "than"
    sentence = f"{amount} in these {WEEK_DAYS} days {than} in the {WEEK_DAYS} before."
    return sentence + _bound(weeks)


def average(one: Average, measure: Measure) -> str:
    """Where an average stands is drawn; this says how much of it is known."""
    share = f"{number(100 * one.known_share)}{THIN_SPACE}% of its weight is known"
    name = f"The {one.span_days}-day average of {MEASURES[measure]}"
    return f"{name} is not shown: {share}." if one.value is None else f"{name}: {share}."


def evidence(rule: RuleId) -> str:
    """ "Opinion. A synthesis of ... Not studied as a whole." """
    found = RULES[rule]
    return f"{found.level.capitalize()}. {found.source} {found.caveat}"


def percent(ratio: Fraction) -> str | None:
    """ "12 %", never rounded onto an edge of the bands: "just over 10 %". None: less than half a percent."""
    exact = abs(ratio - 1) * 100
    whole = round(exact)
    if whole == 0:
        return None
    if ratio > 1 and whole in _EDGES_PERCENT and exact != whole:
        return f"Just {'over' if exact > whole else 'under'} {whole}{THIN_SPACE}%"
    return f"{min(whole, 99) if ratio < 1 else whole}{THIN_SPACE}%"


def study() -> str:
    """What the study of rule longest_30_days found, in a sentence."""
    reference, *others = HAZARD_BANDS
    found = [_briefly(one) for one in others if one.hazard_rate_ratio is not None and one.interval_95]
    return (
        f"Hazard rate ratio of self-reported overuse injury against runs up to {_edge(reference.to)} longer "
        f"(95{THIN_SPACE}% interval): {', '.join(found)}."
    )


def _briefly(one: HazardBand) -> str:
    """ "1.64 (1.31 to 2.05) above 10 % and up to 30 %"."""
    low, high = one.interval_95 or (None, None)
    to = "" if one.to is None else f" and up to {_edge(one.to)}"
    figures = f"{number(one.hazard_rate_ratio, 2)} ({number(low, 2)} to {number(high, 2)})"
    return f"{figures} above {_edge(one.above)}{to}"


def _edge(edge: Fraction | None) -> str:
    return "" if edge is None else f"{round((edge - 1) * 100)}{THIN_SPACE}%"


def _band(one: HazardBand) -> str:
    above, to = (None if edge is None else round((edge - 1) * 100) for edge in (one.above, one.to))
    if one.band == "reference":
        return f"Runs up to {to}{THIN_SPACE}% longer than the longest of {DAYS} days"
    if to is None:
        return f"Runs more than {above}{THIN_SPACE}% longer than the longest of {DAYS} days"
    return f"Runs {above} to {to}{THIN_SPACE}% longer than the longest of {DAYS} days"


def _hazard(one: HazardBand) -> str:
    if one.hazard_rate_ratio is None or one.interval_95 is None:
        return "the study's reference"
    low, high = one.interval_95
    return (
        f"hazard rate ratio of self-reported overuse injury {number(one.hazard_rate_ratio, 2)} against the reference "
        f"(95{THIN_SPACE}% interval {number(low, 2)} to {number(high, 2)})"
    )


def _bound(weeks: WeekOverWeek) -> str:
    if weeks.bound == "at_least":
        return f" Or more: {_count(weeks.this.unknown_days, 'day')} of them not known."
    if weeks.bound == "at_most":
        return f" Or less: {_count(weeks.before.unknown_days, 'day')} of those before not known."
    return ""


def _count(count: int, noun: str) -> str:
    return f"{number(count)} {noun}" + ("" if count == 1 else "s")


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
