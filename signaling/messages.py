"""Every message a page may send, typed and strict (docs/protocol.md).

A message that is not exactly one of these is a `ProtocolError`: an unknown `type` or member, a
value of the wrong form, a number out of range, text that is too long, or more than `LIMIT` bytes.
"""

import hashlib
import json
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from errors import N_, BadInput

LIMIT = 64 * 1024
"""Bytes of one message."""

SDP_LIMIT = 48 * 1024

RequestId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=32)]
SeatId: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
ClientId: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
ConnectionId: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Sdp: TypeAlias = Annotated[str, Meta(min_length=1, max_length=SDP_LIMIT)]
Reason: TypeAlias = Annotated[str, Meta(min_length=1, max_length=500)]
MaybeReason: TypeAlias = Annotated[str, Meta(max_length=500)]
Seats: TypeAlias = Annotated[list[SeatId], Meta(min_length=1, max_length=64)]
Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]
Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Milliseconds: TypeAlias = Annotated[float, Meta(ge=0, le=600_000)]
Pixels: TypeAlias = Annotated[int, Meta(ge=1, le=16_384)]
Minutes: TypeAlias = Annotated[int, Meta(ge=0, le=24 * 60)]
Language: TypeAlias = Literal["ar", "en"]
Channel: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
"""Language tag of an interpreter's channel."""


class ProtocolError(BadInput):
    """The text is not a message of this protocol. Three in a row close the socket."""


