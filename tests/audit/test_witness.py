"""A witness signs only what extends what it saw, and remembers before it answers."""

import base64
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import checkpoint as checkpoints
from audit import key as keys
from audit import note as notes
from audit import store
from audit.errors import NoteError
from audit.key import LogKey
from audit.service import AuditLog
from audit.web_witness import create_app
from audit.witness import State, StateDamaged, Witness, format_request, parse_request
from audit.witnessing import Peer, Witnessing, parse_peer
from database import Database

from .conftest import ORIGIN, StepClock
from .test_service import add

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
NAME = "witness.example"


def make(path: Path, log: AuditLog, key: Ed25519PrivateKey | None = None) -> Witness:
    logs = {log.origin: notes.parse_vkey(log.vkey)}
    return Witness(NAME, key or Ed25519PrivateKey.generate(), logs, State(path / "state.json"))


async def ask(witness: Witness, log: AuditLog, old: int, new: checkpoints.Checkpoint) -> Any:
    proof = await log.consistency(old, new.size) if 0 < old < new.size else []
    return witness.add_checkpoint(format_request(old, proof, new.note), NOW)


async def grown(log: AuditLog, database: Database, count: int) -> checkpoints.Checkpoint:
    await add(log, database, count)
    return await log.checkpoint()


async def test_it_cosigns_a_log_that_grows(
    log: AuditLog, database: Database, tmp_path: Path
) -> None:
    witness = make(tmp_path, log)
    first = await grown(log, database, 3)
    second = await grown(log, database, 9)
    for old, new in ((0, first), (3, second), (12, second)):
        answer = await ask(witness, log, old, new)
        assert answer.status == 200
        lines = notes.parse_lines(answer.body)
        witness.verifier.check(notes.with_lines(notes.parse(new.note), lines))
    assert State(tmp_path / "state.json").get(ORIGIN) == (12, second.root)


async def test_it_does_not_sign_another_history(
    log: AuditLog, database: Database, log_key: LogKey, tmp_path: Path
) -> None:
    """An administrator with the log's real key rewrites a leaf, or takes leaves back."""
    witness = make(tmp_path, log)
    honest = await grown(log, database, 8)
    assert (await ask(witness, log, 0, honest)).status == 200

    def forged(size: int, root: bytes) -> checkpoints.Checkpoint:
        note = log_key.sign(checkpoints.body(ORIGIN, size, root))
        return checkpoints.Checkpoint(ORIGIN, size, root, note)

    rewritten, longer, shorter = forged(8, b"x" * 32), forged(9, b"y" * 32), forged(5, b"z" * 32)
    for old, new, status in ((8, rewritten, 409), (8, longer, 422), (5, shorter, 409)):
        answer = witness.add_checkpoint(format_request(old, [], new.note), NOW)
        assert answer.status == status
        assert witness._state.get(ORIGIN) == (8, honest.root)
    proof = [b"p" * 32] * 4
    assert witness.add_checkpoint(format_request(8, proof, longer.note), NOW).status == 422


async def test_refusals(log: AuditLog, database: Database, tmp_path: Path) -> None:
    witness = make(tmp_path, log)
    found = await grown(log, database, 4)
    other = keys.generate(ORIGIN).sign(checkpoints.body(ORIGIN, 4, found.root))
    foreign = keys.generate("else/where").sign(checkpoints.body("else/where", 4, found.root))
    for body, status in (
        (b"", 400),
        (b"old x\n\n" + found.note.encode(), 400),
        (b"old 01\n\n" + found.note.encode(), 400),
        (b"old 0\nAAAA\n\n" + found.note.encode(), 400),
        (format_request(5, [], found.note), 400),
        (format_request(0, [b"p" * 32] * 64, found.note), 400),
        (format_request(0, [], other), 403),
        (format_request(0, [], foreign), 404),
        (format_request(2, [], found.note), 409),
        (format_request(0, [b"p" * 32], found.note), 422),
    ):
        assert witness.add_checkpoint(body, NOW).status == status, body
    assert not (tmp_path / "state.json").exists()


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_any_bytes_are_an_answer(body: bytes) -> None:
    logs = {ORIGIN: keys.generate(ORIGIN).verifier}
    witness = Witness(NAME, Ed25519PrivateKey.generate(), logs, State(Path("/nonexistent/x")))
    assert witness.add_checkpoint(body, NOW).status in (400, 403, 404, 409, 422)
    assert witness.add_checkpoint(b"old 0\n\n" + body, NOW).status in (400, 403, 404)


