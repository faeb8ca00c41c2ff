"""Content credentials (C2PA): what a file is and what it was made of, sealed into the file.

The signer's certificate comes from an authority of our own, so a validator that does not know it
says 'untrusted', and 'valid'. It proves that the file is whole; what proves the record is the log.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import c2pa  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from audit.errors import KeyFileError
from audit.key import create_private

NAME = "Mahdar derived works"
YEARS = 10
DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeCapture"
INPUTS = "org.mahdar.inputs"
"""The assertion that names the inputs; its members are those of the leaf `work.made`."""
_PEM = serialization.Encoding.PEM


@dataclass(frozen=True, slots=True)
class Credentials:
    """PEM of the certificates (own first) and of the key, to be handed to a work's process."""

    chain: bytes
    key: bytes = field(repr=False)


class NotSealed(Exception):
    """What was sealed does not verify; says why."""


def open_credentials(path: Path, passphrase: str, now: datetime) -> Credentials:
    """Read the key and certificates from one PEM file, made when it is missing.

    Blocking. Raises KeyFileError.
    """
    if not path.exists():
        create_private(path, _make(passphrase, now))
    data = path.read_bytes()
    try:
        key = serialization.load_pem_private_key(data, passphrase.encode() or None)
        chain = x509.load_pem_x509_certificates(data)
    except (ValueError, TypeError):
        raise KeyFileError(f"{path.name} cannot be read, or the passphrase is wrong") from None
    plain = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Credentials(b"".join(one.public_bytes(_PEM) for one in chain), plain)


def seal(
    credentials: Credentials,
    source: Path,
    out: Path,
    title: str,
    inputs: Mapping[str, Any],
    *,
    format: str = "video/mp4",
) -> None:
    """Write `source` with its credentials to `out`, and read them back. Blocking.

    Raises NotSealed, OSError, c2pa.C2paError.
    """
    manifest = {
        "claim_generator_info": [{"name": "Mahdar", "version": "1"}],
        "title": title,
        "format": format,
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": COMPOSITE}]},
            },
            {"label": INPUTS, "data": dict(inputs)},
        ],
    }
    info = c2pa.C2paSignerInfo(b"es256", credentials.chain, credentials.key, None)
    with (
        c2pa.Signer.from_info(info) as signer,
        c2pa.Builder(json.dumps(manifest)) as builder,
        source.open("rb") as read,
        out.open("w+b") as write,
    ):
        builder.sign(signer, format, read, write)
    found = read_back(out, format=format)
    if found.get(INPUTS) != dict(inputs):
        raise NotSealed("the credentials name other inputs")


def read_back(path: Path, *, format: str = "video/mp4") -> dict[str, Any]:
    """The assertions of a file's own credentials, by label. Blocking. Raises NotSealed."""
    try:
        with path.open("rb") as file, c2pa.Reader(format, file) as reader:
            found = json.loads(reader.json())
    except c2pa.C2paError as error:
        raise NotSealed(str(error)) from None
    codes = {item["code"] for item in found.get("validation_status", ())}
    if found.get("validation_state") not in ("Valid", "Trusted") or codes - {
        "signingCredential.untrusted"  # our own authority is in nobody's list
    }:
        raise NotSealed(f"{found.get('validation_state')}: {', '.join(sorted(codes))}")
    own = found["manifests"][found["active_manifest"]]
    return {item["label"]: item["data"] for item in own["assertions"]}


def _make(passphrase: str, now: datetime) -> bytes:
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    names = [
        x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, text),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Mahdar"),
            ]
        )
        for text in (f"{NAME}, root", NAME)
    ]
    start, end = now - timedelta(minutes=5), now + timedelta(days=365 * YEARS)

    def build(
        subject: x509.Name, public: ec.EllipticCurvePublicKey, *, ca: bool
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(names[0])
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=0 if ca else None), True)
            .add_extension(
                x509.KeyUsage(not ca, not ca, False, False, False, ca, ca, False, False), True
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), False
            )
        )

    root = build(names[0], root_key.public_key(), ca=True).sign(root_key, hashes.SHA256())
    # esign.md B2: C2PA refuses documentSigning alone, and takes it beside emailProtection.
    uses = x509.ExtendedKeyUsage([DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION])
    own = (
        build(names[1], key.public_key(), ca=False)
        .add_extension(uses, False)
        .sign(root_key, hashes.SHA256())
    )
    protection: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        protection = serialization.BestAvailableEncryption(passphrase.encode())
    # The root's key is not kept: nothing else is ever certified by it.
    private = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, protection)
    return private + own.public_bytes(_PEM) + root.public_bytes(_PEM)
