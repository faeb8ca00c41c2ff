"""Backup while the house runs, and restore to a point: on both databases, with real recordings."""

import asyncio
import json
import os
import secrets
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import migrate
from audit import key as log_keys
from audit import store as log_store
from audit.service import AuditLog
from cli import main
from clock import utc_now
from database import Database
from recordings.keyring import open_keyring
from recordings.service import Desk
from recordings.vault import Vault
from settings import Settings
from tests.recordings.room import Room, microphone
from tests.recordings.test_service import flowing
from tools import backup, restore
from tools.restore import LEAF, Restored
from tools.snapshot import BackupError, Manifest, Store

ORIGIN = "court.example/audit"


def quiet(_step: str, _done: int, _whole: int) -> None:
    pass


@dataclass
class Court:
    """A house on disk with one sealed record."""

    settings: Settings
    out: Path
    elsewhere: str
    """URL of an empty database; empty: SQLite."""

    def log(self, database: Database) -> AuditLog:
        path = self.settings.keys / "log.key"
        key = log_keys.load_or_create(path, ORIGIN, self.settings.key_passphrase)
        return AuditLog(database, key, ORIGIN, utc_now)

    async def _record(self, sitting: str) -> None:
        database = Database(self.settings.database)
        vault = Vault(self.settings.vault)
        ring = open_keyring(self.settings)
        log = self.log(database)
        desk = Desk(database, log, vault, ring, utc_now, min_free_bytes=1000)
        await desk.open()
        with Room(sitting, microphone()) as room:
            await flowing(room)
            await desk.start(sitting, room, "judge1")
            await desk.close(sitting, "judge1")
        await desk.shutdown()
        await log.checkpoint()
        await database.close()

    def record(self, sitting: str) -> None:
        asyncio.run(self._record(sitting))

    def backup(self, *, with_keys: bool = True) -> Manifest:
        return backup.run(self.settings, self.out, quiet, with_keys=with_keys)[1]

    def restore(self, folder: Path, at: str = "", **changes: object) -> tuple[Settings, Restored]:
        """Into another data folder, with the keys of the snapshot."""
        settings = replace(
            self.settings,
            data_dir=folder,
            database_url=self.elsewhere,
            **changes,  # type: ignore[arg-type]
        )
        return settings, restore.run(settings, self.out, at, [], quiet)


def newest(settings: Settings) -> list[str]:
    """Types of the leaves of a house, in order."""

    async def look() -> list[str]:
        database = Database(settings.database)
        async with database.unit(write=False) as session:
            size = await log_store.size(session)
            found = [row.type for row in await log_store.columns(session, 0, size)]
        await database.close()
        return found

    return asyncio.run(look())


@pytest.fixture(params=["sqlite", "postgresql"])
def court(request: pytest.FixtureRequest, tmp_path: Path) -> Court:
    url = elsewhere = ""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql_server")
        url, elsewhere = (f"{server}/b{secrets.token_hex(6)}" for _ in range(2))
        migrate.create_database(url)
        migrate.create_database(elsewhere)
    settings = Settings(
        data_dir=tmp_path / "data",
        database_url=url,
        log_origin=ORIGIN,
        key_passphrase="a passphrase",
    )
    migrate.upgrade(settings.database)
    made = Court(settings, tmp_path / "backup", elsewhere)
    made.record("sit1")
    (settings.data_dir / "documents").mkdir()
    (settings.data_dir / "documents" / "deed.pdf").write_bytes(b"%PDF")
    return made


