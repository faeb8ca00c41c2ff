"""One live sitting: the room's core with its lock, its pages, its media and its record.

Every change goes through `_commit`: stop what must stop, store, apply, start what may start, tell.
Commands of one sitting run one after another; the proof of recording, which takes a second, and
waiting for a checkpoint happen outside the lock.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from msgspec.structs import replace

from audit.service import AuditLog
from clock import Clock
from errors import N_, Refusal
from sessions.phase import FINAL, Phase, Step
from sessions.sitting import Sitting
from signaling import effects, presence, record
from signaling import facts as f
from signaling import messages as m
from signaling.apply import apply_all
from signaling.engine import (
    Connected,
    Disconnected,
    MediaEngine,
    MediaEvent,
    MediaRoom,
    SlotsChanged,
    Speaking,
    TrackSilent,
    TrackStarted,
)
from signaling.guards import Who
from signaling.journal import LEGAL, stamp
from signaling.line_quality import LineMeter, Sample
from signaling.notices import notices
from signaling.page import NORMAL, OVER, REMOVED, RESTART, TAKEN_OVER, TICKET, Page
from signaling.ports import RecordAlarm, RecordingDesk, RecordRefused
from signaling.room import decide
from signaling.routing import main_space, space_of
from signaling.state import Place, Room, SeatLive, known_identity
from signaling.view import Surroundings, view
from signaling.view import record as record_view
from signaling.writing import Writer

_logger = structlog.get_logger(__name__)
T = TypeVar("T")

PROOF_WITHIN = 20.0
"""Seconds for the first proof; the desk has a shorter limit of its own."""
TRY_AGAIN = timedelta(seconds=3)
"""Between two attempts to go on with an interrupted record."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What every live room of the process shares."""

    writer: Writer
    log: AuditLog
    engine: MediaEngine
    desk: RecordingDesk
    clock: Clock


