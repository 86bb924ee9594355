"""A watch's files: FIT and GPX, gzipped or not, broken, foreign and hostile."""

import gzip
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strideload import activity_file, gpx_file
from strideload.activity_file import ActivityFileError, read, read_file
from support.fit_file import fit_file

START = datetime(2026, 11, 22, 17, 2, tzinfo=UTC)
START_US = int(START.timestamp()) * 1_000_000
POINTS = [(float(s), s * 3.0) for s in range(0, 601, 10)]  # ten minutes at 3 m/s
FIT = fit_file(START, POINTS)
LATITUDE_M = 111_194.9  # metres a degree, on gpxpy's sphere


def gpx(points: int = 61, *, sport: str = "running", timed: bool = True, more: str = "") -> bytes:
    """Due north at 3 m/s, up a metre every minute."""
    rows = "".join(
        f'<trkpt lat="{48 + i * 30 / LATITUDE_M:.9f}" lon="11"><ele>{500 + i / 6:.2f}</ele>'
        + (f"<time>{START + timedelta(seconds=10 * i):%Y-%m-%dT%H:%M:%SZ}</time>" if timed else "")
        + "</trkpt>"
        for i in range(points)
    )
    return (
        f'<?xml version="1.0"?>{more}<gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<trk><name>Evening run</name><type>{sport}</type><trkseg>{rows}</trkseg></trk></gpx>"
    ).encode()


def test_a_fit_file() -> None:
    found = read(FIT, "run.fit")
    assert (found.start_utc_us, found.end_utc_us) == (START_US, START_US + 600_000_000)
    assert (found.distance_m, found.ascent_m, found.descent_m) == (1800, 12, 9)
    assert found.name == "run.fit"
    assert (found.track["utc_us"] - START_US).tolist() == [int(s) * 1_000_000 for s, _ in POINTS]
    assert found.track["distance_mm"].tolist() == [int(m * 1000) for _, m in POINTS]


def test_a_gpx_file() -> None:
    found = read(gpx(), "run.gpx")
    assert (found.start_utc_us, found.end_utc_us) == (START_US, START_US + 600_000_000)
    assert found.distance_m == pytest.approx(1800, rel=0.002)
    assert found.ascent_m == pytest.approx(10, abs=0.5)
    assert found.descent_m == pytest.approx(0, abs=0.1)
    assert found.name == "Evening run"
    assert len(found.track) == 61


def test_a_break_in_a_gpx_file_is_no_distance() -> None:
    """A watch that was stopped and carried elsewhere begins another segment."""
    far = b'</trkseg><trkseg><trkpt lat="50" lon="11"><time>2026-11-22T18:00:00Z</time></trkpt></trkseg>'
    found = read(gpx().replace(b"</trkseg>", far), "run.gpx")
    assert found.distance_m == pytest.approx(1800, rel=0.002)
    assert found.end_utc_us == START_US + 58 * 60_000_000


@pytest.mark.parametrize("data", [FIT, gpx()], ids=["fit", "gpx"])
def test_gzipped(data: bytes) -> None:
    plain, packed = read(data, "x"), read(gzip.compress(data), "x.gz")
    assert packed.track.tolist() == plain.track.tolist()
    assert packed.distance_m == plain.distance_m


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "neither a FIT nor a GPX"),
        (b"PK\x03\x04 a zip", "neither a FIT nor a GPX"),
        (FIT[:200], "a FIT file, and broken"),
        (FIT[:100] + b"\x00\x01\x02" + FIT[103:], "a FIT file, and broken"),
        (fit_file(START, POINTS, sport="cycling"), "is of cycling"),
        (fit_file(datetime(1990, 1, 1, tzinfo=UTC), POINTS), "no time in it"),
        (gpx().replace(b"2026", b"1999"), "begins in 1999: its watch did not know the time"),
        (b"<gpx", "not GPX, or broken"),
        (b"<html></html>", "no time in it"),
        (gpx(timed=False), "no time in it"),
        (gpx(0), "no time in it"),
        (gpx(sport="cycling"), "is of cycling"),
        (gpx(more='<!DOCTYPE g [<!ENTITY a "aaaa">]>'), "declares a document type"),
        (gzip.compress(FIT)[:60], "gzipped, and broken"),
        (gzip.compress(bytes(33 * 2**20), 1), "larger than 32 MB"),
    ],
    ids=[
        "empty", "zip", "fit cut", "fit spoilt", "cycling", "no clock", "a clock set back", "xml cut", "another xml",
        "no times", "no points", "gpx cycling", "entities", "gzip cut", "a bomb",
    ],
)  # fmt: skip
def test_what_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ActivityFileError, match=said):
        read(data, "file")


HEAD, END = b'<gpx version="1.1" creator="t"><trk><trkseg>', b"</trkseg></trk></gpx>"


@pytest.mark.parametrize(
    ("one", "times", "said"),
    [
        (b'<trkpt lat="1" lon="1"/>', 200_001, "more than 200000 points"),
        (b'<g:trkpt lat="1" lon="1"/>', 200_001, "more than 200000 points"),
        ('<é:trkpt lat="1" lon="1"/>'.encode(), 200_001, "more than 200000 points"),
        (b'<wpt lat="1" lon="1"/>', 200_001, "more than 200000 points"),
        (b"<a/>", 2_000_001, "more than 2000000 elements"),
        (b'<e a="" b="" c="" d=""/>', 400_001, "more than 2000000 elements"),
        (b" xmlns", 400_000, "an element of more than 64 kB"),
    ],
    ids=[
        "points",
        "points of a prefix",
        "of a foreign prefix",
        "waypoints",
        "elements",
        "attributes",
        "a text",
    ],
)
def test_a_small_file_of_millions_is_refused_before_anything_is_made_of_them(
    one: bytes, times: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpx_file, "read", lambda _: pytest.fail("it was parsed"))
    packed = gzip.compress(HEAD + one * times + END)
    assert len(packed) < 100_000
    with pytest.raises(ActivityFileError, match=said):
        read(packed, "run.gpx")


