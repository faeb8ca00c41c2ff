"""What keeps others out besides the policy: headers, forged requests, limits, bodies, secrets."""

import re
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from quart import Response
from quart.testing.connections import WebsocketResponseError

import settings
from auth import web_limits as limits
from auth.demo import PASSWORD
from auth.session import COOKIE, cookie_name
from pages import bodies, headers
from settings import Settings, SettingsError, load
from tests.auth import wire
from tests.auth.house import Browser, House

HTTPS = "https://court.example"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[wire.Wire]:
    async with wire.running(tmp_path) as running:
        yield running


# --- the headers, by the rules of a public checker -----------------------------------------------
# MDN HTTP Observatory, scoring methodology (mozilla/http-observatory, httpobs/docs/scoring.md, and
# its successor's referrer-policy and cross-origin-resource-policy tests): every site starts at 100;
# bonuses count only from 90 on; 100 and more is A+, 90 A, 85 A-, 80 B+, 70 B, ... The rules that
# can apply to us are written out; redirection from http to https is the proxy's, preloading of
# HSTS is a list that the operator applies to.


def csp(policy: str) -> dict[str, list[str]]:
    parts = (directive.split() for directive in policy.split(";") if directive.strip())
    return {name: values for name, *values in parts}


def score_csp(found: str | None) -> int:
    if not found:
        return -25
    policy = csp(found)
    scripts = policy.get("script-src", policy.get("default-src", ["*"]))
    styles = policy.get("style-src", policy.get("default-src", ["*"]))
    everything = [value for values in policy.values() for value in values]
    wide = {"*", "http:", "https:", "data:", "blob:"}
    if (
        "'unsafe-inline'" in scripts
        or wide & set(scripts)
        or wide & set(policy.get("object-src", []))
    ):
        return -20  # csp-implemented-with-unsafe-inline
    if any(value.startswith("http://") for value in everything):
        return -20  # csp-implemented-with-insecure-scheme
    if "'unsafe-eval'" in scripts:
        return -10
    if "'unsafe-inline'" in styles:
        return 0
    return 10 if policy.get("default-src") == ["'none'"] else 5


def score_cookies(cookies: list[str], hsts: bool) -> int:
    if not cookies:
        return 0
    score = 5  # cookies-secure-with-httponly-sessions-and-samesite
    for text in cookies:
        for cookie in SimpleCookie(text).values():
            session = "session" in cookie.key or "csrf" in cookie.key
            if session and not cookie["httponly"]:
                return -30
            if not cookie["secure"]:
                score = min(score, -10 if session and hsts else -5 if hsts else -20)
            if not cookie["samesite"]:
                score = min(score, 0)
    return score


def score_hsts(found: str | None) -> int:
    age = re.search(r"max-age=(\d+)", found or "")
    if age is None:
        return -20
    return 0 if int(age.group(1)) >= 15_768_000 else -10


def score(response: Response, body: str) -> tuple[int, dict[str, int]]:
    """Points, and what they are made of."""
    head = response.headers
    hsts = score_hsts(head.get("Strict-Transport-Security"))
    policy = csp(head.get("Content-Security-Policy", ""))
    scripts = re.findall(r"<script[^>]*\ssrc=[\"']([^\"']+)", body)
    foreign = [address for address in scripts if address.startswith(("http:", "https:", "//"))]
    referrer = head.get("Referrer-Policy", "")
    private = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}
    corp = head.get("Cross-Origin-Resource-Policy", "")
    parts = {
        "content-security-policy": score_csp(head.get("Content-Security-Policy")),
        "cookies": score_cookies(head.getlist("Set-Cookie"), hsts == 0),
        "cross-origin-resource-sharing": -50
        if head.get("Access-Control-Allow-Origin") == "*"
        else 0,
        "strict-transport-security": hsts,
        "subresource-integrity": -5 if foreign else 0,
        "x-content-type-options": 0 if head.get("X-Content-Type-Options") == "nosniff" else -5,
        "x-frame-options": 5 if "frame-ancestors" in policy else -20,
        "referrer-policy": 5 if referrer in private else -5 if referrer == "unsafe-url" else 0,
        "cross-origin-resource-policy": 10 if corp in ("same-origin", "same-site") else 0,
    }
    penalties = 100 + sum(points for points in parts.values() if points < 0)
    bonuses = sum(points for points in parts.values() if points > 0)
    return penalties + (bonuses if penalties >= 90 else 0), parts


async def test_the_pages_get_the_top_grade(sqlite_database: Any, clock: Any) -> None:
    from tests.auth.house import build

    court: House = await build(sqlite_database, clock, demo_sittings=True)
    court.settings = Settings(mode="demo", base_url=HTTPS)
    client = court.app().test_client()
    signed_in = await court.sign_in("judge")
    name = cookie_name(COOKIE, secure=True)
    for path, cookie in (("/en/login", ""), ("/en/", ""), ("/ar/sittings", signed_in.token)):
        sent = {"Host": "court.example"} | ({"Cookie": f"{name}={cookie}"} if cookie else {})
        response = await client.get(path, headers=sent)
        assert response.status_code == 200
        body = await response.get_data(as_text=True)
        points, parts = score(response, body)
        assert points >= 130, (path, points, parts)  # A+ is 100
        assert min(parts.values()) >= 0, parts
        assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=\"|\sstyle=\"|<style", body), path
    bare = Response("", headers={"Content-Type": "text/html"})
    assert score(bare, "")[0] < 50  # the rules can fail


def test_only_what_we_serve_as_static_is_a_script() -> None:
    policy = csp(headers.policy("court.example:8443", secure=True))
    assert policy["script-src"] == policy["style-src"] == ["court.example:8443/static/"]
    assert "wss://court.example:8443" in policy["connect-src"]
    hostile = csp(headers.policy("a; script-src *", secure=True))
    assert hostile["script-src"] == ["'self'"]


# --- forged requests -----------------------------------------------------------------------------


