"""The sitting of a marriage as people take its steps, and the court after it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from errors import BadInput, Forbidden, NotFound, Refusal
from notary.marriage.application import Part
from notary.marriage.filing import Blocked
from notary.marriage.majlis import Act, Stage
from notary.marriage.workflow import FileState
from notary.verification.marriages import Marriages
from sessions import store as booked
from sessions.phase import Phase
from tests.notary.marriage.conftest import Court
from tests.notary.marriage.sitting import PARTS, World, make


async def refused(call: Any, code: str) -> Refusal:
    with pytest.raises(Refusal) as found:
        await call
    assert found.value.code == code
    return found.value


async def journal(world: World) -> list[str]:
    assert world.sitting is not None
    async with world.court.core.database.unit(write=False) as session:
        return [event.type for event in await booked.events(session, world.sitting.id)]


@pytest.fixture
def world(lite: Court, tmp_path: Path) -> World:
    return make(lite, tmp_path)


async def test_from_the_lobby_to_the_handed_out_certificate(court: Court, tmp_path: Path) -> None:
    world = make(court, tmp_path)
    one = await world.contracted()
    assert one.state is FileState.CONTRACTED
    assert one.majlis is not None
    assert one.majlis.signed == one.majlis.signers
    said = await journal(world)
    for code in ("united", "read", "offer.spoken", "acceptance.spoken", "heard", "signed"):
        assert f"majlis.{code}" in said, code
    judge = world.court.login(world.court.judge)
    one = await world.services.ratifying.ratify(judge, world.id, "")
    assert (one.state, one.register) == (FileState.RATIFIED, "DU/2026/000001")
    one = await world.services.ratifying.issue(judge, world.id, "")
    assert one.state is FileState.CERTIFIED
    certificate = world.desk.papers[one.certificate]
    assert [signer.sort.value for signer in certificate.signers] == ["judge", "seal"]
    contract = world.desk.papers[one.ceremony]
    assert contract.signers[-1].sort.value == "officiant"
    assert (await world.services.ratifying.deliver(world.court.clerk, world.id)).state is (
        FileState.DELIVERED
    )
    number, data = await world.services.ratifying.copy(world.court.who(Part.BRIDE), world.id)
    assert number == "DU/2026/000001"
    assert data.startswith(b"%PDF")


async def test_a_drop_between_offer_and_acceptance_starts_the_step_again(world: World) -> None:
    await world.read()
    await world.utter(Act.OFFER)
    everybody = world.seats(*PARTS)
    world.see(hearing=everybody - world.seats(Part.WITNESS_2))
    await refused(world.utter(Act.ACCEPT), "marriage.wrong_stage")
    one = await world.file()
    assert one.majlis is not None
    assert (one.majlis.stage, one.majlis.restarts) == (Stage.READ, 1)
    assert "majlis.void.dropped" in await journal(world)
    await refused(world.utter(Act.OFFER), "marriage.no_unity")
    world.see(hearing=everybody)
    await world.utter(Act.OFFER)
    assert (await world.utter(Act.ACCEPT)).majlis.stage is Stage.ACCEPTED  # type: ignore[union-attr]


async def test_a_line_that_was_dead_before_the_acceptance_voids_it_afterwards(
    world: World,
) -> None:
    await world.read()
    await world.utter(Act.OFFER)
    died = world.court.core.clock()
    world.court.house.clock.advance(1)
    await world.utter(Act.ACCEPT)
    seat = world.seat(Part.BRIDE)
    world.see(deaf={seat: died})
    call = world.services.conducting.heard(world.court.who(Part.WITNESS_1), world.id)
    await refused(call, "marriage.wrong_stage")
    one = await world.file()
    assert one.majlis is not None
    assert (one.majlis.stage, one.contracted_at) == (Stage.READ, None)


async def test_each_person_is_verified_alone_and_against_the_file(world: World) -> None:
    await world.open()
    work = world.services.conducting
    call = work.verify(world.officiant, world.id, Part.BRIDE, "emirates_id", "0000")
    await refused(call, "marriage.identity_differs")
    world.see(
        hearing=world.seats(Part.OFFICIANT, Part.BRIDE),
        waiting=world.seats(Part.GROOM, Part.GUARDIAN, Part.WITNESS_1, Part.WITNESS_2),
    )
    call = work.verify(world.officiant, world.id, Part.BRIDE, "emirates_id", "2222")
    with pytest.raises(Refusal):
        await call
    await refused(work.unite(world.officiant, world.id), "marriage.not_verified")


async def test_the_bride_is_asked_alone_and_every_question(world: World) -> None:
    await world.open()
    await world.verify(Part.BRIDE, Part.GUARDIAN)
    work, asked = world.services.conducting, ("free", "alone", "content")

    async def consent(*questions: str) -> None:
        await work.consent(world.officiant, world.id, Part.BRIDE, True, questions or asked)

    await refused(consent("free"), "marriage.questions_open")
    await refused(consent(), "marriage.not_private")
    world.see(private=(world.seats(Part.OFFICIANT, Part.BRIDE, Part.GUARDIAN),))
    await refused(consent(), "marriage.not_private")
    world.see(private=(world.seats(Part.OFFICIANT, Part.BRIDE),))
    await consent()
    one = await world.file()
    assert one.majlis is not None
    assert one.majlis.consents == {Part.BRIDE: True}


async def test_a_person_admitted_twice_from_two_devices_is_verified_again(world: World) -> None:
    await world.read()
    await world.utter(Act.OFFER)
    sight = world.live.now[world.sitting.id]  # type: ignore[union-attr]
    world.see(pages={**sight.pages, world.seat(Part.GROOM): "another-device"})
    await refused(world.utter(Act.ACCEPT), "marriage.wrong_stage")
    await refused(world.utter(Act.OFFER), "marriage.not_verified")
    assert "majlis.void.device" in await journal(world)
    await world.verify(Part.GROOM)
    await world.utter(Act.OFFER)
    assert (await world.utter(Act.ACCEPT)).majlis.stage is Stage.ACCEPTED  # type: ignore[union-attr]


async def test_an_officiant_who_is_a_relative_cannot_open(world: World) -> None:
    one = await world.book()
    relative = replace(one.application.person(Part.OFFICIANT), relation_to_bride="uncle")
    app = replace(one.application, persons={**one.application.persons, Part.OFFICIANT: relative})
    async with world.court.core.database.unit() as session:
        await world.court.core.keep(session, one, application=app)
    with pytest.raises(Blocked) as found:
        await world.services.conducting.open(world.officiant, world.id)
    assert "R-MR-17" in str(found.value.params["rules"])
    assert (await world.file()).state is FileState.SCHEDULED


async def test_a_guardian_who_withdraws_takes_the_file_out_of_the_calendar(world: World) -> None:
    await world.book()
    await world.court.filing.answer(world.court.who(Part.GUARDIAN), world.id, False)
    with pytest.raises(Blocked) as found:
        await world.services.conducting.open(world.officiant, world.id)
    assert "R-MR-09" in str(found.value.params["rules"])
    assert (await world.file()).state is FileState.RETURNED


async def test_a_mute_party_writes_and_a_closed_microphone_is_not_heard(world: World) -> None:
    await world.read()
    work = world.services.conducting
    await world.utter(Act.OFFER)
    world.see(microphones=world.seats(Part.GUARDIAN))
    await refused(world.utter(Act.ACCEPT), "marriage.cannot_be_heard")
    signed = work.utter(world.officiant, world.id, Act.ACCEPT, "signed")
    await refused(signed, "marriage.no_signs")
    other = work.utter(world.officiant, world.id, Act.ACCEPT, "written", "قبلت")
    await refused(other, "marriage.not_yours")
    groom = world.court.who(Part.GROOM)
    with pytest.raises(BadInput):
        await work.utter(groom, world.id, Act.ACCEPT, "written", " ")
    one = await work.utter(groom, world.id, Act.ACCEPT, "written", "قبلت زواجها")
    assert one.majlis is not None
    assert one.majlis.stage is Stage.ACCEPTED
    assert "majlis.acceptance.written" in await journal(world)


async def test_signatures_in_order_and_with_everybody_there(world: World) -> None:
    await world.formed()
    contracting = world.services.contracting
    call = contracting.sign(world.login(Part.GROOM), world.id, "")
    await refused(call, "marriage.not_signing")
    await contracting.begin(world.officiant, world.id)
    await refused(contracting.begin(world.officiant, world.id), "marriage.signing_open")
    call = contracting.sign(world.login(Part.BRIDE), world.id, "")
    await refused(call, "marriage.not_your_turn")
    await contracting.sign(world.login(Part.GROOM), world.id, "")
    world.see(hearing=world.seats(*PARTS[:-2], Part.OFFICIANT))
    call = contracting.sign(world.login(Part.BRIDE), world.id, "")
    await refused(call, "marriage.no_unity")
    assert next(iter(world.desk.papers.values())).done == ["S1"]


async def test_a_signature_made_while_somebody_dropped_counts_when_all_are_back(
    world: World,
) -> None:
    await world.formed()
    await world.services.contracting.begin(world.officiant, world.id)
    world.see(hearing=world.seats(*PARTS) - world.seats(Part.WITNESS_1))
    one = await world.file()
    await world.services.conducting.look(one)
    await world.desk.sign(world.login(Part.GROOM), one.ceremony or "c0", "")
    one = await world.services.contracting.follow(world.id)
    assert one.majlis is not None
    assert one.majlis.signed == ()
    world.see(hearing=world.seats(*PARTS))
    await world.services.conducting.look(one)
    one = await world.services.contracting.follow(world.id)
    assert one.majlis is not None
    assert one.majlis.signed == (Part.GROOM,)


async def test_nothing_is_ratified_without_a_whole_contract(world: World) -> None:
    await world.formed()
    ratifying = world.services.ratifying
    judge = world.court.login(world.court.judge)
    await refused(ratifying.ratify(judge, world.id, ""), "marriage.wrong_state")
    await world.services.contracting.begin(world.officiant, world.id)
    for part in PARTS:
        await world.services.contracting.sign(world.login(part), world.id, "")
    one = await world.file()
    assert one.majlis is not None
    for broken in (
        replace(one.majlis, consents={Part.GROOM: True}),
        replace(one.majlis, signed=one.majlis.signed[:-1]),
        replace(one.majlis, stage=Stage.CONFIRMED),
        replace(one.majlis, verified=frozenset()),
    ):
        async with world.court.core.database.unit() as session:
            now = await world.court.core.known(session, world.id)
            await world.court.core.keep(session, now, majlis=broken)
        await refused(ratifying.ratify(judge, world.id, ""), "marriage.not_sound")
    async with world.court.core.database.unit() as session:
        now = await world.court.core.known(session, world.id)
        await world.court.core.keep(session, now, majlis=one.majlis)
    world.desk.papers[one.ceremony].done.pop()
    await refused(ratifying.ratify(judge, world.id, ""), "marriage.not_sound")
    assert (await world.file()).state is FileState.CONTRACTED
    assert await ratifying.entries(world.court.judge, world.id) == []


async def test_who_may_what_after_the_sitting(world: World) -> None:
    await world.contracted()
    ratifying = world.services.ratifying
    for person in (world.officiant, world.court.who(Part.GROOM)):
        with pytest.raises(Forbidden):
            await ratifying.ratify(world.court.login(person), world.id, "")
    with pytest.raises(NotFound):
        await ratifying.ratify(world.court.login(world.court.house.people["notary"]), world.id, "")
    with pytest.raises(Forbidden):
        await ratifying.give_back(world.officiant, world.id, "unclear")
    await refused(ratifying.copy(world.court.who(Part.BRIDE), world.id), "marriage.not_issued")


async def test_the_court_returns_and_another_sitting_begins_anew(world: World) -> None:
    one = await world.contracted()
    contract = one.ceremony
    one = await world.services.ratifying.give_back(world.court.judge, world.id, "Name misspelt.")
    assert (one.state, one.majlis, one.ceremony, one.code) == (
        FileState.RETURNED_BY_COURT, None, "", "",
    )  # fmt: skip
    assert world.desk.papers[contract].done  # kept, and no marriage


async def test_notes_are_entries_of_their_own_and_change_what_stands(world: World) -> None:
    await world.certified()
    judge, ratifying = world.court.login(world.court.judge), world.services.ratifying
    one = await ratifying.note(judge, world.id, "correction", "The name of the father.", "")
    assert one.standing == "corrected"
    one = await ratifying.note(judge, world.id, "divorce", "Judgment 12/2027, final.", "")
    assert one.standing == "divorced"
    call = ratifying.note(judge, world.id, "annulment", "Judgment 13/2027.", "")
    await refused(call, "marriage.ended")
    entries = await ratifying.entries(world.court.judge, world.id)
    assert [(each.number, each.kind, each.about) for each in entries] == [
        ("DU/2026/000001", "marriage", ""),
        ("DU/2026/000002", "correction", "DU/2026/000001"),
        ("DU/2026/000003", "divorce", "DU/2026/000001"),
    ]


async def test_the_page_verify_confirms_a_marriage_and_nothing_else(world: World) -> None:
    one = await world.certified()
    core = world.court.core
    verify = Marriages(core.database, core.secret)
    found = await verify.of_code(one.code.lower())
    assert found is not None
    assert (found.kind, found.stands.code) == ("marriage", "marriage_stands")
    assert (found.number, found.places, found.sha256, found.office) == ("", (), "", None)
    judge = world.court.login(world.court.judge)
    await world.services.ratifying.note(judge, world.id, "divorce", "Judgment 12/2027.", "")
    found = await verify.of_code(one.code)
    assert found is not None
    assert found.stands.code == "marriage_divorced"
    assert found.stands.since is not None
    assert await verify.of_code("2222-2222-2222") is None
    stands = await verify.of_subject(one.id, one.certificate)
    assert stands is not None
    assert stands.code == "marriage_divorced"


async def test_a_sitting_that_was_ended_without_a_contract_is_broken_off(world: World) -> None:
    await world.read()
    await world.utter(Act.OFFER)
    world.see(phase=Phase.CLOSED)
    await world.services.conducting.look(await world.file())
    one = await world.file()
    assert (one.state, one.majlis, one.sitting) == (FileState.PAID, None, "")
