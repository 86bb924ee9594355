"""The session of the run that something is said of, so that it goes along when that is placed anew.

Of what was said before, it is known where one session alone has the start of that run: of two, either may be meant, and
one may be another runner's.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("symptoms", "run_conditions")
COLUMNS = ("session_id", "session_utc_us")


def upgrade() -> None:
    for table in TABLES:
        for column in COLUMNS:
            op.add_column(table, sa.Column(column, sa.BigInteger))
        op.execute(
            f"UPDATE {table} SET session_utc_us = run_utc_us, session_id = "
            f"(SELECT min(session_id) FROM sessions WHERE start_utc_us = {table}.run_utc_us) "
            f"WHERE run_utc_us IN "
            f"(SELECT start_utc_us FROM sessions GROUP BY start_utc_us HAVING count(*) = 1)"
        )


def downgrade() -> None:
    for table in TABLES:
        for column in COLUMNS:
            op.drop_column(table, column)
