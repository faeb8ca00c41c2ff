"""Rewrapping the keys of sittings under the newest key of the key store. Media is not touched.

Each sitting is a unit of its own with its leaf `key.rotated`; what stops in between is continued
by the next run. The key store is asked outside the unit, and the row is replaced only if it still
holds what was unwrapped: a key that was destroyed meanwhile does not come back.
"""

import asyncio
from collections.abc import Callable

import structlog

from audit.service import AuditLog
from database import Database
from recordings import store
from recordings.keyring import KeyRing, name_of
from recordings.keys import KeyRefused

EVERY_S = 60.0
"""A running server looks that often for keys that another process made."""

_logger = structlog.get_logger(__name__)


async def rotate(
    database: Database,
    log: AuditLog,
    ring: KeyRing,
    by: str,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
) -> tuple[str, int]:
    """Make a new key and rewrap every sitting's under it; its name, and how many. Raises
    KeyRefused."""
    name = await asyncio.to_thread(ring.rotate)
    async with database.unit() as session:
        await log.append(session, "key.rotated", {"to": name, "by": by})
    return name, await rewrap(database, log, ring, by, tell)


async def rewrap(
    database: Database,
    log: AuditLog,
    ring: KeyRing,
    by: str,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
) -> int:
    """Rewrap what is under another key than the newest; how many. `tell` gets done and all.

    Raises KeyRefused at the first that the key store does not read; those before are done.
    """
    name = await asyncio.to_thread(ring.current)
    async with database.unit(write=False) as session:
        found = await store.wrapped_keys(session)
    old = [(sitting, wrapped) for sitting, wrapped in found if name_of(wrapped) != name]
    done = 0
    for place, (sitting, wrapped) in enumerate(old, 1):
        done += await _one(database, log, ring, by, sitting, wrapped)
        tell(place, len(old))
    return done


async def _one(
    database: Database, log: AuditLog, ring: KeyRing, by: str, sitting: str, wrapped: bytes
) -> bool:
    key = await asyncio.to_thread(ring.unwrap, wrapped)
    made = await asyncio.to_thread(ring.wrap, key)
    async with database.unit() as session:
        if not await store.rewrap(session, sitting, wrapped, made):
            return False
        leaf = {"from": name_of(wrapped), "to": name_of(made), "by": by}
        await log.append(session, "key.rotated", leaf, subject=sitting)
    return True


async def keep_rewrapped(database: Database, log: AuditLog, ring: KeyRing, by: str) -> None:
    """In a running server: follow rotations of others, and finish what was interrupted."""
    while True:
        try:
            await asyncio.to_thread(ring.reload)
            if done := await rewrap(database, log, ring, by):
                _logger.info("vault.rewrapped", count=done)
        except KeyRefused as error:
            _logger.error("vault.key_store", reason=str(error))
        await asyncio.sleep(EVERY_S)
