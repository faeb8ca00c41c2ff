"""`./mahdar doctor`: look at this installation and say what to do about what is missing."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from clock import utc_now
from database import Database
from notary.rows import DeedRows
from recordings.inspection import Inspection, Remark
from recordings.rows import RecordRows
from settings import ROOT, Settings
from signaling import compiled
from tools import native

State = Literal["ok", "warn", "fail"]
COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `advice` is empty when there is nothing to do."""

    name: str
    state: State
    what: str
    advice: str = ""


def run(settings: Settings, console: Console, *, deep: bool = False) -> int:
    """Print all findings; 0 when nothing fails, else 1. `deep`: hash every segment too."""
    findings = [finding for check in CHECKS for finding in check(settings)]
    findings += records(settings, deep=deep)
    table = Table("", "check", "found", "what to do")
    for finding in findings:
        colour = COLOURS[finding.state]
        table.add_row(f"[{colour}]{finding.state}[/]", finding.name, finding.what, finding.advice)
    console.print(table)
    return int(any(finding.state == "fail" for finding in findings))


def python(_settings: Settings) -> Iterator[Finding]:
    """3.11 or newer (pyproject.toml)."""
    version = ".".join(map(str, sys.version_info[:3]))
    fine = sys.version_info >= (3, 11)
    yield Finding("Python", "ok" if fine else "fail", version, "" if fine else "Use 3.11 or newer.")


def pages_built(_settings: Settings) -> Iterator[Finding]:
    """The style sheet, fonts and icons are made at set-up."""
    built = (ROOT / "static" / "build" / "app.css").exists()
    yield Finding(
        "Style sheet",
        "ok" if built else "fail",
        "built" if built else "missing",
        "" if built else "Run: make setup",
    )


def data_folder(settings: Settings) -> Iterator[Finding]:
    """Writable, and with room for recordings."""
    for name, folder in (("Data folder", settings.data_dir), ("Vault", settings.vault)):
        existing = next(path for path in (folder, *folder.parents) if path.exists())
        if not os.access(existing, os.W_OK):
            yield Finding(name, "fail", "not writable", f"Give this user the folder {folder}.")
            continue
        free = shutil.disk_usage(existing).free
        enough = free > settings.record_min_free_bytes
        yield Finding(
            name,
            "ok" if enough else "fail",
            f"{free / 1e9:.1f} GB free",
            "" if enough else "Free some space: on record is refused below the limit.",
        )


def key_files(settings: Settings) -> Iterator[Finding]:
    """Readable by their owner only."""
    loose = [
        path.name
        for path in (settings.keys.iterdir() if settings.keys.is_dir() else ())
        if path.is_file() and path.stat().st_mode & 0o077
    ]
    yield Finding(
        "Key files",
        "fail" if loose else "ok",
        f"readable by others: {', '.join(loose)}" if loose else "private",
        f"Run: chmod 600 {settings.keys}/*" if loose else "",
    )


def key_store(settings: Settings) -> Iterator[Finding]:
    """Wraps and unwraps a key; counts what is under each, by table."""
    from recordings.keyring import open_keyring
    from recordings.keys import KeyRefused

    if settings.key_store == "file" and not (settings.keys / "vault.key").exists():
        yield Finding("Key store", "warn", "no key yet", "It is made at the first: ./mahdar serve")
        return
    try:
        ring = open_keyring(settings)
        name = ring.check()
    except KeyRefused as error:
        advice = "Nothing is recorded or seen until it answers. Check MAHDAR_KEY_STORE."
        yield Finding("Key store", "fail", str(error), advice)
        return
    try:
        under = asyncio.run(_under(settings.database))
    except (SQLAlchemyError, OSError, KeyRefused):
        yield Finding("Key store", "ok", f"{name} wraps")  # the database has a line of its own
        return
    older = [
        f"{count} of {table} under {key}"
        for table, keys in under.items()
        for key, count in sorted(keys.items())
        if key != name
    ]
    new = sum(keys[name] for keys in under.values())
    yield Finding("Key store", "ok", f"{name} wraps {new} keys")
    if older:
        what = f"still under older keys: {', '.join(older)}"
        yield Finding("Key store", "warn", what, "Run: ./mahdar vault rewrap")


async def _under(url: str) -> dict[str, Counter[str]]:
    """How many keys each table has under which key of the store."""
    import migrate
    from recordings.wrapped import store

    migrate.load_tables()
    base = Database(url)
    try:
        async with base.unit(write=False) as session:
            return {one.of: await store.under(session, one) for one in store.shelves()}
    finally:
        await base.close()


