"""Hard checks 5 and 6: what was changed, added or forged is found; hostile files break nothing."""

import hashlib
import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from clock import utc_now
from notary.documents.render import Rendered
from notary.signing import validation
from notary.signing.authority import open_authority
from notary.signing.engine import Workshop
from notary.verification import document
from notary.verification.standing import standing
from recordings.checking.codes import Stands
from recordings.checking.finding import Finding
from recordings.checking.kind import Trust
from recordings.checking.service import Checking
from tests.notary.house import House, complete, login, signed_by, signers, trust
from tests.recordings.test_checking import pieces


@pytest.fixture
def check(workshop: Workshop, tmp_path: Path) -> Callable[[bytes], Finding]:
    def call(pdf: bytes) -> Finding:
        path = tmp_path / "given.pdf"
        path.write_bytes(pdf)
        return document.check(path, trust(workshop))

    return call


Check = Callable[[bytes], Finding]


def step(found: Finding, code: str) -> bool | None:
    return next(one.ok for one in found.steps if one.code == code)


def test_a_sealed_deed_says_who_signed_in_what_role_when_and_before_whom(
    check: Check, sealed: bytes
) -> None:
    found = check(sealed)
    assert found.holds, found
    facts = found.facts
    assert facts["signatures"] == 4
    assert facts["s0.name"] == "فاطمة محمد الزهراء"
    assert facts["s0.capacity"] == "الموكّلة / Principal"
    assert abs(int(facts["s0.at"]) - utc_now().timestamp()) < 900
    assert facts["before"] == "منى راشد"
    assert "stamp_internal" in found.not_checked


def test_flipped_bits_in_what_is_signed_are_found(check: Check, sealed: bytes) -> None:
    """500 random places under the last time-stamp: its digest sees each; the whole check, some."""
    dice = random.Random(20261122)
    stamp = validation.parse(sealed).embedded_timestamp_signatures[-1]
    first, length, second, rest = stamp.byte_range
    assert (first, second + rest) == (0, len(sealed)), "all but the token itself is covered"
    covered = [*range(length), *range(second, second + rest)]
    digest = stamp.compute_digest()
    for number, place in enumerate(dice.sample(covered, 500)):
        changed = bytearray(sealed)
        changed[place] ^= 1 << dice.randrange(8)
        signed = changed[:length] + changed[second:]
        assert hashlib.sha256(signed).digest() != digest
        if number % 50 == 0:
            assert not check(bytes(changed)).holds, place


def appended(pdf: bytes, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    """The file with a change as pikepdf writes it: all objects anew."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        change(opened)
        opened.save(out)
    return out.getvalue()


def incremental(pdf: bytes, change: Callable[[Any], None]) -> bytes:
    """The file with a change as an incremental update: every signed byte is still there."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _content(writer: Any) -> None:
    stream = generic.StreamObject(stream_data=b"q 1 0 0 rg 50 50 300 300 re f Q")
    writer.add_stream_to_page(0, writer.add_object(stream))


def _annotation(writer: Any) -> None:
    name = generic.pdf_name
    note = generic.DictionaryObject(
        {
            name("/Type"): name("/Annot"),
            name("/Subtype"): name("/FreeText"),
            name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (50, 50, 300, 300))),
            name("/Contents"): generic.pdf_string("paid in full"),
            name("/DA"): generic.pdf_string("/Helv 12 Tf"),
        }
    )
    writer.register_annotation(
        writer.find_page_for_modification(0)[0],
        writer.add_object(note),
    )


def _field(writer: Any) -> None:
    name = generic.pdf_name
    field = generic.DictionaryObject(
        {
            name("/FT"): name("/Tx"),
            name("/T"): generic.pdf_string("Extra"),
            name("/V"): generic.pdf_string("and everything else"),
        }
    )
    form = writer.root["/AcroForm"]
    form["/Fields"].append(writer.add_object(field))
    writer.update_container(form["/Fields"])


@pytest.mark.parametrize("change", [_content, _annotation, _field])
def test_what_was_added_after_the_seal_is_found(
    check: Check, sealed: bytes, change: Callable[[Any], None]
) -> None:
    changed = incremental(sealed, change)
    assert changed.startswith(sealed)
    found = check(changed)
    assert not found.holds
    assert step(found, "doc_unchanged") is False


