"""The notary: signatures B-LTA beside plain pyHanko in one process, rendering, loop lag, checking.

python -m benchmarks.notary [--documents 6]

The baseline (`notary_baseline.py`) and the product sign the same deed in the same run, in turns, so
that a machine that changes its pace changes both. Three signatures a document.
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from benchmarks.notary_baseline import Baseline, seconds
from benchmarks.notary_deed import AT, PEOPLE, deed
from clock import utc_now
from notary.documents.render import Documents, Rendered
from notary.signing import appearance, pades, validation
from notary.signing.engine import Engine, Job, Keys, Workshop

ROUNDS = 3


@dataclass
class Sample:
    """The deed, ready to sign, and the drawn stamps."""

    pdf: bytes
    places: Sequence[str]
    drawn: Sequence[bytes]

    @classmethod
    def of(cls, documents: Documents, made: Rendered) -> "Sample":
        """Render once, draw each stamp once: both sides get the same."""
        boxes = made.boxes
        drawn = [
            appearance.draw(
                documents, box,
                {"ar": (one.name_ar, one.role_ar), "en": (one.name_en, one.role_en)},
                AT, "Asia/Dubai",
            )
            for box, one in zip(boxes, PEOPLE, strict=True)
        ]  # fmt: skip
        names = [box.name for box in boxes]
        return cls(pades.add_fields(made.pdf, boxes, names), names, drawn)

    def job(self, pdf: bytes, place: int, last: bool = False) -> Job:
        """The product's order for one signature."""
        one = PEOPLE[place]
        return Job(
            pdf=pdf,
            place=self.places[place],
            common=one.name_ar,
            unit="notary" if place == len(PEOPLE) - 1 else "party",
            capacity=f"{one.role_ar} / {one.role_en}",
            pseudonym=f"p{place}",
            serial=9000 + place,
            certify=place == 0,
            before=place,
            appearance=self.drawn[place],
            last=last and place == len(PEOPLE) - 1,
        )


async def through_pool(engine: Engine, sample: Sample, last: bool = False) -> bytes:
    """One document with three signers, one after the other. `last`: nobody signs afterwards, so
    that the whole document is checked too, as the product does with the office's seal."""
    pdf = sample.pdf
    for place in range(len(PEOPLE)):
        pdf = (await engine.sign(sample.job(pdf, place, last))).pdf
    return pdf


async def rate(engine: Engine, sample: Sample, count: int, last: bool = False) -> float:
    """Signatures a second over `count` documents at once."""
    start = time.perf_counter()
    await asyncio.gather(*(through_pool(engine, sample, last) for _ in range(count)))
    return len(PEOPLE) * count / (time.perf_counter() - start)


async def lag(stop: asyncio.Event) -> list[float]:
    """Milliseconds by which the event loop woke late, every 5 ms."""
    found = []
    while not stop.is_set():
        start = time.perf_counter()
        await asyncio.sleep(0.005)
        found.append((time.perf_counter() - start - 0.005) * 1e3)
    return found


def rendering(documents: Documents, count: int = 15) -> float:
    """Milliseconds of a warm bilingual deed with another number each time, median."""
    times = []
    for number in range(count):
        data = deed(number)
        start = time.perf_counter()
        documents.render_now("deed", data, AT)
        times.append((time.perf_counter() - start) * 1e3)
    return median(times)


async def main(count: int, folder: Path) -> None:
    """Measure and print."""
    documents = Documents()
    documents.render_now("deed", deed(), AT)
    print(f"deed rendered, warm           {rendering(documents):8.1f} ms")
    sample = Sample.of(documents, documents.render_now("deed", deed(), AT))
    keys = Keys(folder, "", "http://localhost")
    work, engine = Workshop(keys), Engine(keys)
    alone = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    loop = asyncio.get_running_loop()

    async def plain() -> float:
        given = (keys, sample.pdf, sample.places, sample.drawn)
        return len(PEOPLE) / await loop.run_in_executor(alone, seconds, *given)

    await plain()
    await rate(engine, sample, 4)
    theirs, ours, whole, late = [], [], [], [0.0]
    each = max(2, count // ROUNDS)
    for _ in range(ROUNDS):
        theirs.append(median([await plain() for _ in range(3)]))
        stop = asyncio.Event()
        watching = asyncio.create_task(lag(stop))
        ours.append(await rate(engine, sample, each))
        whole.append(await rate(engine, sample, each, last=True))
        stop.set()
        late += await watching
    late.sort()
    ratios, wholes = ([a / b for a, b in zip(of, theirs, strict=True)] for of in (ours, whole))
    print(f"plain pyHanko, one process    {median(theirs):8.1f} signatures B-LTA a second")
    print(f"the product, two workers      {median(ours):8.1f} signatures B-LTA a second, checked")
    print(f"ratio, median of {ROUNDS}            {median(ratios):8.2f}")
    print(
        f"with the whole deed checked   {median(whole):8.1f} a second, ratio {median(wholes):.2f}"
    )
    print(f"event loop late, p99 and most {late[int(len(late) * 0.99)]:8.1f} {late[-1]:.1f} ms")
    last = await through_pool(engine, sample)
    start = time.perf_counter()
    checked = await validation.check_all(last, work.roots)
    took = time.perf_counter() - start
    if [one.verdict for one in checked] != [validation.VALID] * len(PEOPLE):
        raise SystemExit("the product's deed is not valid")
    print(f"deed of three signers checked {took:8.2f} s")
    signed = await Baseline.of(work, len(PEOPLE)).sign(sample.pdf, sample.places, sample.drawn)
    verdicts = [one.verdict for one in await validation.check_all(signed, work.roots)]
    print(f"plain pyHanko's deed holds    {verdicts}")
    print(f"sizes, ours and plain         {len(last):8} {len(signed)} bytes")
    act = len(PEOPLE) / median(whole) + 1 / median(ours)
    print(f"acts an hour, signing alone   {3600 / act:8.0f} (three signers and the seal)")
    await engine.close()
    alone.shutdown()
    print(f"{utc_now():%Y-%m-%d}, {os.cpu_count()} processors")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(main(given.documents, Path(name)))
