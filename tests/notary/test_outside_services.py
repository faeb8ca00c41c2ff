"""Hard check 8: authorities and services that are down, slow or lying; nothing half-signed. The
outside signing services with stand-ins, over real HTTP."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from audit.timestamping import InternalSource
from clock import utc_now
from errors import Refusal
from notary.documents.render import Documents, Rendered
from notary.signing import pades, time_stamps
from notary.signing.authority import open_stamping
from notary.signing.backend import Csc, Order, Waiting
from notary.signing.ceremony import Ceremony, Slot
from notary.signing.certificates import Revoked
from notary.signing.engine import Engine, Job, Keys, Service, Signed, Workshop
from notary.signing.errors import SigningFailed
from notary.signing.service import Choice
from notary.signing.uae_pass import UaePass
from tests.notary.house import House, job, login, signers
from tests.notary.services import TOKEN, Authority, LyingTsa, StandIn, pem_file, served


class InProcess(Engine):
    """The worker's code without the worker: its keys name a stand-in of this test."""

    def __init__(self, keys: Keys) -> None:
        super().__init__(keys)
        self.work = Workshop(keys)

    async def sign(self, job: Job) -> Signed:
        return await self.work.sign(job)

    async def sign_csc(self, job: Job, credential: str) -> Signed:
        return await self.work.sign_csc(job, credential)

    async def finish(self, pdf: bytes, job: Job) -> Signed:
        return await self.work.finish(pdf, job)


@pytest.fixture
async def stand_in(workshop: Workshop) -> AsyncIterator[StandIn]:
    source = InternalSource(workshop.stamping.unit, utc_now)
    stamper = time_stamps.CheckedTimeStamper(source, utc_now)
    made = StandIn(Authority("Al Zahra, Fatima Mohamed"), stamper)
    async with served(made):
        yield made


@pytest.fixture
def outside(keys: Keys, stand_in: StandIn, tmp_path: Path) -> InProcess:
    roots = pem_file(tmp_path, stand_in.authority.root)
    service = Service(stand_in.url, TOKEN, roots, (f"{stand_in.url}/crl",))
    return InProcess(replace(keys, service=service))


@pytest.fixture
def first(rendered: Rendered, documents: Documents) -> Order:
    """The first signature of the sample deed."""
    pdf = pades.add_fields(rendered.pdf, rendered.boxes, [one.name for one in rendered.boxes])
    one = signers()[0]
    return Order(job(pdf, 0, rendered, documents), (one.name_ar, one.name_en), "cred", "back")


async def fails(making: object, code: str) -> None:
    with pytest.raises(SigningFailed) as caught:
        await making  # type: ignore[misc]
    assert caught.value.code == code


async def test_a_csc_service_signs_hashes_and_the_result_is_lta(
    outside: InProcess, stand_in: StandIn, first: Order
) -> None:
    signed = await Csc(outside).begin(first)
    assert isinstance(signed, Signed)
    checked = await pades.verified(signed.pdf, 1, outside.work.roots)
    assert (checked.verdict, checked.certify) == ("valid", True)
    assert checked.name == "Al Zahra, Fatima Mohamed"
    assert stand_in.asked == ["POST info", "POST authorize", "POST signHash", "GET crl"]


@pytest.mark.parametrize(
    ("trouble", "code"), [("down", "service"), ("wrong_hash", "document"), ("no_list", "authority")]
)
async def test_a_csc_service_in_trouble_signs_nothing(
    outside: InProcess, stand_in: StandIn, first: Order, trouble: str, code: str
) -> None:
    stand_in.trouble = trouble
    await fails(Csc(outside).begin(first), code)


async def test_a_service_that_signs_for_somebody_else_is_refused(
    outside: InProcess, first: Order
) -> None:
    await fails(
        Csc(outside).begin(replace(first, names=("خالد سعيد", "Khalid Saeed"))), "other_person"
    )


async def test_a_certificate_that_the_service_revoked_is_refused(
    outside: InProcess, stand_in: StandIn, first: Order
) -> None:
    serial = stand_in.authority.signer.certificate.serial_number
    stand_in.authority.revoked.append(Revoked(serial, utc_now()))
    await fails(Csc(outside).begin(first), "revoked")


async def test_one_shot_certificates_that_were_revoked_are_refused(
    workshop: Workshop, first: Order
) -> None:
    await fails(
        workshop.sign(replace(first.job, revoked=(Revoked(first.job.serial, utc_now()),))),
        "revoked",
    )


