"""Who is told what of a marriage file, by mail: written in the unit of the change, sent by the
outbox (`notary.mail`). Everybody gives an own address, or none.

A mail names the file and the hour, never a person; its link asks whoever opens it to sign in.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from errors import N_, BadInput
from notary.deeds.telling import REMINDERS
from notary.mail.message import Letter
from notary.mail.service import Outbox
from notary.marriage.application import SPOUSES, Part
from notary.marriage.file import Contact, File
from notary.marriage.workflow import FileState, Move

WARNED = timedelta(days=7)
"""Before a file lapses for want of action (R-MR-16)."""
_ADDRESS = re.compile(r"[^@\s<>\"',;:]{1,64}@[^@\s<>\"',;:]{1,120}\.[^@\s<>\"',;:.]{2,63}")
_ALL = tuple(Part)
TOLD: Mapping[Move, tuple[str, tuple[Part, ...]]] = {
    Move.RETURN: ("marriage.returned", SPOUSES),
    Move.POSTPONE: ("marriage.postponed", SPOUSES),
    Move.APPROVE: ("marriage.approved", SPOUSES),
    Move.REFUSE: ("marriage.refused", SPOUSES),
    Move.UPHOLD: ("marriage.decided", SPOUSES),
    Move.OVERTURN: ("marriage.decided", SPOUSES),
    Move.SCHEDULE: ("marriage.booked", _ALL),
    Move.CANCEL_SESSION: ("marriage.cancelled", _ALL),
    Move.BREAK_OFF: ("marriage.again", SPOUSES),
    Move.RETURN_CONTRACT: ("marriage.again", SPOUSES),
    Move.REFUSE_CONTRACT: ("marriage.decided", SPOUSES),
    Move.ISSUE: ("marriage.ready", SPOUSES),
    Move.LAPSE: ("marriage.lapsed", SPOUSES),
}
"""What each move tells, and whom."""


def address(text: str) -> str:
    """An e-mail address as typed; empty: none. Raises BadInput `marriage.email`."""
    said = text.strip()
    if said and (len(said) > 254 or not _ADDRESS.fullmatch(said)):
        raise BadInput(
            "marriage.email",
            N_("Write an e-mail address such as name@example.com, or leave it empty."),
            field="email",
        )
    return said


@dataclass(frozen=True, slots=True)
class Telling:
    """One per process."""

    outbox: Outbox
    address: str
    """Of this house, for links."""
    minutes: int
    """Of a sitting (R-MR-18)."""

    async def moved(
        self, session: AsyncSession, before: File, one: File, move: Move, now: datetime
    ) -> None:
        """Mails about a move, in its unit; what was said of an hour that is gone is taken back."""
        await self.outbox.drop(session, one.id, "marriage.reminder")
        if move is not Move.LAPSE:
            await self.outbox.drop(session, one.id, "marriage.lapsing")
        gone = one.starts_at is None or move is Move.WITHDRAW
        if before.state is FileState.SCHEDULED and before.starts_at is not None and gone:
            letters = self._letters(before, "marriage.cancelled", _ALL, before.starts_at)
            await self.outbox.put(session, one.id, letters, round=f"{one.version}")
        what, whom = TOLD.get(move, ("", ()))
        if not what or what == "marriage.cancelled":
            return
        starts_at = one.starts_at if what == "marriage.booked" else None
        letters = self._letters(one, what, whom, starts_at)
        await self.outbox.put(session, one.id, letters, round=f"{one.version}")
        if starts_at is not None:
            await self._remind(session, one, starts_at, now)
        self.outbox.wake()

    async def replaced(
        self, session: AsyncSession, before: File, one: File, part: Part, now: datetime
    ) -> None:
        """Another interpreter at the same hour: the one before and the new one are told, and the
        reminders go to who comes now."""
        assert one.starts_at is not None  # noqa: S101
        await self.outbox.drop(session, one.id, "marriage.reminder")
        for file, what in (
            (before, "marriage.interpreter_released"), (one, "marriage.interpreter_named"),
        ):  # fmt: skip
            letters = self._letters(file, what, (part,), one.starts_at)
            await self.outbox.put(session, one.id, letters, round=f"{one.version}")
        await self._remind(session, one, one.starts_at, now)
        self.outbox.wake()

    async def _remind(
        self, session: AsyncSession, one: File, starts_at: datetime, now: datetime
    ) -> None:
        for ahead in REMINDERS:
            if (due := starts_at - ahead) > now:
                soon = self._letters(one, "marriage.reminder", _ALL, starts_at)
                name = f"{one.version}-{int(ahead.total_seconds())}"
                await self.outbox.put(session, one.id, soon, due_at=due, round=name)

    async def lapsing(self, session: AsyncSession, one: File, day: date) -> None:
        """A week before a file lapses, once for each day on which it would."""
        letters = self._letters(one, "marriage.lapsing", SPOUSES, None)
        await self.outbox.put(session, one.id, letters, round=day.isoformat())

    async def invited(
        self, session: AsyncSession, one: File, to: Contact, link: str, round: str
    ) -> None:
        """The link to a part, to who is to take it."""
        letter = Letter(to.email, to.language, "marriage.invited", one.reference, link)
        await self.outbox.put(session, one.id, [letter], round=round)
        self.outbox.wake()

    def _letters(
        self, one: File, what: str, whom: Iterable[Part], starts_at: datetime | None
    ) -> list[Letter]:
        link = f"{self.address}/marriages/{one.id}"
        return [
            Letter(
                contact.email,
                contact.language,
                what,
                one.register or one.number or one.reference,
                link,
                starts_at,
                self.minutes,
                f"marriage-{one.id}",
            )
            for part in whom
            if (contact := one.contacts.get(part)) is not None and part in one.seats
        ]
