"""The whole house over the wire: the application that `app.py` wires, with people in it.

No caretaker, recorder or media runs, so nothing changes but by what a test sends.
"""

import asyncio
import json
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from quart import Quart
from sqlalchemy import select

import app as root
import migrate
from auth.demo import PASSWORD
from auth.password import Passwords
from auth.person import OPERATOR, Person, Role
from database import Base
from notary.marriage.application import Part
from sessions import demo
from sessions.seat import SeatRole
from sessions.sitting import Sitting
from settings import Settings
from tests.auth.house import Browser
from tests.support.papers import pdf
from tests.support.room_device import SoftDevice

DATA = Path(__file__).with_name("policy_routes.toml")
VOLATILE = {
    "logins",
    "audit_checkpoints",
    "audit_nodes",
    "identity_flows",
    "used_tickets",
    "sign_in_failures",
}
"""Tables that signing in, asking for a ticket, and the sequencer change by themselves."""
STRANGERS = {
    "judge2": Role.JUDGE,
    "clerk2": Role.CLERK,
    "expert": Role.EXPERT,
    "officer2": Role.FACILITY_OFFICER,
}
GUEST, SIGNED_OUT = "guest", "signed out"


def read() -> dict[str, list[dict[str, Any]]]:
    """The data file."""
    return tomllib.loads(DATA.read_text(encoding="utf-8"))


@dataclass
class Wire:
    """The running house."""

    house: root.House
    app: Quart
    people: dict[str, Person]
    criminal: Sitting
    civil: Sitting
    ids: dict[str, str]
    browsers: dict[str, Browser] = field(default_factory=dict)

    @property
    def everybody(self) -> list[str]:
        """Who is sent: all accounts, the guest, and nobody at all."""
        return [*self.people, GUEST, SIGNED_OUT]

    async def browser(self, name: str) -> Browser:
        """The signed-in browser of somebody; it has the token of its forms."""
        if name not in self.browsers:
            browser = self.browsers[name] = Browser(self.app)
            if name == GUEST:
                await self._follow_invitation(browser)
            elif name == SIGNED_OUT:
                await browser.get("/en/login")
            else:
                await browser.sign_in(name)
                await browser.get("/en/account")
        return self.browsers[name]

    async def _follow_invitation(self, browser: Browser) -> None:
        link = await self.house.invitations.invite(
            self.sure("clerk"), self.criminal.id, self.ids["guest_seat"]
        )
        await browser.get(link.path)
        await browser.get("/en/invitation")
        assert (await browser.post("/en/invitation")).status_code == 303
        await browser.get("/en/kit")

    def sure(self, name: str) -> Person:
        """An account as the services take it."""
        return self.people[name]

    def fill(self, value: Any) -> Any:
        """Replace {names} of ids in a sample."""
        if isinstance(value, str):
            for name, id in self.ids.items():
                value = value.replace("{" + name + "}", id)
            return value
        if isinstance(value, Mapping):
            return {self.fill(key): self.fill(item) for key, item in value.items()}
        return [self.fill(item) for item in value] if isinstance(value, list) else value

    async def dump(self) -> dict[str, Any]:
        """Every row of every table that only a person's act can change."""
        found: dict[str, Any] = {}
        async with self.house.database.unit(write=False) as session:
            for name, table in Base.metadata.tables.items():
                if name not in VOLATILE:
                    found[name] = [tuple(row) for row in await session.execute(select(table))]
        return found


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Wire]:
    """A house in `folder`, with the sittings of the demo and strangers to them."""
    settings = Settings(mode="demo", data_dir=folder)
    await asyncio.to_thread(migrate.upgrade, settings.database)
    house = root.House(settings)
    await house.open()
    house.accounts._passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    given = settings, house.database, house.accounts, house.rooms
    seeded = await demo.seed(*given, house.sittings, house.clock)
    for name, role in STRANGERS.items():
        await house.accounts.create(
            OPERATOR,
            username=name,
            role=role.value,
            name_ar="",
            name_en=name,
            password=PASSWORD,
        )
    people = {one.username: one for one in await house.accounts.people(OPERATOR)}
    names = ("غرفة أخرى", "Another room")
    await house.rooms.add_in(OPERATOR, ("منشأة", "Facility"), names)
    other = next(room for room in await house.rooms.all(OPERATOR) if room.id != seeded.room.id)
    await house.rooms.add_officer(OPERATOR, other.id, people["officer2"].id)
    booked = (await house.sittings.mine(people["clerk"])).today
    booked += (await house.sittings.mine(people["clerk"])).upcoming
    by_kind = {one.sitting.kind: one.sitting for one in booked}
    criminal, civil = by_kind["criminal_hearing"], by_kind["civil_hearing"]
    ids = {
        "criminal": criminal.id,
        "civil": civil.id,
        "room": seeded.room.id,
        "accused_seat": _seat(criminal, SeatRole.ACCUSED),
        "witness_seat": _seat(criminal, SeatRole.WITNESS),
        "guest_seat": next(
            s.id for s in criminal.seats if s.role is SeatRole.WITNESS and not s.person
        ),
        **{name: one.id for name, one in people.items()},
    }
    made = await house.delegations.grant(
        OPERATOR,
        people["judge"].id,
        people["judge2"].id,
        house.clock() + timedelta(days=30),
        house.clock() + timedelta(days=31),
        reason="On leave",
    )
    ids["delegation"] = made.id
    ids["id"] = await _draft(house, people)
    ids["marriage"] = await _marriage(house, people)
    ids["exhibit"] = (
        await house.exhibits.file(people["prosecutor"], criminal.id, "Photo", pdf())
    ).id
    ids["device"] = await _enrol(house, seeded.room.id)
    sequencer = asyncio.create_task(house.log.run())
    try:
        yield Wire(house, root.create_app(house), people, criminal, civil, ids)
    finally:
        await house.live.close()
        await house.engine.close()
        sequencer.cancel()
        await asyncio.gather(sequencer, return_exceptions=True)
        await house.close()


