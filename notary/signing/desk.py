"""The signing of a room's documents: what the desks of deeds, marriages and minutes share."""

from dataclasses import dataclass
from typing import ClassVar

from auth.person import Person
from auth.session import Login
from errors import NotFound
from notary.documents.render import Documents
from notary.signing.ceremony import CLOSERS, Ceremony, Slot, State
from notary.signing.service import Ceremonies


@dataclass(frozen=True, slots=True)
class Signed:
    """How far a signing has come."""

    done: tuple[str, ...]
    """Fields signed so far, in order."""
    digest: str
    """SHA-256 in hex of the document as it is now: what the next step-up is bound to."""
    sealed: bool = False
    """Everybody, who closes the document too, and the office's seal."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A room's desk adds how its documents are printed and who signs them."""

    documents: Documents
    ceremonies: Ceremonies

    unknown: ClassVar[str]
    """Code of the refusal where a subject has no such document."""

    async def state(self, subject: str, ceremony: str) -> Signed:
        """Who has signed."""
        found = await self._find(subject, ceremony)
        done = tuple(one.field for one in found.signers if one.state is Slot.SIGNED)
        return Signed(done, found.sha256, found.state is State.SEALED)

    async def sign(self, login: Login, ceremony: str, token: str) -> None:
        """A signature at one's turn."""
        await self.ceremonies.sign(login, ceremony, token or None)

    async def close(self, login: Login, ceremony: str, token: str) -> None:
        """The officer's signature and the seal, or the seal alone where that failed before."""
        found = await self.ceremonies.see(login.person, ceremony)
        officer = next(one for one in found.signers if one.sort in CLOSERS)
        if officer.state is Slot.SIGNED:
            await self.ceremonies.seal(login.person, ceremony)
        else:
            await self.ceremonies.close(login, ceremony, token or None)

    async def document(self, subject: str, ceremony: str) -> bytes:
        """The newest file."""
        found = await self._find(subject, ceremony)
        return await self.ceremonies.content(ceremony, found.revision)

    async def abandon(self, officer: Person, ceremony: str, reason: str) -> None:
        """Nobody signs it any more. What was signed is kept and is no document. `officer` has the
        matter now; another one may have opened the signing."""
        await self.ceremonies.abandon(ceremony, reason)

    async def _find(self, subject: str, ceremony: str) -> Ceremony:
        for found in await self.ceremonies.of_subject(subject):
            if found.id == ceremony:
                return found
        raise NotFound(self.unknown)
