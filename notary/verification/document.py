"""The check of an uploaded PDF, in a process of its own (`recordings.checking.child`).

Every signature by itself, then what was added after it, then who vouches for the signers and for
the time. Nothing is fetched. Whatever a library raises means 'could not be checked', never 'right'.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature, async_validate_pdf_timestamp
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from notary.signing import validation
from notary.signing.ceremony import CLOSERS
from notary.signing.validation import INDETERMINATE, INVALID, VALID, Checked, asn1
from recordings.checking.finding import Finding, Step
from recordings.checking.kind import Trust

KIND: Final = "document"
MAX_BYTES: Final = 30_000_000
MAX_SIGNATURES: Final = 40
_YEARS: Final = range(1990, 2200)
_UNTRUSTED: Final = frozenset({"no_certificate_chain_found", "no_certificate_chain_found_no_poe"})
_CHANGED: Final = frozenset({"changed_afterwards", "forbidden_change"})


def check(path: Path, trust: Trust) -> Finding:
    """See `recordings.checking.kind.Kind.check`."""
    pdf = path.read_bytes()
    if len(pdf) > MAX_BYTES:
        return Finding(KIND, unusable="too_long")
    roots = x509.load_pem_x509_certificates(trust.signers.encode()) if trust.signers else []
    try:
        reader = validation.parse(pdf)
        signatures, stamps = _signatures(reader)
    except Exception:  # hostile files make pyHanko raise all sorts, AssertionError too
        return Finding(KIND, unusable="unreadable")
    if not signatures:
        return Finding(KIND, (Step("doc_signed", False),), not_checked=("doc_unsigned",))
    if len(signatures) + len(stamps) > MAX_SIGNATURES:
        return Finding(KIND, unusable="too_long")
    checked, closed = asyncio.run(_both(signatures, stamps, roots))
    steps = (
        Step("doc_signed", True),
        _rights(checked),
        _changes(checked),
        closed,
        _known(checked),
    )
    internal = any("not independent" in one.time_by for one in checked)
    return Finding(
        KIND,
        steps,
        not_checked=("doc_truth", *(("stamp_internal",) if internal else ())),
        facts=_facts(checked),
    )


def _signatures(
    reader: PdfFileReader,
) -> tuple[list[EmbeddedPdfSignature], list[EmbeddedPdfSignature]]:
    return (
        list(reader.embedded_regular_signatures),
        list(reader.embedded_timestamp_signatures),
    )


async def _both(
    signatures: Sequence[EmbeddedPdfSignature],
    stamps: Sequence[EmbeddedPdfSignature],
    roots: Sequence[x509.Certificate],
) -> tuple[list[Checked], Step]:
    return await _check_each(signatures, roots), await _closed(stamps, roots)


async def _check_each(
    signatures: Sequence[EmbeddedPdfSignature], roots: Sequence[x509.Certificate]
) -> list[Checked]:
    spec = validation.specification(roots)
    found = []
    for one in signatures:
        try:
            found.append(await validation.check(one, spec))
        except Exception as error:  # pyHanko raises what its documentation does not name
            found.append(_unchecked(one, error))
    return found


def _unchecked(one: EmbeddedPdfSignature, error: Exception) -> Checked:
    return Checked(
        field=str(one.field_name)[:64],
        verdict=INDETERMINATE,
        reason=type(error).__name__,
        intact=False,
        changes="none",
        certify=False,
        docmdp_ok=False,
        name="",
        unit="",
        capacity="",
        pseudonym="",
        serial="",
        issuer="",
        signed_at=None,
        time_by="",
        stamp_serial="",
    )


def _rights(checked: Sequence[Checked]) -> Step:
    """Each signature is of the bytes that it covers, and was valid when it was made."""
    wrong = [one for one in checked if one.verdict == INVALID and one.reason not in _CHANGED]
    if wrong:
        return Step("doc_signatures", False, _told(wrong))
    unsure = [
        one for one in checked if one.verdict == INDETERMINATE and one.reason not in _UNTRUSTED
    ]
    return Step("doc_signatures", None if unsure else True, _told(unsure))


def _changes(checked: Sequence[Checked]) -> Step:
    """Nothing was added after a signature but signatures, time-stamps and their proofs."""
    wrong = [one for one in checked if one.reason in _CHANGED]
    if wrong:
        return Step("doc_unchanged", False, _told(wrong))
    unsure = [one for one in checked if not one.docmdp_ok]
    return Step("doc_unchanged", None if unsure else True, _told(unsure))


async def _closed(
    stamps: Sequence[EmbeddedPdfSignature], roots: Sequence[x509.Certificate]
) -> Step:
    """The last thing in the file is a time-stamp, right in itself, over all of it."""
    if not stamps:
        return Step("doc_closed", None)
    context = ValidationContext(trust_roots=[asn1(one) for one in roots], allow_fetching=False)
    try:
        found = await async_validate_pdf_timestamp(stamps[-1], context)
    except Exception as error:
        return Step("doc_closed", None, type(error).__name__)
    whole = found.coverage is SignatureCoverageLevel.ENTIRE_FILE
    return Step("doc_closed", bool(whole and found.intact and found.valid))


def _known(checked: Sequence[Checked]) -> Step:
    """The signers' certificates end in what this house knows."""
    unknown = [one for one in checked if one.reason in _UNTRUSTED]
    if unknown:
        return Step("doc_known", None, ", ".join(sorted({one.issuer for one in unknown})))
    return Step("doc_known", True if all(one.verdict == VALID for one in checked) else None)


def _told(found: Sequence[Checked]) -> str:
    return "; ".join(f"{one.field}: {one.reason}" for one in found)


def _facts(checked: Sequence[Checked]) -> dict[str, str | int]:
    facts: dict[str, str | int] = {"signatures": len(checked)}
    for place, one in enumerate(checked):
        key = f"s{place}."
        facts |= {
            f"{key}name": one.name,
            f"{key}capacity": one.capacity,
            f"{key}verdict": one.verdict,
            f"{key}time_by": one.time_by,
        }
        if one.signed_at is not None and one.signed_at.year in _YEARS:
            facts[f"{key}at"] = int(one.signed_at.timestamp())
    officer = [one for one in checked if one.unit in CLOSERS and one.verdict == VALID]
    if officer:
        facts["before"] = officer[-1].name
    return facts
