"""Forged tokens: everything that python-jose lets pass must stop at the wrapper (esign.md F)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from jose import jwt

from auth.jwt import Issuer, TokenExpired, TokenRefused

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.private_bytes(
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.NoEncryption(),
).decode()
PUBLIC = KEY.public_key()
CLAIMS = frozenset({"seat"})
ISSUER = Issuer.of(
    KEY, name="https://court.example", audience="a/b", type="t+jwt", lifetime=timedelta(seconds=60)
)
GOOD = {
    "iss": "https://court.example",
    "aud": "a/b",
    "sub": "person",
    "jti": "1",
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 60,
    "seat": "s1",
}
HEADER = {"alg": "ES256", "typ": "t+jwt"}


def part(data: Any) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(claims: dict[str, Any], header: dict[str, Any] = HEADER, key: Any = KEY) -> str:
    """A token with a right ES256 signature over whatever is given."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.hashes import SHA256

    body = f"{part(header)}.{part(claims)}"
    r, s = decode_dss_signature(key.sign(body.encode(), ec.ECDSA(SHA256())))
    return f"{body}.{part(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def keyed(secret: bytes, header: dict[str, Any]) -> str:
    """A token signed by HMAC with `secret`."""
    return keyed_with(secret, header, GOOD)


def keyed_with(secret: bytes, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token about `claims` signed by HMAC with `secret`."""
    body = f"{part(header)}.{part(claims)}"
    return f"{body}.{part(hmac.new(secret, body.encode(), hashlib.sha256).digest())}"


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


def test_a_good_token_gives_its_claims() -> None:
    token = ISSUER.sign(NOW, subject="person", id="1", claims={"seat": "s1"})
    found = ISSUER.check(token, NOW + timedelta(seconds=59), claims=CLAIMS)
    assert found == {"sub": "person", "jti": "1", "seat": "s1"}
    assert ISSUER.check(signed(GOOD), NOW, claims=CLAIMS) == found


FORMATS: dict[str, bytes] = {
    "pem": PUBLIC.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ),
    "der": PUBLIC.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    ),
    "ssh": PUBLIC.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH),
    "point": PUBLIC.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    ),
    "jwk": json.dumps(
        {
            "kty": "EC",
            "crv": "P-256",
            "x": part(PUBLIC.public_numbers().x.to_bytes(32, "big")),
            "y": part(PUBLIC.public_numbers().y.to_bytes(32, "big")),
        }
    ).encode(),
    "empty": b"",
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_the_public_key_is_no_hmac_secret(name: str, algorithm: str) -> None:
    forged = keyed(FORMATS[name], {**HEADER, "alg": algorithm})
    with pytest.raises(TokenRefused):
        ISSUER.check(forged, NOW, claims=CLAIMS)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "typ": "t+jwt"},
        {"alg": "NONE", "typ": "t+jwt"},
        {"alg": "ES256"},
        {"alg": "ES256", "typ": "JWT"},
        {"alg": "ES256", "typ": "other+jwt"},
        {"alg": "ES384", "typ": "t+jwt"},
        {**HEADER, "crit": ["exp"]},
        {**HEADER, "crit": []},
        {**HEADER, "jku": "https://evil.example/keys"},
        {**HEADER, "x5u": "https://evil.example/cert"},
        {**HEADER, "jwk": json.loads(FORMATS["jwk"])},
        {**HEADER, "kid": "1"},
        {**HEADER, "zip": "DEF"},
        {"typ": "t+jwt"},
        [],
        "ES256",
    ],
)
def test_only_our_header_passes_although_the_signature_is_right(header: Any) -> None:
    with pytest.raises(TokenRefused):
        ISSUER.check(signed(GOOD, header), NOW, claims=CLAIMS)


def test_no_signature_is_no_token() -> None:
    body = f"{part(HEADER)}.{part(GOOD)}."
    for token in (body, body[:-1], part({"alg": "none", "typ": "t+jwt"}) + f".{part(GOOD)}."):
        with pytest.raises(TokenRefused):
            ISSUER.check(token, NOW, claims=CLAIMS)


@pytest.mark.parametrize("name", sorted(GOOD))
def test_every_claim_is_demanded(name: str) -> None:
    with pytest.raises(TokenRefused):
        ISSUER.check(signed(without(name)), NOW, claims=CLAIMS)


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://other.example"},
        {"aud": "other"},
        {"aud": ["a/b", "other"]},
        {"aud": ["a/b"]},
        {"sub": ""},
        {"sub": 7},
        {"jti": None},
        {"seat": ""},
        {"seat": ["s1"]},
        {"exp": "2100"},
        {"exp": True},
        {"exp": 1e12},
        {"iat": True},
        {"exp": int(NOW.timestamp()) + 3600},  # lives longer than we issue
        {"iat": int(NOW.timestamp()) + 30, "exp": int(NOW.timestamp()) + 60},  # of the future
        {"exp": int(NOW.timestamp()) - 1, "iat": int(NOW.timestamp())},
        {"nbf": int(NOW.timestamp())},
        {"role": "judge"},
    ],
)
def test_a_wrong_or_unknown_claim_is_refused_although_signed(change: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        ISSUER.check(signed({**GOOD, **change}), NOW, claims=CLAIMS)


@pytest.mark.parametrize("claims", [[], "x", 1, None, {}])
def test_a_body_that_is_no_object_is_refused(claims: Any) -> None:
    with pytest.raises(TokenRefused):
        ISSUER.check(signed(claims), NOW, claims=CLAIMS)


def test_an_old_token_is_told_apart() -> None:
    with pytest.raises(TokenExpired):
        ISSUER.check(signed(GOOD), NOW + timedelta(seconds=60), claims=CLAIMS)


def test_a_key_of_somebody_else_is_refused() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(TokenRefused):
        ISSUER.check(signed(GOOD, key=other), NOW, claims=CLAIMS)


def test_another_type_of_the_same_key_is_refused() -> None:
    other = Issuer.of(
        KEY, name="https://court.example", audience="a/b", type="x+jwt", lifetime=timedelta(60)
    )
    token = other.sign(NOW, subject="person", id="1", claims={"seat": "s1"})
    with pytest.raises(TokenRefused):
        ISSUER.check(token, NOW, claims=CLAIMS)


def test_jose_alone_would_have_let_them_pass() -> None:
    """Why the wrapper exists. When this fails python-jose has become stricter: good news."""
    loose = jwt.encode(without("exp") | {"aud": "a/b"}, PEM, "ES256")
    assert jwt.decode(loose, FORMATS["pem"].decode(), algorithms=["ES256"], audience="a/b")
    no_audience = jwt.encode(
        {**without("aud"), "exp": 4102444800}, PEM, "ES256", headers={"crit": ["x"]}
    )
    assert jwt.decode(no_audience, FORMATS["pem"].decode(), algorithms=["ES256"], audience="a/b")


@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda raw: part(raw) + ".e30.AA"))
def test_noise_is_refused_and_never_raises_anything_else(token: str) -> None:
    with pytest.raises(TokenRefused):
        ISSUER.check(token, NOW, claims=CLAIMS)


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_one_changed_character_is_refused(place: int, change: int) -> None:
    token = signed(GOOD)
    index = place % len(token)
    changed = token[:index] + chr(ord(token[index]) ^ change) + token[index + 1 :]
    try:
        found = ISSUER.check(changed, NOW, claims=CLAIMS)
    except TokenRefused:
        return
    # the last character of a part carries unused bits: the same bytes, so the same token
    assert decoded(changed) == decoded(token)
    assert found["sub"] == "person"


def decoded(token: str) -> list[bytes]:
    return [base64.urlsafe_b64decode(piece + "==") for piece in token.split(".")]


def test_a_token_of_any_length_is_cheap() -> None:
    with pytest.raises(TokenRefused, match="too long"):
        ISSUER.check("a" * 5_000_000, NOW, claims=CLAIMS)


def test_keys_do_not_show() -> None:
    assert "PRIVATE" not in repr(ISSUER)


def test_registered_names_are_ours() -> None:
    sign: Callable[..., str] = ISSUER.sign
    with pytest.raises(ValueError, match="registered"):
        sign(NOW, subject="p", id="1", claims={"exp": "9"})
