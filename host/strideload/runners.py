"""Runners and their passwords, for the commands `strideload runner ...`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from getpass import getpass
from typing import Final

from strideload.access import passwords
from strideload.access.entry import Entry
from strideload.access.passwords import Passwords
from strideload.errors import StrideloadError
from strideload.store import Store
from strideload.store.accounts import Account

NOBODY: Final = (
    "There is no runner here yet: `strideload up`, `import`, `replay`, `pod add` or `runner add` makes the one of the "
    "settings."
)


def add(
    store: Store, name: str, zone: str, runner: str | None, login: str | None, password: str | None
) -> Account:
    """A new runner, with login and password where these are given. StoreError, PasswordRefused: nobody was added."""
    if password is not None:
        passwords.check(password, name, *([login] if login else []))
    added = store.accounts.add(name, zone, runner, login=login)
    return require_known(store, added) if password is None else set_password(store, added, login, password)


def require(store: Store, runner: str, login: str | None) -> str:
    """StrideloadError: no such runner, or no name to log in by."""
    found = require_known(store, runner)
    if found.login is None and login is None:
        raise StrideloadError(f"{found.name} has no name to log in by yet: give one with --login.")
    return runner


def set_password(store: Store, runner: str, login: str | None, password: str) -> Account:
    """StoreError, PasswordRefused."""
    Entry(store, Passwords()).set_password(runner, password, login)
    return require_known(store, runner)


def read_password(from_stdin: bool, what: str = "password") -> str:
    """One line of standard input, or asked for twice at the terminal and not shown. StrideloadError."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise StrideloadError(f"There is no terminal to ask at: give the {what} with --{what}-stdin.")
    password = getpass(f"{what.capitalize()}: ")
    if getpass("The same again: ") != password:
        raise StrideloadError(f"The two {what}s differ.")
    return password


def confirm(question: str, answer: str) -> None:
    """Has `answer` typed at the terminal. StrideloadError: it was not, and nothing is done."""
    if not sys.stdin.isatty():
        raise StrideloadError("There is no terminal to ask at: give --yes if you mean it.")
    if input(f"{question}: ").strip() != answer:
        raise StrideloadError("That is not it, so nothing was done.")


def in_words(account: Account) -> str:
    login = f"logs in as {account.login}" if account.has_password else "no password yet"
    return f"{account.runner}  {account.name}, {login}{', keeps the house' if account.keeper else ''}"


def to_json(found: Sequence[Account]) -> str:
    return json.dumps([asdict(account) for account in found])


def require_known(store: Store, runner: str) -> Account:
    """StrideloadError: no such runner."""
    found = store.accounts.find(runner)
    if found is None:
        there = ", ".join(account.runner for account in store.accounts.all())
        raise StrideloadError(f"There is no runner {runner!r}; there are {there}." if there else NOBODY)
    return found
