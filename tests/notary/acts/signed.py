"""A deed with real signatures over an office, and the page that checks it."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from quart import Quart

import pages
import recordings.web_verify
from audit.witnessing import Witnessing
from auth.assurance import Level
from notary.deeds.desk import SigningDesk
from notary.deeds.request import Request
from notary.documents.render import Documents
from notary.signing.engine import Engine, Workshop
from notary.signing.service import Ceremonies
from notary.verification.deeds import Deeds
from notary.verification.kind import DOCUMENT
from notary.verification.papers import Papers
from notary.verification.standing import standing
from recordings.checking import kind as kinds
from recordings.checking.service import Checking
from recordings.checking.upload import Reception
from recordings.keys import MemoryKeyStore
from settings import ROOT
from tests.notary.acts.world import World


class Confirmed:
    """Whoever signs has confirmed it: confirmations are tested in tests/auth."""

    async def require(self, *bound: Any) -> Level:
        return Level.HIGH


@dataclass
class Signed:
    """A deed with real signatures, and the page that checks it."""

    world: World
    one: Request
    pdf: bytes
    checking: Checking
    ceremonies: Ceremonies

    def app(self) -> Quart:
        app = Quart("app", root_path=str(ROOT), static_folder=None)
        pages.init_app(app, self.world.house.settings)
        recordings.web_verify.init_app(app, self.checking)
        return app

    async def page(self, address: str) -> tuple[int, str]:
        answer = await self.app().test_client().get(address)
        return answer.status_code, await answer.get_data(as_text=True)


def office(
    world_house: Any, engine: Engine, documents: Documents
) -> tuple[SigningDesk, Ceremonies]:
    """Real signing over a house."""
    ceremonies = Ceremonies(
        database=world_house.database, log=world_house.log, engine=engine, documents=documents,
        confirms=Confirmed(), keys=MemoryKeyStore(bytes(range(32))), clock=world_house.clock,
        zone="Asia/Dubai", secret=world_house.secret,
    )  # fmt: skip
    return SigningDesk(documents, ceremonies), ceremonies


def checker(world: World, ceremonies: Ceremonies, workshop: Workshop, folder: Path) -> Checking:
    """As app.py wires it."""
    house = world.house
    deeds = Deeds(house.database, house.secret, world.office.register, ceremonies)
    papers = Papers(house.database, world.office.register)
    reception = Reception(folder / "uploads", 30_000_000, 0)
    reception.prepare()
    pem = b"".join(one.public_bytes(Encoding.PEM) for one in workshop.roots)
    return Checking(
        house.log,
        Witnessing(house.database, house.log, house.clock),
        bytes,
        reception,
        (DOCUMENT, *kinds.KINDS),
        signers=lambda: pem,
        standing=partial(standing, ceremonies, rooms=(deeds.of_subject, papers.of_subject)),
        codes=(deeds.of_code, papers.of_code),
        guesses=house.accounts.attempts,
    )
