"""A house for tests: the services of `auth` and `sessions` over one database, with demo people."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from quart import Quart
from quart.typing import TestClientProtocol

import auth.administration.web
import auth.web
import pages
import sessions.web
from audit import key
from audit.service import AuditLog
from auth.administration.service import Administration
from auth.assurance import PROFILES, Level, Method, of
from auth.demo import PASSWORD
from auth.devices.device import Station
from auth.password import Passwords
from auth.person import Person
from auth.secret import Secret
from auth.service import Accounts, SignedIn
from database import Database
from sessions import demo
from sessions.detention import DetentionRoom
from sessions.invitations import Invitations
from sessions.rooms import Rooms
from sessions.service import Sittings
from sessions.tasks import Tasks
from settings import ROOT, Settings
from tests.support.clock import SettableClock

ADDRESS = "http://localhost:8000"


@dataclass
class House:
    """Everything wired, nothing running."""

    database: Database
    clock: SettableClock
    log: AuditLog
    secret: Secret
    accounts: Accounts
    sittings: Sittings
    invitations: Invitations
    rooms: Rooms
    settings: Settings
    people: dict[str, Person]
    """By user name, as sure as their password makes them in this profile."""
    room: DetentionRoom

    async def sign_in(self, username: str, address: str = "192.0.2.1") -> SignedIn:
        return await self.accounts.sign_in(username, PASSWORD, address=address)

    def sure(self, person: Person) -> Person:
        """A person as sure as the demo's people are."""
        return replace(person, assurance=self.people["admin"].assurance)

    def at(self, hours: float) -> datetime:
        """A time `hours` from now."""
        return self.clock.now + timedelta(hours=hours)

    def app(self) -> Quart:
        """The application with the pages of both rooms."""
        app = Quart("app", root_path=str(ROOT), static_folder=None)
        pages.init_app(app, self.settings)
        auth.web.init_app(app, self.accounts, self.settings)
        administration = Administration(self.database, self.log, self.accounts, self.clock)
        auth.administration.web.init_app(app, administration)
        sessions.web.init_app(app, self.sittings, self.invitations, self.rooms, Tasks())
        return app


async def build(
    database: Database,
    clock: SettableClock,
    *,
    demo_sittings: bool = False,
    profile: str = "demo",
) -> House:
    """Wire a house and seed its people and the room; the sittings of the demo when asked."""
    settings = Settings(mode="demo")
    log = AuditLog(database, key.generate("test.example/log"), "test.example/log", clock)
    secret = Secret(b"0123456789abcdef0123456789abcdef")
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    worth = PROFILES[profile]
    accounts = Accounts(
        database,
        log,
        secret,
        ADDRESS,
        clock,
        passwords=cheap,
        profile=worth,
        devices_demanded=settings.devices_demanded,
    )
    sittings = Sittings(database, log, secret, clock)
    rooms = Rooms(database, log)
    invitations = Invitations(database, log, accounts, sittings, clock)
    if demo_sittings:
        seeded = await demo.seed(settings, database, accounts, rooms, sittings, clock)
    else:
        seeded = await demo.seed_house(settings, database, accounts, rooms)
    surely = {
        name: replace(
            person,
            assurance=of(worth, Method.PASSWORD, Level.HIGH, clock()),
            station=Station(demanded=settings.devices_demanded),
        )
        for name, person in seeded.people.items()
    }
    return House(
        database,
        clock,
        log,
        secret,
        accounts,
        sittings,
        invitations,
        rooms,
        settings,
        surely,
        seeded.room,
    )


class Browser:
    """A browser without scripts: cookies, the page's CSRF token, and forms."""

    def __init__(self, app: Quart) -> None:
        self.client: TestClientProtocol = app.test_client()
        self.token = ""

    async def get(self, path: str, **options: Any) -> Any:
        """Open a page, follow nothing, remember its CSRF token."""
        response = await self.client.get(path, **options)
        text = await response.get_data(as_text=True)
        if 'name="csrf-token" content="' in text:
            self.token = text.split('name="csrf-token" content="')[1].split('"')[0]
        return response

    async def post(self, path: str, form: dict[str, Any] | None = None, **options: Any) -> Any:
        """Send a form with the token of the page seen last."""
        return await self.client.post(
            path, form={"csrf_token": self.token, **(form or {})}, **options
        )

    async def sign_in(self, username: str) -> None:
        """Sign in as one of the demo people."""
        await self.get("/en/login")
        response = await self.post("/en/login", {"username": username, "password": PASSWORD})
        assert response.status_code == 303, await response.get_data(as_text=True)

    async def sees(self, path: str) -> str:
        """The text of a page that opens."""
        response = await self.get(path)
        text: str = await response.get_data(as_text=True)
        assert response.status_code == 200, (response.status_code, text)
        return text
