"""Appends and signs until it is killed; prints what it was told is kept. See test_kill.py."""

import asyncio
import sys
from pathlib import Path

from audit import key
from audit.service import AuditLog
from clock import utc_now
from database import Database

ORIGIN = "court.example/audit"


async def main(url: str, key_file: Path) -> None:
    database = Database(url)
    log = AuditLog(database, key.load_or_create(key_file, ORIGIN), ORIGIN, utc_now)
    sequencer = asyncio.create_task(log.run())
    count = 0
    while not sequencer.done():
        async with database.unit() as session:
            first = await log.append(session, "test.leaf", {"i": count}, subject="s")
            index = await log.append(session, "test.leaf", {"of": first}, subject="s")
        if count % 3 == 0:
            await log.wait_covered(index)
        count += 1
        print(index, flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
