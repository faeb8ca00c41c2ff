"""After a signature only what it added is checked (`notary.signing.added`). Whatever a back-end may
add besides, leave out or put in another place is found before anybody stores it."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, DiffResult
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, append_signature_field
from pyhanko.sign.validation.dss import DocumentSecurityStore

from clock import utc_now
from notary.documents.render import Documents, Rendered
from notary.signing import changes, engine, pades, validation
from notary.signing.added import check_added
from notary.signing.authority import open_authority
from notary.signing.engine import Job, Workshop
from notary.signing.errors import SigningFailed
from tests.notary.house import job

name = generic.pdf_name
Lie = Callable[[Any], None]


@pytest.fixture(scope="module")
def files(workshop: Workshop, rendered: Rendered, documents: Documents) -> list[bytes]:
    """The prepared document, with one signature, and with two."""
    pdf = pades.add_fields(rendered.pdf, rendered.boxes, [one.name for one in rendered.boxes])
    found = [pdf]
    for place in range(2):
        made = asyncio.run(workshop.sign(job(found[-1], place, rendered, documents)))
        found.append(made.pdf)
    return found


@pytest.fixture
def order(files: list[bytes], rendered: Rendered, documents: Documents) -> Callable[[int], Job]:
    return lambda place: job(files[place], place, rendered, documents)


async def refuses(making: Any, words: str = ".") -> None:
    with pytest.raises(SigningFailed, match=words) as caught:
        await making
    assert caught.value.code == "document"


def lying(lie: Lie, when: int) -> type[IncrementalPdfFileWriter]:
    """A writer that does more than it was asked, in the `when`th revision that it writes."""
    written: list[Any] = []

    class Lying(IncrementalPdfFileWriter):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            if len(written) == when:
                lie(self)
            written.append(self)

    return Lying


def _content(writer: Any) -> None:
    """The page says something else."""
    stream = generic.StreamObject(stream_data=b"q 1 0 0 rg 50 50 300 300 re f Q")
    writer.add_stream_to_page(0, writer.add_object(stream))


def _content_replaced(writer: Any) -> None:
    """The same object, other words."""
    page = writer.find_page_for_modification(0)[0].get_object()
    contents = page.raw_get("/Contents").reference
    stream = generic.StreamObject(stream_data=b"q Q")
    stream.container_ref = generic.Reference(contents.idnum, contents.generation, writer)
    writer.objects[(contents.generation, contents.idnum)] = stream


def _note(writer: Any) -> None:
    note = generic.DictionaryObject(
        {
            name("/Type"): name("/Annot"),
            name("/Subtype"): name("/FreeText"),
            name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (50, 50, 300, 300))),
            name("/Contents"): generic.pdf_string("paid in full"),
        }
    )
    page = writer.find_page_for_modification(0)[0]
    writer.register_annotation(page, writer.add_object(note))


def _visible_field(writer: Any) -> None:
    append_signature_field(writer, SigFieldSpec("More", on_page=0, box=(50, 50, 500, 500)))


def _opens(writer: Any) -> None:
    action = {name("/S"): name("/JavaScript"), name("/JS"): generic.pdf_string("app.alert(1)")}
    writer.root[name("/OpenAction")] = generic.DictionaryObject(action)
    writer.update_root()


def _form(writer: Any) -> None:
    """Some programs show this instead of the pages."""
    form = writer.root["/AcroForm"]
    form[name("/XFA")] = writer.add_object(generic.StreamObject(stream_data=b"<xdp/>"))
    writer.update_container(form)


def _moved(writer: Any) -> None:
    """Somebody's place to sign is elsewhere."""
    field = writer.root["/AcroForm"]["/Fields"][3]
    field[name("/Rect")] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 600, 800)))
    writer.update_container(field)


def _earlier(writer: Any) -> None:
    """The first signer's reason is another one."""
    signature = writer.root["/AcroForm"]["/Fields"][0]["/V"]
    signature[name("/Reason")] = generic.pdf_string("witness")
    writer.update_container(signature)


def _another_value(writer: Any) -> None:
    """The first signer's field shows a copy of the signature."""
    field = writer.root["/AcroForm"]["/Fields"][0]
    copy = generic.DictionaryObject(dict(field["/V"]))
    field[name("/V")] = writer.add_object(copy)
    writer.update_container(field)


LIES = [_content, _content_replaced, _note, _visible_field, _opens, _form, _moved]


@pytest.mark.parametrize("revision", [0, 1], ids=["with-signature", "with-time-stamp"])
@pytest.mark.parametrize("place", [0, 1], ids=["first", "second"])
@pytest.mark.parametrize("lie", LIES, ids=lambda one: one.__name__)
async def test_whatever_is_added_besides_is_found(
    workshop: Workshop,
    order: Callable[[int], Job],
    monkeypatch: pytest.MonkeyPatch,
    lie: Lie,
    place: int,
    revision: int,
) -> None:
    """The signature itself is right, and covers what was added. Nobody signed before it that
    could object, where it is the first."""
    monkeypatch.setattr(pades, "IncrementalPdfFileWriter", lying(lie, revision))
    await refuses(workshop.sign(order(place)))


