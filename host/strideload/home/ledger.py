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

# In the folder of homes: the topics at the broker, and the ids of statistics in Home Assistant.
PUBLISHED_NAME: Final = "published.json"
STATISTICS_NAME: Final = "statistics.json"


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
    return _has_names(folder / PUBLISHED_NAME)


def lies_in_statistics(folder: Path) -> bool:
    """The same of Home Assistant's statistics."""
    return _has_names(folder / STATISTICS_NAME)


def _has_names(file: Path) -> bool:
    try:
        return bool(Ledger(file).names)
    except LedgerError as error:
        log.warning("%s", error)
        return False
