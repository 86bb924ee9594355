"""Whether somebody is who they say: login and password, with patience for those who guess."""

import logging
import os
import time
from collections.abc import Callable
from hashlib import blake2s
from ipaddress import ip_address, ip_network
from typing import Final

from strideload.access import passwords
from strideload.access.back_off import BackOff
from strideload.access.passwords import Passwords, TooBusy
from strideload.errors import StrideloadError
from strideload.store import Store, StoreError
from strideload.store.accounts import fold_login
from strideload.store.keys import OfferEnded

log = logging.getLogger(__name__)

_MARKED_BY: Final = os.urandom(16)  # so that a mark in a log means nothing after the next start

# One person mistypes a few times; one address may be a whole household, or a proxy that does not say for whom it asks.
FREE_A_LOGIN: Final = 5
FREE_AN_ADDRESS: Final = 20
IPV6_PREFIX: Final = 64
WAIT_MOST_S: Final = 300.0
PLACES_MOST: Final = 20  # addresses that are remembered of a login, the newest


class NotLetIn(StrideloadError):
    """Login and password do not belong together: which of the two is wrong is not said."""


class HeldBack(StrideloadError):
    """Too many attempts: the next one is looked at in `wait_s`."""

    def __init__(self, wait_s: float) -> None:
        self.wait_s = wait_s
        super().__init__(f"Too many attempts failed. Try again in {max(1, round(wait_s))} s.")


class Entry:
    """Checks and changes passwords. No password, and no login that nobody has, is ever logged."""

    def __init__(
        self, store: Store, passwords: Passwords, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._accounts = store.accounts
        self._keys = store.keys
        self._passwords = passwords
        self._by_login = BackOff(FREE_A_LOGIN, WAIT_MOST_S, clock)
        self._by_address = BackOff(FREE_AN_ADDRESS, WAIT_MOST_S, clock)
        self._places: dict[str, tuple[str, ...]] = {}  # addresses from which a login has come in
        self.counters = {"logins_refused": 0, "logins_held_back": 0}

    def check(self, login: str, password: str, address: str) -> str:
        """The runner. NotLetIn, HeldBack, TooBusy."""
        try:
            folded = fold_login(login)
        except StoreError:
            folded = ""
        known = self._accounts.password_of(folded)
        runner, stored = known or (None, None)
        counts = self._counts(folded, address)
        self._begin(counts, address, runner)
        try:
            matches = self._passwords.matches(password, stored)
        except TooBusy:  # it was not looked at, so it is no failure
            for back_off, key in counts:
                back_off.take_back(key)
            raise
        if not matches or runner is None or stored is None:
            self.counters["logins_refused"] += 1
            count = self._by_login.count(counts[-1][1])
            log.warning("log-in refused: %s, from %s, %d in a row", _whose(runner), address, count)
            raise NotLetIn("This login and this password do not belong together.")
        self._come_in(counts, folded, address)
        if self._passwords.is_outdated(stored):
            self._accounts.renew_hash(runner, stored, self._passwords.hashed(password))
        log.info("logged in: %s, from %s", _whose(runner), address)
        return runner

    def set_password(self, runner: str, password: str, login: str | None = None) -> None:
        """All log-ins of before end. PasswordRefused, StoreError, TooBusy."""
        self._accounts.set_password(runner, self._hashed(runner, password, login), login=login)
        log.info("password set: %s", _whose(runner))

    def use_offer(self, secret: str, now_utc_us: int, password: str, login: str) -> str:
        """Set the password that a link is for, which ends with it -> whose. As `set_password`; OfferEnded."""
        runner = self._keys.offered(secret, now_utc_us)
        if runner is None:
            raise OfferEnded
        self._keys.use_offer(secret, now_utc_us, self._hashed(runner, password, login), login)
        log.info("password set by a link: %s", _whose(runner))
        return runner

    def _hashed(self, runner: str, password: str, login: str | None) -> str:
        found = self._accounts.find(runner)
        about = [word for word in (found and found.name, found and found.login, login) if word]
        passwords.check(password, *about)
        return self._passwords.hashed(password)

    def _counts(self, folded: str, address: str) -> list[tuple[BackOff, str]]:
        """By what an attempt is counted, the login last.

        Apart, at an address from which this login has come in, and at this computer itself: so whoever fails on
        purpose elsewhere, for as long as they like, does not keep the owner out. No login has a space.
        """
        apart = f"{folded} {address}"
        if address in self._places.get(folded, ()):
            return [(self._by_login, apart)]
        login = apart if _is_loopback(address) else folded
        return [(self._by_address, _network(address)), (self._by_login, login)]

    def _begin(self, counts: list[tuple[BackOff, str]], address: str, runner: str | None) -> None:
        for back_off, key in counts:
            wait_s = back_off.begin(key)
            if wait_s:
                self.counters["logins_held_back"] += 1
                log.warning("log-in held back for %.0f s: %s, from %s", wait_s, _whose(runner), address)
                raise HeldBack(wait_s)

    def _come_in(self, counts: list[tuple[BackOff, str]], folded: str, address: str) -> None:
        """The login's failures of here are forgotten, those of the address are not."""
        for back_off, key in counts:
            if back_off is self._by_login:
                back_off.succeeded(key)
            else:
                back_off.take_back(key)
        known = [one for one in self._places.get(folded, ()) if one != address]
        self._places[folded] = (*known, address)[-PLACES_MOST:]


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _network(address: str) -> str:
    """By what an address is counted: of IPv6 the /64, of which one computer has every address."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return address if found.version == 4 else str(ip_network((int(found), IPV6_PREFIX), strict=False))


def _whose(runner: str | None) -> str:
    """Tells logins apart in one log and names nobody. What was typed as a login that nobody has may be a password."""
    if runner is None:
        return "an unknown login"
    return f"login {blake2s(runner.encode(), key=_MARKED_BY, digest_size=4).hexdigest()}"