async def test_uae_pass_asks_the_signer_is_looked_at_and_forgets(
    house: House, rendered: Rendered, outside: InProcess, stand_in: StandIn
) -> None:
    """Through the ceremony: one process for each signer, the revision only when it is finished."""
    async with httpx.AsyncClient(trust_env=False) as client:
        service = outside.work.keys.service
        assert service is not None
        backend = UaePass(outside, service, client)
        ceremonies = replace(house.ceremonies, backends={"uae_pass": backend})
        found = await ceremonies.prepare(login("mona").person, "deed1", rendered, signers())
        token = house.confirmations.token("fatima", "signing.sign", found.id, found.sha256)
        choice = Choice("uae_pass", "", "http://localhost/back")
        waiting = await ceremonies.sign(login("fatima"), found.id, token, choice)
        assert isinstance(waiting, Waiting)
        assert waiting.address.startswith(stand_in.url)
        during = await ceremonies.see(login("fatima").person, found.id)
        assert (during.revision, during.signers[0].state) == (0, Slot.CLAIMED)
        stand_in.trouble = "pending"
        still = await ceremonies.resume(login("fatima"), found.id, choice)
        assert isinstance(still, Waiting)
        stand_in.trouble = ""
        done = await ceremonies.resume(login("fatima"), found.id, choice)
        assert isinstance(done, Ceremony)
        assert (done.revision, done.signers[0].state) == (1, Slot.SIGNED)
        assert not stand_in.processes, "the service was told to delete the document"
        pdf = await ceremonies.file(login("fatima").person, found.id)
        assert (await pades.verified(pdf, 1, outside.work.roots)).verdict == "valid"


@pytest.mark.parametrize(
    ("trouble", "code"),
    [("cancelled", "signing.cancelled"), ("other_document", "signing.document")],
)
async def test_uae_pass_that_cancels_or_lies_leaves_the_document_as_it_was(
    house: House,
    rendered: Rendered,
    outside: InProcess,
    stand_in: StandIn,
    trouble: str,
    code: str,
) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        assert outside.work.keys.service is not None
        backend = UaePass(outside, outside.work.keys.service, client)
        ceremonies = replace(house.ceremonies, backends={"uae_pass": backend})
        found = await ceremonies.prepare(login("mona").person, "deed1", rendered, signers())
        token = house.confirmations.token("fatima", "signing.sign", found.id, found.sha256)
        choice = Choice("uae_pass", "", "http://localhost/back")
        await ceremonies.sign(login("fatima"), found.id, token, choice)
        stand_in.trouble = trouble
        with pytest.raises(Refusal) as caught:
            await ceremonies.resume(login("fatima"), found.id, choice)
        assert caught.value.code == code
        assert await ceremonies.see(login("fatima").person, found.id) == found


async def test_uae_pass_sends_nobody_to_another_host(
    outside: InProcess, stand_in: StandIn, first: Order
) -> None:
    stand_in.trouble = "other_host"
    async with httpx.AsyncClient(trust_env=False) as client:
        assert outside.work.keys.service is not None
        await fails(UaePass(outside, outside.work.keys.service, client).begin(first), "service")


@pytest.mark.parametrize(
    "trouble", ["", "down", "slow", "imprint", "nonce", "old", "other_key", "junk"]
)
async def test_an_outside_time_stamp_authority_that_is_down_slow_or_lying(
    keys: Keys,
    first: Order,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trouble: str,
) -> None:
    """Never silently our own time-stamps instead."""
    monkeypatch.setattr(time_stamps, "TIMEOUT_S", 0.5)
    # The second unit: another key under another root, of the same names.
    units = [open_stamping(tmp_path / n, "", "http://localhost", utc_now()) for n in "ab"]
    tsa = LyingTsa(units[0], units[1], trouble)
    async with served(tsa):
        roots = pem_file(tmp_path, units[0].unit.root)
        work = Workshop(replace(keys, tsa_url=f"{tsa.url}/tsa", tsa_roots=roots))
        if trouble:
            await fails(work.sign(first.job), "time")
            return
        await fails(work.sign(first.job), "time")  # its revocation list is not known
        listed = replace(work.keys, tsa_lists=(f"{tsa.url}/crl",))
        signed = await Workshop(listed).sign(first.job)
        checked = await pades.verified(signed.pdf, 1, work.roots)
        assert checked.verdict == "valid"
