"""An export as CSV files in a zip, piece by piece: one of each table, and one of each session's steps."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from strideload.export.tables import STEP_COLUMNS, Export, Row
from strideload.load.zones import EPOCH

ROWS_AT_ONCE: Final = 1000
# A spreadsheet takes a cell that begins so for a formula [OWASP, CSV injection].
FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")


def archive(export: Export) -> Iterator[bytes]:
    """UTF-8, a header line, commas; an empty cell is "not known", several values stand with spaces between."""
    sink = _Sink()
    made = EPOCH + timedelta(microseconds=export.made_utc_us)
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        for table in export.tables():
            rows = ([_cell(_at(row, column)) for column in table.columns] for row in table.rows())
            yield from _file(packed, sink, f"{table.name}.csv", made, table.columns, rows)
        for steps in export.steps():
            name = f"steps/{steps.date}_{steps.about['session_id']}.csv"
            rows = (list(map(_cell, row)) for row in steps.rows)
            yield from _file(packed, sink, name, made, STEP_COLUMNS, rows)
    yield sink.take()


class _Sink(io.RawIOBase):
    """What the zip writes, until it is taken; it cannot go back."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def _file(
    packed: zipfile.ZipFile,
    sink: _Sink,
    name: str,
    made: datetime,
    columns: Iterable[str],
    rows: Iterable[list[str]],
) -> Iterator[bytes]:
    about = zipfile.ZipInfo(name, made.timetuple()[:6])
    about.compress_type = zipfile.ZIP_DEFLATED
    about.external_attr = 0o600 << 16
    with packed.open(about, "w", force_zip64=True) as file:
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(columns)
        for place, row in enumerate(rows, 1):
            writer.writerow(row)
            if place % ROWS_AT_ONCE == 0:
                file.write(_taken(text))
                yield sink.take()
        file.write(_taken(text))
    yield sink.take()


def _taken(text: io.StringIO) -> bytes:
    taken = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return taken


def _at(row: Row, column: str) -> Any:
    """By a path of names with dots; None where the path ends early."""
    value: Any = row
    for name in column.split("."):
        if value is None:
            return None
        value = value[name]
    return value


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return _text(" ".join(map(str, value)))
        case str():
            return _text(value)
        case dict():
            return json.dumps(value)
        case _:
            return str(value)


def _text(written: str) -> str:
    """What was typed stays text in a spreadsheet."""
    return f"'{written}" if written.startswith(FORMULA_SIGNS) else written