def test_there_and_back(court: Court, tmp_path: Path) -> None:
    first = court.backup()
    assert not first.missing
    assert {item.root for item in first.files} == {"vault", "data"}
    assert "log.key" in first.keys
    before = set(court.out.rglob("contents/*/*"))
    court.record("sit2")
    second = court.backup()
    after = set(court.out.rglob("contents/*/*"))
    assert before < after
    assert len(after) == len({item.sha256 for item in second.files})  # only what is new was written

    settings, found = court.restore(tmp_path / "new")
    assert found.sound, (found.faults, found.remarks)
    assert not found.notes
    assert newest(settings) == [*newest(court.settings), LEAF]
    for item in second.files:
        base = settings.vault if item.root == "vault" else settings.data_dir
        assert (base / item.path).stat().st_size == item.size
    assert (settings.data_dir / "documents" / "deed.pdf").read_bytes() == b"%PDF"
    assert not (settings.data_dir / "witness").exists()


def test_to_a_point(court: Court, tmp_path: Path) -> None:
    first = court.backup()
    court.record("sit2")
    court.backup()
    settings, found = court.restore(tmp_path / "new", at=str(first.size))
    assert found.sound, (found.faults, found.remarks)
    assert found.manifest.size == first.size
    assert not (settings.vault / "sit2").exists()
    assert newest(settings)[-1] == LEAF


@pytest.fixture
def sqlite_court(tmp_path: Path, sqlite_template: Path) -> Court:
    """One without a record: for what has nothing to do with media."""
    settings = Settings(data_dir=tmp_path / "data", log_origin=ORIGIN, key_passphrase="p")
    settings.data_dir.mkdir()
    shutil.copyfile(sqlite_template, settings.data_dir / "mahdar.db")
    made = Court(settings, tmp_path / "backup", "")
    open_keyring(settings)
    more(made, 3)
    (settings.vault / "x").mkdir(parents=True)
    return made


def more(court: Court, count: int) -> str:
    """So many leaves more; the newest checkpoint."""

    async def add() -> str:
        database = Database(court.settings.database)
        log = court.log(database)
        for number in range(count):
            async with database.unit() as session:
                await log.append(session, "test.leaf", {"number": number})
        note = (await log.checkpoint()).note
        await database.close()
        return note

    return asyncio.run(add())


def test_the_choice_of_a_point(sqlite_court: Court, tmp_path: Path) -> None:
    first = sqlite_court.backup()
    more(sqlite_court, 2)
    second = sqlite_court.backup()
    store = Store(sqlite_court.out)
    assert restore.choose(store, "")[1] == second
    assert restore.choose(store, "4")[1] == first
    assert restore.choose(store, second.at)[1] == second
    for nothing in ("2", "2020-01-01", "2020-01-01T00:00+00:00"):
        with pytest.raises(BackupError, match="no such snapshot"):
            restore.choose(store, nothing)
    with pytest.raises(BackupError, match="--at takes"):
        restore.choose(store, "yesterday")


def test_while_others_write(sqlite_court: Court, tmp_path: Path) -> None:
    """The copy is one state, and its log is sound to the last leaf."""

    async def both() -> Manifest:
        database = Database(sqlite_court.settings.database)
        log = sqlite_court.log(database)
        copying = asyncio.create_task(asyncio.to_thread(sqlite_court.backup))
        while not copying.done():
            async with database.unit() as session:
                await log.append(session, "test.leaf", {})
            await log.checkpoint()
        await database.close()
        return await copying

    manifest = asyncio.run(both())
    _, found = sqlite_court.restore(tmp_path / "new")
    assert found.sound, found.faults
    assert found.manifest == manifest


def test_nothing_is_overwritten(sqlite_court: Court, tmp_path: Path) -> None:
    sqlite_court.backup()
    with pytest.raises(BackupError, match="is there already"):
        restore.run(sqlite_court.settings, sqlite_court.out, "", [], quiet)
    (tmp_path / "new" / "vault").mkdir(parents=True)
    (tmp_path / "new" / "vault" / "x").write_bytes(b"")
    with pytest.raises(BackupError, match="not empty"):
        sqlite_court.restore(tmp_path / "new")
    assert not (tmp_path / "new" / "mahdar.db").exists()


