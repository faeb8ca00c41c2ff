"""Hard checks 1 to 4 and 7: programs that we did not write agree about a freshly made deed, and
see each tampering that they can see. pdfsig's status is always 0: its text is read."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms, crl
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.dss import DocumentSecurityStore

from notary.signing import validation
from notary.signing.engine import Workshop

SIGNATURES = 4
TOP = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, sealed: bytes, workshop: Workshop) -> Path:
    """`deed.pdf`, the roots, CMS and signed content of each signature."""
    folder = tmp_path_factory.mktemp("deed")
    (folder / "deed.pdf").write_bytes(sealed)
    signing, stamping = workshop.roots[:2]
    (folder / "signing.pem").write_bytes(signing.public_bytes(Encoding.PEM))
    (folder / "stamping.pem").write_bytes(stamping.public_bytes(Encoding.PEM))
    reader = validation.parse(sealed)
    for sort, found in (
        ("signature", reader.embedded_regular_signatures),
        ("stamp", reader.embedded_timestamp_signatures),
    ):
        for place, one in enumerate(found):
            first, length, second, rest = one.byte_range
            content = sealed[first : first + length] + sealed[second : second + rest]
            (folder / f"{sort}{place}.bin").write_bytes(content)
            # Without the zeros after it: openssl reads one object and no more.
            token = cms.ContentInfo.load(one.pkcs7_content).dump()
            (folder / f"{sort}{place}.der").write_bytes(token)
    return folder


def run(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, cwd=cwd, timeout=100)


def pdfsig(path: Path) -> list[str]:
    return run("pdfsig", "-no-ocsp", path).stdout.splitlines()


def test_pdfsig_calls_each_signature_valid_and_the_last_object_whole(folder: Path) -> None:
    lines = pdfsig(folder / "deed.pdf")
    assert sum("Signature is Valid." in line for line in lines) == SIGNATURES
    assert [line.strip(" -") for line in lines].count("Total document signed") == 1
    blocks = "\n".join(lines).split("Signature #")
    assert "  - Total document signed" in blocks[-1]
    assert "not independent" in blocks[-1]


def trusting(folder: Path, name: str, *roots: str) -> str:
    """What pdfsig says of the deed when NSS trusts these roots and nobody else."""
    store = folder / name
    store.mkdir()
    made = run(
        sys.executable, "-m", "tests.support.nss", store, *(folder / one for one in roots), cwd=TOP
    )
    assert made.returncode == 0, made.stderr
    return run("pdfsig", "-no-ocsp", "-nssdir", f"sql:{store}", folder / "deed.pdf").stdout


def test_pdfsig_trusts_each_signature_under_our_root_and_under_no_other(folder: Path) -> None:
    """Poppler asks NSS for each certificate's path to a root that the reader trusts."""
    ours = trusting(folder, "ours", "signing.pem")
    assert ours.count("Certificate Validation: Certificate is Trusted.") == SIGNATURES, ours
    assert ours.count("Signature is Valid.") == SIGNATURES
    for name, roots in (("nobody", ()), ("another", ("stamping.pem",))):
        found = trusting(folder, name, *roots)
        assert "is Trusted" not in found, found
        assert found.count("Signature is Valid.") == SIGNATURES


def test_certificates_have_the_profile_that_programs_trust(workshop: Workshop) -> None:
    """esign.md B2: NSS, which pdfsig asks, trusts a signer only with both of these uses."""
    made = workshop.authority.issue("فاطمة", "party", "p0", 7, datetime.now(UTC)).certificate
    uses = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert {one.dotted_string for one in uses} == {"1.3.6.1.5.5.7.3.36", "1.3.6.1.5.5.7.3.4"}
    usage = made.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    for needed in (
        x509.SubjectKeyIdentifier,
        x509.AuthorityKeyIdentifier,
        x509.CRLDistributionPoints,
        x509.AuthorityInformationAccess,
    ):
        assert made.extensions.get_extension_for_class(needed)
    assert made.not_valid_after_utc - made.not_valid_before_utc < timedelta(hours=25)
    serials = {workshop.authority.root.serial_number, workshop.stamping.unit.root.serial_number}
    assert len(serials) == 2


@pytest.mark.filterwarnings("ignore:Attribute's length")  # said when such a name is read, too
def test_an_arabic_name_of_64_letters_stands_whole_in_its_certificate(workshop: Workshop) -> None:
    """X.520 counts characters; in UTF-8 an Arabic letter has two bytes."""
    name = "إدارة الكاتب العدل والتصديقات - وزارة العدل دولة الإمارات المتحدة"[:64]
    made = workshop.authority.issue(name * 2, "seal", "p0", 7, datetime.now(UTC)).certificate
    found = made.subject.get_attributes_for_oid(x509.oid.NameOID.COMMON_NAME)
    assert [one.value for one in found] == [(name * 2)[:64]]


