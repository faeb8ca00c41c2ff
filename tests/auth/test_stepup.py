"""The confirmation of one act: bound to act, object, digest, session and person; once; two minutes;
and that the evidence can be checked by somebody else."""

import asyncio
import hashlib
import json
from typing import Any

import pytest
from sqlalchemy import text
from webauthn.helpers import decode_credential_public_key

from auth.assurance import PROFILES, Level
from auth.demo import PASSWORD
from auth.methods.passkey import Passkey, check
from auth.session import Login
from auth.stepup import Authorisation, proof_hash
from errors import BadInput, Refusal
from tests.auth.authenticator import Authenticator
from tests.auth.house import House
from tests.auth.test_passkeys import add, refused

ACT, OBJECT = "live.close", "sitting-1"
A = hashlib.sha256(b"document A").hexdigest()
B = hashlib.sha256(b"document B").hexdigest()


async def confirmed(
    house: House, login: Login, device: Authenticator, act: str = ACT, digest: str = A
) -> Authorisation:
    question = await house.accounts.stepup.begin(login, act, OBJECT, digest)
    answer = device.get(question.options or {})
    return await finish(house, login, question.id, answer)


async def finish(house: House, login: Login, id: str, answer: dict[str, Any]) -> Authorisation:
    return await house.accounts.stepup.finish(login, id, "passkey", answer, address="")


async def take(house: House, who: Login, token: str, **other: str) -> Level:
    exactly = {
        "person": who.person.id,
        "login": who.id,
        "act": ACT,
        "object": OBJECT,
        "digest": A,
    }
    async with house.database.unit() as session:
        return await house.accounts.stepup.take(session, token, **(exactly | other))


async def someone(house: House, name: str = "judge") -> tuple[Login, Authenticator]:
    login, device = (await house.sign_in(name)).login, Authenticator(counter=1)
    await add(house, login, device)
    return login, device


async def test_a_confirmation_is_used_once(house: House) -> None:
    judge, device = await someone(house)
    token = (await confirmed(house, judge, device)).token
    assert await take(house, judge, token) is Level.HIGH
    assert await refused(take(house, judge, token)) == "confirmation.refused"


async def test_of_two_uses_at_once_one_gets_it(house: House) -> None:
    judge, device = await someone(house)
    token = (await confirmed(house, judge, device)).token
    results = await asyncio.gather(
        *(take(house, judge, token) for _ in range(4)), return_exceptions=True
    )
    assert sum(one is Level.HIGH for one in results) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"digest": B},
        {"act": "live.admit"},
        {"object": "sitting-2"},
        {"person": "somebody"},
        {"login": "another"},
    ],
    ids=lambda other: next(iter(other)),
)
async def test_it_is_for_nothing_else(lite: House, other: dict[str, str]) -> None:
    judge, device = await someone(lite)
    token = (await confirmed(lite, judge, device)).token
    assert await refused(take(lite, judge, token, **other)) == "confirmation.refused"
    assert await take(lite, judge, token) is Level.HIGH  # what was refused did not use it up


async def test_an_assertion_for_document_a_does_not_confirm_b(lite: House) -> None:
    judge, device = await someone(lite)
    for_a = await lite.accounts.stepup.begin(judge, ACT, OBJECT, A)
    for_b = await lite.accounts.stepup.begin(judge, ACT, OBJECT, B)
    assert for_a.options
    assert for_b.options
    answer = device.get(for_a.options)
    assert await refused(finish(lite, judge, for_b.id, answer)) == "passkey.refused"
    other_act = await lite.accounts.stepup.begin(judge, "live.admit", OBJECT, A)
    assert await refused(finish(lite, judge, other_act.id, answer)) == "passkey.refused"
    plain = await lite.accounts.passkeys.begin("step_up", judge)
    answer = device.get(plain.options)
    assert await refused(finish(lite, judge, for_b.id, answer)) == "passkey.refused"


async def test_an_assertion_is_not_replayed_and_not_late(lite: House) -> None:
    judge, device = await someone(lite)
    question = await lite.accounts.stepup.begin(judge, ACT, OBJECT, A)
    answer = device.get(question.options or {})
    await finish(lite, judge, question.id, answer)
    assert await refused(finish(lite, judge, question.id, answer)) == "passkey.too_late"
    question = await lite.accounts.stepup.begin(judge, ACT, OBJECT, A)
    answer = device.get(question.options or {})
    lite.clock.advance(120)
    assert await refused(finish(lite, judge, question.id, answer)) == "passkey.too_late"
    token = (await confirmed(lite, judge, device)).token
    lite.clock.advance(120)
    assert await refused(take(lite, judge, token)) == "confirmation.refused"


