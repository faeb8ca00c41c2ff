"""What minutes ask of the signing, which lies to the right of this room; `app.py` wires it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from auth.person import Person
from auth.session import Login


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


class Standing(Protocol):
    """How far a signing has come."""

    @property
    def done(self) -> tuple[str, ...]:
        """Fields signed so far, in order."""

    @property
    def digest(self) -> str:
        """SHA-256 in hex of the document as it is now: what the next confirmation is bound to."""

    @property
    def sealed(self) -> bool:
        """Everybody has signed, and the court's seal is on it."""


class Signing(Protocol):
    """The signing of minutes by the clerk, by the presiding judge, and the court's seal."""

    async def prepare(
        self,
        judge: Person,
        sitting: str,
        data: Mapping[str, Any],
        signers: Sequence[Signer],
        at: datetime,
    ) -> str:
        """Print the minutes with their places to sign and open the ceremony; its id."""

    async def state(self, sitting: str, ceremony: str) -> Standing:
        """Raises NotFound."""

    async def sign(self, login: Login, ceremony: str, token: str) -> None:
        """The clerk's signature. Raises Refusal; then nothing was signed."""

    async def close(self, login: Login, ceremony: str, token: str) -> None:
        """The presiding judge's signature and the seal. Repeated after a fault, it goes on."""

    async def document(self, sitting: str, ceremony: str) -> bytes:
        """The PDF as it is now."""

    async def abandon(self, judge: Person, ceremony: str, reason: str) -> None:
        """Nobody signs it any more."""