class Message(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """What a page sends. `id` is repeated in the answer."""

    id: RequestId | None = None


class LegalAct(Message, frozen=True, kw_only=True):
    """A command that may ask for a confirmation of its own (`auth.policy.NEEDS`)."""

    authorisation: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    """The token of `POST /api/authorise/<id>`, once."""

    def digest(self) -> str:
        """SHA-256 in hex of what is confirmed: the command without its token and its number."""
        members = msgspec.to_builtins(self)
        named = {name: members[name] for name in members if name not in ("id", "authorisation")}
        text = json.dumps(named, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()


# --- coming in -----------------------------------------------------------------------------------


class Hello(Message, frozen=True, kw_only=True, tag="hello"):
    """First message of a socket."""

    v: Literal[1]
    ticket: Annotated[str, Meta(min_length=1, max_length=4096)]
    client: ClientId
    language: Language | None = None
    device: Annotated[str, Meta(max_length=100)] = ""
    """On a detention room's device: its signature over this ticket (`auth.devices.proof`)."""


class Ping(Message, frozen=True, kw_only=True, tag="ping"):
    """Answered by `pong` with the same `t`."""

    t: float


class Pong(Message, frozen=True, kw_only=True, tag="pong"):
    """The answer to the server's ping."""

    t: float


class NextTicket(Message, frozen=True, kw_only=True, tag="ticket"):
    """Ask for the ticket of the next socket, while this one works."""


class SetLanguage(Message, frozen=True, kw_only=True, tag="language"):
    """The page's language has changed."""

    language: Language


# --- media ---------------------------------------------------------------------------------------


class Publish(Message, frozen=True, kw_only=True, tag="publish"):
    """Offer of a new publish connection."""

    connection: ConnectionId
    sdp: Sdp


class Subscribe(Message, frozen=True, kw_only=True, tag="subscribe"):
    """Ask for an offer of a new subscribe connection."""

    connection: ConnectionId


class Answer(Message, frozen=True, kw_only=True, tag="answer"):
    """The page's answer to a subscribe offer."""

    connection: ConnectionId
    sdp: Sdp


class Sources(Message, frozen=True, kw_only=True, tag="sources"):
    """What the page sends from now on. What is not declared is not forwarded."""

    microphone: bool
    camera: bool
    screen: bool = False


class Line(Message, frozen=True, kw_only=True, tag="line"):
    """The line as the page measures it, every 2 s."""

    round_trip_ms: Milliseconds | None = None
    loss_up: Share = 0.0
    loss_down: Share = 0.0
    freezes: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    weak_device: bool = False
    """The browser sends less because its processor is too slow."""


class Shown(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One picture that the page shows, in device pixels."""

    seat: SeatId
    source: Literal["camera", "screen"]
    width: Pixels
    height: Pixels


class Layout(Message, frozen=True, kw_only=True, tag="layout"):
    """What the page shows and how large; other pictures are not sent to it."""

    tracks: Annotated[list[Shown], Meta(max_length=128)]
    audio_only: bool = False


# --- everyone ------------------------------------------------------------------------------------


class Hand(Message, frozen=True, kw_only=True, tag="hand"):
    """Raise or lower one's own hand."""

    raised: bool


class CannotHear(Message, frozen=True, kw_only=True, tag="cannot_hear"):
    """'I cannot hear': told to the hosts at once, and on the record."""

    on: bool


class Listen(Message, frozen=True, kw_only=True, tag="listen"):
    """Hear an interpreter's channel besides the floor, or the floor alone (null)."""

    channel: Channel | None


class Interpret(Message, frozen=True, kw_only=True, tag="interpret"):
    """An interpreter's microphone goes to a channel, or to the floor (null)."""

    channel: Channel | None


class Kit(Message, frozen=True, kw_only=True, tag="kit"):
    """Result of the kit check."""

    camera: Literal["ok", "fail"]
    microphone: Literal["ok", "fail"]
    speaker: Literal["ok", "fail", "unknown"]
    round_trip_ms: Milliseconds | None = None
    loss: Share | None = None
    result: Literal["good", "poor", "bad"]


class Leave(Message, frozen=True, kw_only=True, tag="leave"):
    """Leave the sitting. Coming back starts in the lobby."""


class AckMissed(Message, frozen=True, kw_only=True, tag="ack_missed"):
    """The person has read what was missed."""


class PrivateInvite(Message, frozen=True, kw_only=True, tag="private_invite"):
    """Counsel or client invites to a private room."""

    seats: Seats


class PrivateAnswer(Message, frozen=True, kw_only=True, tag="private_answer"):
    """An invited seat accepts or declines."""

    room: SeatId
    accept: bool


class PrivateReturn(Message, frozen=True, kw_only=True, tag="private_return"):
    """Leave the private room, or withdraw an invitation."""


class OfficerOut(Message, frozen=True, kw_only=True, tag="officer_out"):
    """The facility officer says: out of earshot."""

    room: SeatId


class Attest(Message, frozen=True, kw_only=True, tag="attest"):
    """The facility officer attests who and what is in the detention room (R-CR-23)."""

    identity: bool
    restraints_off: bool
    others: MaybeReason = ""


class DeclareAlone(Message, frozen=True, kw_only=True, tag="declare_alone"):
    """The person showed the room and declares that nobody else is in it."""


# --- hosts ---------------------------------------------------------------------------------------


class Open(Message, frozen=True, kw_only=True, tag="open"):
    """Lobby -> roll call."""


class RollCall(Message, frozen=True, kw_only=True, tag="roll_call"):
    """Who is here, for the record."""

    entries: Annotated[
        dict[SeatId, Literal["present", "absent", "represented"]],
        Meta(min_length=1, max_length=64),
    ]


class Admit(LegalAct, frozen=True, kw_only=True, tag="admit"):
    """Into the hearing."""

    seats: Seats | Literal["all"]


class ToLobby(Message, frozen=True, kw_only=True, tag="to_lobby"):
    """Back to the lobby, or the witness room."""

    seats: Seats


class Remove(Message, frozen=True, kw_only=True, tag="remove"):
    """Out of the sitting, with a reason on the record."""

    seat: SeatId
    reason: Reason


class Readmit(Message, frozen=True, kw_only=True, tag="readmit"):
    """A removed seat may come to the lobby again."""

    seat: SeatId


class IdentityCheck(Message, frozen=True, kw_only=True, tag="identity"):
    """The clerk compared face and document."""

    seat: SeatId
    result: Literal["verified", "not_proved"]
    document: Literal["emirates_id", "passport", "gcc_id", "other"]
    last4: Annotated[str, Meta(pattern=r"^([0-9A-Za-z]{4})?$")] = ""


class AdmitUnproved(LegalAct, frozen=True, kw_only=True, tag="admit_unproved"):
    """Somebody whose identity is not proved comes in by leave, with a reason (R-ID-01)."""

    seat: SeatId
    reason: Reason


class AskRoom(Message, frozen=True, kw_only=True, tag="ask_room"):
    """Ask a witness or the accused to show the room to the camera."""

    seat: SeatId


class RoomSeen(Message, frozen=True, kw_only=True, tag="room_seen"):
    """A host saw the room. `others`: who else is in it, by role; needed unless alone."""

    seat: SeatId
    alone: bool
    others: MaybeReason = ""


class TakeOath(Message, frozen=True, kw_only=True, tag="oath"):
    """What became of the oath; `not_sworn`: too young for it (R-CR-22)."""

    seat: SeatId
    result: Literal["taken", "affirmed", "refused", "not_sworn"]
    of_age: bool = True
    """The person has the age of the oath; no date of birth is kept."""


class Look(Message, frozen=True, kw_only=True, tag="look"):
    """See the camera of a seat that waits, to compare face and document; null ends it."""

    seat: SeatId | None


class Heard(Message, frozen=True, kw_only=True, tag="heard"):
    """A witness or expert has been heard (R-CR-22)."""

    seat: SeatId


class OnRecord(Message, frozen=True, kw_only=True, tag="on_record"):
    """Go on record; answered when the record is proven."""


class OffRecord(LegalAct, frozen=True, kw_only=True, tag="off_record"):
    """Go off record; answered when nothing is recorded any more."""

    reason: Reason


class Recess(Message, frozen=True, kw_only=True, tag="recess"):
    """A planned break."""

    minutes: Annotated[int, Meta(ge=1, le=24 * 60)]
    reason: MaybeReason = ""


class Resume(Message, frozen=True, kw_only=True, tag="resume"):
    """End of the break; off record until a host goes on record."""


class Delay(Message, frozen=True, kw_only=True, tag="delay"):
    """What those who wait are told; 0 takes it back."""

    minutes: Minutes


class Floor(Message, frozen=True, kw_only=True, tag="floor"):
    """Give the floor, or take it (null)."""

    seat: SeatId | None


class Mute(Message, frozen=True, kw_only=True, tag="mute"):
    """Close a microphone; `lock` keeps it closed. `seat` may be "all"."""

    seat: SeatId
    lock: bool = False


class Unlock(Message, frozen=True, kw_only=True, tag="unlock"):
    """Let a seat unmute itself. `seat` may be "all"."""

    seat: SeatId


class AllowScreen(Message, frozen=True, kw_only=True, tag="allow_screen"):
    """Leave to share a screen."""

    seat: SeatId
    allowed: bool


class LowerHand(Message, frozen=True, kw_only=True, tag="lower_hand"):
    """Lower a hand. `seat` may be "all"."""

    seat: SeatId


class Publicity(Message, frozen=True, kw_only=True, tag="publicity"):
    """Close the session to the public, or open it again."""

    public: bool
    reason: Reason


class Agenda(Message, frozen=True, kw_only=True, tag="agenda"):
    """State of one step of the agenda."""

    step: Annotated[str, Meta(max_length=64)]
    state: Literal["open", "current", "done", "skipped"]


class Note(Message, frozen=True, kw_only=True, tag="note"):
    """A log note on the record's clock."""

    text: Annotated[str, Meta(min_length=1, max_length=2000)]


class NoteAlarm(Message, frozen=True, kw_only=True, tag="note_alarm"):
    """A host takes note of an alarm of the record."""

    alarm: Annotated[int, Meta(ge=1, le=1_000_000)]


class NoteAbsence(Message, frozen=True, kw_only=True, tag="note_absence"):
    """A host takes note of what a seat missed."""

    seat: SeatId


class Adjourn(Message, frozen=True, kw_only=True, tag="adjourn"):
    """End this sitting and continue at another time."""

    to: Instant
    reason: Reason


class Reserve(LegalAct, frozen=True, kw_only=True, tag="reserve"):
    """Judgment is reserved."""

    reason: MaybeReason = ""
    to: Instant | None = None


class Close(LegalAct, frozen=True, kw_only=True, tag="close"):
    """End the sitting."""


class Turn(Message, frozen=True, kw_only=True, tag="turn"):
    """Show everybody this page of the deed that is read (the document's version, from 1)."""

    document: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$")]
    page: Annotated[int, Meta(ge=1, le=500)]
    pages: Annotated[int, Meta(ge=1, le=500)]


ExhibitId: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


class AllowExhibits(Message, frozen=True, kw_only=True, tag="allow_exhibits"):
    """Leave to show exhibits."""

    seat: SeatId
    allowed: bool


class ShowExhibit(Message, frozen=True, kw_only=True, tag="show_exhibit"):
    """Show an exhibit to everybody who may see it, or turn to a page of it."""

    exhibit: ExhibitId
    page: Annotated[int, Meta(ge=1, le=500)] = 1


class HideExhibit(Message, frozen=True, kw_only=True, tag="hide_exhibit"):
    """Take away the exhibit that is shown."""


class RuleExhibit(Message, frozen=True, kw_only=True, tag="rule_exhibit"):
    """The court admits an exhibit as evidence or refuses it."""

    exhibit: ExhibitId
    ruling: Literal["admitted", "refused"]


class PrivateRecall(Message, frozen=True, kw_only=True, tag="private_recall"):
    """Ask a private room to come back. Does not force."""

    room: SeatId


Everyone: TypeAlias = (
    Sources
    | Hand
    | CannotHear
    | Listen
    | Interpret
    | Kit
    | Leave
    | AckMissed
    | PrivateInvite
    | PrivateAnswer
    | PrivateReturn
    | OfficerOut
    | Attest
    | DeclareAlone
    | ShowExhibit
    | HideExhibit
)
"""Commands of one's own seat."""

Hosts: TypeAlias = (
    Open
    | RollCall
    | Admit
    | ToLobby
    | Remove
    | Readmit
    | IdentityCheck
    | AdmitUnproved
    | AskRoom
    | RoomSeen
    | TakeOath
    | Look
    | Heard
    | OnRecord
    | OffRecord
    | Recess
    | Resume
    | Delay
    | Floor
    | Mute
    | Unlock
    | AllowScreen
    | LowerHand
    | Publicity
    | Agenda
    | Note
    | NoteAlarm
    | NoteAbsence
    | Adjourn
    | Reserve
    | Close
    | Turn
    | AllowExhibits
    | RuleExhibit
    | PrivateRecall
)
"""Commands of those who run the sitting."""

Command: TypeAlias = Everyone | Hosts
"""What `room.decide` answers. The rest is between the socket and the service."""

Transport: TypeAlias = (
    Hello | Ping | Pong | NextTicket | SetLanguage | Publish | Subscribe | Answer | Line | Layout
)
Incoming: TypeAlias = Transport | Command

COMMANDS: dict[str, type[Message]] = {
    str(kind.__struct_config__.tag): kind for kind in Command.__args__
}
"""Command types by their `type`."""

_decoder: msgspec.json.Decoder[Incoming] = msgspec.json.Decoder(Incoming)


class _Head(Struct):
    id: RequestId | None = None


def parse(data: str | bytes) -> Incoming:
    """The message in `data`. Raises ProtocolError `protocol.too_large` or `protocol.malformed`."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > LIMIT:
        raise ProtocolError("protocol.too_large", N_("The page sent too much at once. Reload it."))
    try:
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise ProtocolError(
            "protocol.malformed", N_("The page sent something we do not understand. Reload it.")
        ) from None


def request_id(data: str | bytes) -> str | None:
    """The `id` of a message that `parse` refused, where one can be read."""
    try:
        return msgspec.json.decode(data, type=_Head).id
    except (msgspec.MsgspecError, RecursionError, UnicodeError):
        return None


def name(message: Message) -> str:
    """The `type` of a message."""
    return str(message.__struct_config__.tag)
