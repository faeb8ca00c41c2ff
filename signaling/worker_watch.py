"""Whether a silent worker hangs or is only not given a processor.

A process that is dead, stopped or dead-locked, or turns in a circle, must be replaced soon; one
that waits for its turn on a busy machine would only be replaced by one that waits too, and all its
hearings would be cut for nothing. Linux tells the two apart (/proc/PID/schedstat, /proc/PID/stat);
elsewhere every silence counts.
"""

from dataclasses import dataclass
from pathlib import Path

SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Share:
    """What a process got of the processors since it began, nanoseconds."""

    ran: int = 0
    waited: int = 0
    """Time that it could have run and was not let; a wait that still lasts is not in it."""
    wants: bool = False
    """It could run now, or does."""


def share(pid: int) -> Share:
    """Of a process's first thread; of nothing where the system does not tell."""
    try:
        ran, waited, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return Share(int(ran), int(waited), state == "R")
    except (OSError, ValueError, IndexError):
        return Share()


class Silence:
    """How long a worker has been silent although it could speak. Times are monotonic seconds."""

    def __init__(self, most: float) -> None:
        """`most`: no more than so many seconds count between two looks: we were late, and what
        the worker said meanwhile is still to be read."""
        self._most = most
        self._began: tuple[float, Share] | None = None
        self._last = 0.0
        self._counted = 0.0

    def heard(self) -> None:
        """It spoke."""
        self._began = None

    def look(self, now: float, share: Share) -> float:
        """Seconds of silence that are the worker's own. The first look begins to count."""
        if self._began is None:
            self._began, self._last, self._counted = (now, share), now, 0.0
        self._counted += min(now - self._last, self._most)
        self._last = now
        return max(0.0, self._counted - self._starved(now, share))

    def _starved(self, now: float, share: Share) -> float:
        """Seconds that it waited for a processor, with the wait that still lasts."""
        if self._began is None:
            return 0.0
        since, before = self._began
        waited = (share.waited - before.waited) / SECOND
        if share.wants:
            idle = now - since - waited - (share.ran - before.ran) / SECOND
            waited += max(0.0, idle)
        return waited