async def _draft(house: root.House, people: Mapping[str, Person]) -> str:
    """A request for a notarial act that claimant made and notary has."""
    one = await house.office.applying.begin(people["claimant"], "declaration")
    async with house.database.unit() as session:
        await house.office.core.keep(session, one, notary=people["notary"].id)
    return one.id


async def _marriage(house: root.House, people: Mapping[str, Person]) -> str:
    """A marriage file in which the demo's people have their parts, an officiant among them."""
    one = await house.marriages.filing.begin(people["groom"], Part.GROOM)
    names = {Part.BRIDE: "bride", Part.GUARDIAN: "guardian", Part.OFFICIANT: "officiant"}
    names |= {Part.WITNESS_1: "witness1", Part.WITNESS_2: "witness2"}
    seats = {**one.seats, **{part: people[name].id for part, name in names.items()}}
    async with house.database.unit() as session:
        await house.marriages.core.keep(session, one, seats=seats)
    return one.id


async def _enrol(house: root.House, room: str) -> str:
    """A device of the room, whose key nobody has any more."""
    await house.devices.set_networks(OPERATOR, room, "192.0.2.0/24")
    code = await house.devices.make_code(OPERATOR, room, "Screen")
    device = SoftDevice(house.settings.address)
    return (await device.enrol(house.devices, code)).id


def _seat(sitting: Sitting, role: SeatRole) -> str:
    return next(seat.id for seat in sitting.seats if seat.role is role)


async def call(
    wire: Wire, browser: Browser, route: Mapping[str, Any], method: str = "POST"
) -> tuple[int, str]:
    """Send the sample of a route; the status, and the refusal's code where there is one."""
    path = address(wire, route["rule"])
    headers = {"Accept": "application/json", "X-CSRF-Token": browser.token}
    options: dict[str, Any] = {"headers": headers}
    if "json" in route:
        options["json"] = wire.fill(route["json"])
    elif method != "GET":
        options["form"] = wire.fill(route.get("form", {}))
    prefix = "" if path.startswith("/api/") else "/en"
    response = await browser.client.open(f"{prefix}{path}", method=method, **options)
    text = await response.get_data(as_text=True)
    return response.status_code, _code(text)


def _code(text: str) -> str:
    if text.startswith("{"):
        first = text.splitlines()[0] if "\n{" in text else text  # an export is a line for each
        return str(json.loads(first).get("code", ""))
    return text.split('data-code="')[1].split('"')[0] if 'data-code="' in text else ""


def address(wire: Wire, rule: str) -> str:
    """The rule with the sample's ids."""
    given = {
        "sitting": wire.ids["criminal"],
        "sitting_id": wire.ids["criminal"],
        "account": wire.ids["respondent"],
        "room": wire.ids["room"],
        "seq": "1",
        "delegation": wire.ids["delegation"],
        "step": "approve",
        "device": wire.ids["device"],
        "id": wire.ids["id"],
        "marriage": wire.ids["marriage"],
        "exhibit": wire.ids["exhibit"],
        "page": "1",
        "order": f"{wire.ids['id']}-1",
        "year": "2026",
        "number": "1",
    }
    parts = []
    for part in rule.split("/"):
        if part.startswith("<"):
            name, _, rest = part[1:].partition(">")
            part = given.get(name.rpartition(":")[2], "x") + rest
        parts.append(part)
    return "/".join(parts)
