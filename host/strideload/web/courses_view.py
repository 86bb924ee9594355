"""Symptoms as somebody else reads them: a row a run and site, with the course of 24 hours and what it comes to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from strideload.load.symptoms import MOMENTS
from strideload.runner.diary import Course, diary_of
from strideload.runner.records import read
from strideload.store import Store
from strideload.words import symptoms
from strideload.words.numbers import NOT_KNOWN, duration, short_date

HEADS = tuple(name[0].upper() + name[1:] for name in (symptoms.MOMENTS[moment] for moment in MOMENTS))


@dataclass(frozen=True)
class Row:
    run: str
    site: str
    pain: tuple[str, ...]  # of MOMENTS, in order
    status: str
    advice: str | None


def rows(store: Store, runner: str, first: date, last: date) -> list[Row]:
    """The answered courses of the runs of these dates, the latest run first; of what was so on these dates only."""
    kept = diary_of(read(store, runner, first, last, said_first=first, said_last=last))
    return [row for one in reversed(kept.shown) for row in _of_run(one.courses)]


def _of_run(courses: tuple[Course, ...]) -> Iterator[Row]:
    for course in courses:
        if course.entries:
            ran = duration(course.run.run.running_s)
            yield Row(
                run=f"{short_date(course.run.date)}, {ran}",
                site=symptoms.site(course.site),
                pain=tuple(
                    NOT_KNOWN if answer.pain is None else str(answer.pain) for answer in course.answers
                ),
                status=symptoms.status(course.status),
                advice=symptoms.signs(course.status.signs),
            )