async def test_every_changing_address_asks_for_the_token_of_a_page(house: wire.Wire) -> None:
    """Over the application's own list of addresses: no token, or another browser's, is refused."""
    from auth.web_request import NO_FORMS

    browser = await house.browser("admin")
    other = await house.browser("judge")
    before = await house.dump()
    asked = 0
    for rule in house.app.url_map.iter_rules():
        changing = (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        if rule.endpoint in NO_FORMS:
            continue
        for method in sorted(changing):
            for token in ("", other.token):
                path = wire.address(house, rule.rule)
                sent = {"Accept": "application/json", "X-CSRF-Token": token}
                if path.startswith("/api/"):
                    sent["Content-Type"] = "application/json"
                request = browser.client.open
                response = await request(path, method=method, headers=sent, data=b"{}")  # type: ignore[call-arg]
                found = await response.get_json()
                assert (response.status_code, found["code"]) == (403, "csrf.token"), rule.rule
                asked += 1
    assert asked > 40
    assert await house.dump() == before


async def test_another_site_opens_no_socket(house: wire.Wire) -> None:
    browser = await house.browser("judge")
    sockets = [rule.rule for rule in house.app.url_map.iter_rules() if rule.websocket]
    assert sockets
    for path in sockets:
        for origin in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
            with pytest.raises(WebsocketResponseError) as refused:
                async with browser.client.websocket(path, headers=origin) as socket:
                    await socket.receive()
            assert refused.value.response.status_code == 403, path


# --- limits --------------------------------------------------------------------------------------


def limited(monkeypatch: pytest.MonkeyPatch, endpoint: str, counts: tuple[int, int]) -> None:
    monkeypatch.setitem(limits.LIMITS, endpoint, counts)


async def test_a_browser_that_asks_too_often_waits(
    house: wire.Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(monkeypatch, "signaling.ticket", (100, 3))
    judge, clerk = await house.browser("judge"), await house.browser("clerk")
    path = f"/api/live/{house.criminal.id}/ticket"

    async def ask(browser: Browser) -> Any:
        return await browser.client.post(path, json={}, headers={"X-CSRF-Token": browser.token})

    answers = [await ask(judge) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 20
    assert (await answers[-1].get_json())["code"] == "http.429"
    assert (await ask(clerk)).status_code == 200  # of the same address


async def test_an_address_waits_only_when_nobody_asks_like_that(
    house: wire.Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited(monkeypatch, "auth.sign_in", (5, 3))
    answers = []
    for name in ("judge", "judge", "judge", "judge", "clerk", "clerk", "lawyer"):
        browser = Browser(house.app)
        await browser.get("/en/login")
        form = {"username": name, "password": PASSWORD}
        answers.append((await browser.post("/en/login", form)).status_code)
    # three for one name; then the address as a whole, whoever it is (a refusal does not count)
    assert answers == [303, 303, 303, 429, 303, 303, 429]


async def test_a_court_behind_one_address_comes_in_together(house: wire.Wire) -> None:
    """With the limits as they are: sixty sign-ins in a minute, each of several people."""
    names = [name for name in house.people for _ in range(4)]
    for name in names:
        await Browser(house.app).sign_in(name)
    assert len(names) >= 60


def test_every_limit_is_of_an_address_that_is_there() -> None:
    for endpoint, (address, account) in limits.LIMITS.items():
        assert address >= 5 * account, f"{endpoint}: a building is many people"


async def test_limited_endpoints_exist(house: wire.Wire) -> None:
    assert set(limits.LIMITS) <= set(house.app.view_functions)


async def test_the_store_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime, timedelta

    monkeypatch.setattr(limits.ForgettingStore, "SWEEP_AT", 10)
    store = limits.ForgettingStore()
    past = datetime.now(UTC) - timedelta(seconds=1)
    for number in range(100):
        await store.set(str(number), past)
    assert len(store._tats) <= 11


# --- bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        (b"", 0),
        (b'{"a": [1, {"b": []}]}', 4),
        (b'"[[[["', 0),
        (rb'["\"[[", "]"]', 1),
        (b"]]]][", 0),
        (b"[" * 500, 500),
    ],
)
def test_depth_of_json(text: bytes, deep: int) -> None:
    assert bodies.depth(text) == deep


async def test_json_that_is_too_long_or_too_deep(house: wire.Wire) -> None:
    browser = await house.browser("judge")
    path = f"/api/live/{house.criminal.id}/ticket"
    sent = {"X-CSRF-Token": browser.token, "Content-Type": "application/json"}
    deep = await browser.client.post(path, data=b"[" * 50_000, headers=sent)
    assert (deep.status_code, (await deep.get_json())["code"]) == (400, "json.too_deep")
    long = await browser.client.post(path, data=b'"' + b"x" * 200_000 + b'"', headers=sent)
    assert long.status_code == 413
    sent["Content-Type"] = "application/x-www-form-urlencoded"
    huge = b"language=" + b"x" * 2_000_000
    form = await browser.client.post("/en/account/language", data=huge, headers=sent)
    assert form.status_code == 413


async def test_no_text_holds_a_nul(house: wire.Wire) -> None:
    """PostgreSQL cannot store one: it would be a 500 there."""
    browser = await house.browser("judge")
    sent = {"Accept": "application/json", "X-CSRF-Token": browser.token}
    form = await browser.client.post("/account/language", form={"language": "a\0"}, headers=sent)
    assert (form.status_code, (await form.get_json())["code"]) == (400, "request.nul")
    query = await browser.client.get("/login?next=%00", headers=sent)
    assert query.status_code == 400
    path = f"/api/live/{house.criminal.id}/ticket"
    sent["Content-Type"] = "application/json"
    body = await browser.client.post(path, data=rb'{"seat": "\u0000"}', headers=sent)
    assert (await body.get_json())["code"] == "request.nul"


# --- secrets -------------------------------------------------------------------------------------


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_text("correct horse\n")
    found = load({"MAHDAR_KEY_PASSPHRASE_FILE": str(file)})
    assert found.key_passphrase == "correct horse"
    assert "correct horse" not in repr(found)
    with pytest.raises(SettingsError, match="both"):
        load({"MAHDAR_KEY_PASSPHRASE_FILE": str(file), "MAHDAR_KEY_PASSPHRASE": "x"})
    with pytest.raises(SettingsError, match="cannot be read"):
        load({"MAHDAR_KEY_PASSPHRASE_FILE": str(tmp_path / "nothing")})
    with pytest.raises(SettingsError, match="not a setting"):
        load({"MAHDAR_MODE": "demo", "MAHDAR_HOST_FILE": str(file)})


def test_every_secret_is_kept_out_of_print() -> None:
    """`repr=False` is what makes a setting a secret: it is not printed, and may be a file."""
    from dataclasses import fields

    for item in fields(settings.Settings):
        secret = re.search(r"secret|passphrase|password|pin$|token", item.name)
        assert not (secret and item.repr), f"{item.name}: say field(repr=False)"


def test_no_secret_stands_in_the_tree() -> None:
    """Keys and passwords come from the environment or files, never from code."""
    root = settings.ROOT
    told = re.compile(r"-----BEGIN (?:EC |RSA |ENCRYPTED )?PRIVATE KEY-----\n[A-Za-z0-9+/]{20}")
    for path in root.rglob("*.py"):
        if not {".venv", "node_modules", "var"} & set(path.relative_to(root).parts):
            assert not told.search(path.read_text(encoding="utf-8")), path
