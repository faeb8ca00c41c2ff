"""Use cases of studying a record: levels measured behind the scenes, and private notes.

    study = Study(database, vault, key_store, playback, clock)
    task = asyncio.create_task(study.run())      # measures what is not measured; `want` wakes it
    await study.levels(person, sitting, viewing)
    mark = await study.mark(person, sitting, viewing, at_ms, "text")

Notes are a judge's own: no leaf, no bundle, and nobody else reads them. Their words are sealed
under the sitting's key.
"""

import asyncio
import contextlib
import multiprocessing
import os
import secrets
from base64 import b64encode
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from auth import policy
from auth.person import Person
from clock import Clock
from database import Database
from errors import N_, BadInput, NotFound
from recordings import decoding, envelope
from recordings.access.scope import Scope
from recordings.keys import KeyRefused, KeyStore
from recordings.manifest import Span
from recordings.playback import Playback
from recordings.reading import Part
from recordings.study import levels, store
from recordings.vault import Vault

LONGEST_NOTE = 4000
MOST_MARKS = 1000
NOTE, LEVELS = "annotation", "levels"
"""Purposes of `envelope`."""

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Mark:
    """A bookmark, or with words a note, on the record's clock."""

    id: str
    at_ms: int
    text: str

    def body(self) -> dict[str, Any]:
        """For the page."""
        return {"id": self.id, "at_ms": self.at_ms, "text": self.text}


class Study:
    """One per process."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        key_store: KeyStore,
        playback: Playback,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._keys = key_store
        self._playback = playback
        self._clock = clock
        self._wanted = asyncio.Event()
        self._failed: set[tuple[str, str]] = set()
        self._turn = asyncio.Lock()

    # --- levels -----------------------------------------------------------------------------------

    def want(self) -> None:
        """A record was sealed: there is something to measure."""
        self._wanted.set()

    async def run(self) -> None:
        """Measure what is not measured yet, now and whenever it is wanted, until cancelled."""
        while True:
            await self.measure()
            await self._wanted.wait()
            self._wanted.clear()

    async def measure(self) -> int:
        """Measure all sound tracks that lack it; how many. One process, of low priority."""
        async with self._turn:
            return await self._measure_all()

    async def _measure_all(self) -> int:
        count = 0
        pool: ProcessPoolExecutor | None = None
        try:
            while found := await self._next():
                pool = pool or ProcessPoolExecutor(
                    1, multiprocessing.get_context("spawn"), initializer=begin_quietly
                )
                for item in found:
                    count += await self._measure(pool, item)
        except BrokenProcessPool:
            _logger.error("study.process_lost")
        finally:
            if pool:
                pool.shutdown(wait=False, cancel_futures=True)
        return count

    async def _next(self) -> list[store.Unmeasured]:
        async with self._database.unit(write=False) as session:
            found = await store.unmeasured(session, 8 + len(self._failed))
        return [one for one in found if (one.sitting, one.track) not in self._failed]

    def _paths(self, item: store.Unmeasured) -> dict[int, Path]:
        """Where to read each segment. Blocks."""
        find = self._vault.find
        rows = item.segments
        return {row.seq: find(item.sitting, item.track, row.seq, row.sha256) for row in rows}

    async def _measure(self, pool: ProcessPoolExecutor, item: store.Unmeasured) -> int:
        paths = await asyncio.to_thread(self._paths, item)
        parts = [
            Part(
                paths[row.seq],
                row.sha256,
                row.seq,
                row.stretch,
                row.start_ms,
                row.end_ms,
            )
            for row in item.segments
        ]
        try:
            key = await asyncio.to_thread(self._keys.unwrap, item.wrapped_key)
        except KeyRefused as error:
            _logger.error("study.no_key", sitting=item.sitting, error=str(error))
            self._failed.add((item.sitting, item.track))
            return 0
        found = await asyncio.get_running_loop().run_in_executor(
            pool, levels.measure, item.sitting, item.track, parts, key
        )
        sealed = envelope.seal(key, LEVELS, f"{item.sitting}|{item.track}", found)
        async with self._database.unit() as session:
            await store.add_levels(session, item.sitting, item.track, levels.STEP_MS, sealed)
        return 1

    async def levels(self, person: Person, sitting_id: str, viewing: str) -> dict[str, Any]:
        """What the player draws (docs/interface.md). Raises Refusal."""
        async with self._database.unit(write=False) as session:
            granted = await self._playback.granted(session, person, sitting_id, viewing)
            found = await store.levels(session, sitting_id)
        key = await self._playback.key(granted.row)
        tracks = await asyncio.to_thread(_opened, key, found, granted.scope)
        return {"tracks": tracks}

    async def speech(self, sitting_id: str, key: bytes) -> dict[str, list[Span]]:
        """When was spoken into each measured track, for who holds the sitting's key."""
        async with self._database.unit(write=False) as session:
            rows = await store.levels(session, sitting_id)
        found = {}
        for row in rows:
            whole = envelope.unseal(key, LEVELS, f"{row.sitting}|{row.track}", row.sealed)
            found[row.track] = await asyncio.to_thread(levels.speech, whole, row.step_ms)
        return found

    # --- a judge's own notes ----------------------------------------------------------------------

    async def marks(self, person: Person, sitting_id: str, viewing: str) -> list[Mark]:
        """The person's own marks. Raises Refusal."""
        key = await self._own(person, sitting_id, viewing)
        async with self._database.unit(write=False) as session:
            rows = await store.marks(session, sitting_id, person.id)
        found = []
        for row in rows:
            plain = envelope.unseal(key, NOTE, _binding(sitting_id, person), row.sealed)
            found.append(Mark(row.id, row.at_ms, plain.decode()))
        return found

    async def mark(
        self, person: Person, sitting_id: str, viewing: str, at_ms: int, text: str
    ) -> Mark:
        """Note something at a moment; no words make a bookmark. Raises BadInput, Forbidden."""
        text = checked(text)
        if at_ms < 0:
            raise BadInput("mark.bad_time", N_("A note stands at a moment of the record."))
        key = await self._own(person, sitting_id, viewing)
        made = Mark(secrets.token_hex(8), at_ms, text)
        sealed = envelope.seal(key, NOTE, _binding(sitting_id, person), text.encode())
        async with self._database.unit() as session:
            if len(await store.marks(session, sitting_id, person.id)) >= MOST_MARKS:
                raise BadInput(
                    "mark.too_many",
                    N_("You have %(most)s notes in this record. Remove some first."),
                    most=MOST_MARKS,
                )
            now = self._clock()
            await store.add_mark(session, made.id, sitting_id, person.id, at_ms, sealed, now)
        return made

    async def change(
        self, person: Person, sitting_id: str, viewing: str, id: str, text: str
    ) -> Mark:
        """Other words for a mark. Raises NotFound, BadInput, Forbidden."""
        text = checked(text)
        key = await self._own(person, sitting_id, viewing)
        sealed = envelope.seal(key, NOTE, _binding(sitting_id, person), text.encode())
        async with self._database.unit() as session:
            row = await store.mark(session, sitting_id, person.id, id)
            if row is None:
                raise _no_mark()
            await store.change_mark(session, id, sealed, self._clock())
            return Mark(id, row.at_ms, text)

    async def remove(self, person: Person, sitting_id: str, viewing: str, id: str) -> None:
        """Forget a mark. Raises NotFound, Forbidden."""
        await self._own(person, sitting_id, viewing)
        async with self._database.unit() as session:
            if await store.mark(session, sitting_id, person.id, id) is None:
                raise _no_mark()
            await store.remove_mark(session, id)

    async def _own(self, person: Person, sitting_id: str, viewing: str) -> bytes:
        """The sitting's key, for somebody who may note and sees the record now."""
        async with self._database.unit(write=False) as session:
            _, at = await self._playback.context(session, person, sitting_id)
            policy.require(person, "recording.annotate", at)
            await self._playback.sealed(session, sitting_id)
            granted = await self._playback.granted(session, person, sitting_id, viewing)
        return await self._playback.key(granted.row)


