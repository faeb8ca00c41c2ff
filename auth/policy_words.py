"""The policy in words: what each action is, what each condition asks, and whom to ask.

Message ids; pages translate them. `explain` answers 'why may I not'.
"""

from dataclasses import dataclass

from auth.assurance import LEVELS
from auth.person import ACCOUNT_ROLES, INVOLVED, LABELS
from auth.policy import CONDITIONS, NEEDS, RULES, Line
from errors import N_

ACTIONS: dict[str, str] = {
    "account.own": N_("Manage one's own account"),
    "people.manage": N_("Manage accounts"),
    "people.choose": N_("Choose people for a booking"),
    "rooms.manage": N_("Manage detention rooms"),
    "devices.manage": N_("Manage the devices of detention rooms"),
    "device.use": N_("Use the device of a detention room"),
    "identity.manage": N_("Link digital identities with accounts"),
    "operations.see": N_("See how the server is doing"),
    "audit.read": N_("Read the audit log"),
    "delegation.list": N_("See delegations"),
    "delegation.grant": N_("Let somebody act for a judge, clerk or notary"),
    "delegation.withdraw": N_("Withdraw a delegation"),
    "signing.prepare": N_("Prepare a document for signing"),
    "signing.see": N_("See a document that is signed"),
    "signing.sign": N_("Sign a document"),
    "signing.close": N_("Sign and seal a document as the notary"),
    "signing.withdraw": N_("Withdraw a document before it is complete"),
    "sitting.list": N_("See one's own sittings"),
    "sitting.book": N_("Book a sitting"),
    "sitting.see": N_("See a sitting"),
    "sitting.reschedule": N_("Move a sitting to another time"),
    "sitting.cancel": N_("Cancel a sitting"),
    "sitting.invite": N_("Make invitation links"),
    "sitting.add_witness": N_("Add a witness or expert"),
    "seat.enter": N_("Enter a sitting"),
    "seat.operate": N_("Open a detained person's seat"),
    "deed.apply": N_("Ask for a notarial act"),
    "deed.list": N_("See one's own notarial acts"),
    "deed.edit": N_("Fill in a request for a notarial act"),
    "deed.see": N_("See a notarial act"),
    "deed.audit": N_("Audit requests for notarial acts"),
    "deed.pay": N_("Pay the fee of a notarial act"),
    "deed.book": N_("Book a notary"),
    "deed.cancel": N_("Cancel a request for a notarial act"),
    "deed.desk": N_("Take requests from the notary's queue"),
    "deed.conduct": N_("Conduct a notarial act"),
    "deed.refuse": N_("Refuse a notarial act with reasons"),
    "deed.sign": N_("Sign a deed"),
    "deed.seal": N_("Sign and seal a deed as its notary"),
    "deed.grieve": N_("File a grievance against a notary's refusal"),
    "deed.decide": N_("Decide a grievance"),
    "deed.copy": N_("Fetch certified copies of a deed"),
    "deed.order_copy": N_("Order a copy for others, or a second executory copy"),
    "marriage.begin": N_("Begin an application to marry"),
    "marriage.list": N_("See one's own marriage files"),
    "marriage.join": N_("Take a part in a marriage by a link"),
    "marriage.see": N_("See a marriage file"),
    "marriage.read": N_("Read the whole application to marry"),
    "marriage.edit": N_("Fill in an application to marry"),
    "marriage.acknowledge": N_("Confirm to have read a warning"),
    "marriage.pay": N_("Pay the fee of a marriage"),
    "marriage.book": N_("Choose officiant and day of a marriage"),
    "marriage.answer": N_("Answer as guardian in marriage"),
    "marriage.own_step": N_("Do one's own step in a marriage"),
    "marriage.write_privately": N_("Write in the private room of a marriage"),
    "marriage.queue": N_("See which marriage files wait"),
    "marriage.check": N_("Check papers of a marriage file"),
    "marriage.interpreter": N_("Name the interpreter of a marriage"),
    "marriage.replace_interpreter": N_("Name another interpreter for a booked marriage"),
    "marriage.review": N_("Decide on an application to marry"),
    "marriage.approve": N_("Accept an application to marry"),
    "marriage.leave": N_("Give leave in a marriage file"),
    "marriage.refuse": N_("Refuse an application to marry"),
    "marriage.appeal": N_("Decide on an appeal in a marriage file"),
    "marriage.desk": N_("See the marriages of which one is the officiant"),
    "marriage.conduct": N_("Conduct the sitting of a marriage"),
    "marriage.sign": N_("Sign one's own marriage contract"),
    "marriage.ratify": N_("Ratify a marriage contract"),
    "marriage.return": N_("Return a marriage contract to its sitting"),
    "marriage.reject": N_("Refuse to ratify a marriage contract"),
    "marriage.note": N_("Write into the marriage register"),
    "marriage.deliver": N_("Hand out a marriage certificate"),
    "marriage.copy": N_("Take a certified copy of a marriage certificate"),
    "register.search": N_("Search the notary's register"),
    "register.extract": N_("Make a certified extract of the notary's register"),
    "notary.renew": N_("Renew the time-stamps of archived documents"),
    "notary.roll": N_("Keep the roll of notaries"),
    "register.correct": N_("Enter a correction into the register"),
    "register.annul": N_("Note in the register that a deed was annulled"),
    "register.close_year": N_("Close a year of the register"),
    "exhibit.list": N_("See the list of exhibits"),
    "exhibit.file": N_("File an exhibit"),
    "exhibit.take_back": N_("Take back an exhibit that was never shown"),
    "exhibit.seal": N_("Seal an exhibit, or open it again"),
    "exhibit.see": N_("See an exhibit"),
    "live.allow_exhibits": N_("Give leave to show exhibits"),
    "live.show_exhibit": N_("Show an exhibit to everybody in the hearing"),
    "live.hide_exhibit": N_("Take away the exhibit that is shown"),
    "live.rule_exhibit": N_("Admit or refuse an exhibit"),
    "live.turn": N_("Turn the pages of the deed for everybody"),
    "recording.view": N_("See the record"),
    "recording.export": N_("Take the evidence bundle"),
    "recording.film": N_("Have a film or sound files of a record made"),
    "custody.list": N_("See the records in one's custody"),
    "recording.order": N_("Enter orders over a record, and give people leave by them"),
    "recording.seal": N_("Seal a stretch of a record"),
    "recording.hold": N_("Put a record under a legal hold"),
    "recording.lift_hold": N_("Lift a legal hold, as one of two"),
    "recording.destroy": N_("Destroy a record by order, as one of two"),
    "transcript.request": N_("Ask for a transcript"),
    "transcript.see": N_("Read a transcript"),
    "transcript.authorise": N_("Authorise a transcript"),
    "transcript.refuse": N_("Refuse a transcript"),
    "transcript.assign": N_("Say who types a transcript"),
    "transcript.write": N_("Type a transcript"),
    "transcript.approve": N_("Approve a transcript"),
    "transcript.return": N_("Make a transcript a draft again"),
    "transcript.certify": N_("Certify a transcript"),
    "minutes.see": N_("Read the minutes of a sitting"),
    "minutes.write": N_("Draw up the minutes of a sitting"),
    "minutes.approve": N_("Approve the minutes of a sitting"),
    "minutes.return": N_("Make approved minutes a draft again"),
    "recording.annotate": N_("Keep private notes on a record"),
    "live.publish": N_("Send sound and picture"),
    "live.subscribe": N_("Receive sound and picture"),
    "live.answer": N_("Receive sound and picture"),
    "live.sources": N_("Switch camera and microphone"),
    "live.line": N_("Report the quality of the line"),
    "live.layout": N_("Choose which pictures are shown"),
    "live.language": N_("Choose the page's language"),
    "live.hand": N_("Raise a hand"),
    "live.cannot_hear": N_("Say that one cannot hear"),
    "live.listen": N_("Listen to an interpreter"),
    "live.interpret": N_("Interpret into a language"),
    "live.kit": N_("Report the check of camera and microphone"),
    "live.ack_missed": N_("Acknowledge what was missed"),
    "live.leave": N_("Leave the sitting"),
    "live.note_alarm": N_("Take note of an alarm of the record"),
    "live.note_absence": N_("Take note of what somebody missed"),
    "live.private_invite": N_("Invite to a private consultation"),
    "live.private_answer": N_("Answer an invitation to a private consultation"),
    "live.private_return": N_("Return from a private consultation"),
    "live.private_recall": N_("Ask a private consultation to come back"),
    "live.attest": N_("Attest who is in the detention room"),
    "live.officer_out": N_("Say that one is out of earshot"),
    "live.open": N_("Open the hearing"),
    "live.admit": N_("Admit people"),
    "live.to_lobby": N_("Send people back to wait"),
    "live.remove": N_("Remove a person"),
    "live.readmit": N_("Let a removed person come again"),
    "live.identity": N_("Record the check of an identity"),
    "live.admit_unproved": N_("Admit somebody whose identity is not proved"),
    "live.ask_room": N_("Ask to be shown the room"),
    "live.declare_alone": N_("Declare that nobody else is in the room"),
    "live.room_seen": N_("Record what was seen of the room"),
    "live.oath": N_("Record an oath"),
    "live.look": N_("Look at who waits"),
    "live.recess": N_("Adjourn for a break"),
    "live.resume": N_("End the break"),
    "live.delay": N_("Announce a delay"),
    "live.mute": N_("Mute people"),
    "live.unlock": N_("Let people unmute themselves"),
    "live.allow_screen": N_("Allow a screen to be shared"),
    "live.lower_hand": N_("Lower hands"),
    "live.close": N_("End the sitting"),
    "live.roll_call": N_("Call the roll"),
    "live.floor": N_("Give the floor"),
    "live.publicity": N_("Close the session to the public"),
    "live.heard": N_("Release a witness"),
    "live.agenda": N_("Move on in the agenda"),
    "live.note": N_("Write a log note"),
    "live.adjourn": N_("Adjourn to another date"),
    "live.reserve": N_("Reserve judgment"),
    "live.on_record": N_("Go on record"),
    "live.off_record": N_("Go off record"),
}

