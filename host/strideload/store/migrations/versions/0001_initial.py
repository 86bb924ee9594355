"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TIMED = "kind IN (5, 9)"  # anchor and alive pages


def upgrade() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "pages",
        sa.Column("pod", sa.Text, primary_key=True),
        sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.Integer),
        sa.Column("session", sa.BigInteger),
        sa.Column("boot", sa.BigInteger),
        sa.Column("received_utc_us", sa.BigInteger, nullable=False),
        sa.Column("bytes", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "pages_timed",
        "pages",
        ["boot"],
        sqlite_where=sa.text(TIMED),
        postgresql_where=sa.text(TIMED),
    )
    op.create_table(
        "streams",
        sa.Column("pod", sa.Text, primary_key=True),
        sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("wanted", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "losses",
        sa.Column("pod", sa.Text, primary_key=True),
        sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("first", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
    )
    op.create_table(
        "aside",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("bytes", sa.LargeBinary, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("received_utc_us", sa.BigInteger, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
    op.create_index("aside_reason", "aside", ["reason"])
    op.create_table(
        "pods",
        sa.Column("pod", sa.Text, primary_key=True),
        sa.Column("state", sa.Text),
        sa.Column("last_seen_utc_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "runners",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False, unique=True),
    )
    op.create_table(
        "assignments",
        sa.Column("pod", sa.Text, primary_key=True),
        sa.Column("from_utc_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), nullable=False),
        sa.Column("foot", sa.Text, nullable=False),
    )
    op.create_table(
        "zones",
        sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), primary_key=True),
        sa.Column("from_date", sa.Text, primary_key=True),
        sa.Column("zone", sa.Text, nullable=False),
    )
    op.create_table(
        "day_notes",
        sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), primary_key=True),
        sa.Column("date", sa.Text, primary_key=True),
        sa.Column("what", sa.Text, nullable=False),
    )
    op.create_table(
        "replays",
        sa.Column("content", sa.Text, primary_key=True),
        sa.Column("start_utc_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("pod", sa.Text, nullable=False),
        sa.Column("log", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "spans",
        sa.Column("pod", sa.Text, primary_key=True),
        sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("boot", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("session", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("dirty", sa.Boolean, nullable=False),
    )
    op.create_table(
        "sessions",
        sa.Column("session_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("pod", sa.Text, nullable=False),
        sa.Column("log", sa.BigInteger, nullable=False),
        sa.Column("boot", sa.BigInteger, nullable=False),
        sa.Column("session", sa.BigInteger, nullable=False),
        sa.Column("clock", sa.Text, nullable=False),
        sa.Column("start_utc_us", sa.BigInteger),
        sa.Column("end_utc_us", sa.BigInteger),
        sa.Column("duration_us", sa.BigInteger),
        sa.Column("rate_mhz", sa.BigInteger),
        sa.Column("odr_hz", sa.Integer, nullable=False),
        sa.Column("acc_range_g", sa.Integer, nullable=False),
        sa.Column("chip", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("resampled", sa.Boolean, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("faults", sa.Text, nullable=False),
        sa.Column("gaps", sa.Text, nullable=False),
        sa.Column("pages_lost", sa.BigInteger, nullable=False),
        sa.Column("pages_unsound", sa.BigInteger, nullable=False),
        sa.Column("anchors_dropped", sa.Integer, nullable=False),
        sa.Column("derived_by", sa.Text, nullable=False),
    )
    op.create_index("sessions_start", "sessions", ["start_utc_us"])
    op.create_index("sessions_boot", "sessions", ["pod", "log", "boot"])
    op.create_table(
        "steps",
        sa.Column(
            "session_id",
            sa.BigInteger,
            sa.ForeignKey("sessions.session_id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "alive",
        sa.Column("pod", sa.Text, primary_key=True),
        sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("record", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("boot", sa.BigInteger, nullable=False),
        sa.Column("utc_us", sa.BigInteger, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("watching", sa.Boolean, nullable=False),
    )
    op.create_index("alive_utc", "alive", ["utc_us"])


def downgrade() -> None:
    op.drop_table("alive")
    op.drop_table("steps")
    op.drop_table("sessions")
    op.drop_table("spans")
    op.drop_table("replays")
    op.drop_table("day_notes")
    op.drop_table("zones")
    op.drop_table("assignments")
    op.drop_table("runners")
    op.drop_table("pods")
    op.drop_table("aside")
    op.drop_table("losses")
    op.drop_table("streams")
    op.drop_table("pages")
    op.drop_table("meta")
