"""Pages as numpy reads them: what the firmware wrote, and nothing that a header only claims."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideload.protocol import pages
from strideload.protocol.errors import PageError
from strideload_pod import page

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.page"))


def plain(row: np.void) -> dict[str, Any]:
    """A record by name, bytes as hex."""
    return {
        name: row[name].tobytes().hex() if row[name].dtype.kind == "V" else row[name].item()
        for name in row.dtype.names
    }


@pytest.mark.parametrize("path", GOLDEN, ids=[path.stem for path in GOLDEN])
def test_golden_pages(path: Path) -> None:
    """Bytes that the firmware made under MicroPython are the values that it was given, by name."""
    expected = json.loads(path.with_suffix(".json").read_text())
    data = path.read_bytes()
    found = pages.headers(data)
    header = plain(found[0])
    assert {name: header[name] for name in page.HEADER_NAMES} == expected["header"]
    assert pages.whole(data).tolist() == [True]
    assert pages.sound(found).tolist() == [True]
    index, records = pages.records(found, header["kind"])
    assert [plain(record) for record in records] == expected["records"]
    assert index.tolist() == [0] * len(records)


def test_there_is_a_golden_page_of_every_kind() -> None:
    kinds = {int(pages.headers(path.read_bytes())["kind"][0]) for path in GOLDEN}
    assert kinds == {page.KIND_RAW, *page.RECORDS}


def make(kind: int, values: list[tuple[Any, ...]], number: int = 0, six_axes: bool = True) -> bytes:
    made = page.Page(bytes(range(8)))
    made.open(kind, 1000 * number, six_axes)
    for value in values:
        made.add(*value)
    return bytes(made.close(7, number, 0, 0))


def steps(count: int, number: int = 0) -> bytes:
    return make(page.KIND_STEPS, [(i, number, 3, 4, 5, 2, 1, 0) for i in range(count)], number)


@given(st.lists(st.integers(0, 16), max_size=40))
def test_many_pages_at_once(counts: list[int]) -> None:
    """Records of many pages come in order, each with the index of its page."""
    found = pages.headers(b"".join(steps(count, number) for number, count in enumerate(counts)))
    index, records = pages.records(found, page.KIND_STEPS)
    assert index.tolist() == [i for i, count in enumerate(counts) for _ in range(count)]
    assert records["ic"].tolist() == [i for count in counts for i in range(count)]
    assert records["contact"].tolist() == index.tolist()


@pytest.mark.parametrize("axes", [3, 6])
def test_raw_pages_have_three_or_six_axes(axes: int) -> None:
    values = [tuple(range(-axes * i, -axes * i + axes)) for i in range(33)]
    _, records = pages.records(pages.headers(make(page.KIND_RAW, values, six_axes=axes == 6)), page.KIND_RAW)
    assert records.dtype.names == (page.RAW_ACC_GYRO if axes == 6 else page.RAW_ACC)[1]
    assert [tuple(record) for record in records.tolist()] == values


LIES = [
    ("more records than fit", "<H", 18, 17),
    ("the most records that a header can claim", "<H", 18, 0xFFFF),
    ("records of size 0", "B", 17, 0),
    ("records of another size", "B", 17, 12),
    ("a version that is not known", "B", 2, 2),
    ("a kind that is not known", "B", 3, 77),
]


@pytest.mark.parametrize(
    ("format_", "offset", "value"), [lie[1:] for lie in LIES], ids=[lie[0] for lie in LIES]
)
def test_a_header_that_lies(format_: str, offset: int, value: int) -> None:
    """Told apart from the honest page beside it, and never decoded."""
    buffer = bytearray(steps(3) * 2)
    struct.pack_into(format_, buffer, 512 + offset, value)
    found = pages.headers(bytes(buffer))
    assert pages.sound(found).tolist() == [True, False]
    with pytest.raises(PageError):
        pages.records(found, page.KIND_STEPS)
    assert len(pages.records(found[:1], page.KIND_STEPS)[1]) == 3


@given(st.binary(min_size=512, max_size=512))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    """Any 512 bytes are no page; made one by a CRC, they are decoded or refused, and sized by what is there."""
    assert pages.whole(data).tolist() == [page.is_whole(data)]
    body = page.MAGIC + bytes([page.VERSION]) + data[3:508]
    sealed = body + struct.pack("<I", page.crc32(body))
    found = pages.headers(sealed)
    assert pages.whole(sealed).all()
    kind = int(found["kind"][0])
    if pages.sound(found)[0]:
        assert len(pages.records(found, kind)[1]) == found["record_count"][0]
    else:
        with pytest.raises(PageError):
            pages.records(found, kind)


@pytest.mark.parametrize("bit", range(0, 512 * 8, 37))
def test_a_flipped_bit_is_seen(bit: int) -> None:
    buffer = bytearray(steps(16))
    buffer[bit // 8] ^= 1 << bit % 8
    assert pages.whole(bytes(buffer)).tolist() == [False]


@pytest.mark.parametrize(("size", "count"), [(0, 0), (512, 1), (1024, 2)])
def test_whole_numbers_of_pages(size: int, count: int) -> None:
    assert len(pages.headers(bytes(size))) == len(pages.whole(bytes(size))) == count


@pytest.mark.parametrize("size", [1, 511, 513])
def test_part_of_a_page_is_refused(size: int) -> None:
    with pytest.raises(PageError, match=str(size)):
        pages.headers(bytes(size))


def test_no_copy_is_made() -> None:
    data = steps(1)
    assert np.shares_memory(pages.headers(data), np.frombuffer(data, "u1"))


def test_the_key_is_read_in_any_version() -> None:
    """Both readers of keys, the firmware's and numpy's, agree on a page of an unknown version."""
    buffer = bytearray(steps(1, number=5))
    buffer[2] = 99
    key = np.frombuffer(bytes(buffer), pages.KEY)[0]
    assert (key["pod"].tobytes().hex(), int(key["log"]), int(key["stream"]), int(key["number"])) == page.key(
        buffer
    )


def test_nothing_has_no_records() -> None:
    index, records = pages.records(pages.headers(b""), page.KIND_STEPS)
    assert (len(index), len(records), records.dtype) == (0, 0, pages.RECORD[page.KIND_STEPS])
