"""What can go wrong with a record, by code. A kind says which of these suspend it."""

from enum import StrEnum

from errors import N_


class Alarm(StrEnum):
    """The code of an alarm; what `recordings/` finds and the live room shows."""

    TRACK_SILENT = "record.track_silent"
    """An open track gets no packet."""
    UNPROVED = "record.unproved"
    """Packets come, and nothing of them was decoded in time."""
    UNDECODABLE = "record.undecodable"
    DISK_FULL = "record.disk_full"
    """No space, or a disk that takes no write (read-only, gone)."""
    WRITE_FAILED = "record.write_failed"
    WRITER_STALLED = "record.writer_stalled"
    STORE_FAILED = "record.store_failed"
    """The database takes no rows."""
    SPEECH_MISSING = "record.speech_missing"
    """Somebody speaks (RFC 6464), and their track is silent."""
    BLACK = "record.black"
    """A camera that is on gives a black picture."""
    CLOCK_DRIFT = "record.clock_drift"
    """The time of a track leaves the wall clock."""
    SPARE_FAILED = "record.spare_failed"
    """The second copy is not being written."""
    FIRST_FAILED = "record.first_failed"
    """The vault takes nothing; the spare alone has it."""


LOST = frozenset(
    {
        Alarm.TRACK_SILENT,
        Alarm.UNPROVED,
        Alarm.UNDECODABLE,
        Alarm.DISK_FULL,
        Alarm.WRITE_FAILED,
        Alarm.WRITER_STALLED,
        Alarm.STORE_FAILED,
    }
)
"""Something is not being kept. These suspend in every kind (design, promise 1)."""
DOUBTS = frozenset(Alarm) - LOST
"""Everything is kept, and something about it is not as it should be. Each kind decides."""

LABELS: dict[str, str] = {
    Alarm.TRACK_SILENT: N_("Nothing comes in to be recorded"),
    Alarm.UNPROVED: N_("What is recorded could not be checked in time"),
    Alarm.UNDECODABLE: N_("What is recorded cannot be played"),
    Alarm.DISK_FULL: N_("The disk for recordings is full or takes nothing"),
    Alarm.WRITE_FAILED: N_("The recorder failed"),
    Alarm.WRITER_STALLED: N_("The disk for recordings does not answer"),
    Alarm.STORE_FAILED: N_("The database takes no entries"),
    Alarm.SPEECH_MISSING: N_("Somebody speaks, and only silence is recorded"),
    Alarm.BLACK: N_("The picture is black"),
    Alarm.CLOCK_DRIFT: N_("Its clock leaves the wall clock"),
    Alarm.SPARE_FAILED: N_("The second copy of the record is not being written"),
    Alarm.FIRST_FAILED: N_("The vault takes nothing; only the second copy is being written"),
    "record.stopped": N_("The recorder stopped"),
    "media.lost": N_("Sound and picture of all were cut off"),
}
"""What people are told; message ids. Also of what ends a record without being an alarm."""


def label(code: str) -> str:
    """The message id of a code; of one that nobody knows, a sentence that is true of all."""
    return LABELS.get(code, N_("The record could not be proved"))
