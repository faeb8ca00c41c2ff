"""The record of one sitting while this process has it: what is shown, and what is wrong."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from recordings import proof
from recordings.decoding import Finding
from recordings.recorder import OpenTrack, SittingRecorder
from recordings.speech import Speech
from recordings.state import SHOWN, Move, State
from recordings.timeline import RecordClock
from recordings.track import Interval
from sessions.alarm import LOST
from signaling.engine import HearingSpace, RecordedTrack, Recorder, Space
from signaling.ports import RecordStatus, TrackProof

WARN_AGAIN_NS = 30_000_000_000
"""A warning whose cause was gone for so long is given again."""


class RecordableRoom(Protocol):
    """So much of a `MediaRoom` the recorder uses."""

    def attach(self, space: HearingSpace, recorder: Recorder) -> None: ...
    def detach(self, reason: str) -> None: ...
    def live_tracks(self, space: Space) -> frozenset[RecordedTrack]: ...


@dataclass(slots=True)
class LiveRecord:
    """Belongs to the event loop. `clock` and `interval` are None before the first start."""

    sitting: str
    recorder: SittingRecorder
    state: State
    since: datetime | None = None
    clock: RecordClock | None = None
    recorded: bool = False
    """There was a stretch: the epoch stands."""
    room: RecordableRoom | None = None
    """Attached to this room now."""
    interval: Interval | None = None
    """The stretch that is being written, also while it is being closed."""
    stopped_ns: int = 0
    ending: asyncio.Task[None] | None = None
    """Writes the end of the last stretch."""
    fault: str = ""
    """Code of the alarm that ended the stretch."""
    suspends: Collection[str] = LOST
    """Codes that suspend; the others warn."""
    warned: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """Warnings that were given (code, seat, source), and when their cause was last seen."""
    speech: Speech = field(default_factory=Speech)
    verified_at: datetime | None = None
    verified_ms: int = 0
    """The same on the record's clock."""
    proofs: tuple[TrackProof, ...] = ()
    findings: dict[str, Finding] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    """Transitions that are not stored yet."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    keeping: asyncio.Lock = field(default_factory=asyncio.Lock)

    def status(self, now_ns: int) -> RecordStatus:
        """What hosts are shown."""
        clock_ms = max(0, self.clock.ms(now_ns)) if self.clock else 0
        return RecordStatus(SHOWN[self.state], self.since, self.verified_at, self.proofs, clock_ms)

    @property
    def ends(self) -> bool:
        """The stretch is over, and its end is about to be stored: with the transition."""
        on = (State.INITIALISING, State.RECORDING)
        return self.interval is not None and self.state not in on

    def take(self, move: Move) -> None:
        """Enter the state that follows."""
        self.state, self.since = move.after, move.at

    def learn(self, found: dict[str, Finding]) -> None:
        """Take what the verifier found, keeping what is still open."""
        opened = {item.id for item in self.recorder.open_tracks.values()}
        self.findings = {name: item for name, item in found.items() if name in opened}

    def assess(self, now_ns: int) -> None:
        """Say of each open track whether it is proved now."""
        if self.clock is None:
            return
        now_ms = self.clock.ms(now_ns)
        opened = list(self.recorder.open_tracks.items())
        self.proofs = tuple(
            self._proof(name, item, self.recorder.failed.get(name) or self._judge(item, now_ms))
            for name, item in opened
        )
        if opened and all(item.ok for item in self.proofs):
            newest = [self._decoded_ms(item) for _, item in opened]
            proved = [ms for ms in newest if ms]
            if proved and len(proved) == len(newest):
                self.verified_ms = min(proved)
                self.verified_at = self.clock.at(self.verified_ms)

    def troubles(self) -> list[TrackProof]:
        """Tracks with anything wrong."""
        failed = [
            TrackProof(name.seat, name.source, False, code)
            for name, code in self.recorder.failed.items()
        ]
        return failed or [item for item in self.proofs if item.reason]

    def unwarned(self, codes: Collection[str], now_ns: int) -> list[tuple[str, list[TrackProof]]]:
        """What hosts are to be warned of and were not yet: the house's `codes`, and tracks."""
        found: dict[str, list[TrackProof]] = {}
        seen = [(code, "", "") for code in codes]
        seen += [(item.reason, item.seat, item.source) for item in self.troubles()]
        for key in seen:
            last, self.warned[key] = self.warned.get(key), now_ns
            if last is None or now_ns - last > WARN_AGAIN_NS:
                found.setdefault(key[0], [])
                found[key[0]] += [
                    item for item in self.proofs if (item.reason, item.seat, item.source) == key
                ]
        return list(found.items())

    def _proof(self, name: RecordedTrack, item: OpenTrack, reason: str) -> TrackProof:
        found = self.findings.get(item.id)
        if found is None or self.clock is None:
            return TrackProof(name.seat, name.source, not reason, reason)
        if not reason:
            silent_since = max(found.loud_ms, found.first_ms)
            spoken = self.speech.spoken_ms(name.seat, silent_since, found.decoded_ms)
            heard = name.source == "microphone"
            doubt = proof.doubt(found, name.source, spoken if heard else 0)
        else:
            doubt = ""
        at = self.clock.at(found.decoded_ms) if found.decoded_ms else None
        level = None if found.level_db is None else round(found.level_db)
        return TrackProof(
            name.seat, name.source, not reason, reason or doubt, level, found.luma, at
        )

    def _decoded_ms(self, item: OpenTrack) -> int:
        finding = self.findings.get(item.id)
        return finding.decoded_ms if finding else 0

    def _judge(self, item: OpenTrack, now_ms: int) -> str:
        heard_ns = item.lane.heard_ns
        heard_ms = self.clock.ms(heard_ns) if self.clock and heard_ns else item.opened_ms
        return proof.judge(self.findings.get(item.id), item.opened_ms, heard_ms, now_ms)
