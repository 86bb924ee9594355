"""A store of one runner in memory, at home in Berlin."""

from dataclasses import replace
from datetime import date

from strideload.load.steps import SessionPlace

HOME = "Europe/Berlin"


class Nothing:
    """Of what people keep: nothing was said."""

    def between(self, runner, start_utc_us, end_utc_us):
        return []

    def usual(self, runner):
        return []

    def of_runs(self, runner, start_utc_us, end_utc_us):
        return {}


class Shelf:
    activities = conditions = Nothing()
    store_id = "shelf"

    def __init__(self, *sessions, journeys=None, is_old=False):
        self.kept = list(sessions)
        self.is_old = is_old  # derived before contents were kept
        self.reads = 0  # of steps
        self.noted = {}
        self.living = []
        self.marked = []
        self.journeys = journeys or {}  # date -> the zone from then on

    def sessions(self, runner, start_utc_us, end_utc_us):
        self.reads += 1
        return [
            replace(
                s,
                steps=s.steps[(s.steps["ic_utc_us"] >= start_utc_us) & (s.steps["ic_utc_us"] < end_utc_us)],
                content=self.content_of(s),
            )
            for s in self.kept
            if s.start_utc_us < end_utc_us and s.end_utc_us >= start_utc_us
        ]

    def version(self):
        """Anything may have changed: nothing is remembered of a shelf by its version."""
        return object()

    def session_places(self, runner, start_utc_us, end_utc_us):
        return [
            SessionPlace(s.start_utc_us, s.end_utc_us, s.foot, s.session_id, self.content_of(s))
            for s in self.kept
            if s.start_utc_us < end_utc_us and s.end_utc_us >= start_utc_us
        ]

    def content_of(self, s):
        return None if self.is_old else repr(vars(s) | {"steps": s.steps.tobytes()})

    def alive(self, runner, start_utc_us, end_utc_us):
        return [one for one in self.living if start_utc_us <= one.utc_us < end_utc_us]

    def marks(self, runner, start_utc_us, end_utc_us):
        return [mark for mark in self.marked if start_utc_us <= mark.at_utc_us < end_utc_us]

    def notes(self, runner, first_date, last_date):
        return {day: note for day, note in self.noted.items() if first_date <= day <= last_date}

    def zones(self, runner):
        return [(date.min, HOME), *sorted(self.journeys.items())]
