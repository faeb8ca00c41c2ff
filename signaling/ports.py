"""What the live room asks of rooms to its right, as small protocols that `app.py` wires.

`recordings/service.py` implements `RecordingDesk`. The value types live here, so that the
recorder imports them from its left neighbour and the live room never imports the recorder.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from sessions.alarm import LOST
from signaling.engine import MediaRoom

RecordState = Literal["off", "starting", "recording", "suspended", "interrupted", "forbidden"]
"""State of a sitting's record. Only `recording` means that what is said is being kept."""


@dataclass(frozen=True, slots=True)
class TrackProof:
    """What the verifier last found in one track's newest closed cluster."""

    seat: str
    source: str
    """A `Source`, or `channel-<language>` (`signaling.engine.ChannelTrack`)."""
    ok: bool
    """Decoded just now. It may still be doubtful: then `reason` says why."""
    reason: str = ""
    """Code of what is wrong or odd (`sessions.alarm.Alarm`); empty when nothing is."""
    level_db: int | None = None
    """Loudness of the newest sound, dBFS (0 loudest, -127 silence)."""
    luma: int | None = None
    """Mean luminance of the newest picture, 0..255."""
    verified_at: datetime | None = None
    """End of what was decoded of it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The first second of every live track was written, read back and decoded."""

    epoch: datetime
    """Recording time 0 of this sitting (aware UTC): set by the first start, kept by later ones."""
    at: datetime
    """When the proof was complete."""
    clock_ms: int
    """`at` on the record's clock, in milliseconds since `epoch`."""
    tracks: tuple[TrackProof, ...]
    """All with `ok` true; at least one."""


@dataclass(frozen=True, slots=True)
class RecordStatus:
    """What hosts are shown of the record, at most once a second."""

    state: RecordState
    since: datetime | None
    """Start of this state; None where nothing was ever recorded."""
    verified_at: datetime | None
    """End of the newest stretch that was written and decoded."""
    tracks: tuple[TrackProof, ...]
    clock_ms: int
    """Milliseconds since the epoch, now; 0 before the first start."""


class RecordRefused(Exception):
    """The record cannot start. Nothing is being recorded; nothing of the sitting has changed.

    `code` is stable and dotted (`record.disk_full`, `record.no_tracks`, `record.track_silent`,
    `record.undecodable`); `message` is a gettext message id; `track` names the guilty one as
    (seat, source) where one is.
    """

    def __init__(
        self, code: str, message: str, *, track: tuple[str, str] | None = None, **params: str | int
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.track = track
        self.params = params


@dataclass(frozen=True, slots=True)
class RecordAlarm:
    """Something is wrong with the record. Where it suspends, the desk has let go already."""

    sitting: str
    code: str
    """`sessions.alarm.Alarm`."""
    tracks: tuple[TrackProof, ...] = ()
    """Those concerned; empty where the whole record is."""
    suspends: bool = True
    """False: a warning; the record goes on."""


OnAlarm = Callable[[RecordAlarm], None]
"""Called on the event loop, never awaits. `LiveRooms.alarm` is one."""


class Exhibit(Struct, frozen=True):
    """What a room knows of an exhibit that was filed (`recordings.exhibits` has the file)."""

    id: str
    mark: str
    """As everybody calls it: `P-1`, `D-2`, `C-1`."""
    title: str
    pages: int
    by: str
    """The seat that filed it."""
    sha256: str
    named: tuple[str, ...] | None = None
    """The seats that may see it besides the bench and its own side; None: everybody there."""


class ExhibitDesk(Protocol):
    """Who keeps the exhibits, as the live room sees it. One per process."""

    async def of_sitting(self, sitting: str) -> tuple[Exhibit, ...]:
        """What was filed and not taken back, in the order of filing."""

    async def shown(self, session: AsyncSession, sitting: str, exhibit: str) -> None:
        """In the unit that shows an exhibit: from now on it cannot be taken back. Raises NotFound
        `exhibit.unknown` for one that was, in this moment."""


class RecordingDesk(Protocol):
    """The recorder as the live room sees it. One per process.

    The composition root gives the desk an `OnAlarm` (`LiveRooms.alarm`).
    """

    async def start(
        self, sitting: str, room: MediaRoom, by: str, suspends: Collection[str] = LOST
    ) -> Proof:
        """Attach to the hearing and prove the first second of every live track.

        Raises RecordRefused, having detached again. Cancelling detaches. `by` is the seat that
        asked; alarms in `suspends` end the stretch, others only warn. Never called for a kind whose
        recording is forbidden.
        """

    def speaking(self, sitting: str, seats: Collection[str]) -> None:
        """These seats speak on the floor from now on, as their browsers say (RFC 6464)."""

    async def stop(self, sitting: str, reason: str, by: str) -> None:
        """Stop taking packets before anything is awaited, then close the open segments.

        `reason` is a gap code of `TrackSink.close` (off_record, recess, closed) or `suspended`.
        Idempotent.
        """

    async def resume_after_restart(self, sitting: str, room: MediaRoom) -> None:
        """Make good what a killed process left (close open segments, write the gap).

        Records nothing; a host goes on record again with `start`.
        """

    async def close(self, sitting: str, by: str) -> None:
        """Stop and seal: nothing more will be recorded in this sitting. Idempotent."""

    def status(self, sitting: str) -> RecordStatus:
        """What is known now; cheap."""
