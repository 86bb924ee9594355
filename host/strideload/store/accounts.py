"""Runners as people of this house: their names, log-ins, passwords' hashes, and how each wants to be shown things."""

import re
import secrets
import time
import unicodedata
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, cast, get_args

import sqlalchemy as sa

from strideload.store import people
from strideload.store.errors import StoreError, StoreOutdated
from strideload.store.kept import SET_PASSWORD, accounts, logins, tokens
from strideload.store.part import Part
from strideload.store.schema import runners

Units = Literal["km", "miles"]

NAME_MOST: Final = 80
RUNNER_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")  # it appears in topics
LOGIN: Final = re.compile(r"[\w.@+-]{1,64}")


@dataclass(frozen=True)
class Account:
    """A runner. `login` None: has none yet; a runner without a password cannot log in."""

    runner: str
    name: str
    login: str | None
    has_password: bool
    keeper: bool
    units: Units
    publish_day: bool
    publish_symptoms: bool
    password_set_utc_us: int | None = None  # not known of one that was set by a former version


class Publishes(NamedTuple):
    """What goes to dashboards over MQTT, by the runner's own wish."""

    day: bool
    symptoms: bool


class Accounts(Part):
    """Who there is. A runner of whom nothing was said has km, publishes nothing, and keeps the house if first."""

    def all(self) -> list[Account]:
        """In the order in which they came."""
        with self._reading() as connection:
            return _all(connection)

    def find(self, runner: str) -> Account | None:
        with self._reading() as connection:
            return _find(connection, runner)

    def add(self, name: str, zone: str, runner: str | None = None, login: str | None = None) -> str:
        """A new runner, at home in `zone` -> the id, drawn unless it is given. StoreError: name, zone, id or login."""
        runner = secrets.token_hex(4) if runner is None else runner
        if not RUNNER_ID.fullmatch(runner):
            raise StoreError(f"a runner's id has up to 40 letters, digits, - or _, and is not {runner!r}")
        with self._writing() as connection:
            if _find(connection, runner) is not None:
                raise StoreError(f"there is a runner {runner!r} already")
            people.ensure_runner(connection, runner, clean_name(name), zone)
            if login is not None:
                _set_login(connection, runner, fold_login(login))
        return runner

    def rename(self, runner: str, name: str) -> None:
        """StoreError: no such runner, or no name."""
        name = clean_name(name)
        with self._writing() as connection:
            _require(connection, runner)
            connection.execute(runners.update().where(runners.c.id == runner).values(name=name))

    def is_keeper(self, runner: str) -> bool:
        found = self.find(runner)
        return found is not None and found.keeper

    def set_keeper(self, runner: str, keeper: bool) -> None:
        """StoreError: no such runner, or nobody would be left to keep the house."""
        with self._writing() as connection:
            others = any(found.keeper for found in _all(connection) if found.runner != runner)
            if not keeper and not others:
                raise StoreError("somebody has to keep the house: name another keeper first")
            _change(connection, runner, keeper=keeper)

    def units_of(self, runner: str) -> Units:
        found = self.find(runner)
        return found.units if found else "km"

    def set_units(self, runner: str, units: str) -> None:
        if units not in get_args(Units):
            raise StoreError(f"units are one of {', '.join(get_args(Units))}, not {units!r}")
        with self._writing() as connection:
            _change(connection, runner, units=units)

    def publishes(self, runner: str) -> Publishes:
        found = self.find(runner)
        return Publishes(found.publish_day, found.publish_symptoms) if found else Publishes(False, False)

    def set_publishes(self, runner: str, day: bool, symptoms: bool) -> None:
        with self._writing() as connection:
            _change(connection, runner, publish_day=day, publish_symptoms=symptoms)

    # Passwords

    def any_password(self) -> bool:
        """True once somebody has one."""
        with self._reading() as connection:
            query = sa.select(accounts.c.runner).where(accounts.c.password_hash.is_not(None)).limit(1)
            return connection.execute(query).first() is not None

    def password_of(self, login: str) -> tuple[str, str] | None:
        """Runner and hash of whoever logs in by this name; None: nobody does."""
        try:
            folded = fold_login(login)
        except StoreError:
            return None
        query = sa.select(accounts.c.runner, accounts.c.password_hash).where(
            accounts.c.login == folded, accounts.c.password_hash.is_not(None)
        )
        with self._reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else (row.runner, row.password_hash)

    def password_hash(self, runner: str) -> str | None:
        with self._reading() as connection:
            query = sa.select(accounts.c.password_hash).where(accounts.c.runner == runner)
            return connection.execute(query).scalar()

    def set_password(self, runner: str, password_hash: str, *, login: str | None = None) -> None:
        """A new password, and a login with it where one is given. StoreError.

        All log-ins of before end, and so does a link to set a password that was not used.
        """
        with self._writing() as connection:
            put_password(connection, runner, password_hash, login)

    def renew_hash(self, runner: str, before: str, after: str) -> None:
        """The same password, kept with today's figures."""
        with self._writing() as connection:
            connection.execute(
                accounts.update()
                .where(accounts.c.runner == runner, accounts.c.password_hash == before)
                .values(password_hash=after)
            )


