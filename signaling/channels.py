"""Interpreters' channels: decisions (R-CR-18; court.md H; docs/protocol.md, Interpretation).

Everybody hears the floor. An interpreter speaks to the floor (consecutive) or into the channel of
one language (simultaneous), and whoever chose that language hears it above the floor. Channels are
of the hearing: in a private room an interpreter speaks to the room, as anybody. Sign language is a
channel without sound: its interpreter's picture is what its viewers asked for.
"""

from errors import N_, Refusal
from sessions.kind import Recording
from sessions.seat import SIGN, SeatRole
from signaling import facts as f
from signaling import messages as m
from signaling.engine import HearingSpace, Space
from signaling.guards import Who
from signaling.state import Place, Room

_INSIDE = (Place.HEARING, Place.PRIVATE)


def languages_of(room: Room, seat_id: str) -> tuple[str, ...]:
    """Into which languages a seat may interpret; none for whoever is no interpreter.

    An interpreter who was booked without languages has those of the sitting: nobody has to think
    of channels before the sitting begins.
    """
    seat = room.seat(seat_id)
    if seat.role is not SeatRole.INTERPRETER or room.kind.recording is Recording.FORBIDDEN:
        return ()
    return seat.languages or room.sitting.languages


def offered(room: Room) -> tuple[str, ...]:
    """The channels that somebody could interpret into: the court's own languages first, sign
    language last."""
    found = {language for seat in room.sitting.seats for language in languages_of(room, seat.id)}
    ordered = [language for language in room.sitting.languages if language in found]
    rest = sorted(found.difference(ordered, {SIGN}))
    return (*ordered, *rest, *({SIGN} & found))


def interpret(room: Room, who: Who, command: m.Interpret) -> list[f.Fact]:
    """Where the interpreter's microphone goes. Raises Refusal `channel.*`."""
    channel = command.channel or ""
    seat = room.at(who.seat)
    if channel and seat.place is not Place.HEARING:
        raise Refusal(
            "channel.not_here",
            N_("Channels are of the hearing. Wait until you are in it."),
        )
    if channel and channel not in languages_of(room, who.seat):
        raise Refusal(
            "channel.not_yours",
            N_("You are not booked to interpret into this language. Ask the clerk."),
        )
    if channel == seat.speaks:
        return []
    facts: list[f.Fact] = [f.Interpreting(who.seat, channel)]
    if channel and channel == seat.listens:
        facts.insert(0, f.Listening(who.seat, ""))  # never one's own voice
    if channel == SIGN and seat.microphone:
        facts.append(f.SourcesSet(who.seat, False, seat.camera, seat.screen))
    return facts


def listen(room: Room, who: Who, command: m.Listen) -> list[f.Fact]:
    """What a seat hears besides the floor. It may be chosen before admission."""
    channel = command.channel or ""
    seat = room.at(who.seat)
    if channel and channel not in offered(room):
        raise Refusal(
            "channel.unknown",
            N_("Nobody interprets into this language in this sitting. Ask the clerk."),
        )
    if channel and channel == seat.speaks:
        raise Refusal(
            "channel.own",
            N_("You speak into this channel. Choose the floor, or another channel to hear."),
        )
    return [] if channel == seat.listens else [f.Listening(who.seat, channel)]


def ended(room: Room) -> list[f.Fact]:
    """Interpreters who are no longer in the sitting speak into no channel: it is written down,
    and nobody who comes back speaks unawares into one."""
    return [
        f.Interpreting(seat_id, "")
        for seat_id, seat in room.live.seats.items()
        if seat.speaks and seat.place not in _INSIDE
    ]


def tuned(room: Room, seat_id: str, space: Space | None) -> tuple[str, str]:
    """Channel spoken into and channel heard, as the media engine is to know them.

    Only the hearing has channels, and sign language has no sound.
    """
    if not isinstance(space, HearingSpace):
        return "", ""
    seat = room.at(seat_id)
    return _sound(seat.speaks), _sound(seat.listens)


def _sound(channel: str) -> str:
    return "" if channel == SIGN else channel


def signs(room: Room, seat_id: str) -> bool:
    """Whether this seat interprets into sign language now: by its picture alone."""
    seat = room.at(seat_id)
    return seat.speaks == SIGN and seat.place is Place.HEARING
