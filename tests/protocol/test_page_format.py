"""docs/page-format.md says of every byte what the firmware's page.py does."""

import re
from pathlib import Path

import pytest

from strideload.protocol import pages
from strideload_pod import page

DOCUMENT = (Path(__file__).parents[2] / "docs" / "page-format.md").read_text()
FIELD = re.compile(r"^@ +(\d+) \+(\d+) +(\w+) +([uib])(\d+) +(\S.*?) \| (\S.*)$", re.MULTILINE)
VALUE = re.compile(r"^= (\d+) +([A-Z][A-Z0-9_]+) +\S", re.MULTILINE)
ENUMERATIONS = (
    "STREAM_",
    "KIND_",
    "CHIP_",
    "ORIGIN_",
    "FLAG_",
    "STEP_",
    "SESSION_",
    "ANCHOR_",
    "GAP_",
    "GONE_",
    "MARK_",
    "CUE_",
)

Field = tuple[str, str, int, int]


def fields(text: str) -> list[Field]:
    """(name, numpy type, offset, size) of the document's lines, as `pages.layout` gives them."""
    found: list[Field] = []
    for offset, size, name, letter, number, _, _ in FIELD.findall(text):
        kinds = {"b": f"V{number}", "u": f"<u{int(number) // 8}", "i": f"<i{int(number) // 8}"}
        found.append((name, kinds[letter].replace("<u1", "u1"), int(offset), int(size)))
    return found


def section(title: str) -> str:
    """The text below a heading that begins so, up to the next heading."""
    match = re.search(rf"^##+ {re.escape(title)}.*?\n(.*?)(?=^##|\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert match is not None, title
    return match[1]


def test_header() -> None:
    *header, crc = fields(section("Header"))
    assert header == pages.layout(page.HEADER_FORMAT, page.HEADER_NAMES)
    assert header[-1][2] + header[-1][3] == page.HEADER_SIZE
    assert crc == ("crc", "<u4", page.CRC_OFFSET, 4)


RECORDS = [
    ("Steps (1)", page.RECORDS[page.KIND_STEPS]),
    ("Raw (2)", page.RAW_ACC_GYRO),
    ("Session start (3)", page.RECORDS[page.KIND_SESSION_START]),
    ("Session end (4)", page.RECORDS[page.KIND_SESSION_END]),
    ("Anchor (5)", page.RECORDS[page.KIND_ANCHOR]),
    ("Gap (6)", page.RECORDS[page.KIND_GAP]),
    ("Gone (7)", page.RECORDS[page.KIND_GONE]),
    ("Mark (8)", page.RECORDS[page.KIND_MARK]),
    ("Alive (9)", page.RECORDS[page.KIND_ALIVE]),
    ("Cue (10)", page.RECORDS[page.KIND_CUE]),
]


@pytest.mark.parametrize(("title", "layout"), RECORDS, ids=[title for title, _ in RECORDS])
def test_records(title: str, layout: tuple[str, tuple[str, ...]]) -> None:
    assert fields(section(title)) == pages.layout(*layout)


def test_every_kind_has_its_section() -> None:
    assert {int(re.search(r"\d+", title)[0]) for title, _ in RECORDS} == {page.KIND_RAW, *page.RECORDS}


def test_three_axes_are_the_first_of_six() -> None:
    assert pages.layout(*page.RAW_ACC) == fields(section("Raw (2)"))[:3]


def test_enumerations() -> None:
    """Every value of every enumeration is there, and no other."""
    documented = {name: int(value) for value, name in VALUE.findall(DOCUMENT)}
    values = {name: value for name, value in vars(page).items() if name.startswith(ENUMERATIONS)}
    del values["STREAM_OFFSET"]
    assert documented == values


def test_counters() -> None:
    """Every counter is called one, with the value at which it stays."""
    documented = {
        name: int(stays)
        for name, stays in re.findall(
            r"(\w+) +u\d+ +fault counter: .* stays at (\d+)$", section("Header"), re.MULTILINE
        )
    }
    assert documented == page.COUNTERS


UNKNOWN = {
    "u8": {hex(page.UNKNOWN_U8)},
    "u16": {hex(page.UNKNOWN_U16)},
    "u32": {hex(page.UNKNOWN_U32)},
    "u64": {hex(page.UNKNOWN_U64)},
    "i16": {str(page.UNKNOWN_TEMPERATURE)},
    "i64": {str(page.UNKNOWN_UTC_MS)},
}


def test_unknown_values_fit_their_type() -> None:
    """A value for "unknown" is 0, always known, counted, or the one that page.py has for that type."""
    for _, _, name, letter, bits, _, unknown in FIELD.findall(DOCUMENT):
        said = re.split("[:, ]", unknown)[0].lower()
        assert said in {"always", "counts", "0", *UNKNOWN.get(letter + bits, set())}, name


def test_the_key_keeps_its_place() -> None:
    """The offsets that hold in every version are those of the header."""
    places = {name: offset for name, _, offset, _ in fields(section("Header"))}
    assert {name: places[name] for name in ("pod", "log", "stream", "number", "crc")} == {
        "pod": page.POD_OFFSET,
        "log": page.LOG_OFFSET,
        "stream": page.STREAM_OFFSET,
        "number": page.NUMBER_OFFSET,
        "crc": page.CRC_OFFSET,
    }
