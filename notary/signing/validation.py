"""What pyHanko says of every signature of a PDF, without the network. Runs in worker processes.

AdES validation with long-term data (ETSI EN 319 102-1 section 5.6.3): revocation is required and
taken from the document alone; each signature is compared with what was added after it.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.misc import IndirectObjectExpected
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESStatus
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.ades import (
    ades_lta_validation,
    simulate_future_ades_lta_validation,
)
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import (
    REQUIRE_REVINFO,
    CertRevTrustPolicy,
)
from pyhanko_certvalidator.registry import SimpleTrustManager

from audit import der
from notary.signing import hexadecimal

der.mend()
hexadecimal.mend()
for _name in ("pyhanko", "pyhanko_certvalidator"):
    # They log the names in certificates; what they find comes back as a result.
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)

VALID, INVALID, INDETERMINATE = "valid", "invalid", "indeterminate"


@dataclass(frozen=True, slots=True)
class Checked:
    """One signature."""

    field: str
    verdict: str
    """valid, invalid or indeterminate."""
    reason: str
    """A code of ETSI EN 319 102-1 or of pyHanko's comparison; empty when valid."""
    intact: bool
    """The signed bytes are those that were signed."""
    changes: str
    """What was added after it: none, lta_updates, form_filling, annotations, other."""
    certify: bool
    docmdp_ok: bool
    name: str
    """Common name in the certificate."""
    unit: str
    """Organisational unit in the certificate: party, notary or seal for the internal authority."""
    capacity: str
    """The reason in the signature: in which capacity, as the document says it."""
    pseudonym: str
    serial: str
    """Of the certificate, hex."""
    issuer: str
    signed_at: datetime | None
    """Of the signature's own time-stamp."""
    time_by: str
    """Common name of the time-stamping authority."""
    stamp_serial: str


def parse(pdf: bytes) -> PdfFileReader:
    """A reader of the whole file in memory."""
    return PdfFileReader(BytesIO(pdf), strict=True)


def asn1(one: x509.Certificate) -> asn1_x509.Certificate:
    """The same certificate as pyHanko wants it."""
    return asn1_x509.Certificate.load(one.public_bytes(Encoding.DER))


def specification(roots: Iterable[x509.Certificate]) -> PdfSignatureValidationSpec:
    """Trust these roots and nothing else; fetch nothing."""
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build(trust_roots=[asn1(one) for one in roots]),
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
    )
    return PdfSignatureValidationSpec(
        SignatureValidationSpec(
            cert_validation_policy=policy,
            revinfo_gathering_policy=RevocationInfoGatheringSpec(
                RevinfoOnlineFetchingRule.LOCAL_ONLY
            ),
            local_knowledge=LocalKnowledge(),
        ),
        # What was added after a signature is compared once, in `integrity`; pyHanko would do it
        # for every signature and time-stamp of the document each time that one is checked.
        diff_policy=None,
    )


async def check_all(
    pdf: bytes, roots: Sequence[x509.Certificate], at: datetime | None = None
) -> list[Checked]:
    """Every signature (not the document time-stamps), in order. `at`: as of another time."""
    reader = parse(pdf)
    spec = specification(roots)
    return [await check(one, spec, at) for one in reader.embedded_regular_signatures]


async def check(
    one: EmbeddedPdfSignature, spec: PdfSignatureValidationSpec, at: datetime | None = None
) -> Checked:
    """One signature, with all that its document holds to prove it."""
    timing = (
        ValidationTimingInfo(
            validation_time=at, best_signature_time=at, point_in_time_validation=False
        )
        if at
        else None
    )
    result = await ades_lta_validation(one, spec, timing_info=timing)
    return _checked(one, result)


