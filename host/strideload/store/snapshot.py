"""A copy of an SQLite store that is in use, and a look at a copy which changes nothing of it."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

import sqlalchemy as sa

from strideload.protocol.pages import whole
from strideload.store import deriving, engine, kept, migrate, schema
from strideload.store.errors import StoreError
from strideload_pod.page import PAGE_SIZE

PAGES_AT_ONCE: Final = 4096
ACCESS: Final = (kept.logins, kept.tokens, kept.shares)  # rows by which somebody is let in


class Contents(NamedTuple):
    """What a store holds, by which a copy is known to be the same."""

    store_id: str
    tables: str  # their version
    pages: int
    damaged: int  # of these, pages whose bytes are no longer what a pod wrote
    digest: str | None  # of all that is derived; None: the tables are of another version


def copy_store(source: Path, target: Path) -> None:
    """Copy a store as it is at one moment, whoever writes to it meanwhile. StoreError."""
    try:
        with (
            closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as there,
            closing(sqlite3.connect(target)) as here,
        ):
            there.execute(f"PRAGMA busy_timeout = {engine.BUSY_TIMEOUT_MS}")
            there.backup(here)
            # One file that lacks nothing: a log beside it could be left behind.
            here.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise StoreError(f"the store cannot be copied: {error}") from error


def examine(file: Path) -> Contents:
    """Read all of a copy that nobody writes to. StoreError: it is damaged, or no store of ours."""
    found = sa.create_engine("sqlite://", creator=lambda: _read_only(file))
    try:
        with engine.reading(found) as connection:
            sound = connection.execute(sa.text("PRAGMA integrity_check(1)")).scalar_one()
            if sound != "ok":
                raise StoreError(f"the store's file is damaged: {sound}")
            return _contents(connection)
    finally:
        found.dispose()


def end_access(file: Path) -> None:
    """End all log-ins, tokens, links to a diary and links to set a password of a copy that nobody uses. StoreError.

    Its tables may be those of an earlier version, which had fewer. No byte of them stays.
    """
    try:
        with closing(sqlite3.connect(file)) as here:
            here.execute("PRAGMA secure_delete = ON")
            there = {name for (name,) in here.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for table in ACCESS:
                if table.name in there:
                    here.execute(f"DELETE FROM {table.name}")
            here.commit()
    except sqlite3.Error as error:
        raise StoreError(f"the log-ins of the copy cannot be ended: {error}") from error


def _read_only(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True)


def _contents(connection: sa.Connection) -> Contents:
    tables = migrate.revision(connection)
    if tables is None:
        raise StoreError("the file is no store of Strideload")
    meta = schema.meta.c
    store_id = connection.execute(sa.select(meta.value).where(meta.name == "store_id")).scalar_one()
    pages = damaged = 0
    query = sa.select(schema.pages.c.bytes).execution_options(yield_per=PAGES_AT_ONCE)
    for some in connection.execute(query).scalars().partitions():
        pages += len(some)
        damaged += _damaged(some)
    digest = deriving.digest(connection) if tables == migrate.HEAD else None
    return Contents(store_id, tables, pages, damaged, digest)


def _damaged(pages: Iterable[bytes]) -> int:
    pages = list(pages)
    sized = [data for data in pages if len(data) == PAGE_SIZE]
    return len(pages) - int(whole(b"".join(sized)).sum())
