"""Organisations, imports and four eyes, as use cases over both databases."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from auth import store as accounts_store
from auth.administration.proposal import VALID_FOR
from auth.administration.service import Administration
from auth.assurance import Assurance, Level
from auth.methods import store as methods
from auth.methods.passkey import Passkey
from auth.person import Person, Role
from errors import BadInput, Forbidden, NotFound, Refusal
from sessions.service import MySittings
from sessions.tasks import Proposals
from tests.auth.house import House

HEAD = "username,role,name_ar,name_en,language,organisation\n"


@pytest.fixture
def administration(house: House) -> Administration:
    return Administration(house.database, house.log, house.accounts, house.clock)


def admin(house: House) -> Person:
    return house.people["admin"]


async def second(house: House) -> Person:
    """Another administrator, opened by the console."""
    made = await house.accounts.create(
        admin(house),
        username="admin2",
        password="a-long-password",
        role="administrator",
        name_ar="",
        name_en="Second",
    )
    return house.sure(made)


async def leaves(house: House) -> list[str]:
    async with house.database.unit(write=False) as session:
        from audit import store

        found = await store.entries(session, 0, 10_000)
    return [leaf.entry.decode() for leaf in found]


async def state(house: House) -> Any:
    async with house.database.unit(write=False) as session:
        return sorted(
            (one.username, one.role, one.active) for one in await accounts_store.accounts(session)
        ), len(await leaves(house))


async def court(administration: Administration, house: House) -> str:
    one = await administration.add_organisation(
        admin(house), code="dxb-court", sort="court", name_ar="محكمة", name_en="Court"
    )
    return one.id


async def test_organisations(house: House, administration: Administration) -> None:
    id = await court(administration, house)
    judge = house.people["judge"].id
    await administration.move(admin(house), judge, id)
    assert (await administration.homes(admin(house)))[judge].code == "dxb-court"
    for account, organisation, code in (
        (house.people["lawyer"].id, id, "organisation.wrong_sort"),
        (judge, "nothing", "organisation.unknown"),
    ):
        with pytest.raises(BadInput) as refused:
            await administration.move(admin(house), account, organisation)
        assert refused.value.code == code
    await administration.set_organisation_active(admin(house), id, False)
    with pytest.raises(BadInput):
        await administration.move(admin(house), house.people["clerk"].id, id)
    await administration.move(admin(house), judge, "")
    assert await administration.homes(admin(house)) == {}
    with pytest.raises(BadInput) as refused:
        await court(administration, house)
    assert refused.value.code == "organisation.taken"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"code": "X"}, "code"),
        ({"code": "x y"}, "code"),
        ({"sort": "castle"}, "sort"),
        ({"name_ar": " "}, "name_ar"),
        ({"name_en": ""}, "name_en"),
    ],
)
async def test_an_organisation_that_is_not_one(
    house: House, administration: Administration, given: dict[str, str], field: str
) -> None:
    whole = {"code": "one", "sort": "court", "name_ar": "م", "name_en": "C"} | given
    before = await state(house)
    with pytest.raises(BadInput) as refused:
        await administration.add_organisation(admin(house), **whole)
    assert refused.value.field == field
    assert await state(house) == before


async def test_an_import_opens_all_or_none(house: House, administration: Administration) -> None:
    await court(administration, house)
    text = HEAD + "new.judge,judge,قاض,Judge,ar,dxb-court\nnew.party,party,,Party,en,\n"
    before = await state(house)
    assert len((await administration.preview(admin(house), text)).rows) == 2
    assert await state(house) == before
    with pytest.raises(Refusal) as refused:
        await administration.bring_in(admin(house), text + "judge,judge,,Again,ar,\n")
    assert refused.value.code == "import.faults"
    assert await state(house) == before
    assert await administration.bring_in(admin(house), text) == 2
    assert [one[0] for one in (await state(house))[0] if one[0].startswith("new.")] == [
        "new.judge",
        "new.party",
    ]
    assert not any("new.judge" in leaf or "Party" in leaf for leaf in await leaves(house))
    with pytest.raises(Refusal):
        await administration.bring_in(admin(house), text)


async def test_one_alone_acts_alone_and_the_log_says_so(
    house: House, administration: Administration
) -> None:
    made, waits = await administration.create(
        admin(house),
        username="admin2",
        password="a-long-password",
        role="administrator",
        name_ar="",
        name_en="Second",
    )
    assert (waits, made.active) == (False, True)
    assert any("four_eyes.alone" in leaf for leaf in await leaves(house))


async def test_an_administrator_needs_two(house: House, administration: Administration) -> None:
    other = await second(house)
    judge = house.people["judge"].id
    assert await administration.set_role(admin(house), judge, "administrator")
    [waiting] = await administration.proposals(other)
    told, none = Proposals(administration), MySittings((), (), ())
    assert [task.count for task in await told(other, none)] == [1]
    weak = replace(other, assurance=Assurance(Level.LOW))
    for nobody in (admin(house), house.people["judge"], weak):
        assert await told(nobody, none) == []
    with pytest.raises(Refusal) as refused:
        await administration.decide(admin(house), waiting.proposal.id, agree=True)
    assert refused.value.code == "four_eyes.same_person"
    with pytest.raises(Refusal) as refused:
        await administration.set_role(other, judge, "administrator")
    assert refused.value.code == "four_eyes.waits"
    assert ("judge", Role.JUDGE, True) in (await state(house))[0]
    await administration.decide(other, waiting.proposal.id, agree=True)
    assert ("judge", Role.ADMINISTRATOR, True) in (await state(house))[0]
    with pytest.raises(Refusal) as refused:
        await administration.decide(other, waiting.proposal.id, agree=True)
    assert refused.value.code == "four_eyes.decided"


async def test_a_new_administrator_is_shut_until_agreed(
    house: House, administration: Administration
) -> None:
    other = await second(house)
    made, waits = await administration.create(
        other,
        username="admin3",
        password="a-long-password",
        role="administrator",
        name_ar="",
        name_en="Third",
    )
    assert (waits, made.active) == (True, False)
    with pytest.raises(Refusal):
        await house.accounts.sign_in("admin3", "a-long-password", address="192.0.2.1")
    [waiting] = await administration.proposals(other)
    await administration.decide(admin(house), waiting.proposal.id, agree=True)
    await house.accounts.sign_in("admin3", "a-long-password", address="192.0.2.1")


async def test_shutting_one_needs_two_and_lapses(
    house: House, administration: Administration
) -> None:
    other = await second(house)
    assert await administration.set_active(other, admin(house).id, False)
    house.clock.now += VALID_FOR + timedelta(seconds=1)
    [waiting] = await administration.proposals(other)
    assert not waiting.open
    with pytest.raises(Refusal) as refused:
        await administration.decide(admin(house), waiting.proposal.id, agree=True)
    assert refused.value.code == "four_eyes.decided"
    with pytest.raises(Refusal) as refused:
        await administration.set_active(other, other.id, False)
    assert refused.value.code == "people.yourself"
    assert not await administration.set_active(other, house.people["judge"].id, False)


async def test_a_password_link_to_the_second_person_needs_two(
    house: House, administration: Administration
) -> None:
    """Else one administrator signs in as the other, and agrees with themselves."""
    first, other = admin(house), await second(house)
    made, _ = await administration.create(
        first,
        username="admin3",
        password="",
        role="administrator",
        name_ar="",
        name_en="Third",
    )
    [opening] = await administration.proposals(other)
    await administration.decide(other, opening.proposal.id, agree=True)
    house.clock.advance(1)
    assert await administration.password_link(first, made.id)  # the first one: two agreed to it
    house.clock.advance(1)
    assert await administration.password_link(first, made.id) is None
    assert await administration.password_link(first, other.id) is None
    assert await administration.password_link(first, first.id)  # one's own
    assert await administration.password_link(first, house.people["judge"].id)
    with pytest.raises(Refusal) as refused:
        await administration.password_link(first, made.id)
    assert refused.value.code == "four_eyes.waits"
    waiting = [one for one in await administration.proposals(other) if one.open]
    reset = {one.account.id: one.proposal.id for one in waiting}[made.id]
    await administration.decide(other, reset, agree=True)
    house.clock.advance(1)
    assert await administration.password_link(first, made.id)
    house.clock.advance(1)
    assert await administration.password_link(other, made.id) is None


async def test_a_lost_passkey_is_taken_away_by_two(
    house: House, administration: Administration
) -> None:
    first, other, judge = admin(house), await second(house), house.people["judge"]
    with pytest.raises(Refusal) as refused:
        await administration.reset_methods(first, judge.id)
    assert refused.value.code == "methods.none"
    async with house.database.unit() as session:
        key = Passkey("k1", judge.id, b"c", b"p", 0, "phone", house.clock())
        await methods.add_passkey(session, key)
        await methods.set_second_factor(session, judge.id, "sealed")
        await methods.confirm_second_factor(session, judge.id, house.clock())

    async def kept() -> tuple[int, bool]:
        async with house.database.unit(write=False) as session:
            keys = await methods.passkeys(session, judge.id)
            return len(keys), await methods.second_factor(session, judge.id) is not None

    signed_in = await house.sign_in("clerk")
    link = await administration.password_link(first, judge.id)
    assert link is not None
    assert await administration.reset_methods(first, judge.id)
    for decider in (first, house.people["clerk"]):
        [waiting] = [one for one in await administration.proposals(other) if one.open]
        with pytest.raises((Refusal, Forbidden)):
            await administration.decide(decider, waiting.proposal.id, agree=True)
    assert await kept() == (1, True)
    await administration.decide(other, waiting.proposal.id, agree=True)
    assert await kept() == (0, False)
    assert '"account.methods_reset"' in (await leaves(house))[-2]
    assert await house.accounts.login(signed_in.token), "nobody else is signed out"
    with pytest.raises(Refusal) as refused:
        await house.accounts.password_links.see(link.token)
    assert refused.value.code == "password_link.over"
    with pytest.raises(Refusal) as refused:
        await administration.reset_methods(first, first.id)
    assert refused.value.code == "people.yourself"


async def test_one_administrator_alone_takes_a_lost_passkey_away(
    house: House, administration: Administration
) -> None:
    judge = house.people["judge"]
    signed_in = await house.sign_in("judge")
    async with house.database.unit() as session:
        key = Passkey("k1", judge.id, b"c", b"p", 0, "phone", house.clock())
        await methods.add_passkey(session, key)
    assert not await administration.reset_methods(admin(house), judge.id)
    async with house.database.unit(write=False) as session:
        assert await methods.passkeys(session, judge.id) == []
    assert await house.accounts.login(signed_in.token) is None
    assert any('"four_eyes.alone"' in one for one in await leaves(house))


async def test_a_link_from_before_is_not_one_to_an_administrator(
    house: House, administration: Administration
) -> None:
    first, other = admin(house), await second(house)
    link = await administration.password_link(first, house.people["judge"].id)
    assert link is not None
    await administration.set_role(first, house.people["judge"].id, "administrator")
    [waiting] = await administration.proposals(other)
    await administration.decide(other, waiting.proposal.id, agree=True)
    with pytest.raises(Refusal) as refused:
        await house.accounts.password_links.see(link.token)
    assert refused.value.code == "password_link.over"


async def test_an_auditor_needs_two(house: House, administration: Administration) -> None:
    """Who watches the administrators is not made, nor ended, by one of them alone."""
    first, other = admin(house), await second(house)
    made, waits = await administration.create(
        first,
        username="sara",
        password="a-long-password",
        role="auditor",
        name_ar="",
        name_en="Sara",
    )
    clerk = house.people["clerk"].id
    assert (waits, made.active) == (True, False)
    assert await administration.set_role(first, clerk, "auditor")
    assert ("clerk", Role.CLERK, True) in (await state(house))[0]
    for one in await administration.proposals(first):
        with pytest.raises(Refusal) as refused:
            await administration.decide(first, one.proposal.id, agree=True)
        assert refused.value.code == "four_eyes.same_person"
        await administration.decide(other, one.proposal.id, agree=True)
    known = (await state(house))[0]
    assert {("sara", Role.AUDITOR, True), ("clerk", Role.AUDITOR, True)} <= set(known)
    assert clerk not in await administration.homes(first)
    with pytest.raises(Refusal) as refused:
        await administration.set_role(first, clerk, "clerk")
    assert refused.value.code == "people.auditor"
    assert await administration.set_active(first, made.id, False)
    assert ("sara", Role.AUDITOR, True) in (await state(house))[0]
    [shut] = [one for one in await administration.proposals(other) if one.open]
    await administration.decide(other, shut.proposal.id, agree=True)
    assert ("sara", Role.AUDITOR, False) in (await state(house))[0]
    told = await leaves(house)
    assert sum('"act":"open_auditor"' in one for one in told) == 2  # proposed, and agreed


async def test_turned_down_changes_nothing(house: House, administration: Administration) -> None:
    other = await second(house)
    judge = house.people["judge"].id
    await administration.set_role(admin(house), judge, "administrator")
    [waiting] = await administration.proposals(other)
    await administration.decide(admin(house), waiting.proposal.id, agree=False)
    assert ("judge", Role.JUDGE, True) in (await state(house))[0]
    assert any("four_eyes.turned_down" in leaf for leaf in await leaves(house))
    with pytest.raises(NotFound):
        await administration.decide(other, "nothing", agree=True)


async def test_other_roles_change_at_once(house: House, administration: Administration) -> None:
    clerk = house.people["clerk"].id
    assert not await administration.set_role(admin(house), clerk, "judge")
    assert ("clerk", Role.JUDGE, True) in (await state(house))[0]
    for role in ("guest", "king"):
        with pytest.raises(BadInput):
            await administration.set_role(admin(house), clerk, role)


async def test_nobody_else_may(house: House, administration: Administration) -> None:
    judge = house.people["judge"]
    before = await state(house)
    calls: list[Any] = [
        administration.organisations(judge),
        administration.homes(judge),
        administration.add_organisation(judge, code="c1", sort="court", name_ar="م", name_en="C"),
        administration.set_organisation_active(judge, "x", False),
        administration.move(judge, judge.id, ""),
        administration.set_role(judge, admin(house).id, "party"),
        administration.set_active(judge, admin(house).id, False),
        administration.proposals(judge),
        administration.decide(judge, "x", agree=True),
        administration.preview(judge, HEAD),
        administration.bring_in(judge, HEAD),
        administration.create(judge, username="x", role="administrator", name_ar="", name_en="X"),
    ]
    for call in calls:
        with pytest.raises(Forbidden):
            await call
    assert await state(house) == before
