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
from notary.signing import desk as signing
from notary.signing.ceremony import CLOSERS, Signer
from notary.signing.desk import Signed


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

    async def abandon(self, officer: Person, ceremony: str, reason: str) -> None:
        """Nobody signs it any more."""


@dataclass(frozen=True, slots=True)
class SigningDesk(signing.Desk):
    """Implements Desk."""

    unknown = "marriage.no_document"

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

    async def sign(self, login: Login, ceremony: str, token: str) -> None:
        """A signature; for the officer the last one, or the seal alone where that failed."""
        found = await self.ceremonies.see(login.person, ceremony)
        officer = next(one for one in found.signers if one.sort in CLOSERS)
        if officer.person == login.person.id:
            await self.close(login, ceremony, token)
        else:
            await signing.Desk.sign(self, login, ceremony, token)


async def signed_once(desk: Desk, login: Login, subject: str, ceremony: str, token: str) -> Signed:
    """Sign and seal; what a fault left signed and sealed is not signed again. Raises what `Desk`
    does."""
    state = await desk.state(subject, ceremony)
    if state.sealed:
        return state
    await desk.sign(login, ceremony, token)
    return await desk.state(subject, ceremony)
