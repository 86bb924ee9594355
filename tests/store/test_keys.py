"""Secrets that let somebody in: kept as hashes, bounded in number, and ended in time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from store.conftest import RUNNER
from strideload.store import Store, StoreError, kept
from strideload.store.keys import (
    DAY_US,
    DAYS_MOST,
    LOGIN_IDLE_US,
    LOGIN_LIFE_US,
    MANY,
    OFFER_LIFE_US,
    SEEN_EVERY_US,
    OfferEnded,
    digest,
    new_secret,
)

NOW = 1_795_000_000_000_000
DAY = date(2026, 11, 22)


def test_secrets_are_256_bits_and_only_their_hash_is_kept(store: Store) -> None:
    secret = store.keys.log_in(RUNNER, NOW)
    assert len(secret) == len(new_secret()) == 43
    with store.engine.connect() as connection:
        assert connection.execute(sa.select(kept.logins.c.token_hash)).scalars().all() == [digest(secret)]
    assert store.keys.login(digest(secret), NOW) is None


def test_use_keeps_a_log_in_open_until_its_end(store: Store) -> None:
    secret, at = store.keys.log_in(RUNNER, NOW), NOW
    while at + LOGIN_IDLE_US - 1 < NOW + LOGIN_LIFE_US:
        at += LOGIN_IDLE_US - 1
        found = store.keys.login(secret, at)
        assert found is not None
        assert store.keys.logins_of(RUNNER, at)[0].seen_utc_us == at
    assert store.keys.login(secret, NOW + LOGIN_LIFE_US - 1) is not None
    assert store.keys.login(secret, NOW + LOGIN_LIFE_US) is None


def test_a_log_in_that_was_just_used_is_not_written_again(store: Store) -> None:
    secret = store.keys.log_in(RUNNER, NOW)
    store.keys.login(secret, NOW + SEEN_EVERY_US)
    assert store.keys.logins_of(RUNNER, NOW)[0].seen_utc_us == NOW


def test_what_has_ended_goes_at_the_next_log_in(store: Store) -> None:
    store.keys.log_in(RUNNER, NOW)
    store.keys.log_in(RUNNER, NOW + LOGIN_IDLE_US)
    with store.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(kept.logins)).scalar() == 1


@pytest.mark.parametrize("scopes", [[], ["password"], ["read", "all"], ["read diary"]])
def test_a_token_has_scopes_that_there_are(store: Store, scopes: list[str]) -> None:
    with pytest.raises(StoreError):
        store.keys.add_token(RUNNER, "t", scopes, NOW, None)


def test_there_are_so_many_and_no_more(store: Store) -> None:
    for _ in range(MANY):
        store.keys.add_token(RUNNER, "t", ["read"], NOW, NOW + DAY_US)
    with pytest.raises(StoreError, match="end some first"):
        store.keys.add_token(RUNNER, "t", ["read"], NOW, None)
    store.keys.add_token(RUNNER, "t", ["read"], NOW + DAY_US, None)  # the others have ended


def test_another_link_to_set_a_password_takes_the_place_of_the_first(store: Store) -> None:
    first, second = (store.keys.offer_password(RUNNER, NOW) for _ in range(2))
    assert store.keys.offered(first, NOW) is None
    assert store.keys.offered(second, NOW) == RUNNER


def test_a_link_to_set_a_password_is_used_once_with_the_password_that_it_sets(store: Store) -> None:
    """However many use it at once; and what could not be set leaves it as it was."""
    secret = store.keys.offer_password(RUNNER, NOW)
    with pytest.raises(StoreError, match="a login has"):
        store.keys.use_offer(secret, NOW, "hash", "no login")
    assert store.keys.offered(secret, NOW) == RUNNER

    def use(number: int) -> str | None:
        try:
            store.keys.use_offer(secret, NOW, f"hash {number}", f"ada{number}")
        except OfferEnded:
            return None
        return f"hash {number}"

    with ThreadPoolExecutor(4) as threads:
        used = list(filter(None, threads.map(use, range(4))))
    assert used == [store.accounts.password_hash(RUNNER)]
    with pytest.raises(OfferEnded):
        store.keys.use_offer(store.keys.offer_password(RUNNER, NOW), NOW + OFFER_LIFE_US, "late", "ada")
    token = store.keys.add_token(RUNNER, "t", ["write"], NOW, None)
    with pytest.raises(OfferEnded):
        store.keys.use_offer(token, NOW, "by a token", "ada")
    assert store.accounts.password_hash(RUNNER) == used[0]


def test_a_new_password_ends_a_link_to_set_one(store: Store) -> None:
    secret, token = (
        store.keys.offer_password(RUNNER, NOW),
        store.keys.add_token(RUNNER, "t", ["read"], NOW, None),
    )
    store.accounts.set_password(RUNNER, "hash", login="ada")
    assert store.keys.offered(secret, NOW) is None
    assert store.keys.token(token, NOW) is not None


@pytest.mark.parametrize("expires", [NOW, NOW - 1, NOW + 367 * DAY_US])
def test_a_link_to_a_diary_ends_within_a_year(store: Store, expires: int) -> None:
    with pytest.raises(StoreError):
        store.keys.share(RUNNER, "Dr Quinn", DAY, DAY, NOW, expires)


def test_a_link_to_a_diary_shows_two_years_of_days_at_most(store: Store) -> None:
    first, end = date(2024, 11, 22), NOW + DAY_US
    store.keys.share(RUNNER, "Dr Quinn", first, first + timedelta(days=DAYS_MOST - 1), NOW, end)
    with pytest.raises(StoreError, match="732 days"):
        store.keys.share(RUNNER, "Dr Quinn", first, first + timedelta(days=DAYS_MOST), NOW, end)


@given(st.text(max_size=60))
def test_what_is_no_secret_is_nobodys(text: str) -> None:
    """It is told by its form, before anything is asked of the database."""
    from strideload.store.keys import Keys

    def no_database() -> sa.Connection:
        raise AssertionError(text)

    keys = Keys(no_database, no_database, no_database)  # type: ignore[arg-type]
    if len(text) != 43:
        assert keys.login(text, NOW) is keys.token(text, NOW) is keys.shared(text, NOW) is None
