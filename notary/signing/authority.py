"""The internal authority: a root, an issuing authority, and time-stamps under a root of their own.

    root --> issuing authority --> one certificate for each signer and act (24 h, key destroyed)
    time-stamp root --> time-stamping unit

Four files. Each root's key is in a file of its own, is used when the files are made, and should
then be moved off the machine: nothing that runs needs it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from audit.errors import KeyFileError
from audit.key import create_private
from audit.time_authority import NAME as TIME_NAME
from audit.time_authority import TimeAuthority
from notary.signing import certificates
from notary.signing.certificates import LONG, ONE_SHOT, Revoked, name

ORGANISATION: Final = "Mahdar"
ROOT_NAME: Final = "Mahdar internal root (documents)"
ISSUING_NAME: Final = "Mahdar internal signing authority"
TIME_ROOT_NAME: Final = f"{TIME_NAME}, documents root"
SIGNING, SIGNING_ROOT = "signing.pem", "signing-root.pem"
STAMPING, STAMPING_ROOT = "stamping.pem", "stamping-root.pem"


class KeyHolder(Protocol):
    """Where the issuing authority's key is: a file, or a PKCS#11 token."""

    def key(self) -> ec.EllipticCurvePrivateKey:
        """A P-256 key to sign with. Raises KeyFileError."""


@dataclass(frozen=True, slots=True)
class Credential:
    """One signer's key and certificate for one act. Lives as long as the call that signs."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class Authority:
    """Issues certificates for signers and says which of them were revoked."""

    issuing_key: ec.EllipticCurvePrivateKey
    issuing: x509.Certificate
    root: x509.Certificate
    root_crl: x509.CertificateRevocationList
    address: str
    """Where outsiders reach the public part: revocation lists and certificates."""

    def issue(
        self, common: str, unit: str, pseudonym: str, serial: int, now: datetime
    ) -> Credential:
        """A fresh key and its certificate. About a millisecond."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = certificates.signer(
            name(common, ORGANISATION, unit=unit, serial=pseudonym),
            key.public_key(),
            self.issuing,
            self.issuing_key,
            now,
            serial=serial,
            crl=f"{self.address}/pki/issuing.crl",
            issuer_url=f"{self.address}/pki/issuing.crt",
        )
        return Credential(key, certificate)

    def revocations(
        self, revoked: Sequence[Revoked], now: datetime, until: datetime
    ) -> x509.CertificateRevocationList:
        """A fresh list of the issuing authority."""
        return certificates.revocation_list(self.issuing, self.issuing_key, revoked, now, until)

    def public_list(
        self, revoked: Sequence[Revoked], now: datetime
    ) -> x509.CertificateRevocationList:
        """What the distribution point serves."""
        return self.revocations(revoked, now, now + ONE_SHOT)


@dataclass(frozen=True, slots=True)
class Stamping:
    """The built-in time-stamping unit for documents, and its root's revocation list."""

    unit: TimeAuthority
    crl: x509.CertificateRevocationList


class FileHolder:
    """The issuing key in its encrypted file."""

    def __init__(self, path: Path, passphrase: str) -> None:
        self._path, self._passphrase = path, passphrase

    def key(self) -> ec.EllipticCurvePrivateKey:
        return _read_key(self._path, self._passphrase)


def open_authority(
    folder: Path, passphrase: str, address: str, now: datetime, holder: KeyHolder | None = None
) -> Authority:
    """Read the authority, made when its files are missing. Blocking. Raises KeyFileError.

    With a `holder` the issuing key is where it says, and the file holds certificates only.
    """
    path = folder / SIGNING
    if not path.exists():
        _make_signing(folder, passphrase, address, now, holder)
    key = (holder or FileHolder(path, passphrase)).key()
    issuing, root = _certificates(path)
    if issuing.public_key() != key.public_key():
        raise KeyFileError(f"{path.name}: the certificate is not of this key")
    return Authority(key, issuing, root, _crl(path), address)


def open_stamping(folder: Path, passphrase: str, address: str, now: datetime) -> Stamping:
    """Read the time-stamping unit, made when its files are missing. Blocking. Raises
    KeyFileError."""
    path = folder / STAMPING
    if not path.exists():
        _make_stamping(folder, passphrase, address, now)
    own, root = _certificates(path)
    return Stamping(TimeAuthority(_read_key(path, passphrase), own, root), _crl(path))


def _make_signing(
    folder: Path, passphrase: str, address: str, now: datetime, holder: KeyHolder | None
) -> None:
    root_key = _new_key()
    issuing_key = holder.key() if holder else _new_key()
    subject = name(ROOT_NAME, ORGANISATION)
    root = certificates.authority(
        subject, root_key.public_key(), subject, root_key, now, path_length=1
    )
    issuing = certificates.authority(
        name(ISSUING_NAME, ORGANISATION),
        issuing_key.public_key(),
        subject,
        root_key,
        now,
        path_length=0,
        crl=f"{address}/pki/root.crl",
    )
    crl = certificates.revocation_list(root, root_key, (), now, now + LONG)
    create_private(folder / SIGNING_ROOT, _private(root_key, passphrase) + _pem(root))
    own = b"" if holder else _private(issuing_key, passphrase)
    create_private(folder / SIGNING, own + _pem(issuing) + _pem(root) + _pem(crl))


def _make_stamping(folder: Path, passphrase: str, address: str, now: datetime) -> None:
    root_key, key = _new_key(), _new_key()
    subject = name(TIME_ROOT_NAME, ORGANISATION)
    root = certificates.authority(
        subject, root_key.public_key(), subject, root_key, now, path_length=0
    )
    own = certificates.stamping(
        name(TIME_NAME, ORGANISATION),
        key.public_key(),
        root,
        root_key,
        now,
        crl=f"{address}/pki/stamping-root.crl",
    )
    crl = certificates.revocation_list(root, root_key, (), now, now + LONG)
    create_private(folder / STAMPING_ROOT, _private(root_key, passphrase) + _pem(root))
    create_private(
        folder / STAMPING, _private(key, passphrase) + _pem(own) + _pem(root) + _pem(crl)
    )


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _pem(one: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    return one.public_bytes(Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey, passphrase: str) -> bytes:
    protection: KeySerializationEncryption = NoEncryption()
    if passphrase:
        protection = BestAvailableEncryption(passphrase.encode())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)


def _read_key(path: Path, passphrase: str) -> ec.EllipticCurvePrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), passphrase.encode() or None)
    except (ValueError, TypeError):
        raise KeyFileError(f"{path.name} cannot be read, or the passphrase is wrong") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise KeyFileError(f"{path.name} does not hold an elliptic-curve key")
    return key


def _certificates(path: Path) -> tuple[x509.Certificate, x509.Certificate]:
    try:
        own, root = x509.load_pem_x509_certificates(path.read_bytes())
    except ValueError:
        raise KeyFileError(f"{path.name} does not hold two certificates") from None
    return own, root


def _crl(path: Path) -> x509.CertificateRevocationList:
    data = path.read_bytes()
    start = data.find(b"-----BEGIN X509 CRL-----")
    if start < 0:
        raise KeyFileError(f"{path.name} does not hold a revocation list")
    return x509.load_pem_x509_crl(data[start:])
