"""Use cases of derived works: asked for by order, made behind the scenes, taken with a step-up.

    works = Works(database, log, vault, folder, playback, study, stepup, credentials, clock, zone)
    task = asyncio.create_task(works.run())
    work = await works.ask(person, sitting, kind=..., order=..., start_ms=..., end_ms=..., ...)
    pieces = await works.take(login, sitting, work, authorisation)

Chunks that are done stay (encrypted) until the work is whole: a restart makes only what is missing.
"""

import asyncio
import contextlib
import multiprocessing
import os
import secrets
import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import structlog

from audit.leaf import JSON, commit
from audit.service import AuditLog
from auth import policy
from auth.assurance import Level
from auth.person import Person
from auth.policy import Context
from auth.session import Login
from auth.stepup import StepUp
from clock import Clock
from database import Database
from errors import N_, BadInput, NotFound, Refusal
from recordings import store as records
from recordings.access import check
from recordings.access.mark import mark_text
from recordings.access.order import Use
from recordings.access.scope import Scope
from recordings.cipher import SegmentRefused
from recordings.keys import KeyRefused
from recordings.playback import Playback, erased
from recordings.store import Session
from recordings.study.service import Study, begin_quietly
from recordings.vault import Vault
from recordings.works import assembly, film, plan, store
from recordings.works.assembly import Made
from recordings.works.bundle_file import make_bundle
from recordings.works.credentials import Credentials
from recordings.works.plan import Plan
from recordings.works.work import KEPT, Kind, State, Step, Work, after
from sessions import store as sessions
from sessions.sitting import Sitting

PROCESSES = 2
MOST_OPEN = 3
"""So many works may a person have waiting or being made."""
ACT = "recording.export"
"""Taking a finished work is taking a copy."""

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asking:
    """What somebody can ask for at a record."""

    sitting: Sitting
    needs_order: bool
    """An order's reference must be given (R-CR-10)."""
    kinds: tuple[Kind, ...]
    destroyed: bool
    """The record's key is: only the log's bundle can be made of it."""


Page: TypeAlias = Callable[[str, str, int], Awaitable[bytes]]
"""A page of an exhibit as a picture, by sitting, exhibit and number; empty: it cannot be drawn."""


async def _no_page(_sitting: str, _exhibit: str, _page: int) -> bytes:
    """Until the composition root wires exhibits."""
    return b""


