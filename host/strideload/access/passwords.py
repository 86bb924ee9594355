"""Passwords: what is taken for one, and how it is kept and checked (argon2id)."""

import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from strideload.errors import StrideloadError

# A password that stands alone, without a second factor [NIST SP 800-63B-4, 3.1.1.2]; and a bound on what is hashed.
LEAST: Final = 15
MOST: Final = 200
# Argon2id: 19 MiB, two passes, one lane [OWASP Password Storage Cheat Sheet]. 40 ms on a desk computer.
HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# So many are hashed at once, so that guesses cannot fill a small computer's memory; a few others wait their turn.
AT_ONCE: Final = 2
WAITING: Final = 6  # of the threads that answer everybody; whoever comes after them is told at once
TURN_LIMIT_S: Final = 3.0


class PasswordRefused(StrideloadError):
    """Not taken for a password; the text says why and does not repeat it."""


class TooBusy(StrideloadError):
    """More passwords are to be checked than this computer can."""


def check(password: str, *about: str) -> None:
    """PasswordRefused, for one that is too short, too long, or made of what is known of its owner (`about`)."""
    plain = _normal(password)
    if len(plain) < LEAST:
        raise PasswordRefused(
            f"A password has {LEAST} characters or more. Four words that have nothing to do with each other are easy "
            "to remember and hard to guess."
        )
    if len(plain) > MOST:
        raise PasswordRefused(f"A password has {MOST} characters at most.")
    rest = plain.casefold()
    for known in ("strideload", "password", *about):
        rest = rest.replace(_normal(known).casefold() or " ", "")
    if len(set(rest)) < 5:
        raise PasswordRefused("This password is too easy to guess: choose other words.")


class Passwords:
    """Makes and compares hashes. Any thread may call."""

    def __init__(self, hasher: PasswordHasher = HASHER) -> None:
        self._hasher = hasher
        self._places = BoundedSemaphore(AT_ONCE + WAITING)
        self._turns = BoundedSemaphore(AT_ONCE)
        self._nobodys = hasher.hash(secrets.token_urlsafe(16))

    def hashed(self, password: str) -> str:
        """What may be kept. TooBusy."""
        with self._turn():
            return self._hasher.hash(_normal(password))

    def matches(self, password: str, stored: str | None) -> bool:
        """True if `stored` is its hash. Without one it takes as long, and is False. TooBusy."""
        if len(password) > MOST:
            return False
        with self._turn():
            try:
                self._hasher.verify(stored or self._nobodys, _normal(password))
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """True if it was made with other figures than would be taken today."""
        return self._hasher.check_needs_rehash(stored)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """TooBusy: at once where too many wait, else after TURN_LIMIT_S."""
        with _held(self._places, 0.0), _held(self._turns, TURN_LIMIT_S):
            yield


@contextmanager
def _held(places: BoundedSemaphore, limit_s: float) -> Iterator[None]:
    if not places.acquire(timeout=limit_s):
        raise TooBusy("Too many passwords are being checked; try again in a minute.")
    try:
        yield
    finally:
        places.release()


def _normal(password: str) -> str:
    """The same characters however a keyboard composes them [NIST SP 800-63B-4]."""
    return unicodedata.normalize("NFKC", password)
