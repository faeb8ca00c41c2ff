"""A marriage file from the first page to the last signature, and what must not happen to it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from audit import store
from errors import BadInput, Forbidden, NotFound, Refusal
from notary.marriage.application import Agency, Guardianship, Part, Status
from notary.marriage.filing import Blocked
from notary.marriage.majlis import Act, Event, Stage
from notary.marriage.workflow import FileState
from tests.notary.marriage.conftest import Court
from tests.notary.marriage.sample import change, person

DAY_S = 86_400


async def refused(call: object, code: str) -> None:
    with pytest.raises(Refusal) as found:
        await call  # type: ignore[misc]
    assert found.value.code == code


async def test_the_whole_path(court: Court) -> None:
    one = await court.scheduled()
    court.house.clock.advance(10 * DAY_S)
    officiant = court.who(Part.OFFICIANT)
    await court.officiating.open(officiant, one.id)
    everybody = (await court.file(one.id)).majlis
    assert everybody is not None
    for part in everybody.required:
        await court.officiating.report("sitting1", Event(Act.JOINED, part))
        await court.officiating.conduct(officiant, one.id, Event(Act.VERIFIED, part))
    await court.officiating.report("sitting1", Event(Act.ON_RECORD))
    for event in (
        Event(Act.CONSENTED, Part.BRIDE),
        Event(Act.CONSENTED, Part.GROOM),
        Event(Act.UNITE),
        Event(Act.READ_ALOUD),
        Event(Act.OFFER, Part.GUARDIAN),
    ):
        await court.officiating.conduct(officiant, one.id, event)
    await court.officiating.report("sitting1", Event(Act.DROPPED, Part.WITNESS_2))
    again = (await court.file(one.id)).majlis
    assert again is not None
    assert (again.stage, again.restarts) == (Stage.READ, 1)
    await court.officiating.report("sitting1", Event(Act.JOINED, Part.WITNESS_2))
    for event in (Event(Act.OFFER, Part.GUARDIAN), Event(Act.ACCEPT, Part.GROOM)):
        await court.officiating.conduct(officiant, one.id, event)
    for part in (Part.WITNESS_1, Part.WITNESS_2):
        await court.officiating.conduct(court.who(part), one.id, Event(Act.HEARD, part))
    for part in again.signers:
        async with court.core.database.unit() as session:
            found = await court.core.load(session, court.who(part), one.id, "marriage.see")
            await court.officiating.signed(
                session, found, part, court.who(part).id, court.core.clock()
            )
    done = await court.file(one.id)
    assert done.state is FileState.CONTRACTED
    assert done.contracted_at == court.core.clock()
    history = [event.type for event in (await court.filing.see(court.judge, one.id)).history]
    assert "majlis.void.dropped" in history
    assert history[-1] == "contract"


async def test_nobody_learns_of_a_file_but_its_people_and_the_court(lite: Court) -> None:
    one = await lite.gathered()
    stranger = lite.house.people["claimant"]
    with pytest.raises(NotFound):
        await lite.filing.see(stranger, one.id)
    for username in ("notary", "admin", "lawyer"):
        with pytest.raises(NotFound):
            await lite.filing.see(lite.house.people[username], one.id)
    assert (await lite.filing.see(lite.who(Part.WITNESS_1), one.id)).file.id == one.id
    with pytest.raises(Forbidden):
        await lite.filing.save(lite.who(Part.WITNESS_1), one.id, "terms", {}, 1)


async def test_two_devices_never_overwrite_each_other(court: Court) -> None:
    one = await court.filing.begin(court.who(Part.GROOM), Part.GROOM)
    token = await court.filing.invite(court.who(Part.GROOM), one.id, Part.BRIDE)
    await court.filing.join(court.who(Part.BRIDE), token)
    terms = {"conditions": {"groom": ["one"]}}
    await court.filing.save(court.who(Part.GROOM), one.id, "terms", terms, 0)
    late = court.filing.save(court.who(Part.BRIDE), one.id, "terms", {"conditions": {}}, 0)
    await refused(late, "marriage.changed")
    await court.filing.save(court.who(Part.BRIDE), one.id, "status", {"existing_wives": 0}, 0)
    app = (await court.file(one.id)).application
    assert (app.conditions, app.existing_wives) == ({Part.GROOM: ("one",)}, 0)


async def test_a_link_gives_one_part_to_one_person_once(court: Court) -> None:
    one = await court.filing.begin(court.who(Part.GROOM), Part.GROOM)
    token = await court.filing.invite(court.who(Part.GROOM), one.id, Part.WITNESS_1)
    await refused(court.filing.join(court.who(Part.GROOM), token), "marriage.one_part")
    both = await asyncio.gather(
        court.filing.join(court.who(Part.WITNESS_1), token),
        court.filing.join(court.who(Part.WITNESS_2), token),
        return_exceptions=True,
    )
    assert sum(isinstance(found, Refusal) for found in both) == 1
    await refused(court.filing.join(court.who(Part.BRIDE), token), "marriage.link")
    await refused(court.filing.join(court.who(Part.BRIDE), "made-up"), "marriage.link")
    old = await court.filing.invite(court.who(Part.GROOM), one.id, Part.BRIDE)
    court.house.clock.advance(15 * DAY_S)
    await refused(court.filing.join(court.who(Part.BRIDE), old), "marriage.link")


async def test_applicants_cannot_write_what_officers_find_out(lite: Court) -> None:
    app = lite.couple()
    agent = person("784-1980-7777777-7", "male")
    forged = replace(
        app,
        persons={**app.persons, Part.GROOM_AGENT: agent},
        agencies={Part.GROOM_AGENT: Agency("9", True, True, True, "stands")},
        leaves=(),
    )
    one = await lite.gathered(forged)
    assert one.application.agencies[Part.GROOM_AGENT].standing == "unknown"
    assert Part.OFFICIANT not in one.application.persons
    await lite.filing.submit(lite.who(Part.GROOM), one.id)
    with pytest.raises(Blocked) as found:
        await lite.reviewing.approve(lite.login(lite.judge), one.id, "")
    assert "R-MR-10" in str(found.value.params["rules"])
    await lite.reviewing.checked_agency(lite.clerk, one.id, Part.GROOM_AGENT, "revoked")
    with pytest.raises(Blocked):
        await lite.reviewing.approve(lite.login(lite.judge), one.id, "")
    await lite.reviewing.checked_agency(lite.clerk, one.id, Part.GROOM_AGENT, "stands")
    done = await lite.reviewing.approve(lite.login(lite.judge), one.id, "")
    assert done.state is FileState.APPROVED


async def test_what_fails_is_named_by_its_rule_and_nothing_changes(lite: Court) -> None:
    same = change(lite.couple(), Part.WITNESS_1, number="784-1965-3333333-3")
    one = await lite.gathered(same)
    with pytest.raises(Blocked) as found:
        await lite.filing.submit(lite.who(Part.GROOM), one.id)
    assert {"R-MR-01", "R-MR-15"} <= {item.rule for item in found.value.findings}
    assert await lite.file(one.id) == one
    bad = lite.filing.save(
        lite.who(Part.GROOM), one.id, "terms", {"dower": {"prompt": "many"}}, one.pages["terms"]
    )
    with pytest.raises(BadInput) as wrong:
        await bad
    assert (wrong.value.code, wrong.value.field) == ("marriage.shape", "dower.prompt")
    assert await lite.file(one.id) == one


async def test_a_guardian_who_withdraws_after_the_approval_brings_the_file_back(
    lite: Court,
) -> None:
    one = await lite.scheduled()
    back = await lite.filing.answer(lite.who(Part.GUARDIAN), one.id, False)
    assert (back.state, back.starts_at) == (FileState.RETURNED, None)
    assert back.marks == ("guardianship.consents",)
    assert back.application.guardianship.consents is False


async def test_a_certificate_that_lapses_before_the_day_stops_the_booking(lite: Court) -> None:
    one = await lite.gathered()
    await lite.filing.submit(lite.who(Part.GROOM), one.id)
    await lite.reviewing.approve(lite.login(lite.judge), one.id, "")
    await lite.filing.pay(lite.who(Part.GROOM), one.id, "courier", settled=True)
    officiant = lite.who(Part.OFFICIANT)
    data = person("784-1970-6666666-6", "male")
    for days, code in ((2, "marriage.too_soon"), (120, "marriage.gates")):
        call = lite.filing.choose(
            lite.who(Part.GROOM), one.id, officiant.id, data, lite.at(days), "s"
        )
        await refused(call, code)
    uncle = replace(data, relation_to_bride="uncle")
    with pytest.raises(Blocked) as found:
        await lite.filing.choose(lite.who(Part.GROOM), one.id, officiant.id, uncle, lite.at(5), "s")
    assert [item.rule for item in found.value.findings] == ["R-MR-17"]
    assert (await lite.file(one.id)).state is FileState.PAID


async def test_the_judge_returns_gives_leave_refuses_and_another_hears_the_appeal(
    lite: Court,
) -> None:
    app = lite.couple()
    young = change(app, Part.BRIDE, born=lite.core.today() - timedelta(days=17 * 365))
    one = await lite.gathered(young)
    await lite.filing.submit(lite.who(Part.GROOM), one.id)
    with pytest.raises(Blocked):
        await lite.reviewing.approve(lite.login(lite.judge), one.id, "")
    await refused(
        lite.reviewing.return_(lite.judge, one.id, " ", ["bride.born"]), "marriage.reason"
    )
    back = await lite.reviewing.return_(lite.judge, one.id, "صححوا التاريخ", ["bride.born"])
    assert (back.state, back.marks) == (FileState.RETURNED, ("bride.born",))
    await lite.filing.submit(lite.who(Part.BRIDE), one.id)
    await lite.reviewing.refuse(lite.login(lite.judge), one.id, "لم تكتمل السن", "")
    await lite.reviewing.appeal(lite.who(Part.BRIDE), one.id)
    with pytest.raises(Forbidden) as own:
        await lite.reviewing.decide_appeal(
            lite.login(lite.judge), one.id, uphold=True, reason="كما سبق", token=""
        )
    assert own.value.code == "policy.decided_already"
    await lite.reviewing.decide_appeal(
        lite.login(lite.other_judge), one.id, uphold=False, reason="يعاد النظر", token=""
    )
    with pytest.raises(BadInput):
        await lite.reviewing.give_leave(lite.login(lite.judge), one.id, "made_up", "1", "")
    await lite.reviewing.give_leave(lite.login(lite.judge), one.id, "court_age", "ق/12", "")
    done = await lite.reviewing.approve(lite.login(lite.judge), one.id, "")
    assert done.state is FileState.APPROVED


async def test_a_file_lapses_after_two_months_without_action(lite: Court) -> None:
    one = await lite.gathered()
    lite.house.clock.advance(40 * DAY_S)
    assert await lite.filing.sweep() == 0
    lite.house.clock.advance(40 * DAY_S)
    assert await lite.filing.sweep() == 1
    assert (await lite.file(one.id)).state is FileState.LAPSED


async def test_at_the_opening_every_gate_is_asked_again(lite: Court) -> None:
    one = await lite.scheduled()
    async with lite.core.database.unit() as session:
        changed = replace(
            one.application, status={**one.application.status, Part.BRIDE: Status.MARRIED}
        )
        await lite.core.keep(session, one, application=changed)
    lite.house.clock.advance(10 * DAY_S)
    with pytest.raises(Blocked) as found:
        await lite.officiating.open(lite.who(Part.OFFICIANT), one.id)
    assert [item.rule for item in found.value.findings] == ["R-MR-06"]
    with pytest.raises(NotFound):
        await lite.officiating.open(lite.house.people["notary"], one.id)


async def test_no_page_says_what_only_the_room_sees(lite: Court) -> None:
    one = await lite.scheduled()
    lite.house.clock.advance(10 * DAY_S)
    officiant = lite.who(Part.OFFICIANT)
    await lite.officiating.open(officiant, one.id)
    for act in (Act.JOINED, Act.ON_RECORD, Act.LINE_GOOD, Act.SIGN):
        call = lite.officiating.conduct(officiant, one.id, Event(act, Part.BRIDE))
        await refused(call, "marriage.not_by_hand")
    own = lite.officiating.conduct(
        lite.who(Part.WITNESS_1), one.id, Event(Act.HEARD, Part.WITNESS_2)
    )
    await refused(own, "marriage.not_yours")
    assert await lite.officiating.report("elsewhere", Event(Act.ON_RECORD)) is None


async def test_the_log_has_no_personal_data(lite: Court) -> None:
    await lite.gathered()
    async with lite.core.database.unit(write=False) as session:
        leaves = await store.entries(session, 0, await store.size(session))
    text = str(leaves)
    assert "marriage.saved" in text
    for word in ("784-1995", "1995-05-01", "الدراسة", "Name"):
        assert word not in text


async def test_the_judge_who_gives_leave_is_the_guardian(lite: Court) -> None:
    app = lite.couple()
    persons = dict(app.persons)
    del persons[Part.GUARDIAN]
    alone = replace(app, persons=persons, guardianship=Guardianship(relation="judge"))
    one = await lite.filing.begin(lite.who(Part.GROOM), Part.GROOM)
    token = await lite.filing.invite(lite.who(Part.GROOM), one.id, Part.BRIDE)
    await lite.filing.join(lite.who(Part.BRIDE), token)
    await lite.fill(one.id, alone)
    await lite.filing.submit(lite.who(Part.GROOM), one.id)
    judge = lite.login(lite.judge)
    with pytest.raises(Blocked):
        await lite.reviewing.approve(judge, one.id, "")
    await lite.reviewing.give_leave(judge, one.id, "judge_leave.no_guardian", "ق/9", "")
    done = await lite.reviewing.approve(judge, one.id, "")
    assert done.seats[Part.GUARDIAN] == lite.judge.id
    assert done.application.person(Part.GUARDIAN).relation_to_bride == "judge"
