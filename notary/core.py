"""What the use cases of deeds and of marriages share: the day, and how a thing is written down."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON
from audit.service import AuditLog
from auth.secret import Secret
from clock import Clock
from database import Database
from notary import history
from notary.history import Event
from sessions.rules import RulePack


class AddEvent(Protocol):
    """Writes an entry of a history: `add_event` of a room's store."""

    async def __call__(
        self, session: AsyncSession, id: str, at: datetime, type: str, by: str,
        data: Mapping[str, Any], /,
    ) -> None: ...  # fmt: skip


class Kept(Protocol):
    """A request or a file."""

    @property
    def id(self) -> str: ...
    @property
    def state(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Core:
    """One per room and process."""

    database: Database
    log: AuditLog
    secret: Secret
    clock: Clock
    pack: RulePack
    zone: str

    noun: ClassVar[str]
    """`deed` or `marriage`: begins the leaves' types and names what its words are sealed for."""
    add_event: ClassVar[AddEvent]
    """The store's."""

    def today(self) -> date:
        """The day in the office's zone."""
        return self.clock().astimezone(ZoneInfo(self.zone)).date()

    async def write(
        self,
        session: AsyncSession,
        one: Kept,
        type: str,
        by: str,
        *,
        codes: Mapping[str, JSON] | None = None,
        texts: Mapping[str, str] | None = None,
    ) -> None:
        """History and leaf of something that happened. `codes` go into both; of `texts` the leaf
        has salted commitments."""
        words, state = f"{self.noun}-words", one.state.value
        data, leaf = history.written(self.secret, words, one.id, by, state, codes, texts)
        await self.add_event(session, one.id, self.clock(), type, by, data)
        await self.log.append(session, f"{self.noun}.{type}", leaf, subject=one.id)

    def words_of(self, id: str, event: Event) -> dict[str, str]:
        """The texts of an entry of the history."""
        return history.words(self.secret, f"{self.noun}-words", id, event)


def digest(**members: JSON) -> str:
    """SHA-256 in hex of what a confirmation is bound to: JSON with sorted members."""
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
