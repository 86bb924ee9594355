"""Strength, shoes and cadence in words."""

from strideload.load.cadence import OwnCadence, Target
from strideload.load.shoes import Mileage
from strideload.load.strength import Group, GroupWork, WeekCoverage
from strideload.store.accounts import Units
from strideload.words.distance import pace
from strideload.words.numbers import THIN_SPACE, duration, number

GROUPS: dict[Group, str] = {
    "quadriceps": "quadriceps (front of the thigh)",
    "gluteals": "gluteals (buttocks)",
    "hamstrings": "hamstrings (back of the thigh)",
    "calves": "calves",
    "other": "other",
}


def strength_week(week: WeekCoverage) -> str:
    """ "2 sessions; not logged: calves." """
    if not week.sessions:
        return "No strength session logged."
    sessions = f"{week.sessions} session{'s' if week.sessions > 1 else ''}"
    missing = ", ".join(week.not_logged)
    return f"{sessions}; not logged: {missing}." if missing else f"{sessions}; all four groups of the leg."


def group_work(work: GroupWork) -> str:
    """ "6 sets, 52 repetitions"."""
    if not work.sets:
        return "not logged"
    said = f"{work.sets} set{'s' if work.sets > 1 else ''}"
    if work.repetitions:
        said += f", {number(work.repetitions)} repetitions"
    return f"{said} ({work.sets_uncounted} without a count)" if work.sets_uncounted else said


def mileage(shoe: Mileage) -> str:
    """ "12 outings, 6 h 10 min running, 61 200 steps (51 % estimated)"; a walk that a pod recorded is one as well."""
    steps = f"{number(shoe.steps)} steps"
    if shoe.steps_estimated:
        steps += f" ({number(100 * shoe.steps_estimated / shoe.steps)}{THIN_SPACE}% estimated)"
    return f"{number(shoe.runs)} outing{'' if shoe.runs == 1 else 's'}, {duration(shoe.running_s)} running, {steps}"


def mileage_gaps(shoe: Mileage) -> list[str]:
    """What the sums of a shoe lack."""
    counts = [
        (shoe.runs_without_impact, "outing", "without known impacts"),
        (shoe.runs_without_distance, "outing", "without a known distance"),
        (shoe.ran_without_days, "day", "with a run without the pod"),
        (shoe.unknown_days, "day", "not known"),
    ]
    return [f"{number(n)} {noun}{'' if n == 1 else 's'} {what}." for n, noun, what in counts if n]


def own_cadence(own: OwnCadence | None, units: Units = "km") -> str:
    """ "161.0 steps/min, the median of 30 minutes of 3 runs near 6:40 a km." """
    if own is None:
        return "There is no cadence of your own yet: too few runs without a cue are known."
    of = f"the median of {number(own.minutes)} minutes of {number(own.runs)} runs"
    if own.speed_m_s is None:
        how = "in which the foot stays longest on the ground, as pace is not known"
    else:
        how = f"near {pace(own.speed_m_s, units)}"
    return f"{number(own.cadence_spm, 1)}{THIN_SPACE}steps/min, {of} {how}."


def target(range_: Target) -> str:
    """ "172.3 to 177.1 steps/min, 7 to 10 % over your own." """
    spm = f"{number(range_.low_spm, 1)} to {number(range_.high_spm, 1)}{THIN_SPACE}steps/min"
    percent = f"{range_.low_percent:g} to {range_.high_percent:g}{THIN_SPACE}%"
    return f"{spm}, {percent} over your own."
