"""The signing of `notary.signing` as this room asks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from auth.person import Person
from notary.deeds.ports import Applied, Signer
from notary.deeds.printed import NOTARY_FIELD, SEAL, SEAL_FIELD
from notary.signing import ceremony as nouns
from notary.signing.ceremony import Sort
from notary.signing.desk import Desk


@dataclass(frozen=True, slots=True)
class SigningDesk(Desk):
    """Implements `notary.deeds.ports.Ceremonies`."""

    unknown = "deed.no_document"

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