MEANS: dict[str, str] = {
    "seat": N_("has a seat in this sitting, or acts for who has it"),
    "room": N_("is an officer of the detention room"),
    "device": N_("is on the enrolled device of the seat's detention room, if it is in one"),
    "its_room": N_("is not on the device of a room that has no part in the sitting"),
    "host": N_("runs the sitting"),
    "mine": N_("booked the sitting or runs it"),
    "here": N_("was not removed from the hearing"),
    "unfinished": N_("the sitting is not over"),
    "scheduled": N_("the sitting has not begun"),
    "recordable": N_("sittings of this kind are recorded"),
    "private": N_("this kind of sitting has private consultations"),
    "private_list": N_("is a lawyer with a client here, that client, a guardian or an interpreter"),
    "order": N_("gave the reference of the order, where one is needed"),
    "leave": N_("has the court's leave"),
    "unscreened": N_("no protected person is screened from this seat"),
    "self": N_("it is one's own office"),
    "presents": N_("has the court's leave to show exhibits"),
    "filed_it": N_("filed this exhibit"),
    "exhibit": N_("the exhibit is open to this seat, or shown to it now"),
    "signer": N_("signs this document"),
    "consultation": N_("the sitting is a consultation"),
    "notarial": N_("the sitting is of a notarial act"),
    "marital": N_("the sitting is of a marriage"),
    "no_party": N_("has no part in this marriage"),
    "applicant": N_("made the request"),
    "deed_party": N_("is named in the act, or made the request"),
    "its_notary": N_("is the notary who has the act"),
    "in_marriage": N_("takes part in this marriage"),
    "spouse": N_("is its groom or bride"),
    "wali": N_("is the bride's guardian in marriage"),
    "its_officiant": N_("is the officiant of this marriage"),
    "fresh": N_("has not decided in this file"),
}

