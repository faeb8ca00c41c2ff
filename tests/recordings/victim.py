"""A process that goes on record and waits to be killed. Run by test_recovery.py."""

import asyncio
import sys
from pathlib import Path

from audit import key as audit_key
from audit.service import AuditLog
from clock import utc_now
from database import Database
from recordings.keys import MemoryKeyStore
from recordings.service import Desk
from recordings.vault import Vault
from tests.recordings.conftest import STORE_KEY
from tests.recordings.room import Room, camera, microphone


async def main(folder: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{folder / 'records.db'}")
    key = await audit_key.open_key(folder / "log.key", "test.example/audit")
    log = AuditLog(database, key, "test.example/audit", utc_now)
    vault = Vault(folder / "vault")
    desk = Desk(database, log, vault, MemoryKeyStore(STORE_KEY), utc_now, min_free_bytes=1000)
    await desk.open()
    with Room("sit1", microphone(), camera(), microphone("lawyer1")) as room:
        while any(not feed.sent_ns for feed in room.feeds):
            await asyncio.sleep(0.02)
        print("starting", flush=True)
        await desk.start("sit1", room, "judge1")
        print("on record", flush=True)
        while True:
            await asyncio.sleep(3.0)
            room.mute(room.feeds[2])
            await asyncio.sleep(1.0)
            room.unmute(room.feeds[2])


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
