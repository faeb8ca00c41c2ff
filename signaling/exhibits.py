"""Exhibits in the live room: who sees which, who shows one, the court's ruling. Pure.

The files are to the right of here (`recordings.exhibits`); a room knows of each exhibit what
`Exhibit` says. An exhibit is shown on record only, one at a time, to everybody in the hearing who
may see it, and its page is the same for all.
"""

from collections.abc import Iterator
from typing import Literal

from errors import N_, NotFound, Refusal
from sessions.phase import Phase
from sessions.seat import Seat, SeatRole
from sessions.sitting import Sitting
from sessions.standing import BENCH
from signaling import facts as f
from signaling import messages as m
from signaling.guards import Who, find_seat
from signaling.ports import Exhibit
from signaling.state import Place, Room

FILERS = frozenset(
    {
        SeatRole.CLERK,
        SeatRole.PROSECUTOR,
        SeatRole.COUNSEL,
        SeatRole.CLAIMANT,
        SeatRole.RESPONDENT,
        SeatRole.ACCUSED,
        SeatRole.VICTIM,
        SeatRole.GUARDIAN,
    }
)
"""Who files exhibits, and knows of those of the others (auth.policy `exhibit.file`)."""

Ruling = Literal["offered", "admitted", "refused"]


def open_to(sitting: Sitting, viewer: str, exhibit: Exhibit) -> bool:
    """Whether this seat may see an exhibit at all: the bench each; nobody one of a protected
    person who is hidden from them; a sealed one those it names and the side that filed it."""
    seat, by = sitting.seat(viewer), sitting.seat(exhibit.by)
    if seat is None:
        return False
    if seat.role in BENCH:
        return True
    if by is not None and viewer in by.screened_from:
        return False
    if exhibit.named is None or viewer == exhibit.by or viewer in exhibit.named:
        return True
    return by is not None and (viewer in by.represents or by.id in seat.represents)


def listed(room: Room, viewer: str) -> Iterator[Exhibit]:
    """The exhibits that this seat knows of: by filing them the sides disclose them to each other.
    Whoever files none (a witness) learns of none before it is shown."""
    knows = room.seat(viewer).role in BENCH | FILERS and room.at(viewer).place is not Place.REMOVED
    return (one for one in room.exhibits if knows and open_to(room.sitting, viewer, one))


def shown_to(room: Room, viewer: str) -> Exhibit | None:
    """The exhibit that this seat is shown now."""
    now = room.live.showing
    if now is None or room.at(viewer).place is not Place.HEARING:
        return None
    found = next((one for one in room.exhibits if one.id == now.exhibit), None)
    return found if found and open_to(room.sitting, viewer, found) else None


def ruling(room: Room, exhibit: str) -> Ruling:
    """What the court said of it."""
    return room.live.rulings.get(exhibit, "offered")


def show(room: Room, who: Who, command: m.ShowExhibit) -> list[f.Fact]:
    """Put an exhibit before everybody, or turn to a page of the one that is shown."""
    found = _find(room, who, command.exhibit)
    if command.page > found.pages:
        raise Refusal("exhibit.page", N_("The exhibit has no such page."))
    now = room.live.showing
    if now and (now.exhibit, now.page) == (found.id, command.page):
        return []
    if now and now.by != who.seat and not room.is_host(who.seat):
        raise Refusal(
            "exhibit.another_shown",
            N_("Somebody else shows an exhibit. Wait until it is taken away, or ask the court."),
        )
    facts: list[f.Fact] = []
    turned = now is not None and now.exhibit == found.id
    if now is not None and not turned:
        facts.append(_taken_away(room, who.seat))
    by = now.by if now and turned else who.seat
    return [*facts, f.ExhibitShown(found, command.page, by, who.seat, turned)]


def hide(room: Room, who: Who) -> list[f.Fact]:
    """Take it away; whoever shows it, or a host."""
    now = room.live.showing
    if now is None:
        return []
    if now.by != who.seat and not room.is_host(who.seat):
        raise Refusal(
            "exhibit.not_yours", N_("Only who shows the exhibit, or the court, takes it away.")
        )
    return [_taken_away(room, who.seat)]


def rule(room: Room, who: Who, command: m.RuleExhibit) -> list[f.Fact]:
    """The court admits an exhibit as evidence, or refuses it; it may come back to that."""
    found = _find(room, who, command.exhibit)
    if ruling(room, found.id) == command.ruling:
        return []
    facts: list[f.Fact] = [f.ExhibitRuled(found, command.ruling, who.seat)]
    now = room.live.showing
    if command.ruling == "refused" and now is not None and now.exhibit == found.id:
        facts.append(_taken_away(room, who.seat))
    return facts


def may_present(room: Room, seat: Seat) -> bool:
    """Whether this seat needs, and may be given, leave to show exhibits; hosts show without."""
    return seat.role in FILERS and not room.is_host(seat.id)


def allow(room: Room, who: Who, command: m.AllowExhibits) -> list[f.Fact]:
    """Leave to show exhibits."""
    seat, live = find_seat(room, command.seat)
    if not may_present(room, seat):
        raise Refusal("exhibit.not_a_party", N_("Only those who file exhibits may show them."))
    if live.presents == command.allowed:
        return []
    return [f.ExhibitsAllowed(seat.id, who.seat, command.allowed)]


def ended(room: Room) -> list[f.Fact]:
    """What is shown is taken away with the record: nothing is shown that is not recorded."""
    if room.live.showing is None or room.live.phase is Phase.ON_RECORD:
        return []
    return [_taken_away(room, "")]


def _taken_away(room: Room, by: str) -> f.ExhibitHidden:
    now = room.live.showing
    if now is None:
        raise ValueError("nothing is shown")
    named = next((one.named for one in room.exhibits if one.id == now.exhibit), None)
    return f.ExhibitHidden(now.exhibit, by, named)


def _find(room: Room, who: Who, exhibit: str) -> Exhibit:
    for one in room.exhibits:
        if one.id == exhibit and open_to(room.sitting, who.seat, one):
            return one
    raise unknown()


def unknown() -> NotFound:
    """No such exhibit, or none for this person; the answer is the same."""
    return NotFound("exhibit.unknown", N_("There is no such exhibit here. Look at the list."))
