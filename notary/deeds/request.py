"""A request for a notarial act, from its first saved step to the delivered deed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from notary.deeds.act import Act, Both
from notary.deeds.body import Text
from notary.deeds.party import Party, appearing, signers
from notary.deeds.state import LAPSING, State

WIZARD = ("act", "people", "content", "papers", "check")
"""Steps of the applicant's wizard, in order."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A field that the clerk marked when the request was returned."""

    field: str
    words: str


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a request. It holds people's data and is stored encrypted, whole."""

    values: Mapping[str, Any] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)
    """Fields as they were typed last, wrong ones too: nothing is lost between two devices."""
    parties: tuple[Party, ...] = ()
    bilingual: bool = True
    marks: tuple[Mark, ...] = ()
    text: Text | None = None
    """Drafted at the audit; changed in the session, each time with a higher number."""
    session: Mapping[str, Any] = field(default_factory=dict)
    """What was recorded in the session, step by step (`notary.deeds.conduct`)."""
    reasons: tuple[str, ...] = ()
    """Codes of a refusal (R-NT-06)."""
    words: str = ""
    """Why it was refused, cancelled, suspended or converted, in the notary's words."""
    grievance: str = ""
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `version` grows with every change; a page that saves names the one it saw."""

    id: str
    act: str
    state: State
    applicant: str
    """Account id."""
    created_at: datetime
    changed_at: datetime
    state_since: datetime
    version: int = 0
    step: str = WIZARD[0]
    notary: str = ""
    """Account id of the notary who has it."""
    sitting: str = ""
    fee_fils: int = 0
    paid: bool = False
    waived: bool = False
    ceremony: str = ""
    """The signing in progress, or done."""
    deed: str = ""
    """Register number once there is one: NOT/2026/15."""
    code: str = ""
    """Short code by which a stranger finds the deed."""
    content: Content = Content()

    @property
    def reference(self) -> str:
        """What people call it before it has a register number."""
        return f"T-{self.id[:8].upper()}"

    def party(self, key: str) -> Party | None:
        """The person of this key, or None."""
        return next((one for one in self.content.parties if one.key == key), None)

    def party_of(self, person: str) -> Party | None:
        """The person whose account this is, or None."""
        return next((one for one in self.content.parties if one.person == person), None)

    def appearing(self, act: Act) -> tuple[Party, ...]:
        """Who comes before the notary."""
        return appearing(self.content.parties, act)

    def signers(self, act: Act) -> tuple[Party, ...]:
        """Who signs, in order, before the notary does."""
        return signers(self.content.parties, act)

    def lapses_at(self, days: Mapping[str, int]) -> datetime | None:
        """When it lapses by itself (R-NT-12); None in states that wait for the office."""
        if self.state not in LAPSING:
            return None
        return self.state_since + timedelta(days=days[self.state.value])


def to_json(content: Content) -> dict[str, Any]:
    """Plain JSON of a content."""
    return asdict(content)


def from_json(data: Mapping[str, Any]) -> Content:
    """The reverse of `to_json`."""
    text = data.get("text")
    return Content(
        values=data["values"],
        typed=data["typed"],
        parties=tuple(Party(**one) for one in data["parties"]),
        bilingual=data["bilingual"],
        marks=tuple(Mark(**one) for one in data["marks"]),
        text=Text(
            text["number"],
            tuple(Both(**one) for one in text["paragraphs"]),
            tuple(Both(**one) for one in text["warnings"]),
        )
        if text
        else None,
        session=data["session"],
        reasons=tuple(data["reasons"]),
        words=data["words"],
        grievance=data["grievance"],
        decision=data["decision"],
    )