@pytest.mark.parametrize(
    "lie",
    [{"verifies": False}, {"origin": "https://localhost:8000"}, {"counter": 0}],
    ids=lambda lie: next(iter(lie)),
)
async def test_an_assertion_that_does_not_hold_confirms_nothing(
    lite: House, lie: dict[str, Any]
) -> None:
    judge, device = await someone(lite)
    await confirmed(lite, judge, device)
    for name, value in lie.items():
        setattr(device, name, value)
    assert await refused(confirmed(lite, judge, device)) == "passkey.refused"


async def test_another_session_and_another_person_cannot_answer(lite: House) -> None:
    judge, device = await someone(lite)
    clerk, theirs = await someone(lite, "clerk")
    elsewhere = (await lite.sign_in("judge")).login
    question = await lite.accounts.stepup.begin(judge, ACT, OBJECT, A)
    answer = device.get(question.options or {})
    assert await refused(finish(lite, elsewhere, question.id, answer)) == "passkey.too_late"
    assert await refused(finish(lite, clerk, question.id, answer)) == "passkey.too_late"
    theirs_answer = theirs.get(question.options or {})
    assert await refused(finish(lite, judge, question.id, theirs_answer)) == "passkey.refused"


async def test_the_profile_says_which_ways_are_enough(lite: House) -> None:
    judge = (await lite.sign_in("judge")).login
    stepup = lite.accounts.stepup
    lite.accounts.profile = PROFILES["small"]
    question = await stepup.begin(judge, ACT, OBJECT, A)
    assert question.body() == {"id": question.id, "methods": ["password"], "publicKey": None}
    with pytest.raises(BadInput):
        await stepup.finish(judge, question.id, "password", {"password": "wrong"}, address="")
    found = await stepup.finish(judge, question.id, "password", {"password": PASSWORD}, address="")
    assert await take(lite, judge, found.token) is Level.MEDIUM

    lite.accounts.profile = PROFILES["court"]
    assert (await stepup.begin(judge, ACT, OBJECT, A)).methods == ()
    await add(lite, judge, Authenticator())
    assert (await stepup.begin(judge, ACT, OBJECT, A)).methods == ("passkey",)


async def test_a_method_that_was_not_offered_proves_what_it_proves(lite: House) -> None:
    """A password in a court: the token is good for no act, since its level is too low."""
    lite.accounts.profile = PROFILES["court"]
    judge = (await lite.sign_in("judge")).login
    question = await lite.accounts.stepup.begin(judge, ACT, OBJECT, A)
    answer = {"password": PASSWORD}
    found = await lite.accounts.stepup.finish(judge, question.id, "password", answer, address="")
    assert await take(lite, judge, found.token) is Level.LOW


@pytest.mark.parametrize(
    ("act", "object", "digest"),
    [
        ("live.open", OBJECT, A),
        ("live.nothing", OBJECT, A),
        ("people.manage", OBJECT, A),
        (ACT, "no such object", A),
        (ACT, "", A),
        (ACT, OBJECT, A[:-1]),
        (ACT, OBJECT, A.upper()),
    ],
)
async def test_what_cannot_be_confirmed(lite: House, act: str, object: str, digest: str) -> None:
    judge = (await lite.sign_in("judge")).login
    code = await refused(lite.accounts.stepup.begin(judge, act, object, digest))
    assert code == "confirmation.malformed"


async def test_the_evidence_can_be_checked_by_somebody_else(lite: House) -> None:
    judge, device = await someone(lite)
    await confirmed(lite, judge, device)
    async with lite.database.unit(write=False) as session:
        row = (await session.execute(text("SELECT * FROM authorisations"))).one()
        entries = (await session.execute(text("SELECT entry FROM audit_leaves"))).scalars().all()
    proof = json.loads(row.proof)
    leaf = next(
        found for found in map(json.loads, map(bytes, entries)) if found["t"] == "act.authorised"
    )
    assert leaf["s"] == OBJECT
    assert leaf["d"] == {
        "act": ACT,
        "account": judge.person.id,
        "method": "passkey",
        "level": "high",
        "proof": proof_hash(proof),
    }
    challenge = hashlib.sha256(
        b"sign-act/v1\0" + row.nonce + bytes.fromhex(A) + f"{ACT}/{OBJECT}".encode()
    ).digest()
    decode_credential_public_key(row.public_key)
    key = Passkey("", "", device.credential, row.public_key, 0, "", lite.clock())
    complete = {**proof, "rawId": proof["id"], "type": "public-key"}
    assert check(lite.accounts.passkeys.party, challenge, complete, key) > 0
    with pytest.raises(Refusal):
        check(lite.accounts.passkeys.party, hashlib.sha256(b"x").digest(), complete, key)
