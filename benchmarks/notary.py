"""The notary: signatures B-LTA beside plain pyHanko in one process, rendering, loop lag, checking.

python -m benchmarks.notary [--documents 6]

The baseline (`notary_baseline.py`) and the product sign the same deed in the same run, in turns, so
that a machine that changes its pace changes both. Three signatures a document.
"""

import argparse
import asyncio
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.notary_baseline import Baseline
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

    def job(self, pdf: bytes, place: int) -> Job:
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
        )


async def through_pool(engine: Engine, sample: Sample) -> bytes:
    """One document with three signers, one after the other."""
    pdf = sample.pdf
    for place in range(len(PEOPLE)):
        pdf = (await engine.sign(sample.job(pdf, place))).pdf
    return pdf


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
    work, engine = (
        Workshop(Keys(folder, "", "http://localhost")),
        Engine(Keys(folder, "", "http://localhost")),
    )
    plain = Baseline.of(work, len(PEOPLE))
    await plain.sign(sample.pdf, sample.places, sample.drawn)
    await asyncio.gather(*(through_pool(engine, sample) for _ in range(2)))
    alone, pooled, late = [], [], [0.0]
    last = b""
    each = max(2, count // ROUNDS)
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(max(1, each // 2)):
            signed = await plain.sign(sample.pdf, sample.places, sample.drawn)
        alone.append(len(PEOPLE) * max(1, each // 2) / (time.perf_counter() - start))
        stop = asyncio.Event()
        watching = asyncio.create_task(lag(stop))
        start = time.perf_counter()
        found = await asyncio.gather(*(through_pool(engine, sample) for _ in range(each)))
        pooled.append(len(PEOPLE) * each / (time.perf_counter() - start))
        stop.set()
        late += await watching
        last = found[0]
    late.sort()
    ratios = [ours / theirs for ours, theirs in zip(pooled, alone, strict=True)]
    print(f"plain pyHanko, one process    {median(alone):8.1f} signatures B-LTA a second")
    print(f"the product, two workers      {median(pooled):8.1f} signatures B-LTA a second, checked")
    print(f"ratio, median of {ROUNDS}            {median(ratios):8.2f}")
    print(f"event loop late, p99 and most {late[int(len(late) * 0.99)]:8.1f} {late[-1]:.1f} ms")
    start = time.perf_counter()
    checked = await validation.check_all(last, work.roots)
    took = time.perf_counter() - start
    if [one.verdict for one in checked] != [validation.VALID] * len(PEOPLE):
        raise SystemExit("the product's deed is not valid")
    print(f"deed of three signers checked {took:8.2f} s")
    theirs = await validation.check_all(signed, work.roots)
    print(f"plain pyHanko's deed holds    {[one.verdict for one in theirs]}")
    print(f"sizes, ours and plain         {len(last):8} {len(signed)} bytes")
    hour = 3600 * median(pooled) / (len(PEOPLE) + 1)
    print(f"acts an hour, signing alone   {hour:8.0f} (three signers and the seal)")
    await engine.close()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = children.ru_utime + children.ru_stime
    signatures = ROUNDS * each * len(PEOPLE) + 2 * len(PEOPLE)
    print(f"processor time a signature    {used / signatures * 1e3:8.0f} ms, start included")
    print(f"{utc_now():%Y-%m-%d}, {os.cpu_count()} processors")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(main(given.documents, Path(name)))