class Works:
    """One per process."""

    def __init__(
        self,
        database: Database,
        log: AuditLog,
        vault: Vault,
        folder: Path,
        playback: Playback,
        study: Study,
        stepup: StepUp,
        credentials: Credentials,
        clock: Clock,
        zone: str,
    ) -> None:
        self._database = database
        self._log = log
        self._vault = vault
        self._folder = folder
        self._playback = playback
        self._study = study
        self._stepup = stepup
        self._credentials = credentials
        self._clock = clock
        self._zone = zone
        self.page: Page = _no_page
        self._wanted = asyncio.Event()
        self._making: tuple[str, asyncio.Task[None]] | None = None

    # --- asking -----------------------------------------------------------------------------------

    async def ask(
        self,
        person: Person,
        sitting_id: str,
        *,
        kind: str,
        language: str,
        order: str = "",
        start_ms: int | None = None,
        end_ms: int | None = None,
        without_protected: bool = False,
    ) -> Work:
        """Ask for a work of what an order opens. `without_protected`: the bench wants a copy to
        hand on, without pictures of protected persons. Raises NotFound, Forbidden, BadInput,
        Refusal."""
        if kind not in list(Kind) or language not in ("ar", "en"):
            raise BadInput("work.bad_kind", N_("Choose what is to be made."), field="kind")
        start = start_ms or 0
        if end_ms is not None and end_ms <= start:
            raise BadInput("work.bad_end", N_("The end comes after the beginning."), field="end")
        if kind == Kind.BUNDLE and (start or end_ms is not None):
            raise BadInput(
                "work.bundle_whole",
                N_("A bundle has no times of its own: the order says what is in it."),
                field="start",
            )
        order, salt, now = order.strip()[:100], secrets.token_bytes(32), self._clock()
        async with self._database.unit() as session:
            sitting, at = await self._playback.context(session, person, sitting_id)
            scope, at = await self._opened(session, person, sitting, at, order)
            _may_have(person, kind, at)
            row = await self._playback.sealed(session, sitting_id)
            if row.wrapped_key is None and kind != Kind.BUNDLE:
                raise erased()
            if without_protected:
                hidden = await check.protected_tracks(session, sitting)
                scope = replace(scope, hidden=scope.hidden | hidden)
            scope = await _drawn(session, sitting, Kind(kind), scope)
            waiting = list(await store.of_owner(session, sitting_id, person.id))
            if sum(one.state in (State.ASKED, State.RUNNING) for one in waiting) >= MOST_OPEN:
                raise Refusal(
                    "work.too_many",
                    N_("You have %(most)s works waiting. Wait for them, or cancel one."),
                    status=409,
                    most=MOST_OPEN,
                )
            work = Work(
                id=secrets.token_hex(8),
                sitting=sitting_id,
                owner=person.id,
                kind=Kind(kind),
                language=language,
                start_ms=start,
                end_ms=end_ms,
                order=order,
                mark=mark_text(person, now, language, self._zone),
                state=State.ASKED,
                asked_at=now,
            )
            await store.add(session, work, scope)
            leaf: dict[str, JSON] = {"work": work.id, "kind": work.kind.value, "by": person.id}
            if order:
                leaf["order"] = commit(order.encode(), salt)
            await self._log.append(session, "work.asked", leaf, subject=sitting_id)
        self._wanted.set()
        return work

    async def _opened(
        self, session: Session, person: Person, sitting: Sitting, at: Context, order: str
    ) -> tuple[Scope, Context]:
        """What the person may copy now, and the policy's context with it."""
        now, enough = self._clock(), replace(at, has_order=bool(order))
        if policy.decide(person, "recording.film", enough):
            await check.enter_given(session, self._log, person, sitting, order, now)
        scope = await check.scope_of(session, person, sitting, now, use=Use.COPY, reference=order)
        leave = bool(scope) and not check.on_bench(person, sitting)
        return scope, replace(at, has_order=bool(order or scope), has_leave=leave)

    async def may_ask(self, person: Person, sitting_id: str) -> Asking:
        """What can be asked for. Raises NotFound, Forbidden."""
        async with self._database.unit(write=False) as session:
            sitting, at = await self._playback.context(session, person, sitting_id)
            scope = await check.scope_of(session, person, sitting, self._clock(), use=Use.COPY)
            row = await records.get(session, sitting_id)
        leave = bool(scope) and not check.on_bench(person, sitting)
        at_best = replace(at, has_order=True, has_leave=leave)
        if not policy.decide(person, ACT, at_best).possible:
            policy.require(person, "recording.film", at_best)
        gone = row is not None and row.sealed_at is not None and row.wrapped_key is None
        kinds = tuple(Kind) if not gone else (Kind.BUNDLE,)
        return Asking(sitting, at.needs_order and not scope, kinds, gone)

    async def mine(self, person: Person, sitting_id: str) -> list[Work]:
        """The person's works of a record, the newest first. Raises NotFound, Forbidden."""
        await self.may_ask(person, sitting_id)
        async with self._database.unit(write=False) as session:
            return await store.of_owner(session, sitting_id, person.id)

    async def cancel(self, person: Person, sitting_id: str, id: str) -> None:
        """Give a work up. Raises NotFound, Forbidden, Refusal."""
        await self.may_ask(person, sitting_id)
        async with self._database.unit() as session:
            work = await self._own(session, person, sitting_id, id)
            new = after(work.state, Step.CANCEL)
            await store.move(session, id, work.state, new, finished_at=self._clock())
            leaf: dict[str, JSON] = {"work": id, "by": person.id}
            await self._log.append(session, "work.cancelled", leaf, subject=sitting_id)
        if self._making and self._making[0] == id:
            self._making[1].cancel()
        else:
            await asyncio.to_thread(self._clear, id)

    async def take(
        self, login: Login, sitting_id: str, id: str, authorisation: str = ""
    ) -> tuple[Work, AsyncIterator[bytes]]:
        """A finished work in pieces. Raises NotFound, Forbidden (with what is to be confirmed),
        Refusal: everything that can be refused is, before the first piece."""
        person = login.person
        async with self._database.unit() as session:
            sitting, at = await self._playback.context(session, person, sitting_id)
            known = await store.get(session, id)
            mine = known if known and known.owner == person.id else None
            order = mine.order if mine else ""
            scope, at = await self._opened(session, person, sitting, at, order)
            # Whether the person may at all comes first, then what is there, then the confirmation.
            likely = replace(at, confirmed=Level.HIGH, has_order=at.has_order or mine is None)
            policy.require(person, ACT, likely)
            work = await self._own(session, person, sitting_id, id)
            if work.state is not State.MADE:
                raise after_made(work)
            if not scope:
                raise check.over()
            scope = await _drawn(session, sitting, work.kind, scope)
            if not scope.opens(await store.scope(session, id)):
                raise Refusal(
                    "work.narrowed",
                    N_("Less is open to you than when this was made. Have it made again."),
                    status=410,
                )
            row = await self._playback.sealed(session, sitting_id)
            wrapped = row.wrapped_key or await store.key(session, id)
            if wrapped is None:  # made before the record was destroyed, under its key
                raise erased()
            await self._stepup.require(session, login, ACT, id, work.sha256, authorisation, at)
            leaf: dict[str, JSON] = {"work": id, "by": person.id, "sha256": work.sha256}
            await self._log.append(session, "work.taken", leaf, subject=sitting_id)
        key = await self._playback.unwrapped(sitting_id, wrapped)
        pieces = assembly.decrypt(assembly.work_path(self._folder / id), key, id)
        try:
            first = await asyncio.to_thread(next, pieces, b"")
        except (KeyRefused, OSError) as error:
            _logger.error("works.damaged", work=id, error=str(error))
            raise Refusal(
                "work.damaged", N_("The file is damaged. Have it made again."), status=410
            ) from None
        return work, _flow(first, pieces)

    async def _own(self, session: Session, person: Person, sitting_id: str, id: str) -> Work:
        work = await store.get(session, id)
        if work is None or (work.owner, work.sitting) != (person.id, sitting_id):
            raise NotFound("work.unknown", N_("There is no such work of yours."))
        return work

    # --- making -----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Make what was asked for, one work after the other, until cancelled."""
        await asyncio.to_thread(self._folder.mkdir, 0o700, True, True)
        if left := await asyncio.to_thread(assembly.sweep, self._folder):
            _logger.warning("works.swept", folders=left)
        async with self._database.unit() as session:
            for work in await store.in_state(session, State.RUNNING):
                await store.move(session, work.id, work.state, after(work.state, Step.RESTART))
        while True:
            await self._remove_old()
            async with self._database.unit(write=False) as session:
                asked = await store.in_state(session, State.ASKED)
            if asked:
                await self.make(asked[0])
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(3600):
                    await self._wanted.wait()
            self._wanted.clear()

    async def make(self, work: Work) -> None:
        """Make one work; its state says how that ended. Cancelled from outside, it goes on later;
        cancelled by its owner, it is cleared away."""
        task = asyncio.create_task(self._make(work), name="works.make")
        self._making = (work.id, task)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.cancelled():  # the house ends
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                raise
            await asyncio.to_thread(self._clear, work.id)
        finally:
            self._making = None

    async def _make(self, work: Work) -> None:
        try:
            async with self._database.unit() as session:
                new = after(work.state, Step.BEGIN)
                if not await store.move(session, work.id, work.state, new, done=0):
                    return
            if work.kind is Kind.BUNDLE:
                made, told = await self._bundle(work)
            elif (job := await self._plan(work)) is None:
                await self._failed(work, "work.empty")
                return
            else:
                made = await self._draw(work, job)
                told = dict(job.inputs)
        except (SegmentRefused, KeyRefused) as error:
            _logger.error("works.damaged_record", work=work.id, error=str(error))
            await self._failed(work, "recording.damaged")
        except Exception as error:  # whatever it is, it must not stop the works that follow
            _logger.exception("works.failed", work=work.id, error=type(error).__name__)
            await self._failed(work, "work.failed")
        else:
            await self._finished(work, made, told)

    async def _plan(self, work: Work) -> Plan | None:
        await self._study.measure()  # who speaks is marked
        async with self._database.unit(write=False) as session:
            sitting = await sessions.get_sitting(session, work.sitting)
            if sitting is None:
                return None
            row = await self._playback.sealed(session, work.sitting)
            line = await self._playback.line(session, sitting)
            rows = await records.segments(session, work.sitting)
            scope = await store.scope(session, work.id)
            closed = await check.sealed_exhibits(session, sitting)
        scope = replace(scope, exhibits=scope.exhibits | closed)
        key = await self._playback.key(row)
        folder = self._folder / work.id
        await asyncio.to_thread(folder.mkdir, 0o700, True, True)
        return await asyncio.to_thread(
            plan.planned,
            work,
            sitting,
            line,
            scope,
            rows,
            await self._study.speech(work.sitting, key),
            key=key,
            vault=self._vault,
            folder=folder,
            zone=self._zone,
            credentials=self._credentials,
        )

    async def _bundle(self, work: Work) -> tuple[Made, dict[str, str | int]]:
        async with self._database.unit(write=False) as session:
            scope = await store.scope(session, work.id)
            row = await self._playback.sealed(session, work.sitting)
        if row.wrapped_key is None:
            key, wrapped = await self._playback.fresh_key()
            async with self._database.unit() as session:
                await store.change(session, work.id, key=wrapped)
        else:
            key = await self._playback.key(row)
        folder = self._folder / work.id
        await asyncio.to_thread(folder.mkdir, 0o700, True, True)
        copy: dict[str, JSON] = {"mark": work.mark, "work": work.id}
        held, rows = await self._playback.contents(work.sitting, scope, copy)

        async def tell(done: int, total: int) -> None:
            await self._tell(work, done=done, total=total)

        with _pool(1) as pool:
            made = await make_bundle(self._playback, work, held, rows, folder, key, pool, tell)
        told: dict[str, str | int] = {"work": work.id, "kind": work.kind.value}
        return made, told | {"segments": len(rows) - held.withheld, "withheld": held.withheld}

    async def _draw(self, work: Work, job: Plan) -> Made:
        folder, chunks = job.whole.folder, job.whole.chunks
        missing = [
            number
            for number in range(len(chunks))
            if not assembly.chunk_path(folder, number).exists()
        ]
        done = len(chunks) - len(missing)
        await self._tell(work, done=done, total=job.steps)
        loop, few = asyncio.get_running_loop(), asyncio.Semaphore(PROCESSES + 1)
        with _pool(PROCESSES) as pool:

            async def draw(number: int) -> None:
                async with few:  # no more pages of exhibits in memory than chunks are being made
                    pages = await self._pages(job, number)
                    await loop.run_in_executor(pool, draw_chunk, job, number, pages)

            waiting = [asyncio.create_task(draw(number)) for number in missing]
            try:
                for one in asyncio.as_completed(waiting):
                    await one
                    done += 1
                    await self._tell(work, done=done)
            finally:
                for task in waiting:
                    task.cancel()
                await asyncio.gather(*waiting, return_exceptions=True)
            return await loop.run_in_executor(pool, assembly.assemble, job.whole)

    async def _pages(self, job: Plan, number: int) -> dict[tuple[str, int], bytes]:
        """The pages of exhibits that a chunk shows."""
        if job.film is None:
            return {}
        needed, sitting = job.film.pages(job.whole.chunks[number]), job.whole.sitting
        return {(one, page): await self.page(sitting, one, page) for one, page in needed}

    async def _tell(self, work: Work, **values: int) -> None:
        async with self._database.unit() as session:
            await store.change(session, work.id, **values)

    async def _finished(self, work: Work, made: Made, told: dict[str, str | int]) -> None:
        async with self._database.unit() as session:
            new = after(State.RUNNING, Step.FINISH)
            values = {"sha256": made.sha256, "size": made.size}
            now = self._clock()
            if not await store.move(
                session, work.id, State.RUNNING, new, finished_at=now, **values
            ):
                return
            leaf: dict[str, JSON] = {**told, "sha256": made.sha256, "bytes": made.size}
            await self._log.append(session, "work.made", leaf, subject=work.sitting)

    async def _failed(self, work: Work, problem: str) -> None:
        async with self._database.unit() as session:
            new, now = after(State.RUNNING, Step.FAIL), self._clock()
            await store.move(session, work.id, State.RUNNING, new, problem=problem, finished_at=now)
            leaf: dict[str, JSON] = {"work": work.id, "problem": problem}
            await self._log.append(session, "work.failed", leaf, subject=work.sitting)
        await asyncio.to_thread(self._clear, work.id)

    async def _remove_old(self) -> None:
        """Files that were kept long enough are removed; the log still says what they were."""
        async with self._database.unit(write=False) as session:
            made = await store.in_state(session, State.MADE)
        for work in made:
            if work.finished_at is None or self._clock() - work.finished_at < KEPT:
                continue
            async with self._database.unit() as session:
                await store.move(
                    session, work.id, State.MADE, after(State.MADE, Step.REMOVE), key=None
                )
                leaf: dict[str, JSON] = {"work": work.id}
                await self._log.append(session, "work.removed", leaf, subject=work.sitting)
            await asyncio.to_thread(self._clear, work.id)

    def _clear(self, id: str) -> None:
        shutil.rmtree(self._folder / id, ignore_errors=True)


