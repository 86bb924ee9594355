"""What lies at the broker or in Home Assistant because of us, written down before it is put there.

So that whatever has to go is taken away even if this program ended meanwhile. The names hold no runner's name.
"""

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from strideload.collect.credentials import make_private_folder, write_private
from strideload.errors import StrideloadError

log = logging.getLogger(__name__)

PUBLISHED_NAME: Final = "published.json"  # in the folder of homes: the topics at the broker


class LedgerError(StrideloadError):
    """The ledger's file cannot be used."""


class Ledger:
    """A set of names in a file of its own, used by one thread. LedgerError."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.names = self._read()

    def add(self, names: Iterable[str]) -> None:
        self._write(self.names.union(names))

    def forget(self, names: Iterable[str]) -> None:
        self._write(self.names.difference(names))

    def _read(self) -> frozenset[str]:
        try:
            found = json.loads(self.file.read_text(encoding="utf-8"))
            if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
                raise ValueError("it is no list of names")
            return frozenset(found)
        except FileNotFoundError:
            return frozenset()
        except (OSError, ValueError) as error:
            raise LedgerError(
                f"{self.file} cannot be read: {error}. It says what has to be taken away when a runner opts out; "
                "remove it only if nothing of an earlier runner is left there."
            ) from error

    def _write(self, names: frozenset[str]) -> None:
        if names == self.names:
            return
        try:
            make_private_folder(self.file.parent)
            write_private(self.file, json.dumps(sorted(names)))
        except OSError as error:
            raise LedgerError(f"{self.file} cannot be written: {error.strerror}") from error
        self.names = names


def lies_at_broker(folder: Path) -> bool:
    """Whether something of ours does, as the ledger in `folder` has it; one that cannot be read is logged."""
    try:
        return bool(Ledger(folder / PUBLISHED_NAME).names)
    except LedgerError as error:
        log.warning("%s", error)
        return False
