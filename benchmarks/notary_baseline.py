"""Plain pyHanko, as its documentation does it: level B-LTA, one process, the same document.

Nothing of this house signs here but the time-stamp authority, which both sides ask. Certificates
and revocation lists are made before the clock starts; pyHanko's own `PdfSigner` embeds what proves
the signature and closes with a document time-stamp. Nothing is checked afterwards, and no
certificate is issued meanwhile, both of which the product does. It runs in a process of its own, as
released: without `audit.der` and `notary.signing.hexadecimal`. The median document counts, so that
its stalls of seconds do not.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from asn1crypto import cms, crl, tsp
from asn1crypto.core import Sequence as Sequence_
from asn1crypto.core import SequenceOf
from asn1crypto.x509 import NameTypeAndValue
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from audit.timestamping import InternalSource
from clock import utc_now
from notary.signing.appearance import style
from notary.signing.certificates import ONE_SHOT
from notary.signing.engine import Keys, Workshop
from notary.signing.pades import private_key
from notary.signing.validation import asn1


class Stamps(TimeStamper):
    """The same time-stamp authority, asked by pyHanko itself and not checked."""

    def __init__(self, source: InternalSource) -> None:
        super().__init__(include_nonce=True)  # type: ignore[no-untyped-call]
        self._source = source

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Ask in this process."""
        return tsp.TimeStampResp.load(await self._source.ask(req.dump()))

    def request_cms(self, message_digest: bytes, md_algorithm: str) -> tuple[object, object]:
        """With a nonce that is a number: pyHanko's is bytes on some paths."""
        asked = super().request_cms(message_digest, md_algorithm)  # type: ignore[no-untyped-call]
        return asked[1]["nonce"].native, asked[1]

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """The token, as it comes."""
        _nonce, request = self.request_cms(message_digest, md_algorithm)
        answer = await self.async_request_tsa_response(request)
        return answer["time_stamp_token"]


@dataclass
class Baseline:
    """What one run of the baseline has ready: a signer with a certificate for each place."""

    work: Workshop
    signers: Sequence[Signer]
    stamps: Stamps

    @classmethod
    def of(cls, work: Workshop, count: int) -> "Baseline":
        """Issue `count` certificates."""
        store = SimpleCertificateStore()
        store.register_multiple([asn1(work.authority.issuing), asn1(work.authority.root)])
        issued = [
            work.authority.issue(f"Signer {n}", "party", f"p{n}", 7000 + n, utc_now())
            for n in range(count)
        ]
        made = [
            SimpleSigner(
                signing_cert=asn1(one.certificate),
                signing_key=private_key(one),
                cert_registry=store,
            )
            for one in issued
        ]
        return cls(work, made, Stamps(InternalSource(work.stamping.unit, utc_now)))

    async def sign(self, pdf: bytes, places: Sequence[str], drawn: Sequence[bytes]) -> bytes:
        """Sign at each place in turn, each B-LTA."""
        for number, place in enumerate(places):
            metadata = PdfSignatureMetadata(
                field_name=place,
                md_algorithm="sha256",
                subfilter=SigSeedSubFilter.PADES,
                certify=number == 0,
                docmdp_permissions=MDPPerm.FILL_FORMS,
                embed_validation_info=True,
                use_pades_lta=True,
                validation_context=self._context(),
            )
            signer = PdfSigner(
                metadata,
                self.signers[number],
                timestamper=self.stamps,
                stamp_style=style(drawn[number]),
            )
            out = BytesIO()
            writer = IncrementalPdfFileWriter(BytesIO(pdf))
            await signer.async_sign_pdf(writer, existing_fields_only=True, output=out)
            pdf = out.getvalue()
        return pdf

    def _context(self) -> ValidationContext:
        now = utc_now()
        lists = self.work.trust((), now, now + ONE_SHOT).lists
        return ValidationContext(
            trust_roots=[asn1(one) for one in self.work.roots],
            other_certs=[asn1(self.work.authority.issuing)],
            crls=[_list(one) for one in lists],
            allow_fetching=False,
            revocation_mode="require",
        )


_open: list["Baseline"] = []


def seconds(keys: Keys, pdf: bytes, places: Sequence[str], drawn: Sequence[bytes]) -> float:
    """Of one document. For a process of its own, which opens everything the first time."""
    if not _open:
        for kind, name in (
            (Sequence_, "dump"),
            (SequenceOf, "dump"),
            (NameTypeAndValue, "_ldap_string_prep"),
            (generic, "read_hex_string_from_stream"),
        ):
            setattr(kind, name, getattr(kind, name).__wrapped__)
        _open.append(Baseline.of(Workshop(keys), len(places)))
        asyncio.run(_open[0].sign(pdf, places, drawn))
    start = time.perf_counter()
    asyncio.run(_open[0].sign(pdf, places, drawn))
    return time.perf_counter() - start


def _list(one: x509.CertificateRevocationList) -> crl.CertificateList:
    return crl.CertificateList.load(one.public_bytes(Encoding.DER))
