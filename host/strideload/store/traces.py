"""SQLite's log holds deleted rows until it is cut. Who reads an older view keeps it from that: then it is cut later.

What is due stands in the tables as well, so that another process, or the next start, cuts what this one could not.
"""

import logging
import secrets
from typing import Final

import sqlalchemy as sa

from strideload.store import engine
from strideload.store.errors import StoreError
from strideload.store.schema import meta

DUE: Final = "log_cut_due"  # in `meta`, with a value drawn anew for each time that the log could not be cut
PATIENCE_MS: Final = 200  # most reads are over by then; for a longer one, such as a backup, nobody waits

log: Final = logging.getLogger(__name__)


class Traces:
    """The log of one store. Any thread may call any method."""

    def __init__(self, engine_: sa.Engine, due: str | None) -> None:
        self._engine = engine_
        self._due = due

    def wipe(self) -> None:
        """Rows were deleted for good: cut the log, or note that it is due."""
        if not self._cut(PATIENCE_MS):
            self._due = secrets.token_hex(8)
            try:
                with engine.writing(self._engine) as connection:
                    engine.upsert(connection, meta, [{"name": DUE, "value": self._due}])
            except StoreError as error:
                log.warning("that the log is to be cut stands in memory only: %s", error)

    def retry(self) -> None:
        """Cut the log if that is due and nobody keeps it; without a wait."""
        due = self._due
        if due is None or not self._cut(0):
            return
        try:
            with engine.writing(self._engine) as connection:
                connection.execute(meta.delete().where(meta.c.name == DUE, meta.c.value == due))
        except StoreError as error:
            log.warning("the log was cut, and it is not noted: %s", error)
            return
        if self._due == due:
            self._due = None

    def look(self) -> None:
        """Whether another process has left the log to be cut. StoreError."""
        with engine.reading(self._engine) as connection:
            self._due = due(connection) or self._due

    def _cut(self, wait_ms: int) -> bool:
        try:
            return engine.cut_log(self._engine, wait_ms)
        except StoreError as error:
            log.warning("the log could not be cut: %s", error)
            return False


def due(connection: sa.Connection) -> str | None:
    """What `Traces` noted. None: the log was cut when it last had to be."""
    return connection.execute(sa.select(meta.c.value).where(meta.c.name == DUE)).scalar()
