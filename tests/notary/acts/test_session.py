"""The session as everybody sees it: the agenda, what is read again, what ends the signing, and a
notary who is substituted."""

from dataclasses import replace

import pytest

from auth.delegation import Delegation
from auth.person import Role
from errors import BadInput, NotFound, Refusal
from notary.deeds import agenda
from notary.deeds.party import is_found_capable
from notary.deeds.request import Request
from notary.deeds.state import IN_SESSION, State
from sessions.kinds import KINDS
from tests.notary.acts.world import PDF, World

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
        lite.house.people["admin"], username="notary3", role="notary", name_ar="كاتب آخر",
        name_en="Another Notary", password="a long enough password",
    )  # fmt: skip
    other = next(
        each
        for each in await lite.house.accounts.people(lite.house.people["admin"])
        if each.username == "notary3"
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


WAYS = {
    "cannot_sign": ("signs_for", ["party_h0"], {"p0", "h0"}),
    "impaired": ("assistant", ["party_p0", "party_h0"], {"p0", "h0"}),
    "curator": ("curator", ["party_h0"], {"h0"}),
}
"""Way: the helper, who signs, and who comes before the notary (FDL 20/2022 Art 8)."""


async def brought(world: World, path: str, helper: str) -> Request:
    """A declaration by somebody who takes part in this way, as far as the session on record."""
    office, me = world.office, world.who("claimant")
    one = await office.applying.begin(me, "declaration")
    who = {"name_ar": "سالم أحمد", "name_en": "Salem Ahmed", "language": "ar"}
    rows = {
        "p0": {**who, "role": "declarant", "identity_number": "784-1950-1111111-1", "path": path},
    }
    if helper:
        rows["h0"] = {
            "role": helper, "name_ar": "من يعين", "name_en": "A Helper", "helps": "p0",
            "identity_number": "784-1979-4444444-4", "language": "ar",
        }  # fmt: skip
    one, errors = await office.applying.save_people(me, one.id, one.version, rows, True)
    assert not errors, [(each.code, each.field) for each in errors]
    typed = {
        f"field_{each.code}": "yes" if each.type == "yes_no" else "A text that is declared."
        for each in office.core.act(one).fields
        if each.required
    }
    one, errors = await office.applying.save_content(me, one.id, one.version, typed)
    assert not errors, [(each.code, each.field) for each in errors]
    await office.applying.upload(me, one.id, "identity", "id.pdf", PDF)
    one = (await office.applying.see(me, one.id)).request
    one = await office.applying.submit(me, one.id, one.version)
    clerk = world.who("clerk")
    await office.auditing.take(clerk, one.id)
    people = {"p0": "respondent", "h0": "interpreter"}
    if helper in ("curator", "signs_for"):
        people["h0"] = "lawyer"
    elif helper == "assistant":
        people["h0"] = "signer"
        await world.house.accounts.create(
            world.who("admin"), username="signer", role="expert", name_ar="خبير إشارة",
            name_en="Sign Language Expert", password="a long enough password",
        )  # fmt: skip
        for each in await world.house.accounts.people(world.who("admin")):
            world.house.people.setdefault(each.username, each)
    act = office.core.act(one)
    bound = {each.key: world.who(people[each.key]).id for each in one.appearing(act)}
    await office.auditing.bind(clerk, one.id, bound)
    one = await office.approve(clerk, one.id, waive=True)
    slot = (await office.scheduling.slots(me, one.id))[0]
    one = await office.book(me, one.id, slot.notary.id, slot.starts_at)
    await world.sit(one)
    return one


@pytest.mark.parametrize("path", WAYS)
async def test_each_way_to_take_part_is_walked_to_the_signing(lite: World, path: str) -> None:
    helper, signs, come = WAYS[path]
    one = await brought(lite, path, helper)
    act, notary, conduct = lite.office.core.act(one), lite.who("notary"), lite.office.conduct
    assert {each.key for each in one.appearing(act)} == come
    one = await conduct.open(notary, one.id, True)
    for each in one.appearing(act):
        last4 = each.identity_number[-4:]
        one = await conduct.identify(notary, one.id, each.key, "emirates_id", last4, True)
    one = await conduct.go_on(notary, one.id)
    for each in one.appearing(act):
        for question in conduct.questions(act, each):
            one = await conduct.ask(notary, one.id, each.key, question, "", "Yes.")
        if is_found_capable(each, act):
            one = await conduct.judge(notary, one.id, each.key, True, True)
    one = await conduct.go_on(notary, one.id)
    await lite.turn_pages(one)
    one = await conduct.read(notary, one.id, True)
    if one.state is State.OATH:
        for each in one.appearing(act):
            if is_found_capable(each, act):
                one = await conduct.swear(notary, one.id, each.key, "by_god", "")
        one = await conduct.go_on(notary, one.id)
    for each in one.appearing(act):
        one = await conduct.consent(notary, one.id, each.key, "I agree.")
    one = await lite.office.closing.begin_signing(notary, one.id)
    paper = lite.ceremonies.papers[one.ceremony]
    assert [each.field for each in paper.signers] == [*signs, "notary"]


async def test_a_helper_is_asked_about_the_task_before_the_act_goes_on(lite: World) -> None:
    one = await brought(lite, "impaired", "assistant")
    notary, conduct = lite.who("notary"), lite.office.conduct
    one = await conduct.open(notary, one.id, True)
    for key, last4 in (("p0", "1111"), ("h0", "4444")):
        one = await conduct.identify(notary, one.id, key, "emirates_id", last4, True)
    one = await conduct.go_on(notary, one.id)
    for question in ("understands", "free", "well"):
        one = await conduct.ask(notary, one.id, "p0", question, "", "Yes.")
    one = await conduct.judge(notary, one.id, "p0", True, True)
    with pytest.raises(Refusal) as missing:
        await conduct.go_on(notary, one.id)
    assert missing.value.code == "deed.not_all"
    assert missing.value.params["name"] == "من يعين / A Helper"
    with pytest.raises(BadInput):  # capacity is found of those who act, not of who helps them
        await conduct.judge(notary, one.id, "h0", True, True)
    await conduct.ask(notary, one.id, "h0", "faithful", "", "I swear. Ministry, number 118.")
    assert (await conduct.go_on(notary, one.id)).state is State.READING


async def test_who_cannot_read_or_write_is_brought_to_the_office(lite: World) -> None:
    one = await brought(lite, "illiterate", "")
    notary, conduct = lite.who("notary"), lite.office.conduct
    one = await conduct.open(notary, one.id, True)
    one = await conduct.identify(notary, one.id, "p0", "emirates_id", "1111", True)
    one = await conduct.go_on(notary, one.id)
    for question in ("understands", "free", "well"):
        one = await conduct.ask(notary, one.id, "p0", question, "", "Yes.")
    await conduct.judge(notary, one.id, "p0", True, True)
    with pytest.raises(Refusal) as only:
        await conduct.go_on(notary, one.id)
    assert only.value.code == "deed.in_person_only"
    ended = await lite.office.convert(notary, one.id, "A thumbprint is needed.")
    assert ended.state is State.IN_PERSON
