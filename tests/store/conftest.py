"""A store of its own for each test: SQLite, or PostgreSQL where STRIDELOAD_TEST_POSTGRES names a server's URL."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from strideload.store import Store, open_store

RUNNER = "me"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    server = os.environ.get("STRIDELOAD_TEST_POSTGRES")
    if not server:
        yield f"sqlite:///{tmp_path / 'store.db'}"
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
