"""Talking to one provider: discovery, keys, the token endpoint, user information.

One httpx client for all. Short time limits with a total one, small answers only, no redirect is
followed, no proxy of the environment is used, and no host is contacted that is not in the
settings. Whatever goes wrong is a `ProviderTrouble` with a code for the log.
"""

import asyncio
import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

import httpx

from auth import jwt
from auth.identity import jwks
from auth.identity.provider import Endpoints, Provider, check_endpoints
from clock import Clock

LIMIT = 128 * 1024
"""Bytes of an answer. A large key set has 20 kB."""
TOTAL = 10.0
"""Seconds for one call in all: a peer that sends a byte now and then ends here too."""
TIMEOUT = httpx.Timeout(5.0, connect=3.0)
FRESH = timedelta(hours=1)
"""How long discovery and keys are taken from memory."""
REFRESH_EVERY = timedelta(seconds=60)
"""At most this often an unknown `kid` makes us ask for the keys again."""
_BEARER = "bearer"


class ProviderTrouble(Exception):
    """The provider did not answer as it must. `code` is for logs, without content of the answer."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class UnknownKey(ProviderTrouble):
    """A token names a key that the provider does not publish."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The token endpoint's answer. Never stored together, never logged."""

    id_token: str
    access_token: str

    def __repr__(self) -> str:
        return "Tokens(...)"


def http_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """The client for all providers. The caller closes it."""
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it writes down every address
    return httpx.AsyncClient(
        transport=transport,
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        limits=httpx.Limits(max_connections=20),
        headers={"Accept": "application/json", "User-Agent": "Mahdar"},
    )


class ProviderClient:
    """One provider, with what is remembered of it. Safe for many flows at once."""

    def __init__(self, provider: Provider, http: httpx.AsyncClient, clock: Clock) -> None:
        self.provider = provider
        self._http = http
        self._clock = clock
        self._busy = asyncio.Lock()  # of many that miss at once, one asks
        self._endpoints = provider.endpoints
        self._endpoints_until: datetime | None = None
        self._keys: dict[str, jwks.PublicKey] = {}
        self._keys_at: datetime | None = None
        self._refreshed_at: datetime | None = None

    async def endpoints(self) -> Endpoints:
        """The provider's addresses, from the settings or from discovery."""
        if self.provider.endpoints is not None:
            return self.provider.endpoints
        async with self._busy:
            now = self._clock()
            if self._endpoints is None or not self._endpoints_until or now >= self._endpoints_until:
                self._endpoints = await self._discover()
                self._endpoints_until = now + FRESH
            return self._endpoints

    async def key(self, kid: str) -> str:
        """The PEM of a key. Raises ProviderTrouble; UnknownKey when it is not published.

        The set is asked for when there is none, when it is old, and when `kid` is not in it, the
        latter at most once in REFRESH_EVERY, so that forged tokens cannot make us ask and ask.
        """
        endpoints = await self.endpoints()
        async with self._busy:
            now = self._clock()
            stale = self._keys_at is None or now - self._keys_at >= FRESH
            may_ask = self._refreshed_at is None or now - self._refreshed_at >= REFRESH_EVERY
            if stale or (kid not in self._keys and may_ask):
                self._refreshed_at = now
                self._keys = await self._fetch_keys(endpoints.jwks)
                self._keys_at = now
            found = self._keys.get(kid)
        if found is None:
            raise UnknownKey("unknown_key")
        return found.pem

    async def signed(self, token: str, types: frozenset[str]) -> dict[str, Any]:
        """The claims of a token that this provider has signed; none of them is checked yet.

        Raises auth.jwt.TokenRefused, also for a key that the provider does not publish; any other
        ProviderTrouble when its keys cannot be had.
        """
        algorithm = self.provider.algorithm
        kid = jwt.foreign_key_id(token, algorithm=algorithm, types=types)
        try:
            pem = await self.key(kid)
        except UnknownKey:
            raise jwt.TokenRefused("unknown key") from None
        return jwt.foreign_claims(token, algorithm=algorithm, public_pem=pem)

    async def exchange(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
        """A code for tokens (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {}
        if self.provider.profile.client_auth == "client_secret_basic":
            headers["Authorization"] = self._basic()
        else:
            form |= {
                "client_id": self.provider.client_id,
                "client_secret": self.provider.client_secret,
            }
        address = (await self.endpoints()).token
        answer = _object(await self._call("POST", address, data=form, headers=headers))
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise ProviderTrouble("no_token")
        if str(answer.get("token_type", "")).lower() != _BEARER:
            raise ProviderTrouble("token_type")
        return Tokens(id_token, access_token)

    async def user_info(self, access_token: str) -> Mapping[str, Any]:
        """Claims about the person (Core section 5.3). The caller compares `sub`."""
        if not access_token.isascii() or not access_token.isprintable():
            raise ProviderTrouble("access_token")
        headers = {"Authorization": f"Bearer {access_token}"}
        address = (await self.endpoints()).user_info
        return _object(await self._call("GET", address, headers=headers))

    def _basic(self) -> str:
        # RFC 6749 section 2.3.1: both are form-encoded first
        pair = f"{quote_plus(self.provider.client_id)}:{quote_plus(self.provider.client_secret)}"
        return "Basic " + base64.b64encode(pair.encode()).decode()

    async def _discover(self) -> Endpoints:
        address = self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
        found = _object(await self._call("GET", address))
        if found.get("issuer") != self.provider.issuer:  # Discovery section 4.3
            raise ProviderTrouble("discovery_issuer")
        try:
            endpoints = Endpoints(
                authorization=found["authorization_endpoint"],
                token=found["token_endpoint"],
                jwks=found["jwks_uri"],
                user_info=found.get("userinfo_endpoint", ""),
                end_session=found.get("end_session_endpoint", ""),
            )
            check_endpoints(self.provider, endpoints)
        except (KeyError, TypeError, ValueError):
            raise ProviderTrouble("discovery_endpoints") from None
        return endpoints

    async def _fetch_keys(self, address: str) -> dict[str, jwks.PublicKey]:
        answer = await self._call("GET", address)
        try:  # a big RSA key costs some milliseconds: not on the loop
            return await asyncio.to_thread(jwks.parse, answer, self.provider.algorithm)
        except jwks.KeySetRefused:
            raise ProviderTrouble("keys") from None

    async def _call(self, method: str, address: str, **request: Any) -> bytes:
        """The body of a 200 answer. Cancelling closes the connection."""
        if not self.provider.allows(address):
            raise ProviderTrouble("other_host")
        try:
            async with (
                asyncio.timeout(TOTAL),
                self._http.stream(method, address, **request) as answer,
            ):
                if answer.status_code != 200:
                    raise ProviderTrouble(f"http_{answer.status_code}")
                body = bytearray()
                async for piece in answer.aiter_bytes(16_384):
                    body += piece
                    if len(body) > LIMIT:
                        raise ProviderTrouble("too_large")
                return bytes(body)
        except (TimeoutError, httpx.TimeoutException):
            raise ProviderTrouble("slow") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError):
            raise ProviderTrouble("unreachable") from None


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise ProviderTrouble("not_json") from None
    if not isinstance(found, dict):
        raise ProviderTrouble("not_an_object")
    return found
