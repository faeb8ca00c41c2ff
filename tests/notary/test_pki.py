"""What is public of the authorities, the issuing key in a token, and the yearly renewal."""

import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from quart import Quart

import pages
from audit.errors import KeyFileError
from auth.person import Person, Role
from clock import utc_now
from errors import Forbidden
from notary.documents.render import Documents, Rendered
from notary.rows import DeedRows
from notary.signing import validation, web
from notary.signing.engine import Keys, Workshop
from notary.signing.pkcs11_key import Pkcs11Holder
from notary.signing.renewal import Renewal
from notary.signing.service import RENEW_AFTER
from notary.verification.standing import standing
from recordings.checking.codes import Stands
from settings import ROOT, Settings
from tests.notary.house import ADDRESS, SURE, House, complete, sign_all
from tests.support.softhsm import MODULE as SOFTHSM
from tests.support.softhsm import PIN

DIRECTOR = Person("d1", Role.NOTARY_DIRECTOR, "المدير", "Director", assurance=SURE)


@pytest.fixture
def app(house: House, workshop: Workshop) -> Quart:
    house.ceremonies.engine.workshop = workshop
    app = Quart("app", root_path=str(ROOT), static_folder=None)
    pages.init_app(app, Settings(mode="demo"))
    web.init_app(app, house.ceremonies, Renewal(house.ceremonies))
    return app


async def test_the_addresses_in_a_deeds_certificates_are_answered(
    app: Quart, house: House, rendered: Rendered, tmp_path: Path
) -> None:
    """An outsider follows them with openssl alone, from a signer's certificate to the root."""
    _, pdf = await complete(house, rendered)
    signer = validation.parse(pdf).embedded_regular_signatures[0].signer_cert
    own = x509.load_der_x509_certificate(signer.dump())
    points = own.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    access = own.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    addresses = [
        *(name.value for point in points for name in point.full_name or ()),
        *(one.access_location.value for one in access),
    ]
    client = app.test_client()
    for address in addresses:
        assert address.startswith(ADDRESS)
        answer = await client.get(address.removeprefix(ADDRESS))
        assert answer.status_code == 200, address
        data = await body(answer)
        if address.endswith(".crl"):
            assert answer.content_type == "application/pkix-crl"
            (tmp_path / "issuing.crl").write_bytes(data)
        else:
            assert answer.content_type == "application/pkix-cert"
            (tmp_path / "issuing.crt").write_bytes(data)
    issuing = x509.load_der_x509_certificate((tmp_path / "issuing.crt").read_bytes())
    found = issuing.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    root_list = next(iter(found)).full_name
    assert root_list is not None
    listed = await client.get(root_list[0].value.removeprefix(ADDRESS))
    (tmp_path / "root.crl").write_bytes(await body(listed))
    root = await client.get("/pki/root.crt")
    (tmp_path / "root.crt").write_bytes(await body(root))
    (tmp_path / "own.crt").write_bytes(own.public_bytes(Encoding.DER))
    for name in ("own", "issuing", "root"):
        _openssl("x509", "-in", f"{name}.crt", "-inform", "DER", "-out", f"{name}.pem", at=tmp_path)
    for name in ("issuing", "root"):
        _openssl("crl", "-in", f"{name}.crl", "-inform", "DER", "-out", f"{name}.l", at=tmp_path)
    lists = (tmp_path / "issuing.l").read_text() + (tmp_path / "root.l").read_text()
    (tmp_path / "lists.pem").write_text(lists)
    verify = ["verify", "-CAfile", "root.pem", "-untrusted", "issuing.pem", "-crl_check_all"]
    told = _openssl(*verify, "-CRLfile", "lists.pem", "-purpose", "any", "own.pem", at=tmp_path)
    assert "own.pem: OK" in told
    # Revoked: the list that is served names it at once.
    assert await house.ceremonies.revoke(format(own.serial_number, "x"), "test")
    fresh = await body(await client.get("/pki/issuing.crl"))
    named = x509.load_der_x509_crl(fresh)
    assert named.get_revoked_certificate_by_serial_number(own.serial_number) is not None


async def body(answer: Any) -> bytes:
    found = await answer.get_data(as_text=False)
    assert isinstance(found, bytes)
    return found


