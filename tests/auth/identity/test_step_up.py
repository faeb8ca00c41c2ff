"""Proving more of oneself at the provider, and coming back to where one was."""

from dataclasses import replace
from typing import Any

import pytest

from auth.assurance import Assurance, Level, Method
from auth.person import OPERATOR, Person, Role, guest
from auth.policy import AssuranceNeeded, check_signing
from errors import Forbidden, Refusal
from tests.auth.house import Browser
from tests.auth.identity.conftest import NUMBER, Build, World, query_of
from tests.auth.identity.fake import HIGH, UAE_HIGH

LOW, MEDIUM = HIGH.replace("high", "low"), HIGH.replace("high", "medium")


@pytest.fixture
async def court(worlds: Build) -> World:
    """A court: a password is worth little. The administrator has a linked identity."""
    world = await worlds("generic", "court")
    await world.link("admin")
    return world


async def at_step_up(world: World) -> Browser:
    """An administrator with a weak session, led to the step-up from the page of accounts."""
    browser = world.browser()
    world.idp.acr = LOW
    assert (await world.sign_in(browser)).status_code == 303
    answer = await browser.get("/en/admin/people?from=here")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/en/step-up?level=medium"
    page = await browser.sees("/en/step-up?level=medium")
    assert "/en/identity/idp/start?level=medium" in page
    return browser


async def answers(world: World, browser: Browser, address: str) -> Any:
    return await world.back(browser, world.idp.visit(address))


async def test_one_proves_more_and_is_back_where_one_was(court: World) -> None:
    browser = await at_step_up(court)
    login = (await court.rows())["logins"]
    address = await court.start(browser, level="medium")
    asked = query_of(address)
    assert asked["acr_values"] == MEDIUM
    assert asked["prompt"] == "login"
    assert asked["max_age"] == "0"
    court.idp.acr = MEDIUM
    answer = await answers(court, browser, address)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/en/admin/people?from=here"
    assert (await browser.get("/en/admin/people?from=here")).status_code == 200
    assert len((await court.rows())["logins"]) == len(login)  # the same session goes on


async def refused(court: World, browser: Browser, answer: Any, code: str, status: int) -> None:
    assert answer.status_code == status
    assert code in await answer.get_data(as_text=True)
    assert (await browser.get("/en/admin/people")).status_code == 303  # as weak as before
    assert (await browser.get("/en/account")).status_code == 200  # and still signed in


async def test_the_level_is_read_in_the_token_and_not_in_the_address(court: World) -> None:
    """The person cuts `acr_values` out of the address: the provider signs in weakly."""
    browser = await at_step_up(court)
    answer = await answers(court, browser, await court.start(browser, level="medium"))
    await refused(court, browser, answer, "identity.level_not_reached", 403)


async def test_an_old_sign_in_is_no_step_up(court: World) -> None:
    """`max_age=0` and `prompt=login` cut out: the provider answers from its session."""
    browser = await at_step_up(court)
    court.idp.acr, court.idp.auth_age = HIGH, 31
    answer = await answers(court, browser, await court.start(browser, level="medium"))
    await refused(court, browser, answer, "identity.token_refused", 401)


async def test_somebody_else_cannot_step_up_for_one(court: World) -> None:
    browser = await at_step_up(court)
    await court.link("judge", "person-2")
    court.idp.acr, court.idp.subject = HIGH, "person-2"
    answer = await answers(court, browser, await court.start(browser, level="medium"))
    await refused(court, browser, answer, "identity.another_person", 403)


async def test_a_step_up_that_is_refused_links_and_renames_nobody(worlds: Build) -> None:
    """Somebody else's identity would be linked by its number, with new names: not here."""
    world = await worlds("uae_pass", "court")
    world.idp.acr, world.idp.person = UAE_HIGH, {"userType": "SOP3"}
    await world.link("admin")
    await world.linking.give_number(OPERATOR, world.house.people["judge"].id, NUMBER)
    browser = world.browser()
    assert (await world.sign_in(browser)).status_code == 303
    address = await world.start(browser, level="high")
    before = await world.rows()
    world.idp.subject = "person-2"
    world.idp.person = {"userType": "SOP3", "idn": "784180012345678", "fullnameEN": "Other Name"}
    answer = await answers(world, browser, address)
    assert answer.status_code == 403
    assert "identity.another_person" in await answer.get_data(as_text=True)
    assert await world.rows() == before


