"""Passkeys: registration, sign-in and step-up with a software authenticator, and every lie."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.assurance import PROFILES, Level, Method
from auth.methods import passkey
from auth.methods.passkey import RelyingParty
from auth.policy import AssuranceNeeded
from auth.session import Browser, Login
from errors import BadInput, NotFound, Refusal
from tests.auth.authenticator import Authenticator, b64
from tests.auth.house import Browser as Page
from tests.auth.house import House

HERE = Browser("192.0.2.1", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140 Safari/537.36")


async def add(house: House, login: Login, device: Authenticator, name: str = "Key") -> str:
    question = await house.accounts.passkeys.begin_adding(login)
    answer = device.create(question.options)
    return (await house.accounts.passkeys.finish_adding(login, question.id, answer, name)).id


async def refused(coroutine: Any) -> str:
    with pytest.raises(Refusal) as caught:
        await coroutine
    return caught.value.code


async def test_register_and_sign_in(house: House) -> None:
    judge = (await house.sign_in("judge")).login
    device = Authenticator()
    await add(house, judge, device, "  My\u0000 telephone ")
    house.accounts.profile = PROFILES["court"]
    question = await house.accounts.passkeys.begin("sign_in")
    assert question.options["allowCredentials"] == []  # whoever is there: discoverable
    signed_in = await house.accounts.sign_in_by_passkey(
        question.id, device.get(question.options), HERE
    )
    assert signed_in.login.person == judge.person
    assert signed_in.login.method is Method.PASSKEY
    assert signed_in.login.person.assurance.level is Level.HIGH
    (key,) = await house.accounts.passkeys.of(judge.person)
    assert (key.name, key.used_at) == ("My telephone", house.clock())


async def test_several_keys_are_named_and_removed(house: House) -> None:
    judge = (await house.sign_in("judge")).login
    first, second = Authenticator(), Authenticator()
    one, two = await add(house, judge, first, "One"), await add(house, judge, second, "Two")
    question = await house.accounts.passkeys.begin_adding(judge)
    known = {item["id"] for item in question.options["excludeCredentials"]}
    assert known == {b64(first.credential), b64(second.credential)}
    clerk = (await house.sign_in("clerk")).login
    with pytest.raises(NotFound):
        await house.accounts.passkeys.remove(clerk.person, one)
    await house.accounts.passkeys.remove(judge.person, one)
    asked = await house.accounts.passkeys.begin("sign_in")
    answer = first.get(asked.options)
    code = await refused(house.accounts.sign_in_by_passkey(asked.id, answer, HERE))
    assert code == "passkey.refused"
    assert [key.id for key in await house.accounts.passkeys.of(judge.person)] == [two]


@pytest.mark.parametrize(
    "lie",
    [
        {"verifies": False},
        {"origin": "http://elsewhere.example"},
        {"origin": "http://localhost:8001"},
        {"rp_id": "elsewhere.example"},
        {"counter": 4},
        {"cross_origin": True},
        {"key": Authenticator().key},
        {"credential": b"another credential that is not known"},
    ],
    ids=lambda lie: next(iter(lie)),
)
async def test_an_assertion_that_does_not_hold(lite: House, lie: dict[str, Any]) -> None:
    judge = (await lite.sign_in("judge")).login
    device = Authenticator(counter=7)
    await add(lite, judge, device)
    question = await lite.accounts.passkeys.begin("sign_in")
    liar = replace(device, **lie)
    answer = liar.get(question.options)
    code = await refused(lite.accounts.sign_in_by_passkey(question.id, answer, HERE))
    assert code == "passkey.refused"
    again = await lite.accounts.passkeys.begin("sign_in")
    assert await lite.accounts.sign_in_by_passkey(again.id, device.get(again.options), HERE)


async def test_a_question_is_answered_once_in_time_and_by_whom_it_was_for(house: House) -> None:
    judge, clerk = (await house.sign_in("judge")).login, (await house.sign_in("clerk")).login
    device, theirs = Authenticator(), Authenticator()
    await add(house, judge, device)
    await add(house, clerk, theirs)
    accounts = house.accounts

    asked = await accounts.passkeys.begin("sign_in")
    answer = device.get(asked.options)
    await accounts.sign_in_by_passkey(asked.id, answer, HERE)
    assert await refused(accounts.sign_in_by_passkey(asked.id, answer, HERE)) == "passkey.too_late"

    asked = await accounts.passkeys.begin("sign_in")
    other = await accounts.passkeys.begin("sign_in")
    answer = device.get(other.options)
    assert await refused(accounts.sign_in_by_passkey(asked.id, answer, HERE)) == "passkey.refused"

    late = await accounts.passkeys.begin("sign_in")
    answer = device.get(late.options)
    house.clock.advance(121)
    assert await refused(accounts.sign_in_by_passkey(late.id, answer, HERE)) == "passkey.too_late"

    asked = await accounts.passkeys.begin("step_up", judge)
    answer = theirs.get(asked.options)
    code = await refused(accounts.step_up_by_passkey(clerk, asked.id, answer))
    assert code == "passkey.too_late"  # somebody else's question
    asked = await accounts.passkeys.begin("step_up", judge)
    code = await refused(accounts.step_up_by_passkey(judge, asked.id, theirs.get(asked.options)))
    assert code == "passkey.refused"  # somebody else's key
    asked = await accounts.passkeys.begin("step_up", judge)
    code = await refused(accounts.sign_in_by_passkey(asked.id, device.get(asked.options), HERE))
    assert code == "passkey.too_late"  # a question for something else


async def test_a_shut_account_has_no_key(house: House) -> None:
    judge = (await house.sign_in("judge")).login
    device = Authenticator()
    await add(house, judge, device)
    await house.accounts.set_active(house.people["admin"], judge.person.id, False)
    asked = await house.accounts.passkeys.begin("sign_in")
    code = await refused(
        house.accounts.sign_in_by_passkey(asked.id, device.get(asked.options), HERE)
    )
    assert code == "passkey.refused"


async def test_a_key_belongs_to_one_account_and_has_a_name(house: House) -> None:
    judge, clerk = (await house.sign_in("judge")).login, (await house.sign_in("clerk")).login
    device = Authenticator()
    await add(house, judge, device)
    assert await refused(add(house, clerk, device)) == "passkey.known"
    with pytest.raises(BadInput):
        await add(house, judge, Authenticator(), " \u0000 ")
    assert await refused(add(house, judge, Authenticator(verifies=False))) == "passkey.refused"


PARTY = RelyingParty.of("http://localhost:8000")
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(JUNK, JUNK, st.text(max_size=30))
def test_nonsense_is_refused_and_nothing_else(response: Any, extra: Any, id: str) -> None:
    key = passkey.Passkey("k", "a", b"x", b"y", 0, "n", None)  # type: ignore[arg-type]
    shapes: tuple[dict[str, Any], ...] = (
        {"id": id, "rawId": id, "response": response, "type": "public-key"},
        {"id": id, "response": {"clientDataJSON": extra, "authenticatorData": extra}},
        {"x": extra},
    )
    for answer in shapes:
        with pytest.raises(Refusal) as caught:
            passkey.register(PARTY, b"challenge", answer)
        assert caught.value.code == "passkey.refused"
        with pytest.raises(Refusal):
            passkey.check(PARTY, b"challenge", answer, key)


# --- over HTTP -----------------------------------------------------------------------------------


async def send(page: Page, path: str, body: dict[str, Any]) -> Any:
    response = await page.client.post(path, json=body, headers={"X-CSRF-Token": page.token})
    return response.status_code, await response.get_json()


async def test_add_a_key_and_sign_in_with_it_over_http(lite: House) -> None:
    app, device = lite.app(), Authenticator()
    page = Page(app)
    await page.sign_in("judge")
    assert "Create the passkey" in await page.sees("/en/account/passkeys/new")
    status, question = await send(page, "/api/passkeys", {})
    assert status == 200
    made = {"answer": device.create(question["publicKey"]), "name": "Mine"}
    status, done = await send(page, f"/api/passkeys/{question['id']}", made)
    assert (status, done["next"]) == (200, "/en/account")
    assert "Mine" in await page.sees("/en/account")

    other = Page(app)
    await other.get("/en/login")
    status, question = await send(other, "/api/passkeys/sign-in", {})
    answer = {"answer": device.get(question["publicKey"]), "next": "//elsewhere.example/"}
    status, done = await send(other, f"/api/passkeys/sign-in/{question['id']}", answer)
    assert (status, done["next"]) == (200, "/en/sittings")
    assert "Passkey" in await other.sees("/en/account")
    status, done = await send(other, f"/api/passkeys/sign-in/{question['id']}", answer)
    assert status == 403


async def test_a_weak_session_adds_no_key_beside_a_strong_one(lite: House) -> None:
    lite.accounts.profile = PROFILES["court"]
    page, device = Page(lite.app()), Authenticator()
    await page.sign_in("judge")
    await page.get("/en/account")
    status, question = await send(page, "/api/passkeys", {})  # the first: the password is enough
    made = {"answer": device.create(question["publicKey"]), "name": "Mine"}
    await send(page, f"/api/passkeys/{question['id']}", made)
    await page.get("/en/account")
    status, refusal = await send(page, "/api/passkeys", {})
    assert (status, refusal["code"]) == (403, "policy.assurance_needed")
    opened = await page.get("/en/account/passkeys/new")
    assert opened.headers["Location"] == "/en/step-up?level=high"
    assert "Use your passkey" in await page.sees("/en/step-up?level=high")
    status, question = await send(page, "/api/passkeys/step-up", {})
    answer = {"answer": device.get(question["publicKey"])}
    status, done = await send(page, f"/api/passkeys/step-up/{question['id']}", answer)
    assert done["next"] == "/en/account/passkeys/new"
    assert "Create the passkey" in await page.sees(done["next"])
    lite.clock.advance(16 * 60)
    assert (await page.get("/en/account/passkeys/new")).status_code == 303  # that was long ago


async def test_a_weak_digital_identity_adds_no_key_beside_a_strong_one(lite: House) -> None:
    """Else a session of level low would make itself one of level high."""
    lite.accounts.profile = PROFILES["court"]
    judge = (await lite.sign_in("judge")).login

    async def by_provider() -> Login:
        async with lite.database.unit() as session:
            made = await lite.accounts.start_session(
                session, judge.person, method=Method.PROVIDER, proved=Level.LOW
            )
        return made.login

    await lite.accounts.require_methods(await by_provider())  # there is nothing else to ask for
    await add(lite, judge, Authenticator(counter=1))
    with pytest.raises(AssuranceNeeded):
        await lite.accounts.require_methods(await by_provider())
