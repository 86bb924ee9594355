"""The golden pages are what page.py makes, on MicroPython as on CPython."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from golden import make, pack
from strideload_pod import page

GOLDEN = Path(make.__file__).parent
NAMES = sorted(source.stem for source in GOLDEN.glob("*.json"))


def _named(layout: tuple[str, tuple[str, ...]], data: bytes, offset: int) -> dict[str, Any]:
    values = struct.unpack_from(layout[0], data, offset)
    return {
        name: value.hex() if isinstance(value, bytes) else value
        for name, value in zip(layout[1], values, strict=True)
    }


def test_every_kind_has_a_golden_page() -> None:
    kinds = {json.loads((GOLDEN / f"{name}.json").read_text())["header"]["kind"] for name in NAMES}
    assert kinds == {page.KIND_RAW, *page.RECORDS}


@pytest.fixture(scope="module")
def micropython_pages() -> dict[str, bytes]:
    return make.pages_under_micropython()


@pytest.mark.parametrize("name", NAMES)
def test_micropython_makes_the_golden_page(name: str, micropython_pages: dict[str, bytes]) -> None:
    assert micropython_pages[f"{name}.page"] == (GOLDEN / f"{name}.page").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_cpython_makes_the_golden_page(name: str) -> None:
    assert pack.pack((GOLDEN / f"{name}.json").read_text()) == (GOLDEN / f"{name}.page").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_golden_page_holds_the_named_values(name: str) -> None:
    data = (GOLDEN / f"{name}.page").read_bytes()
    expected = json.loads((GOLDEN / f"{name}.json").read_text())
    header = _named((page.HEADER_FORMAT, page.HEADER_NAMES), data, 0)
    layout = page.record_layout(header["kind"], header["record_size"])
    offsets = [page.HEADER_SIZE + i * header["record_size"] for i in range(header["record_count"])]
    assert page.is_whole(data)
    assert header == expected["header"]
    assert [_named(layout, data, offset) for offset in offsets] == expected["records"]
