"""`strideload pod install`: firmware, libraries and settings onto a pod, pod and host paired, and the whole checked."""

import getpass
import itertools
import json
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from strideload import pods
from strideload.collect.clock import synchronised_utc_ms
from strideload.doctor import Finding, in_words
from strideload.errors import StrideloadError
from strideload.host import make_folder, open_home
from strideload.load.steps import Foot
from strideload.pod import checking, firmware, log_files, report, settings_file, unit
from strideload.pod.boards import CIRCUITPYTHON, LINUX, MICROPYTHON
from strideload.pod.finding import Found
from strideload.pod.places import FolderPlace, Place
from strideload.pod.putting import ENTRY, put
from strideload.pod.settings_file import Value
from strideload.progress import Progress
from strideload.settings import Settings
from strideload.store import Store
from strideload_pod.boards.on_linux import LOG_FOLDER
from strideload_pod.page import PAGE_SIZE, is_whole, key
from strideload_pod.settings import read_settings

SSID: Final = "STRIDELOAD_WIFI_SSID"
WIFI_PASSWORD: Final = "STRIDELOAD_WIFI_PASSWORD"
BROKER_HOST: Final = "STRIDELOAD_BROKER_HOST"
BROKER_USER: Final = "STRIDELOAD_BROKER_USER"
BROKER_PASSWORD: Final = "STRIDELOAD_BROKER_PASSWORD"
CA_FILE: Final = "STRIDELOAD_BROKER_CA_FILE"
STORE: Final = "STRIDELOAD_STORE"

# CircuitPython starts the first of these that is there.
BEFORE_MAIN: Final = ("code.txt", "code.py", "main.txt")
OF_STRIDELOAD: Final = b"strideload"
FOOT_UNKNOWN: Final = (
    "Nothing says which foot it is on: run `strideload pod install` once more, with --foot left or right."
)
MPY_VERSION: Final = firmware.MPY_HEADER[MICROPYTHON][1]


class Asker(Protocol):
    """Somebody who answers questions."""

    def ask(self, question: str, default: str) -> str: ...

    def secret(self, question: str) -> str: ...

    def confirm(self, question: str) -> bool: ...


class Terminal:
    """Questions on a terminal; a secret is not echoed. StrideloadError: the terminal was closed."""

    def ask(self, question: str, default: str) -> str:
        return self._read(input, f"{question}{f' [{default}]' if default else ''}: ").strip() or default

    def secret(self, question: str) -> str:
        return self._read(getpass.getpass, f"{question}: ")

    def confirm(self, question: str) -> bool:
        return self._read(input, f"{question} [y/N]: ").strip().lower() in ("y", "yes")

    def _read(self, read: Callable[[str], str], prompt: str) -> str:
        try:
            return read(prompt)
        except EOFError as error:
            raise StrideloadError(
                "The question was not answered; every answer has an option as well."
            ) from error


@dataclass(frozen=True)
class Wishes:
    """What the user said beforehand; None is asked for, or left as it is."""

    foot: Foot | None = None
    runner: str | None = None
    wifi: str | None = None
    no_wifi: bool = False
    wifi_password: str | None = None
    broker_host: str | None = None
    broker_user: str | None = None
    broker_password: str | None = None
    chip: str | None = None
    more: Mapping[str, Value] = field(default_factory=dict[str, Value])
    libraries: Path | None = None
    with_libraries: bool = True
    mpy_cross: Path | None = None
    replace: bool = False
    anyway: bool = False
    check: bool = True


