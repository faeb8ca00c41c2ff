"""The people of an act: who is named, appears and signs, in what order (FDL 20/2022 Art 8)."""

import re
from dataclasses import dataclass
from enum import StrEnum

from errors import N_, BadInput
from notary.deeds.act import Act
from notary.deeds.text import clean
from sessions.booking import LANGUAGES, normal_identity_number, valid_identity_number

NAME_MOST = 200
_MAIL = re.compile(
    r"[^@\s<>\"',;:\\()\[\]\x00-\x1f]{1,64}"
    r"@[A-Za-z0-9.-]{1,180}\.[A-Za-z0-9-]{2,60}"
)


class Path(StrEnum):
    """How a person can take part. Each way has its helper and its guard (R-NT-11)."""

    NORMAL = ""
    ILLITERATE = "illiterate"
    CANNOT_SIGN = "cannot_sign"
    LANGUAGE = "language"
    IMPAIRED = "impaired"
    CURATOR = "curator"


PATHS: dict[Path, str] = {
    Path.NORMAL: N_("Reads, speaks and signs"),
    Path.ILLITERATE: N_("Cannot read or write"),
    Path.CANNOT_SIGN: N_("Cannot sign; another person signs in their place"),
    Path.LANGUAGE: N_("Does not know Arabic; with an interpreter"),
    Path.IMPAIRED: N_("Impaired expression; with a specialist assistant"),
    Path.CURATOR: N_("Under a curator, who signs"),
}
HELPERS: dict[str, Path] = {
    "signs_for": Path.CANNOT_SIGN,
    "interpreter": Path.LANGUAGE,
    "assistant": Path.IMPAIRED,
    "curator": Path.CURATOR,
}
"""Roles of helpers, by the way that needs them."""
ROLE_LABELS: dict[str, str] = {
    "principal": N_("Principal"),
    "agent": N_("Agent"),
    "signatory": N_("Signatory"),
    "declarant": N_("Declarant"),
    "party": N_("Party"),
    "sender": N_("Sender of the notice"),
    "addressee": N_("Addressee"),
    "holder": N_("Holder"),
    "debtor": N_("Debtor"),
    "presenter": N_("Presenter"),
    "testator": N_("Testator"),
    "executor": N_("Executor"),
    "founder": N_("Founder"),
    "creditor": N_("Creditor"),
    "signs_for": N_("Signs in the place of another"),
    "interpreter": N_("Interpreter"),
    "assistant": N_("Specialist assistant"),
    "curator": N_("Curator"),
    "notary": N_("Notary"),
}


@dataclass(frozen=True, slots=True)
class Party:
    """One person. `key` names the person within the request."""

    key: str
    role: str
    name_ar: str
    name_en: str
    identity_number: str = ""
    nationality: str = ""
    email: str = ""
    language: str = "ar"
    path: str = ""
    """A `Path`."""
    helps: str = ""
    """For a helper: the key of the one who is helped."""
    person: str = ""
    """Account id; the clerk binds it at the audit. Whoever appears has one."""

    def name(self, language: str) -> str:
        """The name to show in `language`."""
        both = (self.name_ar, self.name_en)
        return (both[0] or both[1]) if language == "ar" else (both[1] or both[0])

    @property
    def names(self) -> str:
        """For sentences that are read in either language."""
        return " / ".join(dict.fromkeys(each for each in (self.name_ar, self.name_en) if each))


def parse(key: str, row: dict[str, str], act: Act) -> tuple[Party, list[BadInput]]:
    """A party as typed, and what is wrong with it. The form's fields are `party_<key>_<name>`."""
    errors: list[BadInput] = []

    def wrong(name: str, message: str) -> None:
        errors.append(BadInput(f"deed.party_{name}", message, field=f"party_{key}_{name}"))

    def short(name: str, most: int = NAME_MOST) -> str:
        try:
            return clean(row.get(name, ""), most, field=f"party_{key}_{name}")
        except BadInput as error:
            errors.append(error)
            return ""

    found = Party(
        key,
        row.get("role", ""),
        short("name_ar"),
        short("name_en"),
        normal_identity_number(short("identity_number", 40)),
        short("nationality", 60),
        short("email", 254),
        row.get("language", "ar"),
        row.get("path", ""),
        row.get("helps", "")[:40],
        row.get("person", "")[:40],
    )
    if act.role(found.role) is None and found.role not in HELPERS:
        wrong("role", N_("Choose a role."))
    if not (found.name_ar or found.name_en) and not any("name" in e.field for e in errors):
        wrong("name_ar", N_("Write the name in Arabic or English."))
    if not valid_identity_number(found.identity_number):
        wrong(
            "identity_number",
            N_("Write the identity or passport number: 4 to 20 letters and digits."),
        )
    if found.email and not _MAIL.fullmatch(found.email):
        wrong("email", N_("Write an e-mail address such as name@example.com, or leave it empty."))
    if found.language not in LANGUAGES:
        wrong("language", N_("Choose a language from the list."))
    if found.path not in set(Path):
        wrong("path", N_("Choose from the list how this person takes part."))
    return found, errors


