"""A runner's id in topics: 16 hex digits, made of the runner's id and a secret of this folder.

A guessed name cannot be checked against them.
"""

from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes
from typing import Final

from strideload.collect.credentials import make_private_folder, write_private
from strideload.errors import StrideloadError

KEY_NAME: Final = "key"
KEY_BYTES: Final = 32


class HomeIdsError(StrideloadError):
    """The folder's secret cannot be used; nothing is published then."""


class HomeIds:
    """The ids of one state folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def id_of(self, runner: str) -> str:
        """The runner's opaque id. HomeIdsError."""
        return blake2b(runner.encode(), key=self._key(), digest_size=8).hexdigest()

    def _key(self) -> bytes:
        file = self._folder / KEY_NAME
        try:
            if not file.exists():
                make_private_folder(self._folder)
                write_private(file, token_bytes(KEY_BYTES).hex())
            return bytes.fromhex(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise HomeIdsError(f"{file} cannot be used: {error}") from error
