"""When a runner's password was last set; of those that were set before this, it is not known."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("password_set_utc_us", sa.BigInteger))


def downgrade() -> None:
    op.drop_column("accounts", "password_set_utc_us")
