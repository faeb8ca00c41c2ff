"""The recording desk: on record, off record, sealed (implements `signaling.ports.RecordingDesk`).

    desk = Desk(database, log, vault, keys, clock, min_free_bytes=...)
    desk.on_alarm = rooms.alarm
    await desk.open()         # recovers what a killed process left, then starts the writer
    ...
    await desk.shutdown()

A sitting is on record only while what was written is decoded. `start` answers after the first
second of every live track was read back from disk and decoded; then a verifier looks every second.
What cannot be proved for 4 s is an alarm: the recorder lets go at once, and the stretch is ended
with the reason `suspended`.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Collection, Coroutine
from typing import Any

import structlog

from audit.leaf import JSON, format_time
from audit.service import AuditLog
from clock import Clock
from database import Database
from errors import N_
from recordings import files, keeper, keys, orphans, proof, recovery, store
from recordings.faults import GAP_REASONS, STALLED, Watch, refusal
from recordings.keeper import Ending, Keeper
from recordings.keys import KeyRefused, KeyStore
from recordings.live import LiveRecord, RecordableRoom
from recordings.orphans import Orphan
from recordings.proof import Verifier, VerifierLost
from recordings.recorder import SittingRecorder
from recordings.recovery import NOBODY
from recordings.speech import Speech
from recordings.state import Move, State, Step, WrongState, move
from recordings.timeline import RecordClock
from recordings.track import Event, Interval, TrackWriter
from recordings.vault import Vault
from recordings.writer import Writer
from sessions.alarm import LOST
from signaling.engine import HearingSpace, RecordedTrack
from signaling.ports import (
    OnAlarm,
    Proof,
    RecordAlarm,
    RecordRefused,
    RecordStatus,
    TrackProof,
)

START_S = 6.0
"""So long may the proof of the first second take."""
LOOK_S = 1.0
FIRST_LOOK_S = 0.2
WATCH_S = 0.5
KEEP_S = 0.25
"""Seconds from a closed segment to its row and leaf, so that many share a transaction."""
DRAIN_S = 5.0
ENDED = frozenset({State.AVAILABLE, State.FAILED, State.NO_RECORDING})

_logger = structlog.get_logger(__name__)


def _nobody_listens(_value: object) -> None:
    """Until the composition root wires a callback."""


def _nobody_waits() -> None:
    """Until the composition root wires a callback."""


class Desk:
    """The recorder of this process. All methods belong to one event loop."""

    def __init__(
        self,
        database: Database,
        log: AuditLog,
        vault: Vault,
        key_store: KeyStore,
        clock: Clock,
        *,
        min_free_bytes: int,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.on_alarm: OnAlarm = _nobody_listens
        self.on_sealed: Callable[[], None] = _nobody_waits
        self.orphans: list[Orphan] = []
        """What `open` found in the vault that is in no record, or the reverse."""
        self._database = database
        self._log = log
        self._vault = vault
        self._keys = key_store
        self._clock = clock
        self._now_ns = now_ns
        self._keeper = Keeper(database, log)
        self._writer = Writer(vault, self._told)
        self._watch = Watch(vault, self._writer, lambda: self._keeper.unkept_since, min_free_bytes)
        self._verifier = Verifier()
        self._live: dict[str, LiveRecord] = {}
        self._speaking: dict[str, tuple[str, ...]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._background: set[asyncio.Task[None]] = set()
        self._looked = asyncio.Event()

    # --- the process ------------------------------------------------------------------------------

    async def open(self) -> None:
        """Make good what a killed process left, then start. Raises KeyRefused, OSError."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._vault.prepare)
        await recovery.recover(self._database, self._log, self._vault, self._keys, self._clock)
        self.orphans = await orphans.survey(self._database, self._vault)
        orphans.report(self.orphans)
        self._writer.start()
        await self._verifier.open()
        self._tasks = [
            asyncio.create_task(step(), name=f"recordings.{step.__name__}")
            for step in (self._look_always, self._watch_always, self._keep_always)
        ]

    async def shutdown(self) -> None:
        """Let go of every room, write what there is, end. An open stretch stays open: the next
        `open` ends it with the gap, as after a crash."""
        for live in self._live.values():
            self._detach(live, "interrupted")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._background, return_exceptions=True)
        if self._loop:
            await asyncio.to_thread(self._writer.stop)
            await asyncio.sleep(0)  # the events of the writer's last round
        for live in self._live.values():
            if live.state is not State.INITIALISING:
                await self._keeper.keep(live)
        await self._verifier.close()

    # --- on record --------------------------------------------------------------------------------

    async def start(
        self, sitting: str, room: RecordableRoom, by: str, suspends: Collection[str] = LOST
    ) -> Proof:
        """Attach to the hearing and prove the first second of every live track.

        Alarms in `suspends` end the stretch, others warn (`sessions.kind.Kind.suspends`). Raises
        RecordRefused, having detached again and deleted what was written. Cancelling does the
        same. Raises SinkRefused where the room refuses a recorder.
        """
        live = await self._load(sitting)
        async with live.lock:
            if live.state is State.RECORDING:
                raise RecordRefused("record.running", N_("This sitting is on record already."))
            if not await self._ended(live):
                raise refusal(STALLED)
            await self._watch.check_space()
            needed = room.live_tracks(HearingSpace(sitting))
            if not needed:
                raise RecordRefused(
                    "record.no_tracks",
                    N_("Nobody sends sound or picture. Turn a microphone on, then try again."),
                )
            self._attach(live, room, by)
            live.suspends = suspends
            try:
                async with asyncio.timeout(START_S):
                    await self._first_proof(live, room, needed)
                return await self._accepted(live, by)
            except TimeoutError:
                refused = self._refusal(live, needed)
                await self._reject(live, refused.code)
                raise refused from None
            except BaseException as error:
                code = error.code if isinstance(error, RecordRefused) else "record.stopped"
                await self._reject(live, code)
                raise

    def _attach(self, live: LiveRecord, room: RecordableRoom, by: str) -> None:
        """Synchronous: no packet is taken before the stretch is known."""
        now, now_ns = self._clock(), self._now_ns()
        self._step(live, Step.START, by)
        if live.clock is None:
            live.clock = RecordClock.anchored(now, now, now_ns)
        live.interval = Interval(secrets.token_hex(8), live.clock.ms(now_ns), live.clock.epoch_ns)
        live.findings, live.proofs, live.fault, live.stopped_ns = {}, (), "", 0
        live.warned, live.speech = {}, Speech()
        live.speech.told(self._speaking.get(live.sitting, ()), live.interval.start_ms)
        live.recorder.begin(live.interval)
        live.room = room
        try:
            room.attach(HearingSpace(live.sitting), live.recorder)
        except BaseException:
            live.room = None
            self._withdraw(live, "record.not_allowed")
            live.recorder.reject()
            raise

    async def _first_proof(
        self, live: LiveRecord, room: RecordableRoom, needed: frozenset[RecordedTrack]
    ) -> None:
        while True:
            await self._looked.wait()
            if live.room is None:
                raise RecordRefused("record.stopped", N_("The record was stopped meanwhile."))
            for name, code in live.recorder.failed.items():
                raise refusal(code, name)
            wanted = needed & room.live_tracks(HearingSpace(live.sitting))
            if wanted and all(self._is_proved(live, name) for name in wanted):
                return

    def _is_proved(self, live: LiveRecord, name: RecordedTrack) -> bool:
        item = live.recorder.open_tracks.get(name)
        return item is not None and proof.is_first_proved(live.findings.get(item.id))

    async def _accepted(self, live: LiveRecord, by: str) -> Proof:
        """`_accept`, whole even when cancelled: a stretch that was stored is also ended."""
        accepting = asyncio.ensure_future(self._accept(live, by))
        try:
            return await asyncio.shield(accepting)
        except asyncio.CancelledError:
            await asyncio.wait([accepting])
            if live.state is State.RECORDING:
                self._detach(live, "off_record")
                await self._finish(live, "off_record", by)
            raise

    async def _accept(self, live: LiveRecord, by: str) -> Proof:
        clock, interval = live.clock, live.interval
        if clock is None or interval is None:
            raise WrongState("not attached")
        now = self._clock()
        now_ms = clock.ms(self._now_ns())
        leaf: dict[str, JSON] = {
            "epoch": format_time(clock.epoch),
            "start_ms": interval.start_ms,
            "proved_ms": now_ms,
            "by": by,
        }
        proved = move(live.state, Step.PROVE, now, by)
        async with live.keeping:
            async with self._database.unit() as session:
                await store.set_state(session, live.sitting, State.RECORDING, epoch=clock.epoch)
                await store.add_stretch(
                    session, live.sitting, interval.id, interval.start_ms, now_ms, by
                )
                await self._log.append(session, "rec.started", leaf, subject=live.sitting)
                moves = [*live.moves, proved]
                await keeper.write_moves(session, self._log, live.sitting, moves)
            live.moves.clear()
        live.recorded = True
        live.take(proved)
        if live.room is None:  # stopped while the database was at it: the stretch is true, and over
            live.recorder.accept()
            await self._finish(live, "off_record", by)
            raise RecordRefused("record.stopped", N_("The record was stopped meanwhile."))
        live.recorder.accept()
        live.assess(self._now_ns())
        tracks = tuple(item for item in live.proofs if item.ok)
        return Proof(clock.epoch, now, now_ms, tracks)

    async def _reject(self, live: LiveRecord, code: str) -> None:
        """Nothing of it was on record: let go, and delete what was written."""
        if live.state is not State.INITIALISING:
            return
        self._detach(live, "off_record")
        self._withdraw(live, code)
        await asyncio.shield(self._spawn(self._discard(live)))

    def _withdraw(self, live: LiveRecord, code: str) -> None:
        self._step(live, Step.REFUSE, NOBODY, code)
        live.interval = None
        if not live.recorded:
            live.clock = None

    async def _discard(self, live: LiveRecord) -> None:
        await self._drained()
        written = live.recorder.reject()
        for track, seq in written:
            path = self._vault.path(live.sitting, track, seq)
            await asyncio.to_thread(self._vault.remove, path)

    def _refusal(self, live: LiveRecord, needed: frozenset[RecordedTrack]) -> RecordRefused:
        for name in sorted(needed):
            if not self._is_proved(live, name):
                item = live.recorder.open_tracks.get(name)
                finding = live.findings.get(item.id) if item else None
                undecodable = finding is not None and finding.error
                return refusal(proof.UNDECODABLE if undecodable else proof.SILENT, name)
        return refusal(proof.UNPROVED)

    # --- off record -------------------------------------------------------------------------------

    async def stop(self, sitting: str, reason: str, by: str) -> None:
        """Stop taking packets before anything is awaited, then close the open segments.

        Returns when all is on disk and in the log, or after 5 s if the disk does not answer (the
        rest is then done when it does). Idempotent.
        """
        live = self._live.get(sitting)
        if live is None:
            return
        self._detach(live, reason)
        async with live.lock:
            if live.state is State.RECORDING:
                await self._finish(live, reason, by)
            elif reason != "suspended" and await self._ended(live):
                await self._settle(live, reason, by)

    def _detach(self, live: LiveRecord, reason: str) -> None:
        room, live.room = live.room, None
        if room is not None:
            live.stopped_ns = self._now_ns()
            room.detach(reason)

    async def _finish(self, live: LiveRecord, reason: str, by: str) -> None:
        """End the stretch. Needs the lock, and that the room was let go."""
        step = Step.ALARM if live.fault or reason == "suspended" else Step.STOP
        self._step(live, step, by, live.fault or reason)
        live.ending = self._spawn(self._end_stretch(live, reason, by))
        await self._ended(live)

    async def _ended(self, live: LiveRecord) -> bool:
        """Wait for the end of the last stretch to be written, if not for ever."""
        if live.ending is None:
            return True
        done, _ = await asyncio.wait([live.ending], timeout=DRAIN_S)
        if not done:
            _logger.error("recording.ending_is_slow", sitting=live.sitting)
            return False
        ending, live.ending = live.ending, None
        ending.result()
        return True

    async def _end_stretch(self, live: LiveRecord, reason: str, by: str) -> None:
        clock, interval = live.clock, live.interval
        if clock is None or interval is None:
            return
        await self._drained()
        end_ms = max(clock.ms(live.stopped_ns), interval.start_ms)
        live.recorder.end(end_ms, reason, GAP_REASONS.get(live.fault, ""))
        live.interval = None
        live.proofs = ()
        verified_ms = min(max(live.verified_ms, interval.start_ms), end_ms)
        ending = Ending(interval.id, end_ms, reason, by, verified_ms)
        while not await self._keeper.keep(live, ending):  # noqa: ASYNC110
            await asyncio.sleep(1.0)

    async def _settle(self, live: LiveRecord, reason: str, by: str) -> None:
        """A host decided what follows a suspension or an interruption."""
        if live.state not in (State.SUSPENDED, State.INTERRUPTED):
            return
        self._step(live, Step.STOP, by, reason)
        await self._keeper.keep(live)

    async def resume_after_restart(self, sitting: str, room: RecordableRoom) -> None:
        """What a killed process left was made good by `open`; show it as interrupted.

        Records nothing; a host goes on record again with `start`.
        """
        await self._load(sitting)

    async def close(self, sitting: str, by: str) -> None:
        """Stop and seal: nothing more is recorded in this sitting. Idempotent.

        Returns when every segment was read from disk and compared with the log (about a second
        for each gigabyte).
        """
        await self.stop(sitting, "closed", by)
        async with self._database.unit(write=False) as session:
            if await store.get(session, sitting) is None:
                return  # never recorded: no leaf
        live = await self._load(sitting)
        async with live.lock:
            if live.state in ENDED or not await self._ended(live):
                return  # a disk that hangs: the next start of the house seals it
            if live.clock is None:
                await self._seal(live, move(live.state, Step.CLOSE_EMPTY, self._clock(), by))
            else:
                if live.state is not State.PROCESSING:
                    await self._seal(live, move(live.state, Step.SEAL, self._clock(), by))
                await self._process(live)
            del self._live[sitting]
            self.on_sealed()

    async def _seal(self, live: LiveRecord, step: Move) -> None:
        """Nothing follows. A record that never was has no leaf of its own."""
        async with live.keeping:
            async with self._database.unit() as session:
                await store.set_state(session, live.sitting, step.after, sealed_at=step.at)
                await keeper.write_moves(session, self._log, live.sitting, [*live.moves, step])
                if step.step is Step.SEAL:
                    leaf = await keeper.closing_leaf(session, live.sitting)
                    await self._log.append(session, "rec.closed", leaf, subject=live.sitting)
            live.moves.clear()
        live.take(step)

    async def _process(self, live: LiveRecord) -> None:
        """Compare what is on disk with the log: available, or failed."""
        async with self._database.unit(write=False) as session:
            rows = await store.segments(session, live.sitting)
        bad = await asyncio.to_thread(files.altered, self._vault, rows)
        if bad:
            _logger.error("recording.altered", sitting=live.sitting, segments=len(bad))
        why = "recording.damaged" if bad else ""
        self._step(live, Step.FAIL if bad else Step.FINISH, NOBODY, why)
        await self._keeper.keep(live)

    def status(self, sitting: str) -> RecordStatus:
        """What is known now; cheap."""
        live = self._live.get(sitting)
        if live is None:
            return RecordStatus("off", None, None, (), 0)
        return live.status(self._now_ns())

    # --- proof and watch --------------------------------------------------------------------------

    async def _look_always(self) -> None:
        lost = False
        while True:
            proving = any(item.state is State.INITIALISING for item in self._live.values())
            await asyncio.sleep(FIRST_LOOK_S if proving or lost else LOOK_S)
            try:
                await self._look()
                lost = False
            except VerifierLost:  # proofs go stale, which is an alarm: it is replaced in a hurry
                lost = True
            self._looked.set()
            self._looked = asyncio.Event()

    async def _look(self) -> None:
        attached = [live for live in self._live.values() if live.room is not None]
        jobs = [
            job
            for live in attached
            if live.clock
            for job in live.recorder.jobs(live.clock.epoch.timestamp())
        ]
        findings = {item.id: item for item in await self._verifier.look(jobs)}
        for finding in findings.values():
            if finding.error:
                _logger.error("recording.undecodable", job=finding.id, error=finding.error)
        for live in attached:
            live.learn(live.findings | findings)
            live.assess(self._now_ns())

    async def _watch_always(self) -> None:
        while True:
            await asyncio.sleep(WATCH_S)
            code = self._watch.fault()
            for live in list(self._live.values()):
                if live.state is State.RECORDING and not live.fault:
                    live.assess(self._now_ns())
                    self._judge(live, [code] * bool(code) + self._watch.warnings())

    def _judge(self, live: LiveRecord, codes: list[str]) -> None:
        """Suspend or warn, by the kind's policy. `codes`: what is wrong with the house."""
        troubles = live.troubles()
        wrong = [item for item in troubles if item.reason in live.suspends]
        grave = [code for code in codes if code in live.suspends]
        if grave or wrong:
            self._alarm(live, grave[0] if grave else wrong[0].reason, wrong)
            return
        for code, tracks in live.unwarned(codes, self._now_ns()):
            _logger.warning("recording.warning", sitting=live.sitting, code=code)
            self.on_alarm(RecordAlarm(live.sitting, code, tuple(tracks), suspends=False))

    def _alarm(self, live: LiveRecord, code: str, wrong: list[TrackProof]) -> None:
        """Let go at once; the live room is told, and the stretch is ended in any case."""
        live.fault = code
        _logger.error("recording.alarm", sitting=live.sitting, code=code)
        self._detach(live, "suspended")
        self._spawn(self.stop(live.sitting, "suspended", NOBODY))
        live.since = self._clock()
        self.on_alarm(RecordAlarm(live.sitting, code, tuple(wrong)))

    def speaking(self, sitting: str, seats: Collection[str]) -> None:
        """Who speaks on the floor from now on; compared with what is kept of them."""
        if seats:
            self._speaking[sitting] = tuple(seats)
        else:
            self._speaking.pop(sitting, None)
        live = self._live.get(sitting)
        if live is not None and live.clock is not None:
            live.speech.told(seats, live.clock.ms(self._now_ns()))

    # --- facts ------------------------------------------------------------------------------------

    def _told(self, writing: TrackWriter, event: Event) -> None:
        """From the writer's threads."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: recovery will see
                self._loop.call_soon_threadsafe(self._take, writing, event)

    def _take(self, writing: TrackWriter, event: Event) -> None:
        live = self._live.get(writing.track.sitting)
        if live is not None:
            live.recorder.told(writing, event)

    async def _keep_always(self) -> None:
        while True:
            await asyncio.sleep(KEEP_S)
            for live in list(self._live.values()):
                await self._keeper.keep(live)

    async def _drained(self) -> None:
        """Wait until the writer has put on disk, and told, all that it was given."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def mark() -> None:
            loop.call_soon_threadsafe(done.set)

        self._writer.mark(mark)
        await done.wait()

    # --- helpers ----------------------------------------------------------------------------------

    async def _load(self, sitting: str) -> LiveRecord:
        """The record of a sitting, from the database when this process does not have it yet."""
        live = self._live.get(sitting)
        if live is None:
            try:
                loaded = await self._read(sitting)
            except KeyRefused as error:
                _logger.error("recording.key_store", sitting=sitting, reason=str(error))
                raise RecordRefused(
                    "record.key_store",
                    N_("The key store does not answer, so nothing can be recorded. Tell support."),
                ) from None
            live = self._live.setdefault(sitting, loaded)
        return live

    async def _read(self, sitting: str) -> LiveRecord:
        async with self._database.unit(write=False) as session:
            row = await store.get(session, sitting)
        if row is None:
            row = await self._add(sitting)
        if row.wrapped_key is None:
            raise RecordRefused("record.destroyed", N_("The key of this record is destroyed."))
        key = await asyncio.to_thread(self._keys.unwrap, row.wrapped_key)
        async with self._database.unit(write=False) as session:
            recorder = SittingRecorder(sitting, key, self._writer, self._now_ns)
            await recovery.restore(session, recorder, key)
        live = LiveRecord(sitting, recorder, State(row.state))
        if row.epoch is not None:
            live.clock = RecordClock.anchored(row.epoch, self._clock(), self._now_ns())
            live.since, live.recorded = self._clock(), True
        return live

    async def _add(self, sitting: str) -> store.RecordingRow:
        """A record that nobody tried to make before. The key store is asked outside the unit."""
        wrapped = await asyncio.to_thread(self._keys.wrap, keys.new_key())
        async with self._database.unit() as session:
            if await store.get(session, sitting) is None:
                await store.add(session, sitting, wrapped, self._clock())
            row = await store.get(session, sitting)
        if row is None:
            raise LookupError(sitting)
        return row

    def _step(self, live: LiveRecord, step: Step, by: str, why: str = "") -> None:
        found = move(live.state, step, self._clock(), by, why)
        live.moves.append(found)
        live.take(found)
        _logger.info(
            "recording.moved", sitting=live.sitting, to=found.after.value, step=step.value, why=why
        )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task