@dataclass
class Installed:
    """What an installation did."""

    where: str
    board: str
    interpreter: str
    pod: str
    written: list[str] = field(default_factory=list[str])
    set: dict[str, str] = field(default_factory=dict[str, str])  # settings that are new or changed, as shown
    kept: dict[str, str] = field(default_factory=dict[str, str])  # settings that were wished otherwise
    moved: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    findings: list[Finding] = field(default_factory=list[Finding])

    @property
    def good(self) -> bool:
        return all(one.good for one in self.findings)

    def as_json(self) -> str:
        shown: dict[str, Any] = {**vars(self), "good": self.good}
        shown["findings"] = [vars(one) for one in self.findings]
        return json.dumps(shown)

    def in_words(self) -> str:
        files = f"{len(self.written)} files written" if self.written else "its files are the newest already"
        lines = [f"Pod {self.pod}, {self.board} with {self.interpreter}, at {self.where}: {files}."]
        lines += [f"Set aside: {name}." for name in self.moved]
        lines += [f"  {line}" for line in self.set.values()]
        lines += [f"  {line}" for line in self.kept.values()]
        lines += self.notes
        if self.findings:
            lines.append(in_words(self.findings))
        return "\n".join(lines)


def install(
    settings: Settings,
    found: Found,
    wishes: Wishes,
    asker: Asker | None,
    say: Callable[[str], None],
    progress: Progress,
) -> Installed:
    """Bring a pod into being, or up to date. `asker`: None asks nothing. StrideloadError."""
    place = found.place
    _need_writable(found)
    had = _had(place)
    pod = _pod_id(found)
    files = _files(found, wishes)
    done = Installed(place.where, found.kind.name, f"{found.interpreter} {found.version}", pod)
    make_folder(settings)
    with open_home(settings) as store:
        _need_acknowledged(place, store, wishes)
        had_text = _text(place)
        _show_had(had, say)
        _need_same_host(had, store, wishes, asker)
        settings_file.need_known(wishes.more, found.interpreter)
        wanted = _answers(found, pod, had, wishes, asker)
        _need_sound(wanted)
        if _pair(settings, store, pod, had, wanted, wishes, asker) == "unknown":
            done.notes.append(FOOT_UNKNOWN)
        if files:
            done.moved = _set_aside(place, found.interpreter)
            with progress("Copying") as advance:
                done.written = put(place, files, _packages(found, wishes), advance)
        _bring_ca(settings, place, wanted)
        _write_settings(place, had_text, had, wanted, done)
        store_id = store.store_id
    _finish(found, wishes, store_id, done)
    return done


# Before anything is changed


def _need_writable(found: Found) -> None:
    if found.interpreter == CIRCUITPYTHON and found.port is not None:
        raise StrideloadError(
            f"CircuitPython takes its files by its drive, not over {found.port.name}: name the CIRCUITPY drive."
        )
    if isinstance(found.place, FolderPlace) and found.interpreter == CIRCUITPYTHON:
        probe = found.place.folder / "strideload.tmp"
        try:
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise StrideloadError(
                f"{found.place.where} cannot be written ({error.strerror}): while it records, the pod keeps its drive "
                "to itself. Plug it in anew with its button held, for three seconds."
            ) from error


def _text(place: Place) -> str:
    if settings_file.NAME not in place.sizes(""):
        return ""
    try:
        return place.read(settings_file.NAME).decode("utf-8")
    except UnicodeDecodeError as error:
        raise StrideloadError(f"{settings_file.NAME} on {place.where} is not UTF-8 text.") from error


def _had(place: Place) -> dict[str, Value]:
    return settings_file.read(_text(place), place.where)


def _pod_id(found: Found) -> str:
    if found.pod is None:
        raise StrideloadError(
            f"{found.place.where} does not tell the chip's own id: put {found.interpreter} on anew."
        )
    return found.pod


def _need_acknowledged(place: Place, store: Store, wishes: Wishes) -> None:
    """StrideloadError: pages lie there that this host has not got."""
    missing = unsaved_pages(place, store)
    if missing and not wishes.anyway:
        whence = (
            f"`strideload import {place.where}`"
            if isinstance(place, FolderPlace)
            else "its host, while it runs"
        )
        raise StrideloadError(
            f"The log on {place.where} has {missing} pages that this host has not got: bring them in first, with "
            f"{whence}; --anyway goes on, and leaves the log as it is."
        )


