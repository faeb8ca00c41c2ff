"""What happened in a live room, one value per kind of fact.

`room.decide` returns facts, `apply.apply` makes them true. A fact and the moment of its command are
all that is needed to apply it. `by` is the seat that acted, or empty for the house itself.
"""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from sessions.phase import Phase, Step
from sessions.seat import Identity
from signaling.ports import Exhibit
from signaling.state import Attestation, Deputy, KitResult, Place


class PhaseChanged(Struct, frozen=True):
    """The sitting moved on."""

    step: Step
    phase: Phase
    by: str
    reason: str = ""
    until: datetime | None = None
    """Planned end of a recess."""
    to: datetime | None = None
    """Next date, of an adjournment or of the judgment."""


class RecordStarting(Struct, frozen=True):
    """A host asked to go on record; the proof is being made."""

    by: str


class RecordNotStarted(Struct, frozen=True):
    """The proof could not be made. Nothing else has changed."""

    code: str


class RecordProven(Struct, frozen=True):
    """The proof of recording: the only way to `recording`."""

    by: str
    epoch: datetime
    clock_ms: int
    tracks: tuple[tuple[str, str], ...]


class RecordStopped(Struct, frozen=True):
    """Nothing is recorded any more. `how`: off (by a host), suspended (alarm), interrupted."""

    how: Literal["off", "suspended", "interrupted"]
    code: str
    by: str = ""


class RecordAlarmed(Struct, frozen=True):
    """Something is wrong with the record. Where it suspends, `RecordStopped` follows."""

    alarm: int
    code: str
    tracks: tuple[tuple[str, str], ...]
    suspends: bool


class AlarmNoted(Struct, frozen=True):
    """A host took note of an alarm."""

    alarm: int
    by: str


class SeatJoined(Struct, frozen=True):
    """A person came or came back. `place` is where they are now."""

    seat: str
    place: Place
    client: str
    """The page. Another one than before has declared no sources yet."""
    deputy: Deputy | None = None
    """Who came in the place of the one who is booked."""


class SeatLeft(Struct, frozen=True):
    """A person left, or was lost."""

    seat: str
    how: Literal["left", "lost"]


class Admitted(Struct, frozen=True):
    """Into the hearing."""

    seat: str
    by: str


class ToLobby(Struct, frozen=True):
    """Out of the hearing, to where the seat waits."""

    seat: str
    place: Place
    by: str


class Removed(Struct, frozen=True):
    """Out of the sitting."""

    seat: str
    by: str
    reason: str


class Readmitted(Struct, frozen=True):
    """A removed seat may come again."""

    seat: str
    by: str


class IdentityChecked(Struct, frozen=True):
    """The clerk compared face and document."""

    seat: str
    by: str
    result: Identity
    document: str
    last4: str


class UnprovedAdmitted(Struct, frozen=True):
    """The presiding judge gave leave to come in although the identity is not proved."""

    seat: str
    by: str
    reason: str


class RoomShown(Struct, frozen=True):
    """A step of showing the room. `others`: who else is in it."""

    seat: str
    by: str
    step: Literal["asked", "declared", "confirmed", "not_alone"]
    others: str = ""


class OathDone(Struct, frozen=True):
    """What became of the oath."""

    seat: str
    by: str
    result: Literal["taken", "affirmed", "refused", "not_sworn"]


class Looked(Struct, frozen=True):
    """A host sees the camera of a seat that waits, from now on, or of none (None)."""

    seat: str | None
    by: str


class Attested(Struct, frozen=True):
    """The officer attested the detention room."""

    seat: str
    attestation: Attestation


class WitnessHeard(Struct, frozen=True):
    """A witness or expert has been heard."""

    seat: str
    by: str


class MediaSilent(Struct, frozen=True):
    """A source that should send has gone silent, or is back."""

    seat: str
    source: str
    silent: bool


class LineCut(Struct, frozen=True):
    """No media reaches a seat that should hear the sitting, or it does again."""

    seat: str
    cut: bool


class MediaInterrupted(Struct, frozen=True):
    """What carried everybody's sound and picture is gone; it is being brought back."""


class MediaRestored(Struct, frozen=True):
    """The media room is there again. Each source tells of itself when it is back."""

    ms: int
    """How long there was none."""


class RollCalled(Struct, frozen=True):
    """Presence, for the record."""

    by: str
    entries: dict[str, Literal["present", "absent", "represented"]]


class DelaySet(Struct, frozen=True):
    """Those who wait are told a new time; None takes it back."""

    by: str
    minutes: int
    until: datetime | None


class FloorGiven(Struct, frozen=True):
    """Who has the floor."""

    seat: str | None
    by: str


class Muted(Struct, frozen=True):
    """The microphone was closed by a host."""

    seat: str
    by: str
    lock: bool


class Unlocked(Struct, frozen=True):
    """The seat may unmute itself again."""

    seat: str
    by: str


class ScreenAllowed(Struct, frozen=True):
    """Leave to share the screen was given or taken."""

    seat: str
    by: str
    allowed: bool


class SourcesSet(Struct, frozen=True):
    """What a page sends."""

    seat: str
    microphone: bool
    camera: bool
    screen: bool


