"""The folder of encrypted segments: `<vault>/<sitting>/<track>/<seq>.seg`. Blocking calls."""

import hashlib
import io
import os
import re
import shutil
from pathlib import Path
from typing import Any, Final, Protocol

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class RawFile(Protocol):
    """An unbuffered file, as `Vault.create` opens it. All but `close` may raise OSError."""

    def write(self, data: memoryview, /) -> int | None: ...
    def truncate(self, size: int, /) -> Any: ...
    def sync(self) -> None: ...
    def close(self) -> None: ...


class LocalFile(io.FileIO):
    """A file on local disk. `sync` makes its content and its name survive a power cut."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        super().__init__(descriptor, "wb")
        self._folder: Path | None = path.parent

    def sync(self) -> None:
        """From any thread, before `close`. Raises OSError; ValueError when closed."""
        os.fdatasync(self.fileno())
        folder, self._folder = self._folder, None
        if folder:
            sync_folder(folder)


PAPERS: Final = frozenset({"deeds", "marriages", "exhibits"})
"""Folders beside those of sittings (`recordings.papers.files`): no recordings."""


class Vault:
    """Local disk. Files are made once (O_EXCL), appended to by their writer, and never changed."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def prepare(self) -> None:
        """Make the folder."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, sitting: str, track: str, seq: int) -> Path:
        """Where a segment is. Raises ValueError for ids that are not opaque ids."""
        if not _ID.fullmatch(sitting) or not _ID.fullmatch(track) or not 0 <= seq < 10**8:
            raise ValueError("not an id of ours")
        return self.root / sitting / track / f"{seq:08d}.seg"

    def create(self, path: Path) -> RawFile:
        """Open a new segment, unbuffered. Raises OSError, FileExistsError among them."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return LocalFile(path)

    def remove(self, path: Path) -> None:
        """Delete a segment that never belonged to the record. One that is gone is fine."""
        path.unlink(missing_ok=True)

    def tracks(self, sitting: str) -> list[str]:
        """The tracks of a sitting that have a folder."""
        folder = self.root / sitting
        return sorted(item.name for item in folder.iterdir()) if folder.is_dir() else []

    def numbers(self, sitting: str, track: str) -> list[int]:
        """The segments of a track that have a file, in order."""
        found = self.path(sitting, track, 0).parent.glob("*.seg")
        return sorted(int(item.stem) for item in found)

    def damaged(self, sitting: str, track: str) -> list[int]:
        """The segments of a track that were set aside."""
        found = self.path(sitting, track, 0).parent.glob("*.damaged")
        return sorted(int(item.stem) for item in found)

    def sittings(self) -> list[str]:
        """The sittings that have a folder."""
        if not self.root.is_dir():
            return []
        return sorted(item.name for item in self.root.iterdir() if item.name not in PAPERS)

    def now_at(self, path: Path) -> Path:
        """Where a segment that is being written grows."""
        return path

    def copies(self, path: Path) -> list[Path]:
        """Every copy of a segment that is there."""
        return [path] if path.exists() else []

    def find(self, sitting: str, track: str, seq: int, sha256: str) -> Path:
        """The copy of a segment to read: the one with this hash (hex), where there are several."""
        return self.path(sitting, track, seq)

    def faults(self) -> list[str]:
        """Codes of alarms that do not keep the record from being written."""
        return []

    def set_aside(self, path: Path) -> None:
        """Keep a file that cannot be part of the record where nobody takes it for a segment."""
        path.rename(path.with_suffix(".damaged"))

    def erase(self, sitting: str) -> None:
        """Delete every segment of a sitting whose key is destroyed. Nobody could read them."""
        shutil.rmtree(self.path(sitting, "x", 0).parent.parent, ignore_errors=True)

    def free_bytes(self) -> int:
        """What the file system has left for us. Raises OSError."""
        return shutil.disk_usage(self.root).free


def digest(path: Path) -> str:
    """SHA-256 of a file, hex; empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def sync_folder(folder: Path) -> None:
    """Make the folder's entries survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
