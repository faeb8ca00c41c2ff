"""Devices of detention and police rooms: a browser on the room's own machine, known by a key.

The key pair is made in the browser and its private half cannot be taken out of it (WebCrypto, not
extractable). We keep the public half. A device stands for a place, never for a person: the officer
on duty signs in on it as anywhere else (law.md 5; R-CR-23).
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from errors import N_, Refusal

CODE_LIVES = timedelta(minutes=15)
"""How long an enrolment code can be used: the walk from the office to the room."""
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: nothing that is read or typed as something else."""
CODE_LENGTH = 8
NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Station:
    """Where a session is: on an enrolled device of a room, or anywhere."""

    device: str = ""
    """Empty: on no device."""
    name: str = ""
    room: str = ""
    demanded: bool = True
    """In this house the seat of a detention room opens on a device of that room only."""

    def lacks(self, seat_room: str | None) -> bool:
        """Whether a seat must not be opened from here: it is in a room, and this is not it."""
        if seat_room is None or seat_room == self.room:
            return False
        return self.demanded or bool(self.room)

    def elsewhere(self, rooms: Collection[str]) -> bool:
        """Whether this is the device of a room that is none of a sitting's `rooms`."""
        return bool(self.room) and self.room not in rooms


@dataclass(frozen=True, slots=True)
class Device:
    """An enrolled device. `key` is its public key (SubjectPublicKeyInfo, DER)."""

    id: str
    room: str
    name: str
    key: bytes
    enrolled_at: datetime
    seen_at: datetime
    address: str
    """The network address that it was last seen from."""
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """Lets one device be enrolled for a room. Only an HMAC of what is typed is kept."""

    id: str
    room: str
    name: str
    """What the device will be called."""
    made_by: str
    expires_at: datetime
    used_at: datetime | None = None


def new_code() -> str:
    """An enrolment code: 40 random bits, for a few minutes, for guesses that are counted."""
    return "".join(secrets.choice(_LETTERS) for _ in range(CODE_LENGTH))


def normal_code(typed: str) -> str:
    """What was typed, without spaces and hyphens, with letters that look alike made one."""
    kept = "".join(c for c in typed.upper() if c.isalnum())
    return kept.translate(str.maketrans("OIL", "011"))[:CODE_LENGTH]


def check_code(code: Code | None, now: datetime) -> Code:
    """Raise Refusal `device.code`, the same for every reason: a guess learns nothing."""
    if code is None or code.used_at is not None or now >= code.expires_at:
        raise Refusal(
            "device.code",
            N_("This code is wrong, used or too old. Ask the administrator for a new one."),
            status=403,
        )
    return code


def unproved() -> Refusal:
    """Whatever a device did not prove."""
    return Refusal(
        "device.proof",
        N_("This device could not prove that it is the one that was enrolled. Enrol it again."),
        status=403,
    )


def wrong_network() -> Refusal:
    """The room's device in another network."""
    return Refusal(
        "device.network",
        N_("This device is not in a network of its room. Ask your administrator."),
        status=403,
    )
