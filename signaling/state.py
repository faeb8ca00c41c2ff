"""The live state of a sitting: plain values that are replaced, never changed in place.

`Live` is what a restart must find again; it is stored as one JSON snapshot with every accepted
command. `Room` joins it with what was booked.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

import msgspec
from msgspec import Struct

from sessions.kind import Admission, Kind, Recording
from sessions.phase import Phase
from sessions.seat import Identity, Seat, SeatRole
from sessions.sitting import Sitting
from signaling.ports import Exhibit, RecordState

MAIN = "main"
"""Id of the main space where recording is forbidden; `officer_out` names it."""
NOTES_SHOWN = 100
"""Newest log notes kept in the live state. The journal keeps all."""


ALARMS_KEPT = 50


class Place(StrEnum):
    """Where a seat is. A seat keeps its place while its person is away."""

    OUTSIDE = "outside"
    """Never came, or left."""
    LOBBY = "lobby"
    WITNESS_ROOM = "witness_room"
    """The lobby of those who are called (R-CR-22): out of hearing."""
    HEARING = "hearing"
    PRIVATE = "private"
    REMOVED = "removed"


WAITING = (Place.LOBBY, Place.WITNESS_ROOM)
"""Places in which a seat is in no space."""


class Attestation(Struct, frozen=True):
    """What the facility officer attested (R-CR-23)."""

    at: datetime
    by: str
    """Account id of the officer."""
    identity: bool
    restraints_off: bool
    others: str
    device: str = ""
    """The enrolled device of the room on which it was attested; empty where none is demanded."""


class KitResult(Struct, frozen=True):
    """Result of the kit check, as the page reported it."""

    at: datetime
    camera: str
    microphone: str
    speaker: str
    round_trip_ms: float | None
    loss: float | None
    result: str


class Missed(Struct, frozen=True):
    """A stretch of the sitting that a seat did not hear. `until` None: still away."""

    since: datetime
    until: datetime | None
    why: Literal["disconnected", "private", "lobby", "removed"]
    noted_by: str = ""
    """The host's seat that took note of it."""
    noted_at: datetime | None = None


class RaisedAlarm(Struct, frozen=True):
    """An alarm of the record, as the hosts were told it."""

    id: int
    """Counts from 1 in the sitting."""
    at: datetime
    code: str
    tracks: tuple[tuple[str, str], ...] = ()
    """Seat and source of those concerned; empty where all are."""
    suspends: bool = True
    noted_by: str = ""
    noted_at: datetime | None = None


class Deputy(Struct, frozen=True):
    """Somebody who acts for the one who is booked on a seat, by a delegation."""

    person: str
    acts_for: str
    name_ar: str
    name_en: str

    def name(self, language: str) -> str:
        """The name to show in `language`."""
        both = (self.name_ar, self.name_en)
        return (both[0] or both[1]) if language == "ar" else (both[1] or both[0])


class SeatLive(Struct, frozen=True):
    """The live state of one seat."""

    place: Place = Place.OUTSIDE
    present: bool = False
    """Connected now (socket or media in the last 15 s)."""
    client: str = ""
    """Random id of the page that sits here, or sat here last."""
    deputy: Deputy | None = None
    """Who sits here in the place of the one who is booked."""
    identity: Identity = Identity.UNKNOWN
    document: str = ""
    unproved: bool = False
    """By the presiding judge's leave in the hearing although the identity is not proved."""
    alone: Literal["", "asked", "declared", "confirmed", "not_alone"] = ""
    """How far the person has shown that nobody else is in the room."""
    oath: Literal["", "taken", "affirmed", "refused", "not_sworn"] = ""
    attestation: Attestation | None = None
    kit: KitResult | None = None
    microphone: bool = False
    camera: bool = False
    screen: bool = False
    """What the page says it sends; nothing else of it is forwarded."""
    cut: bool = False
    """In the hearing, but no media reaches this seat (`signaling.listening`)."""
    silent: frozenset[str] = frozenset()
    """Sources that should send and do not."""
    locked: bool = False
    screen_allowed: bool = False
    presents: bool = False
    """By leave of the court: may show exhibits."""
    hand: datetime | None = None
    cannot_hear: bool = False
    roll: Literal["", "present", "absent", "represented"] = ""
    admitted: bool = False
    """Was in the hearing once; what goes on without this seat is missed."""
    heard: bool = False
    """A witness or expert who has been heard."""
    officer_out: bool = False
    """Where recording is forbidden: the officer is out of earshot of the main space."""
    looks_at: str | None = None
    """A host's: the seat that waits whose camera this one sees, to check an identity."""
    speaks: str = ""
    """An interpreter's: the channel (language tag) of the microphone; empty: the floor."""
    listens: str = ""
    """The channel that this seat chose to hear; empty: the floor alone."""
    missing: Missed | None = None
    missed: tuple[Missed, ...] = ()
    """Told to the seat until it acknowledges."""
    missed_seconds: int = 0
    """All of this sitting, for the hosts."""
    absences: tuple[Missed, ...] = ()
    """Every complete stretch that was missed, and whether a host took note of it."""


class PrivateRoom(Struct, frozen=True):
    """A private consultation. It opens when all accepted and every officer is out of earshot."""

    id: str
    inviter: str
    seats: tuple[str, ...]
    """Allow-list: nobody else is ever placed in it."""
    since: datetime
    accepted: frozenset[str]
    officers_out: frozenset[str] = frozenset()
    """Detained seats whose officer stepped out."""
    opened_at: datetime | None = None
    before: dict[str, Place] = {}
    """Where each seat goes when it returns."""


