"""Who guesses is counted by login and by network; what was not looked at is no failure."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from strideload.access.entry import FREE_A_LOGIN, FREE_AN_ADDRESS, Entry, HeldBack, NotLetIn
from strideload.access.passwords import Passwords, TooBusy
from strideload.store import Store, open_store

GOOD = "correct horse battery staple"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def test_all_addresses_of_an_ipv6_network_count_as_one(store: Store, passwords: Passwords) -> None:
    """A computer has the 2**64 addresses of its /64 to guess from; that of a neighbour is another one."""
    entry = Entry(store, passwords)
    for n in range(FREE_AN_ADDRESS):
        with pytest.raises(NotLetIn):
            entry.check(f"login{n}", GOOD, f"2001:db8:0:7:{n:x}::1")
    with pytest.raises(HeldBack):
        entry.check("another", GOOD, "2001:db8:0:7:ffff::9")
    for other in ("2001:db8:0:8::1", "192.0.2.1", "no address"):
        with pytest.raises(NotLetIn):
            entry.check("another", GOOD, other)


def test_a_password_that_was_not_looked_at_is_no_failure(
    store: Store, passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.ensure_runner("me", "Ada", "UTC")
    store.accounts.set_password("me", passwords.hashed(GOOD), login="ada")
    entry = Entry(store, passwords)

    def busy(*_: Any) -> bool:
        raise TooBusy

    with monkeypatch.context() as patch:
        patch.setattr(passwords, "matches", busy)
        for _ in range(FREE_A_LOGIN + 1):
            with pytest.raises(TooBusy):
                entry.check("ada", GOOD, "192.0.2.1")
    assert entry.check("ada", GOOD, "192.0.2.1") == "me"
