"""Interpreters of a marriage (R-MR-21): needed, named by the court, sworn, there, signing."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.leaf import format_time
from auth import store as accounts
from auth.person import Person, Role
from errors import Forbidden, Refusal
from notary.mail import store as mail_store
from notary.marriage.application import Application, Part
from notary.marriage.filing import Blocked
from notary.marriage.interpreting import Typed
from notary.marriage.majlis import Act, Stage
from notary.marriage.workflow import FileState
from sessions import store as booked
from sessions.booking import Hold
from sessions.phase import Phase
from sessions.sitting import Sitting
from tests.notary.marriage.conftest import Court
from tests.notary.marriage.sitting import PARTS, World, make

I = Part.INTERPRETER_1  # noqa: E741
ASKED = ("free", "alone", "content")
ITEMS = ("status", "impediments", "dower", "conditions")


@pytest.fixture
def world(lite: Court, tmp_path: Path) -> World:
    return make(lite, tmp_path)


def needing(court: Court, **needs: str) -> Application:
    return replace(court.couple(), needs={Part(part): code for part, code in needs.items()})


def typed(court: Court, **changes: str) -> Typed:
    base = Typed(
        court.house.people["interpreter"].id, "", "", "passport", "N1234567", "L-77", "none", "none"
    )
    return replace(base, **changes)


async def refused(call: Any, code: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await call
    assert caught.value.code == code, caught.value.code
    return caught.value


async def interpreted(world: World, code: str = "ur") -> None:
    """Booked, for a bride who knows no Arabic."""

    async def named(id: str) -> None:
        clerk = world.court.clerk
        await world.services.interpreting.name(clerk, id, code, typed(world.court))

    await world.book(needing(world.court, bride=code), named)


async def test_the_judge_accepts_only_with_an_interpreter(world: World) -> None:
    court, work = world.court, world.services.interpreting
    one = await court.gathered(needing(court, bride="ur"))
    await court.filing.submit(court.who(Part.BRIDE), one.id)  # nothing that applicants can do
    judge = court.login(court.judge)
    with pytest.raises(Blocked) as caught:
        await court.reviewing.approve(judge, one.id, "")
    assert [found.rule for found in caught.value.findings] == ["R-MR-21"]
    await refused(work.name(court.clerk, one.id, "fr", typed(court)), "marriage.language")
    kept = await work.name(court.clerk, one.id, "ur", typed(court))
    assert kept.seats[I] == court.who(I).id
    assert (await court.reviewing.approve(judge, one.id, "")).state is FileState.APPROVED


async def test_who_interprets_is_the_courts_choice_and_nobodys_relative(world: World) -> None:
    court, work = world.court, world.services.interpreting
    one = await court.gathered(needing(court, bride="ur"))
    await court.filing.submit(court.who(Part.BRIDE), one.id)
    with pytest.raises(Forbidden):
        await work.name(court.who(Part.GROOM), one.id, "ur", typed(court))
    clerk = court.clerk
    for changes, rule in (
        ({"relation_to_groom": "brother"}, "R-MR-21"),
        ({"document": "emirates_id", "number": "784-1990-4444444-4"}, "R-MR-01"),
    ):
        with pytest.raises(Blocked) as caught:
            await work.name(clerk, one.id, "ur", typed(court, **changes))
        assert rule in str(caught.value.params["rules"])
    assert (await court.file(one.id)).application.interpreters == {}
    witness = typed(court, account=court.who(Part.WITNESS_1).id)
    await refused(work.name(clerk, one.id, "ur", witness), "marriage.who")


async def test_another_person_takes_the_part_by_a_link(world: World) -> None:
    court, work = world.court, world.services.interpreting
    one = await court.gathered(needing(court, groom="sgn"))
    await court.filing.submit(court.who(Part.BRIDE), one.id)
    guest = typed(court, account="", name_ar="مترجمة", name_en="Interpreter")
    kept = await work.name(court.clerk, one.id, "sgn", guest)
    assert I not in kept.seats
    await refused(court.filing.invite(court.who(Part.GROOM), one.id, I), "marriage.taken")
    token = await work.link(court.clerk, one.id, I)
    joined = await court.filing.join(court.who(I), token)
    assert joined.part_of(court.who(I).id) is I
    # An application that is typed again cannot change whom the court named.
    app = joined.application
    assert app.person(I).number == "N1234567"


async def test_a_mute_party_needs_nobody(world: World) -> None:
    one = await world.court.gathered(needing(world.court, groom="writing"))
    await world.court.filing.submit(world.court.who(Part.BRIDE), one.id)
    judge = world.court.login(world.court.judge)
    assert (await world.court.reviewing.approve(judge, one.id, "")).state is FileState.APPROVED


async def test_from_the_oath_to_the_signature(world: World) -> None:
    await interpreted(world)
    work, officiant = world.services.conducting, world.officiant
    assert world.sitting is not None
    seat = next(seat for seat in world.sitting.seats if seat.id == world.seat(I))
    assert (seat.languages, seat.interpreter_for) == (("ar", "ur"), world.seats(Part.BRIDE))
    await work.open(officiant, world.id)
    await world.verify(*PARTS[:-1], I)

    # The bride is not asked before the oath, nor without the interpreter in the room.
    world.see(private=(world.seats(Part.BRIDE, Part.OFFICIANT),))
    await refused(
        work.consent(officiant, world.id, Part.BRIDE, True, ASKED), "marriage.no_interpreter"
    )
    world.see(private=(world.seats(Part.BRIDE, Part.OFFICIANT, I),))
    await refused(work.consent(officiant, world.id, Part.BRIDE, True, ASKED), "marriage.not_sworn")
    world.see(private=(), hearing=world.seats(Part.OFFICIANT, I), phase=Phase.ON_RECORD)
    world.see(sworn=world.seats(I))
    await work.look(await world.file())
    majlis = (await world.file()).majlis
    assert majlis is not None
    assert majlis.sworn == {I}
    world.see(private=(world.seats(Part.BRIDE, Part.OFFICIANT, I),))
    await work.consent(officiant, world.id, Part.BRIDE, True, ASKED)
    await world.consent(Part.GROOM)

    everybody = world.seats(*PARTS, I)
    world.see(hearing=everybody - world.seats(I), waiting=frozenset(), microphones=everybody)
    await refused(work.unite(officiant, world.id), "marriage.no_unity")
    world.see(hearing=everybody)
    await work.unite(officiant, world.id)
    await work.read(officiant, world.id, ITEMS)

    # The interpreter is required: a drop between offer and acceptance makes the pair void.
    await world.utter(Act.OFFER)
    world.see(hearing=everybody - world.seats(I))
    await work.look(await world.file())
    world.see(hearing=everybody)
    await work.look(await world.file())
    majlis = (await world.file()).majlis
    assert majlis is not None
    assert (majlis.stage, majlis.restarts) == (Stage.READ, 1)
    await world.utter(Act.OFFER)
    await world.utter(Act.ACCEPT)
    for part in (Part.WITNESS_1, Part.WITNESS_2):
        await work.heard(world.court.who(part), world.id)

    await world.services.contracting.begin(officiant, world.id)
    paper = world.desk.papers["c0"]
    named = next(one for one in paper.data["persons"] if one["title"]["en"] == "Interpreter")
    assert "Urdu" in str(named)
    assert "الأوردية" in str(named)
    for part in PARTS[:-1]:
        await world.services.contracting.sign(world.login(part), world.id, "")
    await refused(
        world.services.contracting.sign(world.login(Part.OFFICIANT), world.id, ""),
        "marriage.not_your_turn",
    )  # not before the interpreter
    await world.services.contracting.sign(world.login(I), world.id, "")
    await world.services.contracting.sign(world.login(Part.OFFICIANT), world.id, "")
    assert (await world.file()).state is FileState.CONTRACTED
    async with world.court.core.database.unit(write=False) as session:
        journal = [event.type for event in await booked.events(session, world.sitting.id)]
    assert journal.index("majlis.sworn") < journal.index("majlis.consent.given")


async def test_nothing_is_read_without_the_oath(world: World) -> None:
    """Where only the guardian is interpreted, no consent waits for the oath; the reading does."""

    async def named(id: str) -> None:
        await world.services.interpreting.name(world.court.clerk, id, "ur", typed(world.court))

    await world.book(needing(world.court, guardian="ur"), named)
    work = world.services.conducting
    await work.open(world.officiant, world.id)
    await world.verify(*PARTS[:-1], I)
    await world.consent(Part.BRIDE)
    await world.consent(Part.GROOM)
    everybody = world.seats(*PARTS, I)
    world.see(hearing=everybody, waiting=frozenset(), microphones=everybody, phase=Phase.ON_RECORD)
    await work.unite(world.officiant, world.id)
    await refused(work.read(world.officiant, world.id, ITEMS), "marriage.not_sworn")
    world.see(sworn=world.seats(I))
    assert (await work.read(world.officiant, world.id, ITEMS)).majlis is not None


async def second_interpreter(world: World) -> Person:
    given = Person("i2", Role.INTERPRETER, "مترجم ثانٍ", "Second", username="interpreter2")
    async with world.court.core.database.unit() as session:
        await accounts.add_account(session, given, "", world.court.core.clock())
    return given


async def waiting(world: World) -> list[dict[str, Any]]:
    """The letters in the outbox."""
    async with world.court.core.database.unit(write=False) as session:
        due = await mail_store.due(session, world.court.at(365), 1000)
    secret = world.court.core.secret
    return [json.loads(secret.open("mail", one.subject, one.sealed)) for one in due]


async def test_replacing_an_interpreter_is_one_unit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fails, the sitting that was booked stands with the interpreter of before."""
    await interpreted(world)
    before, work = await world.file(), world.services.interpreting
    other = await second_interpreter(world)
    officiant = world.login(Part.OFFICIANT)
    world.court.house.clock.advance(-60)
    named = typed(world.court, account=other.id)

    async def stands() -> None:
        assert await world.file() == before
        async with world.court.core.database.unit(write=False) as session:
            sitting = await booked.get_sitting(session, before.sitting)
        assert sitting is not None
        assert sitting.phase is Phase.SCHEDULED

    async def fails(*_args: Any, **_named: Any) -> None:
        raise Refusal("policy.confirmation_needed", "Confirm it.")

    with monkeypatch.context() as patch:  # the confirmation is asked inside the unit
        patch.setattr(type(world.services.core), "confirmed", fails)
        await refused(
            work.replace(officiant, world.id, "ur", named, ""), "policy.confirmation_needed"
        )
    await stands()
    assert before.starts_at is not None
    async with world.court.core.database.unit() as session:
        taken = Hold(f"person:{other.id}", before.starts_at, before.starts_at + timedelta(hours=1))
        elsewhere = Sitting(
            "s2", "civil_hearing", "1/2026", "", ("ar",), before.starts_at, timedelta(hours=1),
            Phase.SCHEDULED, True, (), booked_by=world.officiant.id,
        )  # fmt: skip
        await booked.add_sitting(session, elsewhere, world.court.core.clock())
        await booked.add_holds(session, "s2", [("x", taken)])
    await refused(work.replace(officiant, world.id, "ur", named, ""), "marriage.no_slot")
    await stands()


