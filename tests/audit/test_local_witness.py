"""The witness beside the server: a real process, killed at random instants, never forgets."""

import asyncio
import random
from pathlib import Path

import httpx
import pytest

from audit import key as keys
from audit import note as notes
from audit.errors import AuditError
from audit.local_witness import LocalWitness
from audit.service import AuditLog
from audit.witness import State
from audit.witnessing import Witnessing
from database import Database
from settings import ROOT

from .conftest import ORIGIN, StepClock
from .test_service import add

NAME = f"{ORIGIN}/witness"


def local(folder: Path, vkey: str, passphrase: str = "") -> LocalWitness:
    return LocalWitness(ROOT / "cli.py", folder, NAME, vkey, passphrase)


async def test_killed_at_random_instants_it_forgets_nothing_that_it_signed(
    sqlite_database: Database, log_key: keys.LogKey, tmp_path: Path
) -> None:
    log = AuditLog(sqlite_database, log_key, ORIGIN, StepClock())
    witness = local(tmp_path, log.vkey, "long words")
    side = Witnessing(sqlite_database, log, StepClock())
    peer = await witness.open()
    side.add(peer)
    chance = random.Random(20)
    try:
        for _ in range(8):
            await add(log, sqlite_database, 5)
            await log.checkpoint()
            asking = asyncio.create_task(side.ask_all())
            for _ in range(chance.randrange(40)):
                await asyncio.sleep(0)
            assert witness.process is not None
            witness.process.kill()
            await witness.process.wait()
            await asking
            assert await witness._start() == peer.verifier.vkey
            await side.ask_all()
            [standing] = side.standing.values()
            assert standing.trouble == ""
            assert standing.size == (await log.newest()).size
            assert State(tmp_path / "state.json").get(ORIGIN)[0] >= standing.size
        found = await side.newest()
        assert found.size == 40
        notes.open_note(found.note, [peer.verifier, notes.parse_vkey(log.vkey)])
    finally:
        await side.client.aclose()
        await witness.close()


async def test_one_that_dies_is_started_again(log_key: keys.LogKey, tmp_path: Path) -> None:
    witness = local(tmp_path, log_key.vkey)
    peer = await witness.open()
    keeping = asyncio.create_task(witness.run())
    try:
        first = witness.process
        assert first is not None
        first.kill()
        async with asyncio.timeout(30), httpx.AsyncClient() as client:
            while witness.process is first:
                await asyncio.sleep(0.05)
            answer = await client.get(f"{peer.url}/vkey")
        assert answer.text.strip() == peer.verifier.vkey
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await witness.close()


async def test_a_damaged_state_does_not_start(log_key: keys.LogKey, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("gone")
    witness = local(tmp_path, log_key.vkey)
    with pytest.raises(AuditError):
        await witness.open()
    await witness.close()
