"""Whether a signed document still stands: what the ceremony knows of the file, then what its own
room knows of the act."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from notary.signing.ceremony import Ceremony, State
from notary.signing.store import Revision
from recordings.checking.codes import Stands

OfSubject = Callable[[str, str], Awaitable[Stands | None]]
"""A room's answer for the opaque id that a ceremony belongs to, and the ceremony's own: one act may
have several documents. None: not of this room."""


class Reads(Protocol):
    """What is needed of `notary.signing.service.Ceremonies`."""

    async def of_file(self, sha256: str) -> tuple[Revision, Ceremony] | None:
        """The version with this hash and its ceremony."""


async def standing(
    ceremonies: Reads, sha256: str, rooms: Sequence[OfSubject] = ()
) -> Stands | None:
    """For the file with this hash; None for a file that we did not make.

    A version that all have signed is the whole document, however often it was renewed since.
    """
    found = await ceremonies.of_file(sha256)
    if found is None:
        return None
    version, ceremony = found
    if ceremony.state is State.WITHDRAWN:
        return Stands("withdrawn")
    if ceremony.state is not State.SEALED:
        return Stands("unfinished")
    for room in rooms:
        stands = await room(ceremony.subject, ceremony.id)
        if stands is not None and stands.code != "stands":
            return stands
        if stands is not None and version.signatures == len(ceremony.signers):
            return stands
    return Stands("sealed" if version.signatures == len(ceremony.signers) else "older")
