"""Installs, removes and looks at the host's service."""

import json
import os
import pwd
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from strideload.host import is_running
from strideload.service import systemd, unit
from strideload.service.systemd import ServiceError, ask, need_root, need_systemd
from strideload.service.unit import NAME

SHOWN: Final = ("LoadState", "ActiveState", "SubState", "UnitFileState", "MainPID", "NRestarts", "StatusText")


class Status(NamedTuple):
    """What systemd says of the service; `state` and `sub_state` in its words."""

    installed: bool
    at_boot: bool
    state: str  # active, activating, failed, inactive ...
    sub_state: str
    pid: int | None
    restarts: int  # after it had failed
    said: str  # by the host itself

    @property
    def running(self) -> bool:
        return self.state == "active"

    def as_json(self) -> str:
        return json.dumps({**self._asdict(), "running": self.running})

    def in_words(self) -> str:
        if not self.installed:
            return "The service is not installed; `strideload service install` does it."
        running = (
            f"runs (process {self.pid})" if self.running else f"does not run ({self.state}, {self.sub_state})"
        )
        boot = "starts at boot" if self.at_boot else "does not start at boot"
        again = f", was started again {self.restarts} times after it had failed" if self.restarts else ""
        logs = "" if self.running else f" `journalctl -u {NAME}` says why."
        return f"The service {running}, {boot}{again}.{f' {self.said}' if self.said else ''}{logs}"


def unit_file() -> Path:
    return systemd.UNIT_FOLDER / NAME


def install(
    folder: Path | None, account: str | None, *, lan: bool, port: int | None, page_lan: bool = False
) -> str:
    """Write the unit, and start it now and at every boot -> what holds then, in words. ServiceError.

    Installed before, it is started anew.
    """
    need_systemd()
    need_root("install a service")
    plan = unit.plan(folder, account, lan=lan, port=port, page_lan=page_lan)
    refused = unit.refusal(plan)
    if refused is not None:
        raise ServiceError(refused)
    words = unit.text(plan)
    if not status().running and is_running(plan.folder):
        raise ServiceError(f"A host runs in {plan.folder} already: end that one first.")
    if plan.account is not None:
        _make_folder(plan.folder, plan.account)
    _write(unit_file(), words)
    ask("daemon-reload")
    ask("enable", NAME)
    try:
        ask("restart", NAME)
    except ServiceError as error:
        raise ServiceError(
            f"The service is installed and does not start; `journalctl -u {NAME}` says why. {error}"
        ) from None
    who = f"as {plan.account}" if plan.account else "as a user of its own"
    return (
        f"Strideload runs {who} with {plan.folder}, from now on and from every boot on. "
        f"Its log: journalctl -u {NAME}"
    )


def remove() -> str:
    """Stop the service and take its unit away. ServiceError: it is not installed."""
    need_systemd()
    need_root("remove a service")
    if not unit_file().exists():
        raise ServiceError("The service is not installed, so there is nothing to remove.")
    ask("disable", "--now", NAME)
    unit_file().unlink()
    ask("daemon-reload")
    with suppress(ServiceError):  # it had not failed
        ask("reset-failed", NAME)
    return "The service is removed. Store, settings and keys stay where they are."


def status() -> Status:
    """ServiceError: systemd does not run here."""
    lines = ask("show", NAME, f"--property={','.join(SHOWN)}").splitlines()
    found = dict(line.split("=", 1) for line in lines if "=" in line)
    return Status(
        installed=found.get("LoadState", "not-found") != "not-found",
        at_boot=found.get("UnitFileState") == "enabled",
        state=found.get("ActiveState", "inactive"),
        sub_state=found.get("SubState", "dead"),
        pid=int(found.get("MainPID") or 0) or None,
        restarts=int(found.get("NRestarts") or 0),
        said=found.get("StatusText", ""),
    )


def _make_folder(folder: Path, account: str) -> None:
    """What is missing of the path belongs to the account: the unit can only open a folder that is there."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    who = pwd.getpwnam(account)
    for place in reversed(missing):
        place.mkdir(mode=0o700)
        os.chown(place, who.pw_uid, who.pw_gid)
    if folder.stat().st_uid != who.pw_uid:
        raise ServiceError(f"{folder} is not {account}'s; say with --account whose it is.")


def _write(file: Path, words: str) -> None:
    """As a whole or not at all; anyone may read it, nothing in it is secret."""
    draft = file.with_name(f".{file.name}.new")
    draft.write_text(words, encoding="utf-8")
    draft.chmod(0o644)
    draft.replace(file)
