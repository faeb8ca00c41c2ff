"""Decisions on commands of hosts that conduct the sitting: phases, floor, microphones, agenda."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from errors import N_, Refusal
from sessions.kind import Admission
from sessions.phase import FINAL, Phase, Step, after
from sessions.seat import Identity, SeatRole
from signaling import consulting
from signaling import facts as f
from signaling import messages as m
from signaling.guards import STEPS, Who, find_seat, not_here
from signaling.state import Place, Room

ALL = "all"


def open_sitting(room: Room, who: Who) -> list[f.Fact]:
    """Roll call begins: those who come in by themselves are in the hearing now."""
    facts: list[f.Fact] = [f.PhaseChanged(Step.OPEN, Phase.ROLL_CALL, who.seat)]
    for seat in room.sitting.seats:
        live = room.at(seat.id)
        waits = live.place is Place.LOBBY and live.present
        if waits and room.admission(seat.id) is Admission.SELF:
            facts.append(f.Admitted(seat.id, who.seat))
    return facts


def on_record(room: Room, who: Who) -> list[f.Fact]:
    """The first half: the request. `record.proven` is the second."""
    check_on_record(room)
    return [f.RecordStarting(who.seat)]


def check_on_record(room: Room) -> None:
    """Those without whom nothing counts are here (Kind.roles, must_be_present)."""
    after(room.live.phase, Step.GO_ON_RECORD)
    for rule in room.kind.roles:
        if not rule.must_be_present:
            continue
        here = any(
            seat.role is rule.role
            and room.at(seat.id).place is Place.HEARING
            and room.at(seat.id).present
            for seat in room.sitting.seats
        )
        if not here:
            raise Refusal(
                "record.role_missing",
                N_(
                    "The presiding judge and the clerk must both be in the hearing to go on record."
                ),
                role=rule.role.value,
            )
    if room.sitting.undefended():
        raise Refusal(
            "record.undefended",
            N_("The law asks for a lawyer for every accused here (R-CR-19). Book one, then go on."),
        )


def step(
    room: Room,
    who: Who,
    name: str,
    *,
    reason: str = "",
    until: datetime | None = None,
    to: datetime | None = None,
) -> list[f.Fact]:
    """Any step but open and on_record: the record stops with it, private rooms at the end."""
    taken = STEPS[name]
    phase = after(room.live.phase, taken)
    facts: list[f.Fact] = []
    if room.live.record in ("recording", "suspended", "interrupted"):
        facts.append(f.RecordStopped("off", name, who.seat))
    if phase in FINAL:
        facts += consulting.end_all(room)
    facts.append(f.PhaseChanged(taken, phase, who.seat, reason, until, to))
    return facts


def recess(room: Room, who: Who, command: m.Recess, at: datetime) -> list[f.Fact]:
    """A planned break."""
    until = at + timedelta(minutes=command.minutes)
    return step(room, who, "recess", reason=command.reason, until=until)


def adjourn(room: Room, who: Who, command: m.Adjourn, at: datetime) -> list[f.Fact]:
    """To a time that is still to come."""
    _future(command.to, at)
    return step(room, who, "adjourn", reason=command.reason, to=command.to)


def reserve(room: Room, who: Who, command: m.Reserve, at: datetime) -> list[f.Fact]:
    """Judgment reserved, with or without a date."""
    if command.to is not None:
        _future(command.to, at)
    return step(room, who, "reserve", reason=command.reason, to=command.to)


def _future(to: datetime, at: datetime) -> None:
    if to <= at:
        raise Refusal("adjourn.past", N_("Choose a date and time that is still to come."))


def delay(room: Room, who: Who, command: m.Delay, at: datetime) -> list[f.Fact]:
    """A new time for those who wait; 0 takes it back."""
    if command.minutes == 0:
        return [f.DelaySet(who.seat, 0, None)] if room.live.delay else []
    start = at if room.live.phase is Phase.RECESS else max(at, room.sitting.starts_at)
    return [f.DelaySet(who.seat, command.minutes, start + timedelta(minutes=command.minutes))]


def floor(room: Room, who: Who, command: m.Floor) -> list[f.Fact]:
    """Only to somebody who is in the hearing and may be heard."""
    if command.seat == room.live.floor:
        return []
    if command.seat is None:
        return [f.FloorGiven(None, who.seat)]
    seat, live = find_seat(room, command.seat)
    if live.place is not Place.HEARING or not live.present:
        raise not_here(seat)
    if live.identity is Identity.NOT_PROVED and not live.unproved:
        raise Refusal(
            "identity.not_proved",
            N_("Identity was not proved, so this person may not be heard. Check it again."),
            seat=seat.id,
        )
    return [f.FloorGiven(seat.id, who.seat)]


def mute(room: Room, who: Who, command: m.Mute) -> list[f.Fact]:
    """Never the presiding judge. 'all' leaves out hosts."""
    if command.seat == ALL:
        seats = [
            seat.id
            for seat in room.sitting.seats
            if room.at(seat.id).place is Place.HEARING and not room.is_host(seat.id)
        ]
    else:
        seat, live = find_seat(room, command.seat)
        if seat.role is SeatRole.PRESIDING_JUDGE:
            raise Refusal("mute.presiding", N_("The presiding judge cannot be muted by others."))
        if live.place is Place.PRIVATE:
            raise Refusal(
                "seat.in_private",
                N_("This person is in a private consultation. Ask the room to come back."),
                seat=seat.id,
            )
        seats = [seat.id]
    return [
        f.Muted(seat_id, who.seat, command.lock)
        for seat_id in seats
        if room.at(seat_id).microphone or (command.lock and not room.at(seat_id).locked)
    ]


def unlock(room: Room, who: Who, command: m.Unlock) -> list[f.Fact]:
    """Lets them unmute themselves; never unmutes anybody."""
    return [
        f.Unlocked(seat_id, who.seat)
        for seat_id in _chosen(room, command.seat)
        if room.at(seat_id).locked
    ]


def lower_hand(room: Room, who: Who, command: m.LowerHand) -> list[f.Fact]:
    """One hand, or all."""
    return [
        f.HandSet(seat_id, None)
        for seat_id in _chosen(room, command.seat)
        if room.at(seat_id).hand is not None
    ]


def allow_screen(room: Room, who: Who, command: m.AllowScreen) -> list[f.Fact]:
    """Leave to share a screen."""
    seat, live = find_seat(room, command.seat)
    if live.screen_allowed == command.allowed:
        return []
    return [f.ScreenAllowed(seat.id, who.seat, command.allowed)]


def publicity(room: Room, who: Who, command: m.Publicity) -> list[f.Fact]:
    """Closed session, or public again (R-CR-13)."""
    if command.public and not room.kind.public:
        raise Refusal("publicity.never_public", N_("A sitting of this kind is never public."))
    if command.public == room.live.public:
        return []
    return [f.PublicitySet(command.public, who.seat, command.reason)]


def agenda(room: Room, who: Who, command: m.Agenda) -> list[f.Fact]:
    """One step is current at a time: the former one is done."""
    if command.step not in {step.id for step in room.kind.agenda}:
        raise Refusal("agenda.unknown", N_("This sitting's agenda has no such step."))
    now = room.live.agenda
    if (now[command.step].state if command.step in now else "open") == command.state:
        return []
    facts: list[f.Fact] = []
    if command.state == "current":
        facts += [
            f.AgendaSet(other, "done", who.seat)
            for other, state in now.items()
            if state.state == "current"
        ]
    return [*facts, f.AgendaSet(command.step, command.state, who.seat)]


def follow(room: Room, by: str, states: Mapping[str, f.StepState]) -> list[f.Fact]:
    """The agenda as the act itself says (`Kind.agenda_by_act`): what differs from what it was.
    `states` has the state of each step; `by` is the seat that does the act."""
    facts: list[f.Fact] = []
    for step in room.kind.agenda:
        now = room.live.agenda.get(step.id)
        state = states.get(step.id, "open")
        if state != (now.state if now else "open"):
            facts.append(f.AgendaSet(step.id, state, by))
    return facts


def turn(room: Room, who: Who, command: m.Turn) -> list[f.Fact]:
    """A page of the deed is shown to everybody. The same page may be shown again: what was shown
    off record, or before the text was begun anew, does not count as read."""
    if command.page > command.pages:
        raise Refusal("turn.page", N_("The deed has no such page."))
    return [f.Turned(who.seat, command.document, command.page, command.pages)]


def note(room: Room, who: Who, command: m.Note) -> list[f.Fact]:
    """A log note."""
    text = command.text.strip()
    if not text:
        raise Refusal("note.empty", N_("Write the note first."))
    return [f.Noted(who.seat, text)]


def _chosen(room: Room, seat_id: str) -> list[str]:
    if seat_id == ALL:
        return [seat.id for seat in room.sitting.seats]
    return [find_seat(room, seat_id)[0].id]