async def lasts(pdf: bytes, roots: Sequence[x509.Certificate], until: datetime) -> list[bool]:
    """For each signature: whether what is in the file keeps it valid until then, if the archive
    time-stamps are renewed."""
    reader = parse(pdf)
    spec = specification(roots)
    found = []
    for one in reader.embedded_regular_signatures:
        result = await simulate_future_ades_lta_validation(one, spec, until)
        found.append(result.ades_subindic.status is AdESStatus.PASSED)
    return found


def _checked(one: EmbeddedPdfSignature, result: Any) -> Checked:
    status = result.api_status
    changes, docmdp_ok = integrity(one)
    intact = bool(status and status.intact and status.valid)
    verdict, reason = _verdict(result.ades_subindic, intact, changes, docmdp_ok)
    return replace(
        described(one, changes),
        verdict=verdict,
        reason=reason,
        intact=intact,
        docmdp_ok=docmdp_ok,
    )


def described(one: EmbeddedPdfSignature, changes: str) -> Checked:
    """What a signature that holds says of itself."""
    stamp = token(one)
    certificate = one.signer_cert
    subject = certificate.subject.native
    return Checked(
        field=one.field_name,
        verdict=VALID,
        reason="",
        intact=True,
        changes=changes,
        certify=_certifies(one),
        docmdp_ok=True,
        name=_text(subject.get("common_name", "")),
        unit=_text(subject.get("organizational_unit_name", "")),
        capacity=str(one.sig_object.get("/Reason", "")),
        pseudonym=_text(subject.get("serial_number", "")),
        serial=format(certificate.serial_number, "x"),
        issuer=_text(certificate.issuer.native.get("common_name", "")),
        signed_at=token_time(stamp),
        time_by=_stamp_name(stamp),
        stamp_serial=_stamp_serial(stamp),
    )


def integrity(one: EmbeddedPdfSignature) -> tuple[str, bool]:
    """What was added after the signature (a code of `Checked.changes`), and whether the document
    and everything in it allow that."""
    one.compute_integrity_info()
    found = one.summarise_integrity_info()
    level = getattr(found["diff_result"], "modification_level", None)
    if found["coverage"] < SignatureCoverageLevel.ENTIRE_REVISION:
        return "other", False
    return (level.name.lower() if level is not None else "other"), bool(found["docmdp_ok"])


def _verdict(subindic: Any, intact: bool, changes: str, docmdp_ok: bool) -> tuple[str, str]:
    if changes == "other":
        return INVALID, "changed_afterwards"
    if not docmdp_ok:
        return INVALID, "forbidden_change"
    if subindic.status is AdESStatus.PASSED and intact:
        return VALID, ""
    name = str(getattr(subindic, "name", "unknown")).lower()
    if subindic.status is AdESStatus.FAILED or not intact:
        return INVALID, name
    return INDETERMINATE, name


def _certifies(one: EmbeddedPdfSignature) -> bool:
    try:
        author = one.reader.root["/Perms"].get_value_as_reference("/DocMDP")
    except (KeyError, IndirectObjectExpected, AttributeError):
        return False
    return bool(author == one.sig_object.container_ref)


def token(one: EmbeddedPdfSignature) -> Any:
    """The signature's own time-stamp (CMS SignedData), or None."""
    return next(extract_tst_data_iter(one.signer_info, signed=False), None)


def _tst_info(stamp: Any) -> Any:
    return stamp["encap_content_info"]["content"].parsed if stamp is not None else None


def token_time(stamp: Any) -> datetime | None:
    """The time that a token states."""
    info = _tst_info(stamp)
    return info["gen_time"].native.astimezone(UTC) if info is not None else None


def _stamp_serial(stamp: Any) -> str:
    info = _tst_info(stamp)
    return format(info["serial_number"].native, "x") if info is not None else ""


def _stamp_name(stamp: Any) -> str:
    if stamp is None:
        return ""
    for one in stamp["certificates"]:
        extended = one.chosen.extended_key_usage_value
        if extended is not None and "time_stamping" in extended.native:
            return _text(one.chosen.subject.native.get("common_name", ""))
    return ""


def _text(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else str(value)
