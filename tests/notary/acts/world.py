"""A notary's office for tests: real services over one database, a signing and a room that obey."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from auth.person import Person
from auth.session import Login
from errors import Refusal
from notary.deeds.fee import StandInPayments
from notary.deeds.office import Office, build
from notary.deeds.ports import Applied, Signer
from notary.deeds.request import Request
from notary.mail.service import Outbox, Sender
from notary.signing.desk import Signed
from recordings.keys import MemoryKeyStore
from sessions import store as booked
from sessions.phase import Phase
from signaling.facts import StepState
from tests.auth.house import House
from tests.support.papers import pdf

PDF = pdf()


@dataclass
class Paper:
    """A document that is being signed."""

    subject: str
    data: Mapping[str, Any]
    signers: list[Signer]
    done: list[str] = field(default_factory=list)
    abandoned: bool = False


class FakeCeremonies:
    """Signs in order, without cryptography. Real signatures are tested in tests/notary."""

    def __init__(self) -> None:
        self.papers: dict[str, Paper] = {}
        self.fails: Exception | None = None

    async def prepare(
        self,
        notary: Person,
        subject: str,
        data: Mapping[str, Any],
        signers: Sequence[Signer],
        at: datetime,
    ) -> str:
        id = f"c{len(self.papers)}"
        self.papers[id] = Paper(subject, data, list(signers))
        return id

    async def state(self, subject: str, ceremony: str) -> Signed:
        paper = self.papers[ceremony]
        digest = hashlib.sha256(self._bytes(ceremony)).hexdigest()
        return Signed(tuple(paper.done), digest, len(paper.done) == len(paper.signers))

    async def sign(self, login: Login, ceremony: str, token: str) -> None:
        if self.fails:
            raise self.fails
        paper = self.papers[ceremony]
        place = len(paper.done)
        if paper.abandoned or place >= len(paper.signers):
            raise Refusal("signing.over", "over")
        if paper.signers[place].person != login.person.id:
            raise Refusal("signing.not_your_turn", "not your turn")
        paper.done.append(paper.signers[place].field)

    async def close(self, login: Login, ceremony: str, token: str) -> None:
        await self.sign(login, ceremony, token)

    async def document(self, subject: str, ceremony: str) -> bytes:
        return self._bytes(ceremony)

    async def signatures(self, subject: str, ceremony: str) -> list[Applied]:
        at = datetime(2026, 11, 21, 7, tzinfo=UTC)
        return [
            Applied(one.name_ar, one.name_en, one.role_ar, one.role_en, at)
            for one in self.papers[ceremony].signers
        ]

    async def issue(
        self, subject: str, template: str, data: Mapping[str, Any], at: datetime
    ) -> tuple[str, bytes]:
        if self.fails:
            raise self.fails
        id = f"c{len(self.papers)}"
        self.papers[id] = Paper(subject, data, [], ["seal", subject])
        return id, self._bytes(id)

    async def abandon(self, notary: Person, ceremony: str, reason: str) -> None:
        self.papers[ceremony].abandoned = True

    def _bytes(self, ceremony: str) -> bytes:
        return b"%PDF-" + ",".join(self.papers[ceremony].done).encode()


class FakeRoom:
    """Everybody who is booked is in the hearing, unless said otherwise."""

    def __init__(self) -> None:
        self.seats: dict[str, frozenset[str]] = {}
        self.nudged = 0
        self.steps: dict[str, dict[str, StepState]] = {}

    def present(self, sitting: str) -> frozenset[str]:
        return self.seats.get(sitting, frozenset())

    def clock_ms(self, sitting: str) -> int:
        return 12_345

    async def agenda(self, sitting: str, seat: str, states: Mapping[str, StepState]) -> None:
        self.steps[sitting] = dict(states)

    async def nudge(self, sitting: str) -> None:
        self.nudged += 1


@dataclass
class World:
    """The office and its people."""

    house: House
    office: Office
    ceremonies: FakeCeremonies
    room: FakeRoom
    payments: StandInPayments

    def login(self, username: str) -> Login:
        person = self.house.people[username]
        now = self.house.clock()
        return Login("l-" + username, person, now, now)

    def who(self, username: str) -> Any:
        return self.house.people[username]

    async def sit(self, one: Request, phase: Phase = Phase.ON_RECORD) -> None:
        """Everybody comes and the sitting goes on record."""
        async with self.house.database.unit() as session:
            sitting = await booked.get_sitting(session, one.sitting)
            assert sitting is not None
            await booked.set_phase(session, sitting.id, phase)
            await booked.add_event(session, sitting.id, self.house.clock(), f"phase.{phase.value}")
        self.room.seats[one.sitting] = frozenset(seat.id for seat in sitting.seats)

    async def turn_pages(self, one: Request, but: int = 0) -> None:
        """The notary turns every page on the shared view."""
        assert one.content.text is not None
        async with self.house.database.unit() as session:
            for page in range(1, len(one.content.text.pages) + 1):
                if page != but:
                    data = {"document": one.content.text.digest[:32], "page": page}
                    await booked.add_event(
                        session, one.sitting, self.house.clock(), "turn", None, data
                    )

    # --- the whole path, as far as a test wants it ----------------------------------------------

    async def draft(self, act: str = "poa_special_litigation") -> Request:
        one = await self.office.applying.begin(self.who("claimant"), act)
        rows = {
            "p0": {
                "role": "principal", "name_ar": "فاطمة علي البلوشي", "name_en": "Fatima Ali",
                "identity_number": "784-1988-1111111-1", "language": "ar", "email": "f@example.com",
            },
            "p1": {
                "role": "principal", "name_en": "Rajesh Kumar", "language": "en",
                "identity_number": "784-1985-2222222-2", "path": "language",
                "nationality": "Indian",
                "email": "r@example.com",
            },
            "p2": {
                "role": "agent", "name_ar": "ليلى يوسف المنصوري",
                "identity_number": "784-1990-3333333-3", "language": "ar",
            },
            "h0": {
                "role": "interpreter", "name_en": "Noor Siddiqui", "helps": "p1",
                "identity_number": "784-1979-4444444-4", "language": "en",
            },
        }  # fmt: skip
        me = self.who("claimant")
        one, errors = await self.office.applying.save_people(me, one.id, one.version, rows, True)
        assert not errors, [(e.code, e.field) for e in errors]
        typed = {
            "field_court": "all", "field_matter": "Claim 77 of 2026", "field_may_settle": "no",
            "field_may_delegate": "yes", "field_until": "2027-12-31",
        }  # fmt: skip
        one, errors = await self.office.applying.save_content(me, one.id, one.version, typed)
        assert not errors, [(e.code, e.field) for e in errors]
        await self.office.applying.upload(me, one.id, "identity", "id.pdf", PDF)
        return (await self.office.applying.see(me, one.id)).request

    async def submitted(self, act: str = "poa_special_litigation") -> Request:
        one = await self.draft(act)
        return await self.office.applying.submit(self.who("claimant"), one.id, one.version)

    async def approved(self) -> Request:
        one = await self.submitted()
        clerk = self.who("clerk")
        await self.office.auditing.take(clerk, one.id)
        people = {"p1": self.who("respondent").id, "h0": self.who("interpreter").id}
        await self.office.auditing.bind(clerk, one.id, people)
        return await self.office.approve(clerk, one.id, waive=False)

    async def paid(self) -> Request:
        one = await self.approved()
        me = self.who("claimant")
        charge = await self.office.scheduling.charge(me, one.id, "/")
        assert self.payments.pay(charge.reference)
        return await self.office.settle(me, one.id)

    async def booked(self) -> Request:
        one = await self.paid()
        me = self.who("claimant")
        slot = (await self.office.scheduling.slots(me, one.id))[0]
        return await self.office.book(me, one.id, slot.notary.id, slot.starts_at)

    async def reading(self) -> Request:
        one = await self.booked()
        await self.sit(one)
        one = await self.office.conduct.open(self.who("notary"), one.id, True)
        return await self.to_reading(one, self.who("notary"))

    async def to_reading(self, one: Request, notary: Person) -> Request:
        """From the opening: everybody's identity, capacity and free will."""
        conduct = self.office.conduct
        for key in ("p0", "p1", "h0"):
            last4 = next(p.identity_number[-4:] for p in one.content.parties if p.key == key)
            one = await conduct.identify(notary, one.id, key, "emirates_id", last4, True)
        one = await conduct.go_on(notary, one.id)
        for key in ("p0", "p1"):
            for question in ("understands", "free", "well"):
                one = await conduct.ask(notary, one.id, key, question, "", "Yes, I do.")
            one = await conduct.judge(notary, one.id, key, True, True)
        one = await conduct.ask(notary, one.id, "h0", "faithful", "", "I swear. Ministry, 118.")
        return await conduct.go_on(notary, one.id)

    async def signing(self) -> Request:
        return await self.to_signing(await self.reading(), self.who("notary"))

    async def to_signing(self, one: Request, notary: Person) -> Request:
        """From the reading: every page is turned, everybody consents."""
        conduct = self.office.conduct
        await self.turn_pages(one)
        one = await conduct.read(notary, one.id, True)
        for key in ("p0", "p1", "h0"):
            one = await conduct.consent(notary, one.id, key, "I agree.")
        return await self.office.closing.begin_signing(notary, one.id)

    async def delivered(self) -> Request:
        one = await self.signing()
        for username in ("claimant", "respondent", "interpreter"):
            await self.office.closing.sign(self.login(username), one.id, "")
        return await self.office.closing.seal(self.login("notary"), one.id, "")


async def make(
    house: House,
    folder: Path,
    sender: Sender | None = None,
    ceremonies: Any = None,
    **options: Any,
) -> World:
    """An office over a house."""
    ceremonies = ceremonies or FakeCeremonies()
    room, payments = FakeRoom(), StandInPayments()
    outbox = Outbox(
        house.database, house.secret, house.clock, sender,
        address="office@mahdar.example", zone="Asia/Dubai",
    )  # fmt: skip
    office = build(
        database=house.database, log=house.log, secret=house.secret, clock=house.clock,
        sittings=house.sittings, step_up=house.accounts.stepup, ceremonies=ceremonies, live=room,
        keys=MemoryKeyStore(b"k" * 32), vault=folder, outbox=outbox,
        address="http://localhost:8000", zone="Asia/Dubai", payments=payments, **options,
    )  # fmt: skip
    return World(house, office, ceremonies, room, payments)
