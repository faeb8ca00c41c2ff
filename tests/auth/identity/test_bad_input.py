"""Whatever a provider, a thief or the network may send: refused, said, and nothing changed."""

import asyncio
import base64
import gzip
import json
import time
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from structlog.testing import capture_logs

from auth.identity import client
from auth.identity.flow import LIFETIME
from auth.identity.refusals import _REFUSALS
from i18n import translate
from tests.auth.identity import fake
from tests.auth.identity.conftest import Build, World, query_of
from tests.auth.identity.fake import CLIENT, EC_KEY, ISSUER, OTHER_KEY, RSA_KEY, jwk, part
from tests.auth.test_jwt import keyed_with


async def refused(answer: Any, code: str, status: int = 401, what: str = "") -> None:
    """The page says so with a code and a way on."""
    page = await answer.get_data(as_text=True)
    assert answer.status_code == status, (what, page)
    assert code in page, (what, page)
    assert "/en/login" in page or "/ar/login" in page or "/step-up" in page
    assert "Set-Cookie" not in answer.headers or "mahdar_session" not in str(answer.headers)


async def attempt(world: World, code: str, status: int = 401, what: str = "") -> None:
    """Sign in, and be refused with nothing changed and nothing personal in the log."""
    browser = world.browser()
    before = await world.rows()
    with capture_logs() as logs:
        await refused(await world.sign_in(browser), code, status, what)
    assert await world.rows() == before, what
    assert (await browser.get("/en/account")).status_code == 303
    assert any(entry.get("code") == code or "reason" in entry for entry in logs)
    for secret in ("person-1", "access-1", "eyJ", "code-"):
        assert secret not in str(logs)


# --- the ID token's claims ---------------------------------------------------------------------


def without(name: str) -> Any:
    return lambda claims: {key: value for key, value in claims.items() if key != name}


def put(**changes: Any) -> Any:
    return lambda claims: {**claims, **changes}


def later(name: str, seconds: int) -> Any:
    return lambda claims: {**claims, name: claims["iat"] + seconds}


