"""Who wants to be seen at home: nobody, until the runner says so; symptoms by a second word.

In topics a runner is 16 hex digits, made of the runner's id and a secret of this folder: a guessed name cannot be
checked against them.
"""

import json
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes
from typing import Final

from strideload.collect.credentials import make_private_folder, write_private
from strideload.errors import StrideloadError

FILE_NAME: Final = "consents.json"
KEY_NAME: Final = "key"
KEY_BYTES: Final = 32


class ConsentsError(StrideloadError):
    """The file of opt-ins cannot be used; nothing is published then."""


@dataclass(frozen=True)
class Consent:
    """What a runner wants to be seen. `symptoms` only with the day."""

    day: bool = False
    symptoms: bool = False


class Consents:
    """The opt-ins of one state folder; read anew each time, as the command line is a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / FILE_NAME

    def all(self) -> dict[str, Consent]:
        """runner -> what that runner opted in to. ConsentsError."""
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            return {str(runner): _consent(given) for runner, given in found.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise ConsentsError(f"{self._file} cannot be read: {error}") from error

    def set(self, runner: str, consent: Consent) -> None:
        """From now on that holds for this runner; nothing at all takes the runner off the file. ConsentsError."""
        others = {name: asdict(given) for name, given in self.all().items() if name != runner}
        own = {runner: asdict(consent)} if consent.day else {}
        try:
            make_private_folder(self._folder)
            write_private(self._file, json.dumps(others | own))
        except OSError as error:
            raise ConsentsError(f"{self._file} cannot be written: {error.strerror}") from error

    def id_of(self, runner: str) -> str:
        """The runner's opaque id, 16 hex digits. ConsentsError."""
        return blake2b(runner.encode(), key=self._key(), digest_size=8).hexdigest()

    def _key(self) -> bytes:
        file = self._folder / KEY_NAME
        try:
            if not file.exists():
                make_private_folder(self._folder)
                write_private(file, token_bytes(KEY_BYTES).hex())
            return bytes.fromhex(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConsentsError(f"{file} cannot be used: {error}") from error


def _consent(given: dict[str, object]) -> Consent:
    """What the file says of one runner. ValueError: anything but a plain yes or no."""
    day, symptoms = given.get("day"), given.get("symptoms")
    if not isinstance(day, bool) or not isinstance(symptoms, bool):
        raise ValueError("an opt-in is true or false")
    return Consent(day, day and symptoms)