def unsaved_pages(place: Place, store: Store) -> int:
    """Pages in the pod's log that the store has neither got nor knows to be lost."""
    segments = [one for one in log_files.segments(place.sizes(LOG_FOLDER)) if one.log is None]
    missing = 0
    for stream, held in log_files.held(segments).items():
        newest = [one for one in segments if one.stream == stream and one.size >= PAGE_SIZE]
        wanted = _wanted(place, store, newest[-1].name, stream) if newest else 0
        missing += max(0, held.next - max(held.oldest, wanted))
    return missing


def _wanted(place: Place, store: Store, name: str, stream: int) -> int:
    """What the store wants next of the log that a segment's first page is of; 0 where it cannot be read."""
    page = place.read(f"{LOG_FOLDER}/{name}", PAGE_SIZE)
    if not is_whole(page):
        return 0
    pod, log, _, _ = key(page)
    return store.wanted(pod, log, stream)


def _show_had(had: Mapping[str, Value], say: Callable[[str], None]) -> None:
    if had:
        say("The pod's settings, which stay unless you replace them:")
        for name, value in had.items():
            say(f"  {settings_file.shown(name, value)}")


def _need_same_host(had: Mapping[str, Value], store: Store, wishes: Wishes, asker: Asker | None) -> None:
    """StrideloadError: the pod is paired with another host, and nobody said that this is to change."""
    paired = had.get(STORE)
    if paired in (None, "", store.store_id) or wishes.replace:
        return
    if asker is None or not asker.confirm("The pod is paired with another host. Pair it with this one?"):
        raise StrideloadError(
            f"The pod is paired with another host (store {str(paired)[:8]}...); --replace pairs it with this one."
        )


# What goes onto it


def _files(found: Found, wishes: Wishes) -> dict[str, bytes]:
    """Firmware and libraries; nothing on Linux, where the firmware of this installation runs."""
    if found.interpreter == LINUX:
        return {}
    compiler = None
    if wishes.mpy_cross is not None or (found.interpreter == MICROPYTHON and found.mpy == MPY_VERSION):
        compiler = firmware.Compiler(found.interpreter, found.kind.march, wishes.mpy_cross)
    files = firmware.firmware_files(found.interpreter, compiler)
    if wishes.with_libraries:
        files.update(firmware.library_files(found.interpreter, compiler, wishes.libraries))
    return files


def _packages(found: Found, wishes: Wishes) -> list[str]:
    names = firmware.top_names(found.interpreter) if wishes.with_libraries else []
    return [firmware.PACKAGE, *(f"{firmware.LIBRARY_FOLDER}/{name}" for name in names)]


def _set_aside(place: Place, interpreter: str) -> list[str]:
    """Programs of the user's that would run in place of the pod's, or are in the way of its main.py."""
    names = (*(BEFORE_MAIN if interpreter == CIRCUITPYTHON else ()), ENTRY)
    moved: list[str] = []
    for name in names:
        if name in place.sizes("") and OF_STRIDELOAD not in place.read(name):
            aside = _free_name(name, place.sizes(""))
            place.replace(aside, name)
            moved.append(f"{name}, now {aside}")
    return moved


def _free_name(name: str, taken: Collection[str]) -> str:
    """NAME.before-strideload.py, or with a number where that is taken."""
    stem, _, suffix = name.rpartition(".")
    names = (f"{stem}.before-strideload{count or ''}.{suffix}" for count in itertools.count())
    return next(one for one in names if one not in taken)


# Settings


def _answers(
    found: Found,
    pod: str,
    had: Mapping[str, Value],
    wishes: Wishes,
    asker: Asker | None,
) -> "Wanted":
    """What is to stand in settings.toml: what was said, and what is missing there."""
    wanted = Wanted(had, wishes.replace, asker)
    if found.interpreter == LINUX:
        wanted.need("STRIDELOAD_POD_ID", pod)
    else:
        _answer_wifi(wanted, wishes, asker)
    for name, value in found.kind.settings:
        wanted.need(name, value)
    if wishes.chip is not None:
        wanted.say("STRIDELOAD_CHIP", wishes.chip)
    for name, value in wishes.more.items():
        wanted.say(name, value)
    return wanted


