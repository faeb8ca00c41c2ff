"""A seat: one person's place in one sitting. It outlives every connection."""

from dataclasses import dataclass
from enum import StrEnum

from errors import N_


class SeatRole(StrEnum):
    """What a person is in this sitting. Codes; `LABELS` has their message ids."""

    PRESIDING_JUDGE = "presiding_judge"
    PANEL_JUDGE = "panel_judge"
    CLERK = "clerk"
    PROSECUTOR = "prosecutor"
    CLAIMANT = "claimant"
    RESPONDENT = "respondent"
    ACCUSED = "accused"
    VICTIM = "victim"
    COUNSEL = "counsel"
    CLIENT = "client"
    GUARDIAN = "guardian"
    """Speaks for a child or a person without capacity (R-CR-16)."""
    INTERPRETER = "interpreter"
    WITNESS = "witness"
    EXPERT = "expert"
    NOTARY = "notary"
    APPEARER = "appearer"
    """A party before the notary, or one who signs in the place of another."""
    ASSISTANT = "assistant"
    """Sworn specialist for impaired expression (FDL 20/2022 Art 8)."""
    CURATOR = "curator"
    """Appointed by the court; signs for the ward (FDL 20/2022 Art 8)."""
    OFFICIANT = "officiant"
    """Contracts the marriage: an authorised officiant, or the authentication judge."""
    GROOM = "groom"
    BRIDE = "bride"
    WALI = "wali"
    """The bride's guardian in marriage (R-MR-09); no guardian of a child."""
    CONTRACT_WITNESS = "contract_witness"
    """Witnesses offer and acceptance (R-MR-15); gives no testimony and no oath."""
    MARRIAGE_AGENT = "marriage_agent"
    """Stands in for a spouse by a special power of attorney (R-MR-10)."""


LABELS: dict[SeatRole, str] = {
    SeatRole.PRESIDING_JUDGE: N_("Presiding judge"),
    SeatRole.PANEL_JUDGE: N_("Panel member"),
    SeatRole.CLERK: N_("Clerk of session"),
    SeatRole.PROSECUTOR: N_("Public prosecutor"),
    SeatRole.CLAIMANT: N_("Claimant"),
    SeatRole.RESPONDENT: N_("Defendant (civil)"),
    SeatRole.ACCUSED: N_("Accused"),
    SeatRole.VICTIM: N_("Victim"),
    SeatRole.COUNSEL: N_("Lawyer"),
    SeatRole.CLIENT: N_("Client"),
    SeatRole.GUARDIAN: N_("Guardian"),
    SeatRole.INTERPRETER: N_("Interpreter"),
    SeatRole.WITNESS: N_("Witness"),
    SeatRole.EXPERT: N_("Expert"),
    SeatRole.NOTARY: N_("Notary"),
    SeatRole.APPEARER: N_("Person before the notary"),
    SeatRole.ASSISTANT: N_("Specialist assistant"),
    SeatRole.CURATOR: N_("Curator"),
    SeatRole.OFFICIANT: N_("Marriage officiant"),
    SeatRole.GROOM: N_("Groom"),
    SeatRole.BRIDE: N_("Bride"),
    SeatRole.WALI: N_("Guardian in marriage"),
    SeatRole.CONTRACT_WITNESS: N_("Witness of the contract"),
    SeatRole.MARRIAGE_AGENT: N_("Agent for marriage"),
}


SIGN = "sgn"
"""The language tag of sign language: interpreted by a picture, never by a sound."""


class Identity(StrEnum):
    """What is known of who sits here."""

    UNKNOWN = "unknown"
    ACCOUNT = "account"
    """Signed in with an account; not yet compared with a document."""
    VERIFIED = "verified"
    """The clerk compared face and document, or the facility officer attested."""
    NOT_PROVED = "not_proved"
    """Compared, and it did not match: a state with consequences (may not be heard)."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A booked place. `name_ar` and `name_en` are shown; either may stand in for the other."""

    id: str
    role: SeatRole
    name_ar: str
    name_en: str
    person: str | None
    """Account id; None for a guest, who comes by an invitation, and for a detainee."""
    represents: frozenset[str] = frozenset()
    """For counsel: the seats of the clients."""
    room: str | None = None
    """Detention room (its device opens this seat), for a detained person."""
    id_last4: str = ""
    """Last four digits of the identity number, for the clerk's comparison at the lobby."""
    guardian_of: frozenset[str] = frozenset()
    """For a guardian: the seats of the wards."""
    interpreter_for: frozenset[str] = frozenset()
    """For an interpreter: whose words are put into the court's language. Empty: for everybody."""
    screened_from: frozenset[str] = frozenset()
    """For a protected person: the seats that may not learn who sits here."""
    languages: tuple[str, ...] = ()
    """Of an interpreter: the languages between which this person interprets. `SIGN` is one."""

    def name(self, language: str) -> str:
        """The name to show in `language`."""
        first, second = (
            (self.name_ar, self.name_en) if language == "ar" else (self.name_en, self.name_ar)
        )
        return first or second
