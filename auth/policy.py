"""The one policy: may this person do this, here, now? What no line allows is refused.

Pages, API, WebSocket and media all ask `decide`. The caller describes the place in plain codes
(`Context`); this room knows neither sittings nor media. `RULES` is the whole policy: each action
has lines, and one line that fits is enough. A line names account roles, seat roles and conditions;
all of a line must hold. When nothing fits, the refusal is that of the line that came nearest.
`NEEDS` says how sure we must be of the person for an action that a line allows: a level of the
session, or for a legal act a confirmation of its own (`auth.stepup`).

The policy says who may; the table in `sessions/phase.py` says when in the life of a sitting.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from auth.assurance import Level
from auth.person import ACCOUNT_ROLES, APART, INVOLVED, Person, Role
from errors import N_, Forbidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where the question is asked. Everything not said is no."""

    kind: str = ""
    """Code of the sitting's kind."""
    phase: str = ""
    """Code of the sitting's phase."""
    seat_role: str = ""
    """Role of the seat on which the person acts: the own one, or the one of the room operated."""
    is_own_seat: bool = False
    """The person is booked on that seat."""
    is_deputy: bool = False
    """The person acts for the one who is booked on that seat, by a delegation in force."""
    is_self: bool = False
    """What is asked about (an office, a delegation) is the person's own."""
    operates_room: bool = False
    """The person is an officer of the detention room of that seat."""
    is_host: bool = False
    """That seat may run the sitting (`Kind.hosts`), and it is the person's, or the deputy's."""
    is_booker: bool = False
    """The person, or one for whom the person acts, booked the sitting."""
    is_removed: bool = False
    """That seat was removed from the hearing by a host."""
    recordable: bool = False
    """The kind can be recorded."""
    private_consultation: bool = False
    """The kind has private consultations."""
    ties: frozenset[str] = frozenset()
    """What the seat is to other seats, in codes of TIES."""
    needs_order: bool = False
    """Playback of this kind asks for the reference of an order (R-CR-10)."""
    has_order: bool = False
    """Such a reference was given."""
    has_leave: bool = False
    """The court gave this person leave to see the record (R-CV-05)."""
    is_signer: bool = False
    """The person signs the document that is asked about; to close it, as its notary."""
    is_applicant: bool = False
    """The person made this request for a notarial act."""
    is_deed_party: bool = False
    """The person is named in the notarial act, or made the request."""
    is_its_notary: bool = False
    """The notarial act is this notary's."""
    in_marriage: bool = False
    """The person has a part in this marriage file."""
    is_spouse: bool = False
    """That part is the groom's or the bride's."""
    is_wali: bool = False
    """That part is the guardian's in marriage."""
    is_its_officiant: bool = False
    """That part is the officiant's."""
    has_decided: bool = False
    """The person decided on this marriage file."""
    confirmed: Level = Level.NONE
    """What the confirmation of this very act proved."""
    presents: bool = False
    """The seat has the court's leave to show exhibits."""
    filed_it: bool = False
    """The exhibit that is asked about was filed from this seat."""
    exhibit_open: bool = False
    """The exhibit is shown to this seat now, or open to it by its role."""
    lacks_device: bool = False
    """The seat is in a detention room, and the person is not on the device of that room."""
    other_room: bool = False
    """The person is on the device of a room that has no part in the sitting."""


TIES = {
    "counsel_of": N_("is counsel of a party here"),
    "has_counsel": N_("has counsel here"),
    "guardian_of": N_("is guardian of a party here"),
    "hears_alone": N_("hears a party alone here"),
    "interpreter_for": N_("interprets for a party here, or for all"),
    "screened_from": N_("a protected person here is screened from this seat"),
}
"""Relations to the case, as far as the policy asks for them (`sessions.standing.ties`)."""
PRIVATE_TIES = frozenset(
    {"counsel_of", "has_counsel", "guardian_of", "interpreter_for", "hears_alone"}
)
"""Whom a private consultation can have (R-CR-09)."""


@dataclass(frozen=True, slots=True)
class Need:
    """How sure we must be of a person."""

    level: Level
    each_time: bool = False
    """A confirmation of this very act, where the profile asks for it (`Assurance.each_act`)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. `code` and `message` (a gettext id) are empty when it is yes."""

    allowed: bool
    code: str = ""
    message: str = ""
    need: Need | None = None
    """Set when only this is missing: the person may, once we are sure enough who it is."""

    def __bool__(self) -> bool:
        return self.allowed

    @property
    def possible(self) -> bool:
        """Yes now, or after a step-up: what buttons and links are shown by."""
        return self.allowed or self.need is not None


