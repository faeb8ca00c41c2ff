"""A house with one identity provider that may lie, and a browser that goes there and back."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from quart import Quart
from sqlalchemy import text

import auth.identity.web
from auth.identity.linking import Linking
from auth.identity.service import DigitalIdentity
from auth.person import OPERATOR
from database import Database
from tests.auth.house import Browser, House, build
from tests.auth.identity import fake
from tests.auth.identity.fake import Fake
from tests.support.clock import SettableClock

NUMBER = "784-1800-1234567-8"
TABLES = (
    "accounts",
    "logins",
    "identities",
    "waiting_identities",
    "account_numbers",
    "provider_logins",
    "audit_leaves",
)


@dataclass
class World:
    """Everything wired. `idp` may be told to lie."""

    house: House
    idp: Fake
    identity: DigitalIdentity
    linking: Linking
    app: Quart

    def browser(self) -> Browser:
        return Browser(self.app)

    async def start(self, browser: Browser, *, language: str = "en", **query: str) -> str:
        """The address to which the sign-in button leads."""
        extra = f"?{urlencode(query)}" if query else ""
        answer = await browser.get(f"/{language}/identity/idp/start{extra}")
        assert answer.status_code == 303, await answer.get_data(as_text=True)
        return str(answer.headers["Location"])

    async def back(self, browser: Browser, query: dict[str, str], **headers: str) -> Any:
        """The provider's redirect back to us."""
        path = f"/identity/idp/callback?{urlencode(query)}"
        return await browser.get(path, headers=headers)

    async def sign_in(self, browser: Browser, **query: str) -> Any:
        """There and back."""
        return await self.back(browser, self.idp.visit(await self.start(browser, **query)))

    async def rows(self) -> dict[str, list[Any]]:
        """All that must not change when somebody is refused."""
        async with self.house.database.unit(write=False) as session:
            return {
                table: sorted(map(str, await session.execute(text(f"SELECT * FROM {table}"))))
                for table in TABLES
            }

    async def leaves(self, type: str) -> list[str]:
        """The log's leaves of a type, as text."""
        async with self.house.database.unit(write=False) as session:
            query = text("SELECT entry FROM audit_leaves WHERE type = :type")
            return [bytes(row[0]).decode() for row in await session.execute(query, {"type": type})]

    async def link(self, username: str, subject: str = "person-1") -> None:
        """The administrator has linked the fake's identity with an account."""
        browser = self.browser()
        kept, self.idp.subject = self.idp.subject, subject
        answer = await self.sign_in(browser)
        self.idp.subject = kept
        assert answer.status_code == 403, answer.status_code
        [waiting] = (await self.linking.overview(OPERATOR)).waiting
        account = self.house.people[username].id
        await self.identity.link(OPERATOR, waiting.id, account=account, code=waiting.code)


Build = Callable[..., Awaitable[World]]


@pytest.fixture
async def worlds(sqlite_database: Database, clock: SettableClock) -> AsyncIterator[Build]:
    """`await worlds(provider profile, assurance profile)`."""
    made: list[World] = []

    async def make(profile: str = "generic", assurance: str = "demo") -> World:
        house = await build(sqlite_database, clock, profile=assurance)
        idp = Fake(clock, profile)
        linking = Linking(house.database, house.log, house.secret, clock)
        identity = DigitalIdentity(
            house.database,
            house.accounts,
            linking,
            [fake.provider(profile)],
            "http://localhost:8000",
            clock,
            transport=idp.transport(),
        )
        app = house.app()
        auth.identity.web.init_app(app, identity, linking)
        made.append(World(house, idp, identity, linking, app))
        return made[-1]

    yield make
    for world in made:
        await world.identity.close()


@pytest.fixture
async def world(worlds: Build) -> World:
    return await worlds()


@pytest.fixture
async def linked(world: World) -> World:
    """The judge's account is linked with the fake's identity; nothing was asked of it yet."""
    await world.link("judge")
    world.idp.asked.clear()
    return world


def query_of(address: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
