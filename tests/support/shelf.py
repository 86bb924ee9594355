"""A store of one runner in memory, at home in Berlin."""

from dataclasses import replace

HOME = "Europe/Berlin"


class Shelf:
    def __init__(self, *sessions, zones=None):
        self.kept = list(sessions)
        self.noted = {}
        self.living = []
        self.marked = []
        self.zones = zones or {}

    def sessions(self, runner, start_utc_us, end_utc_us):
        return [
            replace(
                s, steps=s.steps[(s.steps["ic_utc_us"] >= start_utc_us) & (s.steps["ic_utc_us"] < end_utc_us)]
            )
            for s in self.kept
            if s.start_utc_us < end_utc_us and s.end_utc_us >= start_utc_us
        ]

    def alive(self, runner, start_utc_us, end_utc_us):
        return [one for one in self.living if start_utc_us <= one.utc_us < end_utc_us]

    def marks(self, runner, start_utc_us, end_utc_us):
        return [mark for mark in self.marked if start_utc_us <= mark.at_utc_us < end_utc_us]

    def notes(self, runner, first_date, last_date):
        return {day: note for day, note in self.noted.items() if first_date <= day <= last_date}

    def zone_of(self, runner, day):
        return self.zones.get(day, HOME)
