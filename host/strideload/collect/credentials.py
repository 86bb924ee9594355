"""Users of a managed broker: one a pod, named by its id, and one for the host; and what each may do.

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
from typing import Final

from strideload.collect.errors import BrokerError
from strideload.protocol.topics import PREFIX

HOST_USER: Final = "host"
HOST_TOPICS: Final = "strideload/#"
POD_WRITES: Final = ("pages", "online", "state", "live")
POD_READS: Final = ("ack", "settings")

USERS_FILE: Final = "users"
HOST_PASSWORD_FILE: Final = "host.password"

SALT_BYTES: Final = 12  # Mosquitto 2.0 reads this length only
# Our passwords are 192 random bits, which need no stretching; this is ten times Mosquitto's own choice.
ITERATIONS: Final = 1000

_POD = re.compile(r"[0-9a-f]{16}")


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
        self._host_password_file = folder / HOST_PASSWORD_FILE

    def host_password(self) -> str:
        """The host's password, made at first use."""
        try:
            return self._host_password_file.read_text(encoding="utf-8")
        except FileNotFoundError:
            password = secrets.token_urlsafe(24)
            write_private(self._host_password_file, password)
            return password

    def write_host(self) -> None:
        self._set(HOST_USER, self.host_password())

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