def _need_sound(wanted: "Wanted") -> None:
    """StrideloadError: settings that no pod has."""
    try:
        read_settings({**wanted.had, **wanted.new})
    except ValueError as error:
        raise StrideloadError(f"{error}.") from error


def _answer_wifi(wanted: "Wanted", wishes: Wishes, asker: Asker | None) -> None:
    name = wishes.wifi
    if name is not None and wishes.no_wifi:
        raise StrideloadError("--wifi and --no-wifi exclude each other.")
    if name is None and not wishes.no_wifi and not wanted.had.get(SSID):
        if asker is None:
            raise StrideloadError(
                "Nothing says which Wi-Fi the pod uses: name it with --wifi, or say --no-wifi for a pod that is read "
                "by cable."
            )
        name = asker.ask("Name of the Wi-Fi (empty: none, pages come by `strideload import`)", "")
    if name:
        wanted.say(SSID, name)
    password = wishes.wifi_password
    if password is None and SSID in wanted.new:
        if asker is None:
            raise StrideloadError(
                f"The password of {name} is missing: give it with --wifi-password-file; an empty file is an open "
                "network."
            )
        password = asker.secret(f"Password of {name}")
    if password is not None:
        wanted.say(WIFI_PASSWORD, password)


class Wanted:
    """Settings as they are to be: `had`, and over them what is in `new`. `kept` are wishes that were not granted."""

    def __init__(self, had: Mapping[str, Value], replaces: bool, asker: Asker | None) -> None:
        self.had = had
        self.new: dict[str, Value] = {}
        self.kept: dict[str, Value] = {}
        self._replaces = replaces
        self._asker = asker

    def value(self, name: str) -> Value | None:
        return self.new.get(name, self.had.get(name))

    def need(self, name: str, value: Value) -> None:
        """It has to be there; what is there stays."""
        if name not in self.had:
            self.new[name] = value

    def say(self, name: str, value: Value) -> None:
        """The user said so: it takes the place of what is there if that is granted as well."""
        before = self.had.get(name)
        if before == value:
            return
        if before in (None, "") or self._replaces or self._is_granted(name, value):
            self.new[name] = value
        else:
            self.kept[name] = value

    def must(self, name: str, value: Value) -> None:
        """Without it the pod reaches nobody."""
        if self.had.get(name) != value:
            self.new[name] = value

    def _is_granted(self, name: str, value: Value) -> bool:
        if self._asker is None:
            return False
        old, new = settings_file.shown(name, self.had[name]), settings_file.shown(name, value)
        return self._asker.confirm(f"{old} stands there. Replace it by {new}?")


def _pair(
    settings: Settings,
    store: Store,
    pod: str,
    had: Mapping[str, Value],
    wanted: Wanted,
    wishes: Wishes,
    asker: Asker | None,
) -> Foot:
    """Pod and host know each other: store, broker, password, runner and foot, which is returned."""
    runner, foot = _wearer(settings, store, pod, wishes, asker)
    way = pods.let_in(settings, pod, had)  # before the store knows of the pod: the broker may refuse it
    pods.assign(store, pod, runner, foot)
    wanted.must(STORE, store.store_id)
    own = settings.broker.host is not None
    host = wishes.broker_host
    if host is None and asker is not None and not had.get(BROKER_HOST):
        host = asker.ask("Name or address of this host, as the pod reaches its broker", str(way[BROKER_HOST]))
    if host is not None:
        wanted.say(BROKER_HOST, host)
    if wishes.broker_user is not None:
        wanted.say(BROKER_USER, wishes.broker_user)
    for name, value in way.items():
        if name in (BROKER_PASSWORD, CA_FILE):
            wanted.must(name, value)
        else:
            wanted.need(name, value)
    if own:
        _answer_broker_password(wanted, wishes, asker)
    return foot


