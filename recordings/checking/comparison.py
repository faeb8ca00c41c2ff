"""Holds a checkpoint that somebody shows us against our own log.

A checkpoint with the house's signature that is no prefix of the house's log means that the log was
written anew, or taken back, after that checkpoint was given out. It is the one thing that only
outsiders can show, so it is never passed over in silence.
"""

from dataclasses import dataclass

import structlog

from audit import checkpoint as checkpoints
from audit.service import AuditLog

SAME, PREFIX, FORK, AHEAD = "same", "prefix", "fork", "ahead"

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`code`: same (our newest), prefix (our log extends it), fork (another history), ahead (more
    leaves than we have: ours was cut or put back)."""

    code: str
    size: int
    """Of the checkpoint shown."""
    ours: int
    """Leaves of our newest checkpoint."""

    @property
    def alarming(self) -> bool:
        """Whether two histories are shown to be signed with one key."""
        return self.code in (FORK, AHEAD)


async def compare(log: AuditLog, note: str) -> Comparison:
    """Compare a checkpoint that this log's key signed. Raises NoteError for anything else."""
    shown = checkpoints.parse(note)
    newest = await log.newest()
    if shown.size > newest.size:
        newest = await log.checkpoint()
    if shown.size > newest.size:
        code = AHEAD
    elif await log.root(shown.size) != shown.root:
        code = FORK
    else:
        code = SAME if shown.size == newest.size else PREFIX
    found = Comparison(code, shown.size, newest.size)
    if found.alarming:
        _logger.critical(
            "audit.fork_shown", code=code, size=shown.size, root=shown.root.hex(), ours=newest.size
        )
    return found
