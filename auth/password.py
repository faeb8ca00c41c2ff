"""Passwords: argon2id, hashed in a thread so that the event loop never waits.

The parameters are those of RFC 9106 section 4 for memory-constrained machines (64 MiB, 3 passes,
4 lanes), which are argon2-cffi's defaults. At most two hashes run at once: each takes 64 MiB.
"""

import asyncio
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from errors import N_, BadInput

LEAST, MOST = 12, 128
"""Characters; NIST SP 800-63B section 5.1.1 asks for length, not for composition."""
AT_ONCE = 2


@dataclass(slots=True)
class Passwords:
    """Hashes and checks. One per process."""

    hasher: PasswordHasher = field(default_factory=PasswordHasher)
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    _nobody: str = ""

    async def hash(self, password: str) -> str:
        """The encoded hash of a new password. Raises BadInput when it is too short or too long."""
        check_length(password)
        async with self._places:
            return await asyncio.to_thread(self.hasher.hash, password)

    async def matches(self, encoded: str | None, password: str) -> bool:
        """Whether `password` is right. With no account it takes as long, and says no."""
        if len(password) > MOST:
            return False
        async with self._places:
            if not encoded and not self._nobody:
                self._nobody = await asyncio.to_thread(self.hasher.hash, "nobody has this password")
            matched = await asyncio.to_thread(self._verify, encoded or self._nobody, password)
        return matched and bool(encoded)

    def outdated(self, encoded: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""
        return self.hasher.check_needs_rehash(encoded)

    def _verify(self, encoded: str, password: str) -> bool:
        try:
            return self.hasher.verify(encoded, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False


def check_length(password: str) -> None:
    """Raise BadInput for a password that nobody should choose."""
    if len(password) < LEAST:
        raise BadInput(
            "password.short",
            N_("Choose a password of at least %(least)s characters."),
            field="password",
            least=LEAST,
        )
    if len(password) > MOST:
        raise BadInput(
            "password.long",
            N_("Choose a password of at most %(most)s characters."),
            field="password",
            most=MOST,
        )
