"""Connections and transactions: what differs between SQLite and PostgreSQL stands here."""

import sqlite3
from collections.abc import Generator, Hashable, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from threading import Lock
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.dialects import postgresql, sqlite

from strideload.store.errors import (
    StoreBusy,
    StoreError,
    StoreFailed,
    StoreFull,
    StoreOutdated,
    StoreRefused,
)

BUSY_TIMEOUT_MS: Final = 10_000
# WAL: readers and the writer do not wait for each other. FULL: what is acknowledged survives a pulled plug.
# secure_delete: what is deleted or written over leaves no bytes in the file, so that a runner who is erased later left
# none on the way. Debian's SQLite does so anyway, others do not.
PRAGMAS: Final = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
)
# SQLSTATE, see appendix A of PostgreSQL's manual.
DISK_FULL: Final = "53100"
TAKEN: Final = "23505"
TAKEN_SQLITE: Final = ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE")
# Far below the parameters that a statement may have: 32 766 in SQLite, 65 535 in PostgreSQL.
ROWS_LIMIT: Final = 1024
LOCKED: Final = ("55P03", "40P01", "40001")


def make_engine(url: str) -> sa.Engine:
    """An engine whose transactions begin when they say so. StoreError: the URL is not one."""
    try:
        backend = sa.make_url(url).get_backend_name()
        # Positional parameters, so that rows go to the driver as the tuples that they are. Their values stay out of
        # errors, which are logged.
        engine = sa.create_engine(
            url, paramstyle="qmark" if backend == "sqlite" else "format", hide_parameters=True
        )
    except ModuleNotFoundError as error:
        raise StoreError(
            f"the store's URL needs the Python package {error.name}; PostgreSQL's comes with strideload[postgresql]"
        ) from error
    except (exc.ArgumentError, ImportError) as error:
        raise StoreError(f"the store's URL cannot be used: {error}") from error
    if backend == "sqlite":
        event.listen(engine, "connect", _configure)
        event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # sqlite3 begins no transaction by itself: `_begin` does
    for pragma in PRAGMAS:
        connection.execute(pragma)


def _begin(connection: sa.Connection) -> None:
    # IMMEDIATE: a writer waits for its turn here, and never half-way through.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: sa.Engine) -> Generator[sa.Connection]:
    """One consistent view. StoreError."""
    with translated(), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: sa.Engine) -> Generator[sa.Connection]:
    """One transaction: all of it, or nothing. StoreFull, StoreBusy, StoreError."""
    with translated(), engine.execution_options(writes=True).begin() as connection:
        yield connection


def take_turn(connection: sa.Connection, lock: int) -> None:
    """Wait until no other transaction that takes its turn by this number is under way; it is over with this one.

    PostgreSQL's writers work beside each other. SQLite has one at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


def cut_log(engine: sa.Engine, wait_ms: int) -> bool:
    """Take all of SQLite's log up into the file, and cut it to nothing. StoreFailed, StoreBusy.

    False: whoever reads an older view, or writes, went on for longer than `wait_ms`.
    """
    if engine.dialect.name != "sqlite":
        return True
    with translated(), engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute(f"PRAGMA busy_timeout = {wait_ms}")
        try:
            busy, _in_log, _taken_up = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:  # raw: SQLAlchemy does not translate it
            raise StoreFailed(f"the store: {error}") from error
        finally:
            raw.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return not busy


def size_bytes(connection: sa.Connection) -> int:
    """Of all tables and indices."""
    if connection.dialect.name != "sqlite":
        return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())


class Changes:
    """Tells whether anything was committed to a database, by this process or by another. Any thread may ask."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._apart: Any = None  # a connection of SQLite's own that writes nothing
        self._counts = object()  # each begins to count by itself
        self._is_closed = False

    def version(self) -> Hashable:
        """As long as it is the same nothing was committed, and none comes again. StoreFailed, StoreBusy."""
        with self._lock, translated():
            if self._is_closed:
                raise StoreFailed("the store is closed")
            seen = self._of_sqlite() if self._engine.dialect.name == "sqlite" else self._of_postgresql()
            return self._counts, seen

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            if self._apart is not None:
                self._apart.close()
                self._apart = None

    def _of_sqlite(self) -> int:
        """The commits of all other connections, as one that stays open has seen them: a few us."""
        try:
            if self._apart is None:
                opened = self._engine.raw_connection()
                opened.detach()
                self._apart = opened.dbapi_connection
            return self._apart.execute("PRAGMA data_version").fetchall()[0][0]
        except sqlite3.Error as error:  # raw: SQLAlchemy does not translate it, and would begin a transaction
            raise StoreFailed(f"the store: {error}") from error

    def _of_postgresql(self) -> str:
        """Which transactions are seen, and which are not."""
        with self._engine.connect() as connection:
            return connection.exec_driver_sql("SELECT pg_current_snapshot()::text").scalar_one()


