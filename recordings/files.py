"""What lies in the vault, beside what the database says. Blocking calls."""

from collections.abc import Iterable
from typing import Protocol

from recordings.vault import Vault, digest


class Expected(Protocol):
    """So much of a segment's row."""

    @property
    def sitting(self) -> str: ...
    @property
    def track(self) -> str: ...
    @property
    def seq(self) -> int: ...
    @property
    def sha256(self) -> str: ...


def altered(vault: Vault, rows: Iterable[Expected]) -> list[tuple[str, int]]:
    """(track, number) of the segments whose file is gone or is not the one in the log."""
    return [
        (row.track, row.seq)
        for row in rows
        if digest(vault.find(row.sitting, row.track, row.seq, row.sha256)) != row.sha256
    ]
