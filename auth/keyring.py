"""The keys that can be changed: those of join tickets and of forms' tokens.

`auth.key` stays for as long as the house does, since look-ups depend on it (identity numbers,
addresses). `./mahdar keys rotate` adds a newer key beside it, and every process of the house finds
it within RELOAD_EVERY. It signs from START_AFTER on, so that no node meets a signature of a key
that it has not read yet; the older one is accepted until nothing of it can be alive.
"""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit import key as key_file
from auth.secret import Secret
from auth.session import ABSOLUTE

RELOAD_EVERY = timedelta(seconds=20)
START_AFTER = timedelta(seconds=60)
ACCEPTED_FOR = ABSOLUTE + timedelta(hours=1)
"""After a newer key signs: longer than a session lives, and so than a page with its token."""
FIRST = "0"
"""`kid` of `auth.key` itself."""
_NAME = re.compile(r"auth-((\d{8}T\d{6})Z-[0-9a-f]{8})\.key")


@dataclass(frozen=True, slots=True)
class Generation:
    """One key. `kid` is public and says when it was made."""

    kid: str
    secret: Secret = field(repr=False)
    starts_at: datetime


class Keyring:
    """The generations that there are, oldest first. Only `reload` and `rotate` block."""

    def __init__(self, first: Secret, folder: Path | None = None, passphrase: str = "") -> None:
        self._folder = folder
        self._passphrase = passphrase
        self._generations: tuple[Generation, ...] = (
            Generation(FIRST, first, datetime.min.replace(tzinfo=UTC)),
        )

    def current(self, now: datetime) -> Generation:
        """The one that signs."""
        return [one for one in self._generations if one.starts_at <= now][-1]

    def accepted(self, now: datetime) -> Mapping[str, Secret]:
        """By `kid`: those whose signatures are good. One that does not sign yet is among them."""
        found = {}
        followers = [*self._generations[1:], None]
        for one, newer in zip(self._generations, followers, strict=True):
            if newer is None or now < newer.starts_at + ACCEPTED_FOR:
                found[one.kid] = one.secret
        return found

    @property
    def generations(self) -> tuple[Generation, ...]:
        """All that are known, oldest first."""
        return self._generations

    def reload(self) -> None:
        """Read generations that were made since. Blocks. Raises audit.errors.KeyFileError."""
        if self._folder is None or not self._folder.is_dir():
            return
        known = {one.kid for one in self._generations}
        found = list(self._generations)
        for path in sorted(self._folder.glob("auth-*.key")):
            match = _NAME.fullmatch(path.name)
            if match and match[1] not in known:
                secret = _read(path, self._passphrase)
                found.append(Generation(match[1], secret, _made_at(match[2]) + START_AFTER))
        self._generations = tuple(sorted(found, key=lambda one: (one.starts_at, one.kid)))

    def rotate(self, now: datetime) -> str:
        """Make a new generation and return its `kid`. Blocks."""
        if self._folder is None:
            raise ValueError("this keyring has no folder")
        kid = f"{now.astimezone(UTC):%Y%m%dT%H%M%S}Z-{secrets.token_hex(4)}"
        _read(self._folder / f"auth-{kid}.key", self._passphrase)
        self.reload()
        return kid


def _read(path: Path, passphrase: str) -> Secret:
    found = key_file.load_or_create(path, "mahdar-auth", passphrase)
    return Secret(found.private.private_bytes_raw())


def _made_at(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


def open_keyring(first: Secret, folder: Path, passphrase: str = "") -> Keyring:
    """The keyring of a folder of key files. Blocks."""
    made = Keyring(first, folder, passphrase)
    made.reload()
    return made
