"""Make facts true: the only place where a live state is replaced by the next one."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from sessions.phase import FINAL, Phase, Step
from sessions.seat import Identity
from signaling import facts as f
from signaling.routing import looks_at
from signaling.state import (
    ALARMS_KEPT,
    MAIN,
    NOTES_SHOWN,
    AgendaState,
    DelayNotice,
    Live,
    LogNote,
    Missed,
    Outcome,
    Place,
    PrivateRoom,
    RaisedAlarm,
    Reading,
    Room,
    SeatLive,
    Showing,
)


def apply_all(room: Room, facts: Iterable[f.Fact], at: datetime) -> Room:
    """The room after all facts of one command, as the next version. No facts: the same room."""
    facts = list(facts)
    if not facts:
        return room
    for fact in facts:
        room = apply(room, fact, at)
    return room.with_live(replace(room.live, version=room.live.version + 1))


def apply(room: Room, fact: f.Fact, at: datetime) -> Room:
    """The room after one fact. Total: a fact that was decided can always be applied."""
    return _end_looks(room.with_live(_APPLY[type(fact)](room.live, fact, at)))


def _end_looks(room: Room) -> Room:
    """A look ends with the waiting; who waits again later is not seen again by itself."""
    for seat_id, seat in room.live.seats.items():
        if seat.looks_at is not None and looks_at(room, seat_id) is None:
            room = room.with_live(_seat(room.live, seat_id, looks_at=None))
    return room


def _seat(live: Live, seat: str, **changes: Any) -> Live:
    changed: SeatLive = replace(live.seats[seat], **changes)
    return replace(live, seats={**live.seats, seat: changed})


def _private(live: Live, room: str, **changes: Any) -> Live:
    changed: PrivateRoom = replace(live.private[room], **changes)
    return replace(live, private={**live.private, room: changed})


def _phase(live: Live, fact: f.PhaseChanged, at: datetime) -> Live:
    live = replace(
        live,
        phase=fact.phase,
        phase_since=at,
        recess_until=fact.until if fact.phase is Phase.RECESS else None,
        delay=None if fact.phase is not Phase.LOBBY else live.delay,
        resume_record=live.resume_record and fact.step is Step.SUSPEND,
    )
    if fact.phase in FINAL:
        live = replace(live, outcome=Outcome(fact.reason, fact.to), floor=None)
    return live


def _starting(live: Live, fact: f.RecordStarting, at: datetime) -> Live:
    return replace(live, record="starting", record_since=at)


def _not_started(live: Live, fact: f.RecordNotStarted, at: datetime) -> Live:
    if live.resume_record:
        return replace(live, record="interrupted", record_since=at)
    state = "suspended" if live.phase is Phase.TECH_SUSPENDED else "off"
    return replace(live, record=state, record_since=at)


def _proven(live: Live, fact: f.RecordProven, at: datetime) -> Live:
    return replace(live, record="recording", record_since=at, epoch=live.epoch or fact.epoch)


def _stopped(live: Live, fact: f.RecordStopped, at: datetime) -> Live:
    return replace(live, record=fact.how, record_since=at, resume_record=fact.how == "interrupted")


def _joined(live: Live, fact: f.SeatJoined, at: datetime) -> Live:
    before = live.seats[fact.seat]
    live = _seat(
        live,
        fact.seat,
        place=fact.place,
        present=True,
        client=fact.client,
        deputy=fact.deputy,
        admitted=before.admitted or fact.place is Place.HEARING,
    )
    if fact.client != before.client:
        live = _seat(
            live,
            fact.seat,
            microphone=False,
            camera=False,
            screen=False,
            officer_out=False,
            looks_at=None,
            alone="",
        )
    return live


def _left(live: Live, fact: f.SeatLeft, at: datetime) -> Live:
    live = _seat(live, fact.seat, present=False, hand=None, officer_out=False, cut=False)
    if fact.how == "left":
        live = _off(_seat(live, fact.seat, place=Place.OUTSIDE))
        live = _seat(live, fact.seat, microphone=False, camera=False, screen=False)
    return live


def _off(live: Live) -> Live:
    """The floor cannot be with somebody who is not in the hearing."""
    if live.floor is None:
        return live
    place = live.seats[live.floor].place
    return live if place in (Place.HEARING, Place.PRIVATE) else replace(live, floor=None)


def _admitted(live: Live, fact: f.Admitted, at: datetime) -> Live:
    return _seat(live, fact.seat, place=Place.HEARING, admitted=True)


def _to_lobby(live: Live, fact: f.ToLobby, at: datetime) -> Live:
    return _off(_seat(live, fact.seat, place=fact.place, hand=None, officer_out=False))


def _removed(live: Live, fact: f.Removed, at: datetime) -> Live:
    return _off(
        _seat(
            live,
            fact.seat,
            place=Place.REMOVED,
            present=False,
            hand=None,
            officer_out=False,
            microphone=False,
            camera=False,
            screen=False,
        )
    )


def _readmitted(live: Live, fact: f.Readmitted, at: datetime) -> Live:
    return _seat(live, fact.seat, place=Place.OUTSIDE)


def _identity(live: Live, fact: f.IdentityChecked, at: datetime) -> Live:
    return _seat(live, fact.seat, identity=fact.result, document=fact.document, unproved=False)


def _unproved(live: Live, fact: f.UnprovedAdmitted, at: datetime) -> Live:
    return _seat(live, fact.seat, unproved=True)


def _room_shown(live: Live, fact: f.RoomShown, at: datetime) -> Live:
    return _seat(live, fact.seat, alone=fact.step)


def _oath(live: Live, fact: f.OathDone, at: datetime) -> Live:
    return _seat(live, fact.seat, oath=fact.result)


def _looked(live: Live, fact: f.Looked, at: datetime) -> Live:
    return _seat(live, fact.by, looks_at=fact.seat)


def _attested(live: Live, fact: f.Attested, at: datetime) -> Live:
    known = Identity.VERIFIED if fact.attestation.identity else Identity.NOT_PROVED
    return _seat(live, fact.seat, attestation=fact.attestation, identity=known, unproved=False)


def _heard(live: Live, fact: f.WitnessHeard, at: datetime) -> Live:
    return _seat(live, fact.seat, heard=True)


def _unchanged(live: Live, fact: f.Fact, at: datetime) -> Live:
    return live


def _silent(live: Live, fact: f.MediaSilent, at: datetime) -> Live:
    before = live.seats[fact.seat].silent
    now = before | {fact.source} if fact.silent else before - {fact.source}
    return _seat(live, fact.seat, silent=now)


def _cut(live: Live, fact: f.LineCut, at: datetime) -> Live:
    return _seat(live, fact.seat, cut=fact.cut)


def _roll(live: Live, fact: f.RollCalled, at: datetime) -> Live:
    for seat, entry in fact.entries.items():
        live = _seat(live, seat, roll=entry)
    return live


def _delay(live: Live, fact: f.DelaySet, at: datetime) -> Live:
    delay = None if fact.until is None else DelayNotice(fact.minutes, fact.until)
    return replace(live, delay=delay)


def _floor(live: Live, fact: f.FloorGiven, at: datetime) -> Live:
    live = replace(live, floor=fact.seat)
    return live if fact.seat is None else _seat(live, fact.seat, hand=None)


def _muted(live: Live, fact: f.Muted, at: datetime) -> Live:
    locked = live.seats[fact.seat].locked or fact.lock
    return _seat(live, fact.seat, microphone=False, locked=locked)


def _unlocked(live: Live, fact: f.Unlocked, at: datetime) -> Live:
    return _seat(live, fact.seat, locked=False)


def _screen(live: Live, fact: f.ScreenAllowed, at: datetime) -> Live:
    live = _seat(live, fact.seat, screen_allowed=fact.allowed)
    return live if fact.allowed else _seat(live, fact.seat, screen=False)


def _sources(live: Live, fact: f.SourcesSet, at: datetime) -> Live:
    sent = {"microphone": fact.microphone, "camera": fact.camera, "screen": fact.screen}
    silent = frozenset(source for source in live.seats[fact.seat].silent if sent[source])
    return _seat(live, fact.seat, **sent, silent=silent)


def _hand(live: Live, fact: f.HandSet, at: datetime) -> Live:
    return _seat(live, fact.seat, hand=fact.at)


def _cannot_hear(live: Live, fact: f.CannotHearSet, at: datetime) -> Live:
    return _seat(live, fact.seat, cannot_hear=fact.on)


def _interpreting(live: Live, fact: f.Interpreting, at: datetime) -> Live:
    return _seat(live, fact.seat, speaks=fact.channel)


def _listening(live: Live, fact: f.Listening, at: datetime) -> Live:
    return _seat(live, fact.seat, listens=fact.channel)


def _kit(live: Live, fact: f.KitChecked, at: datetime) -> Live:
    return _seat(live, fact.seat, kit=fact.kit)


def _publicity(live: Live, fact: f.PublicitySet, at: datetime) -> Live:
    return replace(live, public=fact.public)


def _agenda(live: Live, fact: f.AgendaSet, at: datetime) -> Live:
    return replace(live, agenda={**live.agenda, fact.step: AgendaState(fact.state, at)})


def _noted(live: Live, fact: f.Noted, at: datetime) -> Live:
    notes = (*live.notes, LogNote(at, fact.by, fact.text))
    return replace(live, notes=notes[-NOTES_SHOWN:])


def _turned(live: Live, fact: f.Turned, at: datetime) -> Live:
    return replace(live, reading=Reading(fact.document, fact.page, fact.pages))


def _exhibit_shown(live: Live, fact: f.ExhibitShown, at: datetime) -> Live:
    return replace(live, showing=Showing(fact.exhibit.id, fact.page, fact.by))


def _exhibit_hidden(live: Live, fact: f.ExhibitHidden, at: datetime) -> Live:
    return replace(live, showing=None)


def _exhibit_ruled(live: Live, fact: f.ExhibitRuled, at: datetime) -> Live:
    return replace(live, rulings={**live.rulings, fact.exhibit.id: fact.ruling})


def _exhibits_allowed(live: Live, fact: f.ExhibitsAllowed, at: datetime) -> Live:
    return _seat(live, fact.seat, presents=fact.allowed)


def _invited(live: Live, fact: f.PrivateInvited, at: datetime) -> Live:
    room = PrivateRoom(fact.room, fact.by, fact.seats, at, frozenset({fact.by}))
    return replace(live, private={**live.private, fact.room: room})


def _accepted(live: Live, fact: f.PrivateAccepted, at: datetime) -> Live:
    accepted = live.private[fact.room].accepted | {fact.seat}
    return _private(live, fact.room, accepted=accepted)


def _recalled(live: Live, fact: f.PrivateRecalled, at: datetime) -> Live:
    return live


def _officer_out(live: Live, fact: f.OfficerOut, at: datetime) -> Live:
    if fact.room == MAIN:
        return _seat(live, fact.seat, officer_out=True)
    out = live.private[fact.room].officers_out | {fact.seat}
    return _private(live, fact.room, officers_out=out)


def _opened(live: Live, fact: f.PrivateOpened, at: datetime) -> Live:
    live = _private(live, fact.room, opened_at=at, before=fact.before)
    for seat in live.private[fact.room].seats:
        live = _seat(live, seat, place=Place.PRIVATE)
    return live


def _private_left(live: Live, fact: f.PrivateLeft, at: datetime) -> Live:
    return _off(_seat(live, fact.seat, place=fact.place))


def _private_ended(live: Live, fact: f.PrivateEnded, at: datetime) -> Live:
    for seat, place in fact.places.items():
        live = _seat(live, seat, place=place)
    rest = {key: room for key, room in live.private.items() if key != fact.room}
    return _off(replace(live, private=rest))


def _missing(live: Live, fact: f.MissingSince, at: datetime) -> Live:
    return _seat(live, fact.seat, missing=Missed(fact.since, None, fact.why))


def _missed(live: Live, fact: f.MissedUntil, at: datetime) -> Live:
    before = live.seats[fact.seat]
    noted = before.missing or Missed(fact.since, None, fact.why)
    stretch = replace(noted, since=fact.since, until=fact.until, why=fact.why)
    seconds = round((fact.until - fact.since).total_seconds())
    return _seat(
        live,
        fact.seat,
        missing=None,
        missed=(*before.missed, stretch),
        absences=(*before.absences, stretch),
        missed_seconds=before.missed_seconds + seconds,
    )


def _acknowledged(live: Live, fact: f.MissedAcknowledged, at: datetime) -> Live:
    return _seat(live, fact.seat, missed=())


def _absence_noted(live: Live, fact: f.AbsenceNoted, at: datetime) -> Live:
    before = live.seats[fact.seat]

    def noted(stretch: Missed) -> Missed:
        return stretch if stretch.noted_by else replace(stretch, noted_by=fact.by, noted_at=at)

    return _seat(
        live,
        fact.seat,
        absences=tuple(noted(stretch) for stretch in before.absences),
        missing=before.missing and noted(before.missing),
    )


def _alarmed(live: Live, fact: f.RecordAlarmed, at: datetime) -> Live:
    alarm = RaisedAlarm(fact.alarm, at, fact.code, fact.tracks, fact.suspends)
    return replace(live, alarms=(*live.alarms, alarm)[-ALARMS_KEPT:])


def _alarm_noted(live: Live, fact: f.AlarmNoted, at: datetime) -> Live:
    alarms = tuple(
        replace(item, noted_by=fact.by, noted_at=at) if item.id == fact.alarm else item
        for item in live.alarms
    )
    return replace(live, alarms=alarms)


_APPLY: dict[type, Callable[[Live, Any, datetime], Live]] = {
    f.PhaseChanged: _phase,
    f.RecordStarting: _starting,
    f.RecordNotStarted: _not_started,
    f.RecordProven: _proven,
    f.RecordStopped: _stopped,
    f.RecordAlarmed: _alarmed,
    f.AlarmNoted: _alarm_noted,
    f.SeatJoined: _joined,
    f.SeatLeft: _left,
    f.Admitted: _admitted,
    f.ToLobby: _to_lobby,
    f.Removed: _removed,
    f.Readmitted: _readmitted,
    f.IdentityChecked: _identity,
    f.UnprovedAdmitted: _unproved,
    f.RoomShown: _room_shown,
    f.OathDone: _oath,
    f.Looked: _looked,
    f.Attested: _attested,
    f.WitnessHeard: _heard,
    f.MediaSilent: _silent,
    f.LineCut: _cut,
    f.MediaInterrupted: _unchanged,
    f.MediaRestored: _unchanged,
    f.RollCalled: _roll,
    f.DelaySet: _delay,
    f.FloorGiven: _floor,
    f.Muted: _muted,
    f.Unlocked: _unlocked,
    f.ScreenAllowed: _screen,
    f.SourcesSet: _sources,
    f.HandSet: _hand,
    f.CannotHearSet: _cannot_hear,
    f.Interpreting: _interpreting,
    f.Listening: _listening,
    f.KitChecked: _kit,
    f.PublicitySet: _publicity,
    f.AgendaSet: _agenda,
    f.Noted: _noted,
    f.Turned: _turned,
    f.ExhibitShown: _exhibit_shown,
    f.ExhibitHidden: _exhibit_hidden,
    f.ExhibitRuled: _exhibit_ruled,
    f.ExhibitsAllowed: _exhibits_allowed,
    f.PrivateInvited: _invited,
    f.PrivateAccepted: _accepted,
    f.PrivateRecalled: _recalled,
    f.OfficerOut: _officer_out,
    f.PrivateOpened: _opened,
    f.PrivateLeft: _private_left,
    f.PrivateEnded: _private_ended,
    f.MissingSince: _missing,
    f.MissedUntil: _missed,
    f.MissedAcknowledged: _acknowledged,
    f.AbsenceNoted: _absence_noted,
}
