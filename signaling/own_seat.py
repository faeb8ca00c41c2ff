"""Decisions on commands of one's own seat."""

from datetime import datetime

from errors import N_, Refusal
from signaling import channels, consulting
from signaling import facts as f
from signaling import messages as m
from signaling.guards import Who
from signaling.routing import leave_to_send
from signaling.state import Attestation, KitResult, Place, Room, detained


def sources(room: Room, who: Who, command: m.Sources) -> list[f.Fact]:
    """What the page sends. Refused where a lock or missing leave forbids a source."""
    now = room.at(who.seat)
    leave = leave_to_send(room, who.seat)
    if command.microphone and channels.signs(room, who.seat):
        raise Refusal(
            "channel.sign",
            N_("You interpret into sign language: only your picture goes out. Choose the floor or"
               " a spoken language to speak."),
        )  # fmt: skip
    if command.microphone and "microphone" not in leave:
        raise Refusal(
            "seat.locked",
            N_("A host has locked your microphone. Raise your hand to ask for the floor."),
        )
    if command.screen and "screen" not in leave:
        raise Refusal(
            "screen.not_allowed", N_("Ask a host for leave to share your screen, then try again.")
        )
    if (now.microphone, now.camera, now.screen) == (
        command.microphone,
        command.camera,
        command.screen,
    ):
        return []
    return [f.SourcesSet(who.seat, command.microphone, command.camera, command.screen)]


def hand(room: Room, who: Who, command: m.Hand, at: datetime) -> list[f.Fact]:
    """A hand that is up keeps its time, so that the order stays."""
    if command.raised == (room.at(who.seat).hand is not None):
        return []
    return [f.HandSet(who.seat, at if command.raised else None)]


def cannot_hear(room: Room, who: Who, command: m.CannotHear) -> list[f.Fact]:
    """'I cannot hear' (law.md 5.3)."""
    if command.on == room.at(who.seat).cannot_hear:
        return []
    return [f.CannotHearSet(who.seat, command.on)]


def kit(room: Room, who: Who, command: m.Kit, at: datetime) -> list[f.Fact]:
    """The kit check's result, for the clerk."""
    result = KitResult(
        at,
        command.camera,
        command.microphone,
        command.speaker,
        command.round_trip_ms,
        command.loss,
        command.result,
    )
    return [f.KitChecked(who.seat, result)]


def leave(room: Room, who: Who) -> list[f.Fact]:
    """Leave: any private room ends for this seat first."""
    if room.at(who.seat).place in (Place.OUTSIDE, Place.REMOVED):
        return []
    return [*consulting.leave(room, who.seat), f.SeatLeft(who.seat, "left")]


def acknowledge(room: Room, who: Who) -> list[f.Fact]:
    """What was missed has been read."""
    return [f.MissedAcknowledged(who.seat)] if room.at(who.seat).missed else []


def attest(room: Room, who: Who, command: m.Attest, at: datetime) -> list[f.Fact]:
    """The officer attests the detention room (R-CR-23)."""
    if not detained(room.seat(who.seat)):
        raise Refusal("attest.no_room", N_("This seat is not in a detention room."))
    found = Attestation(
        at,
        who.person.id,
        command.identity,
        command.restraints_off,
        command.others,
        who.person.station.device,
    )
    return [f.Attested(who.seat, found)]
