"""Checks a time-stamp token (RFC 3161) that was kept, without the request that it answered."""

from collections.abc import Iterable
from datetime import datetime

from asn1crypto import cms, tsp
from cryptography import x509
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

from audit.errors import AuditError


class TokenRefused(AuditError):
    """The token does not hold. The text says why."""


def check(der: bytes, data: bytes, roots: Iterable[x509.Certificate]) -> datetime:
    """The time that a token (DER of a CMS ContentInfo) asserts of `data`.

    Raises TokenRefused unless it is over `data` and its certificates end in one of `roots`.
    """
    try:
        token = cms.ContentInfo.load(der, strict=True)
        whole = tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token})
        response = decode_timestamp_response(bytes(whole.dump()))
        builder = VerifierBuilder()
        for root in roots:
            builder = builder.add_root_certificate(root)
        builder.build().verify_message(response, data)
    except (VerificationError, ValueError, TypeError, KeyError) as error:
        raise TokenRefused(f"the token does not hold: {error}") from None
    found: datetime = response.tst_info.gen_time
    return found
