"""A key with a certificate from a root of its own, in one PEM file: key, certificate, root.

The root's key is not kept: nothing else is ever certified by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

from audit.errors import KeyFileError
from audit.key import create_private

PEM = serialization.Encoding.PEM


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to make where no file is: `uses` is what the certificate's key is for."""

    name: str
    uses: Sequence[ObjectIdentifier]
    years: int
    critical: bool = True
    organization: str = ""


def open_own(
    path: Path, passphrase: str, wanted: Wanted, now: datetime
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate, x509.Certificate]:
    """Key, certificate and root of a file, made when it is missing. Blocking.

    Raises KeyFileError.
    """
    if not path.exists():
        create_private(path, _made(wanted, passphrase, now))
    data = path.read_bytes()
    try:
        key = serialization.load_pem_private_key(data, passphrase.encode() or None)
        own, root = x509.load_pem_x509_certificates(data)
    except (ValueError, TypeError):
        raise KeyFileError(f"{path.name} cannot be read, or the passphrase is wrong") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyFileError(f"{path.name} does not hold an elliptic-curve key")
    return key, own, root


def usage(*, ca: bool) -> x509.KeyUsage:
    """Of an authority: to sign certificates and their lists. Of another: to sign data."""
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=not ca,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _made(wanted: Wanted, passphrase: str, now: datetime) -> bytes:
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, name = _name(wanted, f"{wanted.name}, root"), _name(wanted, wanted.name)
    start, end = now - timedelta(minutes=5), now + timedelta(days=365 * wanted.years)

    def build(
        subject: x509.Name, public: ec.EllipticCurvePublicKey, *, ca: bool
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(root_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), True)
            .add_extension(usage(ca=ca), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False
            )
        )

    root = build(root_name, root_key.public_key(), ca=True).sign(root_key, hashes.SHA256())
    own = (
        build(name, key.public_key(), ca=False)
        .add_extension(x509.ExtendedKeyUsage(wanted.uses), wanted.critical)
        .sign(root_key, hashes.SHA256())
    )
    protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        protection = serialization.BestAvailableEncryption(passphrase.encode())
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, protection)
    return private + own.public_bytes(PEM) + root.public_bytes(PEM)


def _name(wanted: Wanted, common: str) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if wanted.organization:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, wanted.organization))
    return x509.Name(parts)