def begin_quietly() -> None:
    """Set a process up for work that nobody waits for: live rooms go first."""
    decoding.start()
    with contextlib.suppress(OSError):
        os.nice(10)


def checked(text: str) -> str:
    """The words of a note as they are kept. Raises BadInput."""
    text = text.replace("\r\n", "\n").strip()
    if len(text) > LONGEST_NOTE or "\0" in text:
        raise BadInput(
            "mark.too_long",
            N_("A note has at most %(most)s characters."),
            field="text",
            most=LONGEST_NOTE,
        )
    return text


def _opened(key: bytes, rows: list[store.LevelsRow], scope: Scope) -> list[dict[str, Any]]:
    found = []
    for row in rows:
        if not scope.has_track(row.track):
            continue
        whole = envelope.unseal(key, LEVELS, f"{row.sitting}|{row.track}", row.sealed)
        whole = levels.within(whole, row.step_ms, row.track, scope)
        shown, step_ms = levels.thinned(whole, row.step_ms)
        spoken = levels.speech(whole, row.step_ms)
        found.append(
            {
                "id": row.track,
                "step_ms": step_ms,
                "levels": b64encode(shown).decode(),
                "speech": [{"start_ms": one.start_ms, "end_ms": one.end_ms} for one in spoken],
            }
        )
    return found


def _binding(sitting_id: str, person: Person) -> str:
    return f"{sitting_id}|{person.id}"


def _no_mark() -> NotFound:
    return NotFound("mark.unknown", N_("There is no such note of yours in this record."))
