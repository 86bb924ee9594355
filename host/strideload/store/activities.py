"""What a watch recorded, as far as runs need it: when, and how far."""

from typing import NamedTuple

import sqlalchemy as sa

from strideload.load.activity import Track, unpack
from strideload.store.kept import activities
from strideload.store.part import Part


class Activity(NamedTuple):
    """One recording of a watch. None: its file does not tell."""

    content: str  # digest of the file
    name: str
    start_utc_us: int
    end_utc_us: int
    distance_m: float | None
    ascent_m: float | None = None


class Activities(Part):
    """The activities of all runners."""

    def between(self, runner: str, start_utc_us: int, end_utc_us: int) -> list[Activity]:
        """Those that overlap [start, end), in order of time."""
        c = activities.c
        query = (
            sa.select(c.content, c.name, c.start_utc_us, c.end_utc_us, c.distance_m, c.ascent_m)
            .where(c.runner == runner, c.start_utc_us < end_utc_us, c.end_utc_us >= start_utc_us)
            .order_by(c.start_utc_us, c.content)
        )
        with self._reading() as connection:
            return [Activity(*row) for row in connection.execute(query)]

    def track(self, runner: str, content: str) -> Track | None:
        """Where along its distance a recording was when; None: there is no such recording, or it tells none."""
        c = activities.c
        query = sa.select(c.track).where(c.runner == runner, c.content == content)
        with self._reading() as connection:
            packed = connection.execute(query).scalar()
        return unpack(packed) if packed else None
