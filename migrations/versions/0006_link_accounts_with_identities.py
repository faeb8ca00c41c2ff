"""Link accounts with identities of providers"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_flows",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("browser", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=64), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("login", sa.String(length=32), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_identity_flows")),
    )
    with op.batch_alter_table("identity_flows", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_identity_flows_started_at"), ["started_at"], unique=False
        )

    op.create_table(
        "waiting_identities",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("name_ar", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_identities")),
        sa.UniqueConstraint("code", name=op.f("uq_waiting_identities_code")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_waiting_identities_issuer_subject")),
    )
    with op.batch_alter_table("waiting_identities", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_waiting_identities_seen_at"), ["seen_at"], unique=False
        )

    op.create_table(
        "account_numbers",
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.id"], name=op.f("fk_account_numbers_account_accounts")
        ),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account_numbers")),
        sa.UniqueConstraint("tag", name=op.f("uq_account_numbers_tag")),
    )
    op.create_table(
        "identities",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("linked_by", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.id"], name=op.f("fk_identities_account_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint("account", "issuer", name=op.f("uq_identities_account_issuer")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identities_issuer_subject")),
    )
    op.create_table(
        "provider_logins",
        sa.Column("login", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("sid", sa.String(length=255), nullable=False),
        sa.Column("id_token", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["login"],
            ["logins.id"],
            name=op.f("fk_provider_logins_login_logins"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_provider_logins")),
    )
    with op.batch_alter_table("provider_logins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_provider_logins_sid"), ["sid"], unique=False)

    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("names_from", sa.String(length=32), nullable=True))
    op.execute("UPDATE accounts SET names_from = ''")  # all of them were typed
    with op.batch_alter_table("accounts", schema=None) as batch_op:
        batch_op.alter_column("names_from", existing_type=sa.String(length=32), nullable=False)


def downgrade() -> None:
    raise NotImplementedError("a record is not taken back: restore a backup")
