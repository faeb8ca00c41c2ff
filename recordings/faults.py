"""What can be wrong with a record: codes, sentences, and the watch over disk and writer."""

import asyncio
import time
from collections.abc import Callable

from errors import N_
from recordings import proof
from recordings.vault import Vault
from recordings.writer import DISK_FULL, Writer
from sessions.alarm import Alarm
from signaling.engine import RecordedTrack
from signaling.ports import RecordRefused

STALL_S = 3.0
"""A disk that answers nothing for so long is an alarm."""
STORE_S = 5.0
"""Facts that the database does not take for so long are an alarm."""
STALLED, STORE_FAILED = Alarm.WRITER_STALLED.value, Alarm.STORE_FAILED.value
GAP_REASONS = {DISK_FULL: "disk_full", STALLED: "writer_stalled"}
"""The gap code of media that is missing because of an alarm."""

MESSAGES = {
    proof.SILENT: N_(
        "Nothing could be recorded of one person's sound or picture. Ask them to turn it off "
        "and on again, or mute them, then try again."
    ),
    proof.UNDECODABLE: N_(
        "What was recorded of one person cannot be played. Ask them to turn it off and on again, "
        "then try again."
    ),
    proof.UNPROVED: N_("The recording could not be checked in time. Try again."),
    DISK_FULL: N_("There is no room left for recordings. Tell the administrator."),
    STALLED: N_("The disk for recordings does not answer. Tell the administrator."),
}


def refusal(code: str, track: RecordedTrack | None = None) -> RecordRefused:
    """Why a record cannot start."""
    return RecordRefused(code, MESSAGES.get(code, MESSAGES[proof.UNPROVED]), track=track)


class Watch:
    """Looks after what all sittings share: the vault's disk, the writer, the store."""

    def __init__(
        self, vault: Vault, writer: Writer, unkept_since: Callable[[], float | None], min_free: int
    ) -> None:
        """`unkept_since`: since when (`time.monotonic`) the database takes no facts, or None."""
        self._vault, self._writer, self._min_free = vault, writer, min_free
        self._unkept_since = unkept_since
        self._free: asyncio.Task[int] | None = None
        self._dropped = 0

    async def check_space(self) -> None:
        """Raises RecordRefused when nothing could be written now."""
        try:
            async with asyncio.timeout(STALL_S):
                free = await asyncio.to_thread(self._vault.free_bytes)
        except (OSError, TimeoutError):
            raise refusal(STALLED) from None
        if free < self._min_free:
            raise refusal(DISK_FULL)

    def fault(self) -> str:
        """Code of what is wrong, for every sitting; empty when nothing is. Call twice a second."""
        if self._writer.stalled_for(time.monotonic_ns()) > STALL_S:
            return STALLED
        dropped, self._dropped = self._dropped, self._writer.dropped
        if self._dropped > dropped:
            return STALLED
        since = self._unkept_since()
        if since is not None and time.monotonic() - since > STORE_S:
            return STORE_FAILED
        return self._space_fault()

    def warnings(self) -> list[str]:
        """Codes of what is wrong with the house and keeps nothing from being recorded."""
        return self._vault.faults()

    def _space_fault(self) -> str:
        """The answer of the last look at the free space; starts the next one."""
        check = self._free
        if check is not None and not check.done():
            return ""  # a disk that hangs is the writer's to notice
        self._free = asyncio.create_task(asyncio.to_thread(self._vault.free_bytes))
        if check is None:
            return ""
        failed = check.exception()
        return DISK_FULL if failed or check.result() < self._min_free else ""