class LiveRoom:
    """Belongs to one event loop. Methods may be cancelled: a change that has begun is finished."""

    def __init__(self, tools: Tools, room: Room) -> None:
        self._tools = tools
        self.room = room
        self.pages: dict[str, Page] = {}
        self.over = False
        self._media: MediaRoom | None = None
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._seen: dict[str, datetime] = {}
        self._lines: dict[str, LineMeter] = {seat.id: LineMeter() for seat in room.sitting.seats}
        self._alarmed: str | None = None
        self._try_resume_at: datetime | None = None

    @property
    def id(self) -> str:
        """The sitting's id."""
        return self.room.sitting.id

    @property
    def media(self) -> MediaRoom:
        """The media room, once opened."""
        if self._media is None:
            raise RuntimeError("the media room is not open")
        return self._media

    # --- opening ---------------------------------------------------------------------------------

    async def open(self, *, seen_at: datetime | None = None) -> None:
        """Open the media room. `seen_at`: the process that kept this room died then."""
        self._media = await self._tools.engine.open(self.id, self._on_media)
        if seen_at is not None:
            interrupted = self.room.live.phase is Phase.ON_RECORD
            await self._commit(presence.restored(self.room, seen_at))
            if interrupted or self.room.live.epoch is not None:
                await self._tools.desk.resume_after_restart(self.id, self.media)
        effects.enter(self.media, self.room)

    def update(self, sitting: Sitting) -> None:
        """The booking side added seats or moved the time. Phase and publicity are ours."""
        new = {
            seat.id: SeatLive(identity=known_identity(seat))
            for seat in sitting.seats
            if seat.id not in self.room.live.seats
        }
        live = self.room.live
        if new:
            live = replace(live, seats={**live.seats, **new})
            self._lines |= {seat: LineMeter() for seat in new}
        self.room = Room(sitting, self.room.kind, live)

    # --- pages -----------------------------------------------------------------------------------

    async def join(self, page: Page) -> None:
        """A page comes in; it gets `welcome`. Raises Refusal."""
        await self._finish(self._join(page))

    async def _join(self, page: Page) -> None:
        async with self._lock:
            now = self._tools.clock()
            facts = presence.open_lobby(self.room, now)
            room = apply_all(self.room, facts, now)
            gone_since = self._gone_since(page.seat, now)
            facts += presence.arrive(
                room, page.seat, now, client=page.client, gone_since=gone_since
            )
            await self._commit(facts, page.who.person.id)
            old = self.pages.get(page.seat)
            self.pages[page.seat] = page
            self._seen[page.seat] = now
            if old is not None:
                self._replace(old, page)
            self._welcome(page, facts)

    def _replace(self, old: Page, new: Page) -> None:
        if old.client == new.client:  # the same page came back before we noticed that it was gone
            old.socket.close(NORMAL)
        else:
            old.bye("taken_over", TAKEN_OVER)

    def _gone_since(self, seat: str, now: datetime) -> datetime | None:
        """Since when nothing was heard of a seat that still counts as present."""
        seen = self._seen.get(seat)
        page = self.pages.get(seat)
        if page is not None:
            seen = max(seen or page.heard_at, page.heard_at)
        report = self.media.report().get(seat)
        return None if report is not None and report.connected else seen

    def _welcome(self, page: Page, facts: list[f.Fact]) -> None:
        now = self._tools.clock()
        state = self._view(page, now)
        page.shown = _lasting(state)
        page.socket.send({"type": "welcome", "you": page.seat, "now": stamp(now), "state": state})
        for notice in notices(self.room, facts):
            if page.seat in notice.to:
                page.event(notice.name, notice.params)

    def gone(self, page: Page) -> None:
        """The socket is closed. The seat stays; `tick` decides when its person is away."""
        if self.pages.get(page.seat) is page:
            del self.pages[page.seat]
            self._seen[page.seat] = self._tools.clock()

    # --- commands --------------------------------------------------------------------------------

    async def command(self, page: Page, command: m.Command) -> None:
        """Run a command and answer `ok` when it is on disk (a legal act: signed).

        Raises Refusal, having changed nothing.
        """
        await self._finish(self._command(page, command))

    async def _command(self, page: Page, command: m.Command) -> None:
        try:
            if isinstance(command, m.OnRecord):
                index = await self._go_on_record(page.who)
            else:
                index = await self._run(page, command)
            if index is not None and m.name(command) in LEGAL:
                await self._tools.log.wait_covered(index)
            page.answer(command.id)
        finally:
            self._say_goodbye()
        if isinstance(command, m.Leave):
            await self._let_go(page)

    async def _run(self, page: Page, command: m.Command) -> int | None:
        async with self._lock:
            facts = decide(self.room, page.who, command, self._tools.clock())
            return await self._commit(facts, page.who.person.id)

    async def _let_go(self, page: Page) -> None:
        self.gone(page)
        page.bye("left", NORMAL)
        await self.media.leave(page.seat)

    async def _commit(self, facts: list[f.Fact], actor: str = "") -> int | None:
        """Make facts true, everywhere, in the order that keeps every promise. Needs the lock."""
        if not facts:
            return None
        before, now = self.room, self._tools.clock()
        after = apply_all(before, facts, now)
        stopped = next((fact for fact in facts if isinstance(fact, f.RecordStopped)), None)
        if stopped is not None:
            await self._stop_record(stopped)
        effects.restrict(self.media, before, after)
        try:
            index = await self._tools.writer.write(before, after, facts, now, actor)
        except BaseException:
            effects.take_back(self.media, before)
            if stopped is not None and before.live.record == "recording":
                self.alarm(RecordAlarm(self.id, "record.store_failed"))
            raise
        self.room = after
        effects.release(self.media, before, after)
        await self._after(facts)
        self._announce(facts)
        return index

    async def _stop_record(self, fact: f.RecordStopped) -> None:
        reason = {"off_record": "off_record", "recess": "recess"}.get(fact.code, "closed")
        if fact.how != "off":
            reason = "suspended"
        try:
            await self._tools.desk.stop(self.id, reason, fact.by)
        except Exception:  # the desk has let go of the media first, whatever failed later
            _logger.exception("live.desk_stop_failed", sitting=self.id)

    async def _after(self, facts: list[f.Fact]) -> None:
        """What follows from facts that are stored: the end of media and of the record."""
        for fact in facts:
            if isinstance(fact, f.Removed):
                await self.media.leave(fact.seat)
        if self.room.live.phase in FINAL:
            by = next((x.by for x in facts if isinstance(x, f.PhaseChanged)), "")
            await self._seal(by)

    async def _seal(self, by: str) -> None:
        self.over = True
        await self.media.close()
        try:
            if self.room.live.epoch is not None:
                await self._tools.desk.close(self.id, by)
            await self._tools.writer.seal(self.id)
        except Exception:  # the row stays unsealed: the next start of the server tries again
            _logger.exception("live.seal_failed", sitting=self.id)

    # --- the record ------------------------------------------------------------------------------

    async def _go_on_record(self, who: Who | None) -> int | None:
        """The request, the proof, the fact. `who` None: an interrupted record goes on."""
        actor, by = (who.person.id, who.seat) if who else ("", "")
        async with self._lock:
            if who is not None:
                facts = decide(self.room, who, m.OnRecord(), self._tools.clock())
            elif record.resumable(self.room):
                facts = [f.RecordStarting("")]
            else:
                return None
            await self._commit(facts, actor)
            self._alarmed = None
        try:
            proof = await asyncio.wait_for(
                self._tools.desk.start(self.id, self.media, by), PROOF_WITHIN
            )
        except Exception as error:
            refusal = _start_refusal(error, self.id)
            async with self._lock:
                await self._commit(record.not_started(self.room, refusal.code))
            raise refusal from error
        async with self._lock:
            try:
                if self._alarmed is not None:
                    raise _lost_again(self._alarmed)
                facts = record.proven(self.room, by, proof, self._tools.clock())
                return await self._commit(facts, actor)
            except BaseException:
                await self._tools.desk.stop(self.id, "suspended", by)
                await self._commit(record.not_started(self.room, "record.not_stored"))
                raise

    def alarm(self, alarm: RecordAlarm) -> None:
        """The desk can no longer prove the record: suspend. Never waits."""
        self._alarmed = alarm.code
        self._spawn(self._suspend(alarm.code))

    async def _suspend(self, code: str) -> None:
        async with self._lock:
            await self._commit(record.lost(self.room, code, self._tools.clock()))

    # --- time ------------------------------------------------------------------------------------

    async def tick(self) -> None:
        """Once a second: presence, lines, the record's status, an interrupted record."""
        await self._finish(self._tick())

    async def _tick(self) -> None:
        now = self._tools.clock()
        async with self._lock:
            if self.over:
                return
            for seat, since in self._look_who_is_here(now):
                await self._commit(presence.lost(self.room, seat, since))
            self._check_record()
        changed = self._look_at_lines(now)
        if changed:
            self._announce([])
        if self.room.live.record == "recording":
            self._tell_status(now)
        self._maybe_resume(now)

    def _check_record(self) -> None:
        """On record means recorded, whatever an alarm that was lost on its way would have said."""
        if self.room.live.record != "recording":
            return
        if self._tools.desk.status(self.id).state != "recording":
            self.alarm(RecordAlarm(self.id, "record.stopped"))

    def _look_who_is_here(self, now: datetime) -> list[tuple[str, datetime]]:
        report = self.media.report()
        lost = []
        for seat, live in self.room.live.seats.items():
            if not live.present:
                continue
            line = report.get(seat)
            if seat in self.pages or (line is not None and line.connected):
                self._seen[seat] = now
            since = self._seen.setdefault(seat, now)
            if now - since >= presence.AWAY:
                lost.append((seat, since))
        return lost

    def _look_at_lines(self, now: datetime) -> bool:
        report = self.media.report()
        changed = [meter.update(report.get(seat), now) for seat, meter in self._lines.items()]
        return any(changed)

    def _tell_status(self, now: datetime) -> None:
        around = self._around(now)
        for page in self.pages.values():
            host = self.room.is_host(page.seat)
            inside = self.room.at(page.seat).place in (Place.HEARING, Place.PRIVATE)
            if host or inside:
                found = record_view(self.room, around, host=host, inside=True)
                page.socket.send({"type": "record", "record": found})

    def _maybe_resume(self, now: datetime) -> None:
        if not record.resumable(self.room):
            return
        if self._try_resume_at is not None and now < self._try_resume_at:
            return
        if not self.media.live_tracks(main_space(self.room)):
            return
        self._try_resume_at = now + TRY_AGAIN
        self._spawn(self._resume())

    async def _resume(self) -> None:
        try:
            await self._go_on_record(None)
        except Refusal as refusal:
            _logger.warning("live.resume_refused", sitting=self.id, code=refusal.code)

    # --- media -----------------------------------------------------------------------------------

    def line(self, page: Page, line: m.Line) -> None:
        """The page's own measurement."""
        sample = Sample(line.loss_up, line.loss_down, line.round_trip_ms, line.freezes)
        self._lines[page.seat].page(sample, self._tools.clock())

    def _on_media(self, event: MediaEvent) -> None:
        match event:
            case SlotsChanged(seat, connection, slots):
                page = self.pages.get(seat)
                if page is not None:
                    page.socket.send(slots_message(connection, slots))
            case Speaking(space, seats):
                for page in self.pages.values():
                    if space_of(self.room, page.seat) == space:
                        page.socket.send({"type": "speaking", "seats": list(seats)})
            case TrackSilent(track):
                self._spawn(self._silence(track.seat, track.source, True))
            case TrackStarted(track):
                self._spawn(self._silence(track.seat, track.source, False))
            case Disconnected(seat, connection, direction):
                page = self.pages.get(seat)
                if page is not None:
                    lost = {"connection": connection, "direction": direction}
                    page.socket.send({"type": "media_lost", **lost})
            case Connected():
                pass

    async def _silence(self, seat: str, source: str, silent: bool) -> None:
        """Written down for the hearing only: what happens in a private room is not."""
        async with self._lock:
            live = self.room.live.seats.get(seat)
            if self.over or live is None or (source in live.silent) == silent:
                return
            if silent and (live.place is not Place.HEARING or space_of(self.room, seat) is None):
                return
            await self._commit([f.MediaSilent(seat, source, silent)])

    # --- telling ---------------------------------------------------------------------------------

    def _around(self, now: datetime) -> Surroundings:
        lines = {seat: meter.grade for seat, meter in self._lines.items()}
        return Surroundings(now, self._tools.desk.status(self.id), lines)

    def _view(self, page: Page, now: datetime) -> dict[str, Any]:
        return view(self.room, page.who, page.language, self._around(now))

    def show(self, page: Page) -> None:
        """Send the whole state to one page (its language has changed)."""
        state = self._view(page, self._tools.clock())
        page.shown = _lasting(state)
        page.socket.send({"type": "state", "state": state})

    def _announce(self, facts: list[f.Fact]) -> None:
        """States to all for whom something changed, then what is worth saying aloud."""
        now = self._tools.clock()
        for page in list(self.pages.values()):
            state = self._view(page, now)
            lasting = _lasting(state)
            if lasting != page.shown:
                page.shown = lasting
                page.socket.send({"type": "state", "state": state})
        for notice in notices(self.room, facts):
            for page in list(self.pages.values()):
                if page.seat in notice.to:
                    page.event(notice.name, notice.params)
        for fact in facts:
            if isinstance(fact, f.Removed) and (removed := self.pages.pop(fact.seat, None)):
                removed.bye("removed", REMOVED)

    def _say_goodbye(self) -> None:
        """After the answer to whoever ended the sitting: all pages go."""
        if not self.over:
            return
        for page in list(self.pages.values()):
            page.bye("closed", OVER)
        self.pages.clear()

    # --- the booking side, and the end of the process --------------------------------------------

    async def cancelled(self, sitting: Sitting) -> None:
        """The booking side cancelled the sitting while its lobby was open."""

        async def end() -> None:
            async with self._lock:
                if self.over:
                    return
                fact = f.PhaseChanged(Step.CANCEL, Phase.CANCELLED, "", sitting.outcome_reason)
                await self._commit([fact])
                self._say_goodbye()

        await self._finish(end())

    async def moved(self, sitting: Sitting) -> None:
        """The booking side changed time or seats."""
        async with self._lock:
            self.update(sitting)
            self._announce([])

    def signed_out(self, page: Page) -> None:
        """The browser session behind a page has ended."""
        page.bye("signed_out", TICKET)

    async def close(self) -> None:
        """The process ends: pages come back to the next one. What was begun is finished."""
        for page in list(self.pages.values()):
            page.bye("restart", RESTART)
        self.pages.clear()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        async with self._lock:
            if self._media is not None:
                await self._media.close()

    # --- tasks -----------------------------------------------------------------------------------

    async def _finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end even when who asked has gone: a change is never half made."""
        return await asyncio.shield(self._spawn(work))

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, Refusal):
            _logger.error("live.failed", sitting=self.id, exc_info=error)


def slots_message(connection: str, slots: Any) -> dict[str, Any]:
    """The `slots` message of a subscribe connection."""
    return {
        "type": "slots",
        "connection": connection,
        "slots": {
            mid: {"seat": track.seat, "source": track.source} for mid, track in slots.items()
        },
    }


def _start_refusal(error: Exception, sitting: str) -> Refusal:
    if isinstance(error, RecordRefused):
        refusal = Refusal(error.code, error.message)
        refusal.params = dict(error.params)
        if error.track is not None:
            refusal.params["seat"], refusal.params["source"] = error.track
        return refusal
    if not isinstance(error, TimeoutError):
        _logger.error("live.record_start_failed", sitting=sitting, exc_info=error)
    return Refusal(
        "record.not_proved",
        N_("The record could not be proved, so the sitting is not on record. Try again."),
    )


def _lost_again(code: str) -> Refusal:
    return Refusal(
        code, N_("The record was lost in the moment it started. Look at the tracks and try again.")
    )


def _lasting(state: dict[str, Any]) -> dict[str, Any]:
    """What of a state is worth sending: not the version, and no clock."""
    lasting = {name: value for name, value in state.items() if name != "version"}
    lasting["record"] = {
        name: value
        for name, value in state["record"].items()
        if name not in ("clock_ms", "verified_at")
    }
    return lasting
