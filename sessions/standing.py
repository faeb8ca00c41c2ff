"""What a person is in a sitting, in the plain codes that the policy asks for."""

from audit.leaf import JSON
from auth.delegation import delegators
from auth.person import Person
from auth.policy import Context
from sessions.kind import Admission, Recording
from sessions.kinds import KINDS
from sessions.seat import Seat, SeatRole
from sessions.sitting import Sitting

BENCH = frozenset(
    {SeatRole.PRESIDING_JUDGE, SeatRole.PANEL_JUDGE, SeatRole.CLERK}
    | {SeatRole.NOTARY, SeatRole.OFFICIANT}
)


def own_seat(person: Person, sitting: Sitting) -> Seat | None:
    """The seat booked for the account, or the one of the guest's invitation; else the seat of a
    judge, clerk or notary for whom the person acts."""
    if person.guest:
        same = person.sitting == sitting.id and person.seat is not None
        return sitting.seat(person.seat) if same and person.seat else None
    seats = (sitting.seat_of(id) for id in (person.id, *stands_for(person, sitting)))
    return next((seat for seat in seats if seat is not None), None)


def stands_for(person: Person, sitting: Sitting) -> tuple[str, ...]:
    """Accounts of those for whom the person acts in this sitting."""
    return delegators(person.deputy_for, sitting.id, sitting.kind)


def acts_for(person: Person, seat: Seat | None) -> str:
    """The account in whose place the person is on this seat; empty on one's own."""
    held = {one.delegator for one in person.deputy_for}
    return seat.person or "" if seat and seat.person != person.id and seat.person in held else ""


def by(person: Person, sitting: Sitting) -> dict[str, JSON]:
    """Who did something to a sitting, for an audit leaf: `by`, and for a deputy `acts_for`."""
    seat = own_seat(person, sitting)
    office = acts_for(person, seat)
    if not office and sitting.booked_by in stands_for(person, sitting):
        office = sitting.booked_by
    return {"by": person.id, **({"acts_for": office} if office else {})}


def ties(sitting: Sitting, seat: Seat) -> frozenset[str]:
    """What a seat is to the others, in the policy's codes (`auth.policy.TIES`)."""
    others = [one for one in sitting.seats if one.id != seat.id]
    kind = KINDS[sitting.kind]
    found = {
        "hears_alone": bool(kind.heard_alone) and seat.role in kind.hosts,
        "counsel_of": bool(seat.represents),
        "has_counsel": any(seat.id in one.represents for one in others),
        "guardian_of": bool(seat.guardian_of),
        "interpreter_for": seat.role is SeatRole.INTERPRETER,
        "screened_from": any(seat.id in one.screened_from for one in others),
    }
    return frozenset(code for code, holds in found.items() if holds)


def rooms_of(sitting: Sitting) -> frozenset[str]:
    """The detention rooms that take part."""
    return frozenset(seat.room for seat in sitting.seats if seat.room)


def operated_seats(sitting: Sitting, rooms: frozenset[str]) -> tuple[Seat, ...]:
    """The seats that come from one of these detention rooms."""
    return tuple(seat for seat in sitting.seats if seat.room in rooms)


def visible_seats(person: Person, sitting: Sitting, rooms: frozenset[str]) -> tuple[Seat, ...]:
    """Who is named to this person before the sitting.

    Those who are called (witnesses, experts), guests and facility officers learn of the bench and
    of their own place, with its counsel and guardian; all others of everybody but those who are
    screened from them.
    """
    own = own_seat(person, sitting)
    rule = KINDS[sitting.kind].rule(own.role) if own else None
    called = rule is not None and rule.admission is Admission.CALLED
    booked = own is None and sitting.booked_by in (person.id, *stands_for(person, sitting))
    mine = {seat.id for seat in operated_seats(sitting, rooms)} | ({own.id} if own else set())
    if booked or (own is not None and not person.guest and not called):
        return tuple(seat for seat in sitting.seats if not seat.screened_from & mine)
    return tuple(
        seat
        for seat in sitting.seats
        if seat.id in mine or (seat.represents | seat.guardian_of) & mine or seat.role in BENCH
    )


def context(
    person: Person, sitting: Sitting, rooms: frozenset[str] = frozenset(), seat: Seat | None = None
) -> Context:
    """Where `person` stands in `sitting`, on `seat` (the own one when none is given).

    `rooms` are the detention rooms that the person operates.
    """
    own = own_seat(person, sitting)
    at = seat or own
    if at is None:
        mine = operated_seats(sitting, rooms)
        at = min(mine, key=lambda one: one.room != person.station.room, default=None)
    kind = KINDS[sitting.kind]
    deputy = bool(acts_for(person, at)) if at == own else False
    return Context(
        kind=kind.code,
        phase=sitting.phase.value,
        seat_role=at.role.value if at else "",
        is_own_seat=at is not None and at == own and not deputy,
        is_deputy=deputy,
        operates_room=at is not None and at.room in rooms,
        is_host=own is not None and own.role in kind.hosts,
        is_booker=sitting.booked_by in (person.id, *stands_for(person, sitting)),
        ties=ties(sitting, at) if at else frozenset(),
        recordable=kind.recording is not Recording.FORBIDDEN,
        private_consultation=kind.private_consultation,
        needs_order=kind.viewing_needs_order,
        lacks_device=at is not None and person.station.lacks(at.room),
        other_room=person.station.elsewhere(rooms_of(sitting)),
    )
