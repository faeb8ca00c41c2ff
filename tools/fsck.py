"""`./mahdar audit fsck`: the whole audit log checked, with progress, as of this moment."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from audit import key as keys
from audit import note as notes
from audit import web_witness
from audit.errors import AuditError
from audit.fsck import Fsck, Report, Tell
from audit.note import Verifier
from audit.witnessing import parse_peer
from database import Database
from notary.rows import DeedRows
from recordings.rows import RecordRows
from settings import Settings

SOUND, FAULTY = 0, 1


class CannotCheck(Exception):
    """The check could not be made; the text says why and what to do."""


def run(settings: Settings, outside: Sequence[Path], tell: Tell) -> Report:
    """Check everything. Raises CannotCheck."""
    texts = [path.read_text("utf-8", errors="replace") for path in outside]
    try:
        return asyncio.run(_check(settings, texts, tell))
    except (SQLAlchemyError, OSError, AuditError) as error:
        raise CannotCheck(f"the log cannot be read: {error}") from None


def show(report: Report, console: Console, *, as_json: bool = False) -> int:
    """Print what was found; 0 when nothing is wrong, else 1."""
    if as_json:
        console.print_json(json.dumps({**asdict(report), "sound": report.sound}))
    else:
        _print(report, console)
    return SOUND if report.sound else FAULTY


async def _check(settings: Settings, texts: Sequence[str], tell: Tell) -> Report:
    database = Database(settings.database)
    try:
        return await fsck(settings, database).run(texts, tell)
    finally:
        await database.close()


def fsck(settings: Settings, database: Database) -> Fsck:
    """The check with what this house trusts. Makes no key. Raises CannotCheck, AuditError."""
    path = settings.keys / "log.key"
    if not path.exists():
        raise CannotCheck(f"{path} is missing: without the log's key there is nothing to hold to")
    log_key = keys.load_or_create(path, settings.log_origin, settings.key_passphrase)
    witnesses: list[Verifier] = [parse_peer(text).verifier for text in settings.witnesses]
    own = settings.witness / web_witness.PUBLIC
    if own.exists():
        witnesses.append(notes.parse_vkey(own.read_text().strip()))
    return Fsck(database, log_key.verifier, witnesses, _roots(settings), [RecordRows(), DeedRows()])


def _roots(settings: Settings) -> list[Certificate]:
    """Of the built-in authority and of the outside one: tokens of both may be kept."""
    found: list[Certificate] = []
    own = settings.keys / "tsa.pem"  # its key, its certificate, its root
    if own.exists():
        found += load_pem_x509_certificates(own.read_bytes())[-1:]
    if settings.tsa_roots is not None:
        found += load_pem_x509_certificates(settings.tsa_roots.read_bytes())
    return found


def _print(report: Report, console: Console) -> None:
    console.print(f"log: {report.size} leaves signed, {report.unsigned} not yet", markup=False)
    console.print(f"root: {report.root}", markup=False, soft_wrap=True)
    console.print(
        f"checked: {report.checkpoints} checkpoints, {report.cosignatures} cosignatures, "
        f"{report.timestamps} time-stamps, {report.rows} rows",
        markup=False,
        soft_wrap=True,
    )
    for remark in report.notes:
        console.print(f"note: {remark}", markup=False, soft_wrap=True)
    for fault in report.faults:
        console.print(f"FAULT {fault.step}: {fault.what}", markup=False, soft_wrap=True)
    if report.more:
        console.print(f"and {report.more} more", markup=False)
    console.print("SOUND" if report.sound else "NOT SOUND")
