"""A marriage's sitting for tests: real use cases over one database, a room and a signing that
obey."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from auth.person import Person
from auth.session import Login
from errors import Refusal
from notary.mail.service import Outbox, Sender
from notary.marriage import court as room
from notary.marriage.application import Application, Part
from notary.marriage.file import File
from notary.marriage.majlis import Act
from notary.signing.ceremony import Signer
from notary.signing.desk import Signed
from recordings.keys import MemoryKeyStore
from sessions import store as booked
from sessions.phase import Phase
from sessions.sitting import Sitting
from signaling.sight import Sight
from tests.notary.marriage.conftest import Court

PARTS = (
    Part.GROOM, Part.BRIDE, Part.GUARDIAN, Part.WITNESS_1, Part.WITNESS_2, Part.OFFICIANT,
)  # fmt: skip


@dataclass
class Paper:
    """A document that is being signed."""

    subject: str
    template: str
    data: Mapping[str, Any]
    signers: list[Signer]
    done: list[str] = field(default_factory=list)
    withdrawn: bool = False


class FakeDesk:
    """Signs in order, without cryptography. Real signatures are tested in tests/notary."""

    def __init__(self) -> None:
        self.papers: dict[str, Paper] = {}

    async def prepare(
        self,
        officer: Person,
        subject: str,
        template: str,
        data: Mapping[str, Any],
        signers: Sequence[Signer],
        at: datetime,
    ) -> str:
        id = f"c{len(self.papers)}"
        self.papers[id] = Paper(subject, template, data, list(signers))
        return id

    async def state(self, subject: str, ceremony: str) -> Signed:
        paper = self.papers[ceremony]
        sha256 = hashlib.sha256(await self.document(subject, ceremony)).hexdigest()
        return Signed(tuple(paper.done), sha256, len(paper.done) == len(paper.signers))

    async def sign(self, login: Login, ceremony: str, token: str) -> None:
        paper = self.papers[ceremony]
        one = paper.signers[len(paper.done)]
        if one.person != login.person.id:
            raise Refusal("signing.not_your_turn", "not your turn")
        paper.done.append(one.field)
        if len(paper.done) < len(paper.signers) and not paper.signers[len(paper.done)].person:
            paper.done.append(paper.signers[len(paper.done)].field)

    async def document(self, subject: str, ceremony: str) -> bytes:
        return b"%PDF-" + ",".join(self.papers[ceremony].done).encode()

    async def abandon(self, officer: Person, ceremony: str, reason: str) -> None:
        self.papers[ceremony].withdrawn = True


class FakeLive:
    """A room that is as a test says."""

    def __init__(self, clock: Any) -> None:
        self.now: dict[str, Sight] = {}
        self.clock = clock

    def sight(self, sitting_id: str) -> Sight | None:
        found = self.now.get(sitting_id)
        return replace(found, at=self.clock()) if found else None

    async def nudge(self, sitting_id: str) -> None:
        pass


@dataclass
class World:
    """A court whose room and desk obey; `file` is a booked file with its sitting."""

    court: Court
    services: room.Court
    live: FakeLive
    desk: FakeDesk
    outbox: Outbox
    id: str = ""
    sitting: Sitting | None = None

    @property
    def officiant(self) -> Person:
        return self.court.who(Part.OFFICIANT)

    def login(self, part: Part) -> Login:
        return self.court.login(self.court.who(part))

    def seat(self, part: Part) -> str:
        assert self.sitting is not None
        found = self.sitting.seat_of(self.court.who(part).id)
        assert found is not None
        return found.id

    def see(self, **changes: Any) -> None:
        """The room shows something else from now on."""
        assert self.sitting is not None
        self.live.now[self.sitting.id] = replace(self.live.now[self.sitting.id], **changes)

    def seats(self, *parts: Part) -> frozenset[str]:
        return frozenset(self.seat(part) for part in parts)

    async def file(self) -> File:
        return await self.court.file(self.id)

    async def book(
        self, app: Application | None = None, named: Callable[[str], Awaitable[Any]] | None = None
    ) -> File:
        """Scheduled, with a sitting; everybody waits in the lobby, the officiant is in. `named`:
        what the court does before it accepts."""
        one = await self.court.gathered(app)
        await self.court.filing.submit(self.court.who(Part.BRIDE), one.id)
        if named is not None:
            await named(one.id)
        await self.court.reviewing.approve(self.court.login(self.court.judge), one.id, "")
        await self.court.filing.pay(self.court.who(Part.GROOM), one.id, "collect", settled=True)
        one = await self.slot(one.id)
        self.id = one.id
        async with self.court.core.database.unit(write=False) as session:
            self.sitting = await booked.get_sitting(session, one.sitting)
        assert self.sitting is not None
        self.live.now[one.sitting] = Sight(
            sitting=one.sitting,
            kind="marriage_contract",
            phase=Phase.ROLL_CALL,
            at=self.court.core.clock(),
            clock_ms=0,
            hearing=self.seats(Part.OFFICIANT),
            waiting=frozenset(seat.id for seat in self.sitting.seats) - self.seats(Part.OFFICIANT),
            deaf={},
            gone={},
            microphones=frozenset(),
            private=(),
            pages={seat.id: f"page-{seat.id}" for seat in self.sitting.seats},
        )
        assert one.starts_at is not None
        self.court.house.clock.advance((one.starts_at - self.court.core.clock()).total_seconds())
        return one

    async def slot(self, id: str, place: int = 0) -> File:
        """Book one of the officiant's free hours."""
        groom, booking = self.court.who(Part.GROOM), self.services.booking
        found = [s for s in await booking.slots(groom, id) if s.officiant.id == self.officiant.id]
        return await booking.book(
            groom, id, self.officiant.id, found[place].starts_at,
            relation_to_groom="none", relation_to_bride="none",
        )  # fmt: skip

    async def open(self) -> File:
        await self.book()
        return await self.services.conducting.open(self.officiant, self.id)

    async def verify(self, *parts: Part) -> None:
        one = await self.file()
        for part in parts:
            number = one.application.person(part).number
            await self.services.conducting.verify(
                self.officiant, self.id, part, "emirates_id", number[-4:].replace("-", "")
                if "-" not in number[-4:] else number.replace("-", "")[-4:],
            )  # fmt: skip

    async def consent(self, part: Part) -> None:
        self.see(private=(self.seats(part, Part.OFFICIANT),))
        asked = ("free", "alone", "content")
        await self.services.conducting.consent(self.officiant, self.id, part, True, asked)
        self.see(private=())

    async def united(self) -> None:
        await self.open()
        await self.verify(*PARTS[:-1])
        await self.consent(Part.BRIDE)
        await self.consent(Part.GROOM)
        everybody = self.seats(*PARTS)
        self.see(
            hearing=everybody, waiting=frozenset(), microphones=everybody, phase=Phase.ON_RECORD
        )
        await self.services.conducting.unite(self.officiant, self.id)

    async def read(self) -> None:
        await self.united()
        items = ("status", "impediments", "dower", "conditions")
        await self.services.conducting.read(self.officiant, self.id, items)

    async def utter(self, act: Act) -> File:
        return await self.services.conducting.utter(self.officiant, self.id, act, "spoken")

    async def formed(self) -> None:
        await self.read()
        await self.utter(Act.OFFER)
        await self.utter(Act.ACCEPT)
        for part in (Part.WITNESS_1, Part.WITNESS_2):
            await self.services.conducting.heard(self.court.who(part), self.id)

    async def contracted(self) -> File:
        await self.formed()
        await self.services.contracting.begin(self.officiant, self.id)
        for part in PARTS:
            await self.services.contracting.sign(self.login(part), self.id, "")
        return await self.file()

    async def certified(self) -> File:
        await self.contracted()
        judge = self.court.login(self.court.judge)
        await self.services.ratifying.ratify(judge, self.id, "")
        return await self.services.ratifying.issue(judge, self.id, "")


def make(court: Court, folder: Path, sender: Sender | None = None) -> World:
    """Wire the court with a room and a desk of a test."""
    live, desk, house = FakeLive(court.core.clock), FakeDesk(), court.house
    outbox = Outbox(
        court.core.database, house.secret, court.core.clock, sender,
        address="court@example.com", zone=court.core.zone,
    )  # fmt: skip
    services = room.build(
        database=court.core.database, log=house.log, secret=house.secret, clock=court.core.clock,
        zone=court.core.zone, step_up=house.accounts.stepup, sittings=house.sittings, live=live,
        desk=desk, address="http://localhost:8000", outbox=outbox,
        keys=MemoryKeyStore(b"k" * 32), vault=folder,
    )  # fmt: skip
    court.core, court.filing = services.core, services.filing
    court.reviewing, court.officiating = services.reviewing, services.officiating
    return World(court, services, live, desk, outbox)
