"""The ceremony: order, confirmations, one winner, nothing half-signed; every step a leaf."""

import asyncio
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from audit import leaf as leaves
from errors import BadInput, Forbidden, NotFound, Refusal
from notary.documents.render import Rendered
from notary.signing import ceremony
from notary.signing.ceremony import Ceremony, Slot, Sort, State
from notary.signing.engine import Engine, Job
from notary.signing.errors import SigningFailed
from notary.signing.service import Ceremonies
from tests.notary.house import PEOPLE, House, complete, login, signed_by, signers


async def leaves_of(house: House, subject: str = "deed1") -> list[leaves.Leaf]:
    return [leaves.decode(one.entry) for one in await house.log.leaves(subject)]


async def prepared(house: House, rendered: Rendered) -> Ceremony:
    return await house.ceremonies.prepare(login("mona").person, "deed1", rendered, signers())


async def refused(making: Any) -> str:
    with pytest.raises(Refusal) as caught:
        await making
    return caught.value.code


async def test_everyone_signs_in_order_and_each_step_is_in_the_log(
    house: House, rendered: Rendered
) -> None:
    id, pdf = await complete(house, rendered)
    found = await house.ceremonies.see(PEOPLE["khalid"], id)
    assert found.state is State.SEALED
    assert found.signed == 4
    assert found.revision == 4
    assert hashlib.sha256(pdf).hexdigest() == found.sha256
    told = await leaves_of(house)
    assert [one.type for one in told] == [
        "doc.rendered",
        "sign.intent",
        "sign.applied",
        "sign.intent",
        "sign.applied",
        "sign.intent",
        "sign.applied",
        "sign.applied",
    ]
    last = told[-1].data
    assert last["sha256"] == found.sha256
    assert (last["revision"], last["signatures"], last["state"]) == (4, 4, "sealed")
    assert last["certificate"] == found.signers[3].certificate
    assert last["timestamp"]
    assert "Fatima" not in json.dumps([one.data for one in told])


async def test_nobody_signs_out_of_turn_twice_or_as_somebody_else(
    house: House, rendered: Rendered
) -> None:
    found = await prepared(house, rendered)
    token = house.confirmations.token("khalid", "signing.sign", found.id, found.sha256)
    sign, close = house.ceremonies.sign, house.ceremonies.close
    assert await refused(sign(login("khalid"), found.id, token)) == "signing.not_your_turn"
    assert await refused(close(login("mona"), found.id, None)) == "signing.not_your_turn"
    assert await refused(sign(login("sara"), found.id, None)) == "signing.not_a_signer"
    await signed_by(house, found.id, found.sha256, "fatima")
    assert await refused(sign(login("fatima"), found.id, None)) == "signing.already"
    assert await refused(close(login("khalid"), found.id, token)) == "signing.wrong_act"
    now = await house.ceremonies.see(PEOPLE["khalid"], found.id)
    assert (now.revision, now.signed) == (1, 1)
    # The confirmation that came too early was not used up, and is of the older file.
    assert await refused(sign(login("khalid"), found.id, token)) == "confirmation.refused"


async def test_a_signature_asks_for_a_confirmation_of_this_very_file(
    house: House, rendered: Rendered
) -> None:
    found = await prepared(house, rendered)
    with pytest.raises(Forbidden) as caught:
        await house.ceremonies.sign(login("fatima"), found.id, None)
    assert caught.value.params == {
        "act": "signing.sign",
        "object": found.id,
        "digest": found.sha256,
    }
    other = house.confirmations.token("fatima", "signing.sign", found.id, "0" * 64)
    code = await refused(house.ceremonies.sign(login("fatima"), found.id, other))
    assert code == "confirmation.refused"
    token = house.confirmations.token("fatima", "signing.sign", found.id, found.sha256)
    await house.ceremonies.sign(login("fatima"), found.id, token)
    assert [one.type for one in await leaves_of(house)].count("sign.intent") == 1


async def test_of_two_attempts_at_once_one_signs(house: House, rendered: Rendered) -> None:
    found = await prepared(house, rendered)
    tokens = [
        house.confirmations.token("fatima", "signing.sign", found.id, found.sha256)
        for _ in range(2)
    ]
    outcomes = await asyncio.gather(
        *(house.ceremonies.sign(login("fatima"), found.id, token) for token in tokens),
        return_exceptions=True,
    )
    refusals = [one.code for one in outcomes if isinstance(one, Refusal)]
    assert refusals == ["signing.busy"]
    now = await house.ceremonies.see(PEOPLE["fatima"], found.id)
    assert (now.revision, now.signed) == (1, 1)
    # The next signer signs over the revision that won.
    await signed_by(house, found.id, now.sha256, "khalid")