class AgendaState(Struct, frozen=True):
    """State of one step of the agenda."""

    state: Literal["open", "current", "done", "skipped"]
    at: datetime


class Reading(Struct, frozen=True):
    """The document that is read, and the page that everybody sees."""

    document: str
    page: int
    pages: int


class Showing(Struct, frozen=True):
    """The exhibit that is shown now, and its page."""

    exhibit: str
    page: int
    by: str
    """The seat that shows it."""


class LogNote(Struct, frozen=True):
    """A log note of the clerk."""

    at: datetime
    by: str
    text: str


class Outcome(Struct, frozen=True):
    """How the sitting ended."""

    reason: str
    adjourned_to: datetime | None


class DelayNotice(Struct, frozen=True):
    """What those who wait are told."""

    minutes: int
    until: datetime


class Live(Struct, frozen=True):
    """Everything of a sitting that a restart must find again."""

    phase: Phase
    phase_since: datetime
    seats: dict[str, SeatLive]
    public: bool
    version: int = 0
    """Grows with every accepted change."""
    record: RecordState = "off"
    record_since: datetime | None = None
    epoch: datetime | None = None
    """Recording time 0; None until the first time on record."""
    resume_record: bool = False
    """The process died on record: the record goes on by itself once it can be proved."""
    delay: DelayNotice | None = None
    reading: Reading | None = None
    showing: Showing | None = None
    rulings: dict[str, Literal["admitted", "refused"]] = {}
    """What the court said of exhibits, by their id."""
    recess_until: datetime | None = None
    outcome: Outcome | None = None
    floor: str | None = None
    agenda: dict[str, AgendaState] = {}
    notes: tuple[LogNote, ...] = ()
    private: dict[str, PrivateRoom] = {}
    alarms: tuple[RaisedAlarm, ...] = ()
    """The newest ALARMS_KEPT. The journal keeps all."""


@dataclass(frozen=True, slots=True)
class Room:
    """A sitting as booked, its kind, and its live state."""

    sitting: Sitting
    kind: Kind
    live: Live
    exhibits: tuple[Exhibit, ...] = ()
    """What was filed for the sitting, in the order of filing."""

    def seat(self, seat_id: str) -> Seat:
        """The booked seat. Raises KeyError."""
        found = self.sitting.seat(seat_id)
        if found is None:
            raise KeyError(seat_id)
        return found

    def at(self, seat_id: str) -> SeatLive:
        """The live state of a seat. Raises KeyError."""
        return self.live.seats[seat_id]

    def is_host(self, seat_id: str) -> bool:
        """Whether this seat may run the sitting."""
        return self.seat(seat_id).role in self.kind.hosts

    def hosts(self) -> frozenset[str]:
        """Ids of the hosts' seats."""
        return frozenset(seat.id for seat in self.sitting.seats if seat.role in self.kind.hosts)

    def admission(self, seat_id: str) -> Admission:
        """How this seat comes in."""
        rule = self.kind.rule(self.seat(seat_id).role)
        return rule.admission if rule else Admission.HOST

    def waiting_place(self, seat_id: str) -> Place:
        """Where this seat waits."""
        called = self.admission(seat_id) is Admission.CALLED
        return Place.WITNESS_ROOM if called else Place.LOBBY

    def private_of(self, seat_id: str) -> PrivateRoom | None:
        """The private room that this seat is in or invited to."""
        return next((room for room in self.live.private.values() if seat_id in room.seats), None)

    def clock_ms(self, at: datetime) -> int:
        """`at` on the record's clock; 0 before the first time on record."""
        if self.live.epoch is None:
            return 0
        return max(0, (at - self.live.epoch) // timedelta(milliseconds=1))

    def with_live(self, live: Live) -> "Room":
        """The same sitting with another live state."""
        return Room(self.sitting, self.kind, live, self.exhibits)

    def with_exhibits(self, exhibits: tuple[Exhibit, ...]) -> "Room":
        """The same sitting after something was filed or taken back."""
        return Room(self.sitting, self.kind, self.live, exhibits)


def start(sitting: Sitting, kind: Kind, now: datetime) -> Room:
    """The state of a sitting that nobody has entered yet."""
    forbidden = kind.recording is Recording.FORBIDDEN
    live = Live(
        phase=sitting.phase,
        phase_since=now,
        seats={seat.id: SeatLive(identity=known_identity(seat)) for seat in sitting.seats},
        public=sitting.public,
        record="forbidden" if forbidden else "off",
    )
    return Room(sitting, kind, live)


def known_identity(seat: Seat) -> Identity:
    """What is known of who sits here before anybody looked."""
    return Identity.ACCOUNT if seat.person else Identity.UNKNOWN


def detained(seat: Seat) -> bool:
    """Whether a facility officer's page stands for this seat."""
    return seat.room is not None


def clients_of(seat: Seat) -> frozenset[str]:
    """For counsel: the seats that this seat speaks for."""
    return seat.represents if seat.role is SeatRole.COUNSEL else frozenset()


def snapshot(live: Live) -> bytes:
    """The live state as JSON."""
    return msgspec.json.encode(live)


def load(data: bytes | str) -> Live:
    """The reverse of `snapshot`. Raises msgspec.ValidationError."""
    return msgspec.json.decode(data, type=Live)
