"""Interpreters' languages on their seats."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("languages", sa.String(length=100), server_default="", nullable=False)
        )


def downgrade() -> None:
    raise NotImplementedError("a record is not taken back: restore a backup")
