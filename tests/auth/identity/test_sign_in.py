"""Signing in by a digital identity, over the pages: there, back, and who one then is."""

import pytest

from auth.identity.client import REFRESH_EVERY
from auth.person import OPERATOR
from errors import Refusal
from tests.auth.house import Browser
from tests.auth.identity.conftest import NUMBER, Build, World, query_of
from tests.auth.identity.fake import UAE_HIGH

UAE_LOW = UAE_HIGH.replace("high", "low")


async def signed_in_as(browser: Browser) -> str:
    """The name on one's own account's page."""
    answer = await browser.get("/en/account")
    return (await answer.get_data(as_text=True)) if answer.status_code == 200 else ""


async def test_the_request_asks_for_everything_that_protects_it(world: World) -> None:
    asked = query_of(await world.start(world.browser(), language="ar"))
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://localhost:8000/identity/idp/callback"
    assert asked["acr_values"] == "urn:mahdar:acr:low"
    assert asked["max_age"] == "43200"
    assert asked["ui_locales"] == "ar"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    again = query_of(await world.start(world.browser()))
    assert not {asked["state"], asked["nonce"]} & {again["state"], again["nonce"]}


async def test_a_linked_identity_signs_in_and_goes_where_it_wanted(linked: World) -> None:
    browser = linked.browser()
    answer = await linked.sign_in(browser, next="/en/account?from=mail")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/en/account?from=mail"
    assert "Khalid Rashid Al Kaabi" in await signed_in_as(browser)


async def test_sign_in_adds_one_request_of_ours_and_no_more(linked: World) -> None:
    """Speed: with what we remember (discovery, keys) only the code is exchanged."""
    await linked.sign_in(linked.browser())
    assert linked.idp.asked == ["/token"]


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "evil"],
)
async def test_nobody_is_sent_to_another_site(linked: World, target: str) -> None:
    answer = await linked.sign_in(linked.browser(), next=target)
    assert answer.headers["Location"] == "/en/sittings"


async def test_an_unknown_identity_gets_a_page_and_no_account(world: World) -> None:
    browser = world.browser()
    before = await world.rows()
    answer = await world.sign_in(browser)
    assert answer.status_code == 403
    page = await answer.get_data(as_text=True)
    [waiting] = (await world.linking.overview(OPERATOR)).waiting
    assert waiting.code in page
    assert "identity.no_account" in page
    assert await signed_in_as(browser) == ""
    await world.sign_in(browser)  # again: the same reference, not another row
    assert [one.code for one in (await world.linking.overview(OPERATOR)).waiting] == [waiting.code]
    after = await world.rows()
    assert {**after, "waiting_identities": []} == before


async def test_linking_is_an_act_in_the_log_and_needs_the_reference(world: World) -> None:
    await world.sign_in(world.browser())
    admin = world.browser()
    await admin.sign_in("admin")
    [waiting] = (await world.linking.overview(OPERATOR)).waiting
    page = await admin.sees("/en/admin/identities")
    assert waiting.code not in page  # the person has to read it out
    account = world.house.people["judge"].id
    path = f"/en/admin/identities/{waiting.id}/link"
    wrong = await admin.post(path, {"account": account, "code": "AAAAAAAA"})
    assert wrong.status_code == 400
    right = await admin.post(path, {"account": account, "code": waiting.code.lower()})
    assert right.status_code == 303
    [leaf] = await world.leaves("identity.linked")
    assert account in leaf
    assert "person-1" not in leaf
    browser = world.browser()
    assert (await world.sign_in(browser)).status_code == 303


async def test_only_an_administrator_links(world: World) -> None:
    await world.sign_in(world.browser())
    [waiting] = (await world.linking.overview(OPERATOR)).waiting
    before = await world.rows()
    for username in ("judge", "clerk", "lawyer", "officer"):
        browser = world.browser()
        await browser.sign_in(username)
        await browser.sees("/en/account")
        before = await world.rows()
        form = {"account": world.house.people[username].id, "code": waiting.code}
        answer = await browser.post(f"/en/admin/identities/{waiting.id}/link", form)
        assert answer.status_code == 403
        assert (await browser.get("/en/admin/identities")).status_code == 403
        number = {"person": world.house.people[username].id, "number": NUMBER}
        assert (await browser.post("/en/admin/identities/number", number)).status_code == 403
        assert await world.rows() == before


async def test_a_number_that_was_given_links_by_itself(worlds: Build) -> None:
    world = await worlds("uae_pass")
    world.idp.acr = UAE_HIGH
    world.idp.person = {
        "userType": "SOP3",
        "idn": "784180012345678",
        "fullnameEN": "KHALID,RASHID,,AL KAABI",
        "fullnameAR": "خالد,راشد,الكعبي,",
    }
    await world.linking.give_number(OPERATOR, world.house.people["judge"].id, NUMBER)
    browser = world.browser()
    assert (await world.sign_in(browser)).status_code == 303
    assert world.idp.asked == ["/token", "/jwks", "/me"]
    assert "KHALID RASHID AL KAABI" in await signed_in_as(browser)
    assert "خالد راشد الكعبي" in await browser.sees("/ar/account")
    assert "Confirmed by a digital identity" in await signed_in_as(browser)
    [leaf] = await world.leaves("identity.linked")
    assert '"by":"number"' in leaf
    assert "784180012345678" not in str(await world.rows())