def _openssl(*arguments: str, at: Path) -> str:
    done = subprocess.run(
        ["openssl", *arguments], cwd=at, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_what_is_not_there_is_not_found_and_the_roots_are(
    app: Quart, workshop: Workshop
) -> None:
    client = app.test_client()
    for path in ("/pki/x.crt", "/pki/x.crl", "/pki/signing.crt", "/pki/..%2Fsigning.crt"):
        assert (await client.get(path)).status_code == 404
    roots = await body(await client.get("/pki/roots.pem"))
    assert len(x509.load_pem_x509_certificates(roots)) == len(workshop.roots)
    assert b"PRIVATE" not in roots


# --- the issuing key in a token ------------------------------------------------------------------


@pytest.fixture
def token(softhsm: None) -> str:
    return "issuing"


async def test_the_issuing_key_stays_in_its_token(
    token: str, tmp_path: Path, rendered: Rendered, documents: Documents
) -> None:
    holder = Pkcs11Holder(SOFTHSM, token, PIN)
    work = Workshop(Keys(tmp_path, "passphrase", ADDRESS, holder))
    assert b"PRIVATE" not in (tmp_path / "signing.pem").read_bytes()
    pdf = await sign_all(work, rendered, documents)
    found = await validation.check_all(pdf, work.roots)
    assert [one.verdict for one in found] == ["valid"] * 4
    again = Workshop(Keys(tmp_path, "passphrase", ADDRESS, holder))
    assert again.authority.issuing == work.authority.issuing
    with pytest.raises(KeyFileError):
        work.authority.issuing_key.private_numbers()
    with pytest.raises(KeyFileError):
        replace(holder, token="another").key()


# --- the yearly renewal --------------------------------------------------------------------------


async def test_documents_are_renewed_after_a_year_and_stay_what_they_were(
    house: House, rendered: Rendered, workshop: Workshop
) -> None:
    id, pdf = await complete(house, rendered)
    renewal = Renewal(house.ceremonies)
    assert (await renewal.once()).due == 0
    later = utc_now() + RENEW_AFTER + timedelta(days=1)
    house.ceremonies.clock = lambda: later
    assert await renewal.see(DIRECTOR) == 1
    told: list[tuple[int, int]] = []
    at = await renewal.once(DIRECTOR.id, lambda done, of: told.append((done, of)))
    assert (at.due, at.done, at.failed, at.running) == (1, 1, 0, False)
    assert told == [(1, 1)]
    found = (await house.ceremonies.of_subject("deed1"))[0]
    renewed = await house.ceremonies.content(id, found.revision)
    assert renewed.startswith(pdf)
    assert len(renewed) > len(pdf)
    stamps = validation.parse(renewed).embedded_timestamp_signatures
    assert len(stamps) == len(validation.parse(pdf).embedded_timestamp_signatures) + 1
    checked = await validation.check_all(renewed, workshop.roots)
    assert [one.verdict for one in checked] == ["valid"] * 4
    soon = datetime.now(UTC) + timedelta(days=2)  # every one-shot certificate has expired
    again = await validation.check_all(renewed, workshop.roots, soon)
    assert [one.verdict for one in again] == ["valid"] * 4
    assert not [what async for what in DeedRows().check(house.database) if what]
    # Both files are the whole document: whoever holds the older one is not told to worry.
    assert await standing(house.ceremonies, found.sha256) == Stands("sealed")
    assert (await renewal.once()).due == 0
    assert await house.ceremonies.due() == []


async def test_what_cannot_be_renewed_stays_and_the_others_go_on(
    house: House, rendered: Rendered, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = await complete(house, rendered, "deed1")
    two, _ = await complete(house, rendered, "deed2")
    later = utc_now() + RENEW_AFTER + timedelta(days=1)
    house.ceremonies.clock = lambda: later
    before = [(await house.ceremonies.of_subject(name))[0].sha256 for name in ("deed1", "deed2")]
    real = type(house.ceremonies).content

    async def content(self: object, id: str, revision: int) -> bytes:
        if id == one:
            return b"%PDF-1.7 damaged"
        return await real(house.ceremonies, id, revision)

    monkeypatch.setattr(type(house.ceremonies), "content", content)
    at = await Renewal(house.ceremonies).once()
    assert (at.due, at.done, at.failed) == (2, 1, 1)
    after = [(await house.ceremonies.of_subject(name))[0].sha256 for name in ("deed1", "deed2")]
    assert after[0] == before[0]
    assert after[1] != before[1]
    assert await house.ceremonies.due() == [one]
    assert two


async def test_only_the_office_looks_and_begins(house: House) -> None:
    stranger = Person("p1", Role.PARTY, "", "", assurance=SURE)
    for work in (
        Renewal(house.ceremonies).see(stranger),
        Renewal(house.ceremonies).start(stranger),
    ):
        with pytest.raises(Forbidden):
            await work
