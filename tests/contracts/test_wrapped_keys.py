"""Every key under the key store is declared, so that a rotation leaves none behind.

A column of bytes is either of the type `WrappedKey`, or said here to be something else.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import Column, LargeBinary, MetaData, String, Table

import migrate
from database import Base
from recordings.wrapped.store import Shelf, WrappedKey, shelves

KEYS = {
    "deed_files.key",
    "exhibits.key",
    "marriage_papers.key",
    "minutes.key",
    "recordings.wrapped_key",
    "recording_works.key",
    "signing_ceremonies.wrapped",
}
"""Under the key store: rotation rewraps them."""
OTHER = {
    "audit_checkpoints.root": "hash",
    "audit_leaves.entry": "leaf",
    "audit_leaves.hash": "hash",
    "audit_nodes.hash": "hash",
    "audit_timestamps.token": "RFC 3161 token",
    "authorisations.nonce": "random",
    "authorisations.public_key": "public key",
    "ceremonies.challenge": "random",
    "exhibit_sealings.salt": "salt",
    "minutes_revisions.content": "sealed under minutes.key",
    "passkeys.credential": "id of a passkey",
    "passkeys.public_key": "public key",
    "recording_holds.salt": "salt",
    "recording_levels.sealed": "sealed under recordings.wrapped_key",
    "recording_marks.sealed": "sealed under recordings.wrapped_key",
    "recording_orders.salt": "salt",
    "recording_seals.salt": "salt",
    "recording_segments.salt": "salt",
    "recording_tracks.wrapped_key": "key under the sitting's, recordings.wrapped_key",
    "recording_viewings.salt": "salt",
    "room_devices.key": "public key",
    "signing_revisions.content": "sealed under signing_ceremonies.wrapped",
    "transcript_revisions.sealed": "sealed under recordings.wrapped_key",
}
"""What the other columns of bytes hold. A key under the sitting's key needs no rewrapping."""


def columns(metadata: MetaData) -> Iterator[tuple[str, "Column[bytes]"]]:
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, LargeBinary | WrappedKey):
                yield f"{table.name}.{column.name}", column


def unknown(metadata: MetaData) -> set[str]:
    """Columns of bytes of which nobody said what they hold."""
    return {
        name
        for name, column in columns(metadata)
        if not isinstance(column.type, WrappedKey) and name not in OTHER
    }


def test_every_column_of_bytes_is_known() -> None:
    migrate.load_tables()
    missing = unknown(Base.metadata)
    assert not missing, (
        f"{sorted(missing)}: a key under the key store is a WrappedKey (recordings.wrapped.store); "
        "say of anything else here what it is"
    )
    assert set(OTHER) <= {name for name, _ in columns(Base.metadata)}, "no longer there"


def test_a_key_that_is_not_declared_is_found() -> None:
    metadata = MetaData()
    Table("exhibits", metadata, Column("id", String, primary_key=True), Column("key", LargeBinary))
    assert unknown(metadata) == {"exhibits.key"}


def test_the_register_has_all_declared_keys() -> None:
    migrate.load_tables()
    found = {f"{one.of}.{one.name}" for one in shelves()}
    assert found >= KEYS
    assert found == {
        name for name, column in columns(Base.metadata) if isinstance(column.type, WrappedKey)
    }


@pytest.mark.parametrize("at", range(5))
def test_each_says_its_row_and_its_subject(at: int) -> None:
    migrate.load_tables()
    shelf: Shelf = shelves()[at]
    assert shelf.id is not None
    assert shelf.subject is not None
