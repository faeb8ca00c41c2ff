"""Going on record and losing it: the half of the decisions that no person commands.

`conducting.on_record` is the request. Only a proof leads to `recording` (design, promise 1).
"""

from datetime import datetime

from errors import Refusal
from sessions.phase import Phase, Step, after
from signaling import facts as f
from signaling.conducting import check_on_record
from signaling.ports import Proof
from signaling.room import settle
from signaling.state import Room


def proven(room: Room, by: str, proof: Proof, now: datetime) -> list[f.Fact]:
    """On record, by this proof. Raises Refusal where the sitting has moved on meanwhile."""
    phase = after(room.live.phase, Step.GO_ON_RECORD)
    if room.live.record != "starting" or not proof.tracks:
        raise ValueError("a proof without a request, or of nothing")
    tracks = tuple((track.seat, track.source) for track in proof.tracks)
    return settle(
        room,
        [
            f.RecordProven(by, proof.epoch, proof.clock_ms, tracks),
            f.PhaseChanged(Step.GO_ON_RECORD, phase, by),
        ],
        now,
    )


def not_started(room: Room, code: str) -> list[f.Fact]:
    """The request came to nothing; everything else is as before."""
    return [f.RecordNotStarted(code)] if room.live.record == "starting" else []


Tracks = tuple[tuple[str, str], ...]


def lost(room: Room, code: str, now: datetime, tracks: Tracks = ()) -> list[f.Fact]:
    """An alarm: the record can no longer be proved, so the sitting is not on record."""
    if room.live.phase is not Phase.ON_RECORD:
        return []
    return settle(
        room,
        [
            _alarmed(room, code, tracks, suspends=True),
            f.RecordStopped("suspended", code),
            f.PhaseChanged(Step.SUSPEND, Phase.TECH_SUSPENDED, ""),
        ],
        now,
    )


def warned(room: Room, code: str, tracks: Tracks) -> list[f.Fact]:
    """An alarm that by the kind's policy does not suspend."""
    if room.live.phase is not Phase.ON_RECORD:
        return []
    return [_alarmed(room, code, tracks, suspends=False)]


def _alarmed(room: Room, code: str, tracks: Tracks, *, suspends: bool) -> f.RecordAlarmed:
    number = room.live.alarms[-1].id + 1 if room.live.alarms else 1
    return f.RecordAlarmed(number, code, tracks, suspends)


def interrupted(room: Room, code: str, now: datetime) -> list[f.Fact]:
    """What carried the media is gone: like `lost`, but the record goes on by itself."""
    if room.live.phase is not Phase.ON_RECORD:
        return []
    return settle(
        room,
        [
            f.RecordStopped("interrupted", code),
            f.PhaseChanged(Step.SUSPEND, Phase.TECH_SUSPENDED, ""),
        ],
        now,
    )


def resumable(room: Room) -> bool:
    """After a restart, or when a media worker died: whether the record may go on by itself now.

    The court's order to record stands; the gap is in the record. Those whose presence makes the
    record count must be back first, and the proof is asked for like any other.
    """
    if not room.live.resume_record or room.live.record != "interrupted":
        return False
    try:
        check_on_record(room)
    except Refusal:
        return False
    return True
