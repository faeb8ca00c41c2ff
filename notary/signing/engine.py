"""Signing in worker processes: the event loop beside live media never waits for it.

A worker holds the internal authority and the time-stamper for its whole life; a job brings the
document and says who signs. What a worker returns has been checked. One that dies is replaced, and
its job failed: nobody has half a revision.
"""

import asyncio
import gc
import os
import ssl
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificates

from audit.timestamping import ExternalSource, InternalSource, Source
from clock import utc_now
from notary.documents.render import Box
from notary.signing import pades, remote_csc, validation
from notary.signing.added import check_added
from notary.signing.authority import (
    Authority,
    KeyHolder,
    Stamping,
    open_authority,
    open_stamping,
)
from notary.signing.certificates import ONE_SHOT, Revoked
from notary.signing.errors import SigningFailed
from notary.signing.time_stamps import CheckedTimeStamper

WORKERS: Final = 2
TIMEOUT_S: Final = 60.0
SPARE: Final = 64
"""Bytes by which tokens of the built-in authority differ, and some."""
ATTRIBUTES: Final = 1024
"""What a signature holds besides certificates and time-stamp; about 700."""
GARBAGE: Final = 50_000
"""New objects before the collector looks: some signatures."""
NICE: Final = 5
"""Signing waits for live media, never the other way round."""


@dataclass(frozen=True, slots=True)
class Service:
    """An outside signing service, as the settings name it."""

    url: str
    token: str = field(repr=False)
    roots: Path
    """PEM file of the roots that its certificates end in."""
    lists: tuple[str, ...]
    """Addresses of its revocation lists. Those in its certificates are not asked: whoever makes
    a certificate would choose whom we call."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Where the authority and the time-stamps come from. Goes to each worker once."""

    folder: Path
    passphrase: str = field(repr=False)
    address: str
    holder: KeyHolder | None = None
    """Where the issuing key is, when it is not in the folder."""
    tsa_url: str = ""
    """An outside time-stamping authority; empty: the built-in one, labelled internal."""
    tsa_roots: Path | None = None
    tsa_lists: tuple[str, ...] = ()
    """Addresses of the revocation lists for the outside authority's certificate."""
    service: Service | None = None
    """An outside signing service."""


@dataclass(frozen=True, slots=True)
class Job:
    """One signature to make."""

    pdf: bytes = field(repr=False)
    place: str
    """Name of the signature field."""
    common: str = field(repr=False)
    unit: str
    """party, notary or seal: stands in the certificate."""
    capacity: str = field(repr=False)
    """Stands in the signature, in both languages."""
    pseudonym: str
    serial: int
    """Of the certificate to issue."""
    certify: bool
    before: int
    """How many signatures the document has."""
    appearance: bytes = field(repr=False)
    last: bool = False
    """No signature follows: the whole document is checked, not only what was added."""
    revoked: tuple[Revoked, ...] = ()


