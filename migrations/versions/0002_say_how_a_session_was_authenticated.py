"""Say how a session was authenticated"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("logins", schema=None) as batch_op:
        batch_op.add_column(sa.Column("method", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("level", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column("authenticated_at", sa.DateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("return_to", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("device", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("network", sa.String(length=64), nullable=True))
    # Sessions of before: by the only two methods there were.
    op.execute(
        "UPDATE logins SET authenticated_at = created_at, level = 3,"
        " return_to = '', device = '', network = '',"
        " method = CASE WHEN guest IS NULL THEN 'password' ELSE 'invitation' END"
    )
    with op.batch_alter_table("logins", schema=None) as batch_op:
        for name, kind in (
            ("method", sa.String(length=16)),
            ("level", sa.Integer()),
            ("authenticated_at", sa.DateTime(timezone=True)),
            ("return_to", sa.Text()),
            ("device", sa.String(length=64)),
            ("network", sa.String(length=64)),
        ):
            batch_op.alter_column(name, existing_type=kind, nullable=False)


def downgrade() -> None:
    raise NotImplementedError("a record is not taken back: restore a backup")
