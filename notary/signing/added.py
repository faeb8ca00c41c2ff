"""What one signature added to a document, checked against the file that it was made on.

That file is ours: it was checked when it was stored, and lies sealed. So after a signature only
what is new needs a look, and the work hardly grows with the number of signers:

- the file begins with the one before, byte for byte, and goes on where its last revision ended;
- every revision after that is allowed under a certification for filling in forms (ISO 32000-2 table
  257, P=2), whether or not the file is certified: a service that adds a line to the page while it
  signs is found, the first one too;
- earlier signatures are in their places, and the place that was asked for holds a new one, alone;
- it covers its whole revision; its digest, its certificate up to a root of ours, proof in the
  document that nothing was revoked, and its time-stamp hold;
- the last thing in the file is a time-stamp over all of it, which holds too.

The whole document is checked when its last signature is made (`pades.verified`) and for whoever
asks afterwards (`notary.verification`).
"""

from collections.abc import Sequence
from typing import Any, Final

from cryptography import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation import (
    EmbeddedPdfSignature,
    async_validate_pdf_signature,
    async_validate_pdf_timestamp,
)
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.status import SignatureCoverageLevel

from notary.signing import changes, validation
from notary.signing.errors import SigningFailed
from notary.signing.validation import Checked

STAMP: Final = "/DocTimeStamp"


async def check_added(
    before: bytes, after: bytes, place: str, roots: Sequence[x509.Certificate]
) -> Checked:
    """The signature that `after` has at `place` and `before` had not. Raises SigningFailed
    `document`."""
    if not after.startswith(before):
        raise _wrong("the file does not begin with the one before")
    old, reader = validation.parse(before), validation.parse(after)
    if _sections(reader)[: old.total_revisions] != _sections(old):
        raise _wrong("it does not go on from the newest revision")
    signature, stamp, first = _new(old, reader, place)
    field: Any = signature.sig_field.get_container_ref()
    why = changes.fills_in(reader, old.total_revisions - 1, field, first=first)
    if why:
        raise _wrong(f"more than a signature was added: {why}")
    return await _holds(reader, signature, stamp, roots)


def _sections(reader: PdfFileReader) -> list[int]:
    """Where each revision's table of objects begins."""
    return [
        reader.xrefs.get_startxref_for_revision(number) for number in range(reader.total_revisions)
    ]


def _new(
    old: PdfFileReader, reader: PdfFileReader, place: str
) -> tuple[EmbeddedPdfSignature, EmbeddedPdfSignature, bool]:
    """The new signature, the newest time-stamp, and whether it is the first signature."""
    had, has = _filled(old), _filled(reader)
    for name, reference in had.items():
        if has.pop(name, None) != reference:
            raise _wrong(f"{name} holds another signature than before")
        if reader.xrefs.get_last_change(reference) >= old.total_revisions:
            raise _wrong(f"{name} was written anew")
    made = {
        name: EmbeddedPdfSignature(reader, field, name)
        for name, _value, field in enumerate_sig_fields(reader, filled_status=True)
        if name in has
    }
    stamps = [one for one in made.values() if one.sig_object_type == STAMP]
    signed = [one.field_name for one in made.values() if one.sig_object_type != STAMP]
    if signed != [place]:
        raise _wrong(f"{len(signed)} signatures where one was made at {place}")
    if not stamps:
        raise _wrong("no time-stamp closes it")
    return made[place], max(stamps, key=lambda one: one.signed_revision), not had


def _filled(reader: PdfFileReader) -> dict[str, Any]:
    """Signature fields that are signed: where the signature of each is."""
    found: dict[str, Any] = {}
    for name, value, _field in enumerate_sig_fields(reader, filled_status=True):
        if name in found:
            raise _wrong(f"two fields {name}")
        found[name] = getattr(value, "reference", None)
    if None in found.values():
        raise _wrong("a signature lies in its field")
    return found


async def _holds(
    reader: PdfFileReader,
    signature: EmbeddedPdfSignature,
    stamp: EmbeddedPdfSignature,
    roots: Sequence[x509.Certificate],
) -> Checked:
    """Both by themselves, with what the document holds to prove them."""
    context = DocumentSecurityStore.read_dss(reader).as_validation_context(
        {
            "trust_roots": [validation.asn1(one) for one in roots],
            "allow_fetching": False,
            "revocation_mode": "require",
        }
    )
    try:
        closing = await async_validate_pdf_timestamp(stamp, context, skip_diff=True)
        found = await async_validate_pdf_signature(signature, context, skip_diff=True)
    except Exception as error:  # pyHanko raises what its documentation does not name
        raise _wrong(f"{type(error).__name__}: {error}") from None
    if closing.coverage is not SignatureCoverageLevel.ENTIRE_FILE or not _good(closing):
        raise _wrong("the time-stamp over the file does not hold")
    if found.coverage is not SignatureCoverageLevel.ENTIRE_REVISION:
        raise _wrong("the signature does not cover its revision")
    own = found.timestamp_validity
    if own is not None and not _good(own):
        raise _wrong("the signature's time-stamp does not hold")
    if not _good(found) or not found.seed_value_ok:
        raise _wrong(f"{signature.field_name} does not hold")
    return validation.described(signature, "form_filling")


def _good(status: Any) -> bool:
    return bool(status.intact and status.valid and status.trusted)


def _wrong(why: str) -> SigningFailed:
    return SigningFailed("document", why)
