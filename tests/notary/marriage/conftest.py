"""A court with a couple, a guardian, two witnesses and an officiant: real services."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from auth.person import Person
from auth.session import Login
from database import Database
from notary.marriage.application import Application, Part
from notary.marriage.attaching import with_papers
from notary.marriage.core import Core
from notary.marriage.file import FIELDS, SECTIONS, File, to_json
from notary.marriage.filing import Filing
from notary.marriage.officiating import Officiating
from notary.marriage.reviewing import Reviewing
from tests.auth.house import House, build
from tests.notary.marriage.sample import PACK, person, sharia
from tests.support.clock import SettableClock

PEOPLE = {
    Part.GROOM: "groom",
    Part.BRIDE: "bride",
    Part.GUARDIAN: "guardian",
    Part.WITNESS_1: "witness1",
    Part.WITNESS_2: "witness2",
    Part.OFFICIANT: "officiant",
    Part.INTERPRETER_1: "interpreter",
}
"""User names of the demo."""


@dataclass
class Court:
    """Everything that the tests of this room need."""

    house: House
    core: Core
    filing: Filing
    reviewing: Reviewing
    officiating: Officiating
    people: dict[Part, Person]
    judge: Person
    other_judge: Person
    clerk: Person

    def who(self, part: Part) -> Person:
        return self.people[part]

    def login(self, person: Person) -> Login:
        now = self.core.clock()
        return Login("l-" + person.username, person, now, now)

    def at(self, days: float) -> datetime:
        return self.core.clock() + timedelta(days=days)

    def couple(self) -> Application:
        """A file in order on this house's days."""
        day = self.core.today()
        app = sharia()
        medical = {part: replace(one, issued=day) for part, one in app.medical.items()}
        return replace(app, medical=medical)

    async def fill(self, id: str, app: Application, *, by: Part = Part.GROOM) -> File:
        """Type a whole application, page by page."""
        plain = to_json(replace(await self._file(id), application=app))
        for page in SECTIONS:
            typed: dict[str, Any] = {name: plain["application"][name] for name in FIELDS[page]}
            seen = (await self._file(id)).pages.get(page, 0)
            await self.filing.save(self.who(by), id, page, typed, seen)
        return await self._with_papers(id, app)

    async def _with_papers(self, id: str, app: Application) -> File:
        """As if the papers that `app` speaks of were uploaded (`attaching.with_papers`)."""
        there = {f"identity.{part}" for part, one in app.persons.items() if one.copy_kept}
        there |= {f"medical.{part}" for part, one in app.medical.items() if one.original_kept}
        there |= {f"agency.{part}" for part, one in app.agencies.items() if one.original_kept}
        for earlier in app.earlier.values():
            there |= {f"earlier.bride.{code}" for code in earlier.documents}
        one = await self._file(id)
        async with self.core.database.unit() as session:
            return await self.core.keep(
                session, one, application=with_papers(one.application, there)
            )

    async def _file(self, id: str) -> File:
        return (await self.filing.see(self.who(Part.GROOM), id)).file

    file = _file

    async def gathered(self, app: Application | None = None) -> File:
        """A filled draft in which everybody has taken a part."""
        one = await self.filing.begin(self.who(Part.GROOM), Part.GROOM)
        for part in (Part.BRIDE, Part.GUARDIAN, Part.WITNESS_1, Part.WITNESS_2):
            token = await self.filing.invite(self.who(Part.GROOM), one.id, part)
            await self.filing.join(self.who(part), token)
        await self.fill(one.id, app or self.couple())
        await self.filing.answer(self.who(Part.GUARDIAN), one.id, True)
        return await self.file(one.id)

    async def scheduled(self, days: float = 10) -> File:
        """Approved, paid and booked."""
        one = await self.gathered()
        await self.filing.submit(self.who(Part.BRIDE), one.id)
        await self.reviewing.approve(self.login(self.judge), one.id, "")
        await self.filing.pay(self.who(Part.GROOM), one.id, "collect", settled=True)
        officiant = self.who(Part.OFFICIANT)
        data = person("784-1970-6666666-6", "male", name_ar=officiant.name_ar)
        return await self.filing.choose(
            self.who(Part.GROOM), one.id, officiant.id, data, self.at(days), "sitting1"
        )


async def _make(database: Database, clock: SettableClock) -> Court:
    house = await build(database, clock)
    core = Core(database, house.log, house.secret, clock, PACK, "Asia/Dubai", house.accounts.stepup)

    people = {part: house.people[name] for part, name in PEOPLE.items()}
    return Court(
        house,
        core,
        Filing(core),
        Reviewing(core),
        Officiating(core),
        people,
        house.people["family_judge"],
        house.people["judge"],
        house.people["clerk"],
    )


@pytest.fixture
async def court(database: Database, clock: SettableClock) -> Court:
    return await _make(database, clock)


@pytest.fixture
async def lite(sqlite_database: Database, clock: SettableClock) -> Court:
    return await _make(sqlite_database, clock)
