"""A wrapped key names its key"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Not by batch_alter_table: it would make the table anew, which rows of other tables refer to.
    op.execute("ALTER TABLE recordings DROP COLUMN key_store")


def downgrade() -> None:
    raise NotImplementedError("a record is not taken back: restore a backup")
