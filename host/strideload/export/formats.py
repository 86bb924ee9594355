"""The two forms of an export, by the ending of the file."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from strideload import whole_file
from strideload.errors import StrideloadError
from strideload.export.archive import archive
from strideload.export.document import document
from strideload.export.tables import Export
from strideload.store import Store

FORMS: Final[dict[str, Callable[[Export], Iterator[bytes]]]] = {".json": document, ".zip": archive}
MEDIA_TYPES: Final = {".json": "application/json", ".zip": "application/zip"}


class FormUnknown(StrideloadError):
    """A file whose ending names none of the forms."""


def pieces(store: Store, runner: str, ending: str, now: datetime | None = None) -> Iterator[bytes]:
    """Of `ending` .json or .zip; made while they are asked for. The store's errors."""
    return FORMS[ending](Export(store, runner, now or datetime.now(UTC)))


def write(store: Store, runner: str, file: Path) -> None:
    """All of a runner into a file. FormUnknown, NotWritten, the store's errors."""
    ending = file.suffix.lower()
    if ending not in FORMS:
        raise FormUnknown(f"{file.name} ends in neither .json (one document) nor .zip (CSV files).")
    whole_file.write(file, pieces(store, runner, ending))