def test_an_added_page_and_a_rewritten_file_are_found(check: Check, sealed: bytes) -> None:
    def page(pdf: pikepdf.Pdf) -> None:
        pdf.add_blank_page()

    for changed in (appended(sealed, page), appended(sealed, lambda _pdf: None)):
        assert not check(changed).holds


def test_cut_and_lengthened_files_are_found(check: Check, sealed: bytes) -> None:
    stamp = validation.parse(sealed).embedded_timestamp_signatures[-2]
    end = stamp.byte_range[2] + stamp.byte_range[3]
    for changed in (sealed[:-1], sealed[: len(sealed) // 2], sealed + b"x", sealed + b" " * 99):
        assert not check(changed).holds
    # A whole revision less is right in itself: the log knows how many there are.
    assert check(sealed[:end]).holds


def test_signatures_of_another_authority_are_not_called_valid(
    sealed: bytes, tmp_path: Path
) -> None:
    other = open_authority(tmp_path / "keys", "", "http://localhost", utc_now())
    path = tmp_path / "given.pdf"
    path.write_bytes(sealed)
    pem = other.root.public_bytes(Encoding.PEM).decode()
    found = document.check(path, Trust("", signers=pem))
    assert not found.holds
    assert step(found, "doc_known") is None
    assert step(found, "doc_signatures") is not True or found.facts["s0.verdict"] != "valid"


def test_a_document_without_signatures_is_not_signed(check: Check, rendered: Rendered) -> None:
    found = check(rendered.pdf)
    assert (step(found, "doc_signed"), found.holds) == (False, False)


def test_odd_signature_dictionaries_are_never_valid(check: Check, sealed: bytes) -> None:
    """pyHanko raises what its documentation does not name for some of these."""

    def odd(name: str, value: object) -> Callable[[pikepdf.Pdf], None]:
        def change(pdf: pikepdf.Pdf) -> None:
            for field in pdf.Root.AcroForm.Fields:
                if "/V" in field:
                    field.V[name] = value

        return change

    for name, value in (
        ("/ByteRange", pikepdf.Array([0, 1])),
        ("/ByteRange", pikepdf.Array([0, -5, 9, 9])),
        ("/Contents", pikepdf.String(b"\x30\x80\x00")),
        ("/Contents", pikepdf.Name("/x")),
        ("/SubFilter", pikepdf.Name("/adbe.x509.rsa_sha1")),
        ("/Reference", pikepdf.Array([pikepdf.Dictionary()])),
    ):
        found = check(appended(sealed, odd(name, value)))
        assert not found.holds


async def test_the_page_asks_the_log_first_then_the_signatures(
    house: House, rendered: Rendered, checking: Checking
) -> None:
    """In the killable process that the page uses; every byte of the file counts."""
    id, pdf = await complete(house, rendered)
    outcome = await checking.check("192.0.2.1", pieces(pdf))
    assert (outcome.verdict, outcome.stands) == ("holds", Stands("sealed")), outcome
    assert [one.type for one in outcome.mentions] == ["sign.applied"]
    # One bit in the zeros after the last signature: no signature covers it, the log does.
    stamp = validation.parse(pdf).embedded_timestamp_signatures[-1]
    hole = stamp.byte_range[0] + stamp.byte_range[1] + 1
    end = stamp.byte_range[2] - 3
    assert pdf[end : end + 1] == b"0"
    assert hole < end
    changed = pdf[:end] + b"1" + pdf[end + 1 :]
    outcome = await checking.check("192.0.2.2", pieces(changed))
    assert outcome.verdict in ("unlogged", "fails", "open", "unusable")
    assert outcome.verdict != "holds"
    first = await house.ceremonies.content(id, 1)
    outcome = await checking.check("192.0.2.3", pieces(first))
    assert (outcome.verdict, outcome.stands) == ("holds", Stands("older"))


async def test_an_unfinished_and_a_withdrawn_document_are_called_so(
    house: House, rendered: Rendered
) -> None:
    found = await house.ceremonies.prepare(login("mona").person, "deed1", rendered, signers())
    digest = await signed_by(house, found.id, found.sha256, "fatima")
    assert await standing(house.ceremonies, digest) == Stands("unfinished")
    await house.ceremonies.withdraw(login("mona").person, found.id, "party_left")
    assert await standing(house.ceremonies, digest) == Stands("withdrawn")
    assert await standing(house.ceremonies, "0" * 64) is None