@dataclass(frozen=True, slots=True)
class Signed:
    """A checked revision with one signature more, at level B-LTA."""

    pdf: bytes = field(repr=False)
    certificate: str
    """Serial number, hex."""
    stamp: str
    """Serial number of the signature's time-stamp, hex; empty when an outside service gave none."""
    stamped_at: datetime
    name: str = field(repr=False)
    """Common name in the certificate."""


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Read once for a worker: it takes as long as a signature."""
    return httpx.create_ssl_context(trust_env=False)


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(trust_env=False, verify=_tls())


class Workshop:
    """What one worker has open."""

    def __init__(self, keys: Keys) -> None:
        now = utc_now()
        self.authority: Authority = open_authority(
            keys.folder, keys.passphrase, keys.address, now, keys.holder
        )
        self.stamping: Stamping = open_stamping(keys.folder, keys.passphrase, keys.address, now)
        self.keys = keys
        self._token = 0
        self._chain = sum(
            len(one.public_bytes(Encoding.DER))
            for one in (self.authority.issuing, self.authority.root)
        )
        self.roots = [self.authority.root, *self._stamp_roots()]
        if keys.service is not None:
            self.roots += load_pem_x509_certificates(keys.service.roots.read_bytes())

    def _stamp_roots(self) -> list[x509.Certificate]:
        if self.keys.tsa_roots is not None:
            return [
                self.stamping.unit.root,
                *load_pem_x509_certificates(self.keys.tsa_roots.read_bytes()),
            ]
        return [self.stamping.unit.root]

    def _source(self, client: httpx.AsyncClient) -> Source:
        if self.keys.tsa_url and self.keys.tsa_roots is not None:
            roots = load_pem_x509_certificates(self.keys.tsa_roots.read_bytes())
            return ExternalSource(self.keys.tsa_url, roots, client)
        return InternalSource(self.stamping.unit, utc_now)

    def stamper(self, client: httpx.AsyncClient) -> CheckedTimeStamper:
        """Asks the authority of the settings."""
        return CheckedTimeStamper(self._source(client), utc_now)

    def _room(self, stamper: CheckedTimeStamper, own: int = 0) -> int | None:
        """Bytes that a time-stamp takes, or a signature with it and a certificate of `own` bytes;
        None before the first. Zeros fill what is kept and not needed, and each is read again by
        whoever checks the file."""
        self._token = max(self._token, stamper.largest)
        if not self._token:
            return None
        token = self._token * 3 // 2 if self.keys.tsa_url else self._token + SPARE
        return token + (own + self._chain + ATTRIBUTES if own else 0)

    def trust(self, revoked: Sequence[Revoked], now: datetime, until: datetime) -> pades.Trust:
        """What proves, at this moment, that nothing was revoked."""
        return pades.Trust(
            roots=self.roots,
            others=[self.authority.issuing],
            lists=[
                self.authority.root_crl,
                self.authority.revocations(revoked, now, until),
                self.stamping.crl,
            ],
        )

    async def sign(self, job: Job) -> Signed:
        """Issue, sign, extend, check. The key is forgotten at the end. Raises SigningFailed."""
        now = utc_now()
        credential = self.authority.issue(job.common, job.unit, job.pseudonym, job.serial, now)
        signer = pades.local_signer(credential, [self.authority.issuing, self.authority.root])
        async with _client() as client:
            stamper = self.stamper(client)
            pdf = await pades.sign(
                job.pdf,
                job.place,
                signer,
                stamper,
                certify=job.certify,
                appearance=job.appearance,
                reason=job.capacity,
                room=self._room(
                    stamper, own=len(credential.certificate.public_bytes(Encoding.DER))
                ),
            )
            return await self._finish(client, pdf, job, stamper, now + ONE_SHOT)

    async def sign_csc(self, job: Job, credential: str) -> Signed:
        """Sign with a key at a Cloud Signature Consortium service. Raises SigningFailed."""
        service = self._service()
        async with _client() as client:
            stamper = self.stamper(client)
            async with remote_csc.signer(service.url, service.token, credential) as signer:
                pdf = await pades.sign(
                    job.pdf,
                    job.place,
                    signer,
                    stamper,
                    certify=job.certify,
                    appearance=job.appearance,
                    reason=job.capacity,
                )
            lists = await remote_csc.revocation_lists(client, service.lists)
            return await self._finish(client, pdf, job, stamper, utc_now() + ONE_SHOT, lists)

    async def finish(self, pdf: bytes, job: Job) -> Signed:
        """Extend and check what an outside service signed. Raises SigningFailed."""
        if not pdf.startswith(job.pdf):
            raise SigningFailed("document", "the service gave back another document")
        async with _client() as client:
            lists = await remote_csc.revocation_lists(client, self._service().lists)
            until = utc_now() + ONE_SHOT
            return await self._finish(client, pdf, job, self.stamper(client), until, lists)

    def _service(self) -> Service:
        if self.keys.service is None:
            raise SigningFailed("service", "no outside signing service is configured")
        return self.keys.service

    async def _finish(
        self,
        client: httpx.AsyncClient,
        pdf: bytes,
        job: Job,
        stamper: CheckedTimeStamper,
        until: datetime,
        lists: Sequence[x509.CertificateRevocationList] = (),
    ) -> Signed:
        signature = pades.signature_at(pdf, job.place)
        at = validation.token_time(validation.token(signature))
        now = utc_now()
        # Rounded down by the list's format; it must end before the certificate does.
        trust = self.trust(job.revoked, max(now, at or now), until - timedelta(seconds=1))
        stamping = await remote_csc.revocation_lists(client, self.keys.tsa_lists)
        trust = replace(trust, lists=[*trust.lists, *lists, *stamping])
        pdf = await pades.extend(signature, trust, stamper, self._room(stamper))
        checked = await check_added(job.pdf, pdf, job.place, self.roots)
        if job.last:
            await pades.verified(pdf, job.before + 1, self.roots)
        return Signed(pdf, checked.serial, checked.stamp_serial, at or now, checked.name)

    async def renew(self, pdf: bytes, expected: int) -> bytes:
        """One more archive time-stamp, and `expected` signatures still hold. Raises
        SigningFailed."""
        now = utc_now()
        async with _client() as client:
            trust = self.trust((), now, now + ONE_SHOT)
            stamping = await remote_csc.revocation_lists(client, self.keys.tsa_lists)
            trust = replace(trust, lists=[*trust.lists, *stamping])
            renewed = await pades.renew(pdf, trust, self.stamper(client))
        await pades.verified(renewed, expected, self.roots)
        return renewed

    def public_list(self, revoked: Sequence[Revoked]) -> bytes:
        """The issuing authority's revocation list as outsiders fetch it, DER."""
        return self.authority.public_list(revoked, utc_now()).public_bytes(Encoding.DER)


