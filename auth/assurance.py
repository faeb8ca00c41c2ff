"""How sure we are who somebody is: levels, the methods that give them, and profiles.

A session says by which method its person was authenticated, when, and what that proved. What a
method is worth here and now is the profile's: the same password opens the demo and is not enough
in a court. The levels that acts need are in `auth.policy.NEEDS` and are the same everywhere.
(law.md section 4.1; ISO/IEC 29115; NIST SP 800-63B for what a second factor adds.)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Final

from errors import N_


class Level(IntEnum):
    """Ordered: a higher one is enough wherever a lower one is."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def code(self) -> str:
        """For programs, messages and the audit log."""
        return self.name.lower()


LEVELS: Final[dict[Level, str]] = {
    Level.NONE: N_("Not proved"),
    Level.LOW: N_("Low"),
    Level.MEDIUM: N_("Medium"),
    Level.HIGH: N_("High"),
}


class Method(StrEnum):
    """How somebody was authenticated. Codes; `METHODS` has their message ids."""

    PASSWORD = "password"  # noqa: S105
    TOTP = "totp"
    """A code of a second factor, or a recovery code, given by somebody who is signed in."""
    PASSWORD_TOTP = "password+totp"  # noqa: S105
    PASSKEY = "passkey"
    PROVIDER = "provider"
    """A digital identity; what it proved is in the provider's answer (`acr`, claims)."""
    INVITATION = "invitation"
    DEVICE = "device"
    CONSOLE = "console"
    """At the machine itself, by `./mahdar`."""


METHODS: Final[dict[Method, str]] = {
    Method.PASSWORD: N_("Password"),
    Method.TOTP: N_("Code of the second factor"),
    Method.PASSWORD_TOTP: N_("Password and second factor"),
    Method.PASSKEY: N_("Passkey"),
    Method.PROVIDER: N_("Digital identity"),
    Method.INVITATION: N_("Invitation link"),
    Method.DEVICE: N_("Room device"),
    Method.CONSOLE: N_("Command line"),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """What methods are worth in one deployment."""

    code: str
    gives: Mapping[Method, Level]
    """The most that a method gives; a method that is not named gives nothing."""
    each_act: bool
    """Legal acts ask for a confirmation of their own, bound to the act; else the session's level
    is enough for them."""


_EVERYWHERE: Final = {
    Method.INVITATION: Level.LOW,
    Method.DEVICE: Level.LOW,
    Method.PASSKEY: Level.HIGH,
    Method.PROVIDER: Level.HIGH,
    Method.CONSOLE: Level.HIGH,
}

PROFILES: Final[dict[str, Profile]] = {
    "demo": Profile(
        "demo",
        # The demo's password is printed on its first page: nothing is protected by it.
        _EVERYWHERE
        | {
            Method.PASSWORD: Level.HIGH,
            Method.TOTP: Level.HIGH,
            Method.PASSWORD_TOTP: Level.HIGH,
        },
        each_act=False,
    ),
    "small": Profile(
        "small",
        _EVERYWHERE
        | {
            Method.PASSWORD: Level.MEDIUM,
            Method.TOTP: Level.MEDIUM,
            Method.PASSWORD_TOTP: Level.HIGH,
        },
        each_act=True,
    ),
    "court": Profile(
        "court",
        _EVERYWHERE
        | {
            Method.PASSWORD: Level.LOW,
            Method.TOTP: Level.MEDIUM,
            Method.PASSWORD_TOTP: Level.MEDIUM,
        },
        each_act=True,
    ),
}
"""`demo` runs in demo mode only (settings.py); `court` is what production gets when nothing else
is set; `small` lets an office without passkeys work with passwords given again for each act."""


@dataclass(frozen=True, slots=True)
class Assurance:
    """How sure we are of the person who is asking. The default is: not at all."""

    level: Level = Level.NONE
    method: Method | None = None
    at: datetime | None = None
    """When the person was authenticated, not when the session was last used."""
    each_act: bool = True


def of(profile: Profile, method: Method, proved: Level, at: datetime) -> Assurance:
    """What a session is worth: what was proved, and never more than the method gives here."""
    level = min(proved, profile.gives.get(method, Level.NONE))
    return Assurance(level, method, at, profile.each_act)


CONSOLE: Final = Assurance(Level.HIGH, Method.CONSOLE, each_act=False)
