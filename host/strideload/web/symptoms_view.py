"""Symptoms as the page shows them: what is asked, the form to answer it, and the courses of the last runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import urlencode

from strideload.load.evidence import RULES
from strideload.load.symptoms import FELT, MOMENTS, PAIN_MOST, SIGNS, SITES, Colour, Moment
from strideload.load.zones import local_time
from strideload.runner.diary import Answer, Course, Diary, RunSymptoms, moment_utc_us, run_of
from strideload.runner.runs import RunName, RunRecord, read_name, run_named
from strideload.store.diary import NOTE_LIMIT, WHENS, Entry, When
from strideload.store.ids import new_id
from strideload.words import rules, symptoms
from strideload.words.numbers import NOT_KNOWN, duration, short_date
from strideload.words.sentences import capital

FIRST_SITE: Final = "knee_front_left"
BY_RULE: Final[tuple[Literal["green", "amber", "red"], ...]] = ("green", "amber", "red")
RUNS_TO_CHOOSE: Final = 8
THE_SAME_RUN: Final = "same"  # a choice: whichever the entry is of, wherever that is by now
SHORT: Final[dict[When, str]] = {
    "before": "before",
    "during": "during",
    "at_60_min": "60 min",
    "next_morning": "morning",
    "other": "other",
}
# A shape for each, so that none needs a colour: read as a class and an SVG of static shapes.
SHAPES: Final[dict[Colour, str]] = {"green": "circle", "amber": "triangle", "red": "square", "open": "ring"}


@dataclass(frozen=True)
class Choice:
    value: str
    name: str
    chosen: bool
    disabled: bool = False


@dataclass(frozen=True)
class PainButton:
    pain: int
    held: bool  # it is the answer
    last: bool  # it was the answer last time


@dataclass(frozen=True)
class FormView:
    """The form for a new entry. `entry`: its id, so that sent twice it is one."""

    entry: str
    sites: list[Choice]
    runs: list[Choice]
    moments: list[Choice]
    buttons: list[PainButton]
    question: str
    last: str  # "" : there was none
    felt: list[Choice]
    signs: list[Choice]
    note: str
    has_words: bool  # something was ticked or typed
    is_of_gone_run: bool  # the run that was wanted is not there now
    note_limit: int = NOTE_LIMIT


@dataclass(frozen=True)
class AnswerView:
    name: str
    pain: str
    href: str | None  # to answer it, or to the entry
    label: str  # what the link does, for who only hears it
    is_due: bool


@dataclass(frozen=True)
class CourseView:
    site: str
    answers: list[AnswerView]
    others: list[AnswerView]
    colour: Colour
    shape: str
    status: str
    advice: str | None
    plot: str  # points of a line, "" where fewer than two are known


@dataclass(frozen=True)
class RunView:
    id: str
    title: str
    courses: list[CourseView]
    ask: str | None  # address to answer for a run of which nothing was said


@dataclass(frozen=True)
class EntryView:
    """One version of an entry, or an entry of no run."""

    id: str
    version: int
    when: str
    said: str
    retracted: bool


@dataclass(frozen=True)
class Saved:
    entry: str
    version: int
    text: str
    advice: str | None


@dataclass(frozen=True)
class RuleView:
    id: str  # whose definition stands on /metrics
    name: str
    rule: str
    rests_on: str


@dataclass(frozen=True)
class SymptomsView:
    form: FormView
    asked: list[str]
    runs: list[RunView]
    apart: list[EntryView]
    advice: str | None
    nothing_yet: bool
    days: str  # which these are
    rules: list[RuleView]


@dataclass(frozen=True)
class Wanted:
    """What the form is to be about; None: what is due, else what was last spoken of."""

    site: str | None = None
    run: RunName | None = None
    moment: When | None = None
    is_of_no_run: bool = False


@dataclass(frozen=True)
class Words:
    """What was ticked and typed beside the level."""

    felt: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    note: str = ""


NOTHING_TYPED: Final = Words()


@dataclass(frozen=True)
class EntryFields:
    """What stands in the form of an entry: what the entry says, or what was sent and refused."""

    pain: str
    site: str
    run: str
    moment: str
    about: str
    about_was: str  # as the page showed it: the same again is no change, wherever the run is by now
    words: Words


def view(diary: Diary, wanted: Wanted, typed: Words) -> SymptomsView:
    """`typed`: what stands in the form already."""
    shown = list(reversed(diary.shown))
    return SymptomsView(
        form=_form(diary, wanted, typed),
        asked=[_asked(course, answer) for course, answer in diary.due],
        runs=[_run(one) for one in shown],
        apart=[entry_view(diary, entry) for entry in reversed(diary.apart)],
        advice=symptoms.signs(diary.signs),
        nothing_yet=not diary.records.entries,
        days="Six weeks" if diary.records.last == diary.records.today else "The days around this run",
        rules=[RuleView(one, symptoms.COLOURS[one], RULES[one].rule, rules.evidence(one)) for one in BY_RULE],
    )


def course_view(course: Course) -> CourseView:
    return CourseView(
        site=capital(symptoms.SITE_NAMES[course.site]),
        answers=[_answer(course, answer) for answer in course.answers],
        others=[
            AnswerView(clock(course.run, entry), _pain(entry), f"/symptoms/{entry.id}", "Change it", False)
            for entry in course.others
        ],
        colour=course.status.colour,
        shape=SHAPES[course.status.colour],
        status=symptoms.status(course.status),
        advice=symptoms.signs(course.status.signs),
        plot=_plot(course.answers),
    )


def entry_view(diary: Diary, entry: Entry) -> EntryView:
    return EntryView(
        entry.id, entry.version, _when(diary, entry.saying.about_utc_us), said(entry), entry.retracted
    )


def version_view(diary: Diary, entry: Entry) -> EntryView:
    """As `entry_view`, by when it was written."""
    return EntryView(
        entry.id, entry.version, _when(diary, entry.written_utc_us), said(entry), entry.retracted
    )


def saved(entry: Entry) -> Saved:
    return Saved(entry.id, entry.version, said(entry), symptoms.signs(entry.saying.signs))


def said(entry: Entry) -> str:
    """ "Front of the left knee, during the run: 2 of 10; dull; swelling." """
    one = entry.saying
    parts = [f"{one.pain} of {PAIN_MOST}"] if one.pain is not None else []
    parts += [symptoms.FELT[word] for word in one.felt]
    parts += [symptoms.SIGNS[sign] for sign in one.signs]
    parts += [f"“{one.note}”"] if one.note else []
    return f"{capital(symptoms.SITE_NAMES[one.site])}, {moment_name(one.moment)}: {'; '.join(parts)}."


def moment_name(moment: When) -> str:
    return symptoms.OTHER if moment == "other" else symptoms.MOMENTS[moment]


def run_title(run: RunRecord) -> str:
    what = (
        f"{duration(run.run.running_s)} running" if run.is_run else f"{duration(run.run.walking_s)} walking"
    )
    return f"{short_date(run.date)}, {local_time(run.start_utc_us, run.zone):%H:%M}, {what}"


def sites(chosen: str) -> list[Choice]:
    return [Choice(name, capital(symptoms.SITE_NAMES[name]), name == chosen) for name in SITES]


def boxes(typed: Words) -> tuple[list[Choice], list[Choice]]:
    """What it felt like, and signs, as boxes to tick."""
    return (
        [Choice(word, capital(symptoms.FELT[word]), word in typed.felt) for word in FELT],
        [Choice(sign, capital(symptoms.SIGNS[sign]), sign in typed.signs) for sign in SIGNS],
    )


def runs_to_choose(diary: Diary, chosen: str, held: Entry | None = None) -> list[Choice]:
    """The last runs and none. `chosen`: the value of one, or what was sent; `held`: the entry that is to be changed."""
    own = None if held is None else own_run(diary, held)
    sent = chosen_run(diary, chosen, held)

    def value(run: RunRecord) -> str:
        return THE_SAME_RUN if run is own else str(run.name)

    last = {run.start_utc_us for run in diary.records.shown_runs[-RUNS_TO_CHOOSE:]}
    values = {
        value(run): run_title(run)
        for run in reversed(diary.records.runs)
        if run.start_utc_us in last or run is own or run is sent
    }
    if held is not None and held.saying.run_utc_us is not None and own is None:
        values[THE_SAME_RUN] = "A run that is not known now"
    values[""] = "No run in particular"
    chosen = chosen if sent is None else value(sent)
    return [
        Choice(one, values.get(one, "A run that is not there now"), one == chosen)
        for one in {**values, chosen: ""}
    ]


def own_run(diary: Diary, held: Entry) -> RunRecord | None:
    """The run that an entry names, as it is now; None: it names none, or it is not known."""
    return None if held.saying.run_utc_us is None else run_of(held, diary.records)


def chosen_run(diary: Diary, chosen: str, held: Entry | None = None) -> RunRecord | None:
    """The run of a choice, wherever it is now. None: it is none, or not known."""
    if chosen == THE_SAME_RUN:
        return None if held is None else own_run(diary, held)
    name = read_name(chosen)
    return None if name is None else run_named(diary.records.runs, name)


def ask_address(run: RunRecord) -> str:
    """To say how a run was."""
    return "/symptoms?" + urlencode({"run": run.name})


def answer_address(run: RunRecord, site: str, moment: Moment) -> str:
    return "/symptoms?" + urlencode({"run": run.name, "site": site, "moment": moment})


def _form(diary: Diary, wanted: Wanted, typed: Words) -> FormView:
    run, site, moment = _about(diary, wanted)
    is_gone = run is None and wanted.run is not None
    course = None if run is None else _course_of(diary, run, site)
    held = _held(course, moment)
    last = _last(diary, run, site, moment)
    felt, signs = boxes(typed)
    answered: dict[Moment, int | None] = {}
    if course is not None:
        answered = {one.moment: one.pain for one in course.answers}
    return FormView(
        entry=new_id(),
        sites=sites(site),
        runs=runs_to_choose(diary, str((run.name if run else wanted.run) or "")),
        moments=[
            _moment_choice(diary, run, one, answered, moment)
            for one in WHENS
            if run is not None or is_gone or one == "other"
        ],
        buttons=[PainButton(pain, pain == held, pain == last) for pain in range(PAIN_MOST + 1)],
        question=_question(run, site, moment),
        last="" if last is None else f"Last time {last}.",
        felt=felt,
        signs=signs,
        note=typed.note,
        has_words=typed != NOTHING_TYPED,
        is_of_gone_run=is_gone,
    )


def _moment_choice(
    diary: Diary, run: RunRecord | None, one: When, answered: dict[Moment, int | None], chosen: When
) -> Choice:
    pain = None if one == "other" else answered.get(one)
    choice = moment_choice(diary, run, one, chosen)
    return choice if pain is None else replace(choice, name=f"{choice.name}: {pain}")


def moment_choice(diary: Diary, run: RunRecord | None, one: When, chosen: str) -> Choice:
    """ "next morning (from Mon 23 Nov, 05:00 on)", not to be chosen, while that has not come."""
    name = moment_name(one)
    from_utc_us = _to_come(diary, run, one)
    if from_utc_us is None:
        return Choice(one, name, one == chosen)
    return Choice(one, f"{name} (from {_when(diary, from_utc_us)} on)", one == chosen, one != chosen)


def _to_come(diary: Diary, run: RunRecord | None, moment: When) -> int | None:
    """When a moment of a run will be; None: it has come."""
    if run is None or moment in ("before", "other"):
        return None
    from_utc_us = moment_utc_us(run, moment, diary.records.zones)
    return from_utc_us if from_utc_us > diary.now_utc_us else None


def _about(diary: Diary, wanted: Wanted) -> tuple[RunRecord | None, str, When]:
    """What the form is about: as wanted, else the first answer that is due, else now."""
    runs = diary.records.shown_runs
    run = None if wanted.run is None else run_named(runs, wanted.run)
    due = [
        (course, answer)
        for course, answer in diary.due
        if (wanted.run is None or course.run is run) and wanted.site in (None, course.site)
    ]
    if not wanted.is_of_no_run and wanted.moment is None and due:
        course, answer = due[0]
        return course.run, course.site, answer.moment
    site = wanted.site or next(iter(diary.sites), FIRST_SITE)
    if run is None and wanted.run is not None:
        return None, site, wanted.moment or "other"
    if run is None and not wanted.is_of_no_run and runs:
        run = runs[-1]
    if run is None:
        return None, site, "other"
    if wanted.moment is None or _to_come(diary, run, wanted.moment) is not None:
        return run, site, _first_open(diary, run, site)
    return run, site, wanted.moment


def _first_open(diary: Diary, run: RunRecord, site: str) -> When:
    if _course_of(diary, run, site) is None:
        return "before"
    found = _open(diary, run, site)
    return found[0] if found else "other"


def has_open(diary: Diary, wanted: Wanted) -> bool:
    """Whether an answer of the run and site that are wanted is missing, and can be given."""
    run = None if wanted.run is None else run_named(diary.records.shown_runs, wanted.run)
    return run is not None and wanted.site is not None and bool(_open(diary, run, wanted.site))


def _open(diary: Diary, run: RunRecord, site: str) -> list[When]:
    """The moments of a run that have come and were not answered."""
    course = _course_of(diary, run, site)
    return [one.moment for one in course.answers if one.asked in ("due", "missed")] if course else []


def _course_of(diary: Diary, run: RunRecord, site: str) -> Course | None:
    return next((one for one in diary.of_run(run).courses if one.site == site), None)


def _held(course: Course | None, moment: When) -> int | None:
    return next((one.pain for one in course.answers if one.moment == moment), None) if course else None


def _last(diary: Diary, run: RunRecord | None, site: str, moment: When) -> int | None:
    """What was answered to the same the last time before."""
    before = [
        entry.saying.pain
        for entry in diary.records.entries
        if (entry.saying.site, entry.saying.moment) == (site, moment)
        and entry.saying.pain is not None
        and (run is None or entry.saying.about_utc_us < run.start_utc_us)
    ]
    return before[-1] if before else None


def _question(run: RunRecord | None, site: str, moment: When) -> str:
    where = symptoms.SITE_NAMES[site]
    if moment == "other":
        return f"How is the {where} now?" if site != "other" else "How is it now?"
    when = [] if run is None else [short_date(run.date)]
    return ", ".join([capital(where), moment_name(moment), *when])


def _asked(course: Course, answer: Answer) -> str:
    return f"{capital(symptoms.SITE_NAMES[course.site])}, {moment_name(answer.moment)}, {short_date(course.run.date)}"


def _run(one: RunSymptoms) -> RunView:
    ask = None
    if not one.courses:
        ask = ask_address(one.run)
    return RunView(
        id=f"run-{one.run.start_utc_us}",
        title=run_title(one.run),
        courses=[course_view(course) for course in one.courses],
        ask=ask,
    )


def _answer(course: Course, answer: Answer) -> AnswerView:
    name = SHORT[answer.moment]
    if answer.entry is not None and answer.pain is not None:
        return AnswerView(name, str(answer.pain), f"/symptoms/{answer.entry.id}", "change", False)
    if answer.asked == "later":
        return AnswerView(name, NOT_KNOWN, None, "", False)
    address = answer_address(course.run, course.site, answer.moment)
    return AnswerView(name, "answer", address, f"{name}: answer", answer.asked == "due")


def _plot(answers: Sequence[Answer]) -> str:
    """The known levels as points of a line: a step of 30 to the right each, 3 up a level, in a box of 90 by 30."""
    points = [
        f"{30 * MOMENTS.index(one.moment)},{30 - 3 * one.pain}" for one in answers if one.pain is not None
    ]
    return " ".join(points) if len(points) > 1 else ""


def _pain(entry: Entry) -> str:
    return NOT_KNOWN if entry.saying.pain is None else str(entry.saying.pain)


def clock(run: RunRecord, entry: Entry) -> str:
    return f"{local_time(entry.saying.about_utc_us, run.zone):%H:%M}"


def _when(diary: Diary, utc_us: int) -> str:
    local = diary.local_of(utc_us)
    return f"{short_date(local.date())}, {local:%H:%M}"