async def test_a_session_that_ends_meanwhile_is_not_stepped_up(court: World) -> None:
    """It ends while we talk to the provider: no cookie for a session that is no more."""
    accounts = court.house.accounts
    login = (await court.house.sign_in("admin")).login
    await accounts.sign_out_everywhere(login.person)
    with pytest.raises(Refusal) as caught:
        await accounts.step_up(login, Method.PASSKEY)
    assert caught.value.code == "policy.signed_out"


async def test_an_identity_without_an_account_steps_nobody_up(court: World) -> None:
    browser = await at_step_up(court)
    court.idp.acr, court.idp.subject = HIGH, "person-3"
    answer = await answers(court, browser, await court.start(browser, level="medium"))
    await refused(court, browser, answer, "identity.no_account", 403)


async def test_a_step_up_of_a_session_that_ended_signs_nobody_in(court: World) -> None:
    browser = await at_step_up(court)
    back = court.idp.visit(await court.start(browser, level="medium"))
    await browser.post("/en/logout")
    court.idp.acr = HIGH
    answer = await court.back(browser, back)
    assert answer.status_code == 401
    assert (await browser.get("/en/account")).status_code == 303


async def test_a_step_up_belongs_to_one_session(court: World) -> None:
    """Signed out and in again in the same browser: the old step-up does not raise the new one."""
    browser = await at_step_up(court)
    back = court.idp.visit(await court.start(browser, level="medium"))
    await court.sign_in(browser)
    assert (await browser.get("/en/account")).status_code == 200
    await browser.post("/en/logout")
    assert (await court.sign_in(browser)).status_code == 303
    court.idp.acr = HIGH
    answer = await court.back(browser, back)
    await refused(court, browser, answer, "identity.signed_out", 401)


@pytest.mark.parametrize("kind", ["SOP1", "SOP2"])
async def test_a_weak_identity_stays_weak_however_it_signs_in(worlds: Build, kind: str) -> None:
    world = await worlds("uae_pass", "court")
    world.idp.acr, world.idp.person = UAE_HIGH, {"userType": kind}
    await world.link("admin")
    browser = world.browser()
    assert (await world.sign_in(browser)).status_code == 303
    answer = await browser.get("/en/admin/people")
    assert answer.status_code == (303 if kind == "SOP1" else 200)
    high = await answers(world, browser, await world.start(browser, level="high"))
    assert high.status_code == 403
    admin = world.house.people["admin"]
    assert await world.identity.may_sign(admin) is (kind != "SOP1")
    strong = replace(admin, assurance=Assurance(Level.HIGH))  # by a passkey, say
    if kind == "SOP1":
        with pytest.raises(Forbidden) as caught:
            await world.identity.require_signing(strong)
        assert caught.value.code == "sign.identity_too_low"
        await world.identity.require_signing(strong, checked=True)
    else:
        await world.identity.require_signing(strong)
        weak = replace(admin, assurance=Assurance(Level.MEDIUM))
        with pytest.raises(AssuranceNeeded):
            await world.identity.require_signing(weak)


async def test_who_may_sign() -> None:
    """With a verified identity or a document that an officer compared; and at level high."""
    judge = Person("j", Role.JUDGE, "", "Judge", assurance=Assurance(Level.HIGH))
    came = guest("s1", "seat", "", "Guest", "en")
    check_signing(judge, [False, True])
    check_signing(judge, [], checked=True)
    check_signing(came, [], checked=True)
    for who, identities, code in (
        (judge, [], "sign.identity_unproved"),
        (judge, [False], "sign.identity_too_low"),
        (came, [], "sign.identity_unproved"),
        (replace(judge, active=False), [], "sign.identity_unproved"),
        (replace(judge, assurance=Assurance(Level.MEDIUM)), [True], "policy.assurance_needed"),
    ):
        with pytest.raises(Forbidden) as caught:
            check_signing(who, identities)
        assert caught.value.code == code
    with pytest.raises(Forbidden):
        check_signing(replace(came, active=False), [], checked=True)


async def test_a_guest_is_not_stepped_up(court: World) -> None:
    """Without a session of an account the same address is a plain sign-in."""
    asked = query_of(await court.start(court.browser(), level="high"))
    assert "prompt" not in asked
