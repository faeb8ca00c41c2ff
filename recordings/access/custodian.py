"""What a running house does by itself about records: tells the log what was watched, proposes what
falls due, and deletes the ciphertext of destroyed records. It destroys nothing."""

import asyncio
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from audit.leaf import format_time
from audit.service import AuditLog
from clock import Clock
from database import Database
from recordings import store as records
from recordings.access import store, watching
from recordings.access.custody import sweep
from recordings.access.retention import KeptUntil, kept, no_duty
from recordings.vault import Vault
from sessions import store as sessions
from sessions.rules import RulePack

EVERY_S = 20.0
DUES_EVERY = 360
"""Rounds between two looks at what falls due: two hours."""

_logger = structlog.get_logger(__name__)


async def propose_due(
    database: Database,
    log: AuditLog,
    pack: RulePack,
    now: datetime,
    kept_until: KeptUntil = no_duty,
) -> int:
    """Write down, once, which records' time of retention has run out; how many are new."""
    async with database.unit() as session:
        known = await store.dues(session)
        count = 0
        for row in await records.all_sealed(session):
            if row.sitting in known or row.wrapped_key is None or row.sealed_at is None:
                continue
            sitting = await sessions.get_sitting(session, row.sitting)
            if sitting is None:
                continue
            outcome, until = sitting.phase.value, await kept_until(sitting.id)
            found = kept(pack, sitting.kind, outcome, row.sealed_at, now, until)
            if found.due_at is None or not found.is_due(now):
                continue
            await store.add_due(session, row.sitting, found.policy.rule, found.due_at, now)
            leaf = {"rule": found.policy.rule, "due": format_time(found.due_at)}
            await log.append(session, "retention.due", leaf, subject=row.sitting)
            count += 1
    return count


async def keep(
    database: Database,
    log: AuditLog,
    vault: Vault,
    pack: RulePack,
    clock: Clock,
    kept_until: KeptUntil = no_duty,
) -> None:
    """Until cancelled."""
    await sweep(database, vault)
    rounds = 0
    while True:
        try:
            if rounds % DUES_EVERY == 0:
                await propose_due(database, log, pack, clock(), kept_until)
            await watching.tell(database, log, clock())
        except SQLAlchemyError:
            _logger.exception("custodian.store_failed")
        rounds += 1
        await asyncio.sleep(EVERY_S)
