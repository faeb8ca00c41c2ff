"""Decisions on commands of hosts that move or check people."""

from msgspec.structs import replace

from errors import N_, Refusal
from sessions.kind import Admission
from sessions.seat import Identity, Seat, SeatRole
from signaling import consulting
from signaling import facts as f
from signaling import messages as m
from signaling.guards import Who, find_seat, not_here
from signaling.state import WAITING, Place, Room, SeatLive, detained


def admit(room: Room, who: Who, command: m.Admit) -> list[f.Fact]:
    """One by one, or all who may come in together (never those who are called, R-CR-22)."""
    if command.seats == "all":
        return _admit_all(room, who)
    facts: list[f.Fact] = []
    arriving: set[str] = set()
    for seat_id in dict.fromkeys(command.seats):
        seat, live = find_seat(room, seat_id)
        if live.place is Place.HEARING:
            continue
        check_admission(room, seat, live, arriving)
        arriving.add(seat.id)
        facts.append(f.Admitted(seat.id, who.seat))
    return facts


def named(room: Room, command: m.Admit) -> m.Admit:
    """'All' as the list that it means now: what is confirmed is who comes in, not a word."""
    return replace(command, seats=_all(room)) if command.seats == "all" else command


def _all(room: Room) -> list[str]:
    found = []
    for seat in room.sitting.seats:
        live = room.at(seat.id)
        if room.admission(seat.id) is Admission.CALLED or live.place is not Place.LOBBY:
            continue
        if live.present and _identity_problem(seat, live) is None:
            found.append(seat.id)
    return found


def _admit_all(room: Room, who: Who) -> list[f.Fact]:
    facts: list[f.Fact] = [f.Admitted(seat, who.seat) for seat in _all(room)]
    if not facts:
        raise Refusal(
            "admit.nobody",
            N_(
                "Nobody waits who can come in with 'all'. Check identities first; call witnesses"
                " and experts one by one."
            ),
        )
    return facts


def check_admission(
    room: Room, seat: Seat, live: SeatLive, arriving: set[str], *, unproved: bool = False
) -> None:
    """Raises the Refusal that keeps this seat out, if one does. `unproved`: by leave (R-ID-01)."""
    if live.place is Place.PRIVATE:
        raise in_private(seat)
    if live.place is Place.REMOVED:
        raise Refusal(
            "seat.removed", N_("This person was removed. Let them back in first."), seat=seat.id
        )
    if not live.present or live.place not in WAITING:
        raise not_here(seat)
    problem = None if unproved else _identity_problem(seat, live)
    if problem is not None:
        raise problem
    if seat.role is SeatRole.WITNESS and not live.heard:
        _check_witness_alone(room, seat, arriving)


def _identity_problem(seat: Seat, live: SeatLive) -> Refusal | None:
    if live.identity is Identity.NOT_PROVED:
        return Refusal(
            "identity.not_proved",
            N_(
                "Identity was not proved. Check it again; else only the presiding judge may"
                " admit this person, with a reason."
            ),
            seat=seat.id,
        )
    if live.identity is not Identity.UNKNOWN:
        return None
    if detained(seat):
        return Refusal(
            "identity.not_attested",
            N_("The facility officer has not attested this person's identity yet."),
            seat=seat.id,
        )
    return Refusal(
        "identity.not_checked",
        N_("Compare this person's face and document first, then admit."),
        seat=seat.id,
    )


def _check_witness_alone(room: Room, seat: Seat, arriving: set[str]) -> None:
    """Each witness is heard separately (R-CR-22)."""
    for other in room.sitting.seats:
        live = room.at(other.id)
        inside = live.place is Place.HEARING or other.id in arriving
        if other.id != seat.id and other.role is SeatRole.WITNESS and inside and not live.heard:
            raise Refusal(
                "witness.one_at_a_time",
                N_(
                    "Another witness is in the hearing and has not been heard to the end. Mark that"
                    " witness as heard, or send them back to the witness room."
                ),
                seat=other.id,
            )


