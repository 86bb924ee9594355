"""A GPX file, read as a stream: what load needs of it is kept, and nothing is made of the rest.

gpxpy's own reader makes a tree and an object of everything, looks for namespaces in a time that grows with the square
of the file, in which no other thread runs, and keeps them for good. Here it reckons distances, climbs and times.
"""

from codecs import iterdecode
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import ParseError, XMLParser

from gpxpy.geo import calculate_uphill_downhill, distance
from gpxpy.gpx import GPXException
from gpxpy.gpxfield import parse_time

PIECE: Final = 1024 * 1024
NAMES_LIMIT: Final = (
    1000  # different names of elements, attributes and namespaces, each of which the parser remembers
)
TEXT_PIECES_LIMIT: Final = 100  # of one text; what comes after them is left out
ELEVATIONS_LEAST: Final = 0.75  # share of a segment's points that have one, else it tells of no climb
SEGMENT_LEAST: Final = 3  # points

Place = tuple[float, float]  # latitude and longitude, degrees


class GpxBroken(ValueError):
    """It is no XML, or its points are none."""


class Gpx:
    """What the tracks of a file tell. `climbed_m`: up and down; None: not known."""

    def __init__(self) -> None:
        self.title = ""
        self.sport = ""
        self.times: list[datetime] = []  # of each dated point
        self.distances_m: list[float] = []  # along the tracks; a break between two segments is no distance
        self.climbed_m: tuple[float, float] | None = None


def read(data: bytes) -> Gpx:
    """GpxBroken."""
    if b"\0" in data:  # expat takes one for the sign of another encoding, whatever it is told
        raise GpxBroken("it holds a zero byte")
    reader = _Reader()
    parser = XMLParser(target=reader)
    try:
        # As text, so that no declaration has it read in another encoding.
        for text in iterdecode(_pieces(data), "utf-8-sig"):
            parser.feed(text)
        parser.close()
    except (ParseError, GPXException, KeyError, ValueError, OverflowError) as error:
        raise GpxBroken(str(error)) from error
    return reader.found()


def _pieces(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]


class _Reader:
    """A target of XMLParser's. An element is known by its own name and that of the one it stands in."""

    def __init__(self) -> None:
        self._gpx = Gpx()
        self._path = [""]
        self._names: set[str] = set()
        self._text: list[str] | None = None  # of an element whose text is wanted
        self._tracks = 0
        self._so_far_m = 0.0
        self._before: Place | None = None
        self._at: datetime | None = None
        self._elevation_m: float | None = None
        self._segments: list[list[float | None]] = []  # elevations

    def start_ns(self, prefix: str, _uri: str) -> None:
        self._remember(prefix)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._remember(tag, *attributes)
        name = _local(tag)
        match self._path[-1], name:
            case "gpx", "trk":
                self._tracks += 1
            case "trk", "trkseg":
                self._before = None
                self._segments.append([])
            case "trkseg", "trkpt":
                self._go(float(attributes["lat"]), float(attributes["lon"]))
            case _:
                pass
        self._text = [] if (self._path[-1], name) in _TEXTS else None
        self._path.append(name)

    def data(self, text: str) -> None:
        if self._text is not None and len(self._text) < TEXT_PIECES_LIMIT:
            self._text.append(text)

    def end(self, _tag: str) -> None:
        name = self._path.pop()
        text = "".join(self._text or ()).strip()
        self._text = None
        match self._path[-1], name:
            case "trk", "name" if self._tracks == 1:
                self._gpx.title = text
            case "trk", "type" if self._tracks == 1:
                self._gpx.sport = text
            case "trkpt", "time":
                self._at = _moment(text)
            case "trkpt", "ele" if text:
                self._elevation_m = float(text)
            case "trkseg", "trkpt":
                self._take_point()
            case _:
                pass

    def close(self) -> None:
        """XMLParser's word for the end."""

    def found(self) -> Gpx:
        tell = [elevations for elevations in self._segments if elevations]
        if tell and all(map(_tells_of_climbs, tell)):
            climbs = [calculate_uphill_downhill(elevations) for elevations in tell]
            self._gpx.climbed_m = sum(up for up, _ in climbs), sum(down for _, down in climbs)
        return self._gpx

    def _remember(self, *names: str) -> None:
        self._names.update(names)
        if len(self._names) > NAMES_LIMIT:
            raise GpxBroken(f"more than {NAMES_LIMIT} different names")

    def _go(self, latitude: float, longitude: float) -> None:
        if self._before is not None:
            self._so_far_m += distance(latitude, longitude, None, *self._before, None)
        self._before = latitude, longitude
        self._at = self._elevation_m = None

    def _take_point(self) -> None:
        self._segments[-1].append(self._elevation_m)
        if self._at is not None:
            self._gpx.times.append(self._at)
            self._gpx.distances_m.append(self._so_far_m)


_TEXTS: Final = {("trk", "name"), ("trk", "type"), ("trkpt", "time"), ("trkpt", "ele")}


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _moment(text: str) -> datetime | None:
    """None: it is none."""
    try:
        moment = parse_time(text)
        return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (GPXException, ValueError, OverflowError):
        return None


def _tells_of_climbs(elevations: list[float | None]) -> bool:
    known = sum(one is not None for one in elevations)
    return len(elevations) >= SEGMENT_LEAST and known / len(elevations) > ELEVATIONS_LEAST
