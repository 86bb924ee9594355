"""A run, or the longest run of a day, beside the longest of the 30 days before it (rule longest_30_days)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from strideload.load.longest import STUDIED, Comparison, Measure, compare
from strideload.runner.records import Records
from strideload.runner.runs import RunRecord


@dataclass(frozen=True)
class Compared:
    """One run by each measure."""

    run: RunRecord
    by: Mapping[Measure, Comparison]

    @property
    def measure(self) -> Measure:
        """What is said first: the study's own measure where every run before has it, else the duration."""
        studied = self.by[STUDIED]
        whole = studied.outcome == "compared" and not studied.runs_unmeasured
        return STUDIED if whole else "duration"

    @property
    def first(self) -> Comparison:
        return self.by[self.measure]


def of_run(records: Records, run: RunRecord) -> Compared:
    """A run of the records beside the runs before it; walks are none of them."""
    before = [one.figures for one in records.runs if one.is_run]
    return Compared(run, compare(run.figures, before, records.known_days))


def of_day(records: Records, day: date) -> Compared | None:
    """The longest run that began on a date of the records; None: there is none with running in it."""
    runs = [run for run in records.runs if run.date == day and run.is_run]
    longest = max(runs, key=lambda run: (run.run.running_s, run.start_utc_us), default=None)
    return None if longest is None else of_run(records, longest)
