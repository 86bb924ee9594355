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


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def guarded(store: Store, passwords: Passwords, clock: list[float]) -> Entry:
    """Where Ada has a password, and the clock is turned by hand."""
    store.ensure_runner("me", "Ada", "UTC")
    store.accounts.set_password("me", passwords.hashed(GOOD), login="ada")
    return Entry(store, passwords, lambda: clock[0])


def fails_on_purpose(entry: Entry, clock: list[float], address: str) -> Iterator[None]:
    """For an hour, taking every turn as soon as it comes; a step is a turn."""
    while clock[0] < 3600:
        try:
            entry.check("ada", "not her password", address)
        except HeldBack as error:
            clock[0] += error.wait_s
        except NotLetIn:
            yield


@pytest.mark.parametrize(
    ("her", "others"),
    [("192.168.1.2", "192.168.1.66"), ("fd00::2", "fd00::66")],
    ids=["IPv4", "IPv6, of the same /64"],
)
def test_who_fails_on_purpose_does_not_keep_the_owner_out(
    guarded: Entry, clock: list[float], her: str, others: str
) -> None:
    guarded.check("ada", GOOD, her)
    for _ in fails_on_purpose(guarded, clock, others):
        assert guarded.check("ada", GOOD, her) == "me"
    with pytest.raises(NotLetIn):
        guarded.check("ada", "not her password", others)
    with pytest.raises(HeldBack):
        guarded.check(
            "ada", GOOD, "192.168.1.3"
        )  # an address that she never came in from waits with the others


@pytest.mark.parametrize("here", ["127.0.0.1", "::1"])
def test_nor_at_this_computer_itself(guarded: Entry, clock: list[float], here: str) -> None:
    for _ in fails_on_purpose(guarded, clock, "192.168.1.66"):
        assert guarded.check("ada", GOOD, here) == "me"


@pytest.mark.parametrize("address", ["192.168.1.2", "127.0.0.1"])
def test_who_guesses_where_the_owner_came_in_waits_as_anywhere(
    guarded: Entry, clock: list[float], address: str
) -> None:
    guarded.check("ada", GOOD, address)
    looked_at = len(list(fails_on_purpose(guarded, clock, address)))
    assert looked_at == FREE_A_LOGIN + 9 + 10  # free; 1, 2, 4 ... 256 s; then one in 300 s


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
