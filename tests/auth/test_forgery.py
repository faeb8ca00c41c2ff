"""Forged requests: no unsafe request without the token of this browser's own page."""

import pytest
from quart import Quart

from auth import csrf
from auth.demo import PASSWORD
from tests.auth.house import Browser, House


@pytest.fixture
def app(lite: House) -> Quart:
    app = lite.app()

    @app.route("/api/echo", methods=["POST", "PUT", "PATCH", "DELETE", "GET"])
    async def echo() -> dict[str, bool]:
        return {"done": True}

    return app


@pytest.fixture
async def clerk(app: Quart) -> Browser:
    browser = Browser(app)
    await browser.sign_in("clerk")
    await browser.sees("/en/account")
    return browser


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_every_unsafe_method_needs_the_token(clerk: Browser, method: str) -> None:
    answer = await clerk.client.open("/api/echo", method=method, json=None)
    assert answer.status_code == 403
    assert (await answer.get_json())["code"] == "csrf.token"
    header = {csrf.HEADER: clerk.token}
    assert (
        await clerk.client.open("/api/echo", method=method, headers=header, json=None)
    ).status_code == 200


async def test_reading_needs_none(clerk: Browser) -> None:
    assert (await clerk.client.get("/api/echo")).status_code == 200


async def test_json_needs_the_header_and_no_field_helps(clerk: Browser) -> None:
    body = {csrf.FIELD: clerk.token}
    answer = await clerk.client.post("/api/echo", json=body)
    assert answer.status_code == 403
    answer = await clerk.client.post("/api/echo", json=body, headers={csrf.HEADER: clerk.token})
    assert answer.status_code == 200


@pytest.mark.parametrize("token", ["", "x", "é", "0" * 64, "\u202e" * 64])
async def test_a_wrong_token_changes_nothing(clerk: Browser, token: str) -> None:
    clerk.token = token
    assert (await clerk.post("/en/account/sign-out-everywhere")).status_code == 403
    assert "My account" in await clerk.sees("/en/account")


async def test_the_token_of_another_session_does_not_fit(app: Quart, clerk: Browser) -> None:
    judge = Browser(app)
    await judge.sign_in("judge")
    await judge.sees("/en/account")
    assert judge.token != clerk.token
    clerk.token = judge.token
    assert (await clerk.post("/en/logout")).status_code == 403


async def test_the_visitors_token_ends_with_signing_in(app: Quart) -> None:
    browser = Browser(app)
    await browser.get("/en/login")
    before = browser.token
    await browser.sign_in("clerk")
    browser.token = before
    assert (await browser.post("/en/logout")).status_code == 403
    await browser.sees("/en/account")
    assert (await browser.post("/en/logout")).status_code == 303


async def test_signing_in_itself_cannot_be_forged(app: Quart) -> None:
    """A foreign page must not sign its visitor in as somebody else."""
    browser = Browser(app)
    form = {"username": "clerk", "password": PASSWORD}
    assert (await browser.post("/en/login", form)).status_code == 403
    await browser.get("/en/login")
    stranger = Browser(app)
    stranger.token = browser.token
    assert (await stranger.post("/en/login", form)).status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost", 200),
        ("http://localhost:8000", 200),
        ("https://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("http://evil.example/localhost", 403),
        ("null", 403),
        ("http://localhost@evil.example", 403),
    ],
)
async def test_the_origin_is_ours_when_it_is_said(clerk: Browser, origin: str, status: int) -> None:
    headers = {csrf.HEADER: clerk.token, "Origin": origin}
    assert (await clerk.client.post("/api/echo", headers=headers)).status_code == status


async def test_cookies_are_closed_to_scripts_and_other_sites(lite: House) -> None:
    browser = Browser(lite.app())
    answer = await browser.get("/en/login")
    cookies = [answer.headers["Set-Cookie"]]
    answer = await browser.post("/en/login", {"username": "clerk", "password": PASSWORD})
    cookies += [one for one in answer.headers.getlist("Set-Cookie") if "mahdar_session" in one]
    assert len(cookies) == 2
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Path=/" in cookie
        assert "Secure" not in cookie  # http://localhost; over https see the next test


async def test_cookies_are_secure_over_https(lite: House) -> None:
    from dataclasses import replace

    lite.settings = replace(lite.settings, base_url="https://court.example")
    browser = Browser(lite.app())
    answer = await browser.get("/en/login", scheme="https")
    assert "Secure" in answer.headers["Set-Cookie"]


async def test_a_session_that_is_not_alive_is_a_strangers(lite: House) -> None:
    browser = Browser(lite.app())
    await browser.sign_in("clerk")
    lite.clock.advance(13 * 3600)
    assert (await browser.get("/en/sittings")).status_code == 303
    answer = await browser.get("/api/nothing", headers={"Accept": "application/json"})
    assert answer.status_code == 404


async def test_garbage_in_the_cookies_is_a_stranger(lite: House) -> None:
    browser = Browser(lite.app())
    for value in ("", "x" * 3000, "a b", "%00"):
        browser.client.set_cookie("localhost", "mahdar_session", value)
        browser.client.set_cookie("localhost", "mahdar_visitor", value)
        assert (await browser.get("/en/sittings")).status_code == 303
        assert (await browser.get("/en/login")).status_code == 200


async def test_the_people_page(lite: House) -> None:
    browser = Browser(lite.app())
    await browser.sign_in("admin")
    await browser.sees("/ar/admin/people")
    form = {
        "username": "newclerk",
        "password": "a long password",
        "role": "clerk",
        "name_ar": "كاتب",
        "name_en": "New Clerk",
        "language": "ar",
    }
    answer = await browser.post("/en/admin/people", {**form, "password": "short"})
    assert answer.status_code == 400
    text = await answer.get_data(as_text=True)
    assert "at least 12 characters" in text
    assert "New Clerk" in text
    assert 'value="short"' not in text
    assert (await browser.post("/en/admin/people", form)).status_code == 303
    assert "New Clerk" in await browser.sees("/en/admin/people")
    clerk = lite.people["clerk"].id
    answer = await browser.post(f"/en/admin/people/{clerk}/active", {"active": "0"})
    assert answer.status_code == 303
    other = Browser(lite.app())
    await other.get("/en/login")
    answer = await other.post("/en/login", {"username": "clerk", "password": PASSWORD})
    assert answer.status_code == 401
    assert "not right" in await answer.get_data(as_text=True)


async def test_the_account_page(lite: House) -> None:
    browser = Browser(lite.app())
    await browser.sign_in("lawyer")
    await browser.sees("/en/account")
    answer = await browser.post("/en/account/language", {"language": "fr"})
    assert answer.status_code == 400
    answer = await browser.post("/en/account/language", {"language": "en"})
    assert answer.headers["Location"] == "/en/account"
    wrong = {"old_password": PASSWORD, "new_password": "short"}
    answer = await browser.post("/en/account/password", wrong)
    assert answer.status_code == 400
    assert "at least 12 characters" in await answer.get_data(as_text=True)
    right = {"old_password": PASSWORD, "new_password": "a much longer one"}
    answer = await browser.post("/en/account/password", right)
    assert answer.status_code == 303
    assert "signed out everywhere else" in await browser.sees("/en/account")
