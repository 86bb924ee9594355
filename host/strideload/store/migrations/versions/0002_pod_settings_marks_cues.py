"""Settings of pods, and marks and cues as they are derived."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIMED = "kind IN (5, 6, 8, 9)"  # anchor, gap, mark and alive pages
TIMED_BEFORE = "kind IN (5, 9)"


def upgrade() -> None:
    op.create_table(
        "pod_settings",
        sa.Column("pod", sa.Text, primary_key=True),
        sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("set_utc_us", sa.BigInteger, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("mark_code", sa.BigInteger),
    )
    op.create_table(
        "marks",
        sa.Column("pod", sa.Text, primary_key=True),
        sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("record", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("boot", sa.BigInteger, nullable=False),
        sa.Column("session", sa.BigInteger, nullable=False),
        sa.Column("utc_us", sa.BigInteger),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("code", sa.BigInteger, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
    )
    op.create_index("marks_utc", "marks", ["utc_us"])
    op.create_index("marks_session", "marks", ["pod", "log", "boot", "session"])
    op.add_column("sessions", sa.Column("cues", sa.Text, nullable=False, server_default="[]"))
    _index_timed(TIMED)


def downgrade() -> None:
    _index_timed(TIMED_BEFORE)
    op.drop_column("sessions", "cues")
    op.drop_table("marks")
    op.drop_table("pod_settings")


def _index_timed(which: str) -> None:
    op.drop_index("pages_timed", "pages")
    op.create_index(
        "pages_timed", "pages", ["boot"], sqlite_where=sa.text(which), postgresql_where=sa.text(which)
    )
