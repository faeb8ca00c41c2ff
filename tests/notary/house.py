"""A house for ceremonies: real database, log, worker processes; confirmations as a test gives."""

import hashlib
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy.ext.asyncio import AsyncSession

from audit import key as audit_key
from audit.service import AuditLog
from auth import stepup
from auth.assurance import Assurance, Level, Method
from auth.person import Person, Role
from auth.policy import Context
from auth.secret import Secret
from auth.session import Login
from clock import utc_now
from database import Database
from errors import Refusal
from notary.documents.render import Documents, Rendered
from notary.signing import appearance, pades
from notary.signing.ceremony import Signer, Sort
from notary.signing.engine import Engine, Job, Workshop
from notary.signing.service import Ceremonies
from recordings.checking.kind import Trust
from recordings.keys import MemoryKeyStore

ADDRESS = "http://localhost:8000"
SURE = Assurance(Level.HIGH, Method.PASSKEY, each_act=True)
PEOPLE = {
    "fatima": Person("p-fatima", Role.PARTY, "فاطمة محمد الزهراء", "Fatima Mohamed Al Zahra"),
    "khalid": Person("p-khalid", Role.PARTY, "خالد سعيد", "Khalid Saeed"),
    "mona": Person("p-mona", Role.JUDGE, "منى راشد", "Mona Rashid"),
    "sara": Person("p-sara", Role.PARTY, "سارة", "Sara"),
}


def login(name: str) -> Login:
    person = replace(PEOPLE[name], assurance=SURE)
    return Login(f"login-{name}", person, utc_now(), utc_now())


def signers() -> list[Signer]:
    fatima, khalid, mona = PEOPLE["fatima"], PEOPLE["khalid"], PEOPLE["mona"]
    return [
        Signer("S1", fatima.id, Sort.PARTY, fatima.name_ar, fatima.name_en, "الموكّلة", "Principal"),
        Signer("S2", khalid.id, Sort.PARTY, khalid.name_ar, khalid.name_en, "الوكيل", "Agent"),
        Signer(
            "Notary", mona.id, Sort.NOTARY, mona.name_ar, mona.name_en, "الكاتب العدل", "Notary"
        ),
        Signer("Seal", "", Sort.SEAL, "مكتب عجمان", "Ajman office", "الختم", "Seal"),
    ]


@dataclass
class Confirmations:
    """Stands in for auth.stepup: tokens for one act on one object with one digest, once."""

    given: dict[str, tuple[str, str, str, str, str]] = field(default_factory=dict)

    def token(self, name: str, act: str, object: str, digest: str) -> str:
        """What the page gets when the person has confirmed."""
        token = hashlib.sha256(f"{name}{act}{object}{digest}{len(self.given)}".encode()).hexdigest()
        self.given[token] = (PEOPLE[name].id, f"login-{name}", act, object, digest)
        return token

    async def require(
        self, session: AsyncSession, login: Login, act: str, object: str, bound: str, token: str,
        at: Context,
    ) -> Level:  # fmt: skip
        if not token:
            raise stepup.needed(act, object, bound)
        if self.given.pop(token, None) != (login.person.id, login.id, act, object, bound):
            raise Refusal("confirmation.refused", "Confirm again.", status=403)
        return Level.HIGH


@dataclass
class House:
    """What a test works with."""

    ceremonies: Ceremonies
    confirmations: Confirmations
    log: AuditLog
    database: Database


def open_house(database: Database, engine: Engine, documents: Documents) -> House:
    origin = "test.example/audit"
    log = AuditLog(database, audit_key.generate(origin), origin, utc_now)
    confirmations = Confirmations()
    ceremonies = Ceremonies(
        database=database,
        log=log,
        engine=engine,
        documents=documents,
        confirms=confirmations,
        keys=MemoryKeyStore(bytes(range(32))),
        clock=utc_now,
        zone="Asia/Dubai",
        secret=Secret(bytes(32)),
    )
    return House(ceremonies, confirmations, log, database)


async def signed_by(house: House, id: str, digest: str, name: str) -> str:
    """`name` confirms and signs (the notary: closes); the new digest."""
    act = "signing.close" if name == "mona" else "signing.sign"
    token = house.confirmations.token(name, act, id, digest)
    made = house.ceremonies.close if name == "mona" else house.ceremonies.sign
    found = await made(login(name), id, token)
    return str(getattr(found, "sha256", ""))


async def complete(house: House, rendered: Rendered, subject: str = "deed1") -> tuple[str, bytes]:
    """A whole ceremony: its id and the sealed file."""
    found = await house.ceremonies.prepare(login("mona").person, subject, rendered, signers())
    digest = found.sha256
    for name in ("fatima", "khalid", "mona"):
        digest = await signed_by(house, found.id, digest, name)
    return found.id, await house.ceremonies.file(PEOPLE["fatima"], found.id)


async def sign_all(workshop: Workshop, rendered: Rendered, documents: Documents) -> bytes:
    """A sealed deed without a house around it: four signatures, the fourth the seal's."""
    people = signers()
    pdf = pades.add_fields(rendered.pdf, rendered.boxes, [one.field for one in people])
    for place, one in enumerate(people):
        pdf = (await workshop.sign(job(pdf, place, rendered, documents))).pdf
        assert one.field.encode() in pdf
    return pdf


def job(pdf: bytes, place: int, rendered: Rendered, documents: Documents) -> Job:
    """The signature of the sample's signer at `place`."""
    one = signers()[place]
    words = {"ar": (one.name_ar, one.capacity_ar), "en": (one.name_en, one.capacity_en)}
    drawn = appearance.draw(documents, rendered.boxes[place], words, utc_now(), "Asia/Dubai")
    return Job(
        pdf=pdf,
        place=one.field,
        common=one.name_ar,
        unit=one.sort.value,
        capacity=f"{one.capacity_ar} / {one.capacity_en}",
        pseudonym=f"p{place}",
        serial=5000 + place,
        certify=place == 0,
        before=place,
        appearance=drawn,
    )


def trust(workshop: Workshop) -> Trust:
    pem = b"".join(one.public_bytes(Encoding.PEM) for one in workshop.roots)
    return Trust("", signers=pem.decode())
