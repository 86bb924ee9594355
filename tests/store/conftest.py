"""A store of its own for each test: SQLite, or PostgreSQL where STRIDELOAD_TEST_POSTGRES names a server's URL."""

import os
import secrets
from collections.abc import Iterator
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


@pytest.fixture
def sqlite_only() -> None:
    if os.environ.get("STRIDELOAD_TEST_POSTGRES"):
        pytest.skip("about SQLite")
