"""Copies, extracts, the roll of notaries, and numbers that nothing came of."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from errors import BadInput, Forbidden, Refusal
from notary.deeds import act as acts_module
from notary.deeds import issuing, journal
from notary.deeds.act import ActsError, acts
from notary.deeds.request import Request
from notary.deeds.roll import AUTHORISED, PRIVATE, PUBLIC, may
from notary.register.entry import Note, Standing
from tests.notary.acts.signed import Signed
from tests.notary.acts.world import World


@pytest.fixture
def executory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The act of the tests may carry the executory formula."""
    kept = dict(acts())
    code = "poa_special_litigation"
    kept[code] = replace(kept[code], executory=True)
    for place in (acts_module, issuing):
        monkeypatch.setattr(place, "acts", lambda: kept)
    monkeypatch.setattr("notary.deeds.core.acts", lambda: kept)


async def notes(world: World, one: Request) -> list[str]:
    found = await world.office.register.get(world.who("notary"), one.deed)
    return [each.note for each in found.margins]


@pytest.mark.usefixtures("executory")
async def test_one_executory_copy_and_a_second_only_by_order(lite: World) -> None:
    one, office = await lite.delivered(), lite.office
    name, data = await office.issuing.executory_copy(lite.who("claimant"), one.id)
    assert name == one.deed
    # Whoever has it fetches the same file again: it is one copy.
    assert (await office.issuing.executory_copy(lite.who("claimant"), one.id))[1] == data
    with pytest.raises(Refusal) as second:
        await office.issuing.executory_copy(lite.who("respondent"), one.id)
    assert second.value.code == "deed.executory_issued"
    with pytest.raises(Forbidden):
        await office.issuing.executory_copy(lite.who("respondent"), one.id, order="D-1")
    director = lite.house.sure(lite.who("director"))
    _, other = await office.issuing.executory_copy(director, one.id, order="D-7/2026")
    assert other != data
    assert await notes(lite, one) == ["completed", "executory_copy", "executory_copy"]
    printed = lite.ceremonies.papers["c1"].data
    assert "وعليها أن تعين على تنفيذه ولو جبراً" in printed["formula"]["ar"]
    assert printed["code"] != one.code
    assert "D-7/2026" in lite.ceremonies.papers["c2"].data["issued"]["en"]


@pytest.mark.usefixtures("executory")
async def test_a_fault_while_the_copy_is_made_uses_nothing_up(lite: World) -> None:
    one = await lite.delivered()
    lite.ceremonies.fails = Refusal("signing.failed", "The seal failed.")
    with pytest.raises(Refusal):
        await lite.office.issuing.executory_copy(lite.who("claimant"), one.id)
    assert await notes(lite, one) == ["completed"]
    lite.ceremonies.fails = None
    await lite.office.issuing.executory_copy(lite.who("claimant"), one.id)


@pytest.mark.usefixtures("executory")
async def test_no_formula_on_what_is_revoked_or_by_a_private_notary(lite: World) -> None:
    one, office = await lite.delivered(), lite.office
    director = lite.house.sure(lite.who("director"))
    await office.roll.enrol(director, lite.who("notary").id, PRIVATE, "")
    with pytest.raises(Refusal) as private:
        await office.issuing.executory_copy(lite.who("claimant"), one.id)
    assert private.value.code == "deed.executory_public"
    await office.roll.enrol(director, lite.who("notary").id, PUBLIC, "")
    await office.register.annul(director, one.deed, Note.ANNULLED, "J-1")
    with pytest.raises(Refusal) as annulled:
        await office.issuing.executory_copy(lite.who("claimant"), one.id)
    assert annulled.value.code == "register.not_standing"


async def test_an_extract_is_for_the_office_and_noted(lite: World) -> None:
    one, office = await lite.delivered(), lite.office
    with pytest.raises(Forbidden):
        await office.issuing.extract(lite.who("claimant"), one.deed)
    notary = lite.house.sure(lite.who("notary"))
    name, data = await office.issuing.extract(notary, one.deed)
    assert (name, data[:5]) == (one.deed, b"%PDF-")
    printed = lite.ceremonies.papers["c1"].data
    assert [each["note"]["en"] for each in printed["notes"]] == [
        "Completed: signed by all and sealed"
    ]
    assert await notes(lite, one) == ["completed", "extract"]
    assert await office.register.check() == []