def test_openssl_accepts_each_signature_as_cades(folder: Path) -> None:
    for place in range(SIGNATURES):
        found = run(
            "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER",
            "-in", f"signature{place}.der", "-content", f"signature{place}.bin",
            "-CAfile", "signing.pem", "-purpose", "any", "-out", "/dev/null",
            cwd=folder,
        )  # fmt: skip
        assert found.returncode == 0, found.stderr
    wrong = run(
        "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER",
        "-in", "signature0.der", "-content", "signature1.bin",
        "-CAfile", "signing.pem", "-purpose", "any", "-out", "/dev/null",
        cwd=folder,
    )  # fmt: skip
    assert wrong.returncode != 0


def test_openssl_accepts_each_document_time_stamp(folder: Path) -> None:
    for place in range(SIGNATURES):
        found = run(
            "openssl", "ts", "-verify", "-token_in", "-in", f"stamp{place}.der",
            "-data", f"stamp{place}.bin", "-CAfile", "stamping.pem",
            cwd=folder,
        )  # fmt: skip
        assert "Verification: OK" in found.stdout + found.stderr, found.stderr
    wrong = run(
        "openssl", "ts", "-verify", "-token_in", "-in", "stamp0.der",
        "-data", "stamp1.bin", "-CAfile", "stamping.pem",
        cwd=folder,
    )  # fmt: skip
    assert wrong.returncode != 0


def test_mutool_calls_each_signature_valid(folder: Path) -> None:
    text = run("mutool", "sign", "-v", folder / "deed.pdf").stdout
    assert text.count("The signature is valid") == SIGNATURES
    assert "Digest error" not in text


def test_pyhankos_own_command_line_says_valid_without_a_network(folder: Path) -> None:
    program = TOP / ".venv" / "bin" / "pyhanko"
    found = run(
        "unshare", "-n", program, "sign", "adesverify", "--trust", "signing.pem",
        "--trust", "stamping.pem", "--executive-summary", "deed.pdf",
        cwd=folder,
    )  # fmt: skip
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.count(":VALID") == SIGNATURES, found.stdout


async def test_each_earlier_signature_sees_only_forms_filled_in(
    sealed: bytes, workshop: Workshop
) -> None:
    found = await validation.check_all(sealed, workshop.roots)
    assert [one.verdict for one in found] == ["valid"] * SIGNATURES
    assert [one.changes for one in found] == ["form_filling"] * 3 + ["lta_updates"]
    assert all(one.docmdp_ok for one in found)
    assert [one.certify for one in found] == [True, False, False, False]
    assert [one.unit for one in found] == ["party", "party", "notary", "seal"]


async def test_it_stays_valid_when_every_certificate_has_expired(
    sealed: bytes, workshop: Workshop
) -> None:
    now = datetime.now(UTC)
    for days in (2, 400):
        later = await validation.check_all(sealed, workshop.roots, now + timedelta(days=days))
        assert [one.verdict for one in later] == ["valid"] * SIGNATURES
    assert all(await validation.lasts(sealed, workshop.roots, now + timedelta(days=400)))


def test_certificates_live_a_day_and_their_revocation_lists_no_longer(
    sealed: bytes, workshop: Workshop
) -> None:
    reader: PdfFileReader = validation.parse(sealed)
    store = DocumentSecurityStore.read_dss(reader)
    lists = [one.get_object().data for one in store.crls]
    issuing = workshop.authority.issuing.subject.rfc4514_string()
    fresh = []
    for data in lists:
        one = crl.CertificateList.load(data)["tbs_cert_list"]
        if one["issuer"].native["common_name"] in issuing:
            fresh.append((one["this_update"].native, one["next_update"].native))
    signatures = reader.embedded_regular_signatures
    assert len(fresh) >= len(signatures)
    for signature in signatures:
        stamped = validation.token_time(validation.token(signature))
        end = signature.signer_cert.not_valid_after
        assert stamped is not None
        assert any(this >= stamped and until <= end for this, until in fresh)


def test_the_signed_deed_reads_in_order_and_embeds_its_fonts(folder: Path) -> None:
    fonts = run("pdffonts", folder / "deed.pdf").stdout.splitlines()[2:]
    assert fonts
    assert all(" yes yes yes " in row for row in fonts)
    assert not any("Courier" in row for row in fonts)
    text = run("pdftotext", "-layout", folder / "deed.pdf", "-").stdout
    plain = re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", text)
    assert "784-1990-1234567-1" in plain
    assert plain.count("فاطمة محمد الزهراء") >= 3  # parties, text, stamp


def test_programs_see_the_tampering_that_they_can_see(folder: Path, sealed: bytes) -> None:
    changed = bytearray(sealed)
    changed[len(b"%PDF-1.7\n%") + 2] ^= 1
    one = folder / "changed.pdf"
    one.write_bytes(bytes(changed))
    assert not any("Signature is Valid." in line for line in pdfsig(one))
    assert "Digest error" in run("mutool", "sign", "-v", one).stdout
    longer = folder / "longer.pdf"
    longer.write_bytes(sealed + b"\n")
    lines = [line.strip(" -") for line in pdfsig(longer)]
    assert "Total document signed" not in lines
