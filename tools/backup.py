"""`./mahdar backup`: the house copied while it runs, to a folder that grows by what is new.

The database is copied first, in one transaction; then the vault, whose files never change and are
on disk before their rows. So the copy is whole at the moment of the database, and what the vault
has more is what a restart would sweep up. Keys stay behind unless they are asked for.
"""

import asyncio
import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from audit import key as log_keys
from audit import store as log_store
from audit.checkpoint import Checkpoint
from database import Database
from recordings import store as records
from settings import Settings
from tools.snapshot import BackupError, Manifest, Sort, Store, Stored, Tell

LEFT_OUT = ("keys", "witness", "uploads", "vault")
"""Folders of the data folder that are no part of a copy, or are copied by themselves. A witness's
state must never go back: it would cosign a second history."""
KEYS = ("*.key", "*.pem")


def run(
    settings: Settings, out: Path, tell: Tell, *, with_keys: bool = False
) -> tuple[Path, Manifest]:
    """Make a snapshot in `out`. Blocks. Raises BackupError, OSError, AuditError."""
    if with_keys and not settings.key_passphrase:
        raise BackupError("the keys have no passphrase: copy <data>/keys yourself, apart from this")
    (out / "snapshots").mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = out / "snapshots" / f".new-{os.getpid()}"
    draft.mkdir(mode=0o700)
    try:
        backup = _Backup(settings, Store(out), draft, tell)
        manifest = backup.fill(with_keys=with_keys)
        return backup.store.publish(draft, manifest), manifest
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Backup:
    settings: Settings
    store: Store
    draft: Path
    tell: Tell

    def fill(self, *, with_keys: bool) -> Manifest:
        """Copy everything into the draft and say what it holds."""
        log_key = self.settings.keys / "log.key"
        if not log_key.exists():
            raise BackupError(f"{log_key} is missing: is MAHDAR_DATA_DIR right?")
        origin, passphrase = self.settings.log_origin, self.settings.key_passphrase
        vkey = log_keys.load_or_create(log_key, origin, passphrase).vkey
        at = datetime.now(UTC)
        sort, copy, newest, wanted = self._database()
        files = tuple(self._files())
        there = {item.path for item in files if item.root == "vault"}
        with copy.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Manifest(
            at=at.isoformat(timespec="seconds"),
            origin=origin,
            vkey=vkey,
            size=newest.size if newest else 0,
            root=newest.root.hex() if newest else "",
            sort=sort,
            database=digest,
            files=files,
            keys=tuple(self._keys()) if with_keys else (),
            missing=tuple(sorted(wanted - there)),
        )

    def _database(self) -> tuple[Sort, Path, Checkpoint | None, set[str]]:
        """Copy it; the newest checkpoint and the segments that the copy has."""
        url = make_url(self.settings.database)
        self.tell("database", 0, 1)
        if url.get_backend_name() == "sqlite":
            copy = self.draft / "database.sqlite"
            _copy_sqlite(Path(str(url.database)), copy)
            found = asyncio.run(_look(f"sqlite+aiosqlite:///{copy}"))
            for left in self.draft.glob("database.sqlite-*"):
                left.unlink()
            sort: Sort = "sqlite"
        else:
            copy = self.draft / "database.dump"
            found = asyncio.run(_look(self.settings.database))  # just before: the dump has it too
            postgresql("pg_dump", url, "--format=custom", "--no-owner", f"--file={copy}")
            sort = "postgresql"
        self.tell("database", 1, 1)
        return sort, copy, *found

    def _files(self) -> Iterator[Stored]:
        """Every file of the vault, and of the data folder but what is left out."""
        snapshots = self.store.snapshots()
        before = snapshots[-1][1].files if snapshots else ()
        known = {(item.root, item.path, item.size, item.mtime_ns): item for item in before}
        found = [*_below("vault", self.settings.vault), *self._data()]
        for number, (root, base, path) in enumerate(found, 1):
            try:
                stat = path.stat()
                name = path.relative_to(base).as_posix()
                same = known.get((root, name, stat.st_size, stat.st_mtime_ns))
                if same is None or not self.store.content(same.sha256).exists():
                    sha256, size = self.store.keep(path)
                    same = Stored(root, name, sha256, size, stat.st_mtime_ns)
            except FileNotFoundError:
                continue  # destroyed by order meanwhile, or a start that was not proved
            yield same
            self.tell("files", number, len(found))

    def _data(self) -> Iterator[tuple[str, Path, Path]]:
        folder = self.settings.data_dir
        vault = self.settings.vault.resolve()
        for item in sorted(folder.iterdir()) if folder.is_dir() else ():
            database = item.name.startswith("mahdar.db")
            if item.name in LEFT_OUT or database or item.resolve() == vault:
                continue
            if item.is_dir():
                yield from (("data", folder, path) for _, _, path in _below("data", item))
            elif item.is_file():
                yield "data", folder, item

    def _keys(self) -> Iterator[str]:
        """The key files, which are under the passphrase."""
        (self.draft / "keys").mkdir(mode=0o700)
        for pattern in KEYS:
            for path in sorted(self.settings.keys.glob(pattern)):
                target = self.draft / "keys" / path.name
                shutil.copyfile(path, target)
                target.chmod(0o600)
                yield path.name


def _below(root: str, folder: Path) -> list[tuple[str, Path, Path]]:
    """Regular files; links are not followed."""
    paths = sorted(folder.rglob("*")) if folder.is_dir() else []
    return [(root, folder, path) for path in paths if path.is_file() and not path.is_symlink()]


def _copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's online backup: one consistent state, while others read and write."""
    if not source.exists():
        raise BackupError(f"{source} is missing: is MAHDAR_DATA_DIR right?")
    try:
        with (
            _connected(f"file:{source}?mode=ro") as read,
            _connected(f"file:{target}") as write,
        ):
            read.backup(write)
    except sqlite3.Error as error:
        raise BackupError(f"the database cannot be copied: {error}") from None


class _connected:
    """A connection that is closed at the end, which sqlite3's own context does not do."""

    def __init__(self, uri: str) -> None:
        self._connection = sqlite3.connect(uri, uri=True)

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def postgresql(program: str, url: URL, *arguments: str) -> None:
    """Run one of PostgreSQL's programs on the database of `url`. Raises BackupError."""
    if shutil.which(program) is None:
        raise BackupError(f"{program} is missing: install PostgreSQL's client programs")
    plain = url.set(drivername="postgresql", password=None)
    environment = os.environ | ({"PGPASSWORD": url.password} if url.password else {})
    command = [program, f"--dbname={plain.render_as_string()}", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BackupError(f"{program}: {done.stderr.strip()[-400:]}")


async def _look(url: str) -> tuple[Checkpoint | None, set[str]]:
    """The newest checkpoint, and the paths in the vault of all segments that are kept."""
    database = Database(url)
    try:
        async with database.unit(write=False) as session:
            newest = await log_store.newest(session)
            wanted: set[str] = set()
            for sitting in await records.recorded_sittings(session):
                record = await records.get(session, sitting)
                if record is None or record.wrapped_key is None:
                    continue  # destroyed by order: its files need not be there
                for row in await records.segments(session, sitting):
                    wanted.add(f"{sitting}/{row.track}/{row.seq:08d}.seg")
            return newest, wanted
    finally:
        await database.close()
