"""A house with a booked sitting, fake media and a fake desk, over a real database."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from auth.assurance import Method
from auth.session import Login
from sessions import store as booked
from sessions.phase import Phase
from sessions.seat import Seat
from sessions.sitting import Sitting
from signaling import messages as m
from signaling.page import Page
from signaling.service import Came, LiveRooms
from tests.auth.house import House
from tests.signaling import rooms
from tests.signaling.fakes import Calls, FakeDesk, FakeEngine, FakeMediaRoom, FakeSocket

ACCOUNTS = {
    "judge": "judge",
    "clerk": "clerk",
    "prosecutor": "prosecutor",
    "accused": "officer",
    "client": "officer",
    "counsel": "lawyer",
    "victim": "claimant",
    "counsel2": "lawyer2",
    "interpreter": "interpreter",
    "witness2": "witness",
}
OFFER = "v=0 offer"


@dataclass
class Visitor:
    """A page with its socket."""

    world: "World"
    came: Came
    socket: FakeSocket
    numbers: Any = field(default_factory=itertools.count)

    @property
    def page(self) -> Page:
        return self.came.page

    async def do(self, message: m.Incoming) -> dict[str, Any]:
        """Send a message with an id; the answer to it."""
        id = f"n{next(self.numbers)}"
        message = type(message)(**{**_fields(message), "id": id})
        await self.world.live.receive(self.came, message)
        answers = [sent for sent in self.socket.sent if sent.get("id") == id]
        assert len(answers) == 1, (message, answers)
        return answers[0]

    async def ok(self, message: m.Incoming) -> dict[str, Any]:
        answer = await self.do(message)
        assert answer["type"] == "ok", answer
        return answer

    async def refused(self, message: m.Incoming) -> str:
        answer = await self.do(message)
        assert answer["type"] == "refused", answer
        return str(answer["code"])

    def gone(self) -> None:
        self.world.live.gone(self.came)

    @property
    def state(self) -> dict[str, Any]:
        return self.socket.state


def _fields(message: m.Incoming) -> dict[str, Any]:
    return {name: getattr(message, name) for name in message.__struct_fields__}


class World:
    """One process: `start_again` is what happens after a kill."""

    def __init__(self, house: House, sitting: Sitting) -> None:
        self.house = house
        self.sitting = sitting
        self.clock = house.clock
        self.calls: Calls = []
        self.start()

    def start(self) -> None:
        self.engine = FakeEngine(self.calls)
        self.desk = FakeDesk(self.calls, self.clock)
        self.live = LiveRooms(
            database=self.house.database,
            log=self.house.log,
            accounts=self.house.accounts,
            sittings=self.house.sittings,
            engine=self.engine,
            desk=self.desk,
            clock=self.clock,
        )

    async def start_again(self) -> None:
        """The process was killed: nothing of it is asked; the next one restores."""
        epoch = self.desk.epoch
        self.house.sittings.listeners.clear()
        self.calls.clear()
        self.start()
        self.desk.epoch = epoch
        await self.live.restore()

    @property
    def media(self) -> FakeMediaRoom:
        return self.engine.rooms[self.sitting.id]

    async def login(self, seat: str, username: str = "") -> Login:
        """A session of the seat's account, or of `username`, as a request finds it."""
        if username:
            signed_in = await self.house.sign_in(username)
            found = await self.house.accounts.login(signed_in.token)
            assert found is not None
            return found
        person = self.house.people[ACCOUNTS[seat]]
        async with self.house.database.unit() as session:
            signed_in = await self.house.accounts.start_session(
                session, person, method=Method.PASSWORD
            )
        return signed_in.login

    async def ticket(self, seat: str, username: str = "") -> str:
        login = await self.login(seat, username)
        token, _ = await self.live.ticket(login, self.sitting.id, None)
        return token

    async def come(self, seat: str, client: str = "", *, username: str = "") -> Visitor:
        socket = FakeSocket(self.calls, seat)
        ticket = await self.ticket(seat, username)
        hello = m.Hello(v=1, ticket=ticket, client=client or f"page-{username or seat}")
        return Visitor(self, await self.live.hello(hello, socket), socket)

    async def journal(self) -> list[tuple[str, str | None, dict[str, Any]]]:
        async with self.house.database.unit(write=False) as session:
            found = await booked.events(session, self.sitting.id)
        return [(event.type, event.seat, dict(event.data)) for event in found]

    async def stored(self) -> Sitting:
        async with self.house.database.unit(write=False) as session:
            found = await booked.get_sitting(session, self.sitting.id)
        assert found is not None
        return found

    async def hearing(self) -> dict[str, Visitor]:
        """Judge, clerk, counsel, accused and prosecutor are in, at roll call, and send."""
        names = ("judge", "clerk", "counsel", "accused", "prosecutor")
        people = {name: await self.come(name) for name in names}
        await people["accused"].ok(m.Attest(identity=True, restraints_off=True))
        await people["clerk"].ok(m.Open())
        await people["clerk"].ok(m.Admit(seats="all"))
        for visitor in people.values():
            await visitor.ok(m.Sources(microphone=True, camera=True))
        return people


async def build(house: House, kind: str = "criminal_hearing") -> World:
    """Book a sitting in half an hour."""
    drawn = rooms.sitting(kind)
    seats = tuple(_seat(house, seat) for seat in drawn.seats)
    sitting = replace(
        drawn,
        id="sitting1",
        seats=seats,
        starts_at=house.clock() + timedelta(minutes=30),
        phase=Phase.SCHEDULED,
        booked_by=house.people["clerk"].id,
    )
    async with house.database.unit() as session:
        await booked.add_sitting(session, sitting, house.clock())
    return World(house, sitting)


def _seat(house: House, seat: Seat) -> Seat:
    if seat.room is not None:
        return replace(seat, room=house.room.id)
    account = house.people.get(ACCOUNTS.get(seat.id, ""))
    return replace(seat, person=account.id if account else None)