async def test_a_name_or_mail_links_nothing(world: World) -> None:
    world.idp.person = {
        "name": "Khalid Rashid Al Kaabi",
        "name#ar": "خالد راشد الكعبي",
        "preferred_username": "judge",
        "email": "judge",
        "email_verified": True,
    }
    assert (await world.sign_in(world.browser())).status_code == 403
    assert await world.leaves("identity.linked") == []


async def test_an_unproved_number_links_nothing(worlds: Build) -> None:
    """SOP1 has typed what it says about itself."""
    world = await worlds("uae_pass")
    world.idp.acr = UAE_HIGH
    world.idp.person = {"userType": "SOP1", "idn": "784180012345678", "fullnameEN": "A,B"}
    await world.linking.give_number(OPERATOR, world.house.people["judge"].id, NUMBER)
    assert (await world.sign_in(world.browser())).status_code == 403


async def test_a_typed_name_is_not_shown_as_confirmed(world: World) -> None:
    browser = world.browser()
    await browser.sign_in("judge")
    page = await browser.sees("/en/account")
    assert "As typed" in page
    assert "Confirmed by a digital identity" not in page


async def test_two_accounts_that_claim_one_identity_are_both_refused(worlds: Build) -> None:
    world = await worlds("uae_pass")
    world.idp.acr = UAE_HIGH
    world.idp.person = {"userType": "SOP3"}
    await world.link("judge")
    clerk, judge = (world.house.people[name].id for name in ("clerk", "judge"))
    await world.linking.give_number(OPERATOR, clerk, NUMBER)
    world.idp.person["idn"] = "784180012345678"  # linked to one account, number of another
    before = await world.rows()
    browser = world.browser()
    answer = await world.sign_in(browser)
    assert answer.status_code == 403
    assert "identity.conflict" in await answer.get_data(as_text=True)
    [leaf] = await world.leaves("identity.conflict")
    assert clerk in leaf
    assert judge in leaf
    after = await world.rows()
    del before["audit_leaves"], after["audit_leaves"]
    assert after == before
    assert await signed_in_as(browser) == ""


async def test_one_number_is_not_given_to_two_accounts(world: World) -> None:
    clerk, judge = (world.house.people[name].id for name in ("clerk", "judge"))
    await world.linking.give_number(OPERATOR, judge, NUMBER)
    with pytest.raises(Refusal, match=r"identity\.conflict"):
        await world.linking.give_number(OPERATOR, clerk, NUMBER)
    [leaf] = await world.leaves("identity.conflict")
    assert clerk in leaf
    assert judge in leaf
    with pytest.raises(Refusal, match=r"identity\.number"):
        await world.linking.give_number(OPERATOR, clerk, "784-1800-1234567")


async def test_a_second_identity_does_not_take_a_linked_account(worlds: Build) -> None:
    world = await worlds("uae_pass")
    world.idp.acr = UAE_HIGH
    world.idp.person = {"userType": "SOP3"}
    await world.link("judge")
    await world.linking.give_number(OPERATOR, world.house.people["judge"].id, NUMBER)
    world.idp.subject, world.idp.person["idn"] = "person-2", "784180012345678"
    assert (await world.sign_in(world.browser())).status_code == 403
    assert len(await world.leaves("identity.conflict")) == 1


async def test_a_shut_account_stays_shut(linked: World) -> None:
    admin, judge = linked.house.people["admin"], linked.house.people["judge"]
    await linked.house.accounts.set_active(admin, judge.id, False)
    answer = await linked.sign_in(linked.browser())
    assert answer.status_code == 403
    assert "identity.account_shut" in await answer.get_data(as_text=True)


async def test_a_shut_account_is_neither_linked_nor_renamed(worlds: Build) -> None:
    world = await worlds("uae_pass")
    world.idp.acr = UAE_HIGH
    admin, judge = world.house.people["admin"], world.house.people["judge"]
    await world.linking.give_number(OPERATOR, judge.id, NUMBER)
    await world.house.accounts.set_active(admin, judge.id, False)
    before = await world.rows()
    world.idp.person = {"userType": "SOP3", "idn": "784180012345678", "fullnameEN": "Other Name"}
    assert (await world.sign_in(world.browser())).status_code == 403
    assert await world.rows() == before


async def test_unlinking_ends_the_sessions(linked: World) -> None:
    browser = linked.browser()
    await linked.sign_in(browser)
    [identity] = (await linked.linking.overview(OPERATOR)).linked
    await linked.linking.unlink(OPERATOR, identity.id)
    assert await signed_in_as(browser) == ""
    assert (await linked.sign_in(browser)).status_code == 403


async def test_new_keys_in_the_middle_of_a_flow_are_asked_for(linked: World) -> None:
    from tests.auth.identity.fake import OTHER_KEY, jwk

    browser = linked.browser()
    back = linked.idp.visit(await linked.start(browser))
    linked.idp.keys, linked.idp.key, linked.idp.kid = [jwk(OTHER_KEY, "k2")], OTHER_KEY, "k2"
    linked.house.clock.advance(REFRESH_EVERY.total_seconds())
    assert (await linked.back(browser, back)).status_code == 303
    assert linked.idp.asked == ["/token", "/jwks"]


async def test_forged_key_ids_do_not_make_us_ask_and_ask(linked: World) -> None:
    linked.house.clock.advance(REFRESH_EVERY.total_seconds())
    linked.idp.header = lambda header: {**header, "kid": "unknown"}
    for _ in range(5):
        assert (await linked.sign_in(linked.browser())).status_code == 401
    assert linked.idp.asked.count("/jwks") == 1