def database(settings: Settings) -> Iterator[Finding]:
    """Reachable, and at the newest migration."""
    if not settings.database_url and not (settings.data_dir / "mahdar.db").exists():
        yield Finding("Database", "warn", "none yet", "It is made at the first: ./mahdar serve")
        return
    try:
        found, wanted = asyncio.run(_revisions(settings.database))
    except (SQLAlchemyError, OSError) as error:
        yield Finding(
            "Database", "fail", type(error).__name__, "Check MAHDAR_DATABASE_URL and the server."
        )
        return
    if found is None:
        yield Finding("Database", "warn", "empty", "It is made at the first: ./mahdar serve")
    elif found != wanted:
        yield Finding(
            "Database", "warn", f"at {found}", "It is brought up to date at the next start."
        )
    else:
        yield Finding("Database", "ok", f"at {found}")


async def _revisions(url: str) -> tuple[str | None, str]:
    from alembic.script import ScriptDirectory

    import migrate

    wanted = ScriptDirectory.from_config(migrate.configuration(url)).get_current_head() or ""
    base = Database(url)
    try:
        async with base.unit(write=False) as session:
            try:
                row = await session.execute(text("SELECT version_num FROM alembic_version"))
            except SQLAlchemyError:
                return None, wanted
            return row.scalar_one_or_none(), wanted
    finally:
        await base.close()


def records(settings: Settings, *, deep: bool = False) -> Iterator[Finding]:
    """Database, vault and log say the same, and every key can be had."""
    name = "Records"
    try:
        found = asyncio.run(_inspect(settings, deep=deep))
    except (SQLAlchemyError, OSError):
        return  # the database has a line of its own
    if found is None:
        return
    for remark in found:
        yield Finding(name, remark.state, remark.what, remark.advice)
    if not found:
        yield Finding(name, "ok", "database, vault and log agree" + (", hashes too" * deep))


async def _inspect(settings: Settings, *, deep: bool) -> list[Remark] | None:
    from recordings.keyring import open_keyring
    from recordings.keys import KeyRefused, KeyStore
    from recordings.vault import Vault

    if not settings.database_url and not (settings.data_dir / "mahdar.db").exists():
        return None
    ring: KeyStore | None = None
    if settings.key_store != "file" or (settings.keys / "vault.key").exists():
        with contextlib.suppress(KeyRefused):  # the key store has a line of its own
            ring = await asyncio.to_thread(open_keyring, settings)
    base = Database(settings.database)
    try:
        vault = Vault(settings.vault)
        rows = (RecordRows(), DeedRows())
        return await Inspection(base, vault, ring, utc_now(), deep, rows).run()
    finally:
        await base.close()


def clock_source(_settings: Settings) -> Iterator[Finding]:
    """The clock is set by NTP, as far as systemd knows."""
    program = shutil.which("timedatectl")
    if program is None:
        return
    command = [program, "show", "--property=NTPSynchronized", "--value"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return  # no systemd here
    fine = done.stdout.strip() == "yes"
    advice = "" if fine else "Switch NTP on: times in the record are this machine's."
    yield Finding("Clock", "ok" if fine else "warn", "set by NTP" if fine else "not set", advice)


def media(settings: Settings) -> Iterator[Finding]:
    """UDP can be bound where browsers are told to send."""
    for host in settings.media_hosts or ("127.0.0.1",):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.bind((host, 0))
            yield Finding("Media address", "ok", host)
        except OSError as error:
            yield Finding(
                "Media address",
                "fail",
                f"{host}: {error.strerror}",
                "MAHDAR_MEDIA_HOSTS takes addresses of this machine.",
            )
    if not settings.turn_urls:
        yield Finding(
            "TURN",
            "warn",
            "none configured",
            "People behind strict firewalls need coturn: see docs/operations.md.",
        )
    elif not settings.turn_secret:
        yield Finding("TURN", "fail", "no secret", "Set MAHDAR_TURN_SECRET as in turnserver.conf.")


def engine(_settings: Settings) -> Iterator[Finding]:
    """Whether the media engine runs compiled (tools/native.py)."""
    if not compiled.why:
        yield Finding("Media engine", "ok", "compiled")
        return
    lacks = native.missing()
    advice = f"It costs more processor time. Missing: {lacks}" if lacks else "Run: make setup"
    yield Finding("Media engine", "warn", f"interpreted: {compiled.why}", advice)


def address(settings: Settings) -> Iterator[Finding]:
    """Browsers give camera and microphone only to https, or to localhost."""
    if settings.secure or "localhost" in settings.address or "127.0.0.1" in settings.address:
        yield Finding("Address", "ok", settings.address)
    else:
        yield Finding(
            "Address",
            "fail",
            settings.address,
            "Serve over https (a proxy in front) and set MAHDAR_BASE_URL to that address.",
        )


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    python,
    pages_built,
    data_folder,
    key_files,
    key_store,
    database,
    clock_source,
    media,
    engine,
    address,
)