ASK: dict[str, str] = {
    "room": N_("The administrator assigns officers to detention rooms."),
    "device": N_("Your facility's administrator enrols the device of the room."),
    "its_room": N_("Use the device of the room that takes part, or your own computer."),
    "host": N_("The presiding judge and the clerk run the sitting. Ask them."),
    "mine": N_("Ask the clerk who booked the sitting."),
    "here": N_("Only a host of the hearing can let you back in."),
    "scheduled": N_("Ask the presiding judge."),
    "order": N_("Ask the court or the prosecution for an order."),
    "leave": N_("Ask the presiding judge for leave."),
    "unscreened": N_("Ask the presiding judge."),
    "self": N_("Ask the person whose office it is, or the administrator."),
    "presents": N_("Raise your hand and ask the presiding judge."),
    "filed_it": N_("Ask who filed it, or the clerk."),
    "signer": N_("Ask the notary of the document."),
}
_ASK_CLERK = N_("Ask the clerk of the sitting.")
_ANY_ACCOUNT = N_("Anybody with an account")
_ASK_ADMINISTRATOR = N_("Ask the administrator.")


@dataclass(frozen=True, slots=True)
class Way:
    """One line of the policy: who, on which seats, and what must hold. `failed` is the condition
    that the refusal named, where it is one of this line's."""

    roles: tuple[str, ...]
    """Message ids; empty for anybody, guests too."""
    seats: tuple[str, ...]
    """Codes of seats; empty for any."""
    needs: tuple[tuple[str, bool], ...]
    """Message ids, and whether this one failed."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an action was refused."""

    action: str
    title: str
    ways: tuple[Way, ...]
    reason: str
    """The sentence of the refusal; empty for an unknown code."""
    ask: str
    level: str
    """Message id of the level that the action needs besides; empty for none."""
    each_time: bool


def explain(action: str, code: str) -> Explanation:
    """The lines for `action`, with what failed marked. Raises KeyError for an unknown action."""
    failed = next((name for name, found in CONDITIONS.items() if found.code == code), "")
    need = NEEDS.get(action)
    house = not action.startswith(("sitting.", "seat.", "live.", "recording.", "deed.", "exhibit."))
    return Explanation(
        action,
        ACTIONS.get(action, action),
        tuple(_way(line, failed) for line in RULES[action]),
        CONDITIONS[failed].message if failed else "",
        ASK.get(failed, _ASK_ADMINISTRATOR if house else _ASK_CLERK),
        LEVELS[need.level] if need else "",
        bool(need and need.each_time),
    )


def _roles(line: Line) -> tuple[str, ...]:
    if line.roles in (ACCOUNT_ROLES, INVOLVED):
        return (_ANY_ACCOUNT,)
    return tuple(LABELS[role] for role in sorted(line.roles))


def _way(line: Line, failed: str) -> Way:
    return Way(
        _roles(line),
        tuple(sorted(line.seats)),
        tuple((MEANS[name], name == failed) for name in line.needs),
    )
