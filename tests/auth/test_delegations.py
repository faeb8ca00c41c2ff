"""Substitution: granted by the person or an administrator, seen everywhere, ended by itself."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from audit.leaf import Leaf, decode
from auth.administration.service import Administration
from auth.assurance import Assurance, Level
from auth.delegation import Delegation, delegators
from auth.delegations import Delegations
from auth.demo import PASSWORD
from auth.person import Person
from auth.policy import Context, decide
from errors import BadInput, Forbidden, NotFound
from sessions.standing import by, context, own_seat
from tests.auth.house import House
from tests.sessions.drafts import civil


async def leaves_of(house: House, subject: str) -> list[Leaf]:
    return [decode(found.entry) for found in await house.log.leaves(subject)]


async def deputy(house: House, username: str = "judge2") -> Person:
    """The judge who will act, as the session says it now."""
    signed_in = await house.sign_in(username)
    login = await house.accounts.login(signed_in.token)
    assert login is not None
    return login.person


@pytest.fixture
async def court(house: House) -> House:
    for name, role in (("judge2", "judge"), ("clerk2", "clerk"), ("judge3", "judge")):
        await house.accounts.create(
            house.people["admin"],
            username=name,
            role=role,
            name_ar="",
            name_en=name,
            password=PASSWORD,
        )
    for one in await house.accounts.people(house.people["admin"]):
        house.people.setdefault(one.username, one)
    return house


def offices(house: House) -> Delegations:
    return Delegations(house.database, house.log, house.clock)


async def grant(house: House, actor: str = "judge", **changes: Any) -> Delegation:
    given: dict[str, Any] = {
        "delegator": house.people["judge"].id,
        "delegate": house.people["judge2"].id,
        "starts_at": house.at(0),
        "ends_at": house.at(48),
        "reason": "On leave",
    } | changes
    return await offices(house).grant(house.people[actor], **given)


async def test_a_deputy_stands_on_the_judges_seat_and_is_named_in_the_log(court: House) -> None:
    booked = await court.sittings.book(court.people["clerk"], civil(court, court.at(24)))
    sitting = booked.sitting
    before = await deputy(court)
    with pytest.raises(NotFound):
        await court.sittings.get(before, sitting.id)
    made = await grant(court)
    acting = await deputy(court)
    seen = await court.sittings.get(acting, sitting.id)
    assert seen.context.is_deputy
    assert not seen.context.is_own_seat
    assert seen.context.is_host
    assert own_seat(acting, sitting) == sitting.seat_of(court.people["judge"].id)
    assert sitting.id in {one.sitting.id for one in (await court.sittings.mine(acting)).upcoming}
    await court.sittings.reschedule(acting, sitting.id, court.at(30), timedelta(hours=1))
    leaves = await leaves_of(court, sitting.id)
    [moved] = [leaf for leaf in leaves if leaf.type == "sitting.rescheduled"]
    assert moved.data["by"] == acting.id
    assert moved.data["acts_for"] == court.people["judge"].id
    assert by(court.people["judge"], sitting) == {"by": court.people["judge"].id}
    [granted] = await leaves_of(court, made.id)
    assert granted.type == "delegation.granted"
    assert granted.data["delegate"] == acting.id
    assert "On leave" not in str(granted.data)  # the reason is a commitment


async def test_it_ends_by_itself_and_when_it_is_withdrawn(court: House) -> None:
    await grant(court, ends_at=court.at(2))
    assert (await deputy(court)).deputy_for
    court.clock.advance(2 * 3600)
    assert not (await deputy(court)).deputy_for
    made = await grant(court)
    assert (await deputy(court)).deputy_for
    await offices(court).withdraw(court.people["judge"], made.id)
    await offices(court).withdraw(court.people["judge"], made.id)
    assert not (await deputy(court)).deputy_for
    future = await grant(court, starts_at=court.at(5), ends_at=court.at(6))
    assert not (await deputy(court)).deputy_for
    states = [one.state for one in await offices(court).of(court.people["judge"])]
    assert sorted(states) == ["ended", "future", "withdrawn"]
    assert future.state(court.at(7)) == "ended"


async def test_a_shut_account_delegates_nothing(court: House) -> None:
    await grant(court)
    await court.accounts.set_active(court.people["admin"], court.people["judge"].id, False)
    assert not (await deputy(court)).deputy_for


@pytest.mark.parametrize("moved", ["judge", "judge2"])
async def test_it_ends_with_the_office(court: House, moved: str) -> None:
    """Who is a clerk now neither lets a judge act nor acts for one."""
    await grant(court)
    assert (await deputy(court)).deputy_for
    administration = Administration(court.database, court.log, court.accounts, court.clock)
    await administration.set_role(court.people["admin"], court.people[moved].id, "clerk")
    assert (await deputy(court)).deputy_for == ()


async def test_the_scope_is_kept(court: House) -> None:
    first = (await court.sittings.book(court.people["clerk"], civil(court, court.at(24)))).sitting
    other = (await court.sittings.book(court.people["clerk"], civil(court, court.at(48)))).sitting
    await grant(court, sitting=first.id)
    acting = await deputy(court)
    assert context(acting, first).is_deputy
    assert not context(acting, other).is_deputy
    assert {one.sitting.id for one in (await court.sittings.mine(acting)).upcoming} == {first.id}
    held = acting.deputy_for[0]
    assert (
        delegators([replace(held, sitting="", kind="criminal_hearing")], other.id, other.kind) == ()
    )
    assert delegators([replace(held, sitting="", kind=other.kind)], other.id, other.kind)


async def test_there_is_no_chain(court: House) -> None:
    """judge -> judge2 -> judge3: the third gets nothing of the first."""
    sitting = (await court.sittings.book(court.people["clerk"], civil(court, court.at(24)))).sitting
    await grant(court)
    acting = await deputy(court)
    await offices(court).grant(
        acting,
        acting.id,
        court.people["judge3"].id,
        court.at(0),
        court.at(9),
        reason="On leave too",
    )
    third = await deputy(court, "judge3")
    assert [one.delegator for one in third.deputy_for] == [acting.id]
    with pytest.raises(NotFound):
        await court.sittings.get(third, sitting.id)
    with pytest.raises(Forbidden) as refused:  # nor can what is held be given
        await offices(court).grant(
            acting,
            court.people["judge"].id,
            court.people["judge3"].id,
            court.at(0),
            court.at(9),
            reason="x",
        )
    assert refused.value.code == "policy.not_your_office"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"delegate": "judge"}, "delegate"),
        ({"delegate": "clerk"}, "delegate"),
        ({"delegate": "nobody"}, "delegate"),
        ({"ends_at": 0}, "until"),
        ({"ends_at": -5, "starts_at": -9}, "until"),
        ({"ends_at": 24 * 400}, "until"),
        ({"reason": " "}, "reason"),
    ],
)
async def test_what_cannot_be_delegated(court: House, changes: dict[str, Any], field: str) -> None:
    given: dict[str, Any] = {
        name: court.at(value)
        if name.endswith("_at")
        else court.people[value].id
        if value in court.people
        else value
        for name, value in changes.items()
    }
    with pytest.raises(BadInput) as refused:
        await grant(court, **given)
    assert refused.value.field == field
    assert await offices(court).of(court.people["judge"]) == []


@pytest.mark.parametrize("actor", ["judge2", "clerk", "lawyer", "prosecutor", "officer"])
async def test_only_the_person_or_an_administrator_grants(court: House, actor: str) -> None:
    with pytest.raises(Forbidden):
        await grant(court, actor)
    made = await grant(court, "admin")
    with pytest.raises(Forbidden):
        await offices(court).withdraw(court.people[actor], made.id)


def test_a_deputy_has_the_rights_of_the_seat() -> None:
    at = Context(
        kind="civil_hearing",
        phase="on_record",
        seat_role="presiding_judge",
        is_deputy=True,
        is_host=True,
        recordable=True,
    )
    judge = Person("j", "judge", "", "J")  # type: ignore[arg-type]
    assert decide(judge, "live.roll_call", at)
    assert not decide(judge, "live.roll_call", replace(at, is_deputy=False))


async def test_whoever_is_not_sure_enough_is_asked_before_the_form(house: House) -> None:
    judge = house.people["judge"]
    unsure = replace(judge, assurance=Assurance(Level.LOW))
    sure = replace(judge, assurance=Assurance(Level.HIGH))
    assert offices(house).granting(unsure).need is not None
    assert offices(house).granting(sure)
    assert not offices(house).granting(house.people["lawyer"]).possible
