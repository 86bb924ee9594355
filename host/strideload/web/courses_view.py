"""Symptoms as somebody else reads them: of each run its sites, with the course of 24 hours and what it comes to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from strideload.runner.diary import Course, diary_of
from strideload.runner.records import read
from strideload.store import Store
from strideload.web import symptoms_view
from strideload.words import symptoms
from strideload.words.numbers import NOT_KNOWN
from strideload.words.sentences import capital


@dataclass(frozen=True)
class SiteCourse:
    site: str
    answers: list[tuple[str, str]]  # (moment, pain)
    status: str
    advice: str | None


@dataclass(frozen=True)
class RunCourses:
    name: str
    sites: list[SiteCourse]


def of_days(store: Store, runner: str, first: date, last: date) -> list[RunCourses]:
    """The answered courses of the runs of these dates, the latest run first; of what was so on these dates only."""
    kept = diary_of(read(store, runner, first, last, said_first=first, said_last=last))
    return [
        RunCourses(symptoms_view.run_title(one.run), sites)
        for one in reversed(kept.shown)
        if (sites := [_site(course) for course in one.courses if course.entries])
    ]


def _site(course: Course) -> SiteCourse:
    return SiteCourse(
        site=capital(symptoms.site(course.site)),
        answers=list(_answers(course)),
        status=symptoms.status(course.status),
        advice=symptoms.signs(course.status.signs),
    )


def _answers(course: Course) -> Iterator[tuple[str, str]]:
    """The four of the rules, then what else was said of these 24 hours, by its time."""
    for answer in course.answers:
        yield symptoms_view.SHORT[answer.moment], NOT_KNOWN if answer.pain is None else str(answer.pain)
    for entry in course.others:
        if entry.saying.pain is not None:
            yield symptoms_view.clock(course.run, entry), str(entry.saying.pain)
