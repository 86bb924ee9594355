"""Alembic's way in: runs on the connection that it is handed, within that connection's transaction."""

from alembic import context

from strideload.store.kept import metadata

# SQLite's changes of tables are transactional once sqlite3 leaves BEGIN to us (engine.py); Alembic assumes not.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
