"""A corrected certificate: an entry, a new revision with its code, and what the old code says."""

from pathlib import Path
from typing import Any

import pytest

from errors import BadInput, Forbidden, Refusal
from notary.marriage.application import Part
from notary.marriage.correcting import corrected
from notary.marriage.file import File
from notary.verification.marriages import Marriages
from recordings.checking.codes import Stands
from tests.notary.marriage.conftest import Court
from tests.notary.marriage.sitting import World, make

WRONG = {"bride.name_en": "Maryam Al Naqbi", "bride.name_ar": "مريم النقبي"}


@pytest.fixture
def world(lite: Court, tmp_path: Path) -> World:
    return make(lite, tmp_path)


async def says(world: World, code: str) -> str:
    found = await Marriages(world.court.core.database, world.court.core.secret).of_code(code)
    assert found is not None
    return found.stands.code


async def corrects(world: World, **more: Any) -> File:
    judge = world.court.login(world.court.judge)
    fields = more.pop("fields", WRONG)
    return await world.services.correcting.correct(judge, world.id, fields, "Misspelt.", "")


async def test_the_new_certificate_replaces_the_old_one(world: World) -> None:
    before = await world.certified()
    judge = world.court.login(world.court.judge)
    one = await corrects(world)
    assert (one.standing, one.revision, one.register) == ("corrected", 1, before.register)
    assert one.application == before.application  # what was signed stays what it was
    assert corrected(one).person(Part.BRIDE).name_en == "Maryam Al Naqbi"
    assert await says(world, before.code) == "marriage_corrected"  # not signed yet
    done = await world.services.correcting.sign(judge, world.id, "")
    assert (done.revision, done.register, done.code) == (2, before.register, before.code)
    paper = world.desk.papers[done.certificate]
    assert done.certificate != before.certificate
    printed = str(paper.data)
    assert "Maryam Al Naqbi" in printed
    assert before.register in printed
    assert "revision 2, by entry DU/2026/000002" in printed
    new = paper.data["code"]
    assert new != before.code
    assert await says(world, before.code) == "marriage_replaced"
    assert await says(world, new) == "marriage_reissued"
    entries = await world.services.ratifying.entries(world.court.judge, world.id)
    assert [(each.kind, each.about) for each in entries] == [
        ("marriage", ""), ("correction", before.register),
    ]  # fmt: skip
    # A certified copy is of the newest one.
    number, pdf = await world.services.ratifying.copy(world.court.who(Part.BRIDE), world.id)
    assert number == before.register
    assert pdf == await world.desk.document(world.id, done.certificate)


async def test_an_uploaded_old_certificate_says_by_which_code_it_was_replaced(
    world: World,
) -> None:
    first = await world.certified()
    judge = world.court.login(world.court.judge)
    verify = Marriages(world.court.core.database, world.court.core.secret)

    async def uploaded(ceremony: str) -> Stands:
        found = await verify.of_subject(world.id, ceremony)
        assert found is not None
        return found

    assert await uploaded(first.certificate) == Stands("marriage_stands")
    await corrects(world)
    assert (await uploaded(first.certificate)).code == "marriage_corrected"  # not signed yet
    second = await world.services.correcting.sign(judge, world.id, "")
    replaced_at = world.court.core.clock()
    world.court.house.clock.advance(3600)
    await corrects(world, fields={"groom.born": "1994-05-01"})
    third = await world.services.correcting.sign(judge, world.id, "")
    again_at = world.court.core.clock()
    codes = [world.desk.papers[one.certificate].data["code"] for one in (second, third)]
    # Each says when it was replaced, and the code of what counts now; its code says the same.
    for certificate, code, at in (
        (first.certificate, first.code, replaced_at),
        (second.certificate, codes[0], again_at),
    ):
        told = await uploaded(certificate)
        assert told == Stands("marriage_replaced", at, newer=codes[1])
        by_code = await verify.of_code(code)
        assert by_code is not None
        assert by_code.stands == told
    assert (await uploaded(third.certificate)).code == "marriage_reissued"
    assert (await uploaded(third.ceremony)).code == "marriage_contract_corrected"
    assert (await uploaded("another")).code == "marriage_none"  # that the court gave back
    assert await verify.of_subject("another", third.certificate) is None
    await world.services.ratifying.note(judge, world.id, "divorce", "Judgment 12/2027.", "")
    for ceremony in (first.certificate, third.certificate, third.ceremony):
        assert (await uploaded(ceremony)).code == "marriage_divorced"


async def test_a_second_correction_and_a_divorce(world: World) -> None:
    first = await world.certified()
    judge = world.court.login(world.court.judge)
    await corrects(world)
    second = await world.services.correcting.sign(judge, world.id, "")
    await corrects(world, fields={"groom.born": "1994-05-01"})
    third = await world.services.correcting.sign(judge, world.id, "")
    assert third.revision == 3
    data = world.desk.papers[third.certificate].data
    assert "Maryam Al Naqbi" in str(data)  # the first correction holds
    codes = [first.code, *(world.desk.papers[x.certificate].data["code"] for x in (second, third))]
    assert [await says(world, code) for code in codes] == [
        "marriage_replaced", "marriage_replaced", "marriage_reissued",
    ]  # fmt: skip
    await world.services.ratifying.note(judge, world.id, "divorce", "Judgment 12/2027.", "")
    assert {await says(world, code) for code in codes} == {"marriage_divorced"}
    with pytest.raises(Refusal) as caught:
        await corrects(world)
    assert caught.value.code == "marriage.ended"


async def test_what_is_refused(world: World) -> None:
    await world.contracted()
    with pytest.raises(Refusal) as caught:
        await corrects(world)
    assert caught.value.code == "marriage.not_issued"
    judge = world.court.login(world.court.judge)
    await world.services.ratifying.ratify(judge, world.id, "")
    await world.services.ratifying.issue(judge, world.id, "")
    groom = world.login(Part.GROOM)
    with pytest.raises(Forbidden):
        await world.services.correcting.correct(groom, world.id, WRONG, "My name.", "")
    for fields, code in (
        ({}, "marriage.nothing_changed"),
        ({"dower.prompt": "1"}, "marriage.nothing_changed"),  # is in no certificate
        ({"bride.name_ar": ""}, "marriage.shape"),
        ({"groom.born": "yesterday"}, "marriage.shape"),
    ):
        with pytest.raises(BadInput) as wrong:
            await corrects(world, fields=fields)
        assert wrong.value.code == code
    before = await world.file()
    assert (before.standing, before.corrections) == ("stands", ())
    with pytest.raises(Refusal) as caught:
        await world.services.correcting.sign(judge, world.id, "")
    assert caught.value.code == "marriage.no_document"
    await corrects(world)
    with pytest.raises(Refusal) as caught:
        await corrects(world, fields={"groom.name_en": "Other"})
    assert caught.value.code == "marriage.reissue_open"
