"""The live room, without I/O: what a command means here and now.

`decide` changes nothing: it returns the facts, or raises the Refusal that a person can act on.
`apply.apply_all` makes facts true. The order of guards is always the same: policy, phase, then what
is particular to the command.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeAlias

from signaling import (
    acknowledging,
    channels,
    conducting,
    consulting,
    door,
    exhibits,
    hosting,
    missing,
    own_seat,
)
from signaling import facts as f
from signaling import messages as m
from signaling.apply import apply_all
from signaling.guards import Who, check
from signaling.state import Room

Decider: TypeAlias = Callable[[Room, Who, Any, datetime], list[f.Fact]]


def decide(room: Room, who: Who, command: m.Command, now: datetime) -> list[f.Fact]:
    """The facts that `command` makes, in order; empty where it is so already.

    Raises Refusal (policy.*, sitting.*, and the codes of each command's module).
    """
    check(room, who, m.name(command))
    return settle(room, _DECIDE[type(command)](room, who, command, now), now)


def settle(room: Room, facts: list[f.Fact], now: datetime) -> list[f.Fact]:
    """The facts, and what they mean for interpreters' channels, for the exhibit that is shown and
    for who misses what."""
    if not facts:
        return []
    facts = [*facts, *channels.ended(apply_all(room, facts, now))]
    facts = [*facts, *exhibits.ended(apply_all(room, facts, now))]
    return [*facts, *missing.changes(apply_all(room, facts, now), now)]


_DECIDE: dict[type, Decider] = {
    m.Sources: lambda room, who, command, at: own_seat.sources(room, who, command),
    m.Hand: own_seat.hand,
    m.CannotHear: lambda room, who, command, at: own_seat.cannot_hear(room, who, command),
    m.Listen: lambda room, who, command, at: channels.listen(room, who, command),
    m.Interpret: lambda room, who, command, at: channels.interpret(room, who, command),
    m.Kit: own_seat.kit,
    m.Leave: lambda room, who, command, at: own_seat.leave(room, who),
    m.AckMissed: lambda room, who, command, at: own_seat.acknowledge(room, who),
    m.Attest: own_seat.attest,
    m.PrivateInvite: lambda room, who, command, at: consulting.invite(room, who, command),
    m.PrivateAnswer: lambda room, who, command, at: consulting.answer(room, who, command),
    m.PrivateReturn: lambda room, who, command, at: consulting.go_back(room, who),
    m.OfficerOut: lambda room, who, command, at: consulting.officer_out(room, who, command),
    m.PrivateRecall: lambda room, who, command, at: consulting.recall(room, who, command),
    m.Open: lambda room, who, command, at: conducting.open_sitting(room, who),
    m.OnRecord: lambda room, who, command, at: conducting.on_record(room, who),
    m.OffRecord: lambda room, who, command, at: conducting.step(
        room, who, "off_record", reason=command.reason
    ),
    m.Recess: conducting.recess,
    m.Resume: lambda room, who, command, at: conducting.step(room, who, "resume"),
    m.Adjourn: conducting.adjourn,
    m.Reserve: conducting.reserve,
    m.Close: lambda room, who, command, at: conducting.step(room, who, "close"),
    m.Delay: conducting.delay,
    m.Floor: lambda room, who, command, at: conducting.floor(room, who, command),
    m.Mute: lambda room, who, command, at: conducting.mute(room, who, command),
    m.Unlock: lambda room, who, command, at: conducting.unlock(room, who, command),
    m.AllowScreen: lambda room, who, command, at: conducting.allow_screen(room, who, command),
    m.LowerHand: lambda room, who, command, at: conducting.lower_hand(room, who, command),
    m.Publicity: lambda room, who, command, at: conducting.publicity(room, who, command),
    m.Agenda: lambda room, who, command, at: conducting.agenda(room, who, command),
    m.Turn: lambda room, who, command, at: conducting.turn(room, who, command),
    m.AllowExhibits: lambda room, who, command, at: exhibits.allow(room, who, command),
    m.ShowExhibit: lambda room, who, command, at: exhibits.show(room, who, command),
    m.HideExhibit: lambda room, who, command, at: exhibits.hide(room, who),
    m.RuleExhibit: lambda room, who, command, at: exhibits.rule(room, who, command),
    m.Note: lambda room, who, command, at: conducting.note(room, who, command),
    m.NoteAlarm: lambda room, who, command, at: acknowledging.alarm(room, who, command),
    m.NoteAbsence: acknowledging.absence,
    m.RollCall: lambda room, who, command, at: hosting.roll_call(room, who, command),
    m.Admit: lambda room, who, command, at: hosting.admit(room, who, command),
    m.ToLobby: lambda room, who, command, at: hosting.to_lobby(room, who, command),
    m.Remove: lambda room, who, command, at: hosting.remove(room, who, command),
    m.Readmit: lambda room, who, command, at: hosting.readmit(room, who, command),
    m.IdentityCheck: lambda room, who, command, at: door.identity(room, who, command),
    m.AdmitUnproved: door.admit_unproved,
    m.AskRoom: door.ask_room,
    m.RoomSeen: door.room_seen,
    m.DeclareAlone: door.declare_alone,
    m.TakeOath: door.swear,
    m.Look: lambda room, who, command, at: hosting.look(room, who, command),
    m.Heard: lambda room, who, command, at: hosting.heard(room, who, command),
}
