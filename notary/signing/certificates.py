"""Certificates and revocation lists of the internal authority. Pure: keys and times come in.

Profile: P-256 everywhere; a signer's certificate has key usage contentCommitment (critical),
extended key usage documentSigning and emailProtection (pdfsig's NSS trusts nothing else), SKI and
AKI, the address of the revocation list and of the issuer. RFC 5280, RFC 9336.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
)

DOCUMENT_SIGNING: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")
SIGNER_POLICY: Final = x509.ObjectIdentifier("1.3.6.1.4.1.99999.1.2")
"""Not registered: 'one certificate for one act, by the internal authority'."""
MOST_LETTERS: Final = 64
"""Of a common name (X.520, upper bound ub-common-name)."""
ONE_SHOT: Final = timedelta(hours=24)
BACKDATE: Final = timedelta(minutes=5)
"""Clocks of others differ a little."""
LONG: Final = timedelta(days=3650)
"""Of a root's revocation list: the root is kept off line."""
CA_LIFE: Final = timedelta(days=365 * 20)


@dataclass(frozen=True, slots=True)
class Revoked:
    """A certificate that must not be trusted from a moment on."""

    serial: int
    at: datetime


def name(common: str, organisation: str, *, unit: str = "", serial: str = "") -> x509.Name:
    """A subject. `serial` is a pseudonym of the person, never an identity number; `unit` a code
    of what the person signs as."""
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "AE"),
        _text(NameOID.ORGANIZATION_NAME, organisation),
        _text(NameOID.COMMON_NAME, common),
    ]
    if unit:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit))
    if serial:
        parts.append(x509.NameAttribute(NameOID.SERIAL_NUMBER, serial))
    return x509.Name(parts)


def _text(kind: x509.ObjectIdentifier, words: str) -> x509.NameAttribute[str]:
    """Up to 64 characters, as X.520 counts. cryptography counts bytes of UTF-8, of which Arabic
    needs two for a letter, and would refuse the seal of this office and every long name."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Attribute's length", UserWarning)
        return x509.NameAttribute(kind, words[:MOST_LETTERS], _validate=False)


def authority(
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    *,
    path_length: int,
    crl: str = "",
) -> x509.Certificate:
    """A root (issuer is subject) or an issuing authority."""
    builder = _base(subject, key, issuer, issuer_key, now - BACKDATE, now + CA_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(True, path_length), True)
    builder = builder.add_extension(_usage(ca=True), True)
    if crl:
        builder = builder.add_extension(_distribution(crl), False)
    return builder.sign(issuer_key, hashes.SHA256())


def signer(
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer: x509.Certificate,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    *,
    serial: int,
    crl: str,
    issuer_url: str,
) -> x509.Certificate:
    """The certificate of one signer for one act."""
    uses = x509.ExtendedKeyUsage([DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION])
    policy = x509.CertificatePolicies([x509.PolicyInformation(SIGNER_POLICY, None)])
    where = x509.AccessDescription(
        AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(issuer_url)
    )
    builder = _base(
        subject, key, issuer.subject, issuer_key, now - BACKDATE, now + ONE_SHOT, serial
    )
    return (
        builder.add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(_usage(ca=False), True)
        .add_extension(uses, False)
        .add_extension(policy, False)
        .add_extension(_distribution(crl), False)
        .add_extension(x509.AuthorityInformationAccess([where]), False)
        .sign(issuer_key, hashes.SHA256())
    )


def stamping(
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer: x509.Certificate,
    issuer_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    *,
    crl: str,
) -> x509.Certificate:
    """The certificate of a time-stamping unit (RFC 3161 section 2.3)."""
    uses = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    return (
        _base(subject, key, issuer.subject, issuer_key, now - BACKDATE, now + CA_LIFE - BACKDATE)
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(_usage(ca=False, stamping=True), True)
        .add_extension(uses, True)
        .add_extension(_distribution(crl), False)
        .sign(issuer_key, hashes.SHA256())
    )


def revocation_list(
    issuer: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    revoked: Sequence[Revoked],
    now: datetime,
    until: datetime,
) -> x509.CertificateRevocationList:
    """A full list, numbered by the millisecond."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now)
        .next_update(until)
        .add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False)
    )
    for one in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(one.serial)
        builder = builder.add_revoked_certificate(entry.revocation_date(one.at).build())
    return builder.sign(key, hashes.SHA256())


def _base(
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    start: datetime,
    end: datetime,
    serial: int | None = None,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False
        )
    )


def _distribution(url: str) -> x509.CRLDistributionPoints:
    full = [x509.UniformResourceIdentifier(url)]
    return x509.CRLDistributionPoints([x509.DistributionPoint(full, None, None, None)])


def _usage(*, ca: bool, stamping: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=stamping,
        content_commitment=not ca,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )
