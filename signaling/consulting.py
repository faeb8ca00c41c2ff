"""Private consultation: decisions (R-CR-09; docs/protocol.md, Private consultation).

A private room has one client, counsel and guardian of that client, and interpreters they invite.
Nobody else is ever in it, whoever asks. It opens when all have accepted and the officer of every
detained seat is out of earshot, and it ends when counsel or client is no longer in it.
"""

from collections.abc import Iterable

from errors import N_, Forbidden, NotFound, Refusal
from sessions.kind import Recording
from sessions.seat import Seat, SeatRole
from signaling import facts as f
from signaling import messages as m
from signaling.guards import Who, find_seat, not_here
from signaling.state import MAIN, Place, PrivateRoom, Room, clients_of, detained

_FROM = (Place.LOBBY, Place.HEARING)
WITH_A_CLIENT = frozenset({SeatRole.COUNSEL, SeatRole.GUARDIAN, SeatRole.INTERPRETER})
"""Who may be in a private room without being its client."""


def invite(room: Room, who: Who, command: m.PrivateInvite) -> list[f.Fact]:
    """Raises Refusal `private.*` or `seat.*` unless the allow-list has all of them."""
    ids = tuple(dict.fromkeys((who.seat, *command.seats)))
    found = [find_seat(room, seat_id) for seat_id in ids]
    seats = [seat for seat, _ in found]
    if room.kind.heard_alone:
        check_heard_alone(room, room.seat(who.seat), seats)
    else:
        check_list(room.seat(who.seat), seats)
    for seat, live in found:
        if room.private_of(seat.id) is not None:
            raise Refusal(
                "private.busy",
                N_("One of you is in a private room already, or invited to one."),
                seat=seat.id,
            )
        if not live.present:
            raise not_here(seat)
        if live.place not in _FROM:
            raise Refusal(
                "private.not_possible",
                N_("One of you can not come to a private room now."),
                seat=seat.id,
            )
    return [f.PrivateInvited(f"p{room.live.version}", who.seat, ids)]


def check_list(inviter: Seat, seats: Iterable[Seat]) -> None:
    """One client, that client's counsel and guardian, and interpreters who are not another's;
    counsel or client invites."""
    seats = list(seats)
    counsel = [seat for seat in seats if seat.role is SeatRole.COUNSEL]
    clients = [seat for seat in seats if seat.role not in WITH_A_CLIENT]
    fits = (
        inviter in (*counsel, *clients)
        and len(clients) == 1
        and len(counsel) >= 1
        and all(_belongs(seat, clients[0].id) for seat in seats if seat is not clients[0])
    )
    if not fits:
        raise Forbidden(
            "private.not_on_list",
            N_("A private room is for a lawyer, the client of that lawyer, and an interpreter."),
        )


def check_heard_alone(room: Room, inviter: Seat, seats: Iterable[Seat]) -> None:
    """A host, the one who is heard, and an interpreter at most: nobody who could press that one
    (law.md 2.2 (7): the bride without guardian and groom)."""
    others = [seat for seat in seats if seat.id != inviter.id]
    heard = [seat for seat in others if seat.role in room.kind.heard_alone]
    helpers = [seat for seat in others if seat.role is SeatRole.INTERPRETER]
    fits = (
        inviter.role in room.kind.hosts
        and len(heard) == 1
        and len(heard) + len(helpers) == len(others)
        and all(_belongs(seat, heard[0].id) for seat in helpers)
    )
    if not fits:
        raise Forbidden(
            "private.one_alone",
            N_("Hear one person alone: choose groom or bride, and an interpreter where needed."),
        )


def _belongs(seat: Seat, client: str) -> bool:
    match seat.role:
        case SeatRole.COUNSEL:
            return client in clients_of(seat)
        case SeatRole.GUARDIAN:
            return client in seat.guardian_of
        case _:
            return not seat.interpreter_for or client in seat.interpreter_for


