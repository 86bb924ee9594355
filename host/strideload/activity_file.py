"""A watch's file, FIT or GPX, as far as load needs it: when, how far, how much up and down."""

import gzip
import io
import re
import struct
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from strideload.errors import StrideloadError
from strideload.load.activity import Track, track
from strideload.load.zones import EPOCH

SIZE_LIMIT: Final = 32 * 1024 * 1024
POINTS_LIMIT: Final = 200_000  # two days of one a second
PARTS_LIMIT: Final = (
    10 * POINTS_LIMIT
)  # elements and attributes of a GPX file: with all its sensors a point has nine
PART_LIMIT: Final = 64 * 1024  # bytes of a GPX file's element with its attributes, or of a text
MESSAGES_LIMIT: Final = 5 * POINTS_LIMIT  # of a FIT file: also heartbeats, laps, and what no reader knows
DISTANCE_LIMIT_M: Final = 1_000_000.0
CLIMB_LIMIT_M: Final = 100_000.0
NAME_LIMIT: Final = 120  # characters
LENGTH_LIMIT: Final = timedelta(days=7)
# As watches and services name it; a file that names none, or none in particular, is taken.
ON_FOOT: Final = re.compile(r"run|jog|walk|hik|foot|generic|training|fitness|other|^$")
# What the reader meets in spoilt bytes before it comes to their checksum.
SPOILT: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    struct.error,
)
LONG_PART: Final = re.compile(rb"<[^<!][^<]{%d}" % PART_LIMIT)
GPX_POINT: Final = re.compile(rb"<(?:[^\s<>/:]+:)?(?:trk|rte|w)pt\b")
FIT_SIGN: Final = b".FIT"
GZIP_SIGN: Final = b"\x1f\x8b"
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)  # before it: a watch that had no time yet
# Sports as GPX files of the large services write them, beside their plain names.
GPX_NUMBERS: Final = {"9": "running", "10": "walking", "4": "hiking"}


class ActivityFileError(StrideloadError):
    """The file is no activity on foot; says why."""


@dataclass(frozen=True)
class Activity:
    """One recording of a watch. None: the file does not tell. `track` may be empty."""

    content: str  # digest of the file
    name: str
    start_utc_us: int
    end_utc_us: int
    distance_m: float | None
    ascent_m: float | None
    descent_m: float | None
    track: Track


def read_file(path: Path) -> Activity:
    """Read a watch's file. ActivityFileError."""
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise ActivityFileError(f"{path} cannot be read: {error.strerror}.") from error
    return read(data, path.name)


def read(data: bytes, name: str) -> Activity:
    """The bytes of a FIT or GPX file, gzipped or not; `name` is only for what is said. ActivityFileError."""
    content = blake2b(data, digest_size=16).hexdigest()
    plain = _unzipped(data, name)
    if len(plain) > SIZE_LIMIT:
        raise ActivityFileError(f"{name} is larger than {SIZE_LIMIT // 2**20} MB.")
    if plain[8:12] == FIT_SIGN:
        found = _Fit(name).read(plain)
    elif plain.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        found = _gpx(plain, name)
    else:
        raise ActivityFileError(f"{name} is neither a FIT nor a GPX file.")
    return _checked(found, content, name)


@dataclass
class _Points:
    """What a file tells, before it is checked."""

    sport: str = ""
    title: str = ""
    start: datetime | None = None
    end: datetime | None = None
    distance_m: float | None = None
    ascent_m: float | None = None
    descent_m: float | None = None
    times: list[datetime] | None = None
    distances_m: list[float] | None = None


