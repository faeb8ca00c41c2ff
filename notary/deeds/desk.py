"""The signing of `notary.signing` as this room asks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auth.person import Person
from auth.session import Login
from errors import NotFound
from notary.deeds.ports import Applied, Signed, Signer
from notary.deeds.printed import NOTARY_FIELD, SEAL, SEAL_FIELD
from notary.documents.render import Documents
from notary.signing import ceremony as nouns
from notary.signing.ceremony import Ceremony, Slot, Sort
from notary.signing.service import Ceremonies


@dataclass(frozen=True, slots=True)
class SigningDesk:
    """Implements `notary.deeds.ports.Ceremonies`."""

    documents: Documents
    ceremonies: Ceremonies

    async def prepare(
        self,
        notary: Person,
        subject: str,
        data: Mapping[str, Any],
        signers: Sequence[Signer],
        at: datetime,
    ) -> str:
        """Print, freeze, open."""
        document = await self.documents.render("deed", data, at)
        made = await self.ceremonies.prepare(
            notary, subject, document, [*(_signer(one) for one in signers), _seal()]
        )
        return made.id

    async def state(self, subject: str, ceremony: str) -> Signed:
        """Who has signed."""
        found = await self._find(subject, ceremony)
        done = tuple(one.field for one in found.signers if one.state is Slot.SIGNED)
        return Signed(done, found.sha256, found.state is nouns.State.SEALED)

    async def sign(self, login: Login, ceremony: str, token: str) -> None:
        """A party's signature."""
        await self.ceremonies.sign(login, ceremony, token or None)

    async def close(self, login: Login, ceremony: str, token: str) -> None:
        """The notary's signature and the seal, or the seal alone where that failed before."""
        found = await self.ceremonies.see(login.person, ceremony)
        notary = next(one for one in found.signers if one.sort.closes)
        if notary.state is Slot.SIGNED:
            await self.ceremonies.seal(login.person, ceremony)
        else:
            await self.ceremonies.close(login, ceremony, token or None)

    async def document(self, subject: str, ceremony: str) -> bytes:
        """The newest file."""
        found = await self._find(subject, ceremony)
        return await self.ceremonies.content(ceremony, found.revision)

    async def signatures(self, subject: str, ceremony: str) -> list[Applied]:
        """Who signed, without the office's seal."""
        found = await self._find(subject, ceremony)
        return [
            Applied(one.name_ar, one.name_en, one.capacity_ar, one.capacity_en, one.signed_at)
            for one in found.signers
            if one.signed_at is not None and one.sort is not Sort.SEAL
        ]

    async def issue(
        self, subject: str, template: str, data: Mapping[str, Any], at: datetime
    ) -> tuple[str, bytes]:
        """Print, freeze, seal."""
        document = await self.documents.render(template, data, at)
        made = await self.ceremonies.issue(subject, document, _seal())
        return made.id, await self.ceremonies.content(made.id, made.revision)

    async def abandon(self, notary: Person, ceremony: str, reason: str) -> None:
        """Withdraw it."""
        await self.ceremonies.withdraw(notary, ceremony, reason)

    async def _find(self, subject: str, ceremony: str) -> Ceremony:
        for found in await self.ceremonies.of_subject(subject):
            if found.id == ceremony:
                return found
        raise NotFound("deed.no_document")


def _signer(one: Signer) -> nouns.Signer:
    sort = Sort.NOTARY if one.field == NOTARY_FIELD else Sort.PARTY
    return nouns.Signer(
        one.field, one.person, sort, one.name_ar, one.name_en, one.role_ar, one.role_en
    )


def _seal() -> nouns.Signer:
    name, capacity = SEAL["name"], SEAL["capacity"]
    return nouns.Signer(
        SEAL_FIELD, "", Sort.SEAL, name["ar"], name["en"], capacity["ar"], capacity["en"]
    )