@pytest.mark.parametrize("lie", [_earlier, _another_value], ids=lambda one: one.__name__)
async def test_an_earlier_signature_stays_where_and_what_it_was(
    workshop: Workshop, order: Callable[[int], Job], monkeypatch: pytest.MonkeyPatch, lie: Lie
) -> None:
    monkeypatch.setattr(pades, "IncrementalPdfFileWriter", lying(lie, 0))
    await refuses(workshop.sign(order(1)), "S1")


async def test_an_honest_signature_is_described(workshop: Workshop, files: list[bytes]) -> None:
    found = await check_added(files[1], files[2], "S2", workshop.roots)
    whole = await validation.check_all(files[2], workshop.roots)
    assert found == whole[-1] or replace(found, changes=whole[-1].changes) == whole[-1]


async def test_the_file_goes_on_from_the_one_before(workshop: Workshop, files: list[bytes]) -> None:
    """Byte for byte, in the right place, and from its newest revision."""
    prepared, first, second = files
    roots = workshop.roots
    await refuses(check_added(first, second[:-40] + second[-39:], "S2", roots))
    changed = bytearray(second)
    changed[len(first) // 2] ^= 1
    await refuses(check_added(first, bytes(changed), "S2", roots), "begin")
    await refuses(check_added(first, second, "S1", roots), "signatures where one")
    await refuses(check_added(prepared, second, "S2", roots), "signatures where one")
    await refuses(check_added(second, second, "S2", roots), "signatures where one")
    # The table of objects points past the first signature's revisions.
    skips = re.search(rb"/Prev (\d+)", second[len(first) :])
    assert skips
    older = re.findall(rb"/Prev (\d+)", first)[-1].rjust(len(skips.group(1)), b"0")
    bent = second[: len(first)] + second[len(first) :].replace(
        b"/Prev " + skips.group(1), b"/Prev " + older, 1
    )
    await refuses(check_added(first, bent, "S2", roots), "newest revision")


async def test_a_time_stamp_closes_the_whole_file(workshop: Workshop, files: list[bytes]) -> None:
    _prepared, first, second = files
    stamp = validation.parse(second).embedded_timestamp_signatures[-1]
    signature = validation.parse(second).embedded_regular_signatures[-1]
    end = signature.byte_range[2] + signature.byte_range[3]
    await refuses(check_added(first, second[:end], "S2", workshop.roots), "no time-stamp")
    await refuses(check_added(first, second + b"\n% more\n", "S2", workshop.roots))
    for one in (stamp, signature):  # a byte of the signature value, and one that it covers
        for at in (one.byte_range[1] + 900, one.byte_range[2] + 20):
            changed = bytearray(second)
            changed[at] = ord("1") if changed[at] != ord("1") else ord("2")
            await refuses(check_added(first, bytes(changed), "S2", workshop.roots))


async def test_only_our_roots_and_proof_in_the_document_count(
    workshop: Workshop,
    files: list[bytes],
    order: Callable[[int], Job],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = open_authority(tmp_path / "other", "", "http://localhost", utc_now()).root
    stamps = workshop.roots[1:]
    await refuses(check_added(files[1], files[2], "S2", [other, *stamps]), "S2 does not hold")
    await refuses(check_added(files[1], files[2], "S2", workshop.roots[:1]), "time-stamp")
    # Without the revocation lists the signature is right today and nothing in ten years.
    supply = DocumentSecurityStore.supply_dss_in_writer

    def bare(*given: Any, **named: Any) -> Any:
        return supply(*given, **(named | {"validation_context": None, "paths": ()}))

    monkeypatch.setattr(DocumentSecurityStore, "supply_dss_in_writer", bare)
    await refuses(workshop.sign(order(0)))


async def test_the_last_signature_has_the_whole_document_checked(
    workshop: Workshop, order: Callable[[int], Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def verified(_pdf: bytes, expected: int, _roots: Any) -> Any:
        asked.append(expected)
        raise SigningFailed("document", "as the test wants")

    monkeypatch.setattr(pades, "verified", verified)
    await workshop.sign(order(1))
    assert asked == []
    await refuses(engine.Workshop.sign(workshop, replace(order(1), last=True)), "as the test")
    assert asked == [2]


def test_the_table_says_yes_only_where_pyhanko_does(sealed: bytes) -> None:
    """Every revision of a sealed deed is in the table, and each is allowed by the library."""
    reader = validation.parse(sealed)
    views = [reader.get_historical_resolver(n) for n in range(1, reader.total_revisions)]
    places = [one.sig_field.get_container_ref() for one in reader.embedded_regular_signatures]
    assert len(views) == 2 * len(places) + 1
    for number, (old, new) in enumerate(pairwise(views)):
        place: Any = places[number // 2]
        assert changes._in_table(old, new, place, first=number == 0)
        other: Any = places[number // 2 - 1]
        if number % 2 == 0:
            assert not changes._in_table(old, new, other, first=number == 0)
    first = reader.embedded_regular_signatures[0].signed_revision
    found = DEFAULT_DIFF_POLICY.review_file(reader, first, doc_mdp=MDPPerm.FILL_FORMS)
    assert isinstance(found, DiffResult)
