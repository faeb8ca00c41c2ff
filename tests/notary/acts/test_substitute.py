"""A substitute: one notary conducts an act from the identity check to the seal."""

from dataclasses import replace
from pathlib import Path

import pytest

from auth import policy
from auth.assurance import Assurance, Level
from auth.delegation import Delegation
from auth.person import Person
from auth.session import Login
from database import Database
from errors import Refusal
from notary.deeds import journal
from notary.deeds.core import context
from notary.deeds.request import Request
from notary.deeds.state import State
from notary.documents.render import Documents
from notary.signing.ceremony import Sort
from notary.signing.engine import Engine
from tests.auth.house import build
from tests.notary.acts.signed import office
from tests.notary.acts.world import World, make
from tests.support.clock import SettableClock


async def substitute(world: World, one: Request) -> tuple[Person, Delegation]:
    """Another notary, for whom the notary of an act has written a delegation."""
    accounts, admin = world.house.accounts, world.house.people["admin"]
    await accounts.create(
        admin, username="notary3", role="notary", name_ar="كاتب آخر", name_en="Another Notary",
        password="a long enough password",
    )  # fmt: skip
    other = next(one for one in await accounts.people(admin) if one.username == "notary3")
    now = world.house.clock()
    held = Delegation(
        "d1", one.notary, other.id, world.house.at(-1), world.house.at(48), "notarial_act", "",
        "Ill", one.notary, now,
    )  # fmt: skip
    sure = Assurance(Level.HIGH)
    return replace(other, deputy_for=(held,), assurance=sure), held


def login(world: World, person: Person) -> Login:
    now = world.house.clock()
    return Login("l-" + person.username, person, now, now)


async def sign_all(world: World, one: Request) -> None:
    for username in ("claimant", "respondent", "interpreter"):
        await world.office.closing.sign(world.login(username), one.id, "")


async def sealed_by_substitute(world: World) -> tuple[Person, Request]:
    """An act that another notary conducted from its opening to the seal."""
    one = await world.booked()
    await world.sit(one)
    deputy, _ = await substitute(world, one)
    one = await world.office.conduct.open(deputy, one.id, True)
    one = await world.to_signing(await world.to_reading(one, deputy), deputy)
    await sign_all(world, one)
    return deputy, await world.office.closing.seal(login(world, deputy), one.id, "")


async def test_a_substitute_opens_and_closes_the_signing_in_the_own_name(
    sqlite_database: Database,
    clock: SettableClock,
    tmp_path: Path,
    engine: Engine,
    documents: Documents,
) -> None:
    house = await build(sqlite_database, clock)
    desk, ceremonies = office(house, engine, documents)
    world = await make(house, tmp_path, ceremonies=desk)
    deputy, one = await sealed_by_substitute(world)
    assert one.state is State.DELIVERED
    signers = (await ceremonies.of_subject(one.id))[0].signers
    assert [each.person for each in signers if each.sort is Sort.NOTARY] == [deputy.id]
    book = await journal.read(world.office.core, world.who("director"))
    assert [line.notary for line in book.lines] == [deputy.id]
    assert [line.author.name("en") for line in book.lines if line.author] == ["Another Notary"]


async def test_the_policy_knows_a_substitute_only_while_it_lasts(lite: World) -> None:
    one = await lite.booked()
    deputy, held = await substitute(lite, one)
    gone = replace(deputy, deputy_for=())
    elsewhere = replace(deputy, deputy_for=(replace(held, kind="civil_hearing"),))
    for action in ("deed.conduct", "deed.seal"):
        assert policy.decide(deputy, action, context(deputy, one))
        assert not policy.decide(gone, action, context(gone, one))
        assert not policy.decide(elsewhere, action, context(elsewhere, one))


async def test_whoever_takes_over_begins_anew_and_the_signatures_are_given_up(lite: World) -> None:
    one = await lite.signing()
    conduct, closing = lite.office.conduct, lite.office.closing
    await closing.sign(lite.login("claimant"), one.id, "")
    first = one.ceremony
    deputy, _ = await substitute(lite, one)
    for attempt in (
        closing.seal(login(lite, deputy), one.id, ""),
        closing.prepare_again(deputy, one.id),
    ):
        with pytest.raises(Refusal) as another:
            await attempt
        assert another.value.code == "deed.another_notary"
    one = await conduct.suspend(deputy, one.id, "The notary fell ill.")
    with pytest.raises(Refusal) as interest:
        await conduct.resume(deputy, one.id)
    assert interest.value.code == "deed.own_interest"
    one = await conduct.resume(deputy, one.id, True)
    assert (one.state, one.ceremony) == (State.LOBBY_ID, "")
    assert lite.ceremonies.papers[first].abandoned
    with pytest.raises(Refusal) as back:
        await conduct.go_on(lite.who("notary"), one.id)
    assert back.value.code == "deed.another_notary"
    one = await lite.to_signing(await lite.to_reading(one, deputy), deputy)
    await sign_all(lite, one)
    assert (await closing.seal(login(lite, deputy), one.id, "")).state is State.DELIVERED


async def test_a_substitute_who_may_not_do_the_act_does_not_take_it_over(lite: World) -> None:
    one = await lite.signing()
    deputy, _ = await substitute(lite, one)
    await lite.office.conduct.suspend(deputy, one.id, "The notary fell ill.")
    party = replace(one.content.parties[0], person=deputy.id)
    named = replace(one.content, parties=(party, *one.content.parties[1:]))
    async with lite.house.database.unit() as session:
        current = await lite.office.core.load(session, deputy, one.id)
        await lite.office.core.keep(session, current, content=named)
    with pytest.raises(Refusal) as mine:
        await lite.office.conduct.resume(deputy, one.id, True)
    assert mine.value.code == "deed.notary_is_party"
