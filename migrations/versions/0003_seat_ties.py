"""A lawyer may represent several; guardians, interpreters and protected persons are tied too."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "seat_ties",
        sa.Column("seat", sa.String(length=32), nullable=False),
        sa.Column("tie", sa.String(length=32), nullable=False),
        sa.Column("other", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["seat"], ["seats.id"], name=op.f("fk_seat_ties_seat_seats")),
        sa.PrimaryKeyConstraint("seat", "tie", "other", name=op.f("pk_seat_ties")),
    )
    op.execute(
        "INSERT INTO seat_ties (seat, tie, other) "
        "SELECT id, 'represents', represents FROM seats WHERE represents IS NOT NULL"
    )
    op.drop_column("seats", "represents")


def downgrade() -> None:
    raise NotImplementedError("a record is not taken back: restore a backup")
