"""What a watch recorded: when, how far, how much up and down; and its track."""

import time
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from strideload.load.activity import Track, pack, track, unpack
from strideload.store import people
from strideload.store.errors import StoreError
from strideload.store.kept import activities
from strideload.store.part import Part


class NoSuchActivity(StoreError):
    """There is none, or it is another runner's: no difference is made."""

    def __init__(self) -> None:
        super().__init__("This activity is not there: it was deleted, or never was.")


class Activity(NamedTuple):
    """One recording of a watch. None: its file does not tell."""

    content: str  # digest of the file
    name: str
    start_utc_us: int
    end_utc_us: int
    distance_m: float | None
    ascent_m: float | None = None
    descent_m: float | None = None
    has_track: bool = False  # distances at moments in it


class Activities(Part):
    """The activities of all runners."""

    def add(self, runner: str, activity: Activity, points: Track) -> bool:
        """Keep an activity with its track -> False: it is there already, from a file of the same content."""
        row = activity._asdict() | {"track": pack(points) if len(points) else b""}
        del row["has_track"]
        with self._writing() as connection:
            people.require(connection, runner)
            if connection.execute(
                sa.select(activities.c.content).where(_is(runner, activity.content))
            ).first():
                return False
            row |= {"runner": runner, "imported_utc_us": time.time_ns() // 1000}
            connection.execute(activities.insert(), [row])
            return True

    def delete(self, runner: str, content: str) -> None:
        """Delete one for good. NoSuchActivity."""
        with self._writing() as connection:
            if connection.execute(activities.delete().where(_is(runner, content))).rowcount == 0:
                raise NoSuchActivity

    def find(self, runner: str, content: str) -> Activity:
        """NoSuchActivity."""
        with self._reading() as connection:
            row = connection.execute(_QUERY.where(_is(runner, content))).mappings().first()
        if row is None:
            raise NoSuchActivity
        return _activity(row)

    def track_of(self, runner: str, content: str) -> Track:
        """Its track, which may be empty. NoSuchActivity."""
        with self._reading() as connection:
            query = sa.select(activities.c.track).where(_is(runner, content))
            packed = connection.execute(query).scalar()
        if packed is None:
            raise NoSuchActivity
        return unpack(packed) if packed else track([], [])

    def all(self, runner: str) -> list[Activity]:
        """In order of time."""
        with self._reading() as connection:
            query = _QUERY.where(activities.c.runner == runner).order_by(
                activities.c.start_utc_us, activities.c.content
            )
            return [_activity(row) for row in connection.execute(query).mappings()]

    def between(self, runner: str, start_utc_us: int, end_utc_us: int) -> list[Activity]:
        """Those that overlap [start, end), in order of time."""
        c = activities.c
        query = _QUERY.where(
            c.runner == runner, c.start_utc_us < end_utc_us, c.end_utc_us >= start_utc_us
        ).order_by(c.start_utc_us, c.content)
        with self._reading() as connection:
            return [_activity(row) for row in connection.execute(query).mappings()]


_QUERY: Final = sa.select(
    activities.c.content,
    activities.c.name,
    activities.c.start_utc_us,
    activities.c.end_utc_us,
    activities.c.distance_m,
    activities.c.ascent_m,
    activities.c.descent_m,
    (sa.func.length(activities.c.track) > 0).label("has_track"),
)


def _is(runner: str, content: str) -> sa.ColumnElement[bool]:
    return sa.and_(activities.c.runner == runner, activities.c.content == content)


def _activity(row: sa.RowMapping) -> Activity:
    facts: dict[str, Any] = {**row, "has_track": bool(row["has_track"])}
    return Activity(**facts)
