"""Signing out here and at the provider, and being signed out by the provider."""

from typing import Any

import pytest

from tests.auth.house import Browser
from tests.auth.identity.conftest import World, query_of
from tests.auth.identity.fake import CLIENT, ISSUER, OTHER_KEY, signed

OUT = "/identity/idp/backchannel-logout"


async def alive(browser: Browser) -> bool:
    return bool((await browser.get("/en/account")).status_code == 200)


async def signed_in(world: World) -> Browser:
    browser = world.browser()
    assert (await world.sign_in(browser)).status_code == 303
    assert await alive(browser)
    return browser


async def tell(world: World, token: str) -> Any:
    """The provider's server calls: no cookie, no form token."""
    return await world.app.test_client().post(OUT, form={"logout_token": token})


@pytest.mark.parametrize("path", ["/en/logout", "/en/account/sign-out-everywhere"])
async def test_signing_out_leads_to_the_provider(linked: World, path: str) -> None:
    browser, other = await signed_in(linked), await signed_in(linked)
    answer = await browser.post(path)
    page = await answer.get_data(as_text=True)
    assert answer.status_code == 200
    address = page.split('content="0; url=')[1].split('"')[0].replace("&amp;", "&")
    assert address.startswith(f"{ISSUER}/out?")
    asked = query_of(address)
    assert asked["id_token_hint"].count(".") == 2
    assert asked["client_id"] == CLIENT
    assert asked["post_logout_redirect_uri"] == "http://localhost:8000/identity/signed-out"
    assert "Khalid" not in page  # already a stranger's page
    assert not await alive(browser)
    assert await alive(other) is (path == "/en/logout")


async def test_whoever_signed_in_by_password_is_not_sent_away(linked: World) -> None:
    browser = linked.browser()
    await browser.sign_in("judge")
    await browser.sees("/en/account")
    answer = await browser.post("/en/logout")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/en/login"


async def test_a_provider_that_is_down_does_not_keep_anybody_in(linked: World) -> None:
    browser = await signed_in(linked)
    linked.house.clock.advance(3600)
    linked.idp.discovery = lambda _: {}
    assert (await browser.post("/en/logout")).status_code == 303
    assert not await alive(browser)


async def test_the_provider_ends_the_sessions_of_a_person(linked: World) -> None:
    by_provider = [await signed_in(linked), await signed_in(linked)]
    by_password = linked.browser()
    await by_password.sign_in("judge")
    told: list[tuple[str, str]] = []
    linked.house.database.listeners.append(lambda topic, id: told.append((topic, id)))
    before = len(await linked.leaves("account.sessions_ended"))
    answer = await tell(linked, linked.idp.logout_token())
    assert answer.status_code == 200
    assert [topic for topic, _ in told] == ["session", "session"]  # open pages hear of it at once
    [leaf] = (await linked.leaves("account.sessions_ended"))[before:]
    assert linked.house.people["judge"].id in leaf
    assert answer.headers["Cache-Control"] == "no-store"
    assert [await alive(browser) for browser in by_provider] == [False, False]
    assert await alive(by_password)


def without(*names: str) -> Any:
    return lambda claims: {key: value for key, value in claims.items() if key not in names}


def put(**changes: Any) -> Any:
    return lambda claims: {**claims, **changes}


LIES: dict[str, Any] = {
    "no sub and no sid": without("sub", "sid"),
    "no jti": without("jti"),
    "no events": without("events"),
    "no exp": without("exp"),
    "no aud": without("aud"),
    "no iss": without("iss"),
    "no iat": without("iat"),
    "a nonce, so an ID token": put(nonce="n"),
    "another event": put(events={"http://schemas.openid.net/event/other": {}}),
    "events as a list": put(events=["http://schemas.openid.net/event/backchannel-logout"]),
    "the event is no object": put(
        events={"http://schemas.openid.net/event/backchannel-logout": True}
    ),
    "another audience": put(aud="other"),
    "another issuer": put(iss="https://evil.example"),
    "expired": lambda claims: {**claims, "exp": claims["iat"] - 31},
    "old": lambda claims: {**claims, "iat": claims["iat"] - 601},
    "sid as a number": put(sid=1),
}


async def test_a_forged_logout_ends_nothing(linked: World) -> None:
    browser = await signed_in(linked)
    good = linked.idp.logout_token()
    head = {"alg": "ES256", "kid": "k1", "typ": "logout+jwt"}
    forged = [linked.idp.logout_token(lie) for lie in LIES.values()]
    forged += [
        linked.idp.logout_token(typ="JWT"),
        linked.idp.logout_token(alg="none"),
        linked.idp.logout_token(alg="HS256"),
        linked.idp.logout_token(crit=["exp"]),
        linked.idp.logout_token(jku="https://evil.example"),
        linked.idp.logout_token(kid="k9"),
        signed({"sub": "person-1"}, head, OTHER_KEY),
        good[:-4] + "AAAA",
        "",
        "a.b.c",
        "x" * 50_000,
    ]
    before = await linked.rows()
    for number, token in enumerate(forged):
        answer = await tell(linked, token)
        assert answer.status_code == 400, number
        body = await answer.get_json()
        assert body["error"] == "invalid_request"
        assert body["code"].startswith("identity."), number
        assert answer.headers["Cache-Control"] == "no-store"
    assert await linked.rows() == before
    assert await alive(browser)
    assert (await tell(linked, good)).status_code == 200
    assert not await alive(browser)


async def test_a_logout_token_is_good_once(linked: World) -> None:
    token = linked.idp.logout_token()
    assert (await tell(linked, token)).status_code == 200
    browser = await signed_in(linked)
    assert (await tell(linked, token)).status_code == 400
    assert await alive(browser)
