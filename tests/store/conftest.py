"""A store of its own for each test: SQLite, or PostgreSQL where STRIDELOAD_TEST_POSTGRES names a server's URL."""

import os
import secrets
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from strideload.store import Store, open_store, schema

RUNNER = "me"


@contextmanager
def new_database() -> Generator[str | None]:
    """The URL of an empty database at the server, for as long as it is needed; None: no server is named."""
    server = os.environ.get("STRIDELOAD_TEST_POSTGRES")
    if not server:
        yield None
        return
    name = f"test_{secrets.token_hex(6)}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()


@pytest.fixture(scope="session")
def shared_database() -> Iterator[str | None]:
    with new_database() as found:
        yield found


@pytest.fixture
def url(tmp_path: Path, shared_database: str | None) -> Iterator[str]:
    """A database without rows. At a server its tables may stand already: to make them takes longer than most tests."""
    if shared_database is None:
        yield sqlite_url(tmp_path)
        return
    yield shared_database
    engine = sa.create_engine(shared_database)
    with engine.begin() as connection:
        if sa.inspect(connection).has_table(schema.meta.name):
            for table in reversed(schema.metadata.sorted_tables):
                connection.execute(table.delete())
    engine.dispose()


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'store.db'}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with open_store(url) as found:
        found.ensure_runner(RUNNER, "Me", "Europe/London")
        yield found


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Makes the file of an empty SQLite store: a copy of one, quicker than its migrations."""
    folder = tmp_path_factory.mktemp("fresh")
    open_store(folder / "empty.db").close()

    def copy() -> Path:
        return Path(shutil.copy(folder / "empty.db", folder / f"{secrets.token_hex(6)}.db"))

    return copy


@pytest.fixture
def sqlite_only() -> None:
    if os.environ.get("STRIDELOAD_TEST_POSTGRES"):
        pytest.skip("about SQLite")