class AssuranceNeeded(Forbidden):
    """Only the level is missing. Pages lead to a step-up and back to where the person was."""

    def __init__(self, need: Need, action: str, code: str = "", message: str = "") -> None:
        super().__init__(code or _ASSURANCE[0], message or _ASSURANCE[1], action=action)
        self.need = need
        self.params = {"level": need.level.code}


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold, and what a person is told when it does not."""

    code: str
    message: str


CONDITIONS = {
    "seat": Condition("policy.not_your_seat", N_("You have no seat in this sitting.")),
    "room": Condition(
        "policy.not_your_room",
        N_("This is for an officer of the detention room. Ask your facility to assign you."),
    ),
    "device": Condition(
        "policy.device_needed",
        N_("This seat opens only on the enrolled device of its detention room. Sign in there."),
    ),
    "its_room": Condition(
        "policy.other_room",
        N_("This device belongs to a detention room that has no part in this sitting."),
    ),
    "host": Condition(
        "policy.not_host", N_("Only those who run the sitting may do this. Raise your hand to ask.")
    ),
    "mine": Condition(
        "policy.not_yours", N_("Only who booked this sitting or runs it may change it.")
    ),
    "here": Condition(
        "policy.removed", N_("You were removed from the hearing. Only a host can let you back in.")
    ),
    "unfinished": Condition("policy.over", N_("This sitting is over. Nothing can be changed.")),
    "scheduled": Condition(
        "policy.begun", N_("The sitting has begun. Adjourn it in the sitting itself.")
    ),
    "recordable": Condition(
        "policy.never_recorded", N_("A sitting of this kind is never recorded.")
    ),
    "private": Condition(
        "policy.no_private_consultation", N_("This kind of sitting has no private consultations.")
    ),
    "private_list": Condition(
        "policy.not_on_private_list",
        N_(
            "A private consultation is for a lawyer, the lawyer's own client and their interpreter."
        ),
    ),
    "order": Condition(
        "policy.order_needed",
        N_("Give the reference of the order that allows you to see this record."),
    ),
    "leave": Condition(
        "policy.leave_needed", N_("Ask the court for leave to see the record of this sitting.")
    ),
    "unscreened": Condition(
        "policy.screened",
        N_("A protected person is in this record. Ask the court for a copy without that person."),
    ),
    "self": Condition(
        "policy.not_your_office",
        N_("Only the person, or an administrator, may do this."),
    ),
    "presents": Condition(
        "policy.no_leave_to_show", N_("Ask the court for leave to show an exhibit.")
    ),
    "filed_it": Condition(
        "policy.not_your_exhibit", N_("Only who filed this exhibit, or the clerk, may do this.")
    ),
    "exhibit": Condition(
        "policy.exhibit_not_open", N_("This page of the exhibit is not shown to you now.")
    ),
    "signer": Condition("policy.not_a_signer", N_("Only who signs this document may do this.")),
    "applicant": Condition("policy.not_applicant", N_("Only who made this request may do this.")),
    "deed_party": Condition(
        "policy.not_deed_party", N_("Only those who are named in this act may do this.")
    ),
    "its_notary": Condition(
        "policy.not_its_notary", N_("Only the notary who has this act may do this.")
    ),
    "in_marriage": Condition(
        "policy.not_in_marriage", N_("Only those who take part in this marriage may do this.")
    ),
    "spouse": Condition("policy.not_spouse", N_("Only the groom or the bride may do this.")),
    "wali": Condition("policy.not_wali", N_("Only the bride's guardian in marriage answers this.")),
    "its_officiant": Condition(
        "policy.not_its_officiant", N_("Only the officiant of this marriage may do this.")
    ),
    "fresh": Condition(
        "policy.decided_already", N_("Somebody who has not decided in this file decides now.")
    ),
    "notarial": Condition(
        "policy.notarial_only", N_("Notaries have sessions of notarial acts only. Ask the clerk.")
    ),
    "marital": Condition(
        "policy.marital_only", N_("Officiants have sittings of marriages only. Ask the clerk.")
    ),
    "no_party": Condition(
        "policy.own_marriage", N_("You have a part in this marriage. Another officer does this.")
    ),
    "consultation": Condition(
        "policy.consultation_only", N_("You may book consultations only. Ask the clerk.")
    ),
}
_ASSURANCE = (
    "policy.assurance_needed",
    N_("For this we must be surer that it is you. Sign in in a stronger way."),
)
CONFIRM = N_("This act counts when you confirm that it is you. Confirm it.")
_CONFIRMATION = ("policy.confirmation_needed", CONFIRM)
_SIGNED_OUT = Decision(False, "policy.signed_out", N_("Sign in first."))
_UNKNOWN = Decision(False, "policy.unknown_action", N_("You are not allowed to do this."))
_WRONG_ROLE = Decision(
    False,
    "policy.wrong_role",
    N_("You are not allowed to do this. Ask the clerk if you think you should."),
)

OVER = frozenset({"adjourned", "reserved_for_judgment", "closed", "cancelled"})
"""Phase codes after which a sitting does not change (a test compares with sessions.phase)."""


def _holds(condition: str, at: Context) -> bool:
    match condition:
        case "seat":
            return at.is_own_seat or at.is_deputy
        case "room":
            return at.operates_room
        case "device":
            return not at.lacks_device
        case "its_room":
            return not at.other_room
        case "host":
            return at.is_host and (at.is_own_seat or at.is_deputy)
        case "mine":
            return at.is_booker or (at.is_host and (at.is_own_seat or at.is_deputy))
        case "here":
            return not at.is_removed
        case "unfinished":
            return at.phase not in OVER
        case "scheduled":
            return at.phase in ("", "scheduled", "lobby")
        case "recordable":
            return at.recordable
        case "private":
            return at.private_consultation
        case "private_list":
            return not PRIVATE_TIES.isdisjoint(at.ties)
        case "order":
            return at.has_order or not at.needs_order
        case "unscreened":
            return "screened_from" not in at.ties
        case "self":
            return at.is_self
        case "leave":
            return at.has_leave
        case "presents":
            return at.presents
        case "filed_it":
            return at.filed_it
        case "exhibit":
            return at.exhibit_open
        case "signer":
            return at.is_signer
        case "consultation":
            return at.kind == "consultation"
        case "notarial":
            return at.kind == "notarial_act"
        case "marital":
            return at.kind == "marriage_contract"
        case "no_party":
            return not at.in_marriage or at.is_its_officiant
        case "applicant":
            return at.is_applicant
        case "deed_party":
            return at.is_deed_party
        case "its_notary":
            return at.is_its_notary
        case "in_marriage":
            return at.in_marriage
        case "spouse":
            return at.is_spouse
        case "wali":
            return at.is_wali
        case "its_officiant":
            return at.is_its_officiant
        case "fresh":
            return not at.has_decided
    raise KeyError(condition)


@dataclass(frozen=True, slots=True)
class Line:
    """One way to be allowed. Empty sets of roles mean any."""

    roles: frozenset[Role] = frozenset()
    seats: frozenset[str] = frozenset()
    needs: tuple[str, ...] = ()
    """Names of CONDITIONS, in the order in which a person is told of them."""


def _line(needs: str = "", *, roles: Iterable[Role] = (), seats: str = "") -> Line:
    return Line(frozenset(roles), frozenset(seats.split()), tuple(needs.split()))


_BENCH = "presiding_judge panel_judge clerk notary officiant"

_FILERS = "clerk prosecutor counsel claimant respondent accused victim guardian"
"""Seats that file exhibits (R-CV-02; a test compares with signaling.exhibits)."""

_SEATED = _line("seat here its_room device")
_OFFICER_AT_SEAT = _line("room here its_room device", roles=[Role.FACILITY_OFFICER])
_AT_SEAT = (_SEATED, _OFFICER_AT_SEAT)
_OFFICER = (_line("room its_room device", roles=[Role.FACILITY_OFFICER]),)
_HOST = (_line("host here"),)
_COURT = (_line("host here", seats="presiding_judge clerk notary officiant"),)
_JUDGES = (_line("host here", seats="presiding_judge clerk"),)
_CLERK = _line("mine", roles=[Role.CLERK])
_OWN_OFFICE = (
    _line("self", roles=[Role.JUDGE, Role.CLERK, Role.NOTARY]),
    _line(roles=[Role.ADMINISTRATOR]),
)
_LAWYER = _line("consultation mine", roles=[Role.LAWYER])
_NOTARY = _line("notarial mine", roles=[Role.NOTARY])
_OFFICIANT = _line("marital mine", roles=[Role.OFFICIANT, Role.JUDGE])
_NOTARIAL_OFFICE = (Role.CLERK, Role.NOTARY, Role.NOTARY_DIRECTOR)
_MANAGERS = (_CLERK, _line("mine", roles=[Role.JUDGE]), _LAWYER, _NOTARY, _OFFICIANT)


def _all_need(condition: str, lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(Line(line.roles, line.seats, (*line.needs, condition)) for line in lines)


RULES: dict[str, tuple[Line, ...]] = {
    # --- the house -----------------------------------------------------------------------------
    "account.own": (_line(roles=ACCOUNT_ROLES),),
    "people.manage": (_line(roles=[Role.ADMINISTRATOR]),),
    "people.choose": (_line(roles=[Role.CLERK, Role.LAWYER]),),
    "rooms.manage": (_line(roles=[Role.ADMINISTRATOR]),),
    "devices.manage": (_line(roles=[Role.ADMINISTRATOR]),),
    "device.use": (_line(roles=[Role.FACILITY_OFFICER]),),
    "identity.manage": (_line(roles=[Role.ADMINISTRATOR]),),
    "audit.read": (_line(roles=[Role.ADMINISTRATOR, Role.AUDITOR]),),
    "operations.see": (_line(roles=[Role.ADMINISTRATOR]),),
    "delegation.list": (_line(roles=[Role.JUDGE, Role.CLERK, Role.NOTARY, Role.ADMINISTRATOR]),),
    "delegation.grant": _OWN_OFFICE,
    "delegation.withdraw": _OWN_OFFICE,
    # --- documents that are signed -------------------------------------------------------------
    **dict.fromkeys(
        (
            "signing.prepare",
            "signing.see",
            "signing.sign",
            "signing.close",
            "signing.withdraw",
        ),
        (_line("signer", roles=INVOLVED),),
    ),
    # --- sittings ------------------------------------------------------------------------------
    "sitting.list": (_line(roles=INVOLVED),),
    "sitting.book": (
        _line(roles=[Role.CLERK]),
        _line("consultation", roles=[Role.LAWYER]),
        _line("notarial", roles=[Role.NOTARY]),
        _line("marital", roles=[Role.OFFICIANT, Role.JUDGE]),
    ),
    "sitting.see": (
        _line("seat"),
        _line("room its_room", roles=[Role.FACILITY_OFFICER]),
        _line("mine", roles=[Role.CLERK, Role.LAWYER]),
        _NOTARY,
        _OFFICIANT,
    ),
    "sitting.reschedule": _all_need("scheduled", _MANAGERS),
    "sitting.cancel": _all_need("scheduled", _MANAGERS),
    "sitting.invite": _all_need("unfinished", (_CLERK, _LAWYER)),
    "sitting.add_witness": _all_need("unfinished", (_CLERK,)),
    "seat.enter": _all_need("unfinished", _AT_SEAT),
    "seat.operate": _all_need("unfinished", _OFFICER),
    # --- notarial acts -------------------------------------------------------------------------
    "deed.apply": (_line(roles=[Role.PARTY, Role.LAWYER]),),
    "deed.list": (_line(roles=INVOLVED),),
    "deed.edit": (_line("applicant", roles=INVOLVED),),
    "deed.see": (_line("deed_party", roles=INVOLVED), _line(roles=_NOTARIAL_OFFICE)),
    "deed.audit": (_line(roles=[Role.CLERK]),),
    "deed.pay": (_line("applicant", roles=INVOLVED),),
    "deed.book": (_line("applicant", roles=INVOLVED),),
    "deed.cancel": (_line("applicant", roles=INVOLVED),),
    "deed.desk": (_line(roles=[Role.NOTARY]),),
    "deed.conduct": (_line("its_notary", roles=[Role.NOTARY]),),
    "deed.refuse": (_line("its_notary", roles=[Role.NOTARY]),),
    "deed.sign": (_line("deed_party", roles=INVOLVED),),
    "deed.seal": (_line("its_notary", roles=[Role.NOTARY]),),
    "deed.grieve": (_line("deed_party", roles=INVOLVED),),
    "deed.decide": (_line(roles=[Role.NOTARY_DIRECTOR]),),
    "deed.copy": (_line("deed_party", roles=INVOLVED), _line(roles=[Role.NOTARY_DIRECTOR])),
    "deed.order_copy": (_line(roles=[Role.NOTARY_DIRECTOR]),),
    # --- marriages -----------------------------------------------------------------------------
    "marriage.begin": (_line(roles=[Role.PARTY]),),
    "marriage.list": (_line(roles=INVOLVED),),
    "marriage.join": (_line(roles=[Role.PARTY, Role.WITNESS, Role.LAWYER, Role.INTERPRETER]),),
    "marriage.see": (
        _line("in_marriage", roles=INVOLVED),
        _line(roles=[Role.JUDGE, Role.CLERK]),
    ),
    "marriage.read": (
        _line("spouse", roles=INVOLVED),
        _line("wali", roles=INVOLVED),
        _line("its_officiant", roles=[Role.OFFICIANT, Role.JUDGE]),
        _line(roles=[Role.JUDGE, Role.CLERK]),
    ),
    **dict.fromkeys(
        ("marriage.edit", "marriage.acknowledge", "marriage.pay", "marriage.book"),
        (_line("spouse", roles=INVOLVED),),
    ),
    "marriage.answer": (_line("wali", roles=INVOLVED),),
    "marriage.own_step": (_line("in_marriage", roles=INVOLVED),),
    "marriage.write_privately": (_line("in_marriage", roles=INVOLVED),),
    "marriage.queue": (_line(roles=[Role.JUDGE, Role.CLERK]),),
    "marriage.check": (_line(roles=[Role.JUDGE, Role.CLERK]),),
    "marriage.interpreter": (
        _line("its_officiant", roles=[Role.OFFICIANT, Role.JUDGE]),
        _line(roles=[Role.JUDGE, Role.CLERK]),
    ),
    "marriage.replace_interpreter": (_line("its_officiant", roles=[Role.OFFICIANT, Role.JUDGE]),),
    "marriage.review": (_line(roles=[Role.JUDGE]),),
    "marriage.approve": (_line(roles=[Role.JUDGE]),),
    "marriage.leave": (_line(roles=[Role.JUDGE]),),
    "marriage.refuse": (_line(roles=[Role.JUDGE]),),
    "marriage.appeal": (_line("fresh", roles=[Role.JUDGE]),),
    "marriage.desk": (_line(roles=[Role.OFFICIANT, Role.JUDGE]),),
    "marriage.conduct": (_line("its_officiant", roles=[Role.OFFICIANT, Role.JUDGE]),),
    "marriage.sign": (_line("in_marriage", roles=INVOLVED),),
    **dict.fromkeys(
        ("marriage.ratify", "marriage.return", "marriage.reject", "marriage.note"),
        (_line("no_party", roles=[Role.JUDGE]),),
    ),
    "marriage.deliver": (_line("no_party", roles=[Role.CLERK]),),
    "marriage.copy": (
        _line("in_marriage", roles=INVOLVED),
        _line(roles=[Role.JUDGE, Role.CLERK]),
    ),
    "register.search": (_line(roles=_NOTARIAL_OFFICE),),
    "register.extract": (_line(roles=_NOTARIAL_OFFICE),),
    "notary.renew": (_line(roles=[Role.NOTARY_DIRECTOR]),),
    "notary.roll": (_line(roles=[Role.NOTARY_DIRECTOR]),),
    "register.correct": (_line(roles=[Role.NOTARY]),),
    "register.annul": (_line(roles=[Role.NOTARY_DIRECTOR]),),
    "register.close_year": (_line(roles=[Role.NOTARY_DIRECTOR]),),
    # --- exhibits --------------------------------------------------------------------------------
    "exhibit.list": (_line("seat recordable", seats=f"presiding_judge panel_judge {_FILERS}"),),
    "exhibit.file": (_line("seat recordable unfinished", seats=_FILERS),),
    "exhibit.take_back": (
        _line("seat unfinished", seats="clerk"),
        _line("seat unfinished filed_it", seats=_FILERS),
    ),
    "exhibit.seal": (_line("seat recordable", seats="presiding_judge"),),
    "exhibit.see": (
        _line("seat its_room device exhibit"),
        _line("room its_room device exhibit", roles=[Role.FACILITY_OFFICER]),
    ),
    # --- the record ----------------------------------------------------------------------------
    "recording.view": (
        _line("seat order", seats=_BENCH),
        _line("leave unscreened order", roles=INVOLVED),
    ),
    "recording.export": (
        _line("seat order", seats="presiding_judge clerk notary officiant"),
        _line("leave unscreened order", roles=INVOLVED),
    ),
    "recording.film": (
        _line("seat order", seats="presiding_judge clerk"),
        _line("leave unscreened order", roles=INVOLVED),
    ),
    "transcript.request": (
        _line(
            "seat recordable",
            seats=f"{_BENCH} prosecutor counsel claimant respondent accused victim",
        ),
    ),
    "transcript.see": (_line("seat", seats=_BENCH), _line("leave unscreened", roles=INVOLVED)),
    **dict.fromkeys(
        ("transcript.authorise", "transcript.refuse", "transcript.approve", "transcript.return"),
        (_line("seat", seats="presiding_judge"),),
    ),
    **dict.fromkeys(
        ("transcript.assign", "transcript.certify"),
        (_line("seat", seats="presiding_judge clerk"),),
    ),
    "transcript.write": (_line("seat", seats=_BENCH),),
    "minutes.see": (
        _line("seat", seats="presiding_judge panel_judge clerk"),
        _line("leave unscreened", roles=INVOLVED),
    ),
    "minutes.write": (_line("seat", seats="presiding_judge clerk"),),
    **dict.fromkeys(
        ("minutes.approve", "minutes.return"), (_line("seat", seats="presiding_judge"),)
    ),
    "recording.annotate": (_line("seat", seats="presiding_judge panel_judge"),),
    "custody.list": (_line(roles=[Role.JUDGE, Role.CLERK]),),
    **dict.fromkeys(
        (
            "recording.order",
            "recording.hold",
            "recording.lift_hold",
            "recording.destroy",
        ),
        (_line("seat", seats="presiding_judge clerk"), _line("mine", roles=[Role.CLERK])),
    ),
    "recording.seal": (_line("seat", seats="presiding_judge"),),
    # --- the live room: everyone on a seat -----------------------------------------------------
    **dict.fromkeys(
        (
            "live.publish",
            "live.subscribe",
            "live.answer",
            "live.sources",
            "live.line",
            "live.layout",
            "live.language",
            "live.hand",
            "live.cannot_hear",
            "live.listen",
            "live.kit",
            "live.declare_alone",
            "live.ack_missed",
            "live.private_answer",
            "live.private_return",
        ),
        _AT_SEAT,
    ),
    "live.leave": (_line("seat"), _line("room", roles=[Role.FACILITY_OFFICER])),
    "live.private_invite": tuple(
        Line(line.roles, line.seats, (*line.needs, "private", "private_list")) for line in _AT_SEAT
    ),
    "live.interpret": (_line("seat here", seats="interpreter"),),
    # --- the live room: the officer of the detention room --------------------------------------
    "live.attest": _OFFICER,
    "live.officer_out": _OFFICER,
    # --- the live room: those who run the sitting ----------------------------------------------
    **dict.fromkeys(
        (
            "live.open",
            "live.admit",
            "live.to_lobby",
            "live.remove",
            "live.readmit",
            "live.identity",
            "live.look",
            "live.ask_room",
            "live.room_seen",
            "live.recess",
            "live.resume",
            "live.delay",
            "live.mute",
            "live.unlock",
            "live.allow_screen",
            "live.lower_hand",
            "live.close",
        ),
        _HOST,
    ),
    # --- the live room: the court only, never counsel who hosts a consultation ------------------
    **dict.fromkeys(
        (
            "live.roll_call",
            "live.floor",
            "live.publicity",
            "live.oath",
            "live.agenda",
            "live.note",
            "live.note_alarm",
            "live.note_absence",
            "live.adjourn",
        ),
        _COURT,
    ),
    **dict.fromkeys(("live.heard", "live.reserve"), _JUDGES),
    "live.allow_exhibits": _JUDGES,
    **dict.fromkeys(
        ("live.show_exhibit", "live.hide_exhibit"),
        (*_JUDGES, _line("seat here recordable presents", seats=_FILERS)),
    ),
    "live.rule_exhibit": (_line("host here", seats="presiding_judge"),),
    "live.turn": (_line("host here", seats="notary"),),
    "live.admit_unproved": (_line("host here", seats="presiding_judge"),),
    "live.on_record": _all_need("recordable", _COURT),
    "live.off_record": _all_need("recordable", _COURT),
    "live.private_recall": _all_need("private", _COURT),
}

NEEDS: dict[str, Need] = {
    "people.manage": Need(Level.MEDIUM),
    "rooms.manage": Need(Level.MEDIUM),
    "devices.manage": Need(Level.MEDIUM),
    "identity.manage": Need(Level.MEDIUM),
    "audit.read": Need(Level.MEDIUM),
    "operations.see": Need(Level.MEDIUM),
    "delegation.grant": Need(Level.MEDIUM),
    "delegation.withdraw": Need(Level.MEDIUM),
    "marriage.review": Need(Level.MEDIUM),
    "marriage.approve": Need(Level.MEDIUM, each_time=True),
    "marriage.leave": Need(Level.MEDIUM, each_time=True),
    "marriage.refuse": Need(Level.MEDIUM, each_time=True),
    "marriage.appeal": Need(Level.MEDIUM, each_time=True),
    "marriage.conduct": Need(Level.MEDIUM),
    "marriage.replace_interpreter": Need(Level.MEDIUM, each_time=True),
    "marriage.ratify": Need(Level.MEDIUM, each_time=True),
    "marriage.return": Need(Level.MEDIUM),
    "marriage.reject": Need(Level.MEDIUM, each_time=True),
    "marriage.note": Need(Level.MEDIUM, each_time=True),
    "deed.refuse": Need(Level.MEDIUM, each_time=True),
    "deed.decide": Need(Level.MEDIUM, each_time=True),
    "deed.order_copy": Need(Level.MEDIUM),
    "register.extract": Need(Level.MEDIUM),
    "notary.roll": Need(Level.MEDIUM),
    "register.correct": Need(Level.MEDIUM),
    "register.annul": Need(Level.MEDIUM),
    "register.close_year": Need(Level.MEDIUM),
    "recording.export": Need(Level.MEDIUM, each_time=True),
    "transcript.certify": Need(Level.MEDIUM, each_time=True),
    "signing.sign": Need(Level.HIGH, each_time=True),
    "signing.close": Need(Level.HIGH, each_time=True),
    "recording.order": Need(Level.MEDIUM),
    "recording.seal": Need(Level.MEDIUM),
    "exhibit.seal": Need(Level.MEDIUM),
    "recording.hold": Need(Level.MEDIUM),
    "recording.lift_hold": Need(Level.MEDIUM, each_time=True),
    "recording.destroy": Need(Level.MEDIUM, each_time=True),
    "live.admit": Need(Level.MEDIUM, each_time=True),
    "live.admit_unproved": Need(Level.MEDIUM, each_time=True),
    "live.off_record": Need(Level.MEDIUM, each_time=True),
    "live.reserve": Need(Level.MEDIUM, each_time=True),
    "live.close": Need(Level.MEDIUM, each_time=True),
}
"""Actions that need more than a session of any kind. Which methods give which level is in
`auth.assurance.PROFILES`."""


def decide(actor: Person | None, action: str, context: Context | None = None) -> Decision:
    """May `actor` do `action` here? An unknown action, and anybody signed out, may not."""
    if actor is None or not actor.active:
        return _SIGNED_OUT
    nearest, fitted = _UNKNOWN, -1
    for line in RULES.get(action, ()):
        refusal, fits = _ask(line, actor, context or Context())
        if refusal is None:
            return _sure(actor, action, context or Context())
        if fits > fitted:
            nearest, fitted = refusal, fits
    return nearest


def require(actor: Person | None, action: str, context: Context | None = None) -> None:
    """Raise Forbidden with the policy's code and sentence unless `decide` says yes."""
    decision = decide(actor, action, context)
    if not decision:
        raise refusal(decision, action)