def clean_name(text: str) -> str:
    """A name as it is kept: composed characters, single spaces. StoreError: none, too long, or not to be shown."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(name) <= NAME_MOST:
        raise StoreError(f"a name has 1 to {NAME_MOST} characters")
    if any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn") for character in name):
        raise StoreError("a name has no invisible characters")
    return name


def fold_login(text: str) -> str:
    """A login as it is kept and looked up: however it is typed, it is one. StoreError."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).strip().casefold())
    if not LOGIN.fullmatch(folded):
        raise StoreError("a login has 1 to 64 letters, digits or . @ + - _")
    return folded


_QUERY: Final = (
    sa.select(
        runners.c.id,
        runners.c.name,
        runners.c.ordinal,
        accounts.c.login,
        accounts.c.password_hash,
        accounts.c.keeper,
        accounts.c.units,
        accounts.c.publish_day,
        accounts.c.publish_symptoms,
        accounts.c.password_set_utc_us,
    )
    .select_from(runners.outerjoin(accounts, accounts.c.runner == runners.c.id))
    .where(runners.c.erased_utc_us.is_(None))
)


def put_password(
    connection: sa.Connection, runner: str, password_hash: str, login: str | None = None
) -> None:
    """`Accounts.set_password` on a writing connection."""
    if login is not None:
        _set_login(connection, runner, fold_login(login))
    found = _require(connection, runner)
    if found.login is None:
        raise StoreError(f"{found.name} has no name to log in by yet: give one as well")
    _change(connection, runner, password_hash=password_hash, password_set_utc_us=_now_utc_us())
    connection.execute(logins.delete().where(logins.c.runner == runner))
    connection.execute(tokens.delete().where(tokens.c.runner == runner, tokens.c.scopes == SET_PASSWORD))


def ensure_keeper(connection: sa.Connection) -> None:
    """The first of the runners keeps the house where nobody is left who does; on a writing connection."""
    found = _all(connection)
    if found and not any(account.keeper for account in found):
        _change(connection, found[0].runner, keeper=True)


def _now_utc_us() -> int:
    return time.time_ns() // 1000


def _account(row: sa.RowMapping) -> Account:
    return Account(
        runner=row["id"],
        name=row["name"],
        login=row["login"],
        has_password=row["password_hash"] is not None,
        keeper=row["ordinal"] == 0 if row["keeper"] is None else row["keeper"],
        units=cast(Units, row["units"] or "km"),
        publish_day=bool(row["publish_day"]),
        publish_symptoms=bool(row["publish_symptoms"]),
        password_set_utc_us=row["password_set_utc_us"],
    )


def _all(connection: sa.Connection) -> list[Account]:
    return [_account(row) for row in connection.execute(_QUERY.order_by(runners.c.ordinal)).mappings()]


def _find(connection: sa.Connection, runner: str) -> Account | None:
    row = connection.execute(_QUERY.where(runners.c.id == runner)).mappings().first()
    return None if row is None else _account(row)


def _require(connection: sa.Connection, runner: str) -> Account:
    found = _find(connection, runner)
    if found is None:
        raise StoreError(f"there is no runner {runner!r}")
    return found


def _change(connection: sa.Connection, runner: str, **values: Any) -> None:
    """Change a runner's row, which is made of what holds without one."""
    before = _require(connection, runner)
    changed = connection.execute(accounts.update().where(accounts.c.runner == runner).values(**values))
    if changed.rowcount == 0:
        row = {
            "runner": runner,
            "login": None,
            "password_hash": None,
            "keeper": before.keeper,
            "units": before.units,
            "publish_day": False,
            "publish_symptoms": False,
            "made_utc_us": _now_utc_us(),
        }
        connection.execute(accounts.insert(), [row | values])


def _set_login(connection: sa.Connection, runner: str, folded: str) -> None:
    taken = connection.execute(sa.select(accounts.c.runner).where(accounts.c.login == folded)).scalar()
    if taken not in (None, runner):
        raise StoreError(f"somebody else logs in as {folded!r}")
    try:
        _change(connection, runner, login=folded)
    except StoreOutdated as error:
        raise StoreError(f"somebody else logs in as {folded!r}") from error