_workshop: Workshop | None = None


def _open(keys: Keys) -> None:
    global _workshop
    with suppress(OSError):
        os.nice(NICE)
    _workshop = Workshop(keys)
    # What is open now stays: the collector need not walk through it at each signature.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)


def _run(name: str, *given: Any) -> Any:
    if _workshop is None:
        raise SigningFailed("service", "the worker is not open")
    try:
        return asyncio.run(getattr(_workshop, name)(*given))
    except SigningFailed:
        raise
    except Exception as error:  # whatever a library raises: the document is not signed
        raise SigningFailed("service", f"{type(error).__name__}: {error}") from None


class Engine:
    """The worker processes. `open` before use, `close` at the end."""

    def __init__(self, keys: Keys, workers: int = WORKERS) -> None:
        self._keys = keys
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self.workshop: Workshop | None = None
        """For what is public: certificates, revocation lists."""

    async def open(self) -> Workshop:
        """Make or read the keys, so that workers only read them; what is public of them."""
        self.workshop = await asyncio.to_thread(Workshop, self._keys)
        return self.workshop

    def roots(self) -> bytes:
        """PEM of the roots of signers and time-stamps; empty before `open`."""
        found = self.workshop.roots if self.workshop else []
        return b"".join(one.public_bytes(Encoding.PEM) for one in found)

    async def sign(self, job: Job) -> Signed:
        """Sign with a certificate of the internal authority. Raises SigningFailed."""
        return await self._call(_run, "sign", job)  # type: ignore[no-any-return]

    async def sign_csc(self, job: Job, credential: str) -> Signed:
        """Sign with a key at the outside service. Raises SigningFailed."""
        return await self._call(_run, "sign_csc", job, credential)  # type: ignore[no-any-return]

    async def finish(self, pdf: bytes, job: Job) -> Signed:
        """Extend and check what an outside service signed. Raises SigningFailed."""
        return await self._call(_run, "finish", pdf, replace(job, appearance=b""))  # type: ignore[no-any-return]

    async def renew(self, pdf: bytes, expected: int) -> bytes:
        """One more archive time-stamp over a document with `expected` signatures. Raises
        SigningFailed."""
        return await self._call(_run, "renew", pdf, expected)  # type: ignore[no-any-return]

    async def add_fields(self, pdf: bytes, boxes: Sequence[Box], labels: Sequence[str]) -> bytes:
        """See `pades.add_fields`."""
        return await self._call(pades.add_fields, pdf, boxes, labels)  # type: ignore[no-any-return]

    async def close(self) -> None:
        """End the workers. What they were at is lost, and was nowhere."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)

    async def _call(self, function: Any, *given: Any) -> Any:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._workers,
                mp_context=get_context("spawn"),
                initializer=_open,
                initargs=(self._keys,),
            )
        loop, pool = asyncio.get_running_loop(), self._pool
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await loop.run_in_executor(pool, function, *given)
        except TimeoutError:
            raise SigningFailed("slow") from None
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = None
            raise SigningFailed("service", "a worker ended") from None
