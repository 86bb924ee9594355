"""Who may come in, symptoms, shoes, strength, plans, activities, placements, erasures."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runners", sa.Column("erased_utc_us", sa.BigInteger))
    op.create_table(
        "accounts",
        sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), primary_key=True),
        sa.Column("login", sa.Text, unique=True),
        sa.Column("password_hash", sa.Text),
        sa.Column("keeper", sa.Boolean, nullable=False),
        sa.Column("units", sa.Text, nullable=False),
        sa.Column("publish_day", sa.Boolean, nullable=False),
        sa.Column("publish_symptoms", sa.Boolean, nullable=False),
        sa.Column("made_utc_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "logins",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), nullable=False),
        sa.Column("csrf", sa.Text, nullable=False),
        sa.Column("made_utc_us", sa.BigInteger, nullable=False),
        sa.Column("seen_utc_us", sa.BigInteger, nullable=False),
        sa.Column("expires_utc_us", sa.BigInteger, nullable=False),
    )
    op.create_index("logins_runner", "logins", ["runner"])
    op.create_table(
        "tokens",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("token_hash", sa.Text, nullable=False, unique=True),
        sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", sa.Text, nullable=False),
        sa.Column("made_utc_us", sa.BigInteger, nullable=False),
        sa.Column("expires_utc_us", sa.BigInteger),
        sa.Column("used_utc_us", sa.BigInteger),
    )
    op.create_index("tokens_runner", "tokens", ["runner"])
    op.create_table(
        "shares",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("token_hash", sa.Text, nullable=False, unique=True),
        sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("from_date", sa.Text, nullable=False),
        sa.Column("to_date", sa.Text, nullable=False),
        sa.Column("made_utc_us", sa.BigInteger, nullable=False),
        sa.Column("expires_utc_us", sa.BigInteger, nullable=False),
    )
    op.create_index("shares_runner", "shares", ["runner"])
    op.create_table(
        "symptoms",
        sa.Column("entry", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), nullable=False),
        sa.Column("run_utc_us", sa.BigInteger),
        sa.Column("about_utc_us", sa.BigInteger, nullable=False),
        sa.Column("moment", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("pain", sa.Integer),
        sa.Column("felt", sa.Text, nullable=False),
        sa.Column("signs", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("retracted", sa.Boolean, nullable=False),
        sa.Column("written_utc_us", sa.BigInteger, nullable=False),
    )
    op.create_index("symptoms_runner", "symptoms", ["runner", "about_utc_us"])
    op.create_table(
        "shoes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("from_date", sa.Text, nullable=False),
        sa.Column("retired_date", sa.Text),
    )
    op.create_index("shoes_runner", "shoes", ["runner"])
    op.create_table(
        "usual_conditions",
        sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), primary_key=True),
        sa.Column("from_utc_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("shoe", sa.Text, sa.ForeignKey("shoes.id")),
        sa.Column("mount", sa.Text),
        sa.Column("surface", sa.Text),
    )
    op.create_table(
        "run_conditions",
        sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), primary_key=True),
        sa.Column("run_utc_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("shoe", sa.Text, sa.ForeignKey("shoes.id")),
        sa.Column("mount", sa.Text),
        sa.Column("surface", sa.Text),
    )
    op.create_table(
        "strength",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), nullable=False),
        sa.Column("date", sa.Text, nullable=False),
        sa.Column("muscle_group", sa.Text, nullable=False),
        sa.Column("sets", sa.Integer, nullable=False),
        sa.Column("repetitions", sa.Integer),
        sa.Column("effort", sa.Integer),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("written_utc_us", sa.BigInteger, nullable=False),
    )
    op.create_index("strength_runner", "strength", ["runner", "date"])
    op.create_table(
        "plans",
        sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), primary_key=True),
        sa.Column("set_utc_us", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
    )
    op.create_table(
        "activities",
        sa.Column("runner", sa.Text, sa.ForeignKey("runners.id"), primary_key=True),
        sa.Column("content", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("start_utc_us", sa.BigInteger, nullable=False),
        sa.Column("end_utc_us", sa.BigInteger, nullable=False),
        sa.Column("distance_m", sa.Float),
        sa.Column("ascent_m", sa.Float),
        sa.Column("descent_m", sa.Float),
        sa.Column("track", sa.LargeBinary, nullable=False),
        sa.Column("imported_utc_us", sa.BigInteger, nullable=False),
    )
    op.create_index("activities_start", "activities", ["runner", "start_utc_us"])
    op.create_table(
        "placements",
        sa.Column("pod", sa.Text, primary_key=True),
        sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("boot", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("session", sa.BigInteger, nullable=False),
        sa.Column("start_utc_us", sa.BigInteger, nullable=False),
        sa.Column("placed_utc_us", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "erasures",
        sa.Column("pod", sa.Text, primary_key=True),
        sa.Column("log", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("stream", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("first", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("erased_utc_us", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in (
        "erasures",
        "placements",
        "activities",
        "plans",
        "strength",
        "run_conditions",
        "usual_conditions",
        "shoes",
        "symptoms",
        "shares",
        "tokens",
        "logins",
        "accounts",
    ):
        op.drop_table(table)
    op.drop_column("runners", "erased_utc_us")
