"""The outbox: a mail is written in the unit of what it tells, and sent afterwards, until it goes.

The mail server may be down, slow or refuse: nothing is lost and nobody waits for it. A mail that a
server took once is not sent again; between its 'yes' and our note a killed process may send twice.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Protocol

import aiosmtplib
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import format_time, parse_time
from auth.secret import Secret
from clock import Clock
from database import Database
from notary.mail import message, store
from notary.mail.message import Letter

_logger = structlog.get_logger(__name__)
WAITS: Sequence[timedelta] = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60, 120, 240)
)
"""Between attempts; the last again and again, for KEEPS."""
ATTEMPTS_MOST = 60
EVERY_S = 15.0


class Sender(Protocol):
    """Gives a mail to a server. Raises OSError or SMTPException for what may go later, Refused for
    what never will."""

    async def send(self, mail: EmailMessage) -> None: ...


class Refused(Exception):
    """The server will never take this mail."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server. STARTTLS is used where the server offers it; `tls` from the first byte."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False
    timeout: float = 20.0

    async def send(self, mail: EmailMessage) -> None:
        try:
            await aiosmtplib.send(
                mail,
                hostname=self.host,
                port=self.port,
                username=self.user or None,
                password=self.password or None,
                use_tls=self.tls,
                timeout=self.timeout,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(500 <= one.code < 600 for one in error.recipients):
                raise Refused(str(error.recipients[0].code)) from None
            raise
        except aiosmtplib.SMTPResponseException as error:
            if 500 <= error.code < 600 and error.code not in (530, 535):
                raise Refused(str(error.code)) from None
            raise


class Outbox:
    """One per process. Without a sender mails wait: an operator sees how many."""

    def __init__(
        self,
        database: Database,
        secret: Secret,
        clock: Clock,
        sender: Sender | None,
        *,
        address: str,
        zone: str,
    ) -> None:
        self._database = database
        self._secret = secret
        self._clock = clock
        self._sender = sender
        self._address = address
        self._zone = zone
        self._wanted = asyncio.Event()

    async def put(
        self,
        session: AsyncSession,
        subject: str,
        letters: Sequence[Letter],
        *,
        due_at: datetime | None = None,
        round: str = "",
    ) -> None:
        """Write mails about `subject` (an opaque id) in the caller's unit. One letter to one
        address in one `round` is written once."""
        now = self._clock()
        for letter in letters:
            if not letter.to:
                continue
            tag = self._secret.tag("mail", letter.to)[:24]
            once = f"{letter.what}:{subject}:{tag}:{round}"[:120]
            sealed = self._secret.seal("mail", subject, _dump(letter))
            await store.add(session, subject, once, sealed, due_at or now)

    async def drop(self, session: AsyncSession, subject: str, what: str) -> None:
        """Take back mails of this sort that wait."""
        await store.drop(session, subject, what)

    def wake(self) -> None:
        """Something was put in."""
        self._wanted.set()

    async def run(self) -> None:
        """Send what is due, for ever."""
        while True:
            self._wanted.clear()
            try:
                await self.send_due()
            except Exception:  # the outbox outlives a bad minute of the database
                _logger.exception("mail.round_failed")
            try:
                await asyncio.wait_for(self._wanted.wait(), EVERY_S)
            except TimeoutError:
                continue

    async def send_due(self) -> int:
        """Try what is due now; how many went."""
        if self._sender is None:
            return 0
        async with self._database.unit(write=False) as session:
            rows = await store.due(session, self._clock())
        went = 0
        for row in rows:
            went += await self._attempt(row)
        return went

    async def _attempt(self, row: store.MailRow) -> bool:
        assert self._sender is not None  # noqa: S101
        letter = _load(self._secret.open("mail", row.subject, row.sealed))
        attempts, now = row.attempts + 1, self._clock()
        try:
            mail = message.build(letter, self._address, self._zone, now)
            await self._sender.send(mail)
            state, why, due_at = "sent", "", None
        except (Refused, ValueError) as error:  # an address that no mail can have is one of these
            state, why, due_at = "refused", str(error)[:40], None
        except (OSError, aiosmtplib.SMTPException, TimeoutError) as error:
            given_up = attempts >= ATTEMPTS_MOST
            state, why = ("given_up" if given_up else "waiting"), type(error).__name__
            due_at = now + WAITS[min(attempts, len(WAITS)) - 1]
        async with self._database.unit() as session:
            await store.mark(session, row.id, state, attempts=attempts, due_at=due_at, why=why)
        if state != "sent":
            _logger.warning("mail.not_sent", mail=row.id, state=state, why=why)
        return state == "sent"

    async def states(self) -> dict[str, int]:
        """How many mails wait, went or were refused, for operators."""
        async with self._database.unit(write=False) as session:
            return await store.states(session)


def _dump(letter: Letter) -> str:
    data = asdict(letter)
    data["starts_at"] = format_time(letter.starts_at) if letter.starts_at else ""
    return json.dumps(data, ensure_ascii=False)


def _load(text: str) -> Letter:
    data = json.loads(text)
    starts_at = data.pop("starts_at")
    return replace(Letter(**data), starts_at=parse_time(starts_at) if starts_at else None)
