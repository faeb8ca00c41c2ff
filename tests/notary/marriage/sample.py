"""A marriage file in which every gate is passed, and the ways to spoil it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from notary.marriage.application import (
    Application,
    Dower,
    Guardianship,
    Leave,
    Medical,
    Part,
    Person,
    Status,
)
from sessions.rules import RulePack, load

DAY = date(2026, 11, 24)
PACK = load()


def person(number: str, sex: str, **other: Any) -> Person:
    base = Person(
        name_ar="اسم",
        name_en="Name",
        sex=sex,
        nationality="JO",
        religion="muslim",
        born=date(1995, 5, 1),
        document="emirates_id",
        number=number,
        copy_kept=True,
        resident=True,
        residence="DU",
        work="DU",
        capable=True,
        relation_to_bride="none",
        relation_to_groom="none",
    )
    return replace(base, **other)


def sharia() -> Application:
    """A Muslim couple of residents whose father acts as guardian."""
    persons = {
        Part.GROOM: person("784-1995-1111111-1", "male"),
        Part.BRIDE: person("784-1997-2222222-2", "female", born=date(1997, 2, 3)),
        Part.GUARDIAN: person("784-1965-3333333-3", "male", born=date(1965, 1, 1)),
        Part.WITNESS_1: person("784-1990-4444444-4", "male"),
        Part.WITNESS_2: person("784-1991-5555555-5", "male"),
        Part.OFFICIANT: person("784-1970-6666666-6", "male"),
    }
    return Application(
        track="sharia_federal",
        court="DU",
        persons=persons,
        status={Part.GROOM: Status.SINGLE, Part.BRIDE: Status.SINGLE},
        existing_wives=0,
        medical={
            part: Medical("M-1", date(2026, 10, 1), original_kept=True)
            for part in (Part.GROOM, Part.BRIDE)
        },
        guardianship=Guardianship(relation="father", consents=True),
        dower=Dower(Decimal(10_000), True, Decimal(20_000), "death_or_divorce"),
        conditions={Part.GROOM: (), Part.BRIDE: ("إكمال الدراسة",)},
        impediments=dict.fromkeys(
            (
                *PACK.rule("R-MR-08", DAY).value["permanent"],
                *PACK.rule("R-MR-08", DAY).value["temporary"],
            ),
            False,
        ),
    )


def civil(track: str) -> Application:
    """A couple of Christian foreigners, both residents."""
    app = sharia()
    kept = (Part.GROOM, Part.BRIDE, Part.OFFICIANT)
    persons = {part: replace(app.person(part), religion="christian") for part in kept}
    return replace(
        app,
        track=track,
        court="AZ",
        persons=persons,
        guardianship=Guardianship(),
        medical={},
        impediments={},
        disclosed=frozenset({Part.GROOM, Part.BRIDE}),
    )


def change(app: Application, part: Part, **fields: Any) -> Application:
    """The same file with another person's data."""
    return replace(app, persons={**app.persons, part: replace(app.person(part), **fields)})


def leave(app: Application, code: str, attested: bool = False) -> Application:
    """The same file with a permission."""
    return replace(app, leaves=(*app.leaves, Leave(code, "2026/77", DAY, attested)))


def altered(rule: str, **value: Any) -> RulePack:
    """The pack with one rule's value changed: what a change of the law would be."""
    rules = tuple(
        replace(found, value={**found.value, **value}) if found.id == rule else found
        for found in PACK.rules
    )
    assert rules != PACK.rules
    return RulePack(PACK.jurisdiction, rules)