def draw_chunk(job: Plan, number: int, pages: film.Pages) -> None:
    """Make one chunk and keep it, sealed. Runs in a process."""
    if job.film is None:
        return
    data = film.render(job.film, job.whole.chunks[number], pages)
    assembly.keep_chunk(job.whole.folder, job.whole.work, number, job.key, data)


async def _drawn(session: Session, sitting: Sitting, kind: Kind, scope: Scope) -> Scope:
    """What a work may show: in a film, which goes from hand to hand, nobody sees a sealed exhibit,
    not even the bench."""
    if kind is not Kind.FILM:
        return scope
    closed = await check.sealed_exhibits(session, sitting)
    return replace(scope, exhibits=scope.exhibits | closed)


def _may_have(person: Person, kind: str, at: Context) -> None:
    """A bundle is an export, whose confirmation is asked for when it is taken."""
    if kind == Kind.BUNDLE:
        policy.require(person, ACT, replace(at, confirmed=Level.HIGH))
    else:
        policy.require(person, "recording.film", at)


def after_made(work: Work) -> Refusal:
    """Why a work cannot be taken."""
    if work.state is State.REMOVED:
        message = N_("The file was removed after some days. Have it made again.")
        return Refusal("work.removed", message, status=410)
    return Refusal("work.not_made", N_("The file is not ready."), status=409)


@contextlib.contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Processes for work that nobody waits for; ended at once when it is given up."""
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, context, initializer=begin_quietly)
    try:
        yield pool
    except BaseException:
        _kill(pool)
        raise
    pool.shutdown(wait=False)


def _kill(pool: ProcessPoolExecutor) -> None:
    """End the processes at once: what they make is wanted no more."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid or 0, signal.SIGKILL)


async def _flow(first: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece
