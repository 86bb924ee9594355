"""Random secrets that let somebody in: log-ins, API tokens, links to a diary, links to set a password.

Each is 256 random bits, handed out once; only its SHA-256 is kept, which cannot be turned back.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from strideload.load.zones import FIRST_DAY
from strideload.store.accounts import clean_name, put_password
from strideload.store.errors import StoreError
from strideload.store.kept import SET_PASSWORD, logins, shares, tokens
from strideload.store.part import Part

DAY_US: Final = 86_400_000_000
LOGIN_LIFE_US: Final = 90 * DAY_US
LOGIN_IDLE_US: Final = 14 * DAY_US
SEEN_EVERY_US: Final = 300_000_000  # a log-in's last use is written no more often than this
OFFER_LIFE_US: Final = DAY_US
SHARE_LIFE_MOST_US: Final = 366 * DAY_US
DAYS_MOST: Final = 2 * 366
MANY: Final = 100  # of a kind, of one runner

SCOPES: Final = ("diary", "keep", "read", "write")  # what a token may do: rights of a visitor

SECRET: Final = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Login:
    id: str  # the beginning of its hash: it names it to its owner, and lets nobody in
    runner: str
    csrf: str
    made_utc_us: int
    seen_utc_us: int
    expires_utc_us: int


@dataclass(frozen=True)
class Token:
    id: str
    runner: str
    name: str
    scopes: frozenset[str]
    made_utc_us: int
    expires_utc_us: int | None
    used_utc_us: int | None


@dataclass(frozen=True)
class Share:
    """A runner's diary of the days first..last, for somebody else."""

    id: str
    runner: str
    name: str
    first: date
    last: date
    made_utc_us: int
    expires_utc_us: int


class OfferEnded(StoreError):
    """A link to set a password that has ended, was used, or was never one."""

    def __init__(self) -> None:
        super().__init__("the link to set a password has ended or was used")


class Keys(Part):
    """All secrets that let somebody in. A secret that is unknown, has ended or is none at all gives None."""

    # Log-ins

    def log_in(self, runner: str, now_utc_us: int) -> str:
        """A new log-in -> its secret. Those that have ended go."""
        secret, csrf = new_secret(), new_secret()
        row = {
            "token_hash": digest(secret),
            "runner": runner,
            "csrf": csrf,
            "made_utc_us": now_utc_us,
            "seen_utc_us": now_utc_us,
            "expires_utc_us": now_utc_us + LOGIN_LIFE_US,
        }
        with self._writing() as connection:
            connection.execute(logins.delete().where(sa.not_(_is_open(now_utc_us))))
            connection.execute(logins.insert(), [row])
        return secret

    def login(self, secret: str, now_utc_us: int) -> Login | None:
        """The log-in, which counts as used now."""
        if not SECRET.fullmatch(secret):
            return None
        is_it = logins.c.token_hash == digest(secret)
        with self._reading() as connection:
            row = connection.execute(sa.select(logins).where(is_it, _is_open(now_utc_us))).first()
        if row is None:
            return None
        if abs(now_utc_us - row.seen_utc_us) > SEEN_EVERY_US:
            with self._writing() as connection:
                connection.execute(logins.update().where(is_it).values(seen_utc_us=now_utc_us))
        return _login(row)

    def logins_of(self, runner: str, now_utc_us: int) -> list[Login]:
        """The newest use first."""
        query = sa.select(logins).where(logins.c.runner == runner, _is_open(now_utc_us))
        with self._reading() as connection:
            return [_login(row) for row in connection.execute(query.order_by(logins.c.seen_utc_us.desc()))]

    def end_login(self, runner: str, login_id: str) -> bool:
        """False: this runner has no such log-in."""
        if not re.fullmatch(r"[0-9a-f]{16}", login_id):
            return False
        is_it = sa.and_(logins.c.runner == runner, logins.c.token_hash.startswith(login_id))
        return self._delete(logins, is_it)

    def end_logins(self, runner: str) -> None:
        """Log out everywhere."""
        self._delete(logins, logins.c.runner == runner)

    # API tokens

    def add_token(
        self, runner: str, name: str, scopes: Iterable[str], now_utc_us: int, expires_utc_us: int | None
    ) -> str:
        """-> its secret. StoreError: no name, no or unknown scopes, too many, or an end that has passed."""
        scopes = set(scopes)
        if not scopes or not scopes <= set(SCOPES):
            raise StoreError(f"a token has one or more of the scopes {', '.join(SCOPES)}")
        return self._add_token(runner, name, scopes, now_utc_us, expires_utc_us)

    def token(self, secret: str, now_utc_us: int) -> Token | None:
        """The token, which counts as used now."""
        found = self._token(secret, now_utc_us)
        if found is None or SET_PASSWORD in found.scopes:
            return None
        if found.used_utc_us is None or abs(now_utc_us - found.used_utc_us) > SEEN_EVERY_US:
            with self._writing() as connection:
                connection.execute(
                    tokens.update().where(tokens.c.id == found.id).values(used_utc_us=now_utc_us)
                )
        return found

    def tokens_of(self, runner: str, now_utc_us: int) -> list[Token]:
        """Those that hold, the newest first."""
        query = sa.select(tokens).where(
            tokens.c.runner == runner, tokens.c.scopes != SET_PASSWORD, _lasts(tokens, now_utc_us)
        )
        with self._reading() as connection:
            return [_token(row) for row in connection.execute(query.order_by(tokens.c.made_utc_us.desc()))]

    def end_token(self, runner: str, token_id: str) -> bool:
        """False: this runner has no such token."""
        return self._delete(tokens, sa.and_(tokens.c.runner == runner, tokens.c.id == token_id))

    # Links to set a password

    def offer_password(self, runner: str, now_utc_us: int) -> str:
        """A link's secret, in place of one that was given before."""
        offered = sa.and_(tokens.c.runner == runner, tokens.c.scopes == SET_PASSWORD)
        self._delete(tokens, offered)
        return self._add_token(runner, SET_PASSWORD, {SET_PASSWORD}, now_utc_us, now_utc_us + OFFER_LIFE_US)

    def offered(self, secret: str, now_utc_us: int) -> str | None:
        """Whose password it sets."""
        found = self._token(secret, now_utc_us)
        return found.runner if found and SET_PASSWORD in found.scopes else None

    def offer_of(self, runner: str, now_utc_us: int) -> Token | None:
        """The link that was made for a runner and not used yet."""
        query = sa.select(tokens).where(
            tokens.c.runner == runner, tokens.c.scopes == SET_PASSWORD, _lasts(tokens, now_utc_us)
        )
        with self._reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else _token(row)

    def use_offer(self, secret: str, now_utc_us: int, password_hash: str, login: str) -> str:
        """Set the password and the login, once -> whose. OfferEnded; StoreError: the login; it holds on then."""
        is_it = sa.and_(
            tokens.c.token_hash == digest(secret),
            tokens.c.scopes == SET_PASSWORD,
            _lasts(tokens, now_utc_us),
        )
        with self._writing() as connection:
            runner = connection.execute(sa.select(tokens.c.runner).where(is_it)).scalar()
            # Whoever deletes the row has it: where transactions run side by side, one of them finds it gone.
            if runner is None or connection.execute(tokens.delete().where(is_it)).rowcount != 1:
                raise OfferEnded
            put_password(connection, runner, password_hash, login)
        return runner

    # Links to a diary

    def share(
        self, runner: str, name: str, first: date, last: date, now_utc_us: int, expires_utc_us: int
    ) -> str:
        """-> the link's secret. StoreError: no name, days that run backwards, too many, or an end out of bounds."""
        check_days(first, last)
        if not now_utc_us < expires_utc_us <= now_utc_us + SHARE_LIFE_MOST_US:
            raise StoreError("a link ends within a year")
        secret = new_secret()
        row = {
            "id": secrets.token_hex(8),
            "token_hash": digest(secret),
            "runner": runner,
            "name": clean_name(name),
            "from_date": first.isoformat(),
            "to_date": last.isoformat(),
            "made_utc_us": now_utc_us,
            "expires_utc_us": expires_utc_us,
        }
        with self._writing() as connection:
            connection.execute(shares.delete().where(shares.c.expires_utc_us <= now_utc_us))
            _require_room(connection, shares, runner)
            connection.execute(shares.insert(), [row])
        return secret

    def shared(self, secret: str, now_utc_us: int) -> Share | None:
        if not SECRET.fullmatch(secret):
            return None
        query = sa.select(shares).where(shares.c.token_hash == digest(secret), _lasts(shares, now_utc_us))
        with self._reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else _share(row)

    def shares_of(self, runner: str, now_utc_us: int) -> list[Share]:
        """Those that hold, the newest first."""
        query = sa.select(shares).where(shares.c.runner == runner, _lasts(shares, now_utc_us))
        with self._reading() as connection:
            return [_share(row) for row in connection.execute(query.order_by(shares.c.made_utc_us.desc()))]

    def end_share(self, runner: str, share_id: str) -> bool:
        """False: this runner has no such link."""
        return self._delete(shares, sa.and_(shares.c.runner == runner, shares.c.id == share_id))

    def _add_token(
        self, runner: str, name: str, scopes: set[str], now_utc_us: int, expires_utc_us: int | None
    ) -> str:
        if expires_utc_us is not None and expires_utc_us <= now_utc_us:
            raise StoreError("a token ends later than now")
        secret = new_secret()
        row = {
            "id": secrets.token_hex(8),
            "token_hash": digest(secret),
            "runner": runner,
            "name": clean_name(name),
            "scopes": " ".join(sorted(scopes)),
            "made_utc_us": now_utc_us,
            "expires_utc_us": expires_utc_us,
            "used_utc_us": None,
        }
        with self._writing() as connection:
            connection.execute(tokens.delete().where(tokens.c.expires_utc_us <= now_utc_us))
            _require_room(connection, tokens, runner)
            connection.execute(tokens.insert(), [row])
        return secret

    def _token(self, secret: str, now_utc_us: int) -> Token | None:
        if not SECRET.fullmatch(secret):
            return None
        query = sa.select(tokens).where(tokens.c.token_hash == digest(secret), _lasts(tokens, now_utc_us))
        with self._reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else _token(row)

    def _delete(self, table: sa.Table, which: sa.ColumnElement[bool]) -> bool:
        with self._writing() as connection:
            return connection.execute(table.delete().where(which)).rowcount > 0