class Failing(Engine):
    """An engine whose worker says no, or never answers."""

    def __init__(self, inner: Engine, code: str = "") -> None:
        super().__init__(inner._keys)
        self.inner, self.code = inner, code
        self.reached = asyncio.Event()

    async def add_fields(self, *given: Any) -> bytes:
        return await self.inner.add_fields(*given)

    async def sign(self, job: Job) -> Any:
        self.reached.set()
        if self.code:
            raise SigningFailed(self.code, "as the test wants")
        await asyncio.Event().wait()


def with_engine(house: House, engine: Engine) -> Ceremonies:
    return replace(house.ceremonies, engine=engine)


@pytest.mark.parametrize("code", ["time", "authority", "revoked", "document", "slow", "service"])
async def test_a_failure_leaves_no_half_signed_revision(
    house: House, rendered: Rendered, code: str
) -> None:
    found = await prepared(house, rendered)
    failing = with_engine(house, Failing(house.ceremonies.engine, code))
    token = house.confirmations.token("fatima", "signing.sign", found.id, found.sha256)
    assert await refused(failing.sign(login("fatima"), found.id, token)) == f"signing.{code}"
    now = await house.ceremonies.see(PEOPLE["fatima"], found.id)
    assert now == found
    last = (await leaves_of(house))[-1]
    assert (last.type, last.data["code"]) == ("sign.failed", f"signing.{code}")
    await signed_by(house, found.id, found.sha256, "fatima")


async def test_a_party_who_leaves_in_mid_signing_leaves_the_document_as_it_was(
    house: House, rendered: Rendered
) -> None:
    found = await prepared(house, rendered)
    engine = Failing(house.ceremonies.engine)
    token = house.confirmations.token("fatima", "signing.sign", found.id, found.sha256)
    going = asyncio.create_task(with_engine(house, engine).sign(login("fatima"), found.id, token))
    await engine.reached.wait()
    busy = await house.ceremonies.see(PEOPLE["fatima"], found.id)
    assert busy.signers[0].state is Slot.CLAIMED
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    assert await house.ceremonies.see(PEOPLE["fatima"], found.id) == found
    ended = await house.ceremonies.withdraw(login("mona").person, found.id, "party_left")
    assert ended.state is State.WITHDRAWN
    code = await refused(house.ceremonies.sign(login("fatima"), found.id, None))
    assert code == "signing.over"


async def test_a_certificate_revoked_while_it_signs_is_refused(
    house: House, rendered: Rendered
) -> None:
    found = await prepared(house, rendered)

    class Revoking(Failing):
        async def sign(self, job: Job) -> Any:
            assert await house.ceremonies.revoke(format(job.serial, "x"), "key_lost")
            return await self.inner.sign(job)

    revoking = with_engine(house, Revoking(house.ceremonies.engine))
    token = house.confirmations.token("fatima", "signing.sign", found.id, found.sha256)
    assert await refused(revoking.sign(login("fatima"), found.id, token)) == "signing.revoked"
    assert await house.ceremonies.see(PEOPLE["fatima"], found.id) == found


async def test_only_the_notary_prepares_and_withdraws_and_strangers_see_nothing(
    house: House, rendered: Rendered
) -> None:
    for name in ("fatima", "sara"):
        with pytest.raises(Forbidden):
            await house.ceremonies.prepare(login(name).person, "deed1", rendered, signers())
    found = await prepared(house, rendered)
    with pytest.raises(Forbidden):
        await house.ceremonies.withdraw(login("fatima").person, found.id, "party_left")
    with pytest.raises(Forbidden):
        await house.ceremonies.file(PEOPLE["sara"], found.id)
    with pytest.raises(NotFound):
        await house.ceremonies.see(PEOPLE["fatima"], "nothing")


def test_the_order_of_signers_is_parties_notary_seal() -> None:
    now = login("mona").created_at
    good = signers()
    for wrong in (
        [],
        good[:2],
        [good[2], *good[:2]],
        [*good, good[3]],
        [good[0], good[0], good[2]],
    ):
        with pytest.raises(BadInput):
            ceremony.begin("c", "deed1", wrong, "", now)
    alone = ceremony.begin("c", "deed1", good[2:], "", now)
    assert alone.state is State.CLOSING


def test_a_claim_that_brought_nothing_lapses() -> None:
    now = login("mona").created_at
    found = ceremony.claim(ceremony.begin("c", "d", signers(), "", now), 0, "a", now)
    with pytest.raises(Refusal, match="busy"):
        ceremony.claim(found, 0, "b", now)
    later = ceremony.claim(found, 0, "b", now + ceremony.CLAIM)
    with pytest.raises(Refusal, match="lost"):
        ceremony.apply(later, 0, "a", "f", "1", now)
    assert ceremony.release(later, 0, "a") is later


def test_every_state_is_in_the_table_of_transitions() -> None:
    assert set(ceremony.TRANSITIONS) == set(State) == set(ceremony.LABELS)
    assert {to for row in ceremony.TRANSITIONS.values() for to in row.values()} <= set(State)
    assert not ceremony.TRANSITIONS[State.WITHDRAWN]
    assert Sort("party") is Sort.PARTY
