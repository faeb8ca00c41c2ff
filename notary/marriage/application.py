"""An application to contract a marriage: who, on what terms, with which papers.

Plain data, as two people fill it from two devices. What is not known yet is None or empty; the
gates (`gates.py`) say what is missing. Codes only: labels are translations.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Part(StrEnum):
    """What somebody is in this marriage. Each is one person and one seat (R-MR-01)."""

    GROOM = "groom"
    BRIDE = "bride"
    GUARDIAN = "guardian"
    WITNESS_1 = "witness_1"
    WITNESS_2 = "witness_2"
    GROOM_AGENT = "groom_agent"
    BRIDE_AGENT = "bride_agent"
    OFFICIANT = "officiant"
    INTERPRETER_1 = "interpreter_1"
    INTERPRETER_2 = "interpreter_2"


INTERPRETERS = (Part.INTERPRETER_1, Part.INTERPRETER_2)
"""One for each language that somebody needs (R-MR-21)."""
OFFICE = (Part.OFFICIANT, *INTERPRETERS)
"""Whom applicants do not name: their data are the court's."""
WITNESSES = (Part.WITNESS_1, Part.WITNESS_2)
SPOUSES = (Part.GROOM, Part.BRIDE)


class Status(StrEnum):
    """Of a spouse, before this marriage (law.md M6)."""

    SINGLE = "single"
    MARRIED = "married"
    """A groom with a wife; for a bride it is an impediment."""
    DIVORCED_BEFORE_CONSUMMATION = "divorced_before_consummation"
    DIVORCED = "divorced"
    DIVORCED_BY_COURT = "divorced_by_court"
    WIDOWED = "widowed"


@dataclass(frozen=True, slots=True)
class Person:
    """One person of the application."""

    name_ar: str = ""
    name_en: str = ""
    sex: str = ""
    """`male` or `female`."""
    nationality: str = ""
    """ISO 3166-1 alpha-2."""
    religion: str = ""
    """`muslim christian jewish other none`."""
    born: date | None = None
    document: str = ""
    """`emirates_id` or `passport`."""
    number: str = ""
    """Of the document, as written on it."""
    copy_kept: bool = False
    """A copy of the document is among the attachments."""
    resident: bool | None = None
    """Resides in the State."""
    residence: str = ""
    """Emirate of residence, its code (`AZ DU SH AJ UQ RK FU`)."""
    work: str = ""
    """Emirate of work."""
    capable: bool | None = None
    """Declared to be of sound mind."""
    relation_to_bride: str = ""
    """`father grandfather son brother uncle cousin judge none`."""
    relation_to_groom: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """Who this is, whichever way the number was typed."""
        plain = "".join(char for char in self.number.upper() if char.isalnum())
        country = "" if self.document == "emirates_id" else self.nationality
        return self.document, country, plain


@dataclass(frozen=True, slots=True)
class Medical:
    """Premarital medical certificate of one spouse."""

    number: str
    issued: date | None = None
    outcome: str = "fit"
    """`fit`, or `refer`: the judge decides."""
    original_kept: bool = False
    """The certified original is among the papers (Min. Res. 761/2016 Art 24)."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """The end of an earlier marriage."""

    ended: date | None = None
    documents: frozenset[str] = frozenset()
    """`divorce_deed certificate_final death_certificate`."""
    pregnant: bool | None = None
    revoked: bool | None = None
    """The divorce was revoked, or may still be."""


@dataclass(frozen=True, slots=True)
class Agency:
    """A power of attorney for marriage."""

    number: str
    special: bool
    """For marriage, and naming the spouse."""
    original_kept: bool
    attested: bool
    """Attested for use here, or drawn up here."""
    standing: str = "unknown"
    """What the register says: `stands`, `revoked`, `not_found`, or `unknown` (not asked yet)."""
    may_marry_self: bool = False


@dataclass(frozen=True, slots=True)
class Dower:
    """The dower (mahr), in dirhams."""

    prompt: Decimal | None = None
    prompt_received: bool | None = None
    deferred: Decimal = Decimal(0)
    due_event: str = ""
    """When the deferred part falls due: `death_or_divorce`, `date` or `on_demand`."""


@dataclass(frozen=True, slots=True)
class Guardianship:
    """What is said of the guardian in marriage."""

    relation: str = ""
    """Of the one who acts: a relation of R-MR-09's order, or `judge`."""
    passed_over: Mapping[str, str] = field(default_factory=dict)
    """Nearer relation to why it does not act: `dead absent incapable refuses`."""
    consents: bool | None = None
    exempt_by_national_law: bool = False
    """The law of a bride who is no citizen needs no guardian; its proof is attached."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """Who interprets, besides name and document (R-MR-21)."""

    language: str
    """BCP 47, or `sgn`: for everybody who needs it."""
    licence: str = ""
    """Number of the licence or of the appointment."""


@dataclass(frozen=True, slots=True)
class Leave:
    """A permission that somebody gave, with its reference and day."""

    code: str
    """`judge_leave` with a case (`judge_leave.no_guardian`), `court_age`, `court_age_gap`,
    `medical`, `employer_approval`, `embassy_no_objection`."""
    reference: str
    given: date
    attested: bool = False


@dataclass(frozen=True, slots=True)
class Application:
    """Everything that the gates judge."""

    track: str = ""
    court: str = ""
    """Emirate of the court, its code."""
    persons: Mapping[Part, Person] = field(default_factory=dict)
    status: Mapping[Part, Status] = field(default_factory=dict)
    earlier: Mapping[Part, Earlier] = field(default_factory=dict)
    existing_wives: int | None = None
    medical: Mapping[Part, Medical] = field(default_factory=dict)
    guardianship: Guardianship = Guardianship()
    agencies: Mapping[Part, Agency] = field(default_factory=dict)
    """By the agent's part."""
    dower: Dower = Dower()
    conditions: Mapping[Part, tuple[str, ...]] = field(default_factory=dict)
    """An empty tuple is an answer: none. No entry: not asked yet."""
    impediments: Mapping[str, bool] = field(default_factory=dict)
    """Code to answer: True, it exists."""
    circumstances: frozenset[str] = frozenset()
    """`employer_must_approve embassy_must_consent`, as the applicants declare."""
    leaves: tuple[Leave, ...] = ()
    acknowledged: frozenset[str] = frozenset()
    """Rules whose warning was acknowledged by both spouses."""
    disclosed: frozenset[Part] = frozenset()
    """Who made the disclosure of previous marriages (R-MR-20)."""
    needs: Mapping[Part, str] = field(default_factory=dict)
    """Into which language somebody is interpreted: BCP 47, `sgn`, or `writing` (is mute and
    writes; needs no interpreter)."""
    interpreters: Mapping[Part, Interpreter] = field(default_factory=dict)
    """As the court named them."""

    def person(self, part: Part) -> Person:
        """Who takes a part; an empty person where nobody is named."""
        return self.persons.get(part, Person())

    def leave(self, code: str) -> Leave | None:
        """A permission that was given, with its reference."""
        found = next((leave for leave in self.leaves if leave.code == code), None)
        return found if found and found.reference.strip() else None
