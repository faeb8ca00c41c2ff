"""An identity provider of our own making that may lie: answers to httpx without a network."""

import asyncio
import base64
import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from auth.identity import profile
from auth.identity.provider import Endpoints, Provider
from tests.support.clock import SettableClock

ISSUER = "https://idp.example"
CLIENT = "mahdar"
SECRET = "a secret : with % signs"
EC_KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)
HIGH = "urn:mahdar:acr:high"
UAE_HIGH = "urn:safelayer:tws:policies:authentication:level:high"


def part(data: Any) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(claims: Any, header: Any, key: Any = EC_KEY) -> str:
    """A token with a right signature over whatever is given."""
    body = f"{part(header)}.{part(claims)}"
    if isinstance(key, rsa.RSAPrivateKey):
        return f"{body}.{part(key.sign(body.encode(), padding.PKCS1v15(), SHA256()))}"
    r, s = decode_dss_signature(key.sign(body.encode(), ec.ECDSA(SHA256())))
    return f"{body}.{part(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def jwk(key: Any, kid: str, **more: Any) -> dict[str, Any]:
    """The public half as a JWK."""
    numbers = key.public_key().public_numbers()

    def text(number: int) -> str:
        return part(number.to_bytes((number.bit_length() + 7) // 8, "big"))

    if isinstance(numbers, rsa.RSAPublicNumbers):
        return {"kty": "RSA", "kid": kid, "n": text(numbers.n), "e": text(numbers.e), **more}
    fields = {"x": part(numbers.x.to_bytes(32, "big")), "y": part(numbers.y.to_bytes(32, "big"))}
    return {"kty": "EC", "crv": "P-256", "kid": kid, **fields, **more}


def provider(profile_name: str = "generic", **changes: Any) -> Provider:
    """The fake as the house's settings describe it."""
    shaped = profile.load(profile_name)
    given: dict[str, Any] = {
        "id": "idp",
        "profile": shaped,
        "issuer": ISSUER,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "algorithm": "ES256",
        "name_ar": "هوية",
        "name_en": "Identity",
        "endpoints": None
        if shaped.discovery
        else Endpoints(
            authorization=f"{ISSUER}/auth",
            token=f"{ISSUER}/token",
            jwks=f"{ISSUER}/jwks",
            user_info=f"{ISSUER}/me",
            end_session=f"{ISSUER}/out",
        ),
    }
    return Provider(**given | changes)


Change = Callable[[Any], Any]


@dataclass
class Fake:
    """One provider. Tests change what it says by setting its fields."""

    clock: SettableClock
    profile: str = "generic"
    subject: str = "person-1"
    acr: str = HIGH
    person: dict[str, Any] = field(default_factory=dict)
    """Claims about the person, in the token or in the user information."""
    claims: Change = lambda found: found
    """Changes the ID token's claims before they are signed."""
    header: Change = lambda found: found
    token: Change = lambda found: found
    """Changes the finished ID token."""
    info: Change = lambda found: found
    """Changes the user information."""
    discovery: Change = lambda found: found
    keys: list[dict[str, Any]] = field(default_factory=lambda: [jwk(EC_KEY, "k1")])
    key: Any = EC_KEY
    kid: str = "k1"
    raw: dict[str, httpx.Response | Exception | Callable[[], Any]] = field(default_factory=dict)
    """By path: an answer, an error or a coroutine function instead of what belongs there."""
    asked: list[str] = field(default_factory=list)
    """Paths of all requests, in order."""
    flows: dict[str, dict[str, str]] = field(default_factory=dict)
    """By code: the query of the authorization request."""
    auth_age: int = 0
    _codes: Iterator[int] = field(default_factory=itertools.count)

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def visit(self, address: str) -> dict[str, str]:
        """The person signs in at the address that the browser was sent to: what comes back."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{next(self._codes)}"
        self.flows[code] = query
        return {"state": query["state"], "code": code, "iss": ISSUER}

    def id_token(self, query: dict[str, str], access_token: str) -> Any:
        now = int(self.clock().timestamp())
        at_hash = hashlib.sha256(access_token.encode()).digest()[:16]
        claims = {
            "iss": ISSUER,
            "aud": CLIENT,
            "sub": self.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": query["nonce"],
            "acr": self.acr,
            "auth_time": now - self.auth_age,
            "at_hash": part(at_hash),
            "sid": "session-1",
            **({} if self.profile == "uae_pass" else self.person),
        }
        header = {"alg": "ES256", "kid": self.kid, "typ": "JWT"}
        return self.token(signed(self.claims(claims), self.header(header), self.key))

    def logout_token(self, change: Change = lambda found: found, **header: Any) -> str:
        now = int(self.clock().timestamp())
        claims = {
            "iss": ISSUER,
            "aud": CLIENT,
            "sub": self.subject,
            "sid": "session-1",
            "iat": now,
            "exp": now + 120,
            "jti": "logout-1",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }
        given = {"alg": "ES256", "kid": self.kid, "typ": "logout+jwt", **header}
        return signed(change(claims), given, self.key)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        instead = self.raw.get(path)
        if isinstance(instead, Exception):
            raise instead
        if callable(instead):
            instead = await instead()
        if instead is not None:
            return instead
        match path:
            case "/.well-known/openid-configuration":
                found = {
                    "issuer": ISSUER,
                    "authorization_endpoint": f"{ISSUER}/auth",
                    "token_endpoint": f"{ISSUER}/token",
                    "jwks_uri": f"{ISSUER}/jwks",
                    "end_session_endpoint": f"{ISSUER}/out",
                }
                return httpx.Response(200, json=self.discovery(found))
            case "/jwks":
                return httpx.Response(200, json={"keys": self.keys})
            case "/token":
                return self._exchange(request)
            case "/me":
                assert request.headers["Authorization"] == "Bearer access-1"
                found = {"sub": self.subject, **self.person}
                return httpx.Response(200, json=self.info(found))
        return httpx.Response(404)

    def _exchange(self, request: httpx.Request) -> httpx.Response:
        """As a provider does: the client, the code once, and PKCE."""
        basic = base64.b64decode(request.headers["Authorization"].removeprefix("Basic "))
        assert basic == b"mahdar:a+secret+%3A+with+%25+signs"
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        query = self.flows.pop(form["code"], None)
        if query is None:
            return httpx.Response(400, json={"error": "invalid_grant"})
        challenge = part(hashlib.sha256(form["code_verifier"].encode()).digest())
        assert challenge == query["code_challenge"]
        assert query["code_challenge_method"] == "S256"
        assert form["redirect_uri"] == query["redirect_uri"]
        tokens = {"access_token": "access-1", "token_type": "Bearer"}
        return httpx.Response(200, json={**tokens, "id_token": self.id_token(query, "access-1")})


async def slow() -> httpx.Response:
    """Never answers."""
    await asyncio.sleep(3600)
    raise AssertionError