@given(st.integers(0, 2**40), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_requests_are_read_as_they_were_written(old: int, proof: list[bytes]) -> None:
    read = parse_request(format_request(old, proof, "a\nb\n\n— c d\n"))
    assert (read.old, list(read.proof), read.checkpoint) == (old, proof, "a\nb\n\n— c d\n")


def test_a_damaged_state_signs_nothing(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{}x")
    with pytest.raises(StateDamaged):
        State(tmp_path / "state.json")


# --- the log's side -------------------------------------------------------------------------------


def peer_of(witness: Witness) -> Peer:
    return parse_peer(f"{witness.verifier.vkey}@http://witness.example")


def asking(log: AuditLog, database: Database, witness: Witness, down: list[int]) -> Witnessing:
    """Over the witness's real application, without a socket; `down` not empty: it is away."""
    app: Any = create_app(witness, lambda: NOW)
    inner = httpx.ASGITransport(app=app)

    class Line(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if down:
                raise httpx.ConnectError("no route")
            return await inner.handle_async_request(request)

    client = httpx.AsyncClient(transport=Line())
    side = Witnessing(database, log, StepClock(), client)
    side.add(peer_of(witness))
    return side


async def test_new_checkpoints_are_cosigned(
    log: AuditLog, database: Database, tmp_path: Path
) -> None:
    witness, down = make(tmp_path, log), [1]
    side = asking(log, database, witness, down)
    await grown(log, database, 3)
    await side.ask_all()
    assert [item.trouble for item in side.standing.values()] == ["away"]
    down.clear()
    newest = await grown(log, database, 4)
    await side.ask_all()
    [standing] = side.standing.values()
    assert (standing.size, standing.trouble) == (7, "")
    found = await side.covering(5, 0.01)
    assert found.size == 7
    notes.open_note(found.note, [notes.parse_vkey(log.vkey), witness.verifier])
    assert checkpoints.parse(found.note).root == newest.root


async def test_who_is_away_holds_nobody_up(
    log: AuditLog, database: Database, tmp_path: Path
) -> None:
    side = asking(log, database, make(tmp_path, log), [1])
    newest = await grown(log, database, 3)
    assert await side.covering(3, 0.01) == newest


async def test_a_restart_of_either_goes_on(
    log: AuditLog, database: Database, tmp_path: Path
) -> None:
    """The log asks the store what was cosigned; the witness reads its state."""
    key = Ed25519PrivateKey.generate()
    for size in (3, 6, 9):
        await grown(log, database, 3)
        side = asking(log, database, make(tmp_path, log, key), [])
        await side.ask_all()
        assert [item.size for item in side.standing.values()] == [size]


@pytest.fixture
async def replaced(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """Another database, as an administrator would put it in place of ours."""
    shutil.copyfile(sqlite_template, tmp_path / "replaced.db")
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'replaced.db'}")
    yield database
    await database.close()


async def test_a_log_put_back_is_a_conflict(
    log: AuditLog, database: Database, log_key: LogKey, replaced: Database, tmp_path: Path
) -> None:
    """The database is replaced by an older one, and the log signed anew with the real key."""
    witness = make(tmp_path, log)
    await grown(log, database, 6)
    await asking(log, database, witness, []).ask_all()
    other = AuditLog(replaced, log_key, ORIGIN, StepClock())
    for count in (4, 4):  # shorter than what was cosigned, then longer
        await grown(other, replaced, count)
        side = asking(other, replaced, witness, [])
        await side.ask_all()
        assert [item.trouble for item in side.standing.values()] == ["conflict"]
        async with replaced.unit(write=False) as session:
            assert await store.cosigned_size(session, 0) is None


@pytest.mark.parametrize(
    "text",
    ["", "x@http://a", "{log}@http://a", "{witness}", "{witness}@ftp://a"],
)
def test_a_witness_that_cannot_be_configured(text: str, log_key: LogKey, tmp_path: Path) -> None:
    witness = Witness(NAME, Ed25519PrivateKey.generate(), {}, State(tmp_path / "s"))
    vkeys = {"log": log_key.vkey, "witness": witness.verifier.vkey}
    with pytest.raises(NoteError):
        parse_peer(text.format(**vkeys))


def test_a_line_has_the_form_of_the_specification() -> None:
    """tlog-cosignature: key id over type 0x04, eight bytes of time, Ed25519 over the header."""
    key = Ed25519PrivateKey.generate()
    line = notes.cosign("o\n1\nroot\n", NAME, key, 1679315147)
    data = base64.b64decode(line.line().split(" ")[2])
    assert data[4:12] == (1679315147).to_bytes(8, "big")
    message = b"cosignature/v1\ntime 1679315147\no\n1\nroot\n"
    key.public_key().verify(data[12:], message)
    assert len(data) == 4 + 8 + 64
