"""Keys at a Cloud Signature Consortium service (CSC API 1.0.4): we send hashes, never documents.

Runs in a worker process. The service is authorised with the token of the settings; the signature
activation data that it gives is bound to the one hash (SCAL 2).
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
import httpx
from cryptography import x509
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCCredentialInfo,
    CSCServiceSessionInfo,
    CSCSigner,
    fetch_certs_in_csc_credential,
)

from notary.signing.errors import SigningFailed

TIMEOUT_S: Final = 20
MAX_LIST: Final = 5_000_000


class _Authorises(CSCAuthorizationManager):
    """Asks for activation data for each hash."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        session: CSCServiceSessionInfo,
        credential: CSCCredentialInfo,
    ) -> None:
        super().__init__(session, credential)
        self._http = http

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        try:
            async with self._http.post(
                self.csc_session_info.endpoint_url("credentials/authorize"),
                headers=self.auth_headers,
                json=self.format_csc_auth_request(hash_b64s=hash_b64s),
                raise_for_status=True,
            ) as answer:
                return self.parse_csc_auth_response(await answer.json())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SigningFailed("service", f"authorize: {type(error).__name__}") from None


@asynccontextmanager
async def signer(url: str, token: str, credential: str) -> AsyncIterator[CSCSigner]:
    """pyHanko's signer over a credential of the service. Raises SigningFailed `service`."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        session = CSCServiceSessionInfo(url.rstrip("/"), credential, oauth_token=token)
        try:
            info = await fetch_certs_in_csc_credential(http, session, TIMEOUT_S)
            made = CSCSigner(
                http, _Authorises(http, session, info), sign_timeout=TIMEOUT_S, embed_roots=True
            )
            yield made
        except (SigningError, aiohttp.ClientError, TimeoutError) as error:
            raise SigningFailed("service", f"{type(error).__name__}: {error}") from None


async def revocation_lists(
    client: httpx.AsyncClient, urls: Sequence[str]
) -> list[x509.CertificateRevocationList]:
    """The service's lists, now. Raises SigningFailed `authority`."""
    found = []
    for url in urls:
        try:
            answer = await client.get(url, timeout=TIMEOUT_S)
            answer.raise_for_status()
            if len(answer.content) > MAX_LIST:
                raise ValueError("the list is too long")
            found.append(_parse(answer.content))
        except (httpx.HTTPError, ValueError) as error:
            raise SigningFailed("authority", f"revocation list: {type(error).__name__}") from None
    return found


def _parse(data: bytes) -> x509.CertificateRevocationList:
    if data.startswith(b"-----BEGIN"):
        return x509.load_pem_x509_crl(data)
    return x509.load_der_x509_crl(data)
