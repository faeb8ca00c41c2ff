"""The key store in a key management service, over HTTP. The protocol is small (docs/recordings.md):

    GET  <url>/keys/<key>                                    {"version": "7"}
    POST <url>/keys/<key>/versions/<version>/wrap            {"plaintext"}  -> {"ciphertext"}
    POST <url>/keys/<key>/versions/<version>/unwrap          {"ciphertext"} -> {"plaintext"}
    POST <url>/keys/<key>/rotate                             {}             -> {"version": "8"}

Values are base64; every request has `Authorization: Bearer <token>`. An adapter in front of a real
service is a page of code. What does not answer in time, or not exactly so, is a KeyRefused.
"""

import re
import time
from base64 import b64decode, b64encode
from typing import Any
from urllib.parse import urlsplit

import httpx

from recordings.keys import KEY_BYTES, KeyRefused

TIMEOUT_S = 5.0
MOST = 64 * 1024
"""Bytes of an answer."""
MOST_WRAPPED = 4096
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class KmsKeys:
    """A `recordings.keys.Backend`. Follows no redirect and uses no proxy of the environment."""

    kind = "kms"

    def __init__(self, url: str, key: str, token: str, *, timeout: float = TIMEOUT_S) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise KeyRefused("the key management service must be reached over https")
        if not _NAME.fullmatch(key):
            raise KeyRefused("the name of the service's key has other than A-Za-z0-9_.-")
        self._base, self._key = f"{url.rstrip('/')}/keys/{key}", key
        self._host, self._timeout = parts.hostname or "", timeout
        self._headers = {"Authorization": f"Bearer {token}"}

    def open(self) -> None:
        """See that the service answers."""
        self.current()

    def reload(self) -> None:
        """Nothing is remembered."""

    def current(self) -> str:
        return self._named(self._ask("GET", ""))

    def rotate(self) -> str:
        return self._named(self._ask("POST", "/rotate", {}))

    def wrap(self, name: str, key: bytes) -> bytes:
        given = {"plaintext": b64encode(key).decode()}
        found = self._ask("POST", f"/versions/{self._version(name)}/wrap", given)
        wrapped = self._bytes(found, "ciphertext")
        if not KEY_BYTES < len(wrapped) <= MOST_WRAPPED or key in wrapped:
            raise self._refused("what it wrapped is no wrapped key")
        return wrapped

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        given = {"ciphertext": b64encode(wrapped).decode()}
        found = self._ask("POST", f"/versions/{self._version(name)}/unwrap", given)
        key = self._bytes(found, "plaintext")
        if len(key) != KEY_BYTES:
            raise self._refused("what it unwrapped is no key")
        return key

    def _named(self, found: dict[str, Any]) -> str:
        version = found.get("version")
        if not isinstance(version, str) or not _NAME.fullmatch(version) or len(version) > 20:
            raise self._refused("it names no version of the key")
        return f"kms:{self._key}:{version}"

    def _version(self, name: str) -> str:
        _, key, version = (*name.split(":"), "", "")[:3]
        if key != self._key or not _NAME.fullmatch(version):
            raise KeyRefused(f"the settings name another key of the service than {name}")
        return version

    def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        until = time.monotonic() + 2 * self._timeout
        client = httpx.Client(headers=self._headers, timeout=self._timeout, trust_env=False)
        try:
            with client, client.stream(method, self._base + path, json=body) as answer:
                data = b""
                for piece in answer.iter_bytes():
                    data += piece
                    if len(data) > MOST:
                        raise self._refused("its answer is too long")
                    if time.monotonic() > until:
                        raise self._refused("it did not answer in time")
        except httpx.TimeoutException:
            raise self._refused("it did not answer in time") from None
        except httpx.HTTPError as error:
            raise self._refused(f"it cannot be reached ({type(error).__name__})") from None
        if answer.status_code != 200:
            raise self._refused(f"it answered {answer.status_code}")
        try:
            found = httpx.Response(200, content=data).json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise self._refused("its answer is not JSON")
        return found

    def _bytes(self, found: dict[str, Any], member: str) -> bytes:
        try:
            return b64decode(found[member], validate=True)
        except (KeyError, TypeError, ValueError):
            raise self._refused(f"its answer has no {member}") from None

    def _refused(self, why: str) -> KeyRefused:
        return KeyRefused(f"the key management service {self._host}: {why}")
