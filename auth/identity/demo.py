"""People of the stand-in provider: the demo's own, with Emirates ID numbers that nobody has.

The demo accounts are given these numbers, so that the first sign-in by the stand-in finds them.
"""

import uuid
from typing import Any

from auth import demo
from auth.identity.linking import Linking
from auth.person import OPERATOR, Person
from errors import N_, Refusal
from settings import Settings

KINDS = {"witness": "SOP1", "respondent": "SOP2"}
"""How the identities were proved, where it is not SOP3."""
STRANGER = ("stranger", "زائر بلا حساب", "Visitor Without Account")
"""Has an identity, and no account here."""


def number(username: str) -> str:
    """An Emirates ID number of the right form in a year of birth that no holder has."""
    digits = uuid.uuid5(uuid.NAMESPACE_DNS, f"{username}.mahdar.example").int % 10**8
    return f"7841800{digits:08d}"


def people() -> list[dict[str, Any]]:
    """Subjects and claims, as the stand-in provider takes them."""
    named = [(username, name_ar, name_en) for username, _, name_ar, name_en in demo.PEOPLE]
    return [_claims(*entry) for entry in (*named, STRANGER)]


def _claims(username: str, name_ar: str, name_en: str) -> dict[str, Any]:
    kind = KINDS.get(username, "SOP3")
    unique = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{username}.mahdar.example"))
    claims = {
        "uuid": unique,
        "userType": kind,
        # as UAE Pass writes names: parts between commas, missing ones empty
        "fullnameAR": name_ar.replace(" ", ",") + ",,",
        "fullnameEN": name_en.replace(" ", ",") + ",,",
        "name": name_en,
        "name#ar": name_ar,
        "email": f"{username}@mahdar.example",
    }
    if kind != "SOP1":
        claims["idn"] = number(username)
    return {"sub": f"UAEPASS/{unique}", "claims": claims}


async def seed_numbers(settings: Settings, linking: Linking, accounts: dict[str, Person]) -> None:
    """Give the demo accounts their numbers, if they have none. Raises Refusal outside demo mode."""
    if not settings.demo:
        raise Refusal("demo.off", N_("Demo data exists in demo mode only (MAHDAR_MODE=demo)."))
    have = (await linking.overview(OPERATOR)).numbered
    for username, person in accounts.items():
        if person.id not in have and KINDS.get(username) != "SOP1":
            await linking.give_number(OPERATOR, person.id, number(username))