def check(parties: tuple[Party, ...], act: Act) -> list[BadInput]:
    """What is wrong with the people of an act together."""
    errors = []
    for rule in act.roles:
        count = sum(one.role == rule.code for one in parties)
        if count < rule.least:
            errors.append(
                BadInput(
                    "deed.role_missing",
                    N_("Someone is missing: %(least)s or more are needed here."),
                    field=f"role_{rule.code}",
                    least=rule.least,
                )
            )
        elif count > rule.most:
            errors.append(
                BadInput(
                    "deed.role_many",
                    N_("These are too many: at most %(most)s may be named here."),
                    field=f"role_{rule.code}",
                    most=rule.most,
                )
            )
    return [*errors, *_check_twice(parties), *_check_helpers(parties, act)]


def _check_twice(parties: tuple[Party, ...]) -> list[BadInput]:
    """Nobody is a party and a helper, or there twice: identity is by number, never by name."""
    seen: set[str] = set()
    errors = []
    for one in parties:
        if one.identity_number and one.identity_number in seen:
            errors.append(
                BadInput(
                    "deed.party_twice",
                    N_("This identity number is here already. Nobody takes part twice."),
                    field=f"party_{one.key}_identity_number",
                )
            )
        seen.add(one.identity_number)
    return errors


def _check_helpers(parties: tuple[Party, ...], act: Act) -> list[BadInput]:
    errors = []
    for one in parties:
        needed = [role for role, path in HELPERS.items() if path == one.path and one.path]
        has = [other for other in parties if other.helps == one.key and other.role in needed]
        if needed and not has:
            errors.append(
                BadInput(
                    "deed.helper_missing",
                    N_("This person needs a helper here. Add the helper below."),
                    field=f"party_{one.key}_path",
                )
            )
        if one.role in HELPERS:
            helped = next((other for other in parties if other.key == one.helps), None)
            if helped is None or helped.path != HELPERS[one.role]:
                errors.append(
                    BadInput(
                        "deed.helps_nobody",
                        N_("Choose whom this person helps, and how that person takes part."),
                        field=f"party_{one.key}_helps",
                    )
                )
        rule = act.role(one.role)
        if one.path and (rule is None or not rule.appears):
            errors.append(
                BadInput(
                    "deed.path_absent",
                    N_("Only somebody who appears before the notary takes part in such a way."),
                    field=f"party_{one.key}_path",
                )
            )
    return errors


def appears(one: Party, act: Act) -> bool:
    """Whether this person comes before the notary. Helpers always do; who is under a curator has no
    capacity to find, and the curator comes instead (FDL 20/2022 Art 8)."""
    rule = act.role(one.role)
    return one.role in HELPERS or (rule is not None and rule.appears and one.path != Path.CURATOR)


def appearing(parties: tuple[Party, ...], act: Act) -> tuple[Party, ...]:
    """Everybody who comes before the notary: parties in the act's order, then helpers."""
    order = [role.code for role in act.signing_roles]
    first = sorted(
        (one for one in parties if one.role in order and one.path != Path.CURATOR),
        key=lambda one: order.index(one.role),
    )
    return (*first, *(one for one in parties if one.role in HELPERS))


def signers(parties: tuple[Party, ...], act: Act) -> tuple[Party, ...]:
    """Who signs, in order. In the place of whoever cannot sign, or is under a curator, the helper
    does; interpreters and assistants sign besides (Art 8)."""
    instead = {
        other.helps: other
        for other in parties
        if other.role in ("signs_for", "curator") and other.helps
    }
    found: list[Party] = []
    for one in appearing(parties, act):
        signer = instead.get(one.key, one)
        if signer not in found:
            found.append(signer)
    return tuple(found)


def is_found_capable(one: Party, act: Act) -> bool:
    """Whether the notary finds capacity and free will of this person: of parties and of a curator,
    who acts for the ward. Other helpers are asked about their task only."""
    return act.role(one.role) is not None or one.role == "curator"


def needs_in_person(parties: tuple[Party, ...], act: Act, ways: dict[str, str]) -> Party | None:
    """The first whose way has no remote equivalent (R-NT-11), or None."""
    for one in appearing(parties, act):
        if one.path and ways.get(one.path) == "in_person":
            return one
    return None