def check_days(first: date, last: date) -> None:
    """StoreError: days that are not shared."""
    if first < FIRST_DAY:
        raise StoreError(f"days are known from the year {FIRST_DAY.year} on, not from {first}")
    if last < first:
        raise StoreError("the first day is after the last")
    if (last - first).days >= DAYS_MOST:
        raise StoreError(f"no more than {DAYS_MOST} days are shared at once")


def new_secret() -> str:
    """256 random bits, 43 characters."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _is_open(now_utc_us: int) -> sa.ColumnElement[bool]:
    return sa.and_(logins.c.expires_utc_us > now_utc_us, logins.c.seen_utc_us > now_utc_us - LOGIN_IDLE_US)


def _lasts(table: sa.Table, now_utc_us: int) -> sa.ColumnElement[bool]:
    return sa.or_(table.c.expires_utc_us.is_(None), table.c.expires_utc_us > now_utc_us)


def _require_room(connection: sa.Connection, table: sa.Table, runner: str) -> None:
    query = sa.select(sa.func.count()).select_from(table).where(table.c.runner == runner)
    if connection.execute(query).scalar_one() >= MANY:
        raise StoreError(f"there are {MANY} of them already: end some first")


def _login(row: sa.Row[Any]) -> Login:
    return Login(
        row.token_hash[:16], row.runner, row.csrf, row.made_utc_us, row.seen_utc_us, row.expires_utc_us
    )


def _token(row: sa.Row[Any]) -> Token:
    scopes = frozenset(row.scopes.split())
    return Token(row.id, row.runner, row.name, scopes, row.made_utc_us, row.expires_utc_us, row.used_utc_us)


def _share(row: sa.Row[Any]) -> Share:
    first, last = date.fromisoformat(row.from_date), date.fromisoformat(row.to_date)
    return Share(row.id, row.runner, row.name, first, last, row.made_utc_us, row.expires_utc_us)