def test_damage_is_found(sqlite_court: Court, tmp_path: Path) -> None:
    (sqlite_court.settings.data_dir / "paper").write_bytes(b"paper")
    sqlite_court.backup()
    content = next(sqlite_court.out.rglob("contents/*/*"))
    content.write_bytes(b"other")
    with pytest.raises(BackupError, match="is damaged"):
        sqlite_court.restore(tmp_path / "new")
    content.write_bytes(b"paper")
    database = next(sqlite_court.out.rglob("database.sqlite"))
    data = bytearray(database.read_bytes())
    data[len(data) // 2] ^= 1
    database.write_bytes(data)
    with pytest.raises(BackupError, match="is damaged"):
        sqlite_court.restore(tmp_path / "newer")


def test_a_manifest_that_leads_out(sqlite_court: Court, tmp_path: Path) -> None:
    (sqlite_court.settings.data_dir / "paper").write_bytes(b"paper")
    sqlite_court.backup()
    path = next(sqlite_court.out.rglob("manifest.json"))
    value = json.loads(path.read_bytes())
    value["files"][0]["path"] = "../../stolen"
    path.write_text(json.dumps(value))
    with pytest.raises(BackupError, match="leads out"):
        sqlite_court.restore(tmp_path / "new" / "data")
    path.write_text("{}")
    with pytest.raises(BackupError, match="no snapshot"):
        sqlite_court.restore(tmp_path / "newer")


def test_what_was_lost_is_shown_by_a_checkpoint_that_somebody_kept(
    sqlite_court: Court, tmp_path: Path
) -> None:
    sqlite_court.backup()
    kept = more(sqlite_court, 5)
    settings = replace(sqlite_court.settings, data_dir=tmp_path / "new")
    found = restore.run(settings, sqlite_court.out, "", [kept], quiet)
    assert not found.sound
    assert "it was cut" in found.faults[0].what


def test_keys_stay_behind_unless_asked_for(sqlite_court: Court, tmp_path: Path) -> None:
    assert sqlite_court.backup(with_keys=False).keys == ()
    assert not [path for path in sqlite_court.out.rglob("*") if path.suffix in (".key", ".pem")]
    _, found = sqlite_court.restore(tmp_path / "new")
    assert found.sound
    assert len(found.notes) == 2  # says which keys are to be put back
    open_court = Court(replace(sqlite_court.settings, key_passphrase=""), tmp_path / "b", "")
    with pytest.raises(BackupError, match="passphrase"):
        open_court.backup()


def test_the_command_line(
    sqlite_court: Court, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):
        if name.startswith("MAHDAR_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MAHDAR_DATA_DIR", str(sqlite_court.settings.data_dir))
    monkeypatch.setenv("MAHDAR_LOG_ORIGIN", ORIGIN)
    monkeypatch.setenv("MAHDAR_KEY_PASSPHRASE", "p")
    runner, out = CliRunner(), str(sqlite_court.out)
    assert runner.invoke(main, ["audit", "fsck"]).exit_code == 0
    done = runner.invoke(main, ["backup", "--out", out, "--with-keys"])
    assert done.exit_code == 0, done.output
    assert runner.invoke(main, ["restore", "--from", out]).exit_code == 2
    kept = tmp_path / "kept.txt"
    kept.write_text(more(sqlite_court, 1))
    assert runner.invoke(main, ["audit", "fsck", "--checkpoint", str(kept)]).exit_code == 0
    monkeypatch.setenv("MAHDAR_DATA_DIR", str(tmp_path / "new"))
    assert runner.invoke(main, ["audit", "fsck"]).exit_code == 2
    done = runner.invoke(main, ["restore", "--from", out])
    assert (done.exit_code, "SOUND" in done.output) == (0, True), done.output
    done = runner.invoke(main, ["audit", "fsck", "--checkpoint", str(kept), "--json"])
    assert done.exit_code == 1
    assert "it was cut" in done.output