async def test_extract_and_executory_copy_are_sealed_printed_and_checked(
    signed: Signed, tmp_path: Path, executory: None
) -> None:
    """Real seals: the text stands on the paper, and 'Verify' says what it is of."""
    world, one = signed.world, signed.one
    notary = world.house.sure(world.who("notary"))
    _, extract = await world.office.issuing.extract(notary, one.deed)
    _, copy = await world.office.issuing.executory_copy(world.who("claimant"), one.id)
    for name, pdf, words in (
        ("extract", extract, ["Certified extract", "Link of the chain", one.deed]),
        ("copy", copy, ["Executory copy", "signed electronically by", "Rajesh Kumar"]),
    ):
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(pdf)
        text = subprocess.run(
            ["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True
        ).stdout
        assert not [word for word in words if word not in text], text
        told = subprocess.run(
            ["pdfsig", "-no-ocsp", path], capture_output=True, text=True, check=False
        ).stdout
        assert told.count("Signature is Valid.") == 1
        assert told.count("Total document signed") >= 1
    found = [each for _, each in sorted((await _papers(world, one)).items())]
    for sort, code in found:
        answer = await signed.checking.look_up_code("192.0.2.1", code)
        assert answer.found is not None
        assert answer.found.kind == sort
        wanted = {"executory": "stands", "extract": "extract_current"}[sort]
        assert answer.found.stands.code == wanted
        assert answer.mentions
    director = world.house.sure(world.who("director"))
    await world.office.register.annul(director, one.deed, Note.ANNULLED, "J-1")
    codes = dict(found)
    answer = await signed.checking.look_up_code("192.0.2.1", codes["extract"])
    assert answer.found is not None
    assert answer.found.stands.code == "extract_older"
    answer = await signed.checking.look_up_code("192.0.2.1", codes["executory"])
    assert answer.found is not None
    assert answer.found.stands.code == "annulled"


async def _papers(world: World, one: Request) -> dict[str, tuple[str, str]]:
    from notary.register import store

    async with world.house.database.unit(write=False) as session:
        return {each.id: (each.sort, each.code) for each in await store.papers(session, one.deed)}


# --- numbers that nothing came of ----------------------------------------------------------------


async def test_a_suspended_act_that_lapses_leaves_no_open_number(world: World) -> None:
    one, office = await world.signing(), world.office
    await office.conduct.suspend(world.who("notary"), one.id, "The line broke.")
    assert await office.register.standing_of(one.deed) is Standing.PENDING
    world.house.clock.advance(31 * 86400)
    assert await office.applying.lapse() == 1
    found = await office.register.get(world.who("notary"), one.deed)
    assert [(each.note, each.refers_to) for each in found.margins] == [("not_completed", "expired")]
    world.house.clock.advance(30 * 86400)
    assert (await office.register.close_year(world.house.sure(world.who("director")), 2026)).count
    assert await office.register.check() == []


async def test_a_suspended_act_that_is_cancelled_leaves_none_either(lite: World) -> None:
    one = await lite.signing()
    await lite.office.conduct.suspend(lite.who("notary"), one.id, "The line broke.")
    await lite.office.cancel(lite.who("claimant"), one.id, "No more.")
    found = await lite.office.register.get(lite.who("notary"), one.deed)
    assert [(each.note, each.refers_to) for each in found.margins] == [
        ("not_completed", "cancelled")
    ]


# --- what an act declares ------------------------------------------------------------------------


async def test_only_a_notary_of_the_right_sort_is_offered_and_may_begin(
    lite: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = dict(acts())
    code = "poa_special_litigation"
    kept[code] = replace(kept[code], notaries=("public", "authorised_private"))
    monkeypatch.setattr("notary.deeds.core.acts", lambda: kept)
    director, notary = lite.house.sure(lite.who("director")), lite.who("notary")
    one = await lite.booked()
    await lite.sit(one)
    await lite.office.roll.enrol(director, notary.id, PRIVATE, "")
    with pytest.raises(Refusal) as refused:
        await lite.office.conduct.open(notary, one.id, True)
    assert refused.value.code == "deed.not_this_notary"
    slots = await lite.office.scheduling.slots(lite.who("claimant"), one.id)
    assert notary.id not in {slot.notary.id for slot in slots}
    with pytest.raises(BadInput):
        await lite.office.roll.enrol(director, notary.id, AUTHORISED, "")
    await lite.office.roll.enrol(director, notary.id, AUTHORISED, "MoJ 44/2026")
    await lite.office.conduct.open(notary, one.id, True)
    with pytest.raises(Forbidden):
        await lite.office.roll.enrol(notary, notary.id, PUBLIC, "")


def test_which_sorts_may_do_what() -> None:
    known = acts()
    assert may(known["executory_formula"], PUBLIC)
    assert not may(known["executory_formula"], AUTHORISED)
    assert not may(known["sworn_declaration"], PRIVATE)
    assert may(known["sworn_declaration"], AUTHORISED)
    assert may(known["poa_general"], AUTHORISED)


def test_an_act_whose_standing_nothing_proves_is_no_act() -> None:
    act = acts()["company_articles"]
    assert any(role.standing for role in act.roles)
    with pytest.raises(ActsError, match="standing"):
        acts_module._check(replace(act, attachments=()), "company_articles.toml")


async def test_the_record_of_an_act_is_kept_also_of_a_session_before_it(lite: World) -> None:
    one = await lite.delivered()
    lines = (await journal.read(lite.office.core, lite.who("notary"))).lines
    assert await journal.kept_until(lite.office.core, one.sitting) == lines[0].keep_until
    assert await journal.kept_until(lite.office.core, "another") is None
