"""The next run and the ladder in words: what is proposed, and why. Both are opinion, and say so."""

from datetime import date

from strideload.load.ladder import Level, Standing, Verdict
from strideload.load.longest import DAYS
from strideload.load.plan import WAITING, NextRun, Noted, PlanSettings, SetBy, Suggestion
from strideload.words import rules, symptoms
from strideload.words.numbers import THIN_SPACE, short_date

SET_BY: dict[SetBy, str] = {
    "default": "usual figures",
    "runner": "set by the runner",
    "physiotherapist": "set by the physiotherapist",
}
SUGGESTIONS: dict[Suggestion, str] = {
    "shorter_more_often": "The same weekly load over more and shorter runs.",
    "slower": "Slower.",
    "run_four_walk_one": "Four parts running to one part walking.",
    "no_downhill": "No downhill.",
}
WHO: dict[SetBy, str] = {
    "default": "the rules",
    "runner": "the runner",
    "physiotherapist": "the physiotherapist",
}
OFFER = "A physiotherapist can look at it with you."

_VERDICTS: dict[Verdict, str] = {
    "counted": "The last session counts.",
    "open": "The last session counts once its answers are in and green.",
    "amber": "The last session was amber: the same again.",
    "red": "The last session was red: one level down.",
    "not_done": "The last session was shorter than its level.",
    "no_rest_before": "The last session had no day of rest before it and does not count.",
    "other_level": "The last session was of another level and does not count.",
    "pain_at_entry": "The walk was not without pain: the same again.",
}


def next_run(plan: NextRun) -> str:
    """ "Up to 33 min of running, easy: 10 % over your run of Sun 22 Nov, after 2 green runs in a row." """
    if plan.outcome == "see_professional":
        return f"No figure while there is: {', '.join(symptoms.SIGNS[sign] for sign in plan.signs)}. {symptoms.ADVICE}"
    if plan.outcome == "strong_pain":
        return " ".join(noted(one) for one in plan.noted)
    if plan.minutes is None or plan.basis is None:
        return f"No baseline, so no figure: no run is known in the last {DAYS} days. The walk-run ladder is a start."
    if plan.minutes == 0:
        return f"No running, a walk: {_why(plan, plan.basis.date)}."
    return f"Up to {plan.minutes}{THIN_SPACE}min of running, easy: {_why(plan, plan.basis.date)}."


def recommendation(plan: NextRun, ladder: Standing | None) -> str:
    """What comes next in a sentence or two: of who is on a ladder its session, else the next run."""
    if ladder is None or ladder.finished or plan.outcome in WAITING:
        return next_run(plan)
    if ladder.next is None:
        signs = ", ".join(symptoms.SIGNS[sign] for sign in ladder.signs)
        return f"No session while there is: {signs}. {symptoms.ADVICE}"
    if plan.minutes is None or plan.minutes >= ladder.next.session.running_min:
        return standing(ladder)
    return f"{standing(ladder)} {at_most(plan)}"


def at_most(plan: NextRun) -> str:
    """What the next run's rule says to a session of a ladder that has more running."""
    why = f": {_why(plan, plan.basis.date)}" if plan.basis else ""
    if plan.minutes == 0:
        return f"No running in it, a walk{why}."
    return f"At most {plan.minutes}{THIN_SPACE}min of running in it{why}."


def noted(one: Noted) -> str:
    """Of an entry for which no length is given: what it says, and when it ends."""
    where = f"{symptoms.site(one.site)}, {short_date(one.at.date())}, {one.at:%H:%M}"
    if one.signs:
        until = "until the next run is answered for without it"
        if one.ends:
            until = f"until {short_date(one.ends.date())}"
        return f"Noted of the {where}: it holds {until}, or until the entry is changed or taken back."
    ends = f"{short_date(one.ends.date())}, {one.ends:%H:%M}" if one.ends else ""
    return (
        f"Pain {one.pain} at the {where}: no figure while that is the latest word of it, until {ends} at the longest. "
        "See a physiotherapist or doctor if it stays."
    )


