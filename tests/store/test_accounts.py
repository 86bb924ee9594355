"""Runners as people: names and logins however they are typed, and what holds of whom nothing was said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.conftest import RUNNER
from store.test_placing import downgrade
from strideload.store import Store, StoreError, open_store
from strideload.store.accounts import Account, clean_name, fold_login


def test_a_runner_of_whom_nothing_was_said(store: Store) -> None:
    accounts = store.accounts
    assert accounts.find(RUNNER) == Account(RUNNER, "Me", None, False, True, "km", False, False, None)
    assert accounts.units_of(RUNNER) == accounts.units_of("nobody") == "km"
    assert accounts.publishes(RUNNER) == accounts.publishes("nobody") == (False, False)
    assert accounts.is_keeper(RUNNER)
    assert not accounts.is_keeper("nobody")
    assert not accounts.any_password()


def test_what_is_said_of_one_runner_leaves_the_other(store: Store) -> None:
    accounts = store.accounts
    other = accounts.add("Bob", "Europe/London")
    accounts.set_units(other, "miles")
    accounts.set_publishes(other, True, False)
    assert (accounts.units_of(other), accounts.units_of(RUNNER)) == ("miles", "km")
    assert accounts.publishes(other) == (True, False)
    assert accounts.publishes(RUNNER) == (False, False)
    assert not accounts.is_keeper(other)


def test_somebody_always_keeps_the_house(store: Store) -> None:
    accounts = store.accounts
    other = accounts.add("Bob", "Europe/London", "bob")
    with pytest.raises(StoreError, match="somebody has to keep the house"):
        accounts.set_keeper(RUNNER, False)
    accounts.set_keeper(other, True)
    accounts.set_keeper(RUNNER, False)
    assert [found.keeper for found in accounts.all()] == [False, True]


def test_a_login_is_one_runners(store: Store) -> None:
    accounts = store.accounts
    other = accounts.add("Bob", "Europe/London")
    accounts.set_password(RUNNER, "hash", login="Ada")
    for login in ("ada", "ADA", " ada ", "\uff41da"):
        with pytest.raises(StoreError, match="somebody else logs in as 'ada'"):
            accounts.set_password(other, "hash of another", login=login)
        assert accounts.password_of(login) == (RUNNER, "hash")
    with pytest.raises(StoreError, match="no name to log in by"):
        accounts.set_password(other, "hash of another")
    assert accounts.password_of("bob") is None
    assert accounts.password_of("no login, for it has spaces") is None


def test_of_a_password_of_a_former_version_nobody_knows_when(store: Store, url: str) -> None:
    store.accounts.set_password(RUNNER, "hash", login="ada")
    downgrade(store, "0005")
    with open_store(url) as opened:
        found = opened.accounts.find(RUNNER)
        assert found
        assert (found.has_password, found.password_set_utc_us) == (True, None)
        opened.accounts.set_password(RUNNER, "another")
        found = opened.accounts.find(RUNNER)
        assert found
        assert found.password_set_utc_us is not None


def test_a_failed_addition_adds_nobody(store: Store) -> None:
    accounts = store.accounts
    accounts.set_password(RUNNER, "hash", login="ada")
    for wrong in (
        {"name": " "},
        {"zone": "Nowhere/Land"},
        {"runner": RUNNER},
        {"runner": "a b"},
        {"login": "ADA"},
        {"login": "a b"},
    ):
        with pytest.raises(StoreError):
            accounts.add(**{"name": "Bob", "zone": "Europe/London", **wrong})
    assert [found.runner for found in accounts.all()] == [RUNNER]


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\x00b", "a\u202eb", "\ud800"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(StoreError):
        clean_name(name)


@given(st.text(max_size=90))
def test_a_name_and_a_login_are_kept_the_same_twice(text: str) -> None:
    for kept in (clean_name, fold_login):
        try:
            once = kept(text)
        except StoreError:
            continue
        assert kept(once) == once
