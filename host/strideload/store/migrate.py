"""Brings a database's tables to this version's, in one transaction with the record of it."""

from pathlib import Path
from typing import Final

import sqlalchemy as sa

from strideload.store import engine
from strideload.store.errors import StoreError

FOLDER: Final = Path(__file__).parent / "migrations"
HEAD: Final = "0006"
# Any number that no one else locks by.
_LOCK: Final = 0x5354524944454C44


def migrate(connection: sa.Connection) -> None:
    """Make or change the tables on a writing connection. StoreError: they are newer than this version."""
    engine.take_turn(connection, _LOCK)
    found = revision(connection)
    if found == HEAD:
        return
    from alembic import command  # only now: most starts do without its 0.1 s
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"the store was made by another version of Strideload (its tables are {found}, ours {HEAD})"
        ) from error


def revision(connection: sa.Connection) -> str | None:
    """Which tables the database has; None: none of ours yet."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
