"""Who may do what, and when: the policy first, then the phase.

The policy (`auth.policy`) says who; `sessions.phase` says which steps a phase allows; `PHASES` says
it for commands that are no steps. What is particular to a command is in the module that decides it.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from auth import policy
from auth.assurance import Assurance, Level
from auth.person import Person
from errors import N_, NotFound, Refusal
from sessions.kind import Recording
from sessions.phase import FINAL, IN_SESSION, LIVE, TRANSITIONS, Phase, Step, after
from sessions.seat import Seat
from sessions.standing import rooms_of, ties
from signaling.state import Deputy, Place, Room, SeatLive


@dataclass(frozen=True, slots=True)
class Who:
    """Who sends a command, and from which seat."""

    person: Person
    seat: str
    operates_room: bool = False
    """The person is the officer whose page stands for the detained person of this seat."""
    acts_for: str = ""
    """The account in whose place (a judge, clerk, notary) the person is here, by a delegation."""

    confirmed: Level = Level.NONE
    """What the confirmation of this one command proved (`auth.stepup`)."""

    @property
    def deputy(self) -> Deputy | None:
        """Who is shown on the seat in the place of the one who is booked."""
        found = self.person
        if not self.acts_for:
            return None
        return Deputy(found.id, self.acts_for, found.name_ar, found.name_en)

    def still_deputy(self, now: datetime) -> bool:
        """False when the delegation that this rests on is over."""
        held = self.person.deputy_for
        return not self.acts_for or any(
            one.delegator == self.acts_for and one.in_force(now) for one in held
        )

    @property
    def actor(self) -> dict[str, str]:
        """Who acted, for the journal and the audit log."""
        acts_for = {"acts_for": self.acts_for} if self.acts_for else {}
        return {"actor": self.person.id, **acts_for}

    def sure_of_this(self, level: Level) -> "Who":
        """The same person for one command, whose confirmation proved `level`."""
        return replace(self, confirmed=level)

    def once_sure(self) -> "Who":
        """The same person after any step-up and confirmation: for what a page offers."""
        person = replace(self.person, assurance=Assurance(Level.HIGH))
        return replace(self, person=person, confirmed=Level.HIGH)


STEPS: dict[str, Step] = {
    "open": Step.OPEN,
    "on_record": Step.GO_ON_RECORD,
    "off_record": Step.GO_OFF_RECORD,
    "recess": Step.RECESS,
    "resume": Step.RESUME,
    "adjourn": Step.ADJOURN,
    "reserve": Step.RESERVE,
    "close": Step.CLOSE,
}
"""Commands that move the sitting; `sessions.phase.TRANSITIONS` is their guard."""

_OPENED = IN_SESSION | {Phase.RECESS}
PHASES: dict[str, frozenset[Phase]] = {
    "roll_call": IN_SESSION,
    "admit": _OPENED,
    "admit_unproved": _OPENED,
    "to_lobby": _OPENED,
    "oath": frozenset({Phase.ON_RECORD}),
    "heard": _OPENED,
    "delay": frozenset({Phase.LOBBY, Phase.RECESS}),
    "floor": IN_SESSION,
    "mute": _OPENED,
    "agenda": IN_SESSION,
    "note": _OPENED,
    "turn": IN_SESSION,
    "allow_exhibits": _OPENED,
    "show_exhibit": frozenset({Phase.ON_RECORD}),
    "rule_exhibit": frozenset({Phase.ON_RECORD}),
}
"""Phases of commands that are no steps; a command that is not here is for every live phase."""


def context(room: Room, who: Who) -> policy.Context:
    """The place of the question, in the policy's codes."""
    seat = room.seat(who.seat)
    return policy.Context(
        kind=room.kind.code,
        phase=room.live.phase.value,
        seat_role=seat.role.value,
        is_own_seat=not who.operates_room and not who.acts_for,
        is_deputy=bool(who.acts_for),
        operates_room=who.operates_room,
        is_host=room.is_host(who.seat) and not who.operates_room,
        is_removed=room.at(who.seat).place is Place.REMOVED,
        presents=room.at(who.seat).presents,
        recordable=room.kind.recording is not Recording.FORBIDDEN,
        private_consultation=room.kind.private_consultation,
        ties=ties(room.sitting, seat),
        needs_order=room.kind.viewing_needs_order,
        confirmed=who.confirmed,
        lacks_device=who.person.station.lacks(seat.room),
        other_room=who.person.station.elsewhere(rooms_of(room.sitting)),
    )


def check(room: Room, who: Who, name: str) -> None:
    """Policy and phase. Raises Forbidden, or Refusal `sitting.wrong_phase`, `sitting.over`,
    `record.starting`."""
    policy.require(who.person, f"live.{name}", context(room, who))
    if name == "agenda" and room.kind.agenda_by_act:
        raise Refusal("agenda.by_act", N_("The agenda follows the act by itself."))
    check_phase(room, name)


def check_phase(room: Room, name: str) -> None:
    """Whether the phase allows the command of this name."""
    phase = room.live.phase
    if phase in FINAL:
        raise Refusal("sitting.over", N_("This sitting is over. Nothing can be changed."))
    step = STEPS.get(name)
    if step is not None:
        if room.live.record == "starting":
            raise Refusal(
                "record.starting",
                N_("The record is being proved at this moment. Wait for its answer."),
            )
        after(phase, step)
    elif phase not in PHASES.get(name, LIVE):
        raise wrong_phase(phase, name)


def wrong_phase(phase: Phase, name: str) -> Refusal:
    """The refusal of a command that this phase does not know."""
    return Refusal(
        "sitting.wrong_phase",
        N_("That is not possible at this point of the sitting. The page shows what is."),
        phase=phase.value,
        step=name,
    )


def find_seat(room: Room, seat_id: str) -> tuple[Seat, SeatLive]:
    """The seat that a command names. Raises NotFound `seat.unknown`."""
    seat = room.sitting.seat(seat_id)
    if seat is None:
        raise NotFound("seat.unknown", N_("This sitting has no such seat. Reload the page."))
    return seat, room.at(seat_id)


def not_here(seat: Seat) -> Refusal:
    """Somebody who is not connected."""
    return Refusal(
        "seat.not_here", N_("This person is not connected. Wait until they are."), seat=seat.id
    )


def can_step(phase: Phase, step: Step) -> bool:
    """Whether the table has this step."""
    return (phase, step) in TRANSITIONS
