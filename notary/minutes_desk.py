"""The signing of `notary.signing` as the minutes of a sitting ask for it
(`recordings.minutes.ports.Signing`): the clerk, then the presiding judge, then the court's seal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import i18n
from auth.person import Person
from errors import N_
from notary.deeds.desk import SigningDesk
from notary.signing.ceremony import Signer, Sort
from recordings.minutes import ports
from recordings.minutes.minutes import JUDGE_FIELD, SEAL_FIELD

COURT, SEAL = N_("The court"), N_("Seal of the court")


@dataclass(frozen=True, slots=True)
class MinutesSigning(SigningDesk):
    """Implements `recordings.minutes.ports.Signing`."""

    async def prepare(  # type: ignore[override]
        self,
        judge: Person,
        sitting: str,
        data: Mapping[str, Any],
        signers: Sequence[ports.Signer],
        at: datetime,
    ) -> str:
        """Print, freeze, open."""
        document = await self.documents.render("minutes", data, at)
        made = await self.ceremonies.prepare(
            judge, sitting, document, [*(_signer(one) for one in signers), _seal()]
        )
        return made.id


def _signer(one: ports.Signer) -> Signer:
    sort = Sort.PRESIDENT if one.field == JUDGE_FIELD else Sort.PARTY
    return Signer(one.field, one.person, sort, one.name_ar, one.name_en, one.role_ar, one.role_en)


def _seal() -> Signer:
    court, seal = (
        [i18n.translate(language, text) for language in ("ar", "en")] for text in (COURT, SEAL)
    )
    return Signer(SEAL_FIELD, "", Sort.SEAL, court[0], court[1], seal[0], seal[1])