async def test_the_officiant_of_a_booked_day_names_another(world: World) -> None:
    await interpreted(world)
    before, work = await world.file(), world.services.interpreting
    first = world.court.house.people["interpreter"]
    await world.court.filing.contact(first, world.id, "first@example.com")
    other = await second_interpreter(world)
    officiant = world.login(Part.OFFICIANT)
    guest = typed(world.court, account="", name_ar="مترجم")
    await refused(work.replace(officiant, world.id, "ur", guest, ""), "marriage.wrong_state")
    world.court.house.clock.advance(-3 * 86_400)
    same = typed(world.court)
    await refused(work.replace(officiant, world.id, "ur", same, ""), "marriage.same_interpreter")
    named = typed(world.court, account=other.id, licence="L-78", email="second@example.com")
    with pytest.raises(Forbidden):
        await work.replace(world.login(Part.GROOM), world.id, "ur", named, "")
    await refused(work.name(world.court.clerk, world.id, "ur", named), "marriage.wrong_state")
    kept = await work.replace(officiant, world.id, "ur", named, "")
    assert kept.state is FileState.SCHEDULED
    assert kept.sitting != before.sitting
    assert kept.seats[I] == other.id
    assert kept.application.interpreters[I].licence == "L-78"
    # Both are told, each of their own: with the hour, as a calendar takes it.
    mails = [one for one in await waiting(world) if one["what"].startswith("marriage.inter")]
    assert [(one["what"], one["to"]) for one in mails] == [
        ("marriage.interpreter_released", "first@example.com"),
        ("marriage.interpreter_named", "second@example.com"),
    ]
    assert before.starts_at is not None
    assert {one["starts_at"] for one in mails} == {format_time(before.starts_at)}
    reminded = {one["to"] for one in await waiting(world) if one["what"] == "marriage.reminder"}
    assert reminded == {"second@example.com"}
    async with world.court.core.database.unit(write=False) as session:
        old = await booked.get_sitting(session, before.sitting)
        new = await booked.get_sitting(session, kept.sitting)
    assert old is not None
    assert old.phase is Phase.CANCELLED
    assert new is not None
    assert new.starts_at == before.starts_at
