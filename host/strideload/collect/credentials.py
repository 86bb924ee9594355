"""Users of a managed broker: one a pod, named by its id, and those of the house; and what each may do.

The host collects. Where homes are told something, `home` tells it, and `dashboard` is who listens: Home Assistant and
others.

Passwords lie in Mosquitto's own format, PBKDF2 with SHA-512, so that the file works for it as it is and no
password ever stands on a command line. [mosquitto: src/password_mosq.c]
"""

import hashlib
import hmac
import os
import re
import secrets
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Final, NamedTuple

from strideload.collect.errors import BrokerError
from strideload.protocol.topics import (
    PREFIX,
    RUNNER_LEAVES,
    of_host,
    of_pod,
    of_runner,
    pain_send,
    pain_set,
)

HOST_USER: Final = "host"
HOME_USER: Final = "home"
DASHBOARD_USER: Final = "dashboard"
HOST_TOPICS: Final = "strideload/#"
PREFIX_LEVELS: Final = 4  # most that settings take for home.discovery_prefix
POD_WRITES: Final = ("pages", "online", "state", "live")
POD_READS: Final = ("ack", "settings")

USERS_FILE: Final = "users"
PASSWORD_FILE: Final = "{}.password"

SALT_BYTES: Final = 12  # Mosquitto 2.0 reads this length only
# Our passwords are 192 random bits, which need no stretching; this is ten times Mosquitto's own choice.
ITERATIONS: Final = 1000

_POD = re.compile(r"[0-9a-f]{16}")


class Rights(NamedTuple):
    """Filters of topics that a user may publish to, and those that it gets."""

    writes: tuple[str, ...]
    reads: tuple[str, ...]


def home_rights(prefix: str) -> dict[str, Rights]:
    """Of the users that are there where homes are told something; `prefix`: of Home Assistant's discovery."""
    commands = (pain_set("+", "+"), pain_send("+"))
    birth = f"{prefix}/status"
    told = (
        of_host("+", "online"),
        of_pod("+", "status"),
        *(of_runner("+", leaf) for leaf in RUNNER_LEAVES),
    )
    # Under any prefix: what an earlier one began has to be cleared.
    devices = tuple("+/" * levels + "device/+/config" for levels in range(1, PREFIX_LEVELS + 1))
    discovered = (
        f"{prefix}/device/+/config",
        f"{prefix}/+/+/config",
        f"{prefix}/+/+/+/config",
    )  # as Home Assistant asks for them
    return {
        HOME_USER: Rights((*devices, *told), (birth, *commands)),
        DASHBOARD_USER: Rights((birth, *commands), (*told, *discovered, birth)),
    }


def allows(filters: tuple[str, ...], topic: str) -> bool:
    """True if one of the filters covers this topic, or this whole filter; `+` is the only wildcard that they have."""
    levels = topic.split("/")
    return any(
        len(levels) == len(pattern)
        and all(has == "+" or has == level for has, level in zip(pattern, levels, strict=True))
        and "#" not in levels
        for pattern in (one.split("/") for one in filters)
    )


def write_private(file: Path, text: str) -> None:
    """Replace a file that only its owner may read, as a whole or not at all."""
    draft = file.with_name(file.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(descriptor)
    draft.replace(file)


def make_private_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def hashed(password: str, salt: bytes, iterations: int = ITERATIONS) -> str:
    """A password as Mosquitto's password file has it after `user:`."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
    return f"$7${iterations}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def matches(password: str, stored: str) -> bool:
    """True if `stored` is the hash of `password`."""
    _, _, iterations, salt, _ = stored.split("$")
    return hmac.compare_digest(hashed(password, b64decode(salt), int(iterations)), stored)


def pod_may(user: str, writes: bool, topic: str) -> bool:
    """True if the pod `user` may publish to, or else subscribe to and get, exactly this topic."""
    pod, _, leaf = topic.removeprefix(PREFIX).partition("/")
    return topic.startswith(PREFIX) and pod == user and leaf in (POD_WRITES if writes else POD_READS)


class Users:
    """The users file in a managed broker's folder."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / USERS_FILE
        self._folder = folder

    def password_of(self, user: str) -> str:
        """The password of a user of the house, made at first use and kept in a file of its own."""
        file = self._folder / PASSWORD_FILE.format(user)
        try:
            return file.read_text(encoding="utf-8")
        except FileNotFoundError:
            password = secrets.token_urlsafe(24)
            write_private(file, password)
            return password

    def write_house(self, *, home: bool) -> None:
        """Let the host in; and the users of homes, or else nobody by their names."""
        self._set(HOST_USER, self.password_of(HOST_USER))
        for user in (HOME_USER, DASHBOARD_USER):
            if home:
                self._set(user, self.password_of(user))
            elif user in self.read():
                self.remove(user)

    def add_pod(self, pod: str) -> str:
        """A new password for a pod, which replaces the one it had. BrokerError: not a pod's id."""
        if not _POD.fullmatch(pod):
            raise BrokerError(f"A pod's id has 16 hex digits in lower case, not {pod!r}.")
        password = secrets.token_urlsafe(24)
        self._set(pod, password)
        return password

    def has_pod(self, pod: str) -> bool:
        """True if this is a pod's id, and the pod has a password."""
        return _POD.fullmatch(pod) is not None and pod in self.read()

    def remove(self, user: str) -> None:
        self._write({name: stored for name, stored in self.read().items() if name != user})

    def read(self) -> dict[str, str]:
        """user -> hash of the password; nobody where there is no file yet."""
        try:
            lines = self.file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        return dict(line.split(":", 1) for line in lines if ":" in line)

    def _set(self, user: str, password: str) -> None:
        self._write({**self.read(), user: hashed(password, secrets.token_bytes(SALT_BYTES))})

    def _write(self, users: dict[str, str]) -> None:
        write_private(self.file, "".join(f"{user}:{stored}\n" for user, stored in users.items()))
