"""Stand-ins of outside services over real HTTP on loopback: a Cloud Signature Consortium service,
a service of UAE Pass's shape, their authority, and a time-stamping authority that can lie."""

import asyncio
import base64
import io
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

from clock import utc_now
from notary.signing import certificates, pades
from notary.signing.authority import Credential, Stamping
from notary.signing.certificates import LONG, name

TOKEN = "service-token"


class Authority:
    """A root that issues signers directly, with a revocation list that can be changed."""

    def __init__(self, common: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject, now = name("Stand-in signing service root", "Stand-in"), utc_now()
        self.root = certificates.authority(
            subject, self.key.public_key(), subject, self.key, now, path_length=0
        )
        self.revoked: list[certificates.Revoked] = []
        key = ec.generate_private_key(ec.SECP256R1())
        self.signer = Credential(
            key,
            certificates.signer(
                name(common, "Stand-in"),
                key.public_key(),
                self.root,
                self.key,
                now,
                serial=x509.random_serial_number(),
                crl="http://127.0.0.1:1/none.crl",
                issuer_url="http://127.0.0.1:1/none.crt",
            ),
        )

    def crl(self) -> bytes:
        now = utc_now()
        made = certificates.revocation_list(self.root, self.key, self.revoked, now, now + LONG)
        return made.public_bytes(Encoding.DER)


@dataclass
class StandIn:
    """One server with every endpoint. Switches make it misbehave."""

    authority: Authority
    stamper: Any = None
    """The service time-stamps what it signs."""
    url: str = ""
    trouble: str = ""
    """down, slow, other_document, cancelled, pending, wrong_hash, no_list"""
    asked: list[str] = field(default_factory=list)
    processes: dict[str, dict[str, Any]] = field(default_factory=dict)
    authorised: dict[str, list[str]] = field(default_factory=dict)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=50_000_000, middlewares=[self._guard])
        app.router.add_get("/crl", self._crl)
        app.router.add_post("/csc/v1/credentials/info", self._info)
        app.router.add_post("/csc/v1/credentials/authorize", self._authorize)
        app.router.add_post("/csc/v1/signatures/signHash", self._sign_hash)
        base = "/trustedx-resources/esignsp/v2/signer_processes"
        app.router.add_post(base, self._begin)
        app.router.add_get(base + "/{id}", self._look)
        app.router.add_delete(base + "/{id}", self._delete)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(f"{request.method} {request.path.rsplit('/', 1)[-1]}")
        if self.trouble == "down":
            return web.Response(status=503)
        if request.path != "/crl" and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        made: web.StreamResponse = await handler(request)
        return made

    async def _crl(self, _request: web.Request) -> web.Response:
        if self.trouble == "no_list":
            return web.Response(status=404)
        return web.Response(body=self.authority.crl())

    # --- Cloud Signature Consortium ------------------------------------------------------------

    async def _info(self, _request: web.Request) -> web.Response:
        chain = [self.authority.signer.certificate, self.authority.root]
        der = [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in chain]
        return web.json_response(
            {
                "key": {"status": "enabled", "algo": ["1.2.840.10045.4.3.2"], "len": 256},
                "cert": {"status": "valid", "certificates": der},
                "multisign": 1,
                "SCAL": "2",
            }
        )

    async def _authorize(self, request: web.Request) -> web.Response:
        given = await request.json()
        sad = secrets.token_hex(8)
        self.authorised[sad] = given["hash"]
        return web.json_response({"SAD": sad, "expiresIn": 60})

    async def _sign_hash(self, request: web.Request) -> web.Response:
        given = await request.json()
        if self.authorised.pop(given["SAD"], None) != given["hash"]:
            return web.Response(status=400)
        made = []
        for one in given["hash"]:
            digest = base64.b64decode(one)
            if self.trouble == "wrong_hash":
                digest = bytes(32)
            signature = self.authority.signer.key.sign(
                digest, ec.ECDSA(utils.Prehashed(hashes.SHA256()))
            )
            made.append(base64.b64encode(signature).decode())
        return web.json_response({"signatures": made})

    # --- the shape of UAE Pass -----------------------------------------------------------------

    async def _begin(self, request: web.Request) -> web.Response:
        given, id = await request.json(), secrets.token_hex(8)
        self.processes[id] = given
        host = "http://127.0.0.1:1" if self.trouble == "other_host" else self.url
        return web.json_response(
            {"id": id, "tasks": {"pending": [{"url": f"{host}/task/{id}"}]}}, status=201
        )

    async def _look(self, request: web.Request) -> web.Response:
        process = self.processes[request.match_info["id"]]
        if self.trouble in ("pending", "cancelled"):
            return web.json_response({"status": self.trouble})
        pdf = base64.b64decode(process["documents"][0]["content"])
        place = process["signer"]["parameters"]["signature_field"]["name"]
        signed = await self._signed(pdf, place)
        if self.trouble == "other_document":
            signed = b"%PDF-1.7\n% another one\n" + signed
        content = base64.b64encode(signed).decode()
        return web.json_response({"status": "finished", "documents": [{"content": content}]})

    async def _signed(self, pdf: bytes, place: str) -> bytes:
        signer = pades.local_signer(self.authority.signer, [self.authority.root])
        out = io.BytesIO()
        metadata = PdfSignatureMetadata(
            field_name=place, md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES
        )
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        await PdfSigner(metadata, signer, timestamper=self.stamper).async_sign_pdf(
            writer, existing_fields_only=True, output=out
        )
        return out.getvalue()

    async def _delete(self, request: web.Request) -> web.Response:
        del self.processes[request.match_info["id"]]
        return web.Response(status=204)


@dataclass
class LyingTsa:
    """RFC 3161 over HTTP. `trouble`: down, slow, imprint, nonce, old, other_key, junk."""

    stamping: Stamping
    other: Stamping
    trouble: str = ""
    url: str = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/tsa", self._stamp)
        app.router.add_get("/crl", self._crl)
        return app

    async def _crl(self, _request: web.Request) -> web.Response:
        return web.Response(body=self.stamping.crl.public_bytes(Encoding.DER))

    async def _stamp(self, request: web.Request) -> web.Response:
        asked = tsp.TimeStampReq.load(await request.read())
        unit, now = self.stamping.unit, utc_now()
        match self.trouble:
            case "down":
                return web.Response(status=503)
            case "slow":
                await asyncio.sleep(3600)
            case "junk":
                return web.Response(body=b"\x30\x03\x02\x01\x00")
            case "imprint":
                asked["message_imprint"]["hashed_message"] = bytes(32)
            case "nonce":
                asked["nonce"] = 1
            case "old":
                now -= timedelta(days=2)
            case "other_key":
                unit = self.other.unit
        return web.Response(body=unit.respond(asked.dump(), now))


@asynccontextmanager
async def served(what: Any) -> AsyncIterator[str]:
    """Serve `what.app()` on loopback; its address, also in `what.url`."""
    runner = web.AppRunner(what.app(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    what.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield what.url
    finally:
        await runner.cleanup()


def pem_file(folder: Path, *roots: x509.Certificate) -> Path:
    path = folder / f"roots-{secrets.token_hex(3)}.pem"
    path.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in roots))
    return path
