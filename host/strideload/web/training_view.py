"""What a day's page says beyond the day: beside what one is used to, how it was taken, and what comes next."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from strideload.load.day import Day, Known
from strideload.runner import amounts, comparing, planning, records
from strideload.runner.comparing import Compared
from strideload.runner.diary import Diary, RunSymptoms, diary_of
from strideload.runner.records import Records
from strideload.web import load_view, plan_view, symptoms_view
from strideload.web.doors import Doors
from strideload.web.load_view import LoadView
from strideload.web.plan_view import NotedView
from strideload.web.symptoms_view import CourseView
from strideload.web.visitor import Visitor

NOTABLE: tuple[Known, ...] = ("unknown", "alive", "ran_without", "rest")
NOTES = {"rest": "It was a rest day", "ran_without": "I ran without the pod"}


@dataclass(frozen=True)
class NoteButton:
    what: str  # "" takes a note back
    name: str


@dataclass(frozen=True)
class SiteLine:
    run: str
    is_named: bool  # the run is another day's, or not the only one here
    course: CourseView


@dataclass(frozen=True)
class TrainingView:
    load: LoadView | None
    longest_s: float | None  # running time of the longest run of the 30 days before; None: none is known
    sites: list[SiteLine]
    note_symptoms: (
        str | None
    )  # address to say how the last run was of which nothing was said; None: there is none
    noted: list[NotedView]  # entries for which no length is given
    next_run: str | None  # None: not the day to say, or not for the visitor
    notes: list[NoteButton]


def view(
    doors: Doors, visitor: Visitor, shown: date, today: date, now: datetime
) -> tuple[TrainingView, int | None]:
    """Of one day -> until when it stands so, us since 1970, as long as nothing is stored and today is today; None: for
    good. `today`: what comes next is said of that only.
    """
    private = visitor.may("diary")
    first = shown
    if private and shown == today:
        held = planning.settings_of(doors.store.plans.current(visitor.runner))
        first = planning.first_date(held, today)
    found = records.read(doors.store, visitor.runner, first, shown, now, diary=private)
    day = found.days[-1]
    compared = comparing.of_day(found, shown)
    load, longest_s = load_view.view(compared), _longest_s(found, shown, compared)
    notes = _notes(day) if visitor.may("write") else []
    if not private:
        return TrainingView(load, longest_s, [], None, [], None, notes), None
    kept = diary_of(found, now)
    plan = planning.plan_of(found, kept) if shown == today else None
    told = _told(kept, shown, is_today=shown == today)
    several = len(told) > 1
    unsaid = [one.run for one in told if one.run.is_run and not one.courses]
    seen = TrainingView(
        load=load,
        longest_s=longest_s,
        sites=[
            SiteLine(
                symptoms_view.run_title(one.run),
                several or one.run.date != shown,
                symptoms_view.course_view(course),
            )
            for one in told
            for course in one.courses
        ],
        note_symptoms=symptoms_view.ask_address(unsaid[0]) if unsaid and visitor.may("write") else None,
        noted=plan_view.noted(plan) if plan else [],
        next_run=plan_view.line(plan) if plan else None,
        notes=notes,
    )
    return seen, kept.until_utc_us


def _longest_s(found: Records, shown: date, compared: Compared | None) -> float | None:
    """Of the run that one of the day is set beside; on a day without one, of the longest of the 30 dates before it."""
    if compared is not None:
        beside = compared.first.longest
        return None if beside is None else beside.running_s
    run = amounts.longest(found, shown - timedelta(days=1), "duration")
    return None if run is None else run.run.running_s


def _told(diary: Diary, shown: date, *, is_today: bool) -> list[RunSymptoms]:
    """The runs of the day, and today each run of which an answer is due; the latest first.

    Where today has neither, the last run, if something was said of it: how the knee took it is asked of each day.
    """
    told = [one for one in reversed(diary.of_runs) if one.run.date == shown or (is_today and one.due)]
    last = diary.of_runs[-1:] if is_today and not told else []
    return told or [one for one in last if one.courses]


def _notes(day: Day) -> list[NoteButton]:
    back = [NoteButton("", "Take back what was noted")] if day.note else []
    if day.known not in NOTABLE:
        return back
    return [NoteButton(what, name) for what, name in NOTES.items() if what != day.note] + back
