"""A backup becomes a host's folder again: unpacked beside it, looked through, and put there in one step."""

import os
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from strideload.host import held
from strideload.progress import Advance
from strideload.service.archive import BackupError, unpack
from strideload.service.backup import check
from strideload.service.folders import give, put_in_place, sync_all, workshop
from strideload.settings import STORE_NAME, Settings, load_settings
from strideload.store import migrate
from strideload.store.snapshot import Contents, end_access

UNPACKED = 0.7
ENDED_ACCESS = "Log-ins, tokens and links of the backup have ended; its passwords hold again."
KEPT_ACCESS = "Log-ins, tokens and links of the backup hold again, those that were ended since as well."
ERASED_SINCE = (
    "A runner who was erased after the backup is back, and so are entries that were deleted since: "
    "`strideload runner list`, then `strideload runner erase ID`."
)
TOLD_SINCE = (
    "Home dashboards are told of whoever had opted in by then, whoever has opted out since as well: "
    "`strideload home list`, then `strideload home stop --runner ID`."
)


@dataclass(frozen=True)
class Restored:
    """`aside`: where the folder lies that was there before, None: there was none.

    `kept_access`: log-ins, tokens and links of the backup hold again; else they have ended. `tells_homes`: its settings
    want home dashboards told.
    """

    folder: str
    made_utc: str
    store: Contents
    aside: str | None
    kept_access: bool
    tells_homes: bool

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"store": self.store._asdict()}

    def in_words(self) -> str:
        words = [f"{self.folder} is as it was at {self.made_utc}: {self.store.pages} pages."]
        if self.aside is not None:
            words.append(
                f"What was there before lies in {self.aside}, with its diaries, keys and passwords; remove it when you "
                "no longer want it."
            )
        words += [KEPT_ACCESS if self.kept_access else ENDED_ACCESS, ERASED_SINCE]
        words += [TOLD_SINCE] if self.tells_homes else []
        words.append(
            "Pods send again what came after that, as far as they still have it, once the host runs."
        )
        return "\n".join(words)


def restore(
    file: Path, folder: Path, *, replace: bool, advance: Advance, keep_access: bool = False
) -> Restored:
    """Put a backup into a folder. HostRunning; BackupError, StoreError, SettingsError: the folder is as it was.

    A folder that is not empty is refused, or with `replace` kept aside. Killed at any moment, the folder is the old
    one or the new one (without Linux's exchange of names for an instant neither, and the old one lies aside).
    What lets somebody in without a password ends, since it may have been ended after the backup; `keep_access`: not.
    """
    file, folder = file.expanduser().absolute(), folder.resolve()
    is_there = folder.exists()
    is_used = is_there and any(folder.iterdir())
    if is_used and not replace:
        raise BackupError(f"{folder} is not empty; --replace keeps what is there aside and restores.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        if is_used:
            stack.enter_context(held(folder))
        work = stack.enter_context(workshop(folder.with_name(f".{folder.name}.restoring")))
        made = work / "made"
        found = unpack(file, made, lambda share: advance(UNPACKED * share))
        contents, settings = _look_through(file, made, found)
        if not keep_access:
            end_access(made / STORE_NAME)
        sync_all(made)
        if os.geteuid() == 0:
            give(made, (folder if is_there else folder.parent).stat())
        aside = _name_aside(folder) if is_used else None
        put_in_place(made, folder, aside)
    return Restored(
        folder=str(folder),
        made_utc=str(found.get("made_utc")),
        store=contents,
        aside=aside and str(aside),
        kept_access=keep_access,
        tells_homes=settings.home.enabled,
    )


def _look_through(file: Path, made: Path, found: dict[str, Any]) -> tuple[Contents, Settings]:
    promised = found.get("store")
    if not isinstance(promised, dict):
        raise BackupError(f"{file} is damaged: its list does not tell of a store.")
    if str(promised.get("tables")) > migrate.HEAD:
        raise BackupError(f"{file} was made by a newer version of Strideload; install that one first.")
    contents = check(made, promised, file)
    return contents, load_settings(made)


def _name_aside(folder: Path) -> Path:
    """A name beside the folder that nobody has."""
    stem = f"{folder.name}.aside-{datetime.now():%Y%m%d-%H%M%S}"
    names = (folder.with_name(stem if not n else f"{stem}-{n}") for n in range(1000))
    return next(name for name in names if not os.path.lexists(name))