def refusal(decision: Decision, action: str) -> Forbidden:
    """The decision 'no' on `action` as something to raise."""
    if decision.need is not None:
        return AssuranceNeeded(decision.need, action, decision.code, decision.message)
    return Forbidden(decision.code, decision.message, action=action)


SIGNING = Need(Level.HIGH)
"""What a qualified signature asks for (R-TR-02, R-TR-03; law.md 4.1: notary act, marriage,
settlement, minutes)."""


def check_signing(actor: Person, identities: Collection[bool], *, checked: bool = False) -> None:
    """Whether `actor` may sign with a qualified signature.

    `identities`: for each digital identity of the account, whether one of its kind may sign (UAE
    Pass: SOP1 may not). `checked`: an officer compared face and document for this very act. Who
    has neither may not, however strong the session is. Raises Forbidden `sign.identity_too_low`,
    `sign.identity_unproved`; AssuranceNeeded where only the session is too weak.
    """
    if not checked and not any(identities):
        code, message = _TOO_LOW if identities else _UNPROVED
        raise Forbidden(code, message)
    if actor.guest or not actor.active:
        if not (checked and actor.active):
            raise Forbidden(*_UNPROVED)
        return
    if actor.assurance.level < SIGNING.level:
        raise AssuranceNeeded(SIGNING, "")


