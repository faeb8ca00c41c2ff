"""kill -9 at any instant: what was committed is there, in pairs, and the log goes on."""

import asyncio
import random
import sys
from pathlib import Path

from audit import key, leaf
from audit.service import AuditLog
from clock import utc_now
from database import Database

ROOT = Path(__file__).parents[2]
ROUNDS = 4
ORIGIN = "court.example/audit"


async def test_killed_while_it_writes(database_url: str, tmp_path: Path) -> None:
    generator = random.Random(5)
    key_file = tmp_path / "log.pem"
    for _ in range(ROUNDS):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.audit.writer",
            database_url,
            str(key_file),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout
        told = -1
        for _ in range(generator.randrange(1, 40)):
            told = int(await process.stdout.readline())
        process.kill()
        rest = (await process.stdout.read()).split(b"\n")[:-1]
        told = int(rest[-1]) if rest else told
        await process.wait()

        database = Database(database_url)
        log = AuditLog(database, key.load_or_create(key_file, ORIGIN), ORIGIN, utc_now)
        signed = await log.checkpoint()
        assert signed.size > told
        assert signed.size % 2 == 0
        assert await log.check() == signed
        numbers = [leaf.decode(item.entry).n for item in await log.leaves("s")]
        assert numbers == list(range(signed.size))
        await database.close()
