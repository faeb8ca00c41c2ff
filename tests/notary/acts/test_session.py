"""The session as everybody sees it: the agenda, what is read again, what ends the signing, and a
notary who is substituted."""

from dataclasses import replace

import pytest

from auth.delegation import Delegation
from auth.person import Role
from errors import NotFound, Refusal
from notary.deeds import agenda
from notary.deeds.state import IN_SESSION, State
from sessions.kinds import KINDS
from tests.notary.acts.world import World

NAMES = [step.id for step in KINDS["notarial_act"].agenda]


def test_the_agenda_is_the_kinds_and_one_step_is_current() -> None:
    assert list(agenda.STEPS) == NAMES
    for state in IN_SESSION:
        told = agenda.states(state, oath=True)
        assert told is not None
        assert list(told.values()).count("current") == 1
    assert agenda.states(State.SUSPENDED, oath=True) is None


async def test_the_agenda_goes_on_with_the_act(lite: World) -> None:
    one = await lite.signing()
    steps = lite.room.steps[one.sitting]
    assert steps["consent"] == "done"
    assert steps["oath"] == "skipped"  # a power of attorney has none
    assert steps["signing"] == "current"
    for username in ("claimant", "respondent", "interpreter"):
        await lite.office.closing.sign(lite.login(username), one.id, "")
    assert lite.room.steps[one.sitting]["closing"] == "current"
    await lite.office.closing.seal(lite.login("notary"), one.id, "")
    assert set(lite.room.steps[one.sitting].values()) == {"done", "skipped"}


async def test_a_change_takes_the_agenda_back_to_the_reading(lite: World) -> None:
    one = await lite.signing()
    assert one.content.text is not None
    texts = [{"ar": part.ar + " ", "en": part.en} for part in one.content.text.paragraphs]
    texts[0]["ar"] += "كلمة"
    await lite.office.conduct.change(lite.who("notary"), one.id, texts, "a word")
    steps = lite.room.steps[one.sitting]
    assert (steps["capacity"], steps["reading"], steps["consent"]) == ("done", "current", "open")


async def test_what_was_read_before_a_suspension_is_read_again(lite: World) -> None:
    one = await lite.reading()
    notary, conduct = lite.who("notary"), lite.office.conduct
    await lite.turn_pages(one)
    await conduct.suspend(notary, one.id, "The line broke.")
    one = await conduct.resume(notary, one.id)
    assert one.state is State.LOBBY_ID
    async with lite.house.database.unit(write=False) as session:
        assert one.content.text is not None
        assert await conduct.turned(session, one.sitting, one.content.text) == set()


@pytest.mark.parametrize("way", ["convert", "refuse"])
async def test_what_ends_the_act_ends_its_signing(lite: World, way: str) -> None:
    one = await lite.signing()
    await lite.office.closing.sign(lite.login("claimant"), one.id, "")
    if way == "convert":
        await lite.office.convert(lite.who("notary"), one.id, "Her hand shakes.")
    else:
        await lite.office.refuse(lite.login("notary"), one.id, ["fraud"], "Forged.", "")
    assert lite.ceremonies.papers[one.ceremony].abandoned
    with pytest.raises(Refusal) as over:
        await lite.office.closing.sign(lite.login("respondent"), one.id, "")
    assert over.value.code == "deed.not_signing"


async def test_what_is_sealed_is_not_stopped(lite: World) -> None:
    one = await lite.signing()
    for username in ("claimant", "respondent", "interpreter"):
        await lite.office.closing.sign(lite.login(username), one.id, "")
    await lite.ceremonies.close(lite.login("notary"), one.ceremony, "")
    notary = lite.who("notary")
    for attempt in (
        lite.office.convert(notary, one.id, "No."),
        lite.office.conduct.suspend(notary, one.id, "No."),
        lite.office.refuse(lite.login("notary"), one.id, ["fraud"], "No.", ""),
    ):
        with pytest.raises(Refusal) as sealed:
            await attempt
        assert sealed.value.code == "deed.sealed"
    assert (await lite.office.closing.seal(lite.login("notary"), one.id, "")).deed == one.deed


async def test_a_party_who_leaves_in_mid_signing_stops_it_and_nothing_is_lost(lite: World) -> None:
    one = await lite.signing()
    closing, conduct, notary = lite.office.closing, lite.office.conduct, lite.who("notary")
    await closing.sign(lite.login("claimant"), one.id, "")
    everybody = lite.room.seats[one.sitting]
    async with lite.house.database.unit(write=False) as session:
        stage = await conduct.surround(session, one)
    left = stage.sitting.seat_of(lite.who("respondent").id)
    assert left is not None
    lite.room.seats[one.sitting] = everybody - {left.id}
    with pytest.raises(Refusal) as away:
        await closing.sign(lite.login("respondent"), one.id, "")
    assert away.value.code == "deed.not_here"
    await conduct.suspend(notary, one.id, "One of them left.")
    lite.room.seats[one.sitting] = everybody
    assert (await conduct.resume(notary, one.id)).state is State.PARTIES_SIGNING
    turn = await closing.sign(lite.login("respondent"), one.id, "")
    assert turn.signed == ("party_p0", "party_p1")


async def test_another_notary_substitutes_and_only_while_it_lasts(lite: World) -> None:
    await lite.house.accounts.create(
        lite.house.people["admin"], username="notary2", role="notary", name_ar="كاتب آخر",
        name_en="Another Notary", password="a long enough password",
    )  # fmt: skip
    other = next(
        each
        for each in await lite.house.accounts.people(lite.house.people["admin"])
        if each.username == "notary2"
    )
    one = await lite.booked()
    await lite.sit(one)
    assert other.role is Role.NOTARY
    first = one.notary if one.notary != other.id else ""
    assert first
    with pytest.raises(Refusal):
        await lite.office.conduct.open(other, one.id, True)
    start, end = lite.house.at(0), lite.house.at(48)
    held = Delegation("d1", first, other.id, start, end, "", "", "Ill", first, start)
    deputy = replace(other, deputy_for=(held,))
    queue, own = await lite.office.scheduling.desk(deputy)
    assert (queue, [each.id for each in own]) == ([], [one.id])
    opened = await lite.office.conduct.open(deputy, one.id, True)
    assert opened.state is State.LOBBY_ID
    elsewhere = replace(held, kind="civil_hearing")
    with pytest.raises((Refusal, NotFound)):
        await lite.office.conduct.suspend(
            replace(other, deputy_for=(elsewhere,)), one.id, "Not mine."
        )