@contextmanager
def translated() -> Generator[None]:
    """The database's errors as our own."""
    try:
        yield
    except exc.DBAPIError as error:
        raise _kind_of(error)(f"the store: {error.orig}") from error
    except exc.SQLAlchemyError as error:
        raise StoreFailed(f"the store: {error}") from error


def _kind_of(error: exc.DBAPIError) -> type[StoreError]:
    """By SQLite's name of the error or PostgreSQL's SQLSTATE, else by its class of Python's database API."""
    state = getattr(error.orig, "sqlstate", None)
    name = getattr(error.orig, "sqlite_errorname", None) or ""
    if name == "SQLITE_FULL" or state == DISK_FULL:
        return StoreFull
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or state in LOCKED:
        return StoreBusy
    if name in TAKEN_SQLITE or state == TAKEN:
        return StoreOutdated
    if isinstance(error, exc.DataError | exc.IntegrityError):
        return StoreRefused
    return StoreFailed


def insert(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows that have all of the table's columns, in order.

    They go to the driver as they are: a dictionary and a type a column would cost as much as the insert itself. And
    they go many to a statement: Python's lock is given back once a statement, so that the thread which reads from the
    network works beside the database, where row by row the two would wait for each other at each of them.
    """
    names = tuple(column.name for column in table.c)
    done = 0
    while done < len(rows):
        # In powers of two, so that ten statements serve any number of rows and stay prepared.
        count = 1 << min(len(rows) - done, ROWS_LIMIT).bit_length() - 1
        statement = _statement(connection.dialect, table, names, None, count)
        connection.exec_driver_sql(statement, tuple(chain.from_iterable(rows[done : done + count])))
        done += count


def upsert(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    merge: Mapping[str, str] | None = None,
) -> None:
    """Insert rows of the same columns, or change those whose key is there.

    `merge` says how a column of the old row and the new one go together: min, max, sum, or keep the old; a column
    that it does not name takes the new value.
    """
    if rows:
        names = tuple(column.name for column in table.c if column.name in rows[0])
        statement = _statement(connection.dialect, table, names, tuple((merge or {}).items()))
        connection.exec_driver_sql(statement, [tuple(row[name] for name in names) for row in rows])


@lru_cache(maxsize=64)
def _statement(
    dialect: sa.Dialect,
    table: sa.Table,
    names: tuple[str, ...],
    merge: tuple[tuple[str, str], ...] | None,
    rows: int = 1,
) -> str:
    """An insert of so many rows, or with `merge` an upsert, with these columns, which are in the table's order."""
    found = (sqlite if dialect.name == "sqlite" else postgresql).insert(table)
    if merge is not None:
        keys = [column.name for column in table.primary_key]
        ways = dict(merge)
        values = {
            name: _merged(ways.get(name, "new"), table.c[name], found.excluded[name])
            for name in names
            if name not in keys
        }
        found = found.on_conflict_do_update(index_elements=keys, set_=values)
    one = str(found.compile(dialect=dialect, column_keys=names))
    if rows == 1:
        return one
    head, values = one.split(" VALUES ")
    return f"{head} VALUES {', '.join([values] * rows)}"


def _merged(way: str, old: sa.ColumnElement[Any], new: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    match way:
        case "min":
            return sa.case((new < old, new), else_=old)
        case "max":
            return sa.case((new > old, new), else_=old)
        case "sum":
            return old + new
        case "keep":
            return old
        case _:
            return new
