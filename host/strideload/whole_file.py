"""A file is written whole or not at all."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from strideload.errors import StrideloadError


class NotWritten(StrideloadError):
    """The file cannot be put where it was asked for."""

    def __init__(self, file: Path, why: str) -> None:
        super().__init__(f"{file} cannot be written: {why}.")
        self.file = file


def write(file: Path, chunks: Iterable[bytes]) -> None:
    """In place of a file only. NotWritten."""
    try:
        if file.exists() and not file.is_file():
            raise NotWritten(file, "it is no file")
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as part:
            try:
                for chunk in chunks:
                    part.write(chunk)
                part.flush()
                os.fsync(part.fileno())
                os.replace(part.name, file)
            except BaseException:
                os.unlink(part.name)
                raise
    except OSError as error:
        raise NotWritten(file, error.strerror or str(error)) from error
