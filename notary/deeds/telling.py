"""Who is told what of a request, by mail: written in the unit of the change, sent by the outbox."""

from datetime import timedelta

from notary.deeds.core import Core
from notary.deeds.party import appears
from notary.deeds.request import Request
from notary.mail.message import Letter
from notary.mail.service import Outbox
from sessions import store as booked

REMINDERS = (timedelta(days=1), timedelta(hours=1))
"""Before the session."""


class Telling:
    """One per process."""

    def __init__(self, core: Core, outbox: Outbox, address: str) -> None:
        self._core = core
        self._outbox = outbox
        self._address = address

    async def tell(self, one: Request, what: str) -> None:
        """Write mails about a request to all who gave an address."""
        act = self._core.act(one)
        async with self._core.database.unit() as session:
            sitting = await booked.get_sitting(session, one.sitting) if one.sitting else None
            starts_at = sitting.starts_at if sitting else None
            timed = what in ("booked", "cancelled", "queued")
            letters = [
                Letter(
                    each.email,
                    each.language,
                    what,
                    one.deed or one.reference,
                    f"{self._address}/deeds/{one.id}",
                    starts_at if timed else None,
                    act.minutes,
                    one.sitting or one.id,
                )
                for each in one.content.parties
                if each.email and (appears(each, act) or each.person == one.applicant)
            ]
            await self._outbox.drop(session, one.id, "reminder")
            await self._outbox.put(session, one.id, letters, round=f"{one.version}")
            if what == "booked" and starts_at is not None:
                for before in REMINDERS:
                    due = starts_at - before
                    if due <= self._core.clock():
                        continue
                    reminders = [_reminder(letter) for letter in letters]
                    name = f"{one.version}-{int(before.total_seconds())}"
                    await self._outbox.put(session, one.id, reminders, due_at=due, round=name)
        self._outbox.wake()


def _reminder(letter: Letter) -> Letter:
    return Letter(
        letter.to,
        letter.language,
        "reminder",
        letter.reference,
        letter.link,
        letter.starts_at,
        letter.minutes,
        letter.uid,
    )