CLAIMS: dict[str, Any] = {
    **{
        f"no {name}": without(name)
        for name in ("iss", "aud", "sub", "iat", "exp", "nonce", "acr", "auth_time")
    },
    "another issuer": put(iss="https://evil.example"),
    "issuer with a slash": put(iss=ISSUER + "/"),
    "another audience": put(aud="other"),
    "ours among others": put(aud=[CLIENT, "other"], azp=CLIENT),
    "no audience in the list": put(aud=[]),
    "audience as an object": put(aud={CLIENT: 1}),
    "another party": put(azp="other"),
    "another nonce": put(nonce="n" * 43),
    "nonce as a number": put(nonce=7),
    "empty subject": put(sub=""),
    "subject as a number": put(sub=7),
    "long subject": put(sub="s" * 256),
    "expired": later("exp", -31),
    "never good": later("exp", 0),
    "exp as text": put(exp="4102444800"),
    "exp true": put(exp=True),
    "exp without end": put(exp=float("inf")),
    "huge exp": put(exp=10**30),
    "of the future": lambda c: {**c, "iat": c["iat"] + 31, "exp": c["iat"] + 300},
    "issued long ago": lambda c: {**c, "iat": c["iat"] - 601},
    "not good yet": later("nbf", 31),
    "nbf as text": put(nbf="0"),
    "signed in in the future": later("auth_time", 31),
    "auth_time as text": put(auth_time="0"),
    "another access token": put(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "acr as a list": put(acr=[fake.HIGH]),
    "a list": lambda _: [1],
    "nothing": lambda _: {},
}


async def test_a_wrong_claim_is_refused_although_signed(linked: World) -> None:
    for name, change in CLAIMS.items():
        linked.idp.claims = change
        await attempt(linked, "identity.token_refused", what=name)


async def test_an_unknown_level_is_worth_nothing(linked: World) -> None:
    linked.idp.acr = "urn:mahdar:acr:supreme"
    await attempt(linked, "identity.level_unknown", 403)


async def test_an_unknown_kind_of_identity_is_worth_nothing(worlds: Build) -> None:
    world = await worlds("uae_pass")
    world.idp.acr = fake.UAE_HIGH
    for person in ({}, {"userType": "SOP9"}, {"userType": ["SOP3"]}):
        world.idp.person = person
        await attempt(world, "identity.level_unknown", 403)


async def test_clocks_may_differ_a_little(linked: World) -> None:
    linked.idp.claims = lambda c: {**c, "iat": c["iat"] + 29, "auth_time": c["iat"] + 29}
    assert (await linked.sign_in(linked.browser())).status_code == 303
    linked.idp.claims = lambda c: {**c, "aud": [CLIENT], "azp": CLIENT}
    assert (await linked.sign_in(linked.browser())).status_code == 303


# --- its header, its key, its form ----------------------------------------------------------------


HEADERS: dict[str, Any] = {
    "none": put(alg="none"),
    "None": put(alg="NoNe"),
    "HS256": put(alg="HS256"),
    "another algorithm": put(alg="ES384"),
    "an algorithm of another family": put(alg="RS256"),
    "no algorithm": without("alg"),
    "crit": put(crit=["exp"]),
    "empty crit": put(crit=[]),
    "jku": put(jku="https://evil.example/keys"),
    "x5u": put(x5u="https://evil.example/cert"),
    "x5c": put(x5c=["AAAA"]),
    "jwk": put(jwk=jwk(OTHER_KEY, "k1")),
    "zip": put(zip="DEF"),
    "nested": put(cty="JWT"),
    "an access token": put(typ="at+jwt"),
    "a logout token": put(typ="logout+jwt"),
    "typ as a list": put(typ=["JWT"]),
    "no kid": without("kid"),
    "unknown kid": put(kid="k2"),
    "kid as a number": put(kid=1),
    "a path as kid": put(kid="../../dev/null"),
    "a list": lambda _: [],
    "a text": lambda _: "ES256",
}


async def test_a_wrong_header_is_refused_although_signed(linked: World) -> None:
    for name, change in HEADERS.items():
        linked.idp.header = change
        await attempt(linked, "identity.token_refused", what=name)


def public(encoding: Encoding, form: PublicFormat) -> bytes:
    return EC_KEY.public_key().public_bytes(encoding, form)


SECRETS = {
    "pem": public(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    "der": public(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    "ssh": public(Encoding.OpenSSH, PublicFormat.OpenSSH),
    "point": public(Encoding.X962, PublicFormat.UncompressedPoint),
    "jwk": json.dumps(jwk(EC_KEY, "k1")).encode(),
    "client secret": fake.SECRET.encode(),
    "empty": b"",
}


async def test_no_public_key_is_a_secret(linked: World) -> None:
    for name, secret in SECRETS.items():
        for algorithm in ("HS256", "ES256"):
            header = {"alg": algorithm, "kid": "k1", "typ": "JWT"}

            def forge(token: str, secret: bytes = secret, header: Any = header) -> str:
                return keyed_with(secret, header, json.loads(decoded(token.split(".")[1])))

            linked.idp.token = forge
            await attempt(linked, "identity.token_refused", what=name)


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


TOKENS: dict[str, Any] = {
    "without signature": lambda token: token.rpartition(".")[0] + ".",
    "two parts": lambda token: token.rpartition(".")[0],
    "five parts, as a JWE": lambda token: token + ".AA.AA",
    "changed": lambda token: token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"),
    "not text": lambda _: 7,
    "nothing": lambda _: "",
    "huge": lambda token: "A" * 100_000 + token,
    "not ASCII": lambda token: token + "\u0661",
    "deep": lambda _: f"{part(b'[' * 5000)}.e30.AA",
}


async def test_a_token_of_wrong_form_is_refused(linked: World) -> None:
    for name, change in TOKENS.items():
        linked.idp.token = change
        code = "provider_unavailable" if name == "not text" else "token_refused"
        await attempt(linked, f"identity.{code}", what=name)


async def test_another_key_of_the_same_name_is_refused(linked: World) -> None:
    linked.idp.key = OTHER_KEY
    await attempt(linked, "identity.token_refused")


async def test_a_key_of_another_kind_is_not_used(linked: World) -> None:
    linked.house.clock.advance(3600)
    linked.idp.keys = [jwk(RSA_KEY, "k1"), jwk(EC_KEY, "enc", use="enc")]
    linked.idp.key = RSA_KEY
    await attempt(linked, "identity.token_refused")
    linked.idp.header = put(alg="RS256")
    await attempt(linked, "identity.token_refused")


KEYS: dict[str, Any] = {
    "a secret": {"keys": [{"kty": "oct", "k": "AAAA", "kid": "k1"}]},
    "a private key": {"keys": [jwk(EC_KEY, "k1", d="AAAA")]},
    "one kid twice": {"keys": [jwk(EC_KEY, "k1"), jwk(OTHER_KEY, "k1")]},
    "off the curve": {"keys": [jwk(EC_KEY, "k1", x=part(b"\1" * 32))]},
    "short": {"keys": [jwk(EC_KEY, "k1", x="AAAA")]},
    "not base64": {"keys": [jwk(EC_KEY, "k1", x="+/==")]},
    "x as a number": {"keys": [jwk(EC_KEY, "k1", x=7)]},
    "no list": {"keys": {}},
    "no keys": {},
    "not keys": {"keys": ["k1"]},
    "too many": {"keys": [jwk(EC_KEY, str(n)) for n in range(31)]},
    "a list": [],
}


async def test_a_hostile_key_set_is_refused(linked: World) -> None:
    for name, keys in KEYS.items():
        linked.house.clock.advance(3600)
        linked.idp.raw["/jwks"] = httpx.Response(200, json=keys)
        await attempt(linked, "identity.provider_unavailable", what=name)


# --- the flow ----------------------------------------------------------------------------------


async def test_an_answer_is_good_once(linked: World) -> None:
    browser = linked.browser()
    back = linked.idp.visit(await linked.start(browser))
    assert (await linked.back(browser, back)).status_code == 303
    before = await linked.rows()
    await refused(await linked.back(browser, back), "identity.flow_unknown")
    assert await linked.rows() == before


async def test_a_code_is_good_once(linked: World) -> None:
    browser = linked.browser()
    back = linked.idp.visit(await linked.start(browser))
    await linked.back(browser, back)
    again = linked.idp.visit(await linked.start(browser))
    used = {**again, "code": back["code"]}
    await refused(await linked.back(browser, used), "identity.provider_unavailable")


async def test_a_nonce_of_another_flow_is_refused(linked: World) -> None:
    """A stolen code in one's own flow: PKCE stops it at the provider, the nonce here."""
    first = query_of(await linked.start(linked.browser()))
    linked.idp.claims = put(nonce=first["nonce"])
    await attempt(linked, "identity.token_refused")


async def test_of_two_answers_at_once_one_counts(linked: World) -> None:
    browser = linked.browser()
    back = linked.idp.visit(await linked.start(browser))
    both = await asyncio.gather(*(linked.back(browser, back) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [303, 401]


async def test_another_browser_cannot_finish(linked: World) -> None:
    back = linked.idp.visit(await linked.start(linked.browser()))
    thief = linked.browser()
    await linked.start(thief)  # has a cookie of its own
    await refused(await linked.back(thief, back), "identity.other_browser")
    assert linked.idp.asked == []  # the code was not even used


async def test_an_answer_that_took_too_long_is_refused(linked: World) -> None:
    browser = linked.browser()
    back = linked.idp.visit(await linked.start(browser))
    linked.house.clock.advance(LIFETIME.total_seconds())
    await refused(await linked.back(browser, back), "identity.flow_unknown")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"state": ""}, "identity.flow_unknown"),
        ({"state": "s" * 43}, "identity.flow_unknown"),
        ({"state": "s" * 100_000}, "identity.flow_unknown"),
        ({"state": "'--"}, "identity.flow_unknown"),
        ({"code": ""}, "identity.provider_refused"),
        ({"code": "\r\n"}, "identity.provider_unavailable"),
        ({"iss": "https://evil.example"}, "identity.token_refused"),
        ({"error": "access_denied"}, "identity.cancelled"),
        ({"error": "server_error"}, "identity.provider_refused"),
        ({"error": "<script>alert(1)</script>"}, "identity.provider_refused"),
    ],
)
async def test_a_wrong_answer_is_refused(linked: World, change: dict[str, str], code: str) -> None:
    browser = linked.browser()
    back = linked.idp.visit(await linked.start(browser))
    before = await linked.rows()
    answer = await linked.back(browser, {**back, **change})
    await refused(answer, code)
    assert "<script>alert" not in await answer.get_data(as_text=True)
    assert await linked.rows() == before


async def test_programs_get_json(linked: World) -> None:
    answer = await linked.back(linked.browser(), {"state": "x"}, Accept="application/json")
    assert answer.status_code == 401
    assert (await answer.get_json())["code"] == "identity.flow_unknown"


async def test_another_site_cannot_begin_a_sign_in(linked: World) -> None:
    browser = linked.browser()
    for site in ("cross-site", "same-site"):
        answer = await browser.get("/en/identity/idp/start", headers={"Sec-Fetch-Site": site})
        assert answer.headers["Location"].startswith("/en/login")


async def test_an_unknown_provider_is_refused(linked: World) -> None:
    for path in ("/en/identity/nobody/start", "/en/identity/nobody/callback?state=x"):
        answer = await linked.browser().get(path)
        await refused(answer, "identity.unknown_provider")


# --- the provider's servers --------------------------------------------------------------------


def bomb() -> bytes:
    """128 KiB on the line, 128 MiB when it is unpacked."""
    return gzip.compress(b" " * (client.LIMIT * 1000), 9)[: client.LIMIT]


ANSWERS: dict[str, Any] = {
    "down": lambda: httpx.ConnectError("refused"),
    "name unknown": lambda: httpx.ConnectError("no such host"),
    "slow": lambda: httpx.ReadTimeout("slow"),
    "breaks off": lambda: httpx.RemoteProtocolError("closed"),
    "500": lambda: httpx.Response(500),
    "400": lambda: httpx.Response(400, json={"error": "invalid_grant"}),
    "redirect": lambda: httpx.Response(302, headers={"Location": "https://evil.example/token"}),
    "redirect within": lambda: httpx.Response(307, headers={"Location": f"{ISSUER}/token2"}),
    "large": lambda: httpx.Response(200, content=b"{" + b" " * client.LIMIT + b"}"),
    "a bomb": lambda: httpx.Response(200, content=bomb(), headers={"Content-Encoding": "gzip"}),
    "page": lambda: httpx.Response(200, text="<html>maintenance</html>"),
    "list": lambda: httpx.Response(200, json=[1, 2]),
    "deep": lambda: httpx.Response(200, content=b"[" * 100_000),
    "not UTF-8": lambda: httpx.Response(200, content=b"\xff\xfe{}"),
    "empty": lambda: httpx.Response(200, content=b""),
}


async def test_a_hostile_answer_is_refused(linked: World) -> None:
    for path in ("/token", "/jwks"):
        for name, answer in ANSWERS.items():
            linked.house.clock.advance(3600)  # so that the keys are asked for
            linked.idp.raw = {path: answer()}
            await attempt(linked, "identity.provider_unavailable", what=f"{path} {name}")
        assert "/token2" not in linked.idp.asked
    linked.idp.raw = {}
    assert (await linked.sign_in(linked.browser())).status_code == 303  # and then it works again


async def test_hostile_user_information_is_refused(worlds: Build) -> None:
    world = await worlds("uae_pass")
    world.idp.acr = fake.UAE_HIGH
    for name, answer in ANSWERS.items():
        world.idp.raw = {"/me": answer()}
        await attempt(world, "identity.provider_unavailable", what=name)


async def test_user_information_about_somebody_else_is_refused(worlds: Build) -> None:
    world = await worlds("uae_pass")
    world.idp.acr = fake.UAE_HIGH
    for change in ({"sub": "person-2"}, {"sub": None}):
        world.idp.info = put(**change, userType="SOP3")
        await attempt(world, "identity.token_refused")


async def test_a_provider_that_never_answers_does_not_hold_us(
    linked: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "TOTAL", 0.05)
    linked.idp.raw["/token"] = fake.slow
    began = time.monotonic()
    await attempt(linked, "identity.provider_unavailable")
    assert time.monotonic() - began < 30


DISCOVERIES: list[dict[str, Any]] = [
    {"issuer": "https://evil.example"},
    {"token_endpoint": "https://evil.example/token"},
    {"jwks_uri": "http://idp.example/jwks"},
    {"jwks_uri": "https://idp.example:444/jwks"},
    {"jwks_uri": "https://idp.example@evil.example/jwks"},
    {"authorization_endpoint": "javascript:alert(1)"},
    {"token_endpoint": 7},
    {"token_endpoint": ""},
    {"jwks_uri": "file:///etc/passwd"},
    {"jwks_uri": "https://[idp.example/jwks"},
]


async def test_discovery_leads_to_no_other_host(world: World) -> None:
    for change in DISCOVERIES:
        world.idp.discovery = put(**change)
        answer = await world.browser().get("/en/identity/idp/start")
        await refused(answer, "identity.provider_unavailable", what=str(change))
    assert set(world.idp.asked) == {"/.well-known/openid-configuration"}


# --- what people read --------------------------------------------------------------------------


def test_every_refusal_is_401_or_403_and_speaks_both_languages() -> None:
    for code, (status, message) in _REFUSALS.items():
        assert status in (401, 403), code
        assert translate("ar", message) != message, code


async def test_the_page_speaks_the_language_of_the_browser(linked: World) -> None:
    browser = linked.browser()
    await browser.sees("/ar/login")
    answer = await linked.back(browser, {"state": "x"})
    page = await answer.get_data(as_text=True)
    assert 'dir="rtl"' in page
    assert translate("ar", _REFUSALS["identity.flow_unknown"][1]) in page
