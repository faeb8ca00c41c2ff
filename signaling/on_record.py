"""Going on record with the desk's proof, and what happens when the proof is lost.

The proof takes a second or more, so it is made outside the room's lock: `record.state` is
`starting` meanwhile, and no step of the sitting is possible.
"""

import asyncio
from datetime import datetime, timedelta

import structlog

from errors import N_, Refusal
from signaling import facts as f
from signaling import messages as m
from signaling import record
from signaling.change import Changes
from signaling.guards import Who
from signaling.ports import RecordRefused
from signaling.room import decide
from signaling.routing import main_space

_logger = structlog.get_logger(__name__)

PROOF_WITHIN = 20.0
"""Seconds for the first proof; the desk has a shorter limit of its own."""
TRY_AGAIN = timedelta(seconds=3)
"""Between two attempts to go on with an interrupted record."""


class OnRecord:
    """The record of one live room."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._alarmed: str | None = None
        self._try_at: datetime | None = None
        changes.store_failed = lambda: self.alarm("record.store_failed")

    async def start(self, who: Who | None) -> int | None:
        """The request, the proof, the fact. `who` None: an interrupted record goes on.

        Raises Refusal, with everything as it was before the request.
        """
        changes = self._changes
        actor, by = (who.actor, who.seat) if who else (None, "")
        async with changes.lock:
            if who is not None:
                facts = decide(changes.room, who, m.OnRecord(), changes.tools.clock())
            elif record.resumable(changes.room):
                facts = [f.RecordStarting("")]
            else:
                return None
            await changes.commit(facts, actor)
            self._alarmed = None
        try:
            proof = await asyncio.wait_for(
                changes.tools.desk.start(changes.id, changes.media, by, changes.room.kind.suspends),
                PROOF_WITHIN,
            )
        except Exception as error:
            refusal = _refusal(error, changes.id)
            async with changes.lock:
                await changes.commit(record.not_started(changes.room, refusal.code))
            raise refusal from error
        async with changes.lock:
            try:
                if self._alarmed is not None:
                    raise _lost_again(self._alarmed)
                proven = record.proven(changes.room, by, proof, changes.tools.clock())
                return await changes.commit(proven, actor)
            except BaseException:
                await changes.tools.desk.stop(changes.id, "suspended", by)
                await changes.commit(record.not_started(changes.room, "record.not_stored"))
                raise

    def alarm(self, code: str, tracks: record.Tracks = (), *, suspends: bool = True) -> None:
        """Suspend the record, or warn of it. Never waits."""
        if suspends:
            self._alarmed = code
            self._changes.spawn(self._suspend(code, tracks))
        else:
            self._changes.spawn(self._warn(code, tracks))

    async def _suspend(self, code: str, tracks: record.Tracks) -> None:
        changes = self._changes
        async with changes.lock:
            await changes.commit(record.lost(changes.room, code, changes.tools.clock(), tracks))

    async def _warn(self, code: str, tracks: record.Tracks) -> None:
        changes = self._changes
        async with changes.lock:
            if not changes.over:
                await changes.commit(record.warned(changes.room, code, tracks))

    def check(self) -> None:
        """On record means recorded, whatever an alarm that was lost on its way would have said."""
        if self._changes.room.live.record != "recording":
            return
        if self._changes.tools.desk.status(self._changes.id).state != "recording":
            self.alarm("record.stopped")

    def maybe_resume(self, now: datetime) -> None:
        """After an interruption: go on as soon as it can be proved."""
        changes = self._changes
        if not record.resumable(changes.room):
            return
        if self._try_at is not None and now < self._try_at:
            return
        if not changes.media.live_tracks(main_space(changes.room)):
            return
        self._try_at = now + TRY_AGAIN
        changes.spawn(self._resume())

    async def _resume(self) -> None:
        try:
            await self.start(None)
        except Refusal as refusal:
            _logger.warning("live.resume_refused", sitting=self._changes.id, code=refusal.code)


def _refusal(error: Exception, sitting: str) -> Refusal:
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