def _wearer(
    settings: Settings, store: Store, pod: str, wishes: Wishes, asker: Asker | None
) -> tuple[str, Foot]:
    """Runner and foot: as said, as asked, or as they are."""
    now = store.wearing(pod, time.time_ns() // 1000)
    runner, foot = wishes.runner, wishes.foot
    if runner is None and asker is not None and len(store.runners()) > 1:
        runner = asker.ask(
            f"Whose pod is it ({', '.join(store.runners())})", now.runner or settings.runner.id
        )
    if foot is None and asker is not None and now.foot == "unknown":
        answer = asker.ask("Which foot is it on (left, right, unknown)", "unknown")
        if answer not in ("left", "right", "unknown"):
            raise StrideloadError(f"A foot is left, right or unknown, not {answer!r}.")
        foot = answer
    who = pods.known_runner(store, settings, runner or now.runner)
    return who, foot or now.foot


def _answer_broker_password(wanted: Wanted, wishes: Wishes, asker: Asker | None) -> None:
    """At the user's own broker the password is the user's to give."""
    password = wishes.broker_password
    if password is None and asker is not None and not wanted.had.get(BROKER_PASSWORD):
        password = asker.secret(f"Password of {wanted.value(BROKER_USER)} at your broker (empty: none)")
    if password:
        wanted.say(BROKER_PASSWORD, password)


def _bring_ca(settings: Settings, place: Place, wanted: Wanted) -> None:
    """The authority's certificate onto the pod. It is no secret."""
    file = pods.ca_file(settings)
    if file is None or wanted.value(CA_FILE) != pods.CA_NAME:
        return
    data = file.read_bytes()
    if not place.holds(pods.CA_NAME, data):
        place.write(f"{pods.CA_NAME}.new", data)
        place.replace(pods.CA_NAME, f"{pods.CA_NAME}.new")


def _write_settings(
    place: Place, text: str, had: Mapping[str, Value], wanted: Wanted, done: Installed
) -> None:
    """Last of all, beside the old ones first."""
    for name, value in wanted.new.items():
        was = f" (was {settings_file.shown(name, had[name]).partition(' = ')[2]})" if name in had else ""
        done.set[name] = settings_file.shown(name, value) + was
    for name in wanted.kept:
        done.kept[name] = f"{settings_file.shown(name, had[name])} stays as it was; --replace changes it"
    if not wanted.new:
        return
    made = settings_file.changed(text, wanted.new, place.where).encode()
    place.write(f"{settings_file.NAME}.new", made)
    if not place.holds(f"{settings_file.NAME}.new", made):
        raise StrideloadError(
            f"{settings_file.NAME} reads back otherwise than it was written to {place.where}."
        )
    place.replace(settings_file.NAME, f"{settings_file.NAME}.new")
    if isinstance(place, FolderPlace):
        _only_for_owner(place.folder / settings_file.NAME)


def _only_for_owner(file: Path) -> None:
    """Passwords are in it. FAT has no such thing."""
    with suppress(OSError):
        file.chmod(0o600)


# Afterwards


def _finish(found: Found, wishes: Wishes, store_id: str, done: Installed) -> None:
    if found.interpreter == LINUX:
        file = unit.write(Path(found.place.where))
        done.notes += unit.how_to_start(file)
    elif found.port is None:
        done.notes.append(
            "Eject the drive, unplug the pod and plug it in again without its button: it records from then on. "
            "`strideload pod check --to PORT` looks at it over its serial port."
        )
        return
    if not wishes.check:
        return
    done.findings = _checked(found, store_id, done.pod)


def _checked(found: Found, store_id: str, pod: str) -> list[Finding]:
    """What is well and what is not; what was installed is told even where the check cannot run."""
    try:
        said = checking.check(found, with_broker=False)
    except StrideloadError as error:
        return [Finding("Check", False, str(error))]
    findings = report.findings(said, store_id, synchronised_utc_ms(), broker_asked=False)
    if said.pod != pod:
        words = (
            f"it calls itself {said.pod}, and {pod} was let in: `strideload pod add {said.pod}` lets it in"
        )
        findings.insert(0, Finding("Identity", False, words))
    return findings
