"""What this room asks of its neighbours, as small protocols that `app.py` wires."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from auth.person import Person
from auth.session import Login
from notary.signing.desk import Signed
from signaling.facts import StepState


@dataclass(frozen=True, slots=True)
class Signer:
    """One who signs, in order. `field` names the place of the signature in the document."""

    field: str
    person: str
    """Account id."""
    name_ar: str
    name_en: str
    role_ar: str
    role_en: str


@dataclass(frozen=True, slots=True)
class Applied:
    """One signature that a document bears."""

    name_ar: str
    name_en: str
    role_ar: str
    role_en: str
    at: datetime


class Ceremonies(Protocol):
    """The signing of one document by everybody, in order, by the notary, and the office's seal."""

    async def prepare(
        self,
        notary: Person,
        subject: str,
        data: Mapping[str, Any],
        signers: Sequence[Signer],
        at: datetime,
    ) -> str:
        """Print the document with its places to sign and open the ceremony; its id.
        The last signer is the notary."""

    async def state(self, subject: str, ceremony: str) -> Signed:
        """Raises NotFound."""

    async def sign(self, login: Login, ceremony: str, token: str) -> None:
        """A party's signature, with the step-up's token for this document.

        Raises Refusal `signing.not_your_turn`, `policy.confirmation_needed` with what to confirm,
        `confirmation.refused`; nothing is half signed."""

    async def close(self, login: Login, ceremony: str, token: str) -> None:
        """The notary's signature and the seal. Repeated after a fault, it goes on."""

    async def document(self, subject: str, ceremony: str) -> bytes:
        """The PDF as it is now."""

    async def signatures(self, subject: str, ceremony: str) -> Sequence[Applied]:
        """The signatures that it has, in order."""

    async def issue(
        self, subject: str, template: str, data: Mapping[str, Any], at: datetime
    ) -> tuple[str, bytes]:
        """Print a paper of the office and put its seal on it: the ceremony's id and the PDF."""

    async def abandon(self, notary: Person, ceremony: str, reason: str) -> None:
        """Nobody signs it any more. What was signed is kept and is no deed."""


class Signing(Protocol):
    """Who may sign with a qualified signature (`auth.identity.service.DigitalIdentity`)."""

    async def require_signing(self, person: Person, *, checked: bool = False) -> None:
        """`checked`: the notary compares face and document for this act. Raises Forbidden."""


class Presence(Protocol):
    """The live room as this room sees it."""

    def present(self, sitting: str) -> frozenset[str]:
        """Seats that are in the hearing and connected now."""

    def clock_ms(self, sitting: str) -> int:
        """Milliseconds on the record's clock, now; 0 before the record began."""

    async def agenda(self, sitting: str, seat: str, states: Mapping[str, StepState]) -> None:
        """Show the agenda of a sitting as the act stands: each step's state, by that seat."""

    async def nudge(self, sitting: str) -> None:
        """Tell the pages of a sitting that something about the act has changed."""
