"""PAdES: places for signatures, signatures at level B-LTA, archive time-stamps. Blocking work for
worker processes; the recipe is esign.md B5, and each step of it was measured:

1. all fields first, so that later signatures only fill in what the first one certified (P=2);
2. sign B-T: the signature with its own time-stamp;
3. *then* make revocation data, newer than the time-stamp, that ends before the certificate does;
4. put it into the document (DSS) and cover everything with a document time-stamp;
5. check the whole result. Only then does anybody get it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from asn1crypto import crl as asn1_crl
from asn1crypto import keys as asn1_keys
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import (
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
    ensure_sig_flags,
    enumerate_sig_fields,
)
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, PdfTimeStamper, SimpleSigner
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.signers.pdf_signer import TimestampDSSContentSettings
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, PathValidationError, RevokedError
from pyhanko_certvalidator.registry import SimpleCertificateStore

from notary.documents.render import Box
from notary.signing import validation
from notary.signing.appearance import style
from notary.signing.authority import Credential
from notary.signing.errors import SigningFailed
from notary.signing.validation import asn1

DIGEST = "sha256"
STAMP_SETTINGS = TimestampDSSContentSettings(include_vri=False, update_before_ts=True)


@dataclass(frozen=True, slots=True)
class Trust:
    """What a signature is checked against, and the lists that prove nothing was revoked."""

    roots: Sequence[x509.Certificate]
    others: Sequence[x509.Certificate]
    lists: Sequence[x509.CertificateRevocationList]


def add_fields(pdf: bytes, boxes: Sequence[Box], labels: Sequence[str]) -> bytes:
    """The document with an empty signature field at each box. `labels` are read to people who
    cannot see the field."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=True)
    for box, label in zip(boxes, labels, strict=True):
        right, top = round(box.x + box.width), round(box.y + box.height)
        append_signature_field(
            writer,
            SigFieldSpec(
                box.name,
                on_page=box.page,
                box=(round(box.x), round(box.y), right, top),
                readable_field_name=label,
            ),
        )
    # As after the first signature, so that it changes nothing but its field.
    ensure_sig_flags(writer, lock_sig_flags=True)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def local_signer(credential: Credential, chain: Sequence[x509.Certificate]) -> Signer:
    """pyHanko's signer over a key in this process."""
    store = SimpleCertificateStore()
    store.register_multiple([asn1(one) for one in chain])
    return SimpleSigner(
        signing_cert=asn1(credential.certificate),
        signing_key=private_key(credential),
        cert_registry=store,
        embed_roots=True,
    )


def private_key(credential: Credential) -> asn1_keys.PrivateKeyInfo:
    """The credential's key as pyHanko wants it."""
    private = credential.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return asn1_keys.PrivateKeyInfo.load(private)


async def sign(
    pdf: bytes,
    field: str,
    signer: Signer,
    stamper: TimeStamper,
    *,
    certify: bool,
    appearance: bytes | None,
    reason: str = "",
    room: int | None = None,
) -> bytes:
    """Level B-T in an existing field: one more revision. `appearance`: a PDF page of its size.
    `room`: bytes to keep for the signature; without it pyHanko tries one, with a time-stamp."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=True)
    metadata = PdfSignatureMetadata(
        field_name=field,
        md_algorithm=DIGEST,
        reason=reason or None,
        subfilter=SigSeedSubFilter.PADES,
        certify=certify,
        docmdp_permissions=MDPPerm.FILL_FORMS,
    )
    made = PdfSigner(
        metadata, signer, timestamper=stamper, stamp_style=style(appearance) if appearance else None
    )
    out = BytesIO()
    await made.async_sign_pdf(
        writer, existing_fields_only=True, output=out, bytes_reserved=room and 2 * room
    )
    return out.getvalue()


def signature_at(pdf: bytes, field: str) -> EmbeddedPdfSignature:
    """The signature in a field. Raises SigningFailed `document` when it is not signed."""
    reader = validation.parse(pdf)
    for name, _value, at in enumerate_sig_fields(reader, filled_status=True, with_name=field):
        return EmbeddedPdfSignature(reader, at, name)
    raise SigningFailed("document", "the field is not signed")


async def extend(
    signature: EmbeddedPdfSignature, trust: Trust, stamper: TimeStamper, room: int | None = None
) -> bytes:
    """Its document from B-T to B-LTA: revocation data and a document time-stamp in one more
    revision. `room`: bytes to keep for the time-stamp.

    Raises SigningFailed `revoked` when the signer's certificate was revoked, `time`.
    """
    context = ValidationContext(
        trust_roots=[asn1(one) for one in trust.roots],
        other_certs=[*map(asn1, trust.others), *signature.other_embedded_certs],
        crls=[_asn1_list(one) for one in trust.lists],
        revocation_mode="require",
        allow_fetching=False,
    )
    validator = CertificateValidator(signature.signer_cert, (), validation_context=context)
    try:
        path = await validator.async_validate_usage({"non_repudiation"})
    except RevokedError:
        raise SigningFailed("revoked") from None
    writer = IncrementalPdfFileWriter.from_reader(signature.reader)
    DocumentSecurityStore.supply_dss_in_writer(
        writer, None, paths=[path], validation_context=context, embed_roots=True
    )
    return await _stamped(writer, context, stamper, room)


async def renew(pdf: bytes, trust: Trust, stamper: TimeStamper) -> bytes:
    """One more document time-stamp over everything, with fresh revocation data of the last one's
    authority: the document stays provable for another while."""
    context = ValidationContext(
        trust_roots=[asn1(one) for one in trust.roots],
        other_certs=[asn1(one) for one in trust.others],
        crls=[_asn1_list(one) for one in trust.lists],
        revocation_mode="require",
        allow_fetching=False,
    )
    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=True)
    return await _stamped(writer, context, stamper)


async def _stamped(
    writer: IncrementalPdfFileWriter,
    context: ValidationContext,
    stamper: TimeStamper,
    room: int | None = None,
) -> bytes:
    out = BytesIO()
    try:
        await PdfTimeStamper(stamper).async_timestamp_pdf(
            writer,
            DIGEST,
            context,
            bytes_reserved=room and 2 * room,
            output=out,
            dss_settings=STAMP_SETTINGS,
            embed_roots=True,
        )
    except (PathBuildingError, PathValidationError) as error:
        raise SigningFailed("time", f"its certificate: {type(error).__name__}") from None
    return out.getvalue()


async def verified(
    pdf: bytes, expected: int, roots: Sequence[x509.Certificate]
) -> validation.Checked:
    """Check all of `expected` signatures, wholly, and everything that was added after each; the
    newest. Raises SigningFailed `document`."""
    found = await validation.check_all(pdf, roots)
    if len(found) != expected:
        raise SigningFailed("document", f"{len(found)} signatures, {expected} expected")
    for one in found:
        if one.verdict != validation.VALID:
            raise SigningFailed("document", f"{one.field}: {one.verdict} {one.reason}")
    return found[-1]


def _asn1_list(one: x509.CertificateRevocationList) -> asn1_crl.CertificateList:
    return asn1_crl.CertificateList.load(one.public_bytes(Encoding.DER))
