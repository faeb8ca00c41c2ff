"""What others say of the log, in one place: cosignatures of witnesses, an authority's time."""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding

from audit.checkpoint import Checkpoint
from audit.timestamping import Timestamping, Token
from audit.witnessing import Witnessing

WAIT_S = 5.0
"""So long a bundle waits for witnesses; they are asked every second."""


@dataclass(frozen=True, slots=True)
class LogAnchors:
    """Implements `recordings.bundle.Anchors`."""

    witnessing: Witnessing
    timestamping: Timestamping

    def witnesses(self) -> Sequence[str]:
        """Verifier keys of the witnesses."""
        return list(self.witnessing.verifiers)

    async def token(self, size: int) -> Token | None:
        """A time-stamp over a checkpoint of at least `size` leaves; None when there is none."""
        return await self.timestamping.covering(size)

    def roots(self) -> bytes:
        """PEM of what the token's certificates end in."""
        return b"".join(root.public_bytes(Encoding.PEM) for root in self.timestamping.source.roots)

    async def cosigned(self, size: int) -> Checkpoint:
        """A checkpoint of at least `size` leaves, with the lines of witnesses that signed it."""
        return await self.witnessing.covering(size, WAIT_S)