@pytest.mark.parametrize(
    ("one", "times"),
    [
        ('<a xmlns:n{0}="u{0}"/>', 1001),
        ("<n{0}/>", 1001),
        ('<a n{0}="x"/>', 1001),
        ("<n{0}>", 1001),
    ],
    ids=["namespaces", "elements", "attributes", "within each other"],
)
def test_names_of_every_kind_are_not_remembered_without_end(one: str, times: int) -> None:
    before = len(ElementTree._namespace_map)  # type: ignore[attr-defined]
    with pytest.raises(ActivityFileError, match="more than 1000 different names"):
        read(HEAD + "".join(map(one.format, range(times))).encode() + END, "run.gpx")
    read(gpx(more='<?xml-stylesheet href="x"?>').replace(b"<gpx", b'<gpx xmlns:own="urn:own"'), "run.gpx")
    assert len(ElementTree._namespace_map) == before  # type: ignore[attr-defined]


def test_a_texts_words_are_only_words() -> None:
    """A reader that looks for namespaces in a text takes a minute for these, and lets nobody else run meanwhile."""
    found = read(gpx().replace(b"<trkseg>", b"<desc>" + b" xmlns" * 10_000 + b"</desc><trkseg>"), "run.gpx")
    assert len(found.track) == 61


def test_a_gpx_file_takes_little_more_memory_than_its_points() -> None:
    """A tree of these would have 6 MB."""
    point = (
        b'<trkpt lat="1" lon="1"><time>2026-11-22T10:00:00Z</time><extensions><a/><b/></extensions></trkpt>'
    )
    data = HEAD + point * 4000 + END
    read(data, "run.gpx")  # what is loaded at first stays
    tracemalloc.start()
    try:
        read(data, "run.gpx")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 2_500_000


@pytest.mark.parametrize(
    "time",
    ["yesterday", "2026-11-22T10:00:00+99:99", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", ""],
)
def test_a_point_with_a_time_that_is_none_is_not_dated(time: str) -> None:
    last = f'<trkpt lat="49" lon="11"><time>{time}</time></trkpt></trkseg>'.encode()
    found = read(gpx().replace(b"</trkseg>", last), "run.gpx")
    assert len(found.track) == 61
    assert found.end_utc_us == START_US + 600_000_000


def test_times_of_any_zone_are_one() -> None:
    found = read(gpx().replace(b"00Z</time>", b"00+00:00</time>").replace(b"10Z", b"10.000Z"), "run.gpx")
    assert found.track.tolist() == read(gpx(), "run.gpx").track.tolist()


@pytest.mark.parametrize("place", ['lat="x" lon="1"', 'lon="1"', 'lat="inf" lon="1"'])
def test_a_point_that_is_nowhere_is_refused(place: str) -> None:
    with pytest.raises(ActivityFileError, match="not GPX, or broken"):
        read(HEAD + f"<trkpt {place}/>".encode() * 2 + END, "run.gpx")


def test_an_encoding_that_hides_a_document_type_is_not_heard() -> None:
    hidden = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE g [<!ENTITY a "aaaa">]><gpx/>'
    for data in (hidden.encode("utf-16-le"), b"\xff\xfe" + hidden.encode("utf-16-le")):
        with pytest.raises(ActivityFileError, match=r"zero byte|neither a FIT nor a GPX"):
            read(data, "run.gpx")


def test_what_stands_in_extensions_is_not_the_points() -> None:
    more = b"<extensions><time>2020-01-01T00:00:00Z</time><ele>9999</ele><x><name>no</name></x></extensions></trkpt>"
    found = read(gpx().replace(b"</trkpt>", more), "run.gpx")
    assert found.track.tolist() == read(gpx(), "run.gpx").track.tolist()
    assert (found.name, found.ascent_m) == ("Evening run", read(gpx(), "run.gpx").ascent_m)


def test_a_fit_file_is_read_no_further_than_its_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end is spoilt, which nobody comes to learn."""
    spoilt = FIT[:-2] + bytes([FIT[-2] ^ 1, FIT[-1]])
    monkeypatch.setattr(activity_file, "POINTS_LIMIT", len(POINTS) - 1)
    with pytest.raises(ActivityFileError, match="more than 60 points"):
        read(spoilt, "run.fit")
    monkeypatch.setattr(activity_file, "MESSAGES_LIMIT", 20)
    with pytest.raises(ActivityFileError, match="more than 20 messages"):
        read(spoilt, "run.fit")
    monkeypatch.undo()
    assert len(read(FIT, "run.fit").track) == len(POINTS)


@pytest.mark.parametrize("sport", ["running", "trail_running", "walking", "hiking", "9", "", "other"])
def test_what_is_on_foot(sport: str) -> None:
    assert read(gpx(sport=sport), "run.gpx").distance_m


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(FIT) - 1), st.integers(1, 255))
def test_a_changed_byte_is_noticed(at: int, by: int) -> None:
    """Wherever it lies: the file is refused, never read as another run."""
    spoilt = bytearray(FIT)
    spoilt[at] = (spoilt[at] + by) % 256
    with pytest.raises(ActivityFileError):
        read(bytes(spoilt), "run.fit")


def test_from_a_path(tmp_path: Path) -> None:
    (tmp_path / "run.fit").write_bytes(FIT)
    assert read_file(tmp_path / "run.fit").content == read(FIT, "x").content
    with pytest.raises(ActivityFileError, match="cannot be read"):
        read_file(tmp_path / "none.fit")
