"""Fixtures: templates, keys and worker processes once, a house for each test."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from audit.witnessing import Witnessing
from clock import utc_now
from database import Database
from notary.documents.render import Documents, Rendered
from notary.signing.engine import Engine, Keys, Workshop
from notary.verification.kind import DOCUMENT
from notary.verification.standing import standing
from recordings.checking import kind as kinds
from recordings.checking.service import Checking
from recordings.checking.upload import Reception
from tests.notary.deeds import AT, deed
from tests.notary.house import ADDRESS, House, open_house, sign_all, trust
from tests.support.smtp import Box, free_port


@pytest.fixture(scope="session")
def documents() -> Documents:
    return Documents()


@pytest.fixture(scope="session")
def rendered(documents: Documents) -> Rendered:
    return documents.render_now("deed", deed(bilingual=True), AT)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("signing-keys"), "passphrase", ADDRESS)


@pytest.fixture(scope="session")
def workshop(keys: Keys) -> Workshop:
    return Workshop(keys)


@pytest.fixture(scope="session")
def sealed(workshop: Workshop, rendered: Rendered, documents: Documents) -> bytes:
    """A deed with four signatures, closed and sealed."""
    return asyncio.run(sign_all(workshop, rendered, documents))


@pytest.fixture(scope="session")
def engine(keys: Keys, workshop: Workshop) -> Iterator[Engine]:
    """Worker processes for the whole run: they take a second to start."""
    engine = Engine(keys)
    yield engine
    asyncio.run(engine.close())


@pytest.fixture
async def house(sqlite_database: Database, engine: Engine, documents: Documents) -> House:
    return open_house(sqlite_database, engine, documents)


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def server(box: Box) -> Iterator[Controller]:
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller
    controller.stop(no_assert=True)


@pytest.fixture
def checking(house: House, workshop: Workshop, tmp_path: Path) -> Checking:
    reception = Reception(tmp_path / "uploads", 30_000_000, 0)
    reception.prepare()
    witnessing = Witnessing(house.database, house.log, utc_now)
    return Checking(
        house.log,
        witnessing,
        bytes,
        reception,
        (DOCUMENT, *kinds.KINDS),
        signers=lambda: trust(workshop).signers.encode(),
        standing=lambda sha256: standing(house.ceremonies, sha256),
    )
