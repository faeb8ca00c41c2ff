"""What a fact is worth saying aloud, and to whom (docs/protocol.md, `event`)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sessions.phase import FINAL
from signaling import facts as f
from signaling.state import Place, Room


@dataclass(frozen=True, slots=True)
class Notice:
    """One `event` message for some seats."""

    to: frozenset[str]
    name: str
    params: dict[str, Any] = field(default_factory=dict)


def notices(room: Room, facts: Iterable[f.Fact]) -> list[Notice]:
    """The notices of one command, in order. `room` is the state after it."""
    found: list[Notice] = []
    for fact in facts:
        make = _NOTICES.get(type(fact))
        if make is not None:
            found += make(room, fact)
    return found


def _inside(room: Room) -> frozenset[str]:
    places = (Place.HEARING, Place.PRIVATE)
    return frozenset(seat for seat, live in room.live.seats.items() if live.place in places)


def _to(seat: str, name: str, **params: Any) -> list[Notice]:
    return [Notice(frozenset({seat}), name, params)]


def _hosts(room: Room, name: str, **params: Any) -> list[Notice]:
    return [Notice(room.hosts(), name, params)]


def _phase(room: Room, fact: f.PhaseChanged) -> list[Notice]:
    if fact.phase not in FINAL:
        return []
    everybody = frozenset(room.live.seats)
    return [Notice(everybody, "closed", {"phase": fact.phase.value})]


def _stopped(room: Room, fact: f.RecordStopped) -> list[Notice]:
    if fact.how == "off":
        return [Notice(_inside(room), "off_record")]
    others = Notice(_inside(room) - room.hosts(), "off_record")
    return [others, *_hosts(room, "record_alarm", code=fact.code)]


def _warned(room: Room, fact: f.RecordAlarmed) -> list[Notice]:
    """Of one that suspends, `record_alarm` tells."""
    return [] if fact.suspends else _hosts(room, "record_warning", code=fact.code)


def _joined(room: Room, fact: f.SeatJoined) -> list[Notice]:
    back = fact.place in (Place.HEARING, Place.PRIVATE) and not room.is_host(fact.seat)
    return _to(fact.seat, "taken_back", place=fact.place.value) if back else []


def _missed(room: Room, fact: f.MissedUntil) -> list[Notice]:
    seconds = round((fact.until - fact.since).total_seconds())
    everybody = room.hosts() | {fact.seat}
    return [Notice(everybody, "missed", {"seat": fact.seat, "seconds": seconds, "why": fact.why})]


def _hand(room: Room, fact: f.HandSet) -> list[Notice]:
    return _hosts(room, "hand_raised", seat=fact.seat) if fact.at else []


def _silent(room: Room, fact: f.MediaSilent) -> list[Notice]:
    if not fact.silent:
        return []
    to = room.hosts() | {fact.seat}
    return [Notice(to, "media_silent", {"seat": fact.seat, "source": fact.source})]


def _cut(room: Room, fact: f.LineCut) -> list[Notice]:
    """To the seat too: its page may still have the socket."""
    if not fact.cut:
        return []
    return [Notice(room.hosts() | {fact.seat}, "line_cut", {"seat": fact.seat})]


def _floor(room: Room, fact: f.FloorGiven) -> list[Notice]:
    return [Notice(_inside(room), "floor_given", {"seat": fact.seat})] if fact.seat else []


def _opened(room: Room, fact: f.PrivateOpened) -> list[Notice]:
    return [Notice(frozenset(fact.before), "private_opened", {"room": fact.room})]


def _ended(room: Room, fact: f.PrivateEnded) -> list[Notice]:
    to = frozenset(fact.places) if fact.opened_at else frozenset(fact.seats)
    return [Notice(to, "private_ended", {"room": fact.room, "how": fact.how})]


def _invited(room: Room, fact: f.PrivateInvited) -> list[Notice]:
    to = frozenset(fact.seats) - {fact.by}
    return [Notice(to, "private_invited", {"room": fact.room, "by": fact.by})]


def _recalled(room: Room, fact: f.PrivateRecalled) -> list[Notice]:
    to = frozenset(room.live.private[fact.room].seats)
    return [Notice(to, "private_recalled", {"room": fact.room})]


_NOTICES: dict[type, Callable[[Room, Any], list[Notice]]] = {
    f.PhaseChanged: _phase,
    f.ExhibitsAllowed: lambda _, x: _to(x.seat, "exhibits_allowed") if x.allowed else [],
    f.RecordProven: lambda room, x: [Notice(_inside(room), "on_record")],
    f.RecordStopped: _stopped,
    f.RecordAlarmed: _warned,
    f.SeatJoined: _joined,
    f.Admitted: lambda room, x: _to(x.seat, "admitted"),
    f.ToLobby: lambda room, x: _to(x.seat, "returned_to_lobby"),
    f.Removed: lambda room, x: _to(x.seat, "removed", reason=x.reason),
    f.HandSet: _hand,
    f.CannotHearSet: lambda room, x: _hosts(room, "cannot_hear", seat=x.seat, on=x.on),
    f.MediaSilent: _silent,
    f.LineCut: _cut,
    f.MediaInterrupted: lambda room, x: [Notice(_inside(room), "media_interrupted")],
    f.FloorGiven: _floor,
    f.Muted: lambda room, x: _to(x.seat, "muted", locked=x.lock),
    f.Unlocked: lambda room, x: _to(x.seat, "unlocked"),
    f.PrivateInvited: _invited,
    f.PrivateOpened: _opened,
    f.PrivateLeft: lambda room, x: _to(x.seat, "private_ended", room=x.room, how="returned"),
    f.PrivateEnded: _ended,
    f.PrivateRecalled: _recalled,
    f.MissedUntil: _missed,
}
