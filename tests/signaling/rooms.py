"""Sittings with people in them, for tests of the live room."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from auth.assurance import Assurance, Level
from auth.devices.device import Station
from auth.person import Person, Role, guest
from sessions.kinds import KINDS
from sessions.phase import Phase
from sessions.seat import Seat, SeatRole
from sessions.sitting import Sitting
from signaling import facts as f
from signaling import messages as m
from signaling import presence, record, state
from signaling.apply import apply_all
from signaling.guards import Who
from signaling.ports import Proof, TrackProof
from signaling.room import decide
from signaling.state import Room

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

# seat id -> (role, account role or None for a guest or a detainee)
CRIMINAL: dict[str, tuple[SeatRole, Role | None]] = {
    "judge": (SeatRole.PRESIDING_JUDGE, Role.JUDGE),
    "clerk": (SeatRole.CLERK, Role.CLERK),
    "prosecutor": (SeatRole.PROSECUTOR, Role.PROSECUTOR),
    "accused": (SeatRole.ACCUSED, None),
    "counsel": (SeatRole.COUNSEL, Role.LAWYER),
    "victim": (SeatRole.VICTIM, Role.PARTY),
    "counsel2": (SeatRole.COUNSEL, Role.LAWYER),
    "interpreter": (SeatRole.INTERPRETER, Role.INTERPRETER),
    "relay": (SeatRole.INTERPRETER, Role.INTERPRETER),
    "witness": (SeatRole.WITNESS, None),
    "witness2": (SeatRole.WITNESS, Role.WITNESS),
    "expert": (SeatRole.EXPERT, Role.EXPERT),
}
CONSULTATION: dict[str, tuple[SeatRole, Role | None]] = {
    "counsel": (SeatRole.COUNSEL, Role.LAWYER),
    "client": (SeatRole.CLIENT, None),
    "interpreter": (SeatRole.INTERPRETER, Role.INTERPRETER),
}
LANGUAGES = {"relay": ("en", "ur", "sgn")}
"""The other interpreter has those of the sitting: ar, en."""
REPRESENTS = {"counsel": "accused", "counsel2": "victim"}


def seats(roles: dict[str, tuple[SeatRole, Role | None]]) -> tuple[Seat, ...]:
    found = []
    for seat, (role, account) in roles.items():
        detained = seat in ("accused", "client")
        represents = frozenset(
            {REPRESENTS[seat]} if seat in REPRESENTS and "accused" in roles else ()
        )
        if seat == "counsel" and "client" in roles:
            represents = frozenset({"client"})
        found.append(
            Seat(
                seat,
                role,
                f"اسم {seat}",
                f"Name of {seat}",
                f"a-{seat}" if account else None,
                represents,
                "room-1" if detained else None,
                "1234" if seat == "witness" else "",
                languages=LANGUAGES.get(seat, ()),
            )
        )
    return tuple(found)


def sitting(kind: str = "criminal_hearing", phase: Phase = Phase.LOBBY) -> Sitting:
    roles = CONSULTATION if kind == "consultation" else CRIMINAL
    if kind == "civil_hearing":
        roles = {
            "judge": CRIMINAL["judge"],
            "clerk": CRIMINAL["clerk"],
            "claimant": (SeatRole.CLAIMANT, Role.PARTY),
            "respondent": (SeatRole.RESPONDENT, Role.PARTY),
        }
    return Sitting(
        "s1",
        kind,
        "12/2026",
        "A v B",
        ("ar", "en"),
        START,
        timedelta(hours=1),
        phase,
        kind != "consultation",
        seats(roles),
    )


SURE = Assurance(Level.HIGH, each_act=False)


def person(seat: str) -> Person:
    """Who acts from a seat: its account, the officer of its detention room, or its guest."""
    if seat in ("accused", "client"):
        officer = Person("a-officer", Role.FACILITY_OFFICER, "ضابط", "Officer", assurance=SURE)
        return replace(officer, station=Station("device1", "Screen", "room-1"))
    account = (CRIMINAL | CONSULTATION).get(seat, (None, Role.PARTY))[1]
    if account is None:
        return guest("s1", seat, "شاهد", "Witness", "en")
    return Person(f"a-{seat}", account, seat, seat, assurance=SURE)


def who(seat: str) -> Who:
    return Who(person(seat), seat, operates_room=seat in ("accused", "client"))


def proof(*seats: str, at: datetime = START) -> Proof:
    tracks = tuple(TrackProof(seat, "microphone", True) for seat in seats or ("judge",))
    return Proof(at, at, 1000, tracks)


@dataclass
class Play:
    """Drives a room: commands, arrivals, proofs, with a clock of its own."""

    room: Room
    now: datetime = START
    facts: list[f.Fact] = field(default_factory=list)

    def wait(self, seconds: float) -> "Play":
        self.now += timedelta(seconds=seconds)
        return self

    def take(self, facts: list[f.Fact]) -> list[f.Fact]:
        self.room = apply_all(self.room, facts, self.now)
        self.facts += facts
        return facts

    def do(self, seat: str, command: m.Command) -> list[f.Fact]:
        return self.take(decide(self.room, who(seat), command, self.now))

    def arrive(self, *seats: str, client: str = "c") -> "Play":
        for seat in seats:
            self.take(presence.arrive(self.room, seat, self.now, client=client, gone_since=None))
        return self

    def lose(self, seat: str) -> list[f.Fact]:
        return self.take(presence.lost(self.room, seat, self.now))

    def on_record(self, by: str = "judge") -> list[f.Fact]:
        self.do(by, m.OnRecord())
        return self.take(record.proven(self.room, by, proof(at=self.now), self.now))

    def place(self, seat: str) -> state.Place:
        return self.room.at(seat).place


def lobby(kind: str = "criminal_hearing") -> Play:
    """Everybody waits."""
    booked = sitting(kind)
    play = Play(state.start(booked, KINDS[kind], START))
    return play.arrive(*(seat.id for seat in booked.seats))


def hearing() -> Play:
    """A criminal hearing at roll call; all but witnesses and the expert are in it."""
    play = lobby()
    play.do("accused", m.Attest(identity=True, restraints_off=True))
    play.do("clerk", m.Open())
    play.do("clerk", m.Admit(seats="all"))
    return play


def consultation() -> Play:
    """A consultation: counsel and interpreter are in, the officer is still near the client."""
    play = lobby("consultation")
    play.do("client", m.Attest(identity=True, restraints_off=True))
    play.do("counsel", m.Open())
    play.do("counsel", m.Admit(seats=["client", "interpreter"]))
    return play


def private(play: Play, *guests: str) -> str:
    """Counsel and accused (and `guests`) in a private room; its id."""
    play.do("counsel", m.PrivateInvite(seats=["accused", *guests]))
    room = next(iter(play.room.live.private))
    for seat in ("accused", *guests):
        play.do(seat, m.PrivateAnswer(room=room, accept=True))
    play.do("accused", m.OfficerOut(room=room))
    return room
