"""Decisions at the door and before testimony: identity, who is not proved, the room, the oath."""

from datetime import datetime

from errors import N_, Forbidden, Refusal
from sessions.door import Oath, door, oath
from sessions.rules import in_force
from sessions.seat import Identity, Seat
from signaling import consulting
from signaling import facts as f
from signaling import messages as m
from signaling.guards import Who, find_seat, not_here
from signaling.hosting import check_admission
from signaling.routing import looks_at
from signaling.state import Place, Room, SeatLive


def identity(room: Room, who: Who, command: m.IdentityCheck) -> list[f.Fact]:
    """Face and document compared. Digits that differ from the booked ones cannot be 'verified'."""
    seat, live = find_seat(room, command.seat)
    if not live.present:
        raise not_here(seat)
    proved = command.result == "verified"
    if proved and command.last4 and seat.id_last4 and command.last4 != seat.id_last4:
        raise Refusal(
            "identity.number_differs",
            N_("These digits are not those of the booking. Compare again, or enter 'not proved'."),
            seat=seat.id,
        )
    result = Identity.VERIFIED if proved else Identity.NOT_PROVED
    checked = f.IdentityChecked(seat.id, who.seat, result, command.document, command.last4)
    if proved or live.place is not Place.HEARING or room.is_host(seat.id):
        return [checked]
    # Whoever is not proved may not be heard: back to wait, in the same moment.
    back = f.ToLobby(seat.id, room.waiting_place(seat.id), who.seat)
    return [checked, *consulting.leave(room, seat.id), back]


def admit_unproved(room: Room, who: Who, command: m.AdmitUnproved, at: datetime) -> list[f.Fact]:
    """Somebody whose identity is not proved comes in: by leave of those whom the rule names."""
    if room.seat(who.seat).role not in door(in_force(), at.date()).unproved_admitted_by:
        raise Forbidden(
            "identity.leave_not_yours",
            N_("Only the presiding judge may admit somebody whose identity is not proved."),
        )
    seat, live = find_seat(room, command.seat)
    if live.place is Place.HEARING:
        return []
    if live.identity is not Identity.NOT_PROVED:
        raise Refusal(
            "identity.no_leave_needed",
            N_("This is only for a person whose identity was checked and not proved."),
            seat=seat.id,
        )
    check_admission(room, seat, live, set(), unproved=True)
    return [
        f.UnprovedAdmitted(seat.id, who.seat, _text(command.reason)),
        f.Admitted(seat.id, who.seat),
    ]


def _text(reason: str) -> str:
    text = reason.strip()
    if not text:
        raise Refusal("reason.empty", N_("Write the reason first. It goes into the record."))
    return text


def ask_room(room: Room, who: Who, command: m.AskRoom, at: datetime) -> list[f.Fact]:
    """A host asks a person to show the room, turning the camera around."""
    seat, live = find_seat(room, command.seat)
    _check_shows(seat, at)
    if not live.present:
        raise not_here(seat)
    return [] if live.alone == "asked" else [f.RoomShown(seat.id, who.seat, "asked")]


def declare_alone(room: Room, who: Who, command: m.DeclareAlone, at: datetime) -> list[f.Fact]:
    """The person says: I showed the room, and nobody else is in it."""
    seat, live = find_seat(room, who.seat)
    _check_shows(seat, at)
    if not live.camera:
        raise Refusal("alone.no_camera", N_("Turn on your camera first, and show the whole room."))
    if live.alone in ("declared", "confirmed"):
        return []
    return [f.RoomShown(seat.id, who.seat, "declared")]


def room_seen(room: Room, who: Who, command: m.RoomSeen, at: datetime) -> list[f.Fact]:
    """A host saw the room: it is empty, or somebody else is in it."""
    seat, live = find_seat(room, command.seat)
    _check_shows(seat, at)
    if not live.present or not live.camera:
        raise not_here(seat)
    if live.place is not Place.HEARING and looks_at(room, who.seat) != seat.id:
        raise Refusal(
            "alone.not_seen",
            N_("Look at this person's camera first, then say what you saw."),
            seat=seat.id,
        )
    if not command.alone:
        return [f.RoomShown(seat.id, who.seat, "not_alone", _text(command.others))]
    if live.alone != "declared":
        raise Refusal(
            "alone.not_declared",
            N_("The person has not declared yet that nobody else is in the room. Ask for it."),
            seat=seat.id,
        )
    return [f.RoomShown(seat.id, who.seat, "confirmed")]


def _check_shows(seat: Seat, at: datetime) -> None:
    if seat.role not in door(in_force(), at.date()).shows_room:
        raise Refusal(
            "alone.not_asked",
            N_("The rule asks only witnesses and the accused to show the room."),
            seat=seat.id,
        )


def swear(room: Room, who: Who, command: m.TakeOath, at: datetime) -> list[f.Fact]:
    """What became of the oath, by the host who read it out (R-CR-22, R-OA-01, R-OA-02)."""
    seat, live = find_seat(room, command.seat)
    rule = oath(in_force(), seat.role, at.date())
    if rule is None:
        raise Refusal("oath.none", N_("The law asks no oath of this person."), seat=seat.id)
    if not live.present or live.place is not Place.HEARING:
        raise not_here(seat)
    _check_age(seat, rule, command)
    _check_proved(seat, live, command, at)
    return [] if live.oath == command.result else [f.OathDone(seat.id, who.seat, command.result)]


def _check_age(seat: Seat, rule: Oath, command: m.TakeOath) -> None:
    """Too young is heard without an oath; nobody else is."""
    sworn = command.result in ("taken", "affirmed")
    too_young = rule.from_age > 0 and not command.of_age
    if sworn and too_young:
        raise Refusal(
            "oath.too_young",
            N_("The oath is from the age of %(age)s. Hear this person without an oath."),
            seat=seat.id,
            age=rule.from_age,
        )
    if command.result == "not_sworn" and not too_young:
        raise Refusal(
            "oath.of_age",
            N_("Only a witness who is too young is heard without an oath. Enter 'refused'."),
            seat=seat.id,
        )


def _check_proved(seat: Seat, live: SeatLive, command: m.TakeOath, at: datetime) -> None:
    unproved = live.identity in (Identity.NOT_PROVED, Identity.UNKNOWN)
    sworn = command.result in ("taken", "affirmed")
    if unproved and sworn and not door(in_force(), at.date()).unproved_may_swear:
        raise Refusal(
            "oath.not_proved",
            N_("Identity was not proved, so this person cannot take the oath. Check it again."),
            seat=seat.id,
        )
