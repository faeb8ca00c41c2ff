"""`./mahdar restore`: a snapshot put where nothing is, and checked.

Every content is compared with its hash on the way. Nothing is ever overwritten. Afterwards the log
is checked whole, and database, vault and log against each other.
"""

import asyncio
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

import migrate
from audit import key as log_keys
from audit.errors import KeyFileError
from audit.fsck import Fault, Fsck
from audit.leaf import JSON
from audit.note import parse_vkey
from audit.service import AuditLog
from clock import utc_now
from database import Database
from notary.rows import DeedRows
from recordings.inspection import Inspection, Remark
from recordings.keyring import KeyRing, open_keyring
from recordings.keys import KeyRefused
from recordings.rows import RecordRows
from recordings.vault import Vault
from settings import Settings
from tools.backup import postgresql
from tools.snapshot import BackupError, Manifest, Store, Tell, copy_checked

LEAF = "log.restored"
_SIZE = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(slots=True)
class Restored:
    """What was put back, and what the checks found."""

    snapshot: Path
    manifest: Manifest
    faults: Sequence[Fault] = ()
    remarks: Sequence[Remark] = ()
    notes: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults and not any(one.state == "fail" for one in self.remarks)


def run(settings: Settings, source: Path, at: str, outside: Sequence[str], tell: Tell) -> Restored:
    """Restore the snapshot that `at` names. Blocks. Raises BackupError, OSError, AuditError.

    `at`: empty for the newest; a UTC time for the newest that is not later; a number for the newest
    whose log has no more leaves. `outside`: checkpoints that others kept.
    """
    store = Store(source)
    folder, manifest = choose(store, at)
    url = make_url(settings.database)
    if (url.get_backend_name() == "sqlite") != (manifest.sort == "sqlite"):
        raise BackupError(f"the snapshot is of {manifest.sort}; set MAHDAR_DATABASE_URL to one")
    _refuse_to_overwrite(settings, manifest)
    _put_files(settings, store, manifest, tell)
    _put_database(settings, folder, manifest)
    found = Restored(folder, manifest)
    _put_keys(settings, folder, manifest, found)
    migrate.upgrade(settings.database)
    asyncio.run(_check(settings, found, outside, tell))
    return found


def choose(store: Store, at: str) -> tuple[Path, Manifest]:
    """The snapshot that `at` names. Raises BackupError."""
    found = store.snapshots()
    if _SIZE.fullmatch(at):
        found = [one for one in found if one[1].size <= int(at)]
    elif at:
        try:
            latest = datetime.fromisoformat(at)
        except ValueError:
            raise BackupError(
                "--at takes a time (2026-11-22T09:30) or a number of leaves"
            ) from None
        latest = latest if latest.tzinfo else latest.replace(tzinfo=UTC)
        found = [one for one in found if one[1].time <= latest]
    if not found:
        raise BackupError(f"{store.folder} has no such snapshot")
    return found[-1]


def _refuse_to_overwrite(settings: Settings, manifest: Manifest) -> None:
    url = make_url(settings.database)
    if manifest.sort == "sqlite" and Path(str(url.database)).exists():
        raise BackupError(f"{url.database} is there already; move it away first")
    if manifest.sort == "postgresql" and asyncio.run(_tables(settings.database)):
        raise BackupError("the database is not empty; make a new one first")
    if settings.vault.is_dir() and any(settings.vault.iterdir()):
        raise BackupError(f"{settings.vault} is not empty; move it away first")
    for item in manifest.files:
        if (_base(settings, item.root) / item.path).exists():
            raise BackupError(f"{item.path} is there already; move it away first")


async def _tables(url: str) -> list[str]:
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(lambda known: inspect(known).get_table_names())
    finally:
        await engine.dispose()


def _base(settings: Settings, root: str) -> Path:
    return settings.vault if root == "vault" else settings.data_dir


def _put_files(settings: Settings, store: Store, manifest: Manifest, tell: Tell) -> None:
    for number, item in enumerate(manifest.files, 1):
        base = _base(settings, item.root).resolve()
        target = (base / item.path).resolve()
        if base not in target.parents:
            raise BackupError(f"{item.path} leads out of the vault: the manifest was changed")
        copy_checked(store.content(item.sha256), target, item.sha256)
        tell("files", number, len(manifest.files))


def _put_database(settings: Settings, folder: Path, manifest: Manifest) -> None:
    source, url = folder / manifest.database_name, make_url(settings.database)
    if manifest.sort == "sqlite":
        copy_checked(source, Path(str(url.database)), manifest.database)
        return
    checked = folder.parent / f".restoring-{folder.name}"
    try:
        copy_checked(source, checked, manifest.database)
        options = ("--no-owner", "--exit-on-error", "--single-transaction")
        postgresql("pg_restore", url, *options, str(checked))
    finally:
        checked.unlink(missing_ok=True)


def _put_keys(settings: Settings, folder: Path, manifest: Manifest, found: Restored) -> None:
    """Keys of the snapshot where there are none; those that are there stay."""
    settings.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in manifest.keys:
        target = settings.keys / Path(name).name
        if target.exists():
            found.notes.append(f"{name} was there already and stays")
            continue
        shutil.copyfile(folder / "keys" / target.name, target)
        target.chmod(0o600)


async def _check(settings: Settings, found: Restored, outside: Sequence[str], tell: Tell) -> None:
    """The whole log, then database, vault and log against each other; then the leaf."""
    database = Database(settings.database)
    try:
        verifier = parse_vkey(found.manifest.vkey)
        report = await Fsck(database, verifier, rows=[RecordRows(), DeedRows()]).run(outside, tell)
        found.faults = report.faults
        ring = await asyncio.to_thread(_keyring, settings, found)
        vault = Vault(settings.vault)
        found.remarks = await Inspection(database, vault, ring, utc_now(), deep=True).run()
        if found.sound:
            await _tell_the_log(settings, database, found)
    finally:
        await database.close()


def _keyring(settings: Settings, found: Restored) -> KeyRing | None:
    """What unwraps the sittings' keys; None, with a note, when it is not here. Blocks."""
    if settings.key_store == "file" and not (settings.keys / "vault.key").exists():
        found.notes.append("keys/vault.key is not here: put it back before the server starts")
        return None
    try:
        return open_keyring(settings)
    except KeyRefused as error:
        found.notes.append(f"the vault's keys were not checked: {error}")
        return None


async def _tell_the_log(settings: Settings, database: Database, found: Restored) -> None:
    """The log says itself that it was put back: whoever knows a longer one learns why."""
    path, manifest = settings.keys / "log.key", found.manifest
    if not path.exists():
        found.notes.append("keys/log.key is not here: the log will not say that it was restored")
        return
    try:
        log_key = await log_keys.open_key(path, settings.log_origin, settings.key_passphrase)
    except KeyFileError as error:
        found.notes.append(f"the log will not say that it was restored: {error}")
        return
    if log_key.vkey != manifest.vkey:
        found.notes.append("keys/log.key is another log's; put back the one that belongs to this")
        return
    log = AuditLog(database, log_key, settings.log_origin, utc_now)
    async with database.unit() as session:
        leaf: dict[str, JSON] = {"size": manifest.size, "root": manifest.root}
        await log.append(session, LEAF, leaf)
