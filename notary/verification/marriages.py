"""Marriages on the page 'Verify': a holder of the code learns that it stands, and nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from auth.secret import Secret
from database import Database
from errors import N_
from notary.documents.codes import parse_code
from notary.history import Event
from notary.marriage import store
from notary.marriage.file import File
from notary.marriage.workflow import FileState
from recordings.checking import words
from recordings.checking.codes import Coded, Stands

TITLE = {"ar": "وثيقة زواج", "en": "Marriage certificate"}
CONTRACT = 0
"""Stands for the contract among the revisions of its certificate."""
_ISSUED = frozenset({FileState.RATIFIED, FileState.CERTIFIED, FileState.DELIVERED})
_WAITS = frozenset({FileState.IN_SESSION, FileState.CONTRACTED})
words.teach(
    {},
    {},
    standing={
        "marriage_stands": (
            N_("The marriage stands: the court ratified it and its register shows no end of it."),
            "success",
        ),
        "marriage_corrected": (
            N_("The marriage stands. The register has a correction: ask for the newest copy."),
            "success",
        ),
        "marriage_replaced": (
            N_(
                "The marriage stands. The certificate with this code was replaced by a corrected "
                "one: ask for that one."
            ),
            "warning",
        ),
        "marriage_contract_corrected": (
            N_(
                "The marriage stands. This is its contract, as it was signed. The register has a "
                "correction since: ask for the newest copy of the certificate."
            ),
            "success",
        ),
        "marriage_reissued": (
            N_(
                "The marriage stands. This is the corrected certificate; it replaced an earlier "
                "one."
            ),
            "success",
        ),
        "marriage_divorced": (
            N_("The register says that this marriage ended by divorce."),
            "error",
        ),
        "marriage_annulled": (N_("The register says that this marriage was annulled."), "error"),
        "marriage_waits": (
            N_("The contract is not ratified by the court. It confirms no marriage yet."),
            "warning",
        ),
        "marriage_none": (
            N_("The court did not ratify this contract. It confirms no marriage."),
            "error",
        ),
    },
)


@dataclass(frozen=True, slots=True)
class Marriages:
    """Answers for the courts of marriage. One per process."""

    database: Database
    secret: Secret = field(repr=False)

    async def of_code(self, typed: str) -> Coded | None:
        """See `recordings.checking.codes.Finder`. No number, no place, no name: only that."""
        code = parse_code(typed)
        if code is None:
            return None
        async with self.database.unit(write=False) as session:
            one, revision = await store.by_code(session, self.secret, code), 1
            if one is None and (later := await store.certificate_of_code(session, code)):
                one, revision = await store.get(session, self.secret, later.file), later.revision
            stands = await self._stands(session, one, revision) if one is not None else None
        return Coded("marriage", TITLE, stands) if stands is not None else None

    async def of_subject(self, subject: str, ceremony: str) -> Stands | None:
        """See `notary.verification.standing.OfSubject`: a ceremony's subject is a file's id. The
        ceremony tells the contract and each revision of the certificate apart."""
        async with self.database.unit(write=False) as session:
            one = await store.get(session, self.secret, subject)
            if one is None:
                return None
            if ceremony == one.ceremony:
                return await self._stands(session, one, CONTRACT)
            printed = _certificates(await store.events(session, one.id))
            if ceremony not in printed:  # a contract that the court gave back
                return Stands("marriage_none")
            return await self._stands(session, one, printed[ceremony])

    async def _stands(self, session: AsyncSession, one: File, revision: int) -> Stands:
        """`revision`: of the certificate that is asked about, or CONTRACT."""
        if one.state in _WAITS:
            return Stands("marriage_waits")
        if one.state not in _ISSUED:
            return Stands("marriage_none")
        if one.standing == "stands":
            return Stands("marriage_stands")
        if one.standing == "corrected" and CONTRACT < revision < one.revision:
            later = await store.certificates(session, one.id)
            return Stands("marriage_replaced", later[revision - 1].at, newer=later[-1].code)
        since = (await store.entries(session, one.id))[-1].at
        if one.standing != "corrected":
            return Stands(f"marriage_{one.standing}", since)
        if revision == CONTRACT:
            return Stands("marriage_contract_corrected", since)
        new = revision > 1 and not one.reissue_due
        return Stands("marriage_reissued" if new else "marriage_corrected", since)


def _certificates(history: Iterable[Event]) -> dict[str, int]:
    """The revision that each signing of a certificate printed."""
    return {
        event.data["ceremony"]: event.data.get("revision", 1)
        for event in history
        if event.type == "certificate"
    }
