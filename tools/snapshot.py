"""What a backup is: a folder of contents by their hash, and snapshots that name them.

    DIR/contents/<2 hex>/<sha256>      each file once, however many snapshots have it
    DIR/snapshots/<time>-<leaves>/     database.sqlite or database.dump, manifest.json, keys/

A snapshot appears whole or not at all. Contents are never changed; nothing is deleted by itself.
"""

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

from audit.key import sync_folder

CHUNK = 1 << 20
MANIFEST = "manifest.json"
Sort = Literal["sqlite", "postgresql"]
_NAME = re.compile(r"\d{8}T\d{6}Z-\d+")


class BackupError(Exception):
    """The backup cannot be made or used; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the house: `root` is vault or data, `path` below it."""

    root: str
    path: str
    sha256: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one snapshot holds."""

    at: str
    """UTC, when the database was copied."""
    origin: str
    vkey: str
    size: int
    """Leaves of the newest checkpoint in it."""
    root: str
    sort: Sort
    database: str
    """SHA-256 of the copy of the database."""
    files: tuple[Stored, ...]
    keys: tuple[str, ...] = ()
    """Names of the key files in it, each under the passphrase."""
    missing: tuple[str, ...] = ()
    """Segments that the database has and the vault had not."""

    @property
    def time(self) -> datetime:
        """`at` as a time."""
        return datetime.fromisoformat(self.at)

    @property
    def database_name(self) -> str:
        """The file of the database."""
        return "database.sqlite" if self.sort == "sqlite" else "database.dump"


@dataclass(frozen=True, slots=True)
class Store:
    """The folder of a backup. Blocking."""

    folder: Path

    def content(self, sha256: str) -> Path:
        """Where a content lies, or would."""
        return self.folder / "contents" / sha256[:2] / sha256

    def keep(self, source: Path) -> tuple[str, int]:
        """Copy a file in, once, and return its SHA-256 and size. Raises OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self.folder / f".new-{secrets.token_hex(8)}"
        try:
            with source.open("rb") as read, temporary.open("xb") as write:
                sha256, size = copy(read, write)
            final = self.content(sha256)
            if not final.exists():
                final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                temporary.replace(final)
                sync_folder(final.parent)
            return sha256, size
        finally:
            temporary.unlink(missing_ok=True)

    def snapshots(self) -> list[tuple[Path, Manifest]]:
        """All snapshots, oldest first. Raises BackupError."""
        folder = self.folder / "snapshots"
        names = sorted(folder.iterdir()) if folder.is_dir() else []
        return [(path, read(path)) for path in names if _NAME.fullmatch(path.name)]

    def publish(self, draft: Path, manifest: Manifest) -> Path:
        """Give a draft its manifest and its name."""
        text = json.dumps(asdict(manifest), indent=0, sort_keys=True)
        with (draft / MANIFEST).open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        stamp = manifest.time.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        final = draft.parent / f"{stamp}-{manifest.size}"
        if final.exists():
            raise BackupError(f"{final.name} is there already; wait a second and try again")
        draft.rename(final)
        sync_folder(final.parent)
        return final


def copy(read: BinaryIO, write: BinaryIO) -> tuple[str, int]:
    """Copy and hash, durable when it returns."""
    digest, size = hashlib.sha256(), 0
    while piece := read.read(CHUNK):
        digest.update(piece)
        write.write(piece)
        size += len(piece)
    write.flush()
    os.fsync(write.fileno())
    return digest.hexdigest(), size


def copy_checked(source: Path, target: Path, sha256: str) -> None:
    """Copy a content to a new file. Raises BackupError unless it has this hash."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with source.open("rb") as read, os.fdopen(descriptor, "wb") as write:
        found, _ = copy(read, write)
    if found != sha256:
        target.unlink()
        raise BackupError(f"{source} is damaged: its hash is {found}. Use another snapshot.")


def read(folder: Path) -> Manifest:
    """The manifest of a snapshot. Raises BackupError."""
    try:
        value: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        value["files"] = tuple(Stored(**item) for item in value["files"])
        value |= {name: tuple(value[name]) for name in ("keys", "missing")}
        return Manifest(**value)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{folder} is no snapshot: {error}") from None


Tell = Callable[[str, int, int], None]
