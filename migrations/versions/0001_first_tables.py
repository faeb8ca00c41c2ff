"""The first tables of all rooms."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("name_ar", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("username", name=op.f("uq_accounts_username")),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoints")),
    )
    op.create_table(
        "audit_leaves",
        sa.Column(
            "index",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=True),
        sa.Column("n", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_audit_leaves")),
        sa.UniqueConstraint("subject", "n", name=op.f("uq_audit_leaves_subject_n")),
    )
    op.create_table(
        "audit_nodes",
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "index", name=op.f("pk_audit_nodes")),
    )
    op.create_table(
        "detention_facilities",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name_ar", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_detention_facilities")),
    )
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("sitting", sa.String(length=32), nullable=False),
        sa.Column("seat", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitations_seat"), ["seat"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitations_sitting"), ["sitting"], unique=False)

    op.create_table(
        "recordings",
        sa.Column("sitting", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("sitting", name=op.f("pk_recordings")),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_failures")),
    )
    with op.batch_alter_table("sign_in_failures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_failures_last_at"), ["last_at"], unique=False)

    op.create_table(
        "used_tickets",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("forget_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_used_tickets")),
    )
    with op.batch_alter_table("used_tickets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_used_tickets_forget_at"), ["forget_at"], unique=False)

    op.create_table(
        "detention_rooms",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("facility", sa.String(length=32), nullable=False),
        sa.Column("name_ar", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["facility"],
            ["detention_facilities.id"],
            name=op.f("fk_detention_rooms_facility_detention_facilities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_detention_rooms")),
    )
    with op.batch_alter_table("detention_rooms", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_detention_rooms_facility"), ["facility"], unique=False)

    op.create_table(
        "guests",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("invitation", sa.String(length=32), nullable=False),
        sa.Column("sitting", sa.String(length=32), nullable=False),
        sa.Column("seat", sa.String(length=32), nullable=False),
        sa.Column("name_ar", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation"], ["invitations.id"], name=op.f("fk_guests_invitation_invitations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guests")),
        sa.UniqueConstraint("invitation", name=op.f("uq_guests_invitation")),
    )
    op.create_table(
        "recording_gaps",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("sitting", sa.String(length=64), nullable=False),
        sa.Column("track", sa.String(length=64), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting"], ["recordings.sitting"], name=op.f("fk_recording_gaps_sitting_recordings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_gaps")),
        sa.UniqueConstraint(
            "sitting", "track", "start_ms", name=op.f("uq_recording_gaps_sitting_track_start_ms")
        ),
    )
    op.create_table(
        "recording_stretches",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("sitting", sa.String(length=64), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("proved_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("started_by", sa.String(length=64), nullable=False),
        sa.Column("stopped_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["sitting"],
            ["recordings.sitting"],
            name=op.f("fk_recording_stretches_sitting_recordings"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_stretches")),
    )
    with op.batch_alter_table("recording_stretches", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_recording_stretches_sitting"), ["sitting"], unique=False
        )

    op.create_table(
        "recording_tracks",
        sa.Column("sitting", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("seat", sa.String(length=48), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("codec", sa.String(length=8), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(length=64), nullable=False),
        sa.Column("idle_reason", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["sitting"], ["recordings.sitting"], name=op.f("fk_recording_tracks_sitting_recordings")
        ),
        sa.PrimaryKeyConstraint("sitting", "id", name=op.f("pk_recording_tracks")),
    )
    op.create_table(
        "recording_viewings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("sitting", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_reference", sa.String(length=200), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting"],
            ["recordings.sitting"],
            name=op.f("fk_recording_viewings_sitting_recordings"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_viewings")),
    )
    with op.batch_alter_table("recording_viewings", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_recording_viewings_sitting"), ["sitting"], unique=False
        )

    op.create_table(
        "sittings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("case_number", sa.String(length=100), nullable=False),
        sa.Column("case_title", sa.String(length=300), nullable=False),
        sa.Column("languages", sa.String(length=100), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("phase", sa.String(length=32), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("outcome_reason", sa.Text(), nullable=False),
        sa.Column("adjourned_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offence", sa.String(length=32), nullable=False),
        sa.Column("permit", sa.String(length=100), nullable=False),
        sa.Column("booked_by", sa.String(length=32), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["booked_by"], ["accounts.id"], name=op.f("fk_sittings_booked_by_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sittings")),
    )
    with op.batch_alter_table("sittings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sittings_booked_by"), ["booked_by"], unique=False)
        batch_op.create_index(batch_op.f("ix_sittings_phase"), ["phase"], unique=False)
        batch_op.create_index(batch_op.f("ix_sittings_starts_at"), ["starts_at"], unique=False)

    op.create_table(
        "detention_room_officers",
        sa.Column("room", sa.String(length=32), nullable=False),
        sa.Column("officer", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["officer"], ["accounts.id"], name=op.f("fk_detention_room_officers_officer_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["room"],
            ["detention_rooms.id"],
            name=op.f("fk_detention_room_officers_room_detention_rooms"),
        ),
        sa.PrimaryKeyConstraint("room", "officer", name=op.f("pk_detention_room_officers")),
    )
    with op.batch_alter_table("detention_room_officers", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_detention_room_officers_officer"), ["officer"], unique=False
        )

    op.create_table(
        "holds",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("sitting", sa.String(length=32), nullable=False),
        sa.Column("seat", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting"], ["sittings.id"], name=op.f("fk_holds_sitting_sittings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    with op.batch_alter_table("holds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_holds_sitting"), ["sitting"], unique=False)
        batch_op.create_index("ix_holds_subject_ends_at", ["subject", "ends_at"], unique=False)

    op.create_table(
        "live_rooms",
        sa.Column("sitting", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting"], ["sittings.id"], name=op.f("fk_live_rooms_sitting_sittings")
        ),
        sa.PrimaryKeyConstraint("sitting", name=op.f("pk_live_rooms")),
    )
    op.create_table(
        "logins",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=True),
        sa.Column("guest", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.id"], name=op.f("fk_logins_account_accounts")
        ),
        sa.ForeignKeyConstraint(["guest"], ["guests.id"], name=op.f("fk_logins_guest_guests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logins")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_logins_token_hash")),
    )
    with op.batch_alter_table("logins", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_logins_account"), ["account"], unique=False)
        batch_op.create_index(batch_op.f("ix_logins_guest"), ["guest"], unique=False)

    op.create_table(
        "recording_segments",
        sa.Column("sitting", sa.String(length=64), nullable=False),
        sa.Column("track", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("stretch", sa.String(length=32), nullable=False),
        sa.Column("start_ms", sa.BigInteger(), nullable=False),
        sa.Column("end_ms", sa.BigInteger(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.Column("plain_size", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=True),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("link", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting"],
            ["recordings.sitting"],
            name=op.f("fk_recording_segments_sitting_recordings"),
        ),
        sa.ForeignKeyConstraint(
            ["stretch"],
            ["recording_stretches.id"],
            name=op.f("fk_recording_segments_stretch_recording_stretches"),
        ),
        sa.PrimaryKeyConstraint("sitting", "track", "seq", name=op.f("pk_recording_segments")),
    )
    op.create_table(
        "seats",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("sitting", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("name_ar", sa.String(length=200), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=32), nullable=True),
        sa.Column("represents", sa.String(length=32), nullable=True),
        sa.Column("room", sa.String(length=32), nullable=True),
        sa.Column("id_last4", sa.String(length=4), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["accounts.id"], name=op.f("fk_seats_person_accounts")),
        sa.ForeignKeyConstraint(
            ["room"], ["detention_rooms.id"], name=op.f("fk_seats_room_detention_rooms")
        ),
        sa.ForeignKeyConstraint(
            ["sitting"], ["sittings.id"], name=op.f("fk_seats_sitting_sittings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seats")),
    )
    with op.batch_alter_table("seats", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seats_person"), ["person"], unique=False)
        batch_op.create_index(batch_op.f("ix_seats_room"), ["room"], unique=False)
        batch_op.create_index(batch_op.f("ix_seats_sitting"), ["sitting"], unique=False)

    op.create_table(
        "sitting_events",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("sitting", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("seat", sa.String(length=32), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sitting"], ["sittings.id"], name=op.f("fk_sitting_events_sitting_sittings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sitting_events")),
    )
    with op.batch_alter_table("sitting_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sitting_events_sitting"), ["sitting"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("a record is not taken back: restore a backup")