class HandSet(Struct, frozen=True):
    """A hand is up since `at`, or down (None)."""

    seat: str
    at: datetime | None


class CannotHearSet(Struct, frozen=True):
    """'I cannot hear' is shown or gone."""

    seat: str
    on: bool


class Interpreting(Struct, frozen=True):
    """An interpreter speaks into a channel from now on, or to the floor (empty)."""

    seat: str
    channel: str


class Listening(Struct, frozen=True):
    """A seat hears a channel from now on, or the floor alone (empty)."""

    seat: str
    channel: str


class KitChecked(Struct, frozen=True):
    """A kit check's result."""

    seat: str
    kit: KitResult


class PublicitySet(Struct, frozen=True):
    """Closed session, or public again."""

    public: bool
    by: str
    reason: str


StepState = Literal["open", "current", "done", "skipped"]


class AgendaSet(Struct, frozen=True):
    """A step of the agenda changed state."""

    step: str
    state: StepState
    by: str


class Turned(Struct, frozen=True):
    """The notary turned the deed to a page; everybody's view follows."""

    by: str
    document: str
    page: int
    pages: int


class ExhibitShown(Struct, frozen=True):
    """An exhibit is before everybody who may see it, at this page."""

    exhibit: Exhibit
    page: int
    by: str
    """The seat that shows it."""
    hand: str
    """The seat that turned to this page."""
    turned: bool
    """It was shown already, at another page."""


class ExhibitHidden(Struct, frozen=True):
    """It was taken away."""

    exhibit: str
    by: str
    named: tuple[str, ...] | None


class ExhibitRuled(Struct, frozen=True):
    """The court admitted or refused an exhibit."""

    exhibit: Exhibit
    ruling: Literal["admitted", "refused"]
    by: str


class ExhibitsAllowed(Struct, frozen=True):
    """Leave to show exhibits was given or taken."""

    seat: str
    by: str
    allowed: bool


class Noted(Struct, frozen=True):
    """A log note."""

    by: str
    text: str


class PrivateInvited(Struct, frozen=True):
    """An invitation to a private room."""

    room: str
    by: str
    seats: tuple[str, ...]


class PrivateAccepted(Struct, frozen=True):
    """An invited seat accepted."""

    room: str
    seat: str


class PrivateRecalled(Struct, frozen=True):
    """A host asked the room to come back."""

    room: str
    by: str


class OfficerOut(Struct, frozen=True):
    """The officer of a detained seat is out of earshot. `room` may be MAIN."""

    room: str
    seat: str


class PrivateOpened(Struct, frozen=True):
    """All are in: media of the hearing stops for them."""

    room: str
    before: dict[str, Place]


class PrivateLeft(Struct, frozen=True):
    """One seat went back to `place`; the room goes on."""

    room: str
    seat: str
    place: Place


class PrivateEnded(Struct, frozen=True):
    """The room is over. `places`: where those who were still in it go. Empty if never open."""

    room: str
    how: Literal["declined", "withdrawn", "returned", "sitting_over"]
    places: dict[str, Place]
    opened_at: datetime | None = None
    seats: tuple[str, ...] = ()


class MissingSince(Struct, frozen=True):
    """From here a seat misses what goes on in session."""

    seat: str
    since: datetime
    why: Literal["disconnected", "private", "lobby", "removed"]


class MissedUntil(Struct, frozen=True):
    """A stretch that a seat missed is complete."""

    seat: str
    since: datetime
    until: datetime
    why: Literal["disconnected", "private", "lobby", "removed"]


class MissedAcknowledged(Struct, frozen=True):
    """The person was told what was missed."""

    seat: str


class AbsenceNoted(Struct, frozen=True):
    """A host took note of all that a seat missed so far."""

    seat: str
    by: str
    stretches: int
    ms: int


Fact: TypeAlias = (
    PhaseChanged
    | RecordStarting
    | RecordNotStarted
    | RecordProven
    | RecordStopped
    | RecordAlarmed
    | AlarmNoted
    | SeatJoined
    | SeatLeft
    | Admitted
    | ToLobby
    | Removed
    | Readmitted
    | IdentityChecked
    | UnprovedAdmitted
    | RoomShown
    | OathDone
    | Looked
    | Attested
    | WitnessHeard
    | MediaSilent
    | LineCut
    | MediaInterrupted
    | MediaRestored
    | RollCalled
    | DelaySet
    | FloorGiven
    | Muted
    | Unlocked
    | ScreenAllowed
    | SourcesSet
    | HandSet
    | CannotHearSet
    | Interpreting
    | Listening
    | KitChecked
    | PublicitySet
    | AgendaSet
    | Turned
    | ExhibitShown
    | ExhibitHidden
    | ExhibitRuled
    | ExhibitsAllowed
    | Noted
    | PrivateInvited
    | PrivateAccepted
    | PrivateRecalled
    | OfficerOut
    | PrivateOpened
    | PrivateLeft
    | PrivateEnded
    | MissingSince
    | MissedUntil
    | MissedAcknowledged
    | AbsenceNoted
)
