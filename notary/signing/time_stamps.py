"""Time-stamps inside documents: pyHanko asks, we check every token before it is used.

pyHanko takes a token whose imprint is wrong (esign.md B5.10), so each one is verified here at
once: signature up to a pinned root, imprint, nonce, and a time near ours. There is no fall-back
from an outside authority to our own.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from asn1crypto import cms, tsp
from cryptography import x509
from pyhanko.sign.timestamps import TimeStamper
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from audit.timestamping import SKEW, Source, TimestampRefused
from notary.signing.errors import SigningFailed

TIMEOUT_S: Final = 15.0


class CheckedTimeStamper(TimeStamper):
    """Asks `source` and lets nothing through that does not hold."""

    def __init__(self, source: Source, clock: Callable[[], datetime]) -> None:
        super().__init__(include_nonce=True)  # type: ignore[no-untyped-call]
        self._source = source
        self._clock = clock
        self.largest = 0
        """Bytes of the largest token so far."""

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """A verified token over the digest. Raises SigningFailed `time`."""
        nonce, request = self.request_cms(message_digest, md_algorithm)
        try:
            async with asyncio.timeout(TIMEOUT_S):
                answer = await self._source.ask(request.dump())
            check(answer, message_digest, int(nonce), self._source.roots, self._clock())
            token = tsp.TimeStampResp.load(answer)["time_stamp_token"]
        except TimeoutError:
            raise SigningFailed("time", "no answer in time") from None
        except (TimestampRefused, ValueError, OSError) as error:
            raise SigningFailed("time", str(error)) from None
        self.largest = max(self.largest, len(token.dump()))
        # pyHanko asks for a token over nothing to learn whose certificates to prove: this one says.
        self._register_dummy(md_algorithm, token)  # type: ignore[no-untyped-call]
        return token

    def request_cms(self, message_digest: bytes, md_algorithm: str) -> tuple[Any, Any]:
        """With a nonce that is a number: pyHanko's is bytes on some paths."""
        asked = super().request_cms(message_digest, md_algorithm)  # type: ignore[no-untyped-call]
        request = asked[1]
        return request["nonce"].native, request


def check(
    answer: bytes,
    digest: bytes,
    nonce: int,
    roots: Sequence[x509.Certificate],
    now: datetime,
    skew: timedelta = SKEW,
) -> datetime:
    """The time in a TimeStampResp over `digest`. Raises TimestampRefused."""
    try:
        response = decode_timestamp_response(answer)
        VerifierBuilder(nonce=nonce, roots=list(roots)).build().verify(response, digest)
        at = response.tst_info.gen_time
    except (VerificationError, ValueError) as error:
        raise TimestampRefused(f"the token does not hold: {error}") from None
    if abs(at.astimezone(UTC) - now) > skew:
        raise TimestampRefused("the authority's time is not ours")
    return at