def _unzipped(data: bytes, name: str) -> bytes:
    if data[:2] != GZIP_SIGN:
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            return file.read(SIZE_LIMIT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ActivityFileError(f"{name} is gzipped, and broken.") from error


class _Fit:
    """A FIT file: what its session says, and the distance at each of its records."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found = _Points(times=[], distances_m=[])
        self._records = 0

    def read(self, data: bytes) -> _Points:
        """ActivityFileError: it is broken, or of no sport on foot."""
        import fitdecode  # only now: its table of messages takes 0.1 s

        strict = {"check_crc": fitdecode.CrcCheck.RAISE, "error_handling": fitdecode.ErrorHandling.RAISE}
        try:
            with fitdecode.FitReader(data, **strict) as frames:
                for place, frame in enumerate(frames):
                    if place >= MESSAGES_LIMIT:
                        raise ActivityFileError(f"{self._name} has more than {MESSAGES_LIMIT} messages.")
                    if isinstance(frame, fitdecode.FitDataMessage):
                        self._take(frame)
        except (fitdecode.FitError, *SPOILT) as error:
            raise ActivityFileError(f"{self._name} is a FIT file, and broken: {error}.") from error
        return self._found

    def _take(self, frame: Any) -> None:
        found = self._found
        if frame.name == "record":
            self._records += 1
            if self._records > POINTS_LIMIT:
                raise _too_many_points(self._name)
            at, distance_m = _value(frame, "timestamp"), _value(frame, "distance")
            if isinstance(at, datetime) and isinstance(distance_m, int | float):
                assert found.times is not None
                assert found.distances_m is not None
                found.times.append(at)
                found.distances_m.append(float(distance_m))
        elif frame.name == "session":
            self._take_session(frame)

    def _take_session(self, frame: Any) -> None:
        found = self._found
        start, elapsed_s = _value(frame, "start_time"), _value(frame, "total_elapsed_time")
        found.sport = found.sport or str(_value(frame, "sport") or "")
        if isinstance(start, datetime):
            found.start = min(start, found.start or start)
            if isinstance(elapsed_s, int | float):
                end = start + timedelta(seconds=float(elapsed_s))
                found.end = max(end, found.end or end)
        for ours, theirs in (
            ("distance_m", "total_distance"),
            ("ascent_m", "total_ascent"),
            ("descent_m", "total_descent"),
        ):
            more = _value(frame, theirs)
            if isinstance(more, int | float):
                setattr(found, ours, (getattr(found, ours) or 0.0) + float(more))


def _value(frame: Any, name: str) -> Any:
    return frame.get_value(name, fallback=None)


def _gpx(data: bytes, name: str) -> _Points:
    """A GPX file: distances along its points. ActivityFileError."""
    from strideload import gpx_file  # only now, as fitdecode

    if re.search(rb"<!\s*(DOCTYPE|ENTITY)", data, re.IGNORECASE):
        raise ActivityFileError(f"{name} declares a document type, which no GPX file needs.")
    # Counted before anything is made of them: a few kB of gzip can hold millions.
    if sum(1 for _ in GPX_POINT.finditer(data)) > POINTS_LIMIT:
        raise _too_many_points(name)
    if data.count(b"<") - data.count(b"</") + data.count(b"=") > PARTS_LIMIT:
        raise ActivityFileError(f"{name} has more than {PARTS_LIMIT} elements and attributes.")
    if LONG_PART.search(data):
        raise ActivityFileError(f"{name} has an element of more than {PART_LIMIT // 1024} kB.")
    try:
        found = gpx_file.read(data)
    except gpx_file.GpxBroken as error:
        raise ActivityFileError(f"{name} is not GPX, or broken: {error}.") from error
    ascent_m, descent_m = found.climbed_m or (None, None)
    sport = found.sport.lower()
    return _Points(
        sport=GPX_NUMBERS.get(sport, sport),
        title=found.title,
        distance_m=found.distances_m[-1] if found.distances_m else None,
        ascent_m=ascent_m,
        descent_m=descent_m,
        times=found.times,
        distances_m=found.distances_m,
    )


def _checked(found: _Points, content: str, name: str) -> Activity:
    sport = found.sport.lower()
    if not ON_FOOT.search(sport):
        raise ActivityFileError(
            f"{name} is of {sport.replace('_', ' ')[:40]}, which a pod on a shoe does not count."
        )
    pairs = [
        (at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC), distance_m)
        for at, distance_m in zip(found.times or [], found.distances_m or [], strict=True)
        if distance_m == distance_m and 0 <= distance_m <= DISTANCE_LIMIT_M
    ]
    ends = [at for at in (found.start, found.end) if at is not None] + [at for at, _ in pairs]
    moments = [at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC) for at in ends]
    if not moments:
        raise ActivityFileError(f"{name} has no time in it, so nothing tells which run it belongs to.")
    if min(moments) < EARLIEST:
        raise ActivityFileError(f"{name} begins in {min(moments).year}: its watch did not know the time.")
    if max(moments) - min(moments) > LENGTH_LIMIT:
        raise ActivityFileError(f"{name} lasts more than {LENGTH_LIMIT.days} days, which no outing does.")
    distance_m = found.distance_m
    if distance_m is not None and not 0 <= distance_m <= DISTANCE_LIMIT_M:
        distance_m = None
    points = track([_utc_us(at) for at, _ in pairs], [distance for _, distance in pairs])
    return Activity(
        content=content,
        name=_shown(found.title) or _shown(name) or "activity",
        start_utc_us=_utc_us(min(moments)),
        end_utc_us=_utc_us(max(moments)),
        distance_m=distance_m,
        ascent_m=_climb(found.ascent_m),
        descent_m=_climb(found.descent_m),
        track=points,
    )


def _too_many_points(name: str) -> ActivityFileError:
    return ActivityFileError(f"{name} has more than {POINTS_LIMIT} points.")


def _climb(metres: float | None) -> float | None:
    return metres if metres is not None and 0 <= metres <= CLIMB_LIMIT_M else None


def _shown(title: str) -> str:
    """In one line, without what cannot be shown; it comes from a file."""
    plain = "".join(one if one.isprintable() else " " for one in title)
    return " ".join(plain.split())[:NAME_LIMIT]


def _utc_us(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)
