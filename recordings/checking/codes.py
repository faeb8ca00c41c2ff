"""What the page 'Verify' says of a short code that is printed on a document.

The way in for a room to the right: it gives `Checking(codes=...)` one `Finder` for each kind of
document that bears a code, and `app.py` wires it. A finder gets what somebody typed, parses it
itself, and returns a `Coded`, or None for a code that is not its own (the next finder is asked).
It says nothing about people: neither names nor numbers, only capacities and times. Whoever holds
the document reads the names there, or has them checked by uploading it. The words for
`Stands.code` are taught with `words.teach(standing=...)`, the room's own codes among them;
`Coded.sha256` lets the page offer the log's proof. `notary/verification/deeds.py` is an example.
"""

import ipaddress
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from audit.store import Mention

MAX_TYPED = 64
"""Characters of a code that anybody may type."""
FREE_GUESSES = 10
"""Codes that nobody gave out, from one address, before it has to wait."""


@dataclass(frozen=True, slots=True)
class Stands:
    """Whether what a document says still counts."""

    code: str
    """Of `words.STANDING`."""
    since: datetime | None = None
    """When that became so; None where it has always been, or nobody knows."""
    by: str = ""
    """The printed number of what ended it. Nobody's name."""
    newer: str = ""
    """The printed code of what took its place. Whoever asks for it learns no more than of this."""


@dataclass(frozen=True, slots=True)
class Place:
    """One signature: in which capacity, and when. Never whose."""

    capacity: Mapping[str, str]
    """By language."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Coded:
    """The document that a code belongs to, as a stranger may know it."""

    kind: str
    """The room's code of it: deed, marriage..."""
    title: Mapping[str, str]
    """By language: what sort of act it is."""
    stands: Stands
    number: str = ""
    """In a register, as printed."""
    office: Mapping[str, str] | None = None
    """Before whom, by language: the office, no person."""
    places: Sequence[Place] = ()
    sha256: str = ""
    """Of the newest file, in hex; empty where there is none."""


Finder = Callable[[str], Awaitable[Coded | None]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page shows of a code. `found` is None for a code that nobody gave out."""

    found: Coded | None
    mentions: Sequence[Mention] = ()
    """Leaves of the log that name the file."""


class Guesses(Protocol):
    """What is needed of `auth.attempts.Attempts`: failures are counted and slow an address down."""

    async def begin_guess(self, what: str, address: str, free: int) -> Any:
        """Count an attempt. Raises Refusal, status 429, while the address has to wait."""

    async def right(self, attempt: Any) -> None:
        """The attempt found something: it was no guess."""


def network(address: str) -> str:
    """What is counted as one address: for IPv6 the /64, of which one machine has all."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((int(found), 64), strict=False))
