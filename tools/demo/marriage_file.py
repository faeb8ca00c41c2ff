"""A marriage file that is booked for now: what the wizard, the court and ten days have done.

Run as a program in the environment of the demo's server, before it starts (an officiant is booked
three days ahead at least, R-MR-18, and a demo does not wait): prints the file and its sitting.
"""

import asyncio
import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import migrate
from app import House
from auth.assurance import Assurance, Level
from auth.demo import seed_people
from auth.person import Person
from auth.session import Login
from clock import utc_now
from notary.marriage import file as nouns
from notary.marriage.application import (
    Application,
    Dower,
    Guardianship,
    Medical,
    Part,
    Status,
)
from notary.marriage.application import Person as Named
from notary.marriage.court import Court
from settings import load
from tools.demo.papers import blank_pdf

AGO = timedelta(days=10)
PEOPLE: dict[Part, tuple[str, str, date, str]] = {
    Part.GROOM: ("groom", "784-1995-1111111-1", date(1995, 5, 1), "male"),
    Part.BRIDE: ("bride", "784-1997-2222222-2", date(1997, 2, 3), "female"),
    Part.GUARDIAN: ("guardian", "784-1965-3333333-3", date(1965, 8, 20), "male"),
    Part.WITNESS_1: ("witness1", "784-1990-4444444-4", date(1990, 1, 9), "male"),
    Part.WITNESS_2: ("witness2", "784-1991-5555555-5", date(1991, 11, 30), "male"),
}


def application(court: Court, people: dict[str, Person]) -> Application:
    """A couple of citizens whose father acts as guardian."""
    today = court.core.today()
    impediments = court.core.pack.rule("R-MR-08", today).value
    persons = {
        part: Named(
            people[name].name_ar, people[name].name_en, sex, "AE", "muslim", born, "emirates_id",
            number, copy_kept=True, resident=True, residence="DU", work="DU", capable=True,
            relation_to_bride="father" if part is Part.GUARDIAN else "none",
            relation_to_groom="none",
        )
        for part, (name, number, born, sex) in PEOPLE.items()
    }  # fmt: skip
    return Application(
        track="sharia_federal",
        court="DU",
        persons=persons,
        status={Part.GROOM: Status.SINGLE, Part.BRIDE: Status.SINGLE},
        existing_wives=0,
        medical={
            Part.GROOM: Medical("DHA-2026-118204", today - timedelta(days=12)),
            Part.BRIDE: Medical("DHA-2026-118377", today - timedelta(days=11)),
        },
        guardianship=Guardianship(relation="father"),
        dower=Dower(Decimal(10_000), True, Decimal(20_000), "death_or_divorce"),
        conditions={Part.GROOM: (), Part.BRIDE: ("أن تُكمل دراستها الجامعية",)},
        impediments=dict.fromkeys((*impediments["permanent"], *impediments["temporary"]), False),
    )


async def book(house: House) -> dict[str, str]:
    """Fill in, submit, approve, pay, book; ids of the file and its sitting."""
    seeded = await seed_people(house.settings, house.database, house.accounts)
    people = {
        name: replace(one, assurance=Assurance(Level.HIGH, each_act=False))
        for name, one in seeded.items()
    }
    court, groom = house.marriages, people["groom"]
    id = (await court.filing.begin(groom, Part.GROOM)).id
    for part, (name, *_rest) in PEOPLE.items():
        if part is not Part.GROOM:
            token = await court.filing.invite(groom, id, part)
            await court.filing.join(people[name], token)
    plain: dict[str, Any] = nouns.to_json(
        replace((await court.filing.see(groom, id)).file, application=application(court, people))
    )
    for page in nouns.SECTIONS:
        typed = {name: plain["application"][name] for name in nouns.FIELDS[page]}
        seen = (await court.filing.see(groom, id)).file.pages.get(page, 0)
        await court.filing.save(groom, id, page, typed, seen)
    papers = [f"identity.{part}" for part in PEOPLE] + ["medical.groom", "medical.bride"]
    for what in papers:
        await court.attaching.upload(groom, id, what, f"{what}.pdf", blank_pdf())
    await court.filing.answer(people["guardian"], id, True)
    await court.filing.submit(people["bride"], id)
    now = court.core.clock()
    judge = people["family_judge"]
    await court.reviewing.approve(Login("demo", judge, now, now), id, "")
    await court.filing.pay(groom, id, "collect", settled=True)
    return await _seat(house, groom, people["officiant"], id)


async def _seat(house: House, groom: Person, officiant: Person, id: str) -> dict[str, str]:
    court, starts_at = house.marriages, utc_now() + timedelta(minutes=10)
    one = (await court.filing.see(groom, id)).file
    data = Named(
        officiant.name_ar, officiant.name_en, relation_to_groom="none", relation_to_bride="none"
    )
    checked = court.filing.chosen(one, officiant.id, data, starts_at)
    made: list[str] = []

    async def along(session: Any, sitting: Any) -> None:
        made.append(sitting.id)
        await court.filing.choose_in(session, groom, id, officiant.id, data, starts_at, sitting.id)

    await house.sittings.book(
        officiant, court.booking.draft(checked, officiant, starts_at), along=along
    )
    return {"marriage": id, "sitting": made[0]}


async def main() -> None:
    """Open the house of this environment as it was ten days ago."""
    settings = load()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(migrate.upgrade, settings.database)
    house = House(settings, lambda: utc_now() - AGO)
    await house.open()
    try:
        print(json.dumps(await book(house)))
    finally:
        await house.close()


if __name__ == "__main__":
    asyncio.run(main())