def answer(room: Room, who: Who, command: m.PrivateAnswer) -> list[f.Fact]:
    """Accept or decline; the last one to accept may open the room."""
    private = _listed(room, who.seat, command.room)
    if private.opened_at is not None or (command.accept and who.seat in private.accepted):
        return []
    if not command.accept:
        return [f.PrivateEnded(private.id, "declined", {}, None, private.seats)]
    accepted = private.accepted | {who.seat}
    return [
        f.PrivateAccepted(private.id, who.seat),
        *_open(room, private, accepted, private.officers_out),
    ]


def officer_out(room: Room, who: Who, command: m.OfficerOut) -> list[f.Fact]:
    """The officer of a detained seat is out of earshot; never undone by somebody else."""
    if not detained(room.seat(who.seat)):
        raise _unknown()
    if command.room == MAIN and room.kind.recording is Recording.FORBIDDEN:
        if room.at(who.seat).place is not Place.HEARING:
            raise _unknown()
        return [] if room.at(who.seat).officer_out else [f.OfficerOut(MAIN, who.seat)]
    private = _listed(room, who.seat, command.room)
    if private.opened_at is not None or who.seat in private.officers_out:
        return []
    out = private.officers_out | {who.seat}
    return [
        f.OfficerOut(private.id, who.seat),
        *_open(room, private, private.accepted, out),
    ]


def go_back(room: Room, who: Who) -> list[f.Fact]:
    """Return from the room, or withdraw from an invitation."""
    if room.private_of(who.seat) is None:
        raise Refusal("private.not_in", N_("You are not in a private room."))
    return leave(room, who.seat)


def recall(room: Room, who: Who, command: m.PrivateRecall) -> list[f.Fact]:
    """A host asks an open room to come back."""
    private = room.live.private.get(command.room)
    if private is None or private.opened_at is None:
        raise _unknown()
    return [f.PrivateRecalled(private.id, who.seat)]


def leave(room: Room, seat_id: str) -> list[f.Fact]:
    """What it means for its private room that a seat goes; nothing where it is in none."""
    private = room.private_of(seat_id)
    if private is None:
        return []
    if private.opened_at is None:
        return [f.PrivateEnded(private.id, "withdrawn", {}, None, private.seats)]
    inside = [seat for seat in private.seats if room.at(seat).place is Place.PRIVATE]
    if seat_id not in inside:
        return []
    stay = [seat for seat in inside if seat != seat_id]
    if _viable(room, stay):
        return [f.PrivateLeft(private.id, seat_id, private.before[seat_id])]
    return [_ended(room, private, "returned")]


def end_all(room: Room) -> list[f.Fact]:
    """The sitting is over: every room ends."""
    return [_ended(room, private, "sitting_over") for private in room.live.private.values()]


def _open(
    room: Room, private: PrivateRoom, accepted: frozenset[str], out: frozenset[str]
) -> list[f.Fact]:
    inside = [seat for seat in private.seats if detained(room.seat(seat))]
    if accepted != frozenset(private.seats) or not out.issuperset(inside):
        return []
    before = {seat: room.at(seat).place for seat in private.seats}
    return [f.PrivateOpened(private.id, before)]


def _viable(room: Room, seats: Iterable[str]) -> bool:
    """Counsel and client are both still in it: a detained client is not left with others."""
    roles = [room.seat(seat).role for seat in seats]
    if room.kind.heard_alone:
        return bool(room.kind.hosts & {*roles}) and bool(room.kind.heard_alone & {*roles})
    return SeatRole.COUNSEL in roles and any(role not in WITH_A_CLIENT for role in roles)


def _ended(room: Room, private: PrivateRoom, how: str) -> f.PrivateEnded:
    places = {
        seat: private.before[seat]
        for seat in private.seats
        if room.at(seat).place is Place.PRIVATE and seat in private.before
    }
    return f.PrivateEnded(
        private.id,
        "sitting_over" if how == "sitting_over" else "returned",
        places,
        private.opened_at,
        private.seats,
    )


def _listed(room: Room, seat_id: str, private_id: str) -> PrivateRoom:
    private = room.live.private.get(private_id)
    if private is None or seat_id not in private.seats:
        raise _unknown()  # the same answer whether it exists or not
    return private


def _unknown() -> NotFound:
    return NotFound("private.unknown", N_("There is no such private room for you."))