def to_lobby(room: Room, who: Who, command: m.ToLobby) -> list[f.Fact]:
    """Back to where each waits. Hosts stay."""
    facts: list[f.Fact] = []
    for seat_id in dict.fromkeys(command.seats):
        seat, live = find_seat(room, seat_id)
        _not_host(room, seat)
        if live.place is Place.PRIVATE:
            raise in_private(seat)
        if live.place is Place.HEARING:
            facts += consulting.leave(room, seat.id)
            facts.append(f.ToLobby(seat.id, room.waiting_place(seat.id), who.seat))
    return _once(facts)


def remove(room: Room, who: Who, command: m.Remove) -> list[f.Fact]:
    """Out, with the reason on the record (R-CR-23: the person must be told what was missed)."""
    seat, live = find_seat(room, command.seat)
    _not_host(room, seat)
    if live.place is Place.PRIVATE:
        raise in_private(seat)
    if live.place is Place.REMOVED:
        return []
    return [*consulting.leave(room, seat.id), f.Removed(seat.id, who.seat, command.reason)]


def readmit(room: Room, who: Who, command: m.Readmit) -> list[f.Fact]:
    """Undo of remove."""
    seat, live = find_seat(room, command.seat)
    return [f.Readmitted(seat.id, who.seat)] if live.place is Place.REMOVED else []


def look(room: Room, who: Who, command: m.Look) -> list[f.Fact]:
    """A host sees the camera of one seat that waits, and is seen and heard by nobody for it."""
    if command.seat == room.at(who.seat).looks_at:
        return []
    if command.seat is None:
        return [f.Looked(None, who.seat)]
    seat, live = find_seat(room, command.seat)
    if live.place not in WAITING or seat.id == who.seat:
        raise Refusal(
            "look.not_waiting",
            N_(
                "Only somebody else who waits can be looked at before admission. Whoever is in the"
                " hearing is seen there."
            ),
            seat=seat.id,
        )
    if not live.present:
        raise not_here(seat)
    return [f.Looked(seat.id, who.seat)]


def heard(room: Room, who: Who, command: m.Heard) -> list[f.Fact]:
    """A witness or expert in the hearing has been heard, and may stay (R-CR-22)."""
    seat, live = find_seat(room, command.seat)
    if room.admission(seat.id) is not Admission.CALLED:
        raise Refusal("heard.not_called", N_("Only witnesses and experts are marked as heard."))
    if live.heard:
        return []
    if not live.admitted:
        raise Refusal("heard.not_admitted", N_("This person has not been in the hearing."))
    return [f.WitnessHeard(seat.id, who.seat)]


def roll_call(room: Room, who: Who, command: m.RollCall) -> list[f.Fact]:
    """Presence for the record: what it says must be so (R-CR-25)."""
    for seat_id, entry in command.entries.items():
        seat, live = find_seat(room, seat_id)
        if entry == "present" and not live.present:
            raise not_here(seat)
        if entry == "represented" and not _counsel_here(room, seat.id):
            raise Refusal(
                "roll.no_counsel",
                N_("No lawyer of this person is connected. Choose present or absent."),
                seat=seat.id,
            )
    return [f.RollCalled(who.seat, dict(command.entries))]


def _counsel_here(room: Room, client: str) -> bool:
    return any(
        seat.role is SeatRole.COUNSEL and client in seat.represents and room.at(seat.id).present
        for seat in room.sitting.seats
    )


def in_private(seat: Seat) -> Refusal:
    """Nobody is taken out of a private room; it can be asked to come back."""
    return Refusal(
        "seat.in_private",
        N_("This person is in a private consultation. Ask the room to come back."),
        seat=seat.id,
    )


def _not_host(room: Room, seat: Seat) -> None:
    if room.is_host(seat.id):
        raise Refusal(
            "seat.is_host", N_("Those who run the sitting cannot be sent out."), seat=seat.id
        )


def _once(facts: list[f.Fact]) -> list[f.Fact]:
    """Two seats of one command may end the same private invitation."""
    found: list[f.Fact] = []
    for fact in facts:
        if fact not in found:
            found.append(fact)
    return found
