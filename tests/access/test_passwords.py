"""Passwords are kept as argon2id with OWASP's figures, and what is too easy to guess is refused."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore
from typing import Any

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from strideload.access.passwords import (
    AT_ONCE,
    HASHER,
    LEAST,
    MOST,
    WAITING,
    PasswordRefused,
    Passwords,
    TooBusy,
    check,
)
from support.waiting import PATIENCE_S, until

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
GOOD = "correct horse battery staple"


def test_production_hashes_with_the_figures_of_owasp() -> None:
    found = extract_parameters(Passwords().hashed(GOOD))
    assert (found.type, found.memory_cost, found.time_cost, found.parallelism) == (Type.ID, 19456, 2, 1)
    assert (found.salt_len, found.hash_len) == (16, 32)


def test_the_same_password_is_never_kept_the_same() -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    one, other = passwords.hashed(GOOD), passwords.hashed(GOOD)
    assert one != other
    assert passwords.matches(GOOD, one)
    assert passwords.matches(GOOD, other)
    assert not passwords.matches(GOOD + "r", one)
    assert not passwords.matches(GOOD, None)
    assert not passwords.matches(GOOD, "no hash")


def test_a_hash_of_other_figures_is_outdated() -> None:
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    stored = cheap.hashed(GOOD)
    assert not cheap.is_outdated(stored)
    assert Passwords(HASHER).is_outdated(stored)


def test_a_password_is_the_same_however_a_keyboard_composes_it() -> None:
    passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    assert passwords.matches("vier unglei\u0301che", passwords.hashed("vier ungle\u00edche"))


@pytest.mark.parametrize(
    "password",
    ["", "x" * 14, "abcdefghijklmn", "x" * (MOST + 1), "a" * 30, "ababababababababab", "adaadaadaadaada"],
)
def test_a_weak_one_is_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(PasswordRefused) as caught:
        check(password, "Ada")
    assert not password or password not in str(caught.value)


def test_the_bounds_themselves_are_taken() -> None:
    check("abcdefghijklmno"[:LEAST])
    check((GOOD * 10)[:MOST])


class Slow:
    """Hashes when it is told to."""

    def __init__(self) -> None:
        self.begun = Semaphore(0)
        self.go_on = Event()

    def hash(self, password: str) -> str:
        return CHEAP.hash(password)

    def verify(self, stored: str, password: str) -> bool:
        self.begun.release()
        assert self.go_on.wait(PATIENCE_S)
        return CHEAP.verify(stored, password)


def test_whoever_comes_when_many_wait_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that wait for a turn answer nobody else meanwhile, so they are few."""
    monkeypatch.setattr(
        "strideload.access.passwords.TURN_LIMIT_S", 2 * PATIENCE_S
    )  # the test would not wait for it
    slow: Any = Slow()
    passwords = Passwords(slow)
    stored = CHEAP.hash(GOOD)
    with ThreadPoolExecutor(AT_ONCE + WAITING) as threads:
        waiting = [threads.submit(passwords.matches, GOOD, stored) for _ in range(AT_ONCE + WAITING)]
        for _ in range(AT_ONCE):
            assert slow.begun.acquire(timeout=PATIENCE_S)
        until(lambda: passwords._places._value == 0)  # all of them wait
        with pytest.raises(TooBusy):
            passwords.matches(GOOD, stored)
        slow.go_on.set()
        assert all(one.result() for one in waiting)
    assert passwords.matches(GOOD, stored)
