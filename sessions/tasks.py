"""What waits for a person to act. Rooms to the right say it; the first page shows it.

A task says what is to be done next, never more than the page behind it shows this person. A weak
session is told of what it may open now, and still has its first page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from auth import policy
from auth.administration.service import Administration
from auth.person import Person
from errors import N_
from sessions.service import MySittings


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to do, or a queue of `count` of one kind."""

    text: str
    """A message of the catalogue."""
    path: str
    """Where it is done, without the language."""
    about: str = ""
    """Number or name of the thing; empty for a queue."""
    count: int = 1


class Source(Protocol):
    """A room that knows of tasks."""

    async def __call__(self, person: Person, sittings: MySittings) -> Sequence[Task]:
        """The person's tasks, the most urgent first; `sittings` are the person's own."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """All that waits for somebody."""

    sources: tuple[Source, ...] = ()

    async def of(self, person: Person, sittings: MySittings) -> list[Task]:
        """In the order of the sources."""
        return [task for source in self.sources for task in await source(person, sittings)]


def queue(text: str, path: str, count: int) -> list[Task]:
    """A queue as one task; nothing where nobody waits in it."""
    return [Task(text=text, path=path, count=count)] if count else []


@dataclass(frozen=True, slots=True)
class Proposals:
    """Changes that another administrator proposed (four eyes)."""

    administration: Administration

    async def __call__(self, person: Person, sittings: MySittings) -> Sequence[Task]:
        """Those that this administrator may agree to."""
        if not policy.decide(person, "people.manage"):
            return []
        found = await self.administration.proposals(person)
        own = (person.id,)
        waiting = [
            one
            for one in found
            if one.open and one.proposal.by not in own and one.account.id not in own
        ]
        text = N_("Changes that wait for a second pair of eyes")
        return queue(text, "/admin/proposals", len(waiting))