_TOO_LOW = (
    "sign.identity_too_low",
    N_(
        "Your digital identity is of a kind that signs nothing. Have it verified at its provider, "
        "or show your document to the officer."
    ),
)
_UNPROVED = (
    "sign.identity_unproved",
    N_(
        "You sign when it is proved who you are. Link a verified digital identity, or show your "
        "document to the officer."
    ),
)


def confirms(actor: Person, action: str) -> bool:
    """Whether `actor` must confirm this action each time."""
    need = NEEDS.get(action)
    return need is not None and need.each_time and actor.assurance.each_act


def _sure(actor: Person, action: str, at: Context) -> Decision:
    need = NEEDS.get(action)
    if need is None:
        return Decision(True)
    each_time = confirms(actor, action)
    if need.level <= (at.confirmed if each_time else actor.assurance.level):
        return Decision(True)
    return Decision(False, *(_CONFIRMATION if each_time else _ASSURANCE), need)


def _ask(line: Line, actor: Person, at: Context) -> tuple[Decision | None, int]:
    """None when the line fits; else the refusal and how far the line fitted."""
    if actor.role not in line.roles and (line.roles or actor.role in APART):
        return _WRONG_ROLE, 0
    if line.seats and at.seat_role not in line.seats:
        return (_refusal("host") if "host" in line.needs else _WRONG_ROLE), 0
    # A line that names one's own role or seat is nearer than one for all.
    named = (line.roles not in (frozenset(), ACCOUNT_ROLES, INVOLVED)) + bool(line.seats)
    for fits, name in enumerate(line.needs, 1 + named):
        if not _holds(name, at):
            return _refusal(name), fits
    return None, 0


