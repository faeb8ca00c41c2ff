"""RFC 3161 tokens over checkpoints: from the built-in authority, or an outside one by setting.

A token says that the log was this one at that time. It is asked for when a record is sealed and
every so many minutes. An outside authority that is away leaves a gap that is tried again, never a
token of our own in its place.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import httpx
import structlog
from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from sqlalchemy.exc import SQLAlchemyError

from audit import store
from audit.checkpoint import Checkpoint
from audit.errors import AuditError
from audit.service import AuditLog
from audit.time_authority import TimeAuthority
from clock import Clock
from database import Database

SKEW = timedelta(seconds=60)
"""So far may an authority's time be from ours."""
RETRY_S = 30.0
TIMEOUT_S = 10.0
MAX_ANSWER = 64 * 1024
INTERNAL, EXTERNAL = "internal", "external"

_logger = structlog.get_logger(__name__)


class TimestampRefused(AuditError):
    """No token, or one that does not hold. The text says why."""


@dataclass(frozen=True, slots=True)
class Token:
    """A verified TimeStampToken (DER of a CMS ContentInfo) over a checkpoint's signed note."""

    checkpoint: Checkpoint
    authority: str
    """internal or external."""
    der: bytes
    at: datetime


class Source(Protocol):
    """Where tokens come from."""

    @property
    def authority(self) -> str:
        """internal or external."""

    @property
    def roots(self) -> Sequence[x509.Certificate]:
        """What its certificates must end in."""

    async def ask(self, request: bytes) -> bytes:
        """The DER of a TimeStampResp. Raises TimestampRefused."""


@dataclass(frozen=True, slots=True)
class InternalSource:
    """The built-in authority, in this process."""

    inner: TimeAuthority
    clock: Clock
    authority: str = INTERNAL

    @property
    def roots(self) -> Sequence[x509.Certificate]:
        return [self.inner.root]

    async def ask(self, request: bytes) -> bytes:
        return await asyncio.to_thread(self.inner.respond, request, self.clock())


@dataclass(frozen=True, slots=True)
class ExternalSource:
    """An authority over HTTP (RFC 3161 section 3.4), trusted by pinned roots."""

    url: str
    roots: Sequence[x509.Certificate]
    client: httpx.AsyncClient
    authority: str = EXTERNAL

    async def ask(self, request: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query"}
        body = bytearray()
        try:
            async with self.client.stream(
                "POST", self.url, content=request, headers=headers, timeout=TIMEOUT_S
            ) as answer:
                if answer.status_code != 200:
                    raise TimestampRefused(f"status {answer.status_code}")
                async for chunk in answer.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER:
                        raise TimestampRefused("the answer is too long")
        except httpx.HTTPError as error:
            raise TimestampRefused(type(error).__name__) from None
        return bytes(body)


async def obtain(source: Source, data: bytes, now: datetime) -> tuple[bytes, datetime]:
    """A token over `data` (SHA-256) and its time, verified. Raises TimestampRefused."""
    request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = await source.ask(request.as_bytes())
    try:
        response = decode_timestamp_response(answer)
        builder = VerifierBuilder.from_request(request)
        for root in source.roots:
            builder = builder.add_root_certificate(root)
        builder.build().verify_message(response, data)
        token, at = response.time_stamp_token(), response.tst_info.gen_time
    except (VerificationError, ValueError) as error:
        raise TimestampRefused(f"the token does not hold: {error}") from None
    if abs(at - now) > SKEW:
        raise TimestampRefused("the authority's time is not ours")
    return token, at


@dataclass(slots=True)
class Timestamping:
    """`run` until cancelled; `want` a token soon; `covering` for a bundle."""

    database: Database
    log: AuditLog
    source: Source
    clock: Clock
    interval_s: float
    trouble: str = ""
    """Why the last attempt gave no token; empty when it did."""
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)

    def want(self) -> None:
        """Soon: a record was sealed."""
        self._wanted.set()

    async def run(self) -> None:
        """Stamp the newest checkpoint at every interval, when wanted, and again after a failure."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RETRY_S if self.trouble else self.interval_s):
                    await self._wanted.wait()
            self._wanted.clear()
            with suppress(TimestampRefused, AuditError, SQLAlchemyError, OSError):
                await self.stamp()

    async def stamp(self) -> Token:
        """A token over the newest checkpoint. Raises TimestampRefused, and remembers why."""
        checkpoint = await self.log.newest()
        try:
            der, at = await obtain(self.source, checkpoint.note.encode(), self.clock())
        except TimestampRefused as error:
            if not self.trouble:
                _logger.error("audit.no_timestamp", why=str(error))
            self.trouble = str(error)
            raise
        async with self.database.unit() as session:
            await store.add_timestamp(session, checkpoint.size, self.source.authority, der, at)
        self.trouble = ""
        return Token(checkpoint, self.source.authority, der, at)

    async def covering(self, size: int) -> Token | None:
        """A token over a checkpoint of at least `size` leaves, made now if there is none; None
        when the authority does not give one."""
        async with self.database.unit(write=False) as session:
            row = await store.newest_timestamp(session, size)
            found = await store.checkpoint_of(session, row.size) if row is not None else None
        if row is not None and found is not None:
            return Token(found, row.authority, row.token, row.at)
        with suppress(TimestampRefused):
            return await self.stamp()
        return None
