"""The audit log: appends, signatures, proofs. python -m benchmarks.audit [database URL]

Without a URL: SQLite in a temporary folder, synchronous=FULL as in service. One line for each
figure; nothing else may run on the machine meanwhile.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from audit import key, tree
from audit.leaf import JSON
from audit.service import AuditLog
from clock import utc_now
from database import Base, Database

ORIGIN = "bench.example/audit"
DATA: dict[str, JSON] = {
    "track": "5e1f-camera",
    "seq": 7,
    "sha256": "0" * 64,
    "commitment": "0" * 64,
}


async def measure(what: str, count: int, act: Callable[[], Awaitable[object]]) -> None:
    """Run `act` `count` times; print the rate and the middle and worst time."""
    times = []
    for _ in range(count):
        start = time.perf_counter()
        await act()
        times.append(time.perf_counter() - start)
    times.sort()
    rate = count / sum(times)
    print(f"{what:<44}{rate:9.0f}/s  p50 {times[count // 2] * 1e3:8.2f} ms", end="")
    print(f"  p99 {times[int(count * 0.99)] * 1e3:8.2f} ms", flush=True)


async def main(url: str) -> None:
    """Create the tables in `url` where they are missing, and measure."""
    database = Database(url)
    async with database.engine.begin() as connection:
        tables = [t for t in Base.metadata.sorted_tables if t.name.startswith("audit_")]
        await connection.run_sync(Base.metadata.create_all, tables=tables)
    log = AuditLog(database, key.generate(ORIGIN), ORIGIN, utc_now)

    async def act(leaves: int = 1, wait: bool = False) -> None:
        async with database.unit() as session:
            for _ in range(leaves):
                index = await log.append(session, "bench.leaf", DATA, subject="s")
        if wait:
            await log.wait_covered(index)

    async def together(units: int, wait: bool) -> None:
        await asyncio.gather(*(act(wait=wait) for _ in range(units)))

    await measure("append, one in a transaction", 2000, act)
    await measure("append, 64 in a transaction (64 a count)", 60, lambda: act(64))
    await log.checkpoint()
    await measure("append and wait for the checkpoint", 500, lambda: act(wait=True))
    await measure("16 at once, each waits (16 a count)", 60, lambda: together(16, True))
    newest = await log.checkpoint()
    size = newest.size
    generator = random.Random(1)
    await measure(
        f"inclusion proof of {size} leaves",
        500,
        lambda: log.inclusion(generator.randrange(size), size),
    )
    await measure(
        "consistency proof", 500, lambda: log.consistency(generator.randrange(1, size), size)
    )
    await measure("tile of 256 hashes", 300, lambda: log.tile(0, generator.randrange(size // 256)))
    await measure("check of the whole log", 3, log.check)
    path = await log.inclusion(5, size)
    leaf = (await log.leaves("s"))[5].hash

    async def verify() -> None:
        tree.verify_inclusion(leaf, 5, size, path, newest.root)

    await measure("verification of an inclusion proof", 5000, verify)
    await database.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        default = f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}"
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else default))
