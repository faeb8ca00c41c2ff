"""Legal acts in the live room ask for a confirmation of exactly that command (auth.stepup)."""

from typing import Any

import pytest

from auth.assurance import PROFILES
from auth.demo import PASSWORD
from auth.session import Login
from signaling import messages as m
from tests.auth.authenticator import Authenticator
from tests.auth.test_passkeys import add
from tests.signaling.world import Visitor, World


async def act(visitor: Visitor, message: m.Incoming) -> dict[str, Any]:
    """The parts of a refusal that a page confirms by."""
    answer = await visitor.do(message)
    assert answer["code"] == "policy.confirmation_needed", answer
    params: dict[str, Any] = answer["params"]
    return params


async def token(world: World, login: Login, params: dict[str, Any], password: str) -> str:
    stepup = world.house.accounts.stepup
    question = await stepup.begin(login, **params)
    answer = {"password": password}
    return (await stepup.finish(login, question.id, "password", answer, address="")).token


async def in_hearing(world: World, profile: str) -> tuple[dict[str, Visitor], Login]:
    """A hearing whose clerk came in when acts were already confirmed."""
    people = await world.hearing()
    world.house.accounts.profile = PROFILES[profile]
    people["clerk"] = await world.come("clerk", "page-clerk-2")
    page = people["clerk"].came.page
    async with world.house.database.unit(write=False) as session:
        from auth import store

        login = await store.find_login(session, id=page.login)
    assert login is not None
    return people, login


async def test_an_act_is_done_once_it_is_confirmed(world: World) -> None:
    people, login = await in_hearing(world, "small")
    clerk = people["clerk"]
    assert "close" in clerk.state["me"]["may"]  # offered: the answer asks for the confirmation
    params = await act(clerk, m.Close())
    assert params["act"] == "live.close"
    assert params["object"] == world.sitting.id
    phase = (await world.stored()).phase
    await clerk.ok(m.Close(authorisation=await token(world, login, params, PASSWORD)))
    assert (await world.stored()).phase != phase


@pytest.mark.parametrize("other", ["another command", "a guess", "of another session"])
async def test_a_confirmation_of_something_else_does_nothing(world: World, other: str) -> None:
    people, login = await in_hearing(world, "small")
    clerk = people["clerk"]
    await clerk.ok(m.OnRecord())
    params = await act(clerk, m.OffRecord(reason="one"))
    given = await token(world, login, params, PASSWORD)
    phase = (await world.stored()).phase
    match other:
        case "another command":
            wrong: m.Incoming = m.OffRecord(reason="two", authorisation=given)
        case "a guess":
            wrong = m.OffRecord(reason="one", authorisation="x" * 43)
        case _:
            elsewhere = await world.login("clerk")
            theirs = await token(world, elsewhere, params, PASSWORD)
            wrong = m.OffRecord(reason="one", authorisation=theirs)
    assert await clerk.refused(wrong) == "confirmation.refused"
    assert (await world.stored()).phase == phase
    await clerk.ok(m.OffRecord(reason="one", authorisation=given))


async def test_a_password_is_not_enough_in_a_court_and_a_passkey_is(world: World) -> None:
    people, login = await in_hearing(world, "court")
    clerk, stepup = people["clerk"], world.house.accounts.stepup
    params = await act(clerk, m.Close())
    weak = await token(world, login, params, PASSWORD)
    assert await clerk.refused(m.Close(authorisation=weak)) == "policy.confirmation_needed"
    device = Authenticator()
    await add(world.house, login, device)
    question = await stepup.begin(login, **params)
    answer = device.get(question.options or {})
    found = await stepup.finish(login, question.id, "passkey", answer, address="")
    await clerk.ok(m.Close(authorisation=found.token))


async def test_a_refused_command_does_not_use_the_confirmation_up(world: World) -> None:
    people, login = await in_hearing(world, "small")
    clerk = people["clerk"]
    params = {"act": "live.off_record", "object": world.sitting.id}
    command = m.OffRecord(reason="tea")
    params["digest"] = command.digest()
    given = await token(world, login, params, PASSWORD)
    confirmed = m.OffRecord(reason="tea", authorisation=given)
    assert await clerk.refused(confirmed) == "sitting.wrong_phase"
    await clerk.ok(m.OnRecord())
    await clerk.ok(confirmed)
    await clerk.ok(m.OnRecord())
    assert await clerk.refused(confirmed) == "confirmation.refused"


async def test_all_is_confirmed_as_the_list_that_it_is(world: World) -> None:
    """Who comes to the door after the question was asked was confirmed by nobody."""
    people, login = await in_hearing(world, "small")
    clerk = people["clerk"]
    victim = await world.come("victim")
    await clerk.ok(
        m.IdentityCheck(seat="victim", result="verified", document="passport", last4="1234")
    )
    params = await act(clerk, m.Admit(seats="all"))
    assert params.pop("seats") == "victim"
    assert params["digest"] == m.Admit(seats=["victim"]).digest()
    given = await token(world, login, params, PASSWORD)
    await world.come("interpreter")
    await clerk.ok(
        m.IdentityCheck(seat="interpreter", result="verified", document="passport", last4="1234")
    )
    both = m.Admit(seats="all", authorisation=given)
    assert await clerk.refused(both) == "confirmation.refused"
    await clerk.ok(m.Admit(seats=["victim"], authorisation=given))
    room = world.live._rooms[world.sitting.id].room
    assert room.at("victim").place.value == "hearing"
    assert room.at("interpreter").place.value == "lobby"
    assert victim.state["me"]["place"] == "hearing"


async def test_the_confirmation_and_the_act_are_one_unit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the act cannot be stored its confirmation is still good."""
    people, login = await in_hearing(world, "small")
    clerk = people["clerk"]
    params = await act(clerk, m.Close())
    given = await token(world, login, params, PASSWORD)

    async def full(*_: object) -> None:
        raise OSError("no space left on the device")

    with monkeypatch.context() as broken:
        broken.setattr("signaling.writing.store.save", full)
        assert await clerk.refused(m.Close(authorisation=given)) == "server.failed"
    await clerk.ok(m.Close(authorisation=given))


async def test_who_may_not_is_not_asked_to_confirm(world: World) -> None:
    people, _ = await in_hearing(world, "small")
    lawyer = await world.come("counsel", "page-counsel-2")
    answer = await lawyer.do(m.Close())
    assert (answer["code"], answer["action"]) == ("policy.not_host", "live.close")  # for /why
    assert people["judge"].state["me"]["host"]


def test_the_digest_is_of_all_but_token_and_number() -> None:
    plain = m.Admit(seats=["a", "b"])
    assert plain.digest() == m.Admit(seats=["a", "b"], id="7", authorisation="x").digest()
    others = [m.Admit(seats=["b", "a"]), m.Admit(seats="all"), m.Close(), m.OffRecord(reason="a")]
    assert len({plain.digest(), *(one.digest() for one in others)}) == 5
