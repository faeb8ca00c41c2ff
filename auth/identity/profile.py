"""What a kind of identity provider speaks, as data: one file in `rules/identity/` for each kind.

A profile says which scopes and `acr_values` to ask for, what a token's `acr` and the identity's
proofing are worth as a level of assurance, and which claims hold the names and the number.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auth.assurance import Level
from auth.jwt import FOREIGN_ALGORITHMS
from settings import ROOT

FOLDER = ROOT / "rules" / "identity"
LONGEST_NAME = 200
_NUMBER = re.compile(r"\d{15}")
"""An Emirates ID number has 15 digits: 784, year of birth, seven digits, check digit."""


class ProfileError(Exception):
    """A profile file cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What the provider says of a person, cleaned. Personal data: never logged."""

    subject: str
    name_ar: str
    name_en: str
    number: str
    """Emirates ID number, 15 digits, or empty."""
    kind: str
    """How the identity was proved (UAE Pass `userType`), or empty."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of provider. The fields are those of the file."""

    id: str
    name_ar: str
    name_en: str
    scopes: tuple[str, ...]
    algorithm: str
    client_auth: str
    discovery: bool
    user_info: bool
    request: Mapping[Level, str]
    acr: Mapping[str, Level]
    claims: Mapping[str, str]
    proofing_claim: str = ""
    proofing: Mapping[str, Level] | None = None
    never_sign: frozenset[str] = frozenset()

    def level(self, acr: str, kind: str) -> Level | None:
        """What a token is worth: the smaller of its `acr` and of the identity's proofing.

        None: the `acr` or the kind is unknown to the profile, so the token is worth nothing.
        """
        strength = self.acr.get(acr)
        if strength is None or self.proofing is None:
            return strength
        proved = self.proofing.get(kind)
        return None if proved is None else min(strength, proved)

    def ceiling(self, kind: str) -> Level:
        """The highest level that an identity of this kind can ever reach."""
        if self.proofing is None:
            return max(self.acr.values())
        return self.proofing.get(kind, Level.LOW)

    def may_sign(self, kind: str) -> bool:
        """Whether an identity of this kind may sign at all (UAE Pass: SOP1 may not)."""
        return kind not in self.never_sign

    def read(self, claims: Mapping[str, Any]) -> Claimed:
        """The claims that we use. `claims` are verified; their content is still hostile."""

        def text(name: str) -> str:
            found = claims.get(self.claims.get(name, ""), "")
            return clean(found) if isinstance(found, str) else ""

        number = text("number").replace("-", "").replace(" ", "")
        kind = claims.get(self.proofing_claim, "") if self.proofing_claim else ""
        return Claimed(
            subject=str(claims["sub"]),
            name_ar=text("name_ar"),
            name_en=text("name_en"),
            number=number if _NUMBER.fullmatch(number) and number.isascii() else "",
            kind=kind if isinstance(kind, str) else "",
        )


def clean(name: str) -> str:
    """A name on one line. UAE Pass separates the parts of a name by commas, some of them empty."""
    shown = "".join(c if c.isprintable() else " " for c in name.replace(",", " "))
    return " ".join(shown.split())[:LONGEST_NAME]


def parse(data: Mapping[str, Any]) -> Profile:
    """A profile from its file's content. Raises ProfileError."""
    try:
        proofing = data.get("proofing")
        found = Profile(
            id=data["id"],
            name_ar=data["name_ar"],
            name_en=data["name_en"],
            scopes=tuple(data["scopes"]),
            algorithm=data["algorithm"],
            client_auth=data["client_auth"],
            discovery=data["discovery"],
            user_info=data["user_info"],
            request={_level(level): value for level, value in data["request"].items()},
            acr={value: _level(level) for value, level in data["acr"].items()},
            claims=dict(data["claims"]),
            proofing_claim=proofing["claim"] if proofing else "",
            proofing=_levels(proofing["levels"]) if proofing else None,
            never_sign=frozenset(data.get("signing", {}).get("never", ())),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ProfileError(f"{type(error).__name__}: {error}") from None
    if found.algorithm not in FOREIGN_ALGORITHMS:
        raise ProfileError(f"algorithm {found.algorithm!r} is not accepted")
    if "openid" not in found.scopes:
        raise ProfileError("scopes lack openid: without it there is no ID token")
    if found.client_auth not in ("client_secret_basic", "client_secret_post"):
        raise ProfileError(f"client_auth {found.client_auth!r} is not known")
    return found


def _level(name: str) -> Level:
    return Level[name.upper()]


def _levels(named: Mapping[str, str]) -> dict[str, Level]:
    return {kind: _level(name) for kind, name in named.items()}


def load(name: str, folder: Path = FOLDER) -> Profile:
    """The profile `name`. Blocks. Raises ProfileError."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ProfileError(f"{name!r} is not the name of a profile")
    try:
        with (folder / f"{name}.toml").open("rb") as file:
            return parse(tomllib.load(file))
    except FileNotFoundError:
        raise ProfileError(f"there is no profile {name!r} in {folder}") from None
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"{name}.toml: {error}") from None