def told(plan: NextRun) -> list[str]:
    """What is said of the entries of signs, beside the sentence."""
    return [noted(one) for one in plan.noted] if plan.signs else []


def set_by(figures: SetBy, ladder: SetBy | None) -> str:
    """ "the physiotherapist (figures) and the runner (ladder)"; one of them where both are the same."""
    if ladder is None or ladder == figures:
        return WHO[figures]
    return f"{WHO[figures]} (figures) and {WHO[ladder]} (ladder)"


def remarks(plan: NextRun) -> list[str]:
    """What belongs to a plan: the offer of a physiotherapist, days that are not known, and whose figures they are."""
    found = [OFFER] if plan.offer_physiotherapist and not plan.signs else []
    found += rules.gaps(plan.gaps)
    if plan.settings.set_by != "default":
        found.append(f"Figures {SET_BY[plan.settings.set_by]}: {_figures(plan.settings)}.")
    return found


def level(number: int, one: Level) -> str:
    """ "Level 10: 30 min running"."""
    return f"Level {number}: {session(one)}"


def session(one: Level) -> str:
    """ "(9 min running + 1 min walking)" three times; "30 min running"; "30 min walking"."""
    parts = [
        f"{minutes}{THIN_SPACE}min {word}"
        for minutes, word in ((one.run_min, "running"), (one.walk_min, "walking"))
        if minutes
    ]
    if one.repeats == 1:
        return ", ".join(parts)
    return f"({' + '.join(parts)}) \N{MULTIPLICATION SIGN} {one.repeats}"


def standing(found: Standing) -> str:
    """ "Level 4 of 10: ...; 2 of 3 sessions." """
    levels = found.settings.levels
    here = f"Level {found.level} of {len(levels) - 1}: {session(levels[found.level])}"
    return (
        f"{here}. The ladder is done."
        if found.finished
        else f"{here}; {found.counted} of {found.needed} sessions."
    )


def what_next(found: Standing) -> list[str]:
    """What the last session did, and what comes next; [] before the first one of a ladder without a next."""
    said = [_VERDICTS[found.last_verdict]] if found.last_verdict else []
    if found.last_move == "up":
        said = ["The last session counts: one level up."]
    if found.last_verdict == "red" and found.last_move is None:
        said = ["The last session was red: the same again, as this is the lowest level."]
    if found.offer_physiotherapist and not found.signs:
        said.append(OFFER)
    if advice := symptoms.signs(found.signs):
        said.append(advice)
    if found.next:
        when = f", from {short_date(found.next.not_before)} on" if found.next.not_before else ""
        said.append(f"Next: {session(found.next.session)}{when}.")
    return said


def _why(plan: NextRun, basis: date) -> str:
    figures = plan.settings
    if plan.outcome == "longer":
        runs = f"{plan.greens_in_row} green runs in a row" if plan.greens_in_row > 1 else "a green run"
        return f"{figures.growth_percent}{THIN_SPACE}% over your run of {short_date(basis)}, after {runs}"
    if plan.outcome == "repeat":
        return f"the same as on {short_date(basis)}, which was amber"
    if plan.outcome == "less":
        return f"{figures.step_down_percent}{THIN_SPACE}% less, after the red run of {short_date(basis)}"
    until = f"until {figures.greens_needed} in a row are green"
    if plan.outcome == "hold":
        still = plan.greens_in_row < figures.greens_needed
        return (
            f"as it was before the last run, {until}" if still else "as it was, until longer runs are green"
        )
    return f"no longer than your longest run in {DAYS} days, {until}"


def _figures(figures: PlanSettings) -> str:
    return (
        f"{figures.growth_percent}{THIN_SPACE}% more after {figures.greens_needed} green, "
        f"{figures.step_down_percent}{THIN_SPACE}% less after red"
    )
