"""The shape of UAE Pass signing (law.md 4.1): one signer per process, one after the other, polled.

We upload the document as it stands with the name of the field, send the signer's browser to the
task's address, and look at the process when it comes back: there is no call from the service to
us. Then the signed document is fetched, extended, checked and deleted at the service. Tried with a
stand-in that has these endpoints; not with the service itself.
"""

import base64
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from notary.signing.backend import Order, Waiting, same_person
from notary.signing.engine import Engine, Service, Signed
from notary.signing.errors import SigningFailed

PROCESSES: Final = "/trustedx-resources/esignsp/v2/signer_processes"
PROCESS_TYPE: Final = "urn:safelayer:eidas:processes:document:sign:esigp"
POLICY: Final = "urn:safelayer:eidas:policies:sign:document:pdf"
TIMEOUT_S: Final = 30.0
MAX_DOCUMENT: Final = 40_000_000


class UaePass:
    """One service; `client` is the house's."""

    code = "uae_pass"

    def __init__(self, engine: Engine, service: Service, client: httpx.AsyncClient) -> None:
        self._engine, self._service, self._client = engine, service, client

    async def begin(self, order: Order) -> Signed | Waiting:
        """Open a process for this signer; the address of its task."""
        answer = await self._ask(
            "POST",
            PROCESSES,
            json={
                "process_type": PROCESS_TYPE,
                "signer": {
                    "signature_policy_id": POLICY,
                    "parameters": {
                        "type": "pdf-parameters",
                        "signature_field": {"name": order.job.place},
                    },
                },
                "finish_callback_url": order.back,
                "documents": [{"content": base64.b64encode(order.job.pdf).decode()}],
            },
        )
        try:
            reference, address = str(answer["id"]), str(answer["tasks"]["pending"][0]["url"])
        except (KeyError, IndexError, TypeError):
            raise SigningFailed("service", "the process has no task") from None
        if urlsplit(address)[:2] != urlsplit(self._service.url)[:2]:
            raise SigningFailed("service", "the task is at another host")
        return Waiting(reference, address)

    async def look(self, order: Order, reference: str) -> Signed | Waiting:
        """Fetch the document when the signer has finished. Raises SigningFailed `cancelled`."""
        path = f"{PROCESSES}/{quote(reference, safe='')}"
        answer = await self._ask("GET", path)
        status = answer.get("status")
        if status == "pending":
            return Waiting(reference, "")
        try:
            if status != "finished":
                raise SigningFailed("cancelled", f"the process is {str(status)[:40]}")
            try:
                content = base64.b64decode(str(answer["documents"][0]["content"]), validate=True)
            except (KeyError, IndexError, TypeError, ValueError):
                raise SigningFailed("service", "the process has no document") from None
            return same_person(await self._engine.finish(content, order.job), order)
        finally:
            await self._forget(path)

    async def _forget(self, path: str) -> None:
        """The service keeps no copy."""
        try:
            await self._ask("DELETE", path)
        except SigningFailed:
            return  # its own clean-up removes it; the signature does not depend on it

    async def _ask(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._service.token}"}
        try:
            answer = await self._client.request(
                method,
                self._service.url.rstrip("/") + path,
                headers=headers,
                timeout=TIMEOUT_S,
                **given,
            )
            answer.raise_for_status()
            if len(answer.content) > MAX_DOCUMENT * 4 // 3:
                raise SigningFailed("service", "the answer is too long")
            found = answer.json() if answer.content else {}
        except (httpx.HTTPError, ValueError) as error:
            raise SigningFailed("service", f"{method}: {type(error).__name__}") from None
        if not isinstance(found, dict):
            raise SigningFailed("service", "the answer is no object")
        return found
