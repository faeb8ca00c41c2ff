"""Proofs in one file, and whom to trust (C2SP tlog-proof, tlog-policy)."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from quart import Quart

from audit import checkpoint, key, note, proof, trust_policy
from audit.errors import AuditError, NoteError
from audit.proof import Proof
from audit.service import AuditLog
from audit.web import blueprint
from audit.witnessing import Witnessing
from database import Database

from .conftest import ORIGIN, StepClock
from .test_service import add


@pytest.fixture
async def app(log: AuditLog, database: Database) -> Quart:
    await add(log, database, 300)
    await log.checkpoint()
    witnessing = Witnessing(database, log, StepClock())
    made = Quart(__name__)
    made.register_blueprint(blueprint(log, witnessing, address="https://court.example"))
    return made


async def test_a_proof_for_every_leaf(app: Quart, log: AuditLog) -> None:
    client = app.test_client()
    for index in (0, 1, 255, 256, 299):
        answer = await client.get(f"/audit/proof/{index}.tlog-proof")
        assert f'filename="{index}.tlog-proof"' in answer.headers["Content-Disposition"]
        text: str = await answer.get_data(as_text=True)
        lines = text.split("\n")
        assert lines[0] == "c2sp.org/tlog-proof@v1"
        assert lines[1].startswith("extra ")
        assert lines[2] == f"index {index}"
        found = proof.parse(text.encode())
        assert found.encode() == text
        signed = found.check()
        verifier = note.parse_vkey(log.vkey)
        assert checkpoint.verified(signed.note, verifier, ORIGIN).size == 300


async def test_no_proof_where_no_leaf_is(app: Quart) -> None:
    names = ("300.tlog-proof", "01.tlog-proof", "-1.tlog-proof", "1", "x.tlog-proof", "9" * 30)
    for name in names:
        answer = await app.test_client().get(f"/audit/proof/{name}")
        assert answer.status_code == 404, name


async def test_a_flipped_bit_is_refused(app: Quart, log: AuditLog) -> None:
    """Everywhere: in the entry, the index, the path, the checkpoint and its signature."""
    answer = await app.test_client().get("/audit/proof/257.tlog-proof")
    data: bytes = await answer.get_data(as_text=False)
    verifier = note.parse_vkey(log.vkey)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << (place % 7)
        with pytest.raises(AuditError):
            checkpoint.verified(proof.parse(bytes(changed)).check().note, verifier, ORIGIN)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for candidate in (data, proof.HEAD.encode() + b"\n" + data):
        with contextlib.suppress(NoteError):
            proof.parse(candidate)


def test_a_proof_without_its_entry() -> None:
    made = Proof(7, b"x", (b"\0" * 32,), "origin\n8\nroot\n")
    bare = made.encode().replace("extra eA==\n", "")
    assert proof.parse(bare.encode()) == Proof(7, b"", made.path, made.checkpoint)


async def test_the_policy_names_log_and_witnesses(app: Quart, log: AuditLog) -> None:
    text: str = await (await app.test_client().get("/audit/policy")).get_data(as_text=True)
    assert f"\nlog {log.vkey} https://court.example/audit\n" in text
    assert text.endswith("\nquorum none\n")


def test_most_witnesses_are_a_quorum() -> None:
    keys = [key.generate(f"w.example/{number}").vkey for number in range(4)]
    lines = trust_policy.encode("vkey", "", keys).splitlines()
    assert [line.split()[2] for line in lines if line.startswith("witness ")] == sorted(keys)
    assert lines[-2:] == ["group witnesses 3 w1 w2 w3 w4", "quorum witnesses"]
    assert len([line for line in lines if line.startswith("log ")]) == 1
