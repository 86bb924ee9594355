"""An export as one JSON document, piece by piece."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from strideload import __version__
from strideload.export.tables import STEP_COLUMNS, Export, StepsOf
from strideload.load.plain import instants

FORMAT: Final = "strideload-export"
VERSION: Final = 1
PIECE: Final = 64 * 1024  # characters, about


def document(export: Export) -> Iterator[bytes]:
    """Each table is a list of rows; `steps` a list of sessions, each with its rows."""
    return _pieces(_parts(export))


def _parts(export: Export) -> Iterator[str]:
    head = {
        "format": FORMAT,
        "version": VERSION,
        "strideload": __version__,
        "made_utc": instants(export.made_utc_us, "UTC")[0],
        "runner": export.runner,
    }
    yield _json(head)[:-1]
    for table in export.tables():
        yield f",\n{_json(table.name)}: "
        yield from _list(map(_json, table.rows()))
    yield f',\n"step_columns": {_json(STEP_COLUMNS)},\n"steps": ['
    for place, steps in enumerate(export.steps()):
        yield "" if place == 0 else ","
        yield from _session(steps)
    yield "]}\n"


def _session(steps: StepsOf) -> Iterator[str]:
    yield f'\n{_json(steps.about)[:-1]}, "rows": '
    yield from _list(map(_json, steps.rows))
    yield "}"


def _list(rows: Iterable[str]) -> Iterator[str]:
    yield "["
    for place, row in enumerate(rows):
        yield f"\n{row}" if place == 0 else f",\n{row}"
    yield "]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=str)


def _pieces(parts: Iterable[str]) -> Iterator[bytes]:
    waiting: list[str] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= PIECE:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join(waiting).encode()
