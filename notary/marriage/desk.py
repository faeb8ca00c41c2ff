"""Documents of a marriage and their signatures: `notary.signing` as this room asks for it.

The authority is the marriage's own: the officiant closes the contract, the judge what the court
issues. No notary takes part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from auth.person import Person
from auth.session import Login
from errors import NotFound
from notary.documents.render import Documents
from notary.signing import ceremony as nouns
from notary.signing.ceremony import CLOSERS, Ceremony, Signer, Slot
from notary.signing.service import Ceremonies


@dataclass(frozen=True, slots=True)
class Signed:
    """How far a signing has come."""

    fields: tuple[str, ...]
    """Signed so far, in order."""
    sha256: str
    """Of the newest file, in hex."""
    sealed: bool


class Desk(Protocol):
    """What this room needs of documents and signatures."""

    async def prepare(
        self,
        officer: Person,
        subject: str,
        template: str,
        data: Mapping[str, Any],
        signers: Sequence[Signer],
        at: datetime,
    ) -> str:
        """Print a document with its places to sign and open its signing; the id."""

    async def state(self, subject: str, ceremony: str) -> Signed:
        """Raises NotFound."""

    async def sign(self, login: Login, ceremony: str, token: str) -> None:
        """One's own signature at one's turn; the officer's closes the document, and the seal
        follows. Raises Refusal `signing.*`, `policy.confirmation_needed`."""

    async def document(self, subject: str, ceremony: str) -> bytes:
        """The PDF as it is now."""

    async def withdraw(self, officer: Person, ceremony: str, reason: str) -> None:
        """Nobody signs it any more."""


@dataclass(frozen=True, slots=True)
class SigningDesk:
    """Implements Desk."""

    documents: Documents
    ceremonies: Ceremonies

    async def prepare(
        self,
        officer: Person,
        subject: str,
        template: str,
        data: Mapping[str, Any],
        signers: Sequence[Signer],
        at: datetime,
    ) -> str:
        """Print, freeze, open."""
        document = await self.documents.render(template, data, at)
        return (await self.ceremonies.prepare(officer, subject, document, signers)).id

    async def state(self, subject: str, ceremony: str) -> Signed:
        """Who has signed."""
        found = await self._find(subject, ceremony)
        done = tuple(one.field for one in found.signers if one.state is Slot.SIGNED)
        return Signed(done, found.sha256, found.state is nouns.State.SEALED)

    async def sign(self, login: Login, ceremony: str, token: str) -> None:
        """A signature; for the officer the last one, or the seal alone where that failed."""
        found = await self.ceremonies.see(login.person, ceremony)
        officer = next(one for one in found.signers if one.sort in CLOSERS)
        if officer.person != login.person.id:
            await self.ceremonies.sign(login, ceremony, token or None)
        elif officer.state is Slot.SIGNED:
            await self.ceremonies.seal(login.person, ceremony)
        else:
            await self.ceremonies.close(login, ceremony, token or None)

    async def document(self, subject: str, ceremony: str) -> bytes:
        """The newest file."""
        found = await self._find(subject, ceremony)
        return await self.ceremonies.content(ceremony, found.revision)

    async def withdraw(self, officer: Person, ceremony: str, reason: str) -> None:
        """End it."""
        await self.ceremonies.withdraw(officer, ceremony, reason)

    async def _find(self, subject: str, ceremony: str) -> Ceremony:
        for found in await self.ceremonies.of_subject(subject):
            if found.id == ceremony:
                return found
        raise NotFound("marriage.no_document")