def _refusal(condition: str) -> Decision:
    return Decision(False, CONDITIONS[condition].code, CONDITIONS[condition].message)


@dataclass(frozen=True, slots=True)
class Can:
    """What templates ask: `can('sitting.book')`, `can('sitting.book', kind='consultation')`."""

    actor: Person | None = field(default=None)

    def __call__(self, action: str, **codes: Any) -> bool:
        return decide(self.actor, action, Context(**codes)).possible


def table(
    *,
    role: Role | None = None,
    seats: frozenset[str] = frozenset(),
    gone: frozenset[str] = frozenset(),
) -> list[tuple[str, str]]:
    """Every action with its lines in words, for `./mahdar policy` and docs/security.md.

    Only lines that an account of `role` can fit, on `seats` that a kind has (empty: any), and
    that ask for no condition of `gone`.
    """
    found = []
    for action, lines in RULES.items():
        fitting = [
            line
            for line in lines
            if (role is None or not line.roles or role in line.roles)
            and (not seats or not line.seats or line.seats & seats)
            and not gone & set(line.needs)
        ]
        if fitting:
            found.append((action, " | ".join(map(_words, fitting)) + _need_words(action)))
    return found


def _need_words(action: str) -> str:
    need = NEEDS.get(action)
    if need is None:
        return ""
    return f"; {'confirmed' if need.each_time else 'signed in'} at level {need.level.code}"


_GROUPS = {ACCOUNT_ROLES: "any account", INVOLVED: "any account but an auditor's"}


def _words(line: Line) -> str:
    parts = []
    if line.roles:
        parts.append(_GROUPS.get(line.roles) or "/".join(sorted(line.roles)))
    if line.seats:
        parts.append("seat of " + "/".join(sorted(line.seats)))
    parts += [f"+{name}" for name in line.needs]
    return " ".join(parts) or "anyone signed in"
