"""The notary: signatures B-LTA beside plain pyHanko in one process, rendering, loop lag, checking.

python -m benchmarks.notary [--documents 6]
"""

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from notary.documents.render import Documents, Rendered
from notary.signing import pades, validation
from notary.signing.engine import Engine, Keys, Workshop
from tests.notary.deeds import AT, deed
from tests.notary.house import job

SIGNERS = 3


async def one_process(work: Workshop, made: Rendered, documents: Documents) -> float:
    """Seconds of one document by plain pyHanko calls in this process, with the same check."""
    pdf = _prepared(made)
    start = time.perf_counter()
    for place in range(SIGNERS):
        pdf = (await work.sign(job(pdf, place, made, documents))).pdf
    return time.perf_counter() - start


async def through_pool(engine: Engine, made: Rendered, documents: Documents) -> bytes:
    """One document with three signers, one after the other."""
    pdf = _prepared(made)
    for place in range(SIGNERS):
        pdf = (await engine.sign(job(pdf, place, made, documents))).pdf
    return pdf


async def lag(stop: asyncio.Event) -> list[float]:
    """Milliseconds by which the event loop woke late, every 5 ms."""
    found = []
    while not stop.is_set():
        start = time.perf_counter()
        await asyncio.sleep(0.005)
        found.append((time.perf_counter() - start - 0.005) * 1e3)
    return found


def _prepared(made: Rendered) -> bytes:
    return pades.add_fields(made.pdf, made.boxes, [one.name for one in made.boxes])


def rendering(documents: Documents, count: int = 15) -> float:
    """Milliseconds of a warm Arabic deed, median."""
    times = []
    for number in range(count):
        data = deed() | {"register": f"AJM/2026/{number:06}"}
        start = time.perf_counter()
        documents.render_now("deed", data, AT)
        times.append((time.perf_counter() - start) * 1e3)
    return sorted(times)[count // 2]


async def main(count: int, folder: Path) -> None:
    """Measure and print."""
    documents = Documents()
    made = documents.render_now("deed", deed(), AT)
    print(f"deed rendered, warm           {rendering(documents):8.1f} ms")
    keys = Keys(folder, "", "http://localhost")
    work, engine = Workshop(keys), Engine(keys)
    await one_process(work, made, documents)
    alone = [await one_process(work, made, documents) for _ in range(3)]
    single = SIGNERS / sorted(alone)[1]
    print(f"one process                   {single:8.1f} signatures B-LTA per second")
    await asyncio.gather(*(through_pool(engine, made, documents) for _ in range(2)))
    stop = asyncio.Event()
    watching = asyncio.create_task(lag(stop))
    start = time.perf_counter()
    signed = await asyncio.gather(*(through_pool(engine, made, documents) for _ in range(count)))
    took = time.perf_counter() - start
    stop.set()
    late = sorted(await watching)
    pool = SIGNERS * count / took
    print(f"two workers                   {pool:8.1f} signatures B-LTA per second")
    print(f"ratio                         {pool / single:8.2f}")
    print(f"event loop late, p99 and most {late[int(len(late) * 0.99)]:8.1f} {late[-1]:.1f} ms")
    start = time.perf_counter()
    found = await validation.check_all(signed[0], work.roots)
    assert all(one.verdict == validation.VALID for one in found)
    print(f"deed of three signers checked {time.perf_counter() - start:8.2f} s")
    print(f"acts of three signers an hour {3600 * count / took:8.0f} (signing alone)")
    await engine.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(main(given.documents, Path(name)))
