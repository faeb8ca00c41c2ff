"""The built-in time-stamping authority (RFC 3161, RFC 5816): our own, so not independent.

It says so in its name. It serves where no outside authority is configured, and nothing falls back
to it: a deployment that names an outside one gets its tokens or none.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from audit import der
from audit.der import settled
from audit.own_certificate import Wanted, open_own

der.mend()

POLICY = "1.3.6.1.4.1.99999.1.1"
"""Of the built-in authority. Not registered: it means 'internal, not independent'."""
NAME = "Mahdar internal time-stamps (not independent)"
YEARS = 20
HASHES = {"sha256": 32, "sha384": 48, "sha512": 64}


@dataclass(frozen=True, slots=True)
class TimeAuthority:
    """Answers RFC 3161 requests with its own key."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    root: x509.Certificate

    def respond(self, request: bytes, now: datetime) -> bytes:
        """The DER of a TimeStampResp to the DER of a TimeStampReq. Never raises for bad input."""
        try:
            asked = tsp.TimeStampReq.load(request, strict=True)
            imprint = asked["message_imprint"]
            name = imprint["hash_algorithm"]["algorithm"].native
            digest = imprint["hashed_message"].native
            nonce, wants = asked["nonce"].native, bool(asked["cert_req"].native)
            policy = asked["req_policy"].native
        except (ValueError, TypeError, KeyError):
            return _refused("bad_data_format")
        if name not in HASHES or len(digest) != HASHES[name]:
            return _refused("bad_alg")
        if policy not in (None, POLICY):
            return _refused("unaccepted_policy")
        info = tsp.TSTInfo(
            {
                "version": "v1",
                "policy": POLICY,
                "message_imprint": imprint,
                "serial_number": secrets.randbits(127),
                "gen_time": core.GeneralizedTime(now.astimezone(UTC).replace(microsecond=0)),
                **({} if nonce is None else {"nonce": nonce}),
            }
        )
        status = {"status": "granted"}
        token = self._sign(info.dump(), now, with_certificates=wants)
        return bytes(tsp.TimeStampResp({"status": status, "time_stamp_token": token}).dump())

    def _sign(self, info: bytes, now: datetime, *, with_certificates: bool) -> cms.ContentInfo:
        own, named = _named(self.certificate)
        attributes = settled(
            cms.CMSAttributes(
                [
                    _attribute("content_type", "tst_info"),
                    _attribute("message_digest", sha256(info).digest()),
                    _attribute("signing_time", cms.Time({"utc_time": core.UTCTime(_second(now))})),
                    named,
                ]
            )
        )
        digest = algos.DigestAlgorithm({"algorithm": "sha256"})
        signer = settled(
            cms.SignerInfo(
                {
                    "version": "v1",
                    "sid": cms.SignerIdentifier(
                        {
                            "issuer_and_serial_number": cms.IssuerAndSerialNumber(
                                {"issuer": own.issuer, "serial_number": own.serial_number}
                            )
                        }
                    ),
                    "digest_algorithm": digest,
                    "signed_attrs": attributes,
                    "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                    "signature": self.key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
                }
            )
        )
        signed = {
            "version": "v3",
            "digest_algorithms": [digest],
            "encap_content_info": {
                "content_type": "tst_info",
                "content": core.ParsableOctetString(info),
            },
            "signer_infos": [signer],
        }
        if with_certificates:
            signed["certificates"] = [own]
        content = settled(cms.SignedData(signed))
        return cms.ContentInfo({"content_type": "signed_data", "content": content})


_DER = serialization.Encoding.DER
_PEM = serialization.Encoding.PEM


def _second(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(microsecond=0)


@lru_cache(maxsize=8)
def _named(certificate: x509.Certificate) -> tuple[asn1_x509.Certificate, cms.CMSAttribute]:
    """The certificate and the signed attribute that names it (RFC 5816)."""
    own = asn1_x509.Certificate.load(certificate.public_bytes(_DER))
    cert_id = tsp.ESSCertIDv2({"cert_hash": sha256(own.dump()).digest()})
    certs = settled(tsp.SigningCertificateV2({"certs": [cert_id]}))
    return own, settled(_attribute("signing_certificate_v2", certs))


def _attribute(type: str, value: object) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": type, "values": [value]})


class Rejection(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    """A TimeStampResp without a token, which asn1crypto's own type does not allow."""

    _fields = [("status", tsp.PKIStatusInfo)]  # noqa: RUF012


def _refused(reason: str) -> bytes:
    return bytes(Rejection({"status": {"status": "rejection", "fail_info": {reason}}}).dump())


def open_authority(path: Path, passphrase: str, now: datetime) -> TimeAuthority:
    """Read the authority's key and certificates from one PEM file, made when it is missing.

    Blocking. Raises KeyFileError.
    """
    wanted = Wanted(NAME, [ExtendedKeyUsageOID.TIME_STAMPING], YEARS)
    return TimeAuthority(*open_own(path, passphrase, wanted, now))
