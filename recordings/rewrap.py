"""Rewrapping all keys under the newest key of the key store. What they opened is not touched.

Which keys there are, the tables say (`recordings.wrapped`). Each key is a unit of its own with its
leaf `key.rotated`; what stops in between is continued by the next run. The key store is asked
outside the unit, and a row is changed only if it still holds what was unwrapped: a key that was
destroyed meanwhile does not come back. A single key that is damaged holds up no other.
"""

import asyncio
from collections.abc import AsyncIterator, Callable

import structlog

from audit.leaf import JSON
from audit.service import AuditLog
from database import Database
from recordings.keyring import KeyRing, name_of
from recordings.keys import KeyRefused
from recordings.wrapped import store
from recordings.wrapped.store import Held, Shelf

EVERY_S = 60.0
"""A running server looks that often for keys that another process made."""
PAGE = 200

_logger = structlog.get_logger(__name__)


async def rotate(
    database: Database,
    log: AuditLog,
    ring: KeyRing,
    by: str,
    tell: Callable[[int, int], None] = lambda _done, _all: None,
) -> tuple[str, int]:
    """Make a new key and rewrap every key under it; its name, and how many. Raises KeyRefused."""
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

    Raises KeyRefused: at once when the key store does not answer; after all others were done when
    it answers, and some keys cannot be read.
    """
    name = await asyncio.to_thread(ring.current)
    whole, looked, done = await _count(database, name), 0, 0
    damaged: list[str] = []
    async for shelf, held in _older(database, name):
        try:
            done += await _one(database, log, ring, by, shelf, held)
        except KeyRefused as error:
            await asyncio.to_thread(ring.check)  # the store answers: it is this key alone
            damaged.append(f"{shelf.of} {held.id}: {error}")
        looked += 1
        tell(looked, max(whole, looked))
    if damaged:
        raise KeyRefused(f"{len(damaged)} keys cannot be read, the first {damaged[0]}")
    return done


async def _count(database: Database, name: str) -> int:
    async with database.unit(write=False) as session:
        return sum([await store.count_older(session, one, name) for one in store.shelves()])


async def _older(database: Database, name: str) -> AsyncIterator[tuple[Shelf, Held]]:
    for shelf in store.shelves():
        after = ""
        while True:
            async with database.unit(write=False) as session:
                found = await store.older(session, shelf, name, after, PAGE)
            for held in found:
                yield shelf, held
            if len(found) < PAGE:
                break
            after = found[-1].id


async def _one(
    database: Database, log: AuditLog, ring: KeyRing, by: str, shelf: Shelf, held: Held
) -> bool:
    key = await asyncio.to_thread(ring.unwrap, held.wrapped)
    made = await asyncio.to_thread(ring.wrap, key)
    async with database.unit() as session:
        if not await store.replace(session, shelf, held, made):
            return False
        leaf: dict[str, JSON] = {"from": name_of(held.wrapped), "to": name_of(made), "by": by}
        leaf |= {"of": shelf.of, "id": held.id}
        await log.append(session, "key.rotated", leaf, subject=held.subject)
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
