"""Content credentials (C2PA): what a file is and what it was made of, sealed into the file.

The signer's certificate comes from an authority of our own, so a validator that does not know it
says 'untrusted', and 'valid'. It proves that the file is whole; what proves the record is the log.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import c2pa  # type: ignore[import-untyped]
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from audit.own_certificate import PEM, Wanted, open_own

NAME = "Mahdar derived works"
YEARS = 10
DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
COMPOSITE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeCapture"
INPUTS = "org.mahdar.inputs"
"""The assertion that names the inputs; its members are those of the leaf `work.made`."""
# esign.md B2: C2PA refuses documentSigning alone, and takes it beside emailProtection.
_WANTED = Wanted(
    NAME,
    [DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION],
    YEARS,
    critical=False,
    organization="Mahdar",
)


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
    key, own, root = open_own(path, passphrase, _WANTED, now)
    plain = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Credentials(own.public_bytes(PEM) + root.public_bytes(PEM), plain)


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
